"""Reports from the shell: written, checked with nothing at hand, and refused where wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.adapters.database import open_database
from app.adapters.schema import migrate
from app.cli import main
from app.reports.exports.signing import Signer
from tests.functional.world import make_world
from tests.unit.reports.bundles import read_entries, write, write_entries

SEED = "5" * 64


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database of twelve calls of the tests' day."""
    data = tmp_path / "data"
    data.mkdir()
    engine = open_database(f"sqlite:///{data / 'earshot.db'}")
    migrate(engine)
    make_world(engine, data)
    engine.dispose()
    monkeypatch.setenv("EARSHOT_DATA_DIR", str(data))
    monkeypatch.setenv("EARSHOT_SIGNING_KEY", SEED)
    return tmp_path


def days() -> list[str]:
    from tests.fakes import FrozenClock

    day = FrozenClock().now().date().isoformat()
    return ["--from", day, "--to", day]


def test_a_report_is_written_and_holds(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = house / "calls.zip"
    assert main(["export", "calls", *days(), "--campaign", "x-camp-acme", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["fingerprint"]) == (6, Signer.from_seed(bytes.fromhex(SEED)).fingerprint)
    assert main(["verify", str(out), "--key", told["fingerprint"]]) == 0
    said = capsys.readouterr().out
    assert said.startswith("holds: Call list, made ")
    assert "not proven: That what the house recorded was true" in said
    assert main(["verify", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pinned"] is False
    assert main(["verify", "audit"]) == 0  # the export is in the trail, and the trail holds


def test_the_key_can_be_told_and_pinned_as_a_file(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = house / "calls.zip"
    main(["export", "calls", *days(), "--out", str(out)])
    capsys.readouterr()
    assert main(["signing-key", "--json"]) == 0
    pem = house / "key.pem"
    pem.write_text(json.loads(capsys.readouterr().out)["public_key_pem"])
    assert main(["verify", str(out), "--key", str(pem)]) == 0
    assert main(["signing-key"]) == 0
    assert "BEGIN PUBLIC KEY" in capsys.readouterr().out


def test_whole_numbers_need_a_reason_which_is_kept(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = house / "calls.zip"
    assert main(["export", "calls", *days(), "--out", str(out), "--formats", "csv"]) == 0
    assert b"+12125550123" not in read_entries(out)["report-calls.csv"]
    assert main(["export", "calls", *days(), "--out", str(out), "--formats", "csv", "--whole-numbers", "audit of 2026"]) == 0
    assert b"+12125550123" in read_entries(out)["report-calls.csv"]
    assert json.loads(read_entries(out)["manifest.json"])["numbers"] == {"shown": "whole", "reason": "audit of 2026"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "soon", "--to", "2026-01-01", "--out", "a.zip"], "--from 'soon': expected a day"),
        (["--from", "2026-01-02", "--to", "2026-01-01", "--out", "a.zip"], "expected its end after its beginning"),
        (["--from", "2026-01-01", "--to", "2026-01-01", "--out", "a.csv"], "expected the name of a ZIP file"),
        (["--from", "2026-01-01", "--to", "2026-01-01", "--out", "no/such/folder/a.zip"], "expected the name of a ZIP file"),
        (["--from", "2026-01-01", "--to", "2026-01-01", "--out", "a.zip", "--state", "ZZ"], "two letters of a state"),
        (["--from", "2026-01-01", "--to", "2026-01-01", "--out", "a.zip", "--formats", "doc"], "expected some of csv"),
        (["--from", "2026-01-01", "--to", "2026-01-01", "--out", "a.zip", "--number", "x"], "expected a telephone number"),
    ],
)
def test_wrong_usage_is_told_with_what_was_expected(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(house)
    assert main(["export", "calls", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (house / "a.zip").exists()


def test_a_filter_that_names_nothing_is_told(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "calls", *days(), "--publisher", "nobody", "--out", str(house / "a.zip")]) == 1
    assert "there is no such publisher" in capsys.readouterr().err


def test_an_altered_bundle_ends_with_1_and_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.zip")
    entries = read_entries(tmp_path / "a.zip")
    entries["report-calls.csv"] = entries["report-calls.csv"].replace(b"call 2", b"call 7")
    write_entries(tmp_path / "b.zip", entries)
    assert main(["verify", str(tmp_path / "b.zip")]) == 1
    assert "report-calls.csv: line 4: the cell in column call was changed" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "b.zip"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["file"], told["line"], told["proven"]) == (False, "report-calls.csv", 4, [])


@pytest.mark.parametrize(
    "words", [["nothing.zip"], ["a.zip", "--key", "abc"], ["audit", "--json"], ["audit", "--key", "00" * 32]]
)
def test_wrong_usage_of_verify_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.zip")
    assert main(["verify", *words]) == 2
    assert "expected" in capsys.readouterr().err or "audit" in words


def test_a_bundle_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.zip")
    entries = read_entries(tmp_path / "a.zip")
    entries["\x1b[2Jevil"] = b"x"
    write_entries(tmp_path / "b.zip", entries)
    assert main(["verify", str(tmp_path / "b.zip")]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_checking_needs_no_settings_no_database_and_none_of_the_houses_libraries(tmp_path: Path) -> None:
    write(tmp_path / "a.zip")
    code = (
        "import sys; from app.cli import main; ended = main(['verify', sys.argv[1]]);"
        "print([m for m in ('sqlalchemy', 'flask', 'reportlab', 'xlsxwriter', 'numpy', 'rq') if m in sys.modules]);"
        "sys.exit(ended)"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.zip")], capture_output=True, text=True, check=False,
        env=environ | {"EARSHOT_NO_SUCH_SETTING": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]
