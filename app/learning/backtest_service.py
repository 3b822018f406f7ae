"""How does somebody ask for a back-test, and where does its answer go? A task whose result is the answer.

What is tried and what was in force are fixed when it is asked for, so that a second attempt after a lost worker gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.editions.document import EditionDocument, packaged_document
from app.compliance.editions.drafts import draft_document, get_draft
from app.compliance.editions.service import find_publication, get_edition, load_document
from app.errors import InvalidInput, InvalidTransition
from app.learning.backtest_run import Window, Workforce, read_back, run_backtest, spooled_csv
from app.ports import BlobStore
from app.tasks import OnProgress, TaskView, ask_for
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import TaskKind

MOST_DAYS = 365
MOST_CALLS = 1_000_000
USUAL_DAYS = 30


def ask_backtest(
    work: Work, *, draft_id: str | None = None, edition_id: str | None = None, days: int = USUAL_DAYS, limit: int | None = None
) -> str:
    """Ask that a draft or an edition be tried on the calls of the last days, and return the task's id.

    Raises
    ------
    NotFound, InvalidInput
        If there is no such draft or edition, both or neither are named, or the days or the limit are out of reach.
    """
    check_extent(days, limit)
    if (draft_id is None) == (edition_id is None):
        raise InvalidInput("expected either a draft or an edition", field="tried")
    publication = find_publication(work.session)
    params: dict[str, Any] = {
        "days": days,
        "limit": limit,
        "in_force_id": None if publication is None else publication.edition.id,
    }
    if draft_id is not None:
        title = get_draft(work.session, draft_id).title
        params |= {"draft_id": draft_id, "sha256": draft_document(work.session, draft_id).sha256}
    else:
        assert edition_id is not None
        edition = get_edition(work.session, edition_id)
        title = f"edition {edition.number}, {edition.title}"
        params |= {"edition_id": edition_id, "sha256": edition.sha256}
    return ask_for(work, TaskKind.BACKTEST, f"Back-test of {title}, {say_days(days)}", params)


def do_backtest(
    uow: UnitOfWork, blobs: BlobStore, task: TaskView, on_progress: OnProgress, workforce: Workforce | None = None
) -> dict[str, Any]:
    """Do what was asked for: store every flip as a file and return the result of the task.

    Raises
    ------
    InvalidInput, NotFound, InvalidTransition
        If what is tried is not there, cannot be used, or was changed since it was asked for.
    """
    params = task.params
    window = Window.last(int(params["days"]), task.asked_at, params.get("limit"))
    with uow.read() as session, spooled_csv() as file:
        before, after = _load_documents(session, params)
        result = run_backtest(
            session, before, after, window, on_progress=on_progress, workforce=workforce, flips_to=file
        )  # fmt: skip
        key = flips_key(task.id)
        blobs.delete(key)  # of an attempt that was cut off behind this point
        stored = blobs.put(key, read_back(file))
    return {**result, "csv_bytes": stored.byte_count}


def flips_key(task_id: str) -> str:
    """Return where the file with every flip is kept."""
    return f"backtests/{task_id}.csv"


def check_extent(days: int, limit: int | None) -> None:
    """Raise InvalidInput when days or limit are out of reach."""
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"days: expected 1 to {MOST_DAYS}, got {days}", field="days")
    if limit is not None and not 1 <= limit <= MOST_CALLS:
        raise InvalidInput(f"limit: expected 1 to {MOST_CALLS:,} calls, got {limit:,}", field="limit")


def say_days(days: int) -> str:
    """Return the window in words."""
    return "last day" if days == 1 else f"last {days} days"


def _load_documents(session: Session, params: Mapping[str, Any]) -> tuple[EditionDocument, EditionDocument]:
    in_force = params["in_force_id"]
    before = packaged_document() if in_force is None else load_document(session, in_force)
    if "edition_id" in params:
        return before, load_document(session, params["edition_id"])
    after = draft_document(session, params["draft_id"])
    if after.sha256 != params["sha256"]:
        raise InvalidTransition("the draft was changed after this back-test was asked for; ask for another one")
    return before, after
