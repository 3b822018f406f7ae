"""What does somebody want changed in rules or phrases, does it fit, and do the examples still hold?

A draft is a list of changes to an edition. Each is checked when it is made; nothing is judged by a draft before it is
published, and it can be published only when it fits as a whole and every example of every pack holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

import app as earshot
from app.compliance.editions.document import (
    Change,
    Difference,
    EditionDocument,
    apply_changes,
    compare,
    find_problems,
    packaged_document,
    subject_of,
)
from app.compliance.editions.history import find_release_news
from app.compliance.editions.judges import judge_of_document
from app.compliance.editions.service import (
    LONGEST_TITLE,
    find_publication,
    get_edition,
    keep_edition,
    keep_packaged,
    load_document,
    publish_edition,
)
from app.conversation import Utterance
from app.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from app.language.matching import PackSet
from app.language.spotting import spot
from app.models.editions import Draft, DraftChange, PackExample
from app.timeline import Span
from app.unit_of_work import Work
from app.vocabulary import DraftState, EditionPart, EventKind, ExampleKind, Speaker

LONGEST_EXAMPLE = 500
MOST_EXAMPLES = 2_000
SECONDS_PER_WORD = 0.4


@dataclass(frozen=True, slots=True)
class ExampleFacts:
    """Words at which a pack must, or must not, speak up."""

    id: str
    pack: str
    kind: ExampleKind
    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """Whether an example holds; ``said`` are the phrases of the pack that were found in it."""

    example: ExampleFacts
    said: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Tell whether the pack did what the example asks."""
        return bool(self.said) is (self.example.kind is ExampleKind.MUST_FIRE)


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """A draft without its changes."""

    id: str
    title: str
    base_id: str
    state: DraftState
    opened_by: str
    opened_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    edition_id: str | None


@dataclass(frozen=True, slots=True)
class DraftCheck:
    """Whether a draft can be published: what does not fit, what it changes, and which examples hold."""

    problems: tuple[str, ...]
    differences: tuple[Difference, ...]
    examples: tuple[ExampleResult, ...]
    is_base_in_force: bool

    @property
    def failing(self) -> tuple[ExampleResult, ...]:
        """Return the examples that do not hold."""
        return tuple(result for result in self.examples if not result.holds)

    @property
    def is_ready(self) -> bool:
        """Tell whether nothing stands against publishing."""
        return not self.problems and not self.failing and bool(self.differences) and self.is_base_in_force


def open_draft(work: Work, title: str) -> str:
    """Begin a draft on the edition in force and return its id. Raises InvalidInput."""
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise InvalidInput(f"title: expected 1 to {LONGEST_TITLE} characters, got {len(title)}", field="title")
    keep_packaged(work)
    publication = find_publication(work.session)
    assert publication is not None
    draft = Draft(
        id=work.new_id(), title=title, base_id=publication.edition.id, state=DraftState.OPEN, opened_by=work.actor,
        opened_at=work.now, changed_at=work.now,
    )  # fmt: skip
    work.session.add(draft)
    work.session.flush()
    work.publish(EventKind.DRAFT_OPENED, ("draft", draft.id), {"title": title, "base_id": draft.base_id})
    return draft.id


def open_draft_from_release(work: Work) -> tuple[str, tuple[str, ...]]:
    """Begin a draft that takes over what the release at hand ships and what is in force does not have.

    Returns the draft's id, and the subjects that were changed here as well: they stay as they are in force.

    Raises
    ------
    InvalidTransition
        If what is in force has everything.
    """
    keep_packaged(work)
    packaged = packaged_document()
    news = find_release_news(work.session, packaged)
    if news is None:
        raise InvalidTransition("what is in force has everything that this release ships")
    draft_id = open_draft(work, f"Rules of release {earshot.__version__}")
    base = load_document(work.session, get_draft(work.session, draft_id).base_id)
    changes = [Change(d.part, d.subject, d.after) for d in news.differences]
    problems = find_problems(apply_changes(base, changes))
    if problems:
        raise InvalidInput(
            "What the release ships does not fit what is in force: " + "; ".join(problems), problems=list(problems)
        )
    # All at once: a rule and the phrases it names may only fit together.
    for change in changes:
        _keep_change(work, draft_id, change)
    return draft_id, news.changed_here_too


