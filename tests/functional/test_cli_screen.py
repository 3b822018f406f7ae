"""``earshot screen`` as somebody types it: answers in order, malformed lines told, the rest done."""

import json
from pathlib import Path

import pytest

from app.cli import main


def answers(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[dict[str, object]]]:
    code = main(["screen", str(path), *options])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_malformed_line_is_told_and_the_rest_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.jsonl"
    lines = ['{"call_id": "a", "transfer_type": "cold"}', "nonsense", '{"legs": 3}', "", "[1]", '{"call_id": "b"}']
    path.write_text("\n".join(lines), "utf-8")
    code, said = answers(path, capsys)
    assert code == 3
    assert [answer.get("call_id", answer.get("line")) for answer in said] == ["a", 2, 3, 5, "b"]
    assert "legs: expected a list of objects, got 3" in str(said[2])


def test_without_all_only_what_a_person_has_to_see_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.jsonl"
    facts = {"call_id": "a", "legs": [{"seq": 1, "direction": "consumer_placed", "started_at": "2026-11-22T10:00:00Z"}]}
    path.write_text(json.dumps(facts), "utf-8")
    _, few = answers(path, capsys)
    code, everything = answers(path, capsys, "--all")
    assert code == 0
    assert {f["outcome"] for f in few[0]["findings"]} <= {"violation", "review", "needs_evidence"}  # type: ignore[attr-defined, index]
    assert len(everything[0]["findings"]) > len(few[0]["findings"])  # type: ignore[arg-type]


def test_keywords_are_given_when_the_facts_hold_what_was_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.jsonl"
    said = {"speaker": "caller", "start_s": 1.0, "end_s": 3.0, "text": "I got a text from you guys"}
    path.write_text(json.dumps({"call_id": "a", "utterances": [said]}), "utf-8")
    _, (answer,) = answers(path, capsys)
    assert [hit["pack"] for hit in answer["keywords"]] == ["PH-CHAN-SMS"]  # type: ignore[attr-defined]


def test_a_file_that_is_not_there_and_a_time_without_offset_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["screen", str(tmp_path / "none.jsonl")]) == 1
    assert main(["screen", "-", "--as-of", "2026-11-22T10:00:00"]) == 2
    assert "offset" in capsys.readouterr().err


@pytest.mark.parametrize("given", [[], ["facts.jsonl", "--replay", "C1"]])
def test_either_facts_or_a_call_is_named(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", *given]) == 2
    assert "either FACTS.jsonl or --replay CALL" in capsys.readouterr().err


def test_a_report_of_facts_masks_the_numbers_of_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.jsonl"
    lines = [
        ("agent", 0.0, "Can I have the card number please?"),
        ("caller", 4.0, "It is 4111 1111 1111 1111."),
    ]
    said = [{"speaker": who, "start_s": at, "end_s": at + 3.5, "text": text} for who, at, text in lines]
    path.write_text(json.dumps({"call_id": "a", "utterances": said}), "utf-8")
    _, [answer] = answers(path, capsys)
    assert "SENS-PAN" in [finding["rule"] for finding in answer["findings"]]  # type: ignore[attr-defined]
    assert "1111" not in json.dumps(answer)
