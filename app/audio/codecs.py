"""What sound comes out of a compressed file, with the broken parts skipped?

PyAV demuxes and decodes; this reader keeps its errors inside. A frame that cannot be decoded becomes silence of the same
length, so that every later word keeps its time, and a gap in the time stamps (a sender that sends nothing in silence) is filled
the same way. What was skipped is said in the notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from app.audio.sniff import Container
from app.audio.source import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Block, Source, UnreadableSource

LONGEST_FILLED_GAP_S = 60.0
"""A time stamp further ahead than this is taken for a damaged one, and nothing is filled in."""

SHORTEST_FILLED_GAP_S = 0.1
"""Time stamps jitter by less than this (whole milliseconds in WebM, a frame in a stream that was joined)."""

_TIMED = ("ogg", "mp4", "matroska", "flac")
"""Containers whose packets carry real time stamps; in the others FFmpeg counts them up and a gap proves nothing."""

_HONEST_LENGTH = ("mp4", "flac")
"""Containers whose header states the length; the others' lengths are FFmpeg's estimates."""

_READ_RETRIES = 20
_SCALES = {"u8": 128.0, "s16": 32_768.0, "s32": 2_147_483_648.0, "flt": 1.0, "dbl": 1.0}


def open_compressed(file: BinaryIO, container: Container) -> Source:
    """Open a file with the one demuxer that its first bytes call for.

    Raises UnreadableSource: ``no_audio_stream`` when it holds no sound, ``damaged`` when it cannot be opened.
    """
    import av

    try:
        opened = av.open(_Seekable(file), mode="r", format=container.demuxer, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise UnreadableSource(
            "damaged", f"its {container.name} header cannot be read ({_reason(error)}); send it again"
        ) from None
    if not opened.streams.audio:
        kinds = sorted({str(stream.type) for stream in opened.streams}) or ["nothing"]
        opened.close()
        raise UnreadableSource(
            "no_audio_stream",
            f"the {container.name} file holds {', '.join(kinds)} and no sound; send the recording of the call",
        )
    stream = opened.streams.audio[0]
    try:
        codec, rate_hz, channels = (
            stream.codec_context.name,
            int(stream.codec_context.sample_rate or 0),
            int(stream.channels or 0),
        )
    except (av.error.FFmpegError, ValueError, AttributeError) as error:
        opened.close()
        raise UnreadableSource("damaged", f"its codec is not known to the decoder ({_reason(error)})") from None
    source = Source(rate_hz, channels, codec, container.name, iter(()))
    if len(opened.streams.audio) > 1:
        source.notes.append(f"The file holds {len(opened.streams.audio)} sound tracks; only the first was read.")
    source.blocks = _Reader(opened, stream, source).read()
    return source


class _Seekable:
    """The file as FFmpeg reads it: a damaged header that points outside gets FFmpeg's own answer, -1, and raises nothing."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read = file.read
        self.tell = file.tell
        self._end = file.seek(0, 2)
        file.seek(0)

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._file.tell(), self._end)[whence] if whence in (0, 1, 2) else -offset - 1
        return self._file.seek(base + offset) if 0 <= base + offset <= self._end else -1


class _Reader:
    """Decodes one stream to the end, counting what it had to skip."""

    def __init__(self, opened: Any, stream: Any, source: Source) -> None:
        self._opened, self._stream, self._source = opened, stream, source
        self._is_timed = source.container in _TIMED
        self._expected_s: float | None = None
        self._broken_frames = 0
        self._filled_s = 0.0
        self._read_s = 0.0
        promised = stream.duration if source.container in _HONEST_LENGTH else None
        self._promised_s = float(promised * stream.time_base) if promised and stream.time_base else None
        self._unusable = 0
        self._breaks_off = False

    def read(self) -> Iterator[Block]:
        """Yield the sound of the stream; notes are complete afterwards."""
        try:
            for packet in self._packets():
                yield from self._decode(packet)
        finally:
            self._opened.close()
        self._describe()

    def _packets(self) -> Iterator[Any]:
        """Yield packets; after a read error the demuxer is asked again, because most find the next page or frame."""
        import av

        retries = 0
        while True:
            try:
                yield from self._opened.demux(self._stream)
                return
            except (av.error.FFmpegError, ValueError, OverflowError):
                retries += 1
                self._breaks_off = True
                if retries > _READ_RETRIES:
                    return

    def _decode(self, packet: Any) -> Iterator[Block]:
        import av

        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError, OverflowError):
            if packet.size:
                self._broken_frames += 1
                yield from self._silence(_duration_s(packet))
            return
        for frame in frames:
            block = self._to_block(frame)
            if block is None:
                self._broken_frames += 1
                continue
            yield from self._fill_gap_before(frame)
            block_s = block.samples.shape[1] / block.rate_hz
            self._read_s += block_s
            if self._expected_s is not None:
                self._expected_s += block_s
            yield block

    def _to_block(self, frame: Any) -> Block | None:
        rate_hz, channels = int(frame.sample_rate), len(frame.layout.channels)
        if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ or channels == 0 or frame.samples == 0:
            return None
        try:
            raw: NDArray[Any] = frame.to_ndarray()
        except ValueError:
            return None
        scale = _SCALES.get(frame.format.name.removesuffix("p"))
        if scale is None:
            return None
        if not frame.format.is_planar:
            raw = raw.reshape(-1, channels).T
        samples = raw.astype(np.float32)
        if scale == 128.0:
            samples -= 128.0
        if scale == 1.0 and not np.isfinite(samples).all():
            self._unusable += int(np.count_nonzero(~np.isfinite(samples)))
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return Block(rate_hz, samples * np.float32(1 / scale))

    def _fill_gap_before(self, frame: Any) -> Iterator[Block]:
        if not self._is_timed or frame.pts is None or frame.time_base is None:
            return
        starts_s = float(frame.pts * frame.time_base)
        gap_s = 0.0 if self._expected_s is None else starts_s - self._expected_s
        if self._expected_s is None or not -LONGEST_FILLED_GAP_S < gap_s < LONGEST_FILLED_GAP_S:
            self._expected_s = starts_s
        elif gap_s > SHORTEST_FILLED_GAP_S:
            self._filled_s += gap_s
            yield from self._silence(gap_s)

    def _silence(self, seconds: float) -> Iterator[Block]:
        rate_hz, channels = self._source.rate_hz, self._source.channels
        if 0 < seconds < LONGEST_FILLED_GAP_S and LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ and 0 < channels <= 8:
            if self._expected_s is not None:
                self._expected_s += seconds
            yield Block(rate_hz, np.zeros((channels, round(seconds * rate_hz)), dtype=np.float32))

    def _describe(self) -> None:
        notes = self._source.notes
        if self._broken_frames:
            notes.append(f"{self._broken_frames} broken frame(s) could not be decoded and were skipped.")
        if self._promised_s is not None and self._read_s < self._promised_s - SHORTEST_FILLED_GAP_S:
            notes.append(f"The header promises {self._promised_s:.2f} s of sound, {self._read_s:.2f} s could be decoded.")
        if self._filled_s:
            notes.append(f"{self._filled_s:.2f} s are missing in the file and were filled with silence.")
        if self._unusable:
            notes.append(f"{self._unusable} samples were not numbers (NaN or infinite) and are silence now.")
        if self._breaks_off:
            notes.append("The file is damaged inside or breaks off; what could be read was kept.")


def _duration_s(packet: Any) -> float:
    return float(packet.duration * packet.time_base) if packet.duration and packet.time_base else 0.0


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).split(":")[0].lower()
