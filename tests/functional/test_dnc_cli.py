"""``earshot dnc`` as scripts use it: what is printed, in which shape, and with which exit code; without services."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def dnc(data_dir: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    environ |= {"EARSHOT_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "app.cli", "dnc", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def national(tmp_path: Path) -> Path:
    path = tmp_path / "305.txt"
    path.write_text("305,5551234\n305,5551235\n")
    return path


def test_an_officer_loads_scrubs_and_checks(tmp_path: Path, national: Path) -> None:
    data = tmp_path / "data"
    loaded = dnc(
        data, "load", "--list", "national", "--obtained-at", "2026-11-01T12:00:00Z", "--san", "10-1", national, "--json"
    )
    assert (loaded.returncode, loaded.stderr) == (0, "")
    version = json.loads(loaded.stdout)
    assert (version["numbers"], version["area_codes"], version["san"], version["is_new"]) == (2, [305], "10-1", True)
    again = dnc(data, "load", "--list", "national", "--obtained-at", "2026-11-01T12:00:00Z", "--san", "10-1", national)
    assert (again.returncode, again.stdout.split(":")[0]) == (0, "already loaded")

    leads, report = tmp_path / "leads.csv", tmp_path / "report.csv"
    leads.write_text("name,phone\nAnn,(305) 555-1234\nBob,305.555.9999\nCid,unknown\n")
    scrubbed = dnc(data, "scrub", leads, "--out", report, "--at", "2026-11-20T12:00:00Z", "--json")
    assert scrubbed.returncode == 3  # a row held no number
    counts = json.loads(scrubbed.stdout)
    assert {key: counts[key] for key in ("rows", "allowed", "blocked", "unknown", "invalid")} == {
        "rows": 3, "allowed": 1, "blocked": 1, "unknown": 0, "invalid": 1,
    }  # fmt: skip
    with report.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["outcome"], row["national_version"]) for row in rows] == [
        ("Ann", "blocked", version["version"]),
        ("Bob", "allowed", version["version"]),
        ("Cid", "unknown", ""),
    ]

    checked = dnc(data, "check", "+1 305 555 1234", "--at", "2026-11-20", "--json")
    assert checked.returncode == 0
    state = json.loads(checked.stdout)
    assert (state["number"], state["outcome"], state["answers"][0]["listed_since"]) == (
        "+13055551234", "blocked", "2026-11-01T12:00:00+00:00",
    )  # fmt: skip
    assert "before" not in dnc(data, "check", "3055551234", "--at", "2026-10-20").stdout
    assert (
        dnc(data, "check", "3055551234", "--at", "2026-10-20")
        .stdout.splitlines()[0]
        .endswith("no national registry was loaded")
    )


def test_refused_lists_and_wrong_usage_have_their_exit_codes(tmp_path: Path, national: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "wrong.txt").write_text("hello\n")
    refused = dnc(data, "load", "--list", "national", "--obtained-at", "2026-11-01T12:00:00Z", tmp_path / "wrong.txt")
    assert (refused.returncode, refused.stdout.split(":")[0]) == (3, "REFUSED wrong.txt")
    as_json = dnc(data, "load", "--list", "national", "--obtained-at", "2026-11-01T12:00:00Z", tmp_path / "no.txt", "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)["error"]["code"]) == (3, "invalid_input")
    for wrong in (
        ("load", "--list", "federal", "--obtained-at", "2026-11-01", national),
        ("load", "--list", "national", "--obtained-at", "yesterday", national),
        ("load", "--list", "national", national),
        ("check", "12"),
        ("check", "3055551234", "--at", "soon"),
        ("scrub", national),
        ("frobnicate",),
    ):
        assert dnc(data, *wrong).returncode == 2, wrong


def test_rows_left_out_are_listed_with_exit_code_3(tmp_path: Path) -> None:
    path = tmp_path / "l.txt"
    path.write_text("".join(f"305,555{n:04d}\n" for n in range(200)) + "305,x\n")
    loaded = dnc(tmp_path / "data", "load", "--list", "national", "--obtained-at", "2026-11-01T12:00:00Z", "--san", "1", path)
    assert loaded.returncode == 3
    assert "LEFT OUT 1 rows" in loaded.stdout
    assert "l.txt line 201: it is no telephone number: 305,x" in loaded.stdout


def test_status_names_what_is_in_force_and_what_is_damaged(tmp_path: Path, national: Path) -> None:
    data = tmp_path / "data"
    assert "0 scrubbed" in dnc(data, "status").stdout
    dnc(data, "load", "--list", "national", "--obtained-at", "2026-11-01T12:00:00Z", "--san", "1", national)
    whole = dnc(data, "status", "--verify", "--json")
    answer = json.loads(whole.stdout)
    assert (whole.returncode, answer["verified"], answer["damaged"]) == (0, 1, [])
    assert [row["list"] for row in answer["in_force"]] == ["national"]
    file = next((data / "number-lists").glob("national-*/numbers.set"))
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    damaged = dnc(data, "status", "--verify")
    assert damaged.returncode == 3
    assert "DAMAGED list version national-" in damaged.stdout
    assert dnc(data, "check", "3055551234").returncode == 1
    gone = dnc(data, "withdraw", file.parent.name, "--why", "damaged")
    assert (gone.returncode, dnc(data, "check", "3055551234").returncode) == (0, 0)


@pytest.mark.parametrize("action", ["load", "scrub", "check", "status", "withdraw"])
def test_help_has_an_example(tmp_path: Path, action: str) -> None:
    shown = dnc(tmp_path, action, "--help")
    assert shown.returncode == 0
    assert f"example: earshot dnc {action}" in " ".join(shown.stdout.split())
