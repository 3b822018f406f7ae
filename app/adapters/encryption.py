"""How are stored bytes locked so that a part can be read alone and no change goes unseen?

Each blob has its own random data key. Its content is cut into chunks of 64 KiB, each sealed with AES-256-GCM under the nonce
``prefix || counter || last`` (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption
and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015): a chunk that is missing, moved, cut off or changed does not open.
The data key stands in the blob's header, itself sealed by the installation's key; whoever destroys the header, or that
key, has destroyed the content (crypto-shredding).

Header, 91 bytes, authenticated together with the blob's key in the store (a blob put in another's place does not open):

| bytes | content |
| --- | --- |
| 8 | ``EARSHOT1`` |
| 8 | fingerprint of the sealing key: first bytes of SHA-256 of a label and the key |
| 8 | plain byte count, big-endian |
| 7 | nonce prefix of the chunks |
| 12 | nonce of the sealed data key |
| 48 | data key (32) sealed with AES-256-GCM (tag 16) |

This module knows nothing of files or buckets: it is handed something to write to or to read from.
"""

import hashlib
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import BlobDamaged, InvalidInput

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
KEY_BYTES = 32
MAGIC = b"EARSHOT1"
_FIXED = struct.Struct(">8s8sQ7s")
_NONCE_BYTES = 12
_SEALED_KEY_BYTES = KEY_BYTES + TAG_BYTES
HEADER_BYTES = _FIXED.size + _NONCE_BYTES + _SEALED_KEY_BYTES
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


class KeyRing:
    """The key that seals data keys now, and former ones that may still open old blobs."""

    def __init__(self, current: bytes, former: Sequence[bytes] = ()) -> None:
        for key in (current, *former):
            if len(key) != KEY_BYTES:
                raise InvalidInput(f"expected a blob key of {KEY_BYTES} bytes, got {len(key)}")
        self._current = _fingerprint(current)
        self._keys = {_fingerprint(key): AESGCM(key) for key in (*former, current)}

    def seal(self, data_key: bytes, *, key: str, byte_count: int, prefix: bytes) -> bytes:
        """Return the header of a blob."""
        fixed = _FIXED.pack(MAGIC, self._current, byte_count, prefix)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return fixed + nonce + self._keys[self._current].encrypt(nonce, data_key, fixed + key.encode())

    def open(self, header: bytes, *, key: str) -> "OpenHeader":
        """Return what a header holds.

        Raises
        ------
        BlobDamaged
            When the header was changed, belongs to another blob, or no key on the ring sealed it.
        """
        if len(header) < HEADER_BYTES or header[: len(MAGIC)] != MAGIC:
            raise BlobDamaged(f"blob {key}: expected a header of {HEADER_BYTES} bytes that starts with {MAGIC!r}", key=key)
        fixed = header[: _FIXED.size]
        _, fingerprint, byte_count, prefix = _FIXED.unpack(fixed)
        if fingerprint not in self._keys:
            raise BlobDamaged(
                f"blob {key}: sealed by the key {fingerprint.hex()}, which is not given; check EARSHOT_BLOB_KEY "
                "or the secret kept in DATA_DIR",
                code="blob_key_unknown",
                key=key,
            )
        nonce, sealed = header[_FIXED.size : _FIXED.size + _NONCE_BYTES], header[_FIXED.size + _NONCE_BYTES : HEADER_BYTES]
        try:
            data_key = self._keys[fingerprint].decrypt(nonce, sealed, fixed + key.encode())
        except InvalidTag:
            raise BlobDamaged(f"blob {key}: its header was changed or belongs to another blob", key=key) from None
        return OpenHeader(AESGCM(data_key), prefix, byte_count)


@dataclass(frozen=True, slots=True)
class OpenHeader:
    """A header after its data key was unsealed."""

    cipher: AESGCM
    prefix: bytes
    byte_count: int


