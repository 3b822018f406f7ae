"""What Earshot needs from the world outside, as protocols; ``app.adapters`` holds the implementations.

Every implementation of a port passes the same contract tests (``tests/integration/contracts``), fakes included.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from app.conversation import Word
from app.timeline import Span
from app.vocabulary import JobName, QueueName


class Clock(Protocol):
    """Tells the time; tests hand in one that stands still."""

    def now(self) -> datetime:
        """Return the current moment, timezone-aware, in UTC."""


class IdSource(Protocol):
    """Makes identifiers."""

    def new_id(self) -> str:
        """Return a new 26-character ULID (Crockford base 32); ids of later moments sort after earlier ones."""


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What the store knows of a blob: its key and the number of bytes of its plain content."""

    key: str
    byte_count: int


class BlobStore(Protocol):
    """Keeps bytes under keys, written once, encrypted at rest; a key is a relative path such as ``recordings/ab/<sha256>``."""

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        """Store the bytes; a key that exists keeps its content. Raises StorageFull when there is no room."""

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end`` (None: to the end). Raises NotFound."""

    def stat(self, key: str) -> BlobStat | None:
        """Return what is stored under the key, or None."""

    def delete(self, key: str) -> None:
        """Remove the bytes; a key that does not exist is no error."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with ``prefix``, sorted."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to run in the background: its name, the one id it works on, and the queue that takes it.

    ``attempt`` tells apart submissions of the same work, so that the queue refuses a second copy of one attempt only.
    """

    queue: QueueName
    job: JobName
    subject_id: str
    attempt: int = 0
    timeout_s: int = 600


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How full one queue is: jobs waiting, being worked on, failed."""

    queue: QueueName
    waiting: int
    running: int
    failed: int
    oldest_waiting_s: float | None = None


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One worker process as the queue sees it."""

    name: str
    queue: str
    state: str
    pid: int | None
    current_job: str | None
    last_heartbeat: datetime | None
    finished_jobs: int = 0
    failed_jobs: int = 0


class JobQueue(Protocol):
    """Hands jobs to workers. It may lose everything: the database knows what has to be done."""

    def submit(self, request: JobRequest) -> bool:
        """Queue the job; False when this attempt is queued or running already. Raises ConnectionError when unreachable."""

    def depths(self) -> Sequence[QueueDepth]:
        """Return the state of each queue. Raises ConnectionError when unreachable."""

    def workers(self) -> Sequence[WorkerInfo]:
        """Return the live worker processes. Raises ConnectionError when unreachable."""

    def ping(self) -> None:
        """Raise ConnectionError when the queue cannot be reached."""


@dataclass(frozen=True, slots=True)
class RecognisedSegment:
    """One decoded stretch: its text, its words with times in the recording, and Whisper's own doubts about it."""

    span: Span
    text: str
    words: tuple[Word, ...]
    mean_log_probability: float
    no_speech_probability: float
    compression_ratio: float
    language: str = "en"


@dataclass(frozen=True, slots=True)
class TranscriberIdentity:
    """Which recogniser wrote a transcript: enough to repeat it."""

    model: str
    sha256: str
    compute_type: str
    beam_size: int
    device: str = "cpu"

    def as_json(self) -> dict[str, Any]:
        """Return the identity in the shape of ``engine.asr`` of the analyze output."""
        return {
            "model": self.model,
            "sha256": self.sha256,
            "compute_type": self.compute_type,
            "beam_size": self.beam_size,
            "device": self.device,
        }


@dataclass(frozen=True, slots=True)
class EncoderBlock:
    """What an encoder made of about a second of one channel: sums over the 20 ms frames in which somebody speaks.

    ``total`` and ``squares`` are float64 arrays of shape (d,): the sum of the encoder's output and of its squares.
    """

    span: Span
    frames: int
    total: Any
    squares: Any


@runtime_checkable
class VoiceEncoder(Protocol):
    """Hears how something is said, not what: the first half of a speech recogniser."""

    @property
    def encoder_sha256(self) -> str:
        """Name the weights by the hash of their file; reading it loads nothing."""

    def encode_blocks(self, samples: Any, clips: Sequence[Span]) -> Sequence[EncoderBlock]:
        """Return the encoder's output over the clips of one channel (as for :meth:`Transcriber.transcribe`), in order of time.

        What was encoded for recognition just before is not encoded again.
        """