def change_rule(work: Work, draft_id: str, row: Mapping[str, Any]) -> None:
    """Put a rule row into a draft in place of the row of the same id and version, or beside the others.

    Raises
    ------
    NotFound, InvalidTransition, InvalidInput
        If there is no such draft, it is not open, or the row does not fit; then the draft stays as it was.
    """
    _change(work, draft_id, Change(EditionPart.RULE, subject_of(row), row))


def change_pack(work: Work, draft_id: str, pack: Mapping[str, Any]) -> None:
    """Put a phrase pack into a draft in place of the pack of the same id. Raises as :func:`change_rule` does."""
    _change(work, draft_id, Change(EditionPart.PACK, str(pack.get("id")), pack))


def save_change(work: Work, draft_id: str, change: Change) -> bool:
    """Put a rule row or pack into a draft as :func:`change_rule` does, and tell whether anything changed by it.

    What says the same as the draft does already is passed over, and what says the same as the base takes the change back.
    """
    if draft_document(work.session, draft_id).parts().get((change.part, change.subject)) == change.content:
        return False
    base = load_document(work.session, get_draft(work.session, draft_id).base_id)
    if base.parts().get((change.part, change.subject)) == change.content:
        undo_change(work, draft_id, change.part, change.subject)
    else:
        _change(work, draft_id, change)
    return True


def take_out(work: Work, draft_id: str, part: EditionPart, subject: str) -> None:
    """Leave a rule row or pack out of the draft's edition. Raises as :func:`change_rule` does."""
    _change(work, draft_id, Change(part, subject, None))


def undo_change(work: Work, draft_id: str, part: EditionPart, subject: str) -> None:
    """Let a rule row or pack be as in the base again. Raises NotFound, InvalidTransition."""
    draft = _get_open(work.session, draft_id)
    same = (DraftChange.draft_id == draft_id, DraftChange.part == part, DraftChange.subject == subject)
    if work.session.scalar(select(DraftChange.subject).where(*same)) is None:
        raise NotFound(f"the draft changes nothing about {subject}", draft_id=draft_id)
    work.session.execute(delete(DraftChange).where(*same))
    draft.changed_at = work.now
    work.publish(EventKind.DRAFT_CHANGED, ("draft", draft_id), {"part": str(part), "subject": subject, "change": "undone"})


def discard_draft(work: Work, draft_id: str) -> None:
    """Give a draft up; it stays on record. Raises NotFound, InvalidTransition."""
    draft = _get_open(work.session, draft_id)
    draft.state, draft.ended_at = DraftState.DISCARDED, work.now
    work.publish(EventKind.DRAFT_DISCARDED, ("draft", draft_id))


def publish_draft(work: Work, draft_id: str, reason: str) -> str:
    """Make an edition of a draft, let it come into force, and return its id.

    Raises
    ------
    NotFound, InvalidTransition, InvalidInput
        If there is no such draft, it is not open, does not fit, changes nothing, or an example fails.
    Conflict
        If another edition came into force since the draft was begun (``base_changed``).
    """
    draft = _get_open(work.session, draft_id)
    check = check_draft(work.session, draft_id)
    if not check.is_base_in_force:
        raise Conflict(
            "another edition came into force since this draft was begun; bring the draft up to date first", code="base_changed"
        )
    if check.problems:
        raise InvalidInput("The draft does not fit: " + "; ".join(check.problems), problems=list(check.problems))
    if not check.differences:
        raise InvalidInput("the draft changes nothing")
    if check.failing:
        first = check.failing[0].example
        raise InvalidInput(
            f"{len(check.failing)} of {len(check.examples)} examples fail, the first one at {first.pack}: {first.text!r}",
            failing=[result.example.id for result in check.failing],
        )
    document = draft_document(work.session, draft_id)
    edition_id = keep_edition(work, document, draft.title, base_id=draft.base_id)
    publish_edition(work, edition_id, reason)
    draft.state, draft.ended_at, draft.edition_id = DraftState.PUBLISHED, work.now, edition_id
    return edition_id


