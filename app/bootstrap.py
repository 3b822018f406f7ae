"""Which implementation stands behind each port? The one place that chooses, from the settings, and builds."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from app.adapters.blobs_local import LocalBlobStore
from app.adapters.certificate_vendors import build_vendors
from app.adapters.clock import SystemClock
from app.adapters.database import open_database
from app.adapters.embedded_valkey import queue_url_for
from app.adapters.encryption import KeyRing
from app.adapters.ids import UlidSource
from app.adapters.recording_fetcher import HttpRecordingFetcher
from app.adapters.rq_queue import RqQueue, connect
from app.adapters.secrets import load_or_make_secret
from app.adapters.stage_cache import FolderStageCache
from app.adapters.transcribers import build_transcriber
from app.audio.service import Analyst
from app.compliance.packaged import load_packaged_packs
from app.compliance.registry.service import NumberLists
from app.conversation import Listening, Redaction
from app.intake.fetching_address import parse_allowed_hosts
from app.language.matching import PackSet
from app.language.redact_text import redact
from app.ports import BlobStore, CertificateVendor, Clock, IdSource, JobQueue, RecordingFetcher, StageCache, Transcriber
from app.reports.exports.signing import Signer
from app.settings import Settings
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Services:
    """Everything that web, workers and CLI are handed; what is costly is made when it is first asked for."""

    settings: Settings
    clock: Clock
    ids: IdSource
    engine: Engine
    uow: UnitOfWork
    blobs: BlobStore
    queue: JobQueue
    transcriber: Transcriber
    stage_cache: StageCache
    secret_key: bytes = field(repr=False)

    @cached_property
    def packs(self) -> PackSet:
        """The phrase packs of this release, compiled: by them numbers of people are found and covered, whatever is drafted."""
        return load_packaged_packs()

    @cached_property
    def analyst(self) -> Analyst:
        """Who hears recordings in this process."""
        return Analyst(
            self.uow, self.blobs, self.transcriber, self.stage_cache, self.clock, self.settings, redactor=self.redact
        )

    def redact(self, listening: Listening) -> Redaction:
        """Return what outside parties may not hear or read of a call."""
        return redact(listening.utterances, listening.tones, self.packs, duration_s=listening.duration_s)

    @cached_property
    def number_lists(self) -> NumberLists:
        """The do-not-call lists on this machine."""
        return NumberLists(self.settings.data_dir.resolve(), self.clock)

    @cached_property
    def certificate_vendors(self) -> dict[str, CertificateVendor]:
        """The vendors of consent certificates that can be asked, by kind."""
        return build_vendors(self.settings)

    @cached_property
    def signer(self) -> Signer:
        """Who signs the reports of this house."""
        settings = self.settings
        return Signer.from_seed(load_or_make_secret(settings.data_dir, "signing-key", given=settings.signing_key))

    @cached_property
    def fetcher(self) -> RecordingFetcher:
        """Who gets recordings from web addresses."""
        return HttpRecordingFetcher(parse_allowed_hosts(self.settings.fetch_allow_hosts))


def build(settings: Settings) -> Services:
    """Build the services that the settings ask for; nothing is connected or loaded yet."""
    clock = SystemClock()
    ids = UlidSource(clock)
    engine = open_database(settings.resolved_database_url)
    queue = RqQueue(connect(queue_url_for(settings)))
    return Services(
        settings=settings,
        clock=clock,
        ids=ids,
        engine=engine,
        uow=UnitOfWork(engine, clock, ids, queue),
        blobs=build_blobs(settings),
        queue=queue,
        transcriber=build_transcriber(settings, is_worker=True),
        stage_cache=FolderStageCache(settings.data_dir.resolve() / "stages"),
        secret_key=load_or_make_secret(settings.data_dir, "secret-key", given=settings.secret_key),
    )


def build_blobs(settings: Settings) -> BlobStore:
    """Return the store that BLOB_URL names."""
    ring = KeyRing(load_or_make_secret(settings.data_dir, "blob-key", given=settings.blob_key))
    url = settings.resolved_blob_url
    if url.startswith("s3://"):
        from app.adapters.blobs_s3 import S3BlobStore

        return S3BlobStore(url, ring)
    return LocalBlobStore(Path(url.removeprefix("file://")), ring)
