"""What is in this recording file?

The one door for files: whatever the sender's recorder wrote comes out in the house format (:mod:`app.audio.pcm`) with notes
about what was doubtful, or as ``AudioUnreadable`` with a stable code and a sentence that says what to do. The parties' channels
are never mixed, and nothing but the content decides how a file is read.

Codes: file_missing, file_unreadable, empty_file, not_audio, no_audio_stream, damaged, too_short, too_long, too_many_channels.
"""

from __future__ import annotations

import hashlib
from io import BufferedReader
from pathlib import Path

from app.audio.codecs import open_compressed
from app.audio.dual_mono import is_dual_mono, silent_channels
from app.audio.house_buffer import HouseBuffer
from app.audio.pcm import DecodedAudio
from app.audio.sniff import HEAD_BYTES, WAV, find_container
from app.audio.source import Source, UnreadableSource
from app.audio.wav import open_wav, read_wav_header
from app.errors import AudioUnreadable

MOST_CHANNELS = 8
"""More parties than any conference recorder writes apart; a larger number comes from a damaged header."""

_SUPPORTED = "WAV, MP3, Ogg, FLAC, M4A, AMR, AAC, WebM, AIFF, AU, CAF, W64 or GSM"


def decode(path: Path, *, max_duration_s: float = 6 * 3600, min_duration_s: float = 0.2) -> DecodedAudio:
    """Decode a recording into int16 at 16 kHz, one row per channel.

    Raises
    ------
    AudioUnreadable
        With one of the codes above; the message names the file, what was expected, what came, and what to do.
    """
    try:
        with path.open("rb") as file:
            return _decode_file(file, path, max_duration_s, min_duration_s)
    except FileNotFoundError:
        raise _unreadable(path, "file_missing", "there is no such file; check the path or fetch the recording again") from None
    except UnreadableSource as error:
        raise _unreadable(path, error.code, error.message) from None
    except OSError as error:
        raise _unreadable(path, "file_unreadable", f"the system cannot read it ({error.strerror or error})") from error


def _decode_file(file: BufferedReader, path: Path, max_duration_s: float, min_duration_s: float) -> DecodedAudio:
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file_bytes = file.seek(0, 2)
    source = _open_source(file, file_bytes)
    if source.channels > MOST_CHANNELS:
        raise UnreadableSource(
            "too_many_channels",
            f"it has {source.channels} channels, at most {MOST_CHANNELS} can be reviewed; export the parties' channels alone",
        )
    buffer: HouseBuffer | None = None
    for block in source.blocks:
        if buffer is None:
            # The decoder knows better than the header: parametric stereo says one channel and gives two.
            source.channels = min(int(block.samples.shape[0]), MOST_CHANNELS)
            buffer = HouseBuffer(source.channels)
        buffer.add(block)
        if buffer.duration_s > max_duration_s:
            raise UnreadableSource(
                "too_long",
                f"it is longer than {max_duration_s:g} s, the longest recording allowed; split it and send the parts",
            )
    if buffer is None and source.container != "wav":
        raise UnreadableSource("damaged", f"no {source.codec} frame in it could be decoded; send the original file again")
    samples = (buffer or HouseBuffer(source.channels)).finish()
    duration_s = samples.shape[1] / 16_000
    if duration_s < min_duration_s:
        raise UnreadableSource(
            "too_short", f"it holds {duration_s:.2f} s of sound, at least {min_duration_s:g} s is needed; nothing to review"
        )
    dual_mono = samples.shape[0] == 2 and is_dual_mono(samples)
    if dual_mono:
        source.notes.append("Both channels carry the same signal; one of them is kept, and the parties cannot be told apart.")
        samples = samples[:1].copy()
    silent = silent_channels(samples)
    if silent:
        which = ", ".join(str(index) for index in silent)
        source.notes.append(f"Digital silence from start to end on channel(s) {which}.")
    return DecodedAudio(
        samples=samples,
        source_rate_hz=source.rate_hz,
        source_channels=source.channels,
        codec=source.codec,
        container=source.container,
        is_dual_mono=dual_mono,
        notes=tuple(source.notes),
        sha256=sha256,
    )


def _open_source(file: BufferedReader, file_bytes: int) -> Source:
    if file_bytes == 0:
        raise UnreadableSource(
            "empty_file", f"it has 0 bytes, expected {_SUPPORTED}; the recorder or the transfer lost it, send it again"
        )
    file.seek(0)
    head = file.read(HEAD_BYTES)
    container = find_container(head)
    if container is None:
        raise UnreadableSource("not_audio", f"expected {_SUPPORTED}, {_describe_content(head)}; send the recording itself")
    if container is not WAV:
        return open_compressed(file, container)
    header = read_wav_header(file, file_bytes)
    source = open_wav(file, header)
    if source is None:
        source = open_compressed(file, container)
        source.notes.extend(header.notes)
    return source


def _describe_content(head: bytes) -> str:
    if not any(head):
        return "got nothing but zero bytes"
    if head.lstrip()[:1] in (b"<", b"{", b"[") or all(byte in b"\t\n\r" or byte >= 0x20 for byte in head[:512]):
        start = head[:40].decode("utf-8", "replace").strip().splitlines()
        return f"got text that starts with {start[0] if start else ''!r}"
    return f"got bytes that start with {head[:8].hex(' ')}"


def _unreadable(path: Path, code: str, message: str) -> AudioUnreadable:
    return AudioUnreadable(f"{path.name} cannot be read: {message}.", code=code, file=path.name)
