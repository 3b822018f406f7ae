"""A manifest is read with what is left out counted; a damaged one is refused with its line and what to do."""

from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.reports.asr_manifest import load_manifest

HEADER = "file,class,subclass,speakers,reference_transcript,language,reference_quality,mood"
ROWS = (
    "a.wav,live,read,ann,Call me,en,human,calm",
    "b.wav,live,talk,ann,Call me,en,silver,calm",
    "c.wav,live,talk,ben,Hola,es,human,calm",
    "d.wav,live,talk,ben,,en,human,calm",
    "e.wav,tts,robo,kal,Press one,en-US,script,calm",
)


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    manifest = load_manifest(write(tmp_path, *ROWS))
    assert [item.path for item in manifest.items] == [tmp_path / "a.wav", tmp_path / "e.wav"]
    assert manifest.left_out == {"in language es": 1, "with silver reference": 1, "without reference": 1}
    assert manifest.unread_columns == ("mood",)
    assert manifest.items[1].group == "tts / robo"


def test_a_group_and_a_limit_narrow_the_recordings(tmp_path: Path) -> None:
    path = write(tmp_path, *ROWS)
    assert [item.speaker for item in load_manifest(path, group="robo").items] == ["kal"]
    assert [item.speaker for item in load_manifest(path, limit=1).items] == ["ann"]


def test_a_manifest_of_the_two_needed_columns_is_trusted_as_a_whole(tmp_path: Path) -> None:
    path = write(tmp_path, "a.wav,Call me", header="file,reference_transcript")
    assert [item.reference for item in load_manifest(path).items] == ["Call me"]


@pytest.mark.parametrize(
    ("header", "rows", "told"),
    [
        ("file", ["a.wav"], "missing: reference_transcript"),
        ("file,reference_transcript,file", ["a.wav,Hello,b.wav"], "each column once, got more than one file"),
        (HEADER, ["a.wav,live,read,ann,Well, call me,en,human,calm"], "line 2: expected as many cells as the header has"),
        (HEADER, ["a.wav,live"], "line 2: expected as many cells as the header has"),
        (HEADER, [",live,read,ann,Call me,en,human,calm"], "line 2: expected the name of a recording"),
        (HEADER, ["b.wav,live,talk,ann,Call me,en,silver,calm"], "left out: 1 with silver reference"),
        (HEADER, [], "expected a recording"),
        (HEADER, ['a.wav,live,read,ann,"Call me,en,human,calm'], "expected a CSV manifest"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_the_place(
    tmp_path: Path, header: str, rows: list[str], told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        load_manifest(write(tmp_path, *rows, header=header))


def test_a_group_that_nothing_has_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds 'prompted', found: live / read, live / talk, tts / robo"):
        load_manifest(write(tmp_path, *ROWS), group="prompted")


def test_a_manifest_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "manifest.csv"
    binary.write_bytes(b"RIFF\xff\xfe\x00")
    for path in (binary, tmp_path / "none.csv"):
        with pytest.raises(InvalidInput, match="expected a CSV manifest in UTF-8"):
            load_manifest(path)
