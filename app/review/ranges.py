"""Which bytes does a Range header ask for? RFC 9110, section 14: one range of bytes; anything else is answered whole."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Unsatisfiable(ValueError):
    """The range lies outside the content: answer 416."""


def parse_range(header: str | None, byte_count: int) -> ByteRange | None:
    """Return the bytes that are asked for; None when the whole content is to be sent.

    A header that is malformed, of another unit, or with several ranges is ignored, as the RFC allows.

    Raises
    ------
    Unsatisfiable
        If the range starts past the end, or asks for the last zero bytes.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or not (match[1] or match[2]):
        return None
    first, last = match[1], match[2]
    if not first:
        wanted = int(last)
        if wanted == 0 or byte_count == 0:
            raise Unsatisfiable(f"the last {wanted} of {byte_count} bytes")
        return ByteRange(max(0, byte_count - wanted), byte_count)
    start, end = int(first), int(last) + 1 if last else byte_count
    if last and end <= start:
        return None
    if start >= byte_count:
        raise Unsatisfiable(f"from byte {start} of {byte_count}")
    return ByteRange(start, min(end, byte_count))
