"""What ``earshot analyze --meta`` tells: names that may be said, the seller, and who is on which channel."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.test_cli import CALLS, earshot, reports_of

CALL = CALLS / "plumbing-short.flac"  # the agent says "Brightwater Plumbing", which is written otherwise unless it is expected


def _analyze(data_dir: Path, told: dict[str, Any]) -> dict[str, Any]:
    facts = data_dir / "facts.json"
    facts.write_text(json.dumps(told))
    done = earshot(data_dir, "analyze", "--json", "--meta", facts, CALL)
    assert done.returncode == 0, done.stderr
    [report] = reports_of(done)
    return report


def _said(report: dict[str, Any]) -> str:
    return " ".join(utterance["text"] for utterance in report["utterances"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("told", "is_expected"),
    [
        ({}, False),
        ({"campaign": {"hot_words": ["Northgate"]}}, False),
        ({"campaign": {"hot_words": ["Brightwater Plumbing", "Dana"]}}, True),
        ({"seller": "Brightwater Home Group LLC"}, True),
    ],
)
def test_names_of_the_campaign_and_the_seller_are_expected(tmp_path: Path, told: dict[str, Any], is_expected: bool) -> None:
    said = _said(_analyze(tmp_path, told))
    assert ("Brightwater" in said) == is_expected, said
    assert "Northgate" not in said
    assert "swimming pools" in said


@pytest.mark.slow
def test_the_senders_roles_win_over_what_is_said(tmp_path: Path) -> None:
    report = _analyze(tmp_path, {"channel_roles": ["agent", "caller"]})
    assert report["channel_roles"] == ["agent", "caller"]
    assert {(line["channel"], line["speaker"]) for line in report["utterances"]} == {(0, "agent"), (1, "caller")}
    assert not any("Channel roles" in note for note in report["notes"])


@pytest.mark.slow
def test_roles_that_do_not_fit_the_recording_are_guessed_and_that_is_said(tmp_path: Path) -> None:
    report = _analyze(tmp_path, {"channel_roles": ["agent", "caller", "unknown"]})
    assert report["channel_roles"] == ["caller", "agent"]
    assert "The sender's channel roles were not used: 3 given for 2 channels." in report["notes"]


@pytest.mark.parametrize(
    ("told", "field", "got"),
    [
        ({"campaign": {"hot_words": "Dana"}}, "campaign.hot_words", "'Dana'"),
        ({"campaign": {"hot_words": ["Dana", 7]}}, "campaign.hot_words", "['Dana', 7]"),
        ({"seller": 12}, "seller", "12"),
        ({"seller": ["Brightwater"]}, "seller", "['Brightwater']"),
        ({"channel_roles": "caller"}, "channel_roles", "'caller'"),
        ({"channel_roles": ["callr", "agent"]}, "channel_roles", "['callr', 'agent']"),
    ],
)
def test_names_and_roles_that_do_not_fit_are_wrong_usage(tmp_path: Path, told: dict[str, Any], field: str, got: str) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps(told))
    done = earshot(tmp_path, "analyze", "--meta", facts, CALL)
    assert done.returncode == 2
    assert all(part in done.stderr for part in ("facts.json: ", "expected ", field, f"got {got}")), done.stderr
    assert "Traceback" not in done.stderr
