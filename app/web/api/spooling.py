"""How does a large body come in? To disk while it is read, counted and hashed, so that it never lies in memory."""

import errno
import hashlib
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from flask import after_this_request, g, request
from werkzeug.wrappers import Response

from app.errors import StorageFull
from app.intake.bytes_in import PIECE_BYTES

IN_MEMORY_BYTES = 1_000_000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A body on disk (in memory while it is small), to be read from the start, and its SHA-256, hex."""

    stream: BinaryIO
    sha256: str


def spool_body(max_bytes: int) -> None:
    """Read the body of the request to ``g.spooled``, which lasts until the answer is sent.

    Raises
    ------
    RequestEntityTooLarge
        When it is larger than allowed.
    StorageFull
    """
    request.max_content_length = max_bytes
    file = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115 - lasts as long as the request
    digest = hashlib.sha256()
    try:
        while piece := request.stream.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
    except OSError as error:
        file.close()
        if error.errno not in _NO_ROOM:
            raise
        raise StorageFull("no room left for temporary files; make room and send it again") from error
    except BaseException:
        file.close()
        raise
    file.seek(0)
    g.spooled = Spooled(file, digest.hexdigest())

    @after_this_request
    def _close(response: Response) -> Response:
        file.close()
        return response
