"""What do several looks at the same window say together?

The decoder's guesses for a window are put to a vote (:mod:`app.audio.vote`). A short window is also looked at in other ways
(slower, and with the upper voice band lifted): what is only an accident of one way of looking is then outvoted. Such a look
is cheap, because the encoder is given half a window, which takes it a fifth of the time. It is done for short recordings only:
a long call loses little by what its last window lacks, and its speed counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import soxr
from faster_whisper import BatchedInferencePipeline
from faster_whisper.transcribe import get_ctranslate2_storage
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ
from app.audio.vote import Guess, choose_guess

FRAMES_PER_S = 100

HALF_WINDOW_FRAMES = 1500
"""Encoding this much takes 0.11 s where a whole window takes 0.53 s (tiny.en, int8, one thread)."""

LONGEST_RECORDING_S = 60.0
"""In a longer recording short windows are rests and repairs; looking again at them took a quarter more time (130 s call)."""

SLOWED_RATE_HZ = round(0.95 * HOUSE_RATE_HZ)
"""The slower look takes the sound for one of this rate: 5 % longer and deeper, as speech varies from person to person."""

LIFT_HZ = (0, 1500, 3400, 4000, 8000)
LIFT_GAIN = (1.0, 1.0, 2.0, 2.0, 1.0)
"""The lifted look raises what telephone lines weaken: up to 6 dB at the upper edge of their band (3400 Hz, ITU-T G.712)."""


class VotingPipeline(BatchedInferencePipeline):  # type: ignore[misc]  # the library carries no types
    """faster-whisper's batched decoding of windows, with a vote about the text of each.

    Parameters
    ----------
    model
        A faster-whisper model.
    sounds
        The sound of each window of the batch, float32, 16 kHz.
    recording_s
        How long the recording lasts from which they are.

    Attributes
    ----------
    agreements
        After decoding: for each window the share of guesses that has each plain word of its text.
    """

    def __init__(self, model: Any, sounds: Sequence[NDArray[np.float32]], recording_s: float) -> None:
        super().__init__(model)
        self._sounds = sounds
        self._is_short_recording = recording_s <= LONGEST_RECORDING_S
        self.agreements: list[tuple[float, ...]] = []

    def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> tuple[Any, list[dict[str, Any]]]:
        """Return the encoder's output of the first look, which dates the words, and the chosen text of each window."""
        prompt = self.model.get_prompt(tokenizer, previous_tokens=[], without_timestamps=True, hotwords=options.hotwords)
        encoded = self.model.encode(features)
        results = self._guess(encoded, len(features), prompt, options)
        looks = [[_as_guesses(result, tokenizer)] for result in results]
        for at, guesses in self._look_again(prompt, tokenizer, options):
            looks[at].append(guesses)
        chosen = [choose_guess(of_window) for of_window in looks]
        self.agreements += [choice.agreement for choice in chosen]
        guesses = [choice.guess for choice in chosen]
        return encoded, [
            {
                "avg_logprob": guess.log_probability / (len(guess.tokens) + 1),
                "no_speech_prob": result.no_speech_prob,
                "tokens": list(guess.tokens),
            }
            for guess, result in zip(guesses, results, strict=True)
        ]

    def _look_again(self, prompt: list[int], tokenizer: Any, options: Any) -> list[tuple[int, list[Guess]]]:
        views = [
            (at, features)
            for at, sound in enumerate(self._sounds)
            if self._is_short_recording and is_short(sound)
            for features in (self._features(view) for view in view_differently(sound))
        ]
        if not views:
            return []
        # Not by self.model.encode: what the first look encoded is kept for the voice, and this must not take its place.
        encoded = self.model.model.encode(get_ctranslate2_storage(np.stack([features for _, features in views])))
        results = self._guess(encoded, len(views), prompt, options)
        return [(at, _as_guesses(result, tokenizer)) for (at, _), result in zip(views, results, strict=True)]

    def _features(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        found = self.model.feature_extractor(sound)[..., :-1][:, :HALF_WINDOW_FRAMES]
        # Padded with what silence looks like to the model, as in its training; zeros would be a hiss.
        missing = HALF_WINDOW_FRAMES - found.shape[-1]
        return np.pad(found, ((0, 0), (0, missing)), constant_values=float(found.min()))

    def _guess(self, encoded: Any, count: int, prompt: list[int], options: Any) -> Any:
        return self.model.model.generate(
            encoded,
            [list(prompt) for _ in range(count)],
            beam_size=options.beam_size,
            num_hypotheses=options.beam_size,
            patience=options.patience,
            length_penalty=options.length_penalty,
            max_length=min(self.model.max_length, len(prompt) + options.max_new_tokens),
            suppress_blank=options.suppress_blank,
            suppress_tokens=options.suppress_tokens,
            return_scores=True,
            return_no_speech_prob=True,
        )


def is_short(sound: NDArray[np.float32]) -> bool:
    """Say whether every view of a window fits into half a window."""
    return len(sound) / SLOWED_RATE_HZ * FRAMES_PER_S <= HALF_WINDOW_FRAMES


def view_differently(sound: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the sound (float32, shape (n,), 16 kHz) slowed down, and with the upper voice band lifted."""
    slowed = soxr.resample(sound, SLOWED_RATE_HZ, HOUSE_RATE_HZ)
    spectrum = np.fft.rfft(sound)
    gain = np.interp(np.fft.rfftfreq(len(sound), 1 / HOUSE_RATE_HZ), LIFT_HZ, LIFT_GAIN)
    lifted = np.fft.irfft(spectrum * gain, len(sound))
    return [slowed.astype(np.float32), lifted.astype(np.float32)]


def _as_guesses(result: Any, tokenizer: Any) -> list[Guess]:
    # The decoder's score is the mean per token, with the end of text not counted (length penalty 1).
    return [
        Guess(tokenizer.decode(tokens).strip(), tuple(tokens), score * len(tokens))
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
    ]