def bring_up_to_date(work: Work, draft_id: str) -> tuple[str, ...]:
    """Let a draft change the edition in force instead of the one it was begun on.

    Returns the subjects that both the draft and the newer edition changed: the draft's reading wins there, look at them again.
    """
    draft = _get_open(work.session, draft_id)
    publication = find_publication(work.session)
    if publication is None or publication.edition.id == draft.base_id:
        return ()
    was, now = load_document(work.session, draft.base_id), load_document(work.session, publication.edition.id)
    meanwhile = {(difference.part, difference.subject) for difference in compare(was, now)}
    both = tuple(
        change.subject for change in load_changes(work.session, draft_id) if (change.part, change.subject) in meanwhile
    )
    draft.base_id, draft.changed_at = publication.edition.id, work.now
    work.publish(EventKind.DRAFT_CHANGED, ("draft", draft_id), {"change": "brought up to date", "both": list(both)})
    return both


def get_draft(session: Session, draft_id: str) -> DraftFacts:
    """Return a draft. Raises NotFound."""
    draft = session.get(Draft, draft_id)
    if draft is None:
        raise NotFound(f"there is no draft {draft_id}", draft_id=draft_id)
    return _facts(draft)


def list_drafts(session: Session, limit: int = 100) -> tuple[DraftFacts, ...]:
    """Return the drafts, the newest changes first."""
    newest = select(Draft).order_by(Draft.changed_at.desc(), Draft.id.desc()).limit(limit)
    return tuple(_facts(draft) for draft in session.scalars(newest))


def load_changes(session: Session, draft_id: str) -> tuple[Change, ...]:
    """Return what a draft changes."""
    rows = session.scalars(
        select(DraftChange).where(DraftChange.draft_id == draft_id).order_by(DraftChange.part, DraftChange.subject)
    )
    return tuple(Change(row.part, row.subject, row.content) for row in rows)


def draft_document(session: Session, draft_id: str) -> EditionDocument:
    """Return the edition that a draft would make. Raises NotFound."""
    draft = get_draft(session, draft_id)
    return apply_changes(load_document(session, draft.base_id), load_changes(session, draft_id))


def check_draft(session: Session, draft_id: str) -> DraftCheck:
    """Return whether a draft fits, what it changes, and which examples hold. Raises NotFound."""
    draft = get_draft(session, draft_id)
    base = load_document(session, draft.base_id)
    document = apply_changes(base, load_changes(session, draft_id))
    problems = find_problems(document)
    examples = () if problems else try_examples(judge_of_document(document).packs, list_examples(session))
    publication = find_publication(session)
    return DraftCheck(
        problems=problems,
        differences=compare(base, document),
        examples=examples,
        is_base_in_force=publication is not None and publication.edition.id == draft.base_id,
    )


def add_example(work: Work, pack: str, kind: ExampleKind, speaker: Speaker, text: str) -> str:
    """Keep words at which a pack must or must not speak up; return the example's id. Raises InvalidInput."""
    text = " ".join(text.split())
    if not text or len(text) > LONGEST_EXAMPLE:
        raise InvalidInput(f"text: expected 1 to {LONGEST_EXAMPLE} characters, got {len(text)}", field="text")
    same = (PackExample.pack == pack, PackExample.kind == kind, PackExample.speaker == speaker, PackExample.text == text)
    known = work.session.scalar(select(PackExample).where(*same))
    if known is not None:
        known.dropped_at = None
        return known.id
    if len(list_examples(work.session)) >= MOST_EXAMPLES:
        raise InvalidInput(f"expected at most {MOST_EXAMPLES:,} examples; drop some that others cover")
    example = PackExample(
        id=work.new_id(), pack=pack, kind=kind, speaker=speaker, text=text, added_by=work.actor, added_at=work.now
    )
    work.session.add(example)
    work.session.flush()
    work.publish(EventKind.DRAFT_CHANGED, ("pack", pack), {"example": text, "kind": str(kind), "speaker": str(speaker)})
    return example.id