def seal_stream(chunks: Iterable[bytes], out: BinaryIO, *, ring: KeyRing, key: str) -> int:
    """Write the sealed content to ``out`` (seekable, at its beginning) and return the plain byte count.

    The header is written last, when the length is known: a file that was cut off while writing has none.
    """
    data_key, prefix = AESGCM.generate_key(bit_length=8 * KEY_BYTES), secrets.token_bytes(7)
    cipher = AESGCM(data_key)
    out.write(bytes(HEADER_BYTES))
    byte_count = 0
    for counter, (chunk, is_last) in enumerate(_cut(chunks)):
        out.write(cipher.encrypt(_nonce(prefix, counter, is_last), chunk, None))
        byte_count += len(chunk)
    out.seek(0)
    out.write(ring.seal(data_key, key=key, byte_count=byte_count, prefix=prefix))
    return byte_count


def open_stream(
    header: bytes,
    stored_byte_count: int,
    read_at: Callable[[int, int], Iterator[bytes]],
    *,
    ring: KeyRing,
    key: str,
    start: int,
    end: int | None,
) -> Iterator[bytes]:
    """Return the plain bytes from ``start`` up to, not including, ``end``, chunk by chunk; only what is needed is opened.

    Parameters
    ----------
    read_at
        Yields the stored bytes between two offsets, in pieces of any size.

    Raises
    ------
    BlobDamaged
        At once when the header or the length is wrong, while reading when a chunk does not open.
    """
    opened = ring.open(header, key=key)
    if stored_byte_count != sealed_byte_count(opened.byte_count):
        raise BlobDamaged(
            f"blob {key}: expected {sealed_byte_count(opened.byte_count)} stored bytes, found {stored_byte_count}; "
            "it was cut off or lengthened, restore it from a backup",
            key=key,
        )
    if start < 0 or (end is not None and end < 0):
        raise InvalidInput(f"blob {key}: expected a range from 0 on, got {start} to {end}")
    end = opened.byte_count if end is None else min(end, opened.byte_count)
    if start >= end:
        return iter(())
    return _open_chunks(opened, stored_byte_count, read_at, key, start, end)


def sealed_byte_count(plain_byte_count: int) -> int:
    """Return how many bytes a blob of this plain length takes in the store."""
    return HEADER_BYTES + plain_byte_count + TAG_BYTES * _chunk_count(plain_byte_count)


def plain_byte_count(stored_byte_count: int) -> int:
    """Return the plain length of a blob from the length of what is stored (0 when it is too short to be a blob)."""
    body = max(0, stored_byte_count - HEADER_BYTES)
    return max(0, body - TAG_BYTES * max(1, -(-body // SEALED_CHUNK_BYTES)))


def _open_chunks(
    opened: OpenHeader, stored: int, read_at: Callable[[int, int], Iterator[bytes]], key: str, start: int, end: int
) -> Iterator[bytes]:
    first, last = start // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
    final = _chunk_count(opened.byte_count) - 1
    pieces = read_at(HEADER_BYTES + first * SEALED_CHUNK_BYTES, min(stored, HEADER_BYTES + (last + 1) * SEALED_CHUNK_BYTES))
    held = bytearray()
    for counter in range(first, last + 1):
        want = SEALED_CHUNK_BYTES if counter < final else stored - HEADER_BYTES - final * SEALED_CHUNK_BYTES
        while len(held) < want and (piece := next(pieces, None)) is not None:
            held += piece
        try:
            plain = opened.cipher.decrypt(_nonce(opened.prefix, counter, counter == final), bytes(held[:want]), None)
        except InvalidTag:
            raise BlobDamaged(
                f"blob {key}: the stored bytes around offset {counter * CHUNK_BYTES} were changed; restore it from a backup",
                key=key,
            ) from None
        del held[:want]
        offset = counter * CHUNK_BYTES
        yield plain[max(0, start - offset) : end - offset]


def _cut(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield pieces of exactly CHUNK_BYTES and whether each is the last; the last may be shorter, and empty only when all is."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        # One byte more than a chunk must be there before it is known that the chunk is not the last.
        cut_to = max(0, len(held) - 1) // CHUNK_BYTES * CHUNK_BYTES
        for offset in range(0, cut_to, CHUNK_BYTES):
            yield bytes(held[offset : offset + CHUNK_BYTES]), False
        del held[:cut_to]
    yield bytes(held), True


def _nonce(prefix: bytes, counter: int, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", counter, is_last)


def _chunk_count(plain: int) -> int:
    return max(1, -(-plain // CHUNK_BYTES))


def _fingerprint(key: bytes) -> bytes:
    return hashlib.sha256(b"earshot blob key" + key).digest()[:8]
