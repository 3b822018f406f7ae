"""What the encoder is given after the sound of a window: silence, and nothing of the sound is changed."""

from __future__ import annotations

import numpy as np

from app.adapters.whisper_encoder import fill_with_silence


def test_what_follows_the_sound_is_filled_with_the_least_of_its_own_window() -> None:
    features = np.zeros((2, 3, 10), dtype=np.float32)
    features[0, :, :6] = np.arange(18, dtype=np.float32).reshape(3, 6) / 10 - 0.75
    features[1, :, :4] = -1.25
    filled = fill_with_silence(features)
    assert np.array_equal(filled[0, :, :6], features[0, :, :6])
    assert np.all(filled[0, :, 6:] == np.float32(-0.75))
    assert np.all(filled[1] == np.float32(-1.25))
    assert np.all(features[0, :, 6:] == 0.0)


def test_a_single_window_is_filled_as_one_of_a_batch_and_a_zero_inside_the_sound_stays() -> None:
    window = np.array([[0.5, 0.0, -0.5, 0.0]], dtype=np.float32)
    assert fill_with_silence(window).tolist() == [[0.5, 0.0, -0.5, -0.5]]
    assert fill_with_silence(window[np.newaxis]).tolist() == [fill_with_silence(window).tolist()]


def test_a_window_without_any_sound_stays_as_it_is() -> None:
    assert not fill_with_silence(np.zeros((80, 100), dtype=np.float32)).any()