def drop_example(work: Work, example_id: str) -> None:
    """Ask an example no more; it stays on record. Raises NotFound."""
    example = work.session.get(PackExample, example_id)
    if example is None or example.dropped_at is not None:
        raise NotFound(f"there is no example {example_id}", example_id=example_id)
    example.dropped_at = work.now
    work.publish(EventKind.DRAFT_CHANGED, ("pack", example.pack), {"example": example.text, "change": "dropped"})


def list_examples(session: Session, pack: str | None = None) -> tuple[ExampleFacts, ...]:
    """Return the examples that are asked, of one pack or of all."""
    asked = select(PackExample).where(PackExample.dropped_at.is_(None)).order_by(PackExample.pack, PackExample.id)
    if pack is not None:
        asked = asked.where(PackExample.pack == pack)
    return tuple(ExampleFacts(row.id, row.pack, row.kind, row.speaker, row.text) for row in session.scalars(asked))


def try_examples(packs: PackSet, examples: Iterable[ExampleFacts]) -> tuple[ExampleResult, ...]:
    """Return what each pack finds in its examples."""
    return tuple(ExampleResult(example, _find_phrases(packs, example)) for example in examples)


def _find_phrases(packs: PackSet, example: ExampleFacts) -> tuple[str, ...]:
    length_s = max(1.0, SECONDS_PER_WORD * len(example.text.split()))
    said = Utterance(channel=0, speaker=example.speaker, span=Span(0.0, length_s), text=example.text, words=())
    return tuple(hit.phrase for hit in spot([said], packs, duration_s=length_s) if hit.pack == example.pack)


def _change(work: Work, draft_id: str, change: Change) -> None:
    draft = _get_open(work.session, draft_id)
    base = load_document(work.session, draft.base_id)
    others = [c for c in load_changes(work.session, draft_id) if (c.part, c.subject) != (change.part, change.subject)]
    known = set(find_problems(apply_changes(base, others)))
    document = apply_changes(base, [*others, change])
    found = find_problems(document)
    problems = [problem for problem in found if problem not in known]
    if problems:
        raise InvalidInput("; ".join(problems), problems=problems)
    if not found:
        judge_of_document(document)  # some limits show only when the phrases are laid out for the search
    same = (DraftChange.draft_id == draft_id, DraftChange.part == change.part, DraftChange.subject == change.subject)
    work.session.execute(delete(DraftChange).where(*same))
    if change.content is None and (change.part, change.subject) not in base.parts():
        raise NotFound(f"the edition has no {change.part} {change.subject}", subject=change.subject)
    draft.changed_at = work.now
    _keep_change(work, draft_id, change)


def _keep_change(work: Work, draft_id: str, change: Change) -> None:
    work.session.add(
        DraftChange(
            draft_id=draft_id, part=change.part, subject=change.subject, changed_by=work.actor, changed_at=work.now,
            content=None if change.content is None else dict(change.content),
        )
    )  # fmt: skip
    work.session.flush()
    done = "taken out" if change.content is None else "changed"
    facts = {"part": str(change.part), "subject": change.subject, "change": done}
    work.publish(EventKind.DRAFT_CHANGED, ("draft", draft_id), facts)


def _get_open(session: Session, draft_id: str) -> Draft:
    draft = session.get(Draft, draft_id, with_for_update=True)
    if draft is None:
        raise NotFound(f"there is no draft {draft_id}", draft_id=draft_id)
    if draft.state is not DraftState.OPEN:
        raise InvalidTransition(f"this draft was {draft.state}; begin a new one", draft_id=draft_id)
    get_edition(session, draft.base_id)
    return draft


def _facts(draft: Draft) -> DraftFacts:
    return DraftFacts(
        draft.id, draft.title, draft.base_id, draft.state, draft.opened_by, draft.opened_at, draft.changed_at, draft.ended_at,
        draft.edition_id,
    )  # fmt: skip
