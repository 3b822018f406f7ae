"""How are the listening copy and its outline sent? In the ranges that browsers ask for, and in windows of the outline."""

import hashlib
from collections.abc import Iterator
from http import HTTPStatus

from flask import Request, Response

from app.audio.peaks import Peaks, decode_peaks, encode_peaks, reduce_peaks
from app.errors import InvalidInput, NotFound
from app.ports import BlobStore
from app.review.presenters.player import PEAK_REDUCTIONS
from app.review.ranges import Unsatisfiable, parse_range

# What is stored under a key never changes, so a browser may keep it; private, because the next user may not hear it.
KEEP = "private, max-age=3600"
MOST_BUCKETS = 16_384


def answer_sound(request: Request, blobs: BlobStore, key: str, media_type: str) -> Response:
    """Return the bytes of a recording that the request asks for: 200, 206, 304 or 416."""
    stat = blobs.stat(key)
    if stat is None:
        raise NotFound("the listening copy of this call is gone; ask for the analysis again", key=key)
    etag = _etag(key)
    if request.if_none_match.contains_weak(etag):
        return _dress(Response(status=HTTPStatus.NOT_MODIFIED), etag)
    # RFC 9110, 13.1.5: when the content is no longer what the asker holds a part of, the whole is sent.
    is_same = request.if_range.etag == etag or (request.if_range.etag is None and request.if_range.date is None)
    try:
        part = parse_range(request.headers.get("Range") if is_same else None, stat.byte_count)
    except Unsatisfiable:
        refused = Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        refused.headers["Content-Range"] = f"bytes */{stat.byte_count}"
        return _dress(refused, etag)
    start, end = (part.start, part.end) if part else (0, stat.byte_count)
    pieces: Iterator[bytes] | bytes = b"" if request.method == "HEAD" else blobs.open_range(key, start, end)
    response = Response(pieces, status=HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK, mimetype=media_type)
    response.headers["Content-Length"] = str(end - start)
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{stat.byte_count}"
    return _dress(response, etag)


def answer_peaks(request: Request, blobs: BlobStore, key: str) -> Response:
    """Return a window of the outline at a level: ``level`` (0 finest), ``from`` and ``count`` in buckets of that level.

    Raises
    ------
    InvalidInput
        If one of them is not a number in range.
    """
    level = _number(request, "level", 0, len(PEAK_REDUCTIONS) - 1, default=len(PEAK_REDUCTIONS) - 1)
    first = _number(request, "from", 0, 1 << 31, default=0)
    count = _number(request, "count", 1, MOST_BUCKETS, default=MOST_BUCKETS)
    etag = _etag(f"{key}:{level}:{first}:{count}")
    if request.if_none_match.contains_weak(etag):
        return _dress(Response(status=HTTPStatus.NOT_MODIFIED), etag)
    # The window is cut from the finest outline before it is reduced: what a level shows does not depend on the window.
    factor = PEAK_REDUCTIONS[level]
    finest = decode_peaks(b"".join(blobs.open_range(key)))
    window = finest.values[:, first * factor : (first + count) * factor]
    content = encode_peaks(reduce_peaks(Peaks(window, finest.per_second, finest.reduced_by), factor))
    return _dress(Response(content, mimetype="application/octet-stream"), etag)


def _dress(response: Response, etag: str) -> Response:
    response.set_etag(etag)
    response.headers["Cache-Control"] = KEEP
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Vary"] = "Cookie"
    return response


def _etag(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _number(request: Request, name: str, least: int, most: int, *, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12 or not least <= int(text) <= most:
        raise InvalidInput(f"{name}: expected a whole number from {least} to {most}, got {text[:20]!r}", field=name)
    return int(text)
