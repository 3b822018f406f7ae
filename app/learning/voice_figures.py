"""Which figures does each voice of a corpus have over each line? Sends files over lines and listens.

Files recorded in wide band are sent over three kinds of telephone line; what was recorded over a telephone is heard as it is
and once more over a simulated line, so that people and machines are heard over the same lines. Which lines is drawn from the
file's name. The figures are those of the whole file (at most 24 s), measured exactly as in a call.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.audio.decode import decode
from app.audio.pcm import HOUSE_RATE_HZ, as_float, as_int16
from app.audio.segmentation import plan_clips
from app.audio.voice.stretches import FEATURES_VERSION, LEAST_STRETCH_S, measure_stretch
from app.errors import EarshotError
from app.learning.telephone_lines import LINE_RATE_HZ, LINES, simulate_line
from app.learning.voice_corpus import LIVE, VoiceFile
from app.ports import VoiceEncoder

LINES_OF_WIDE = 3
LONGEST_S = 24.0
"""One window of the encoder, less its lead-in."""

AS_IS = "as recorded"
LINE_OF_VARIANT = {"tel_clean": "clean", "tel_line": "line", "tel_noise15": "noise", "tel_loss3": "loss", "tel_gsm": "gsm"}
SIMULATION_VERSION = "1"


@dataclass(frozen=True, slots=True)
class HeardVoice:
    """A file over one line; ``line`` names the kind, with ``as recorded`` for a real line."""

    voice: VoiceFile
    line: str
    is_simulated: bool
    figures: NDArray[np.float64]
    content_sha256: str = ""

    @property
    def is_live(self) -> bool:
        """Tell whether a person spoke live."""
        return self.voice.truth == LIVE


def plan_lines(voice: VoiceFile) -> tuple[tuple[str, bool], ...]:
    """Return the lines over which a file is heard, each with whether it is simulated here."""
    draw = zlib.crc32(voice.name.encode())
    if voice.is_wide:
        return tuple((LINES[(draw + step) % len(LINES)], True) for step in range(LINES_OF_WIDE))
    own = LINE_OF_VARIANT.get(voice.variant)
    return ((own, False),) if own else ((AS_IS, False), (LINES[draw % len(LINES)], True))


def measure_voices(
    voices: Sequence[VoiceFile],
    noises: Sequence[VoiceFile],
    encoder: VoiceEncoder,
    *,
    cache_dir: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[list[HeardVoice], list[str]]:
    """Return every voice over its lines, and the files that could not be heard, each with the reason."""
    backgrounds = [_to_line_rate(_read_house(noise)) for noise in noises]
    heard: list[HeardVoice] = []
    failed: list[str] = []
    for at, voice in enumerate(voices):
        try:
            heard.extend(_measure(voice, backgrounds, encoder, cache_dir))
        except (EarshotError, ValueError) as error:
            failed.append(f"{voice.name}: {error}")
        if on_progress:
            on_progress((at + 1) / len(voices))
    return heard, failed


def _measure(
    voice: VoiceFile, backgrounds: Sequence[NDArray[np.float64]], encoder: VoiceEncoder, cache_dir: Path | None
) -> Iterator[HeardVoice]:
    content = hashlib.sha256(voice.path.read_bytes()).hexdigest()
    for line, is_simulated in plan_lines(voice):
        part = (voice.channel, voice.start_s)
        made_of = (content, part, line, is_simulated, voice.name if is_simulated else "", encoder.encoder_sha256)
        versions = (FEATURES_VERSION, SIMULATION_VERSION, len(backgrounds) if is_simulated else 0)
        key = hashlib.sha256(repr((made_of, versions)).encode()).hexdigest()
        kept = cache_dir / f"{key}.npy" if cache_dir else None
        if kept and kept.is_file():
            figures = np.load(kept, allow_pickle=False)
        else:
            seed = zlib.crc32(f"{voice.name} {line}".encode())
            samples = _read_house(voice)
            figures = measure_whole(_simulated(samples, line, seed, backgrounds) if is_simulated else samples, encoder)
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                np.save(kept, figures, allow_pickle=False)
        yield HeardVoice(voice, line, is_simulated, figures, content)


def measure_whole(samples: NDArray[np.int16], encoder: VoiceEncoder) -> NDArray[np.float64]:
    """Return the figures of all speech in a sound (int16, 16 kHz).

    Raises
    ------
    ValueError
        If it holds less than a second of speech.
    """
    sound = as_float(samples)
    blocks = encoder.encode_blocks(sound, plan_clips(samples))
    stretch = measure_stretch(sound, blocks) if blocks else None
    if stretch is None or stretch.speech_s < LEAST_STRETCH_S:
        raise ValueError(f"expected at least {LEAST_STRETCH_S} s of speech, got {stretch.speech_s if stretch else 0.0} s")
    return stretch.figures


def _read_house(voice: VoiceFile) -> NDArray[np.int16]:
    channels = decode(voice.path).samples
    if voice.channel >= len(channels):
        raise ValueError(f"expected a channel {voice.channel}, the file has {len(channels)}")
    first = round(voice.start_s * HOUSE_RATE_HZ)
    return np.asarray(channels[voice.channel][first : first + round(LONGEST_S * HOUSE_RATE_HZ)])


def _to_line_rate(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    import soxr

    return np.asarray(soxr.resample(as_float(samples).astype(np.float64), HOUSE_RATE_HZ, LINE_RATE_HZ))


def _simulated(
    samples: NDArray[np.int16], line: str, seed: int, backgrounds: Sequence[NDArray[np.float64]]
) -> NDArray[np.int16]:
    import soxr

    return as_int16(soxr.resample(simulate_line(_to_line_rate(samples), line, seed, backgrounds), LINE_RATE_HZ, HOUSE_RATE_HZ))
