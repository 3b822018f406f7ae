"""What is a decoded recording?

The house format: int16 PCM at 16 kHz, one row per party as recorded. Parties are never mixed together; nothing after decoding
asks for a codec, a container or another sample rate. Reading files is the work of :mod:`app.audio.decode`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HOUSE_RATE_HZ = 16_000
FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True, eq=False)
class DecodedAudio:
    """A recording in the house format, with what was learnt of the file it came from.

    ``samples`` has the shape (channels, n), int16 at 16 kHz, in the order of the file's channels; a dual-mono file (one signal
    copied to both channels) has one row only. ``sha256`` is that of the original bytes. ``notes`` are plain sentences about
    what was doubtful: a header that lies, frames that were skipped, a silent channel.
    """

    samples: NDArray[np.int16]
    source_rate_hz: int
    source_channels: int
    codec: str
    container: str
    is_dual_mono: bool
    notes: tuple[str, ...]
    sha256: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / HOUSE_RATE_HZ

    @property
    def channels(self) -> int:
        """Number of parties' channels that are kept; 1 for a dual-mono file."""
        return int(self.samples.shape[0])


def as_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return int16 samples as float32 from -1 up to, not including, 1; the shape stays."""
    scaled: NDArray[np.float32] = samples.astype(np.float32)
    scaled *= np.float32(1.0 / FULL_SCALE)  # in place: a second copy of three hours would take 700 MB
    return scaled


class FloatView:
    """int16 samples read as float32, part by part: a float copy of three hours would take 700 MB.

    A slice gives float32 of shape (m,) from -1 up to, not including, 1, like :func:`as_float`; only plain slices are answered.
    """

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, part: slice) -> NDArray[np.float32]:
        return as_float(self._samples[part])


def as_int16(samples: NDArray[Any]) -> NDArray[np.int16]:
    """Return float samples (-1 to 1) as int16, rounded; what lies outside is clipped, not wrapped."""
    scaled = np.rint(samples * FULL_SCALE)
    clipped: NDArray[np.int16] = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped
