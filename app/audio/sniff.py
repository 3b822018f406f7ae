"""Which container do a file's first bytes announce?

File names lie and stored recordings have none, so only the content is asked. The answer names one demuxer, which is then the
only one tried: probing with every demuxer would let a playlist or a text file open other files or addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 64 * 1024

GSM_FRAME_BYTES = 33
"""Octets of one full-rate frame, each starting with the nibble 0xD (RFC 3551, section 4.5.8.1)."""

_MP3_KBIT_V1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBIT_V2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MP3_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


@dataclass(frozen=True, slots=True)
class Container:
    """A recognised container: the trade's name, and the name of FFmpeg's demuxer for it."""

    name: str
    demuxer: str


WAV = Container("wav", "wav")
_MP3 = Container("mp3", "mp3")
_MAGIC: tuple[tuple[int, bytes, Container], ...] = (
    (0, b"OggS", Container("ogg", "ogg")),
    (0, b"fLaC", Container("flac", "flac")),
    (4, b"ftyp", Container("mp4", "mov,mp4,m4a,3gp,3g2,mj2")),
    (0, b"#!AMR\n", Container("amr", "amr")),
    (0, b"#!AMR-WB\n", Container("amr", "amr")),
    (0, b"\x1aE\xdf\xa3", Container("matroska", "matroska,webm")),
    (0, b"riff\x2e\x91\xcf\x11", Container("w64", "w64")),
    (0, b".snd", Container("au", "au")),
    (0, b"caff", Container("caf", "caf")),
)


def find_container(head: bytes) -> Container | None:
    """Return the container that the first ``HEAD_BYTES`` of a file announce, or None when they are no known audio."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Container("aiff", "aiff")
    for offset, magic, container in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return container
    return _behind_id3_tag(head) if head[:3] == b"ID3" else _find_frames(head)


def _find_frames(head: bytes) -> Container | None:
    """Return the container of files that are frames and nothing else."""
    if _is_gsm(head):
        return Container("gsm", "gsm")
    if _is_adts(head):
        return Container("aac", "aac")
    return _MP3 if _has_mp3_frames(head) else None


def _behind_id3_tag(head: bytes) -> Container:
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    behind = head[10 + size :]
    if behind[:4] == b"fLaC":
        return Container("flac", "flac")
    return Container("aac", "aac") if _is_adts(behind) else _MP3


def _is_gsm(head: bytes) -> bool:
    firsts = head[: GSM_FRAME_BYTES * 64 : GSM_FRAME_BYTES]
    return len(firsts) >= 10 and all(byte >> 4 == 0xD for byte in firsts)


def _is_adts(head: bytes) -> bool:
    """Say whether AAC frames follow each other from the first byte (ISO/IEC 14496-3, 1.A.2.2)."""
    position, frames = 0, 0
    while frames < 3 and position + 7 <= len(head):
        if head[position] != 0xFF or head[position + 1] & 0xF6 != 0xF0:
            return False
        length = (head[position + 3] & 3) << 11 | head[position + 4] << 3 | head[position + 5] >> 5
        if length < 8:
            return False
        position, frames = position + length, frames + 1
    return frames >= 2


def _has_mp3_frames(head: bytes) -> bool:
    """Say whether MPEG audio frames of layer 3 follow each other somewhere near the start.

    A cut file may start inside a frame, so the search goes on for as long as the largest frames are; a sync word alone is
    found in any data and proves nothing.
    """
    position = head.find(b"\xff")
    while 0 <= position < HEAD_BYTES // 2:
        first = _mp3_frame_bytes(head[position : position + 4])
        if first and _mp3_frame_bytes(head[position + first : position + first + 4]):
            third = position + first + _mp3_frame_bytes(head[position + first : position + first + 4])
            if third + 4 > len(head) or _mp3_frame_bytes(head[third : third + 4]):
                return True
        position = head.find(b"\xff", position + 1)
    return False


def _mp3_frame_bytes(header: bytes) -> int:
    """Return the length of the layer 3 frame with this header, 0 when it is none (ISO/IEC 11172-3, 2.4.1.3)."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bit_rate_index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer != 1 or bit_rate_index in (0, 15) or rate_index == 3:
        return 0
    kbit = (_MP3_KBIT_V1 if version == 3 else _MP3_KBIT_V2)[bit_rate_index]
    return (144 if version == 3 else 72) * kbit * 1000 // _MP3_RATES_HZ[version][rate_index] + padding
