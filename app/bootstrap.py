"""Which implementation stands behind each port? The one place that chooses, from the settings, and builds."""

from dataclasses import dataclass

from sqlalchemy import Engine

from app.adapters.database import open_database
from app.ports import BlobStore, Clock, IdSource, JobQueue, StageCache, Transcriber
from app.settings import Settings
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that web, workers and CLI are handed."""

    settings: Settings
    clock: Clock
    ids: IdSource
    engine: Engine
    uow: UnitOfWork
    blobs: BlobStore
    queue: JobQueue
    transcriber: Transcriber
    stage_cache: StageCache
