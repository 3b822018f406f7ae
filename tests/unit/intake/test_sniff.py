"""What is plainly no recording is refused early; whatever might be one passes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.intake.sniff import HEAD_BYTES, describe_non_audio

WAV = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + bytes(4)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"Hello, this is a text that was renamed.\n", "text"),
        (b"<html><body>Sign in</body></html>", "text"),
        ("Peña".encode(), "text"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive or office document"),
        (("ä" * HEAD_BYTES).encode()[:HEAD_BYTES], "text"),
        (("x" + "ä" * HEAD_BYTES).encode()[:HEAD_BYTES], "text"),
    ],
)
def test_what_is_no_recording_is_named(head: bytes, name: str) -> None:
    assert describe_non_audio(head) == name


@pytest.mark.parametrize(
    "head",
    [
        WAV,
        b"ID3\x04\x00\x00",
        b"\xff\xfb\x90\x00",
        b"OggS\x00\x02",
        b"fLaC\x00",
        b"#!AMR\n",
        b"\x00\x00\x00\x20ftypM4A ",
        bytes(100),
        b"\xff" * 500,
    ],
)
def test_what_may_be_a_recording_passes(head: bytes) -> None:
    assert describe_non_audio(head) is None


@given(st.binary(max_size=200))
def test_a_wave_header_in_front_of_anything_passes(data: bytes) -> None:
    assert describe_non_audio(WAV + data) is None
