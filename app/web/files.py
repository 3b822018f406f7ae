"""How is a file handed out for saving? Always as an attachment that no browser opens or guesses at."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Response

PIECE_BYTES = 256 * 1024


def answer_file(pieces: Iterable[bytes], name: str, media_type: str = "text/csv; charset=utf-8") -> Response:
    """Return the answer that saves a file under a name of letters, digits, dots and hyphens."""
    response = Response(pieces, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def read_pieces(path: Path) -> Iterator[bytes]:
    """Yield the content of a file."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
