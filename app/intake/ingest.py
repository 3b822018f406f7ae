"""What comes in with these files? Takes in recordings, folders and CSV call logs, item by item.

Each item has its own transaction: a bad one is listed and the rest goes on, a killed run is simply started again, and a second
run finds everything known. Folders are read in order of names; call logs come before the recordings beside them, so that
a recording that a row names is taken in with its row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import EarshotError, InvalidInput
from app.intake.bytes_in import DEFAULT_MAX_BYTES
from app.intake.call_rows import CallRow
from app.intake.csv_log import CsvRow, read_call_log
from app.intake.deliveries import REFUSALS, Envelope, deliver_recording, deliver_row, keep_refused_file
from app.intake.fetching_delivery import deliver_address
from app.intake.filenames import DEFAULT_PATTERNS, FilenamePattern, compile_pattern
from app.intake.files import describe_file, find_items, find_named_address, find_named_recording, load_zone, show_name
from app.intake.rejections import BAD_LINE, LOG, RECORDING, close_rejections, reject
from app.models.calls import IntakeBatch
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import FetchState, RecordingState


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How call logs and file names are to be read: ``zone`` (such as America/New_York) is that of times without offset."""

    zone: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that was not taken in, and why."""

    item: str
    code: str
    message: str


@dataclass(slots=True)
class IngestReport:
    """What a run took in: new, changed and known calls; new, known and not kept recordings, and those that are to be fetched
    from their addresses; refused and skipped items."""

    calls_new: int = 0
    calls_changed: int = 0
    calls_known: int = 0
    recordings_new: int = 0
    recordings_known: int = 0
    recordings_not_kept: int = 0
    recordings_to_fetch: int = 0
    rejected: list[RejectedItem] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    call_ids: list[str] = field(default_factory=list)


def ingest_paths(
    uow: UnitOfWork,
    blobs: BlobStore,
    paths: Sequence[Path],
    *,
    pattern: str | None = None,
    sender: str | None = None,
    csv_options: CsvOptions | None = None,
    on_progress: Callable[[int, str], None] | None = None,
    actor: str = "cli",
    max_bytes: int = DEFAULT_MAX_BYTES,
    allowed_hosts: frozenset[str] = frozenset(),
) -> IngestReport:
    """Take in files, folders and call logs.

    Parameters
    ----------
    pattern
        How file names tell facts, as in ``filenames``; None: the default patterns.
    sender
        Under which name the calls are known; None: ``csv`` for call logs, ``folder`` for recordings.
    on_progress
        Called after each item with the number of items done so far and the item's name.
    allowed_hosts
        Hosts from which recordings are fetched even if they are inside or speak plain HTTP.

    Raises
    ------
    InvalidInput
        If the pattern or zone is not understood, or a path does not exist; nothing was taken in then.
    """
    options = csv_options or CsvOptions()
    patterns = (compile_pattern(pattern),) if pattern else tuple(map(compile_pattern, DEFAULT_PATTERNS))
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise InvalidInput(f"expected existing files or folders, got {', '.join(missing)}", code="no_such_path")
    run = _Run(uow, blobs, patterns, sender, load_zone(options.zone), on_progress, actor, max_bytes, allowed_hosts)
    for path in paths:
        run.take_in(path)
    return run.report


class _Batch:
    """The batch of one path; its row is written with the first item that needs it."""

    def __init__(self, sender: str, name: str, actor: str) -> None:
        self._sender, self._name, self._actor = sender, name, actor
        self._id: str | None = None

    def open(self, work: Work) -> str:
        """Return the batch's id. The transaction that wrote it may have been rolled back, so its row is looked for."""
        self._id = self._id or work.new_id()
        if work.session.get(IntakeBatch, self._id) is None:
            work.session.add(
                IntakeBatch(id=self._id, sender=self._sender, name=self._name, started_at=work.now, started_by=self._actor)
            )
            work.session.flush()
        return self._id


