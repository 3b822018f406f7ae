"""Has anybody but the author looked at a draft before it comes into force? Authors, and back-tests of what it says now.

What is missing is told, never enforced: a house of one officer has to be able to publish.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.editions.drafts import draft_document, get_draft
from app.models.editions import DraftChange
from app.models.tasks import Task
from app.tasks import TaskView, view_task
from app.vocabulary import TaskKind, TaskState

NEWEST_TASKS = 500


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Who wrote a draft, the newest back-test of what it says now, and whether one of something it said before exists."""

    sha256: str
    authors: frozenset[str]
    back_test: TaskView | None
    has_older_back_test: bool

    def is_missing_for(self, actor: str) -> bool:
        """Tell whether the publisher would be the author, and nobody saw what the draft does to past calls."""
        return actor in self.authors and (self.back_test is None or self.back_test.state is not TaskState.DONE)


@dataclass(frozen=True, slots=True)
class ChangedBy:
    """Who changed a subject of a draft last, and when."""

    actor: str
    at: datetime


def take_second_look(session: Session, draft_id: str) -> SecondLook:
    """Return who wrote a draft and whether it was back-tested as it is now. Raises NotFound."""
    draft, sha256 = get_draft(session, draft_id), draft_document(session, draft_id).sha256
    changed_by = session.scalars(select(DraftChange.changed_by).where(DraftChange.draft_id == draft_id).distinct())
    newest = select(Task).where(Task.kind == TaskKind.BACKTEST).order_by(Task.asked_at.desc(), Task.id.desc())
    tests = [
        task for task in session.scalars(newest.limit(NEWEST_TASKS)) if task.params.get("draft_id") == draft_id
    ]  # fmt: skip
    same = [view_task(task) for task in tests if task.params.get("sha256") == sha256]
    done = [view for view in same if view.state is TaskState.DONE]
    return SecondLook(
        sha256=sha256,
        authors=frozenset({draft.opened_by, *changed_by}),
        back_test=next(iter(done or same), None),
        has_older_back_test=len(tests) > len(same),
    )


def load_changed_by(session: Session, draft_id: str) -> dict[tuple[str, str], ChangedBy]:
    """Return who changed each part and subject of a draft last."""
    rows = session.execute(
        select(DraftChange.part, DraftChange.subject, DraftChange.changed_by, DraftChange.changed_at).where(
            DraftChange.draft_id == draft_id
        )
    )
    return {(str(part), subject): ChangedBy(actor, at) for part, subject, actor, at in rows}
