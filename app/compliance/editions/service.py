"""Which edition is in force, how does one come into force, and how does one go back?

The newest publication holds. What a release ships is kept as an edition the first time the release runs; it comes into force by
itself only while nobody has published rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import app as earshot
from app.compliance.editions.document import (
    EditionDocument,
    document_from_json,
    find_problems,
    packaged_document,
)
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.editions import Edition, Publication
from app.unit_of_work import Work
from app.vocabulary import EventKind

LONGEST_REASON = 2_000
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """An edition without its content; ``release`` is None for those made from a draft."""

    id: str
    number: int
    title: str
    rule_set: str
    packs: str
    sha256: str
    release: str | None
    base_id: str | None
    kept_at: datetime
    kept_by: str


@dataclass(frozen=True, slots=True)
class PublicationFacts:
    """When an edition came into force, by whom and why."""

    id: str
    edition: EditionFacts
    published_at: datetime
    published_by: str
    reason: str
    is_roll_back: bool


def keep_packaged(work: Work) -> str | None:
    """Keep what this release ships, if it is not known yet, and let it come into force unless people published their own.

    Returns the id of the edition when it is new. Safe to run at every start.
    """
    document = packaged_document()
    if work.session.scalar(select(Edition.id).where(Edition.sha256 == document.sha256)) is not None:
        return None
    title = f"Rules of release {earshot.__version__}"
    edition_id = keep_edition(work, document, title, release=earshot.__version__)
    last = find_publication(work.session)
    if last is None or last.edition.release is not None:
        _publish(work, edition_id, f"Came with release {earshot.__version__}", is_roll_back=False)
    return edition_id


def keep_edition(
    work: Work, document: EditionDocument, title: str, *, release: str | None = None, base_id: str | None = None
) -> str:
    """Store an edition and return its id; the same content again is the edition that has it."""
    known = work.session.scalar(select(Edition.id).where(Edition.sha256 == document.sha256))
    if known is not None:
        return known
    number = (work.session.scalar(select(func.max(Edition.number))) or 0) + 1
    edition = Edition(
        id=work.new_id(),
        number=number,
        title=title,
        rule_set=document.rule_set,
        packs=document.packs_version,
        content=document.to_json(),
        sha256=document.sha256,
        release=release,
        base_id=base_id,
        kept_at=work.now,
        kept_by=work.actor,
    )
    work.session.add(edition)
    work.session.flush()
    facts = {"number": number, "rule_set": edition.rule_set, "packs": edition.packs, "sha256": edition.sha256}
    work.publish(EventKind.EDITION_KEPT, ("edition", edition.id), facts)
    return edition.id


def publish_edition(work: Work, edition_id: str, reason: str) -> None:
    """Let an edition come into force for every call that is screened from now on.

    Raises
    ------
    NotFound, InvalidInput, InvalidTransition
        If there is no such edition, no reason is given, its content cannot be used, or it is in force already.
    """
    _check_usable(work.session, edition_id, reason)
    _publish(work, edition_id, reason.strip(), is_roll_back=False)


def roll_back(work: Work, edition_id: str, reason: str) -> None:
    """Let an edition that was in force before come into force again. Raises as :func:`publish_edition` does."""
    _check_usable(work.session, edition_id, reason)
    if work.session.scalar(select(Publication.id).where(Publication.edition_id == edition_id).limit(1)) is None:
        raise InvalidTransition("this edition was never in force; publish it instead", edition_id=edition_id)
    _publish(work, edition_id, reason.strip(), is_roll_back=True)


def find_publication(session: Session) -> PublicationFacts | None:
    """Return the publication that holds; None in a database that has not seen a release start."""
    newest = _publications().limit(1)
    row = session.execute(newest).first()
    return _facts_of_publication(row) if row else None


def list_publications(session: Session, limit: int = 100) -> tuple[PublicationFacts, ...]:
    """Return what was in force when, newest first."""
    return tuple(_facts_of_publication(row) for row in session.execute(_publications().limit(limit)))


def list_editions(session: Session, limit: int = 100) -> tuple[EditionFacts, ...]:
    """Return the editions, newest first, without their content."""
    rows = session.execute(select(*_COLUMNS).order_by(Edition.number.desc()).limit(limit))
    return tuple(_facts_of_edition(row) for row in rows)


def get_edition(session: Session, edition_id: str) -> EditionFacts:
    """Return an edition without its content. Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(Edition.id == edition_id)).first()
    if row is None:
        raise NotFound(f"there is no edition {edition_id}", edition_id=edition_id)
    return _facts_of_edition(row)


def load_document(session: Session, edition_id: str) -> EditionDocument:
    """Return the content of an edition. Raises NotFound."""
    content = session.scalar(select(Edition.content).where(Edition.id == edition_id))
    if content is None:
        raise NotFound(f"there is no edition {edition_id}", edition_id=edition_id)
    return document_from_json(content)


def load_document_in_force(session: Session) -> EditionDocument:
    """Return the content in force; the packaged one where nothing was published yet."""
    publication = find_publication(session)
    return packaged_document() if publication is None else load_document(session, publication.edition.id)


def find_edition_of(session: Session, versions: Mapping[str, Any]) -> EditionFacts | None:
    """Return the edition that made a screening, by the versions kept with it; None when it is not kept."""
    same = (Edition.rule_set == str(versions.get("rule_set")), Edition.packs == str(versions.get("phrase_packs")))
    row = session.execute(select(*_COLUMNS).where(*same).order_by(Edition.number.desc()).limit(1)).first()
    return _facts_of_edition(row) if row else None


def _facts_of_edition(row: Any) -> EditionFacts:
    return EditionFacts(*row)


_COLUMNS = (
    Edition.id, Edition.number, Edition.title, Edition.rule_set, Edition.packs, Edition.sha256, Edition.release,
    Edition.base_id, Edition.kept_at, Edition.kept_by,
)  # fmt: skip


def _publications() -> Any:
    joined = select(Publication, *_COLUMNS).join(Edition, Edition.id == Publication.edition_id)
    return joined.order_by(Publication.published_at.desc(), Publication.id.desc())


def _facts_of_publication(row: Any) -> PublicationFacts:
    said = row[0]
    return PublicationFacts(
        said.id, _facts_of_edition(row[1:]), said.published_at, said.published_by, said.reason, said.is_roll_back
    )


def _check_usable(session: Session, edition_id: str, reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("say why: a change of the rules in force is recorded with its reason", field="reason")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"reason: expected at most {LONGEST_REASON:,} characters, got {len(reason):,}", field="reason")
    publication = find_publication(session)
    if publication is not None and publication.edition.id == edition_id:
        raise InvalidTransition("this edition is in force already", edition_id=edition_id)
    problems = find_problems(load_document(session, edition_id))
    if problems:
        raise InvalidInput("This edition cannot be used by this release: " + "; ".join(problems), problems=list(problems))


def _publish(work: Work, edition_id: str, reason: str, *, is_roll_back: bool) -> None:
    work.session.add(
        Publication(
            id=work.new_id(), edition_id=edition_id, published_at=work.now, published_by=work.actor, reason=reason,
            is_roll_back=is_roll_back,
        )
    )  # fmt: skip
    work.session.flush()
    kind = EventKind.EDITION_ROLLED_BACK if is_roll_back else EventKind.EDITION_PUBLISHED
    work.publish(kind, ("edition", edition_id), {"reason": reason})
