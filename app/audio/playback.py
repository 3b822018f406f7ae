"""What does a reviewer's browser play?

A listening copy in FLAC: the same samples that were analysed, so that a time in the transcript is the same time in the player,
in a form that browsers play and seek exactly by range requests (measured, see ADR 4). All parties' channels are kept apart, for
solo, mute and talk-over in the page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.audio.pcm import HOUSE_RATE_HZ

LISTENING_MEDIA_TYPE = "audio/flac"
_BLOCK_SAMPLES = 60 * HOUSE_RATE_HZ
_CHUNK_BYTES = 256 * 1024
_COMPRESSION = 0.6
"""libsndfile's scale from 0 (fast) to 1 (small); it only trades time against size, the samples are the same."""


def encode_listening_copy(samples: NDArray[np.int16]) -> Iterator[bytes]:
    """Yield the bytes of a FLAC file of int16 samples (channels, n) at 16 kHz, at most 8 channels.

    The file is built on disk first, because its header holds the length and is written last: without it no player could seek.
    """
    import soundfile

    with tempfile.TemporaryFile() as file:
        with soundfile.SoundFile(
            file,
            "w",
            samplerate=HOUSE_RATE_HZ,
            channels=samples.shape[0],
            format="FLAC",
            subtype="PCM_16",
            compression_level=_COMPRESSION,
        ) as copy:
            for first in range(0, samples.shape[1], _BLOCK_SAMPLES):
                copy.write(samples[:, first : first + _BLOCK_SAMPLES].T)
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
