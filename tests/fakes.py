"""Stand-ins for the ports that need no disk, no server and no waiting; they pass the same contract tests as the real ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from app.adapters.blob_keys import check_key
from app.adapters.ids import ALPHABET
from app.errors import InvalidInput, NotFound, StorageFull
from app.ports import BlobStat, JobRequest, QueueDepth, WorkerInfo
from app.vocabulary import QueueName

DEFAULT_MOMENT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class FrozenClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now: datetime = DEFAULT_MOMENT) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self._now

    def advance(self, **delta: float) -> None:
        """Move by ``timedelta(**delta)``; ``advance(minutes=5)``."""
        self._now += timedelta(**delta)

    def set(self, now: datetime) -> None:
        """Stand at another moment."""
        self._now = now


class SequentialIds:
    """Ids that count up from 1, in the shape of ULIDs."""

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def new_id(self) -> str:
        """Return the next id."""
        number, self._next = self._next, self._next + 1
        return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


class MemoryBlobStore:
    """Blobs in a dict; ``room_bytes`` makes it full."""

    def __init__(self, room_bytes: int | None = None) -> None:
        self._blobs: dict[str, bytes] = {}
        self._room_bytes = room_bytes

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        """Store the bytes; a key that exists keeps its content."""
        check_key(key)
        if key not in self._blobs:
            content = b"".join(chunks)
            if self._room_bytes is not None and sum(map(len, self._blobs.values())) + len(content) > self._room_bytes:
                raise StorageFull(f"no room left in memory for {key}")
            self._blobs[key] = content
        return BlobStat(key, len(self._blobs[key]))

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from ``start`` up to, not including, ``end``."""
        if check_key(key) not in self._blobs:
            raise NotFound(f"no blob under {key}")
        if start < 0 or (end is not None and end < 0):
            raise InvalidInput(f"blob {key}: expected a range from 0 on, got {start} to {end}")
        part = self._blobs[key][start:end]
        return iter([part] if part else [])

    def stat(self, key: str) -> BlobStat | None:
        """Return what is stored under the key, or None."""
        content = self._blobs.get(check_key(key))
        return None if content is None else BlobStat(key, len(content))

    def delete(self, key: str) -> None:
        """Remove the bytes."""
        self._blobs.pop(check_key(key), None)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with ``prefix``, sorted."""
        return iter(sorted(key for key in self._blobs if key.startswith(prefix)))


class ListQueue:
    """Keeps what was submitted in ``requests``; nothing runs until ``run_all`` is called."""

    def __init__(self) -> None:
        self.requests: list[JobRequest] = []
        self.is_reachable = True

    def submit(self, request: JobRequest) -> bool:
        """Note the request; False when the same attempt waits already."""
        self.ping()
        same = (request.job, request.subject_id, request.attempt)
        if any((r.job, r.subject_id, r.attempt) == same for r in self.requests):
            return False
        self.requests.append(request)
        return True

    def depths(self) -> Sequence[QueueDepth]:
        """Count what waits in each queue."""
        self.ping()
        return [QueueDepth(name, sum(r.queue is name for r in self.requests), 0, 0) for name in QueueName]

    def workers(self) -> Sequence[WorkerInfo]:
        """There are none."""
        self.ping()
        return []

    def ping(self) -> None:
        """Raise ConnectionError after ``is_reachable`` was set to False."""
        if not self.is_reachable:
            raise ConnectionError("the queue of this test was made unreachable")

    def run_all(self, run: Callable[[JobRequest], None]) -> int:
        """Hand every waiting request, also those submitted meanwhile, to ``run``; return how many there were."""
        count = 0
        while self.requests:
            run(self.requests.pop(0))
            count += 1
        return count
