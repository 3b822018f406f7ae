"""Inside a covered span nothing of the recording is left, on any channel; outside it nothing is changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.redaction import FADE_S, MARGIN_AFTER_S, MARGIN_BEFORE_S, bleep, encode_redacted_copy, widen
from app.timeline import Span

RATE_HZ = 16_000


def recording(seed: int, seconds: float = 10.0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-20_000, 20_000, (2, int(seconds * RATE_HZ))).astype(np.int16)


@pytest.mark.parametrize("with_tone", [True, False])
def test_two_recordings_that_differ_only_inside_the_spans_sound_the_same_when_covered(with_tone: bool) -> None:
    one, spans = recording(1), (Span(3.0, 5.0),)
    other = one.copy()
    first, last = int((3.0 - MARGIN_BEFORE_S) * RATE_HZ), int((5.0 + MARGIN_AFTER_S) * RATE_HZ)
    other[:, first:last] = recording(2)[:, first:last]
    assert np.array_equal(bleep(one, spans, with_tone=with_tone), bleep(other, spans, with_tone=with_tone))


def test_the_tone_is_at_one_kilohertz_on_all_channels_and_silence_is_silent() -> None:
    covered = bleep(recording(1), (Span(3.0, 5.0),))[:, 3 * RATE_HZ : 5 * RATE_HZ]
    for channel in covered:
        spectrum = np.abs(np.fft.rfft(channel.astype(float)))
        assert spectrum.argmax() / 2 == 1000
        assert (spectrum**2).max() / (spectrum**2).sum() > 0.99
    assert not bleep(recording(1), (Span(3.0, 5.0),), with_tone=False)[:, 3 * RATE_HZ : 5 * RATE_HZ].any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 9.9), st.floats(0, 3)), max_size=4))
def test_outside_the_widened_spans_and_their_fades_every_sample_stays(raw: list[tuple[float, float]]) -> None:
    spans = [Span(start, min(10.0, start + length)) for start, length in raw]
    samples = recording(3)
    covered = bleep(samples, spans)
    is_free = np.ones(samples.shape[1], dtype=bool)
    for span in widen(spans, 10.0):
        first, last = int((span.start_s - FADE_S) * RATE_HZ) - 1, int((span.end_s + FADE_S) * RATE_HZ) + 2
        is_free[max(0, first) : last] = False
    assert covered.shape == samples.shape
    assert np.array_equal(covered[:, is_free], samples[:, is_free])


def test_a_short_pause_between_two_groups_of_digits_is_covered_too() -> None:
    assert widen((Span(3.0, 4.0), Span(6.8, 8.0)), 20.0) == (Span(3.0 - MARGIN_BEFORE_S, 8.0 + MARGIN_AFTER_S),)
    assert len(widen((Span(3.0, 4.0), Span(8.0, 9.0)), 20.0)) == 2
    assert widen((Span(0.1, 9.9),), 10.0) == (Span(0.0, 10.0),)


def test_the_original_is_not_touched_and_nothing_to_cover_changes_nothing() -> None:
    samples = recording(4)
    before = samples.copy()
    bleep(samples, (Span(1.0, 2.0),))
    assert np.array_equal(samples, before)
    assert np.array_equal(bleep(samples, ()), before)


def test_the_copy_that_browsers_get_is_the_covered_recording() -> None:
    import io

    import soundfile

    samples = recording(5)
    content = b"".join(encode_redacted_copy(samples, (Span(2.0, 3.0),)))
    played, rate_hz = soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)
    assert rate_hz == RATE_HZ
    assert np.array_equal(played.T, bleep(samples, (Span(2.0, 3.0),)))
