"""The evaluation compares what was heard with trusted references only, and says what it could not read."""

from pathlib import Path

import pytest

from app.errors import AudioUnreadable, InvalidInput
from app.reports.asr_evaluation import evaluate, load_items, render_evaluation

ROOT = Path(__file__).parents[3]
TONE = ROOT / "sample_audio" / "calls"


def write_manifest(
    folder: Path, *rows: str, header: str = "file,class,speakers,reference_transcript,language,reference_quality"
) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_references_of_recogniser_origin_and_other_languages_are_left_out(tmp_path: Path) -> None:
    rows = (
        "a.wav,live,ann,Call me,en,human",
        "b.wav,live,ann,Call me,en,silver",
        "c.wav,live,ben,Hola,es,human",
        "d.wav,live,ben,,en,human",
    )
    assert [item.path.name for item in load_items(write_manifest(tmp_path, *rows))] == ["a.wav"]


def test_a_manifest_without_the_needed_columns_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="missing: reference_transcript"):
        load_items(write_manifest(tmp_path, "a.wav", header="file"))


def test_errors_are_told_by_group_and_speaker_and_unreadable_files_are_named(tmp_path: Path) -> None:
    real = sorted(TONE.glob("*.wav"))[:2]
    rows = [
        f"{path},live,{who},Please call me back at two forty five,en,human"
        for path, who in zip(real, ("ann", "ben"), strict=True)
    ]
    items = load_items(write_manifest(tmp_path, *rows, "gone.wav,live,cid,Hello,en,human"))

    def hear(path: Path) -> str:
        if path.name == "gone.wav":
            raise AudioUnreadable("gone.wav: not there")
        return "please call me back at 245" if path == real[0] else "please call back at two forty five"

    figures = evaluate(items, {"ours": hear})
    ours = figures["recognisers"]["ours"]
    assert ours["wer"] == pytest.approx(1 / 12)
    assert ours["most_deleted"] == pytest.approx(1 / 6)
    assert ours["worst_speakers"][0]["speaker"] == "ben"
    assert [item["message"] for item in figures["failed"]] == ["gone.wav: not there"]
    assert "2 recordings" in render_evaluation(figures)
