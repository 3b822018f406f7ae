"""What does a reader hand to the decoder?

One shape for all readers of files: a few facts of the header and an iterator of float blocks. The readers append to ``notes``
while they go, so the notes are complete only when the blocks are used up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LOWEST_RATE_HZ = 4_000
HIGHEST_RATE_HZ = 768_000
"""Sample rates outside these come from damaged headers; a rate of 1 Hz would blow one block up to gigabytes."""

BLOCK_FRAMES = 65_536
"""Samples per channel that are in the air at once: 2 MB of floats for eight channels."""


class UnreadableSource(Exception):
    """A reader cannot go on; ``code`` is one of the codes of ``AudioUnreadable``. The decoder adds which file it was."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples: float32 of shape (channels, n), -1 to 1, at ``rate_hz``."""

    rate_hz: int
    samples: NDArray[np.float32]


@dataclass(slots=True)
class Source:
    """An opened recording: what its header says, and its sound in blocks."""

    rate_hz: int
    channels: int
    codec: str
    container: str
    blocks: Iterator[Block]
    notes: list[str] = field(default_factory=list)
