"""What does a WAV file hold, even when its header lies?

Telephone recorders write most of their calls as WAV, and write the length into the header last, or never. This reader walks the
chunks itself, so that a wrong length becomes a note and not a lost call; PCM, float and G.711 samples are turned into floats
here, other codecs in a WAV (GSM 6.10, ADPCM, MP3) are left to :mod:`app.audio.codecs`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.audio.source import BLOCK_FRAMES, HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Block, Source, UnreadableSource

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_OPEN_LENGTHS = (0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0x80000000)
"""Lengths that recorders write while they do not know better."""

_CHUNKS_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class WavHeader:
    """The fmt chunk, where the samples lie, and what was wrong with the lengths."""

    format_tag: int
    channels: int
    rate_hz: int
    bits: int
    block_align: int
    data_start: int
    data_bytes: int
    notes: tuple[str, ...]


def read_wav_header(file: BinaryIO, file_bytes: int) -> WavHeader:
    """Walk the chunks up to the samples. Raises UnreadableSource (``damaged``) without a usable fmt or data chunk."""
    file.seek(0)
    riff = file.read(12)
    if riff[:4] == b"RIFX":
        raise UnreadableSource("damaged", "big-endian RIFX files are not supported; convert it to an ordinary RIFF WAV")
    long_data_bytes: int | None = None
    fmt: tuple[int, int, int, int, int] | None = None
    position = 12
    for _ in range(_CHUNKS_LIMIT):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            break
        name, size = head[:4], int(struct.unpack("<I", head[4:])[0])
        if name == b"ds64":
            body = file.read(24)
            long_data_bytes = int(struct.unpack("<Q", body[8:16])[0]) if len(body) >= 16 else None
        elif name == b"fmt ":
            fmt = _parse_fmt(file.read(min(size, 64)))
        elif name == b"data":
            if fmt is None:
                raise UnreadableSource(
                    "damaged", "the WAV header has no fmt chunk before its data; send the original file again"
                )
            claimed = long_data_bytes if long_data_bytes is not None and size == 0xFFFFFFFF else size
            data_bytes, notes = _true_data_bytes(file, position + 8, claimed, file_bytes)
            tag, channels, rate_hz, bits, align = fmt
            return WavHeader(tag, channels, rate_hz, bits, align, position + 8, data_bytes, notes)
        position += 8 + size + (size & 1)
    missing = "data" if fmt else "fmt"
    raise UnreadableSource(
        "damaged", f"the WAV header has no {missing} chunk: the file was cut off or never finished; send it again"
    )


def _parse_fmt(body: bytes) -> tuple[int, int, int, int, int]:
    if len(body) < 14:
        raise UnreadableSource("damaged", f"the WAV fmt chunk needs at least 14 bytes, got {len(body)}; send the file again")
    tag, channels, rate_hz, _, align = struct.unpack("<HHIIH", body[:14])
    bits = int(struct.unpack("<H", body[14:16])[0]) if len(body) >= 16 else 0
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = int(struct.unpack("<H", body[24:26])[0])
    return int(tag), int(channels), int(rate_hz), bits, int(align)


def _true_data_bytes(file: BinaryIO, start: int, claimed: int, file_bytes: int) -> tuple[int, tuple[str, ...]]:
    """Return how many bytes of samples there are, whatever the header claims."""
    present = max(0, file_bytes - start)
    if claimed == present:
        return present, ()
    if claimed in _OPEN_LENGTHS and present:
        return present, (f"The WAV header leaves its length open; all {present} bytes of sound that are there were read.",)
    if claimed > present:
        return present, (
            f"The WAV header promises {claimed} bytes of sound, the file holds {present}: it was cut off or never finished.",
        )
    following = start + claimed + (claimed & 1)
    if file_bytes - following < 8 or _is_chunk(file, following, file_bytes):
        return claimed, ()
    return present, (f"The WAV header claims {claimed} bytes of sound but {present} follow it; all of them were read.",)


def _is_chunk(file: BinaryIO, position: int, file_bytes: int) -> bool:
    file.seek(position)
    head = file.read(8)
    size = int(struct.unpack("<I", head[4:])[0])
    return all(0x20 <= byte < 0x7F for byte in head[:4]) and position + 8 + size <= file_bytes + 1


def open_wav(file: BinaryIO, header: WavHeader) -> Source | None:
    """Return the sound of a PCM, float or G.711 WAV; None when its codec is another one.

    Raises UnreadableSource (``damaged``) for a sample rate or sample size that no recorder writes.
    """
    sample = _SAMPLE_FORMATS.get((header.format_tag, header.bits if header.format_tag in (PCM, FLOAT) else 8))
    if sample is None:
        if header.format_tag in (PCM, FLOAT):
            raise UnreadableSource("damaged", f"the WAV header says {header.bits} bits a sample; expected 8, 16, 24, 32 or 64")
        return None
    if not LOWEST_RATE_HZ <= header.rate_hz <= HIGHEST_RATE_HZ or header.channels == 0:
        raise UnreadableSource(
            "damaged",
            f"the WAV header says {header.channels} channels at {header.rate_hz} Hz; "
            f"expected at least one channel at {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz",
        )
    source = Source(header.rate_hz, header.channels, sample[0], "wav", iter(()), list(header.notes))
    source.blocks = _read_blocks(file, header, sample[0], sample[1], source.notes)
    return source


_SAMPLE_FORMATS: dict[tuple[int, int], tuple[str, int]] = {
    (PCM, 8): ("pcm_u8", 1),
    (PCM, 16): ("pcm_s16le", 2),
    (PCM, 24): ("pcm_s24le", 3),
    (PCM, 32): ("pcm_s32le", 4),
    (FLOAT, 32): ("pcm_f32le", 4),
    (FLOAT, 64): ("pcm_f64le", 8),
    (A_LAW, 8): ("pcm_alaw", 1),
    (MU_LAW, 8): ("pcm_mulaw", 1),
}


def _read_blocks(file: BinaryIO, header: WavHeader, codec: str, width: int, notes: list[str]) -> Iterator[Block]:
    frame_bytes = width * header.channels
    whole_frames, left_over = divmod(header.data_bytes, frame_bytes)
    if left_over:
        notes.append(f"The last {left_over} byte(s) are not a whole sample and were left out.")
    file.seek(header.data_start)
    unusable = too_loud = 0
    while whole_frames > 0:
        raw = file.read(frame_bytes * min(BLOCK_FRAMES, whole_frames))
        frames = len(raw) // frame_bytes
        if frames == 0:
            break
        whole_frames -= frames
        flat = _to_float(np.frombuffer(raw[: frames * frame_bytes], dtype=np.uint8), codec)
        if header.format_tag == FLOAT:
            finite = np.isfinite(flat)
            unusable += flat.size - int(np.count_nonzero(finite))
            flat = np.where(finite, flat, np.float32(0))
            too_loud += int(np.count_nonzero(np.abs(flat) > 1.0))
            flat = np.clip(flat, -1.0, 1.0)
        yield Block(header.rate_hz, np.ascontiguousarray(flat.reshape(frames, header.channels).T))
    if unusable:
        notes.append(f"{unusable} samples were not numbers (NaN or infinite) and are silence now.")
    if too_loud:
        notes.append(f"{too_loud} samples were louder than full scale and were clipped.")


def _to_float(raw: NDArray[np.uint8], codec: str) -> NDArray[np.float32]:
    """Return the samples in ``raw`` as float32, full scale 1."""
    if codec == "pcm_mulaw":
        return mu_law_table()[raw]
    if codec == "pcm_alaw":
        return a_law_table()[raw]
    if codec == "pcm_u8":
        return (raw.astype(np.float32) - np.float32(128)) * np.float32(1 / 128)
    if codec == "pcm_s24le":
        # The three bytes become the upper ones of a 32-bit integer.
        wide = np.zeros((raw.size // 3, 4), dtype=np.uint8)
        wide[:, 1:] = raw.reshape(-1, 3)
        raw = wide.reshape(-1)
    kind, full_scale = _NUMPY_TYPES[codec]
    with np.errstate(over="ignore", invalid="ignore"):
        flat: NDArray[np.float32] = raw.view(kind).astype(np.float32) * np.float32(1 / full_scale)
    return flat


_NUMPY_TYPES = {
    "pcm_s16le": ("<i2", 2.0**15),
    "pcm_s24le": ("<i4", 2.0**31),
    "pcm_s32le": ("<i4", 2.0**31),
    "pcm_f32le": ("<f4", 1.0),
    "pcm_f64le": ("<f8", 1.0),
}


def mu_law_table() -> NDArray[np.float32]:
    """Return the value of each mu-law octet, full scale 1 (ITU-T G.711, table 2; 14-bit values scaled to 16 bit)."""
    code = ~np.arange(256, dtype=np.uint8)
    segment, step = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = ((2 * step + 33) << segment) - 33
    return (np.where(code & 0x80, -size, size) * 4 / 32_768).astype(np.float32)


def a_law_table() -> NDArray[np.float32]:
    """Return the value of each A-law octet, full scale 1 (ITU-T G.711, table 1; 13-bit values scaled to 16 bit)."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment, step = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    return (np.where(code & 0x80, size, -size) * 8 / 32_768).astype(np.float32)
