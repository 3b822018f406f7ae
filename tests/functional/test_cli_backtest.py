"""``earshot backtest`` as somebody types it: files whole and in parts, drafts, and files that do not fit."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine

from app.cli import main
from app.compliance.editions.document import packaged_document
from app.compliance.editions.drafts import change_pack, open_draft
from app.unit_of_work import UnitOfWork
from tests.factories.backtests import POSTCARD, TEXTED, add_screened_calls, with_phrase
from tests.fakes import FrozenClock, ListQueue, MemoryBlobStore, SequentialIds

SMS = "CHAN-SPEECH-SMS"


@pytest.fixture
def house(sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UnitOfWork:
    """A database with two calls of today, where the command looks for it."""
    monkeypatch.setenv("EARSHOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("EARSHOT_DATABASE_URL", sqlite_url)
    uow = UnitOfWork(sqlite_engine, FrozenClock(datetime.now(UTC)), SequentialIds(), ListQueue())
    add_screened_calls(uow, MemoryBlobStore(), [TEXTED, POSTCARD])
    return uow


def a_pack(*phrases: str) -> dict[str, Any]:
    pack = next(p for p in packaged_document().packs["packs"] if p["id"] == "PH-CHAN-SMS")
    return {**pack, "phrases": [*pack["phrases"], *phrases]}


def write(tmp_path: Path, content: Any, name: str = "tried.yaml") -> str:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), "utf-8")
    return str(path)


def test_a_pack_in_a_file_is_tried_on_the_calls(house: UnitOfWork, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, {"packs": [a_pack("purple postcard")]})
    flips = tmp_path / "flips.csv"
    assert main(["backtest", path, "--days", "2", "--json", "--flips", str(flips)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [(f["rule"], f["kind"], f["quote"]) for f in result["flips"]] == [(SMS, "newly_flagged", "purple postcard")]
    assert [d["subject"] for d in result["differences"]] == ["PH-CHAN-SMS"]
    assert [row["rule"] for row in csv.DictReader(flips.read_text("utf-8").splitlines())] == [SMS]
    assert main(["backtest", path]) == 0
    said = capsys.readouterr().out
    assert "Of 2 calls " in said
    assert "“purple postcard”" in said


def test_a_rule_row_alone_is_laid_over_what_is_in_force(
    house: UnitOfWork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = next(dict(row) for row in packaged_document().rules if row["id"] == SMS)
    path = write(tmp_path, json.dumps({"rules": [{**row, "status": "repealed"}]}), "tried.json")
    assert main(["backtest", path, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [d["subject"] for d in result["differences"]] == [f"{SMS}@{row['version']}"]
    assert next(r for r in result["rules"] if r["rule"] == SMS)["no_longer_flagged"] == 1


def test_a_whole_edition_in_a_file_gives_what_its_parts_give(
    house: UnitOfWork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = with_phrase(packaged_document(), "purple postcard").to_json()
    answers = []
    for content in (whole, {"packs": [a_pack("purple postcard")]}, packaged_document().to_json()):
        assert main(["backtest", write(tmp_path, json.dumps(content), "tried.json"), "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0]["flips"] == answers[1]["flips"] != []
    assert answers[0]["after"] == answers[1]["after"]
    assert (answers[2]["flips"], answers[2]["differences"]) == ([], [])


def test_a_draft_is_tried_by_its_id(house: UnitOfWork, capsys: pytest.CaptureFixture[str]) -> None:
    with house.begin("user:o") as work:
        draft = open_draft(work, "Postcards")
        change_pack(work, draft, a_pack("purple postcard"))
    assert main(["backtest", draft, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["flips_total"] == 1


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nrules: [*b, *b]\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["expected `rules:`"]),
        ("just words", ["expected `rules:`"]),
        ("rules: {", ["tried.yaml, line", "expected YAML or JSON"]),
        ("rules: 3\nphrases: []\n", ["rules: expected a list", "phrases: expected only"]),
        ("rules:\n- {id: A}\n- 7\npacks:\n- {rule: B}\n", ["row 1: lacks", "item 2: expected a mapping", "pack 1: lacks `id`"]),
        ("packs:\n- {id: PH-NEW, rule: R, kind: no, speaker: caller, severity: high, phrases: [a b c]}\n", ["PH-NEW", "kind"]),
        ("rules:\n- {id: X, version: 1, function: none_such}\n", ["X: lacks title", "X: lacks citations"]),
        ("packs:\n- &p {id: PH-A}\n- *p\n", ["alias"]),
        (BOMB, ["alias"]),
        ("[" * 100 + "]" * 100, ["levels"]),
        ("packs:\n- {id: PH-A}\n- {id: PH-A}\n", ["PH-A stands 2 times"]),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_everything_that_is_wrong(
    house: UnitOfWork, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: list[str]
) -> None:
    assert main(["backtest", write(tmp_path, content)]) == 2
    told = capsys.readouterr().err
    assert [part for part in said if part not in told] == [], told


def test_bytes_that_are_no_text_are_refused(house: UnitOfWork, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tried.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert main(["backtest", str(path)]) == 2
    assert "UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["nothing-here.yaml"], ["x", "--days", "0"], ["x", "--days", "366"], ["x", "--limit", "0"], ["x", "--processes", "0"]],
)
def test_wrong_usage_is_told(house: UnitOfWork, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["backtest", *words]) == 2
    assert "expected" in capsys.readouterr().err
