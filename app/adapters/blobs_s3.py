"""Recordings in a bucket of S3, MinIO, Ceph or the like: written once, encrypted here before they leave (``ports.BlobStore``).

A blob is sealed into a temporary file first. Up to 32 MiB it goes up in one conditional request; a larger one goes up in
parts under ``_incoming`` and is then copied to its name on the condition that the name is free, so that no blob has to fit
into memory and the first content always stays. Address and credentials: the ``AWS_*`` variables that every S3 client reads.
"""

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import IO, Any
from urllib.parse import urlsplit

from app.adapters.blob_keys import check_key
from app.adapters.encryption import HEADER_BYTES, KeyRing, open_stream, plain_byte_count, seal_stream
from app.errors import InvalidInput, NotFound, StorageFull
from app.ports import BlobStat

SINGLE_REQUEST_BYTES = 32 * 1024 * 1024
PART_BYTES = 16 * 1024 * 1024
INCOMING = "_incoming"
# What stores answer when a quota or disk is full: HTTP 507, MinIO's and Ceph's error codes.
_FULL = ("507 ", "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded")


class S3BlobStore:
    """Blobs in a bucket, below an optional prefix: ``s3://bucket/prefix``."""

    def __init__(self, url: str, ring: KeyRing, *, client: Mapping[str, Any] | None = None) -> None:
        """Connect lazily; ``client`` overrides what the ``AWS_*`` variables say (endpoint, region, keys).

        Raises
        ------
        InvalidInput
            When the address is not one of a bucket or the extra that speaks S3 is not installed.
        """
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise InvalidInput(f"EARSHOT_BLOB_URL: expected s3://bucket or s3://bucket/prefix, got {url!r}")
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError as error:
            raise InvalidInput(
                "EARSHOT_BLOB_URL names a bucket, but obstore is not installed; run: pip install 'earshot[s3]'"
            ) from error
        options = dict(client or {})
        if str(options.get("endpoint", "")).startswith("http://"):
            options["client_options"] = {"allow_http": True}
        self._obstore = obstore
        self._where = url
        self._ring = ring
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            copy_if_not_exists="multipart",
            # The client's own patience is 10 tries in 3 minutes: too long for a page that waits for the sound.
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=20)},
            **options,
        )

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        """Store the bytes; a key that exists keeps its content."""
        if (existing := self.stat(key)) is not None:
            return existing
        try:
            with tempfile.TemporaryFile() as draft:
                byte_count = seal_stream(chunks, draft, ring=self._ring, key=key)
                stored_byte_count = draft.seek(0, os.SEEK_END)
                draft.seek(0)
                self._upload(key, draft, stored_byte_count)
        except self._obstore.exceptions.AlreadyExistsError:
            return self.stat(key) or BlobStat(key, byte_count)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise StorageFull(
                f"no room left to prepare {key} in {tempfile.gettempdir()}; nothing was stored", key=key
            ) from error
        return BlobStat(key, byte_count)

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from ``start`` up to, not including, ``end``; a missing or damaged blob is told at once."""
        path = check_key(key)
        with self._told(key):
            try:
                answer = self._obstore.get(self._store, path, options={"range": (0, HEADER_BYTES)})
                header, stored = bytes(answer.bytes()), answer.meta["size"]
            except FileNotFoundError:
                raise NotFound(f"no blob under {key}", key=key) from None
        return open_stream(
            header, stored, lambda a, b: self._read_at(key, a, b), ring=self._ring, key=key, start=start, end=end
        )

    def stat(self, key: str) -> BlobStat | None:
        """Return what is stored under the key, or None."""
        path = check_key(key)
        with self._told(key):
            try:
                return BlobStat(key, plain_byte_count(self._obstore.head(self._store, path)["size"]))
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> None:
        """Remove the bytes and, with the header, the only copy of their key (older versions of a versioned bucket stay)."""
        path = check_key(key)
        with self._told(key), contextlib.suppress(FileNotFoundError):
            self._obstore.delete(self._store, path)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with ``prefix``, sorted (a bucket lists in the order of the keys' bytes)."""
        folder = prefix.rpartition("/")[0] or None
        with self._told(prefix):
            for batch in self._obstore.list(self._store, prefix=folder):
                for item in batch:
                    key = item["path"]
                    if key.startswith(prefix) and not key.startswith(f"{INCOMING}/"):
                        yield key

    def _upload(self, key: str, draft: IO[bytes], stored_byte_count: int) -> None:
        with self._told(key):
            if stored_byte_count <= SINGLE_REQUEST_BYTES:
                self._obstore.put(self._store, key, draft.read(), mode="create")
                return
            incoming = f"{INCOMING}/{secrets.token_hex(16)}"
            self._obstore.put(self._store, incoming, draft, use_multipart=True, chunk_size=PART_BYTES, max_concurrency=2)
            try:
                self._obstore.copy(self._store, incoming, key, overwrite=False)
            finally:
                self._obstore.delete(self._store, incoming)

    def _read_at(self, key: str, start: int, end: int) -> Iterator[bytes]:
        with self._told(key):
            try:
                answer = self._obstore.get(self._store, key, options={"range": (start, end)})
            except FileNotFoundError:
                raise NotFound(f"blob {key} was deleted while it was read", key=key) from None
            for piece in answer.stream(min_chunk_size=256 * 1024):
                yield bytes(piece)

    @contextlib.contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Turn the client's errors into ours: full, or not reachable (builtin ConnectionError)."""
        known = self._obstore.exceptions
        try:
            yield
        except known.AlreadyExistsError:
            raise
        except known.BaseError as error:
            reason = str(error).partition("\n")[0]
            if any(mark in str(error) for mark in _FULL):
                raise StorageFull(f"{self._where} has no room for {key}; nothing was stored: {reason}", key=key) from error
            raise ConnectionError(f"{self._where} did not serve {key or 'the list of keys'}: {reason}") from error
