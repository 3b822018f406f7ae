"""Errors are counted by recogniser, group and speaker, over the recordings that all recognisers could read."""

from pathlib import Path

import pytest

from app.errors import AudioUnreadable
from app.reports.asr_evaluation import evaluate, render_evaluation
from app.reports.asr_manifest import Item, Manifest

ROOT = Path(__file__).parents[3]
REAL = sorted((ROOT / "sample_audio" / "calls").glob("*.wav"))[:3]
SAID = "Please call me back at two forty five"


def manifest(*names: tuple[Path, str, str]) -> Manifest:
    return Manifest(tuple(Item(path, SAID, group, who) for path, group, who in names), {"without reference": 2}, ("mood",))


def test_errors_are_told_by_group_and_speaker_and_unreadable_files_are_named() -> None:
    given = manifest((REAL[0], "line", "ann"), (REAL[1], "cell", "ben"), (Path("gone.wav"), "cell", "cid"))

    def hear(path: Path) -> str:
        if path.name == "gone.wav":
            raise AudioUnreadable("gone.wav: not there")
        return "please call me back at 245" if path == REAL[0] else "please call back at two forty five"

    figures = evaluate(given, {"ours": hear})
    ours = figures["recognisers"]["ours"]
    assert ours["wer"] == ours["deletions"] == pytest.approx(1 / 12)
    assert ours["groups"]["line"]["wer"] == 0.0
    assert ours["groups"]["cell"]["recordings"] == 1
    assert ours["most_deleted_speaker"]["speaker"] == "ben"
    assert ours["most_deleted_speaker"]["deletions"] == pytest.approx(1 / 6)
    assert [one["speaker"] for one in ours["worst_speakers"]] == ["ben", "ann"]
    assert figures["failed"] == [{"file": "gone.wav", "message": "ours: gone.wav: not there"}]
    text = render_evaluation(figures)
    assert "2 recordings" in text
    assert "left out: 2 without reference" in text
    assert "columns not read: mood" in text


def test_a_recording_that_one_recogniser_cannot_read_counts_for_none() -> None:
    given = manifest((REAL[0], "line", "ann"), (REAL[1], "line", "ben"))

    def deaf(path: Path) -> str:
        if path == REAL[1]:
            raise AudioUnreadable("broken")
        return SAID

    figures = evaluate(given, {"ours": lambda path: SAID, "theirs": deaf})
    assert figures["recordings"] == 1
    assert [of["recordings"] for of in figures["recognisers"].values()] == [1, 1]
    assert [one["message"] for one in figures["failed"]] == ["theirs: broken"]


def test_nothing_readable_gives_no_rate_rather_than_zero() -> None:
    def deaf(path: Path) -> str:
        raise AudioUnreadable("broken")

    figures = evaluate(manifest((REAL[0], "", "")), {"ours": deaf})
    assert figures["recognisers"]["ours"]["wer"] is None
    assert figures["recognisers"]["ours"]["most_deleted_speaker"] is None
    assert "none named" in render_evaluation(figures)


def test_progress_rises_over_all_recognisers() -> None:
    told: list[float] = []
    given = manifest((REAL[0], "line", "ann"), (REAL[1], "line", "ben"))
    evaluate(given, {"ours": lambda path: SAID, "theirs": lambda path: ""}, on_progress=lambda what, share: told.append(share))
    assert told == [0.0, 0.25, 0.5, 0.75]
