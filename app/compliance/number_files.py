"""How does an uploaded file reach the number lists? Small ones while the sender waits, larger ones as a task with progress.

Both ways do the same and record it with who sent it. What a scrub gives back is kept in the blob store, encrypted; its record
lies beside the lists, as that of a scrub from the shell does. A task whose worker was killed is done again from its kept
upload: a list that was loaded is known by its content, and a scrub has its name from its task, so that nothing is there twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access.identity import Identity
from app.compliance.number_uploads import Upload, check_size, drop, fetched, from_params, keep, spooled, to_params
from app.compliance.registry.loading import LoadRequest, check_request
from app.compliance.registry.mirror import mirror_versions
from app.compliance.registry.scrub import ScrubReport
from app.compliance.registry.service import NumberLists, make_request
from app.compliance.registry.versions import ListVersion, parse_area_codes
from app.errors import InvalidInput
from app.intake.bytes_in import PIECE_BYTES
from app.models.events import Event
from app.models.tasks import Task
from app.ports import BlobStore
from app.tasks import OnProgress, TaskView, ask_for
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, TaskKind

AT_ONCE_BYTES = 2_000_000
"""What is worked on while the sender waits: a tenth of a second of reading a list, half a second of scrubbing a file."""
REPORTS, GARBAGE = "scrub-reports", "scrub-garbage"
LONGEST_SAN = 60
_SAN = re.compile(rf"(?=[A-Za-z-]*[0-9])[A-Za-z0-9](?:[A-Za-z0-9-]{{0,{LONGEST_SAN - 1}}})")
_SHARES = 1000  # progress is counted in thousandths of the work
_FETCHING = 150  # of which reading the kept upload is so many


@dataclass(frozen=True, slots=True)
class ListForm:
    """What the sender of a list says of it."""

    list_name: str
    obtained_at: datetime
    san: str = ""
    area_codes: str = ""
    source: str = ""
    source_version: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """The work goes on in the background, as a task."""

    task_id: str


def receive_list(
    uow: UnitOfWork,
    blobs: BlobStore,
    lists: NumberLists,
    identity: Identity,
    form: ListForm,
    files: Sequence[Upload],
    *,
    max_bytes: int,
) -> tuple[ListVersion, bool] | Later:
    """Load uploaded files as one version, at once when they are small and nothing else is being loaded, else as a task.

    Returns
    -------
    The version and whether it is new, or the task.

    Raises
    ------
    InvalidInput
        Naming the file, the row and what was expected; nothing is kept.
    StorageFull, ListDamaged
    """
    if not files:
        raise InvalidInput("expected at least one file: choose the list as you got it, plain or zipped")
    check_size(files, max_bytes)
    check_request(_make_request(form, (), identity.name), lists.now())
    if sum(file.byte_count for file in files) <= AT_ONCE_BYTES and not lists.store.is_loading():
        with spooled(files, max_bytes) as paths:
            found = lists.load(_make_request(form, tuple(paths), identity.name))
        _note(uow, lists, identity.actor)
        return found
    names = ", ".join(file.name for file in files)[:200]
    params = asdict(form) | {"obtained_at": form.obtained_at.isoformat(), "loaded_by": identity.name}
    return _ask(uow, blobs, identity, TaskKind.LOAD_LIST, f"Load {names} as the list {form.list_name}", params, files, lists)


def load_as_task(
    uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, task: TaskView, on_progress: OnProgress
) -> dict[str, Any]:
    """Load the files of a task. Raises InvalidInput, StorageFull, ListDamaged, TaskStopped."""
    given = task.params
    form = ListForm(**{name: given[name] for name in ListForm.__slots__} | {"obtained_at": _moment(given["obtained_at"])})
    with fetched(blobs, lists.data_dir, task.id, from_params(given), _tell_fetching(on_progress)) as paths:
        request = _make_request(form, tuple(paths), given["loaded_by"])
        version, is_new = lists.load(
            request,
            lambda what, share: on_progress(_FETCHING + int((_SHARES - _FETCHING) * min(share, 0.999)), _SHARES, what),
        )
    _note(uow, lists, task.asked_by)
    return {
        "version": version.id,
        # A killed attempt may have put the version in place: it is of this task all the same.
        "is_new": is_new or version.loaded_at >= task.asked_at,
        "numbers": version.count,
        "left_out": sum(file.garbage_count for file in version.files),
    }


def withdraw_list(uow: UnitOfWork, lists: NumberLists, identity: Identity, version_id: str, why: str) -> ListVersion:
    """Take a version out of force and record by whom. Raises NotFound, InvalidInput, InvalidTransition."""
    version = lists.withdraw(version_id, why)
    _note(uow, lists, identity.actor)
    return version


def receive_scrub(
    uow: UnitOfWork,
    blobs: BlobStore,
    lists: NumberLists,
    identity: Identity,
    upload: Upload,
    column: str | None = None,
    *,
    max_bytes: int,
) -> ScrubReport | Later:
    """Hold an uploaded file against the lists in force, at once when it is small, else as a task.

    Raises
    ------
    InvalidInput, StorageFull, ListDamaged
    """
    check_size([upload], max_bytes)
    if not upload.byte_count:
        raise InvalidInput(f"{upload.name}: expected rows with telephone numbers, the file is empty")
    if upload.byte_count <= AT_ONCE_BYTES:
        with spooled([upload], max_bytes) as (path,):
            report = _scrub(blobs, lists, path, column, by=identity.name)
        _record_scrub(uow, identity.actor, report)
        return report
    params = {"column": column, "performed_by": identity.name}
    return _ask(uow, blobs, identity, TaskKind.SCRUB, f"Scrub {upload.name[:200]}", params, [upload], lists)


def scrub_as_task(
    uow: UnitOfWork, blobs: BlobStore, lists: NumberLists, task: TaskView, on_progress: OnProgress
) -> dict[str, Any]:
    """Scrub the file of a task. Raises InvalidInput, StorageFull, ListDamaged, TaskStopped."""
    name = f"{task.asked_at:%Y%m%dT%H%M%S}-{hashlib.sha256(task.id.encode()).hexdigest()[:12]}"
    given = task.params
    with fetched(blobs, lists.data_dir, task.id, from_params(given), _tell_fetching(on_progress)) as (path,):

        def tell(rows: int, share: float) -> None:
            on_progress(_FETCHING + int((_SHARES - _FETCHING) * min(share, 0.999)), _SHARES, f"{rows:,} rows")

        report = _scrub(blobs, lists, path, given["column"], by=given["performed_by"], name=name, on_progress=tell)
    _record_scrub(uow, task.asked_by, report)
    return {"scrub": name, "rows": report.rows, "invalid": report.invalid, **dict(report.outcomes)}


def clean_up(blobs: BlobStore, task: TaskView) -> None:
    """Remove the kept upload of a task that is over."""
    drop(blobs, from_params(task.params))


def list_awaited_uploads(uow: UnitOfWork) -> dict[str, list[str]]:
    """Return the tasks that are not over with the keys of the uploads that they wait to read."""
    with uow.read() as session:
        rows = session.execute(select(Task.id, Task.params).where(Task.finished_at.is_(None)))
        return {task_id: [file.key for file in from_params(params)] for task_id, params in rows}


def read_report(
    uow: UnitOfWork, blobs: BlobStore, identity: Identity, name: str, *, is_garbage: bool = False
) -> Iterator[bytes]:
    """Record that a report, or its rows without a number, is read, and return the bytes; the scrub of the name is on record."""
    with uow.begin(identity.actor) as work:
        work.publish(EventKind.SCRUB_REPORT_READ, ("scrub", name), {"part": "garbage"} if is_garbage else {})
    return blobs.open_range(garbage_key(name) if is_garbage else report_key(name))


def report_key(name: str) -> str:
    """Return the key under which the report of a scrub is kept."""
    return f"{REPORTS}/{name}"


def garbage_key(name: str) -> str:
    """Return the key under which the rows of a scrub that hold no number are kept."""
    return f"{GARBAGE}/{name}"


def _make_request(form: ListForm, paths: tuple[Path, ...], loaded_by: str) -> LoadRequest:
    if form.san and not _SAN.fullmatch(form.san):
        raise InvalidInput(
            f"SAN {form.san[:30]!r}: expected the subscription account number as its keeper gave it: digits, letters and "
            f"hyphens, at least one digit, at most {LONGEST_SAN}"
        )
    return make_request(
        form.list_name,
        form.obtained_at,
        paths,
        loaded_by=loaded_by,
        san=form.san or None,
        area_codes=parse_area_codes(form.area_codes) if form.area_codes else None,
        source=form.source,
        source_version=form.source_version or None,
    )


def _ask(
    uow: UnitOfWork,
    blobs: BlobStore,
    identity: Identity,
    kind: TaskKind,
    title: str,
    params: Mapping[str, Any],
    files: Sequence[Upload],
    lists: NumberLists,
) -> Later:
    """Keep the files and ask for the work; nothing is kept when it cannot be asked for."""
    kept = keep(blobs, files, lists.now())
    try:
        with uow.begin(identity.actor) as work:
            return Later(ask_for(work, kind, title, {**params, "files": to_params(kept)}))
    except BaseException:
        drop(blobs, kept)
        raise


def _scrub(
    blobs: BlobStore, lists: NumberLists, path: Path, column: str | None, *, by: str, name: str | None = None, **more: Any
) -> ScrubReport:
    out, garbage = path.with_name(f"scrubbed-{path.name}"), path.with_name(f"garbage-{path.name}")

    def keep_files(found: str) -> None:
        _keep_file(blobs, report_key(found), out)
        _keep_file(blobs, garbage_key(found), garbage)

    return lists.scrub(
        path, out, column=column, performed_by=by, keep_report=keep_files, name=name, garbage_out=garbage, **more
    )


def _record_scrub(uow: UnitOfWork, actor: str, report: ScrubReport) -> None:
    told = {
        "rows": report.rows,
        "invalid": report.invalid,
        **{word: report.outcomes[word] for word in ("allowed", "blocked", "unknown")},
        "input_sha256": report.input_sha256,
        "report_sha256": report.report_sha256,
        "versions": [each["version"] for each in report.lists],
    }
    about = (Event.subject_type == "scrub", Event.subject_id == report.name)
    known = select(Event.seq).where(*about, Event.kind == EventKind.NUMBERS_SCRUBBED).limit(1)
    with uow.begin(actor) as work:
        if work.session.scalar(known) is None:  # an attempt that was killed after this has told it
            work.publish(EventKind.NUMBERS_SCRUBBED, ("scrub", report.name), told)


def _note(uow: UnitOfWork, lists: NumberLists, actor: str) -> None:
    try:
        with uow.begin(actor) as work:
            mirror_versions(work, lists.store)
    except IntegrityError:
        return  # the scheduler has noted the same version in this very moment


def _keep_file(blobs: BlobStore, key: str, path: Path) -> None:
    blobs.delete(key)  # what a killed attempt wrote may have been held against other versions
    with path.open("rb") as file:
        blobs.put(key, iter(lambda: file.read(PIECE_BYTES), b""))


def _tell_fetching(on_progress: OnProgress) -> Any:
    return lambda done, total: on_progress(int(_FETCHING * done / max(total, 1)), _SHARES, "reading the upload")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