class Transcriber(Protocol):
    """Turns speech into words with times."""

    @property
    def identity(self) -> TranscriberIdentity:
        """Name the model and settings; reading it may load the weights."""

    def transcribe(
        self,
        samples: Any,
        clips: Sequence[Span],
        *,
        hot_words: str | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> Sequence[RecognisedSegment]:
        """Recognise English in the given clips of one channel.

        Parameters
        ----------
        samples
            float32 of shape (n,), mono, 16 kHz, range -1 to 1: an array, or what answers plain slices with arrays, so that
            hours of sound need not be converted at once.
        clips
            What to decode, each at most 30 s; nothing outside them is heard.
        hot_words
            Names and phrases of the campaign that are likely to be said.
        on_progress
            Called with the share done, 0 to 1.
        """


@dataclass(frozen=True, slots=True)
class HeardLanguage:
    """The language of one window of a channel: ISO 639-1 code (639-3 where there is none) and its probability, 0 to 1."""

    clips: tuple[Span, ...]
    code: str
    probability: float


@runtime_checkable
class LanguageDetector(Protocol):
    """Names the language that is spoken; the better half of some recognisers."""

    @property
    def names_languages(self) -> bool:
        """Tell whether the weights know more than English; reading it may load them."""

    def detect_languages(self, samples: Any, clips: Sequence[Span]) -> Sequence[HeardLanguage]:
        """Return the language of each window of at most 30 s, in order of time; arguments as :meth:`Transcriber.transcribe`."""


@dataclass(frozen=True, slots=True)
class TranscriptMatch:
    """A call whose transcript holds the searched words, with a snippet; matches are marked with U+E000 and U+E001."""

    call_id: str
    snippet: str
    rank: float = field(default=0.0)


class FetchedRecording(Protocol):
    """A recording that is being got from an address."""

    @property
    def filename(self) -> str:
        """The name that the host gives it; not to be trusted."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end. Raises ConnectionError when it is cut off or takes too long."""


class RecordingFetcher(Protocol):
    """Gets recordings from web addresses, and from nowhere inside."""

    def fetch(self, address: str, *, max_bytes: int) -> AbstractContextManager[FetchedRecording]:
        """Open what lies at the address.

        Raises
        ------
        InvalidInput, AudioUnreadable
            If the address may not be fetched, or the host gives something else than a recording: asking again is no use.
        ConnectionError
            If the host cannot be reached or says that it cannot answer now: asking again later may help.
        """


class NumberRegistry(Protocol):
    """Knows which numbers may not be called, now and at any past moment."""

    def dnc_facts(self, e164: str, at: datetime, scrubbed_at: datetime | None = None) -> Mapping[str, Any]:
        """Return what the lists in force at a moment say of a number, in the shape of ``dnc`` of a call's facts.

        ``scrubbed_at`` is when the number was held against them before the call, None when it was not.

        Raises
        ------
        ListDamaged
            If a list cannot be trusted: it is never read as "not listed".
        """


@dataclass(frozen=True, slots=True)
class CertificateQuestion:
    """What the vendor of a consent certificate is asked: does this certificate prove this number, and what does it hold?

    ``certificate`` as on record (``kind``, ``id``, and ``url`` and ``host`` where an address was given), ``number`` in E.164;
    ``seller`` is looked for in the page's text; ``is_kept`` asks the vendor to retain the certificate; ``reference`` names our
    record at the vendor, ``source`` who collected it.
    """

    certificate: Mapping[str, Any]
    number: str
    seller: str | None = None
    is_kept: bool = True
    reference: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """What came back: the HTTP status and the bytes as they came."""

    status: int
    content: bytes = field(repr=False)


class CertificateVendor(Protocol):
    """Answers questions about the consent certificates of one vendor."""

    @property
    def kind(self) -> str:
        """Whose certificates: ``trustedform`` or ``leadid``."""

    def look_up(self, question: CertificateQuestion) -> VendorAnswer:
        """Ask the vendor once.

        Raises
        ------
        InvalidInput
            When the certificate is another vendor's, its id has not this vendor's shape, or it is said to lie at another
            host; nobody was asked then. Also when the answer is too large.
        ConnectionError
            When there is no answer in time; asking again later may help.
        """


class StageCache(Protocol):
    """Remembers the results of costly stages by the hash of what went in, so that a killed worker resumes."""

    def load(self, key: str) -> Mapping[str, Any] | None:
        """Return the stored result, or None."""

    def store(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON-able result under the key; written whole or not at all."""

    def forget(self, key: str) -> None:
        """Delete what is kept under the key; a key that does not exist is no error."""
