"""Stand-ins for the ports that need no disk, no server and no waiting; they pass the same contract tests as the real ones."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.adapters.blob_keys import check_key
from app.adapters.certificate_vendors import check_question
from app.adapters.ids import ALPHABET
from app.conversation import Word
from app.errors import InvalidInput, NotFound, StorageFull
from app.ports import (
    BlobStat,
    CertificateQuestion,
    JobRequest,
    QueueDepth,
    RecognisedSegment,
    TranscriberIdentity,
    VendorAnswer,
    WorkerInfo,
)
from app.timeline import Span
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


class ScriptedCertificateVendor:
    """A vendor that gives one answer after the other, the last one for ever, and notes its ``questions``.

    It refuses what the real ones refuse before they connect; ``is_reachable`` set to False cuts the line.
    """

    def __init__(self, kind: str, *answers: VendorAnswer) -> None:
        self.kind, self._answers = kind, list(answers)
        self.questions: list[CertificateQuestion] = []
        self.is_reachable = True

    def look_up(self, question: CertificateQuestion) -> VendorAnswer:
        """Return the next answer."""
        check_question(question, self.kind)
        if not self.is_reachable:
            raise ConnectionError("the vendor of this test was made unreachable")
        self.questions.append(question)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


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


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """What somebody says from a moment on, one word each ``WORD_EVERY_S``, and how sure the recogniser is of it."""

    start_s: float
    text: str
    confidence: float = 0.9

    def words(self) -> tuple[Word, ...]:
        """Return the words with their times in the recording."""
        starts = [self.start_s + place * WORD_EVERY_S for place in range(len(self.text.split()))]
        return tuple(
            Word(Span(round(start_s, 3), round(start_s + WORD_S, 3)), text, self.confidence)
            for start_s, text in zip(starts, self.text.split(), strict=True)
        )


WORD_S, WORD_EVERY_S = 0.3, 0.35
LEAST_HEARD = 0.01  # share of full scale; what is softer the scripted recogniser takes for silence
HOUSE_RATE_HZ = 16_000


class ScriptedTranscriber:
    """Writes the words of a script wherever there is sound at their time, and counts how often it was asked.

    ``heard`` holds a print of the samples of each call of ``transcribe``; ``before_hearing`` is called with their number so
    far, so that a test can let something happen in the middle of a recording.
    """

    def __init__(self, lines: Iterable[ScriptLine] = (), *, model: str = "script") -> None:
        self._words = sorted((word for line in lines for word in line.words()), key=lambda word: word.span)
        self._model = model
        self.heard: list[str] = []
        self.before_hearing: Callable[[int], None] = lambda count: None

    @property
    def identity(self) -> TranscriberIdentity:
        """Name the script."""
        script = repr(self._words).encode()
        return TranscriberIdentity(self._model, hashlib.sha256(script).hexdigest(), "none", 1)

    def transcribe(
        self,
        samples: Any,
        clips: Sequence[Span],
        *,
        hot_words: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Sequence[RecognisedSegment]:
        """Return the words whose middle lies in a clip and sounds; one segment per clip that has any."""
        if not clips:
            return []
        self.before_hearing(len(self.heard))
        self.heard.append(hashlib.sha256(samples[:].tobytes()).hexdigest())
        segments = []
        for done, clip in enumerate(clips, start=1):
            words = tuple(_keep_inside(word, clip) for word in self._words if _sounds(samples, word, clip))
            if words:
                span = Span(words[0].span.start_s, words[-1].span.end_s)
                segments.append(RecognisedSegment(span, " ".join(word.text for word in words), words, -0.2, 0.0, 1.0))
            if on_progress:
                on_progress(done / len(clips))
        return segments


def _sounds(samples: Any, word: Word, clip: Span) -> bool:
    middle_s = (word.span.start_s + word.span.end_s) / 2
    part = samples[round(word.span.start_s * HOUSE_RATE_HZ) : round(word.span.end_s * HOUSE_RATE_HZ)]
    return clip.start_s <= middle_s < clip.end_s and len(part) > 0 and float(abs(part).max()) >= LEAST_HEARD


def _keep_inside(word: Word, clip: Span) -> Word:
    span = Span(max(word.span.start_s, clip.start_s), min(word.span.end_s, clip.end_s))
    return Word(span, word.text, word.confidence)
