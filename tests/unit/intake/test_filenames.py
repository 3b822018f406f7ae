"""File names tell facts of a call where a pattern says how."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.intake.filenames import DEFAULT_PATTERNS, compile_pattern, read_filename

DEFAULTS = tuple(map(compile_pattern, DEFAULT_PATTERNS))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        (
            "20261123-130000_2125550123_8335550100_abc-1.wav",
            {
                "started_at": "2026-11-23T13:00:00",
                "caller": "2125550123",
                "tracking_number": "8335550100",
                "external_id": "abc-1",
                "ext": "wav",
            },
        ),
        (
            "20261123-130000_+12125550123_8335550100.mp3",
            {"started_at": "2026-11-23T13:00:00", "caller": "+12125550123", "tracking_number": "8335550100", "ext": "mp3"},
        ),
        (
            "2026-11-23T13-00-00Z_anonymous_id_with_parts.ogg",
            {"started_at": "2026-11-23T13:00:00Z", "caller": "anonymous", "external_id": "id_with_parts", "ext": "ogg"},
        ),
        (
            "1795438800_2125550123_77.flac",
            {"started_at": "1795438800", "caller": "2125550123", "external_id": "77", "ext": "flac"},
        ),
    ],
)
def test_default_patterns_read_common_names(name: str, fields: dict[str, str]) -> None:
    assert read_filename(name, DEFAULTS) == fields


@pytest.mark.parametrize("name", ["recording.wav", "", "20261123_x.wav", "a" * 300 + ".wav"])
def test_other_names_fit_no_default_pattern(name: str) -> None:
    assert read_filename(name, DEFAULTS) is None


def test_a_pattern_of_ones_own_is_understood() -> None:
    pattern = compile_pattern("{campaign}-{external_id}({state}) {started_at:%d.%m.%Y %H.%M%z}.{ext}")
    assert pattern.read("roof-7(FL) 23.11.2026 08.00-0500.wav") == {
        "campaign": "roof",
        "external_id": "7",
        "state": "FL",
        "started_at": "2026-11-23T08:00:00-0500",
        "ext": "wav",
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain.wav",
        "{nothing}.{ext}",
        "{caller}{ext}",
        "{caller}_{caller}.wav",
        "{started_at}.wav",
        "{started_at:%Y}.wav",
        "{started_at:%Q}.wav",
        "{caller:%Y}.wav",
        "{caller",
        "a/{caller}.wav",
        "{started_at:%Y%m%d%H%M%Y}",
        "x" * 301,
    ],
)
def test_a_pattern_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="file name pattern: expected"):
        compile_pattern(text)


def test_signs_of_regular_expressions_in_a_pattern_are_plain_text() -> None:
    pattern = compile_pattern("(a+)+[{external_id}]*.wav")
    assert pattern.read("(a+)+[7]*.wav") == {"external_id": "7"}
    assert pattern.read("aaaa7.wav") is None


def test_a_name_made_to_slow_the_match_down_does_not() -> None:
    pattern = compile_pattern("{external_id}_{campaign}_{ad}_{source}_{sender}_{caller}_{tracking_number}.{ext}")
    began = time.perf_counter()
    for name in ("_" * 255, "a_" * 127, "1_" * 127 + "!", "1" * 255):
        assert pattern.read(name) is None
    assert time.perf_counter() - began < 0.1


@given(st.text(max_size=80))
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        compile_pattern(text).read("20261123-130000_2125550123.wav")