class _Run:
    """One run over some paths."""

    def __init__(
        self,
        uow: UnitOfWork,
        blobs: BlobStore,
        patterns: tuple[FilenamePattern, ...],
        sender: str | None,
        zone: ZoneInfo | None,
        on_progress: Callable[[int, str], None] | None,
        actor: str,
        max_bytes: int,
        allowed_hosts: frozenset[str],
    ) -> None:
        self.report = IngestReport()
        self._uow, self._blobs, self._patterns, self._sender, self._zone = uow, blobs, patterns, sender, zone
        self._on_progress, self._actor, self._max_bytes = on_progress, actor, max_bytes
        self._allowed_hosts = allowed_hosts
        self._named: set[Path] = set()
        self._done = 0
        self._batch = _Batch("", "", actor)

    def take_in(self, path: Path) -> None:
        """Take in a file, or what a folder holds."""
        found = find_items(path)
        self.report.skipped += [show_name(item, found.root) for item in found.skipped]
        self._batch = _Batch(self._sender or ("csv" if found.logs else "folder"), show_name(path, path.parent), self._actor)
        for item, error in found.refused:
            self._refuse(self._envelope("folder", show_name(item, found.root)), RECORDING, error)
        for log in found.logs:
            self._take_in_log(log, show_name(log, found.root))
        for recording in found.recordings:
            if recording.resolve() not in self._named:
                self._take_in_file(recording, show_name(recording, found.root))

    def _take_in_log(self, path: Path, name: str) -> None:
        envelope = self._envelope("csv", name)
        try:
            with path.open("rb") as stream:
                for row in read_call_log(stream, name=name):
                    self._take_in_row(self._envelope("csv", f"{name} line {row.line}"), path.parent, row)
        except (InvalidInput, OSError) as error:
            self._refuse(envelope, LOG, error)
            return
        with self._uow.begin(self._actor) as work:
            close_rejections(work, sender=envelope.sender, item=name, kind=LOG)

    def _take_in_row(self, envelope: Envelope, folder: Path, csv_row: CsvRow) -> None:
        if csv_row.problem:
            message = f"{envelope.item}: {csv_row.problem}. Correct the line and run the file again."
            self._refuse(envelope, BAD_LINE, InvalidInput(message, code="bad_line"), text=csv_row.text)
            return
        source, error = find_named_recording(csv_row.cells, folder, envelope.item)
        if source is not None:
            self._named.add(source)
        row = self._record_row(envelope, csv_row.cells, source)
        item = replace(envelope, item=f"{envelope.item}, recording")
        if row and error:
            self._refuse(item, RECORDING, error, call_id=row[0])
        elif row and source:
            self._store(item, row[0], source, row[1])
        elif row and (address := find_named_address(csv_row.cells)):
            self._ask_to_fetch(item, row[0], address, row[1])
        self._tell(envelope.item)

    def _take_in_file(self, path: Path, name: str) -> None:
        envelope = self._envelope("folder", name)
        try:
            cells = describe_file(path, self._patterns, max_bytes=self._max_bytes)
        except (*REFUSALS, OSError) as error:
            self._refuse(envelope, RECORDING, error)
            return
        row = self._record_row(envelope, cells, path)
        if row:
            self._store(envelope, row[0], path, row[1])
        self._tell(name)

    def _record_row(self, envelope: Envelope, cells: Mapping[str, Any], source: Path | None) -> tuple[str, CallRow] | None:
        keep = None if source is None else partial(keep_refused_file, self._blobs, source, max_bytes=self._max_bytes)
        try:
            recorded, row = deliver_row(self._uow, envelope, cells, zone=self._zone, keep_recording=keep)
        except REFUSALS as error:
            self._note(envelope.item, error)
            return None
        self.report.calls_new += recorded.is_new
        self.report.calls_changed += bool(recorded.changed)
        self.report.calls_known += not recorded.is_new and not recorded.changed
        self.report.call_ids.append(recorded.call_id)
        return recorded.call_id, row

    def _store(self, envelope: Envelope, call_id: str, source: Path, row: CallRow) -> None:
        try:
            stored = deliver_recording(
                self._uow, self._blobs, envelope, call_id, source, source.name, row.channel_roles, max_bytes=self._max_bytes
            )
        except REFUSALS as error:
            self._note(envelope.item, error)
        except OSError as error:
            self._refuse(envelope, RECORDING, error, call_id=call_id)
        else:
            is_kept = stored.state is RecordingState.STORED
            self.report.recordings_new += stored.is_new and is_kept
            self.report.recordings_not_kept += stored.is_new and not is_kept
            self.report.recordings_known += not stored.is_new

    def _ask_to_fetch(self, envelope: Envelope, call_id: str, address: str, row: CallRow) -> None:
        try:
            fetch, is_new = deliver_address(
                self._uow, self._blobs, envelope, call_id, address, None, row.channel_roles, allowed_hosts=self._allowed_hosts
            )
        except REFUSALS as error:
            self._note(envelope.item, error)
        else:
            self.report.recordings_to_fetch += is_new
            self.report.recordings_known += fetch.state is FetchState.FETCHED

    def _refuse(
        self, envelope: Envelope, kind: str, error: Exception, *, call_id: str | None = None, text: str | None = None
    ) -> None:
        """List an item that is refused before it reaches a delivery."""
        refusal = error if isinstance(error, EarshotError) else _describe_os_error(error, envelope.item)
        with self._uow.begin(self._actor) as work:
            reject(
                work,
                sender=envelope.sender,
                item=envelope.item,
                kind=kind,
                error=refusal,
                cells=None if text is None else {"text": text.replace("\x00", "\ufffd")},
                call_id=call_id,
                open_batch=self._batch.open,
            )
        self._note(envelope.item, refusal)
        self._tell(envelope.item)

    def _envelope(self, sender: str, item: str) -> Envelope:
        return Envelope(self._actor, self._sender or sender, item, self._batch.open)

    def _note(self, item: str, error: EarshotError) -> None:
        self.report.rejected.append(RejectedItem(item, error.code, error.message))

    def _tell(self, item: str) -> None:
        self._done += 1
        if self._on_progress:
            self._on_progress(self._done, item)


def _describe_os_error(error: Exception, item: str) -> InvalidInput:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InvalidInput(
        f"{item}: expected a file that can be read, got: {reason}. Mend it and run it again.", code="unreadable_file"
    )
