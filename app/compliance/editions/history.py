"""What changed about a rule or phrase pack when, by whom, and why? Reads what came into force one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.editions.document import Difference, EditionDocument, compare
from app.compliance.editions.service import (
    EditionFacts,
    PublicationFacts,
    find_publication,
    get_edition,
    list_publications,
    load_document,
)
from app.vocabulary import EditionPart

MOST_PUBLICATIONS = 100
MOST_ANCESTORS = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """A publication that changed something; the first one known changes nothing and shows what there was."""

    publication: PublicationFacts
    differences: tuple[Difference, ...]
    is_first: bool


@dataclass(frozen=True, slots=True)
class ReleaseNews:
    """What a release ships beyond what is in force: differences to take over, and subjects that were changed here as well."""

    edition: EditionFacts
    differences: tuple[Difference, ...]
    changed_here_too: tuple[str, ...]


def load_history(session: Session, part: EditionPart, is_about: Callable[[str], bool]) -> tuple[Step, ...]:
    """Return the publications that changed what ``is_about`` says of subjects, newest first, the first publication last."""
    publications = list_publications(session, MOST_PUBLICATIONS)
    known: dict[str, Mapping[str, Any]] = {}
    steps: list[Step] = []
    before: Mapping[str, Any] | None = None
    for publication in reversed(publications):
        edition = publication.edition.id
        if edition not in known:
            known[edition] = _parts_about(load_document(session, edition), part, is_about)
        after = known[edition]
        if before is None:
            if after:
                steps.append(Step(publication, (), is_first=True))
        elif differences := _differences(part, before, after):
            steps.append(Step(publication, differences, is_first=False))
        before = after
    return tuple(reversed(steps))


def find_release_news(session: Session, packaged: EditionDocument) -> ReleaseNews | None:
    """Return what the release at hand ships and what is in force does not have; None when nothing is missing.

    Asked is what the release changed against the release that the edition in force was made from: what people here changed
    themselves is no news.
    """
    publication = find_publication(session)
    if publication is None or publication.edition.sha256 == packaged.sha256:
        return None
    origin = _find_release(session, publication.edition)
    if origin is None or origin.sha256 == packaged.sha256:
        return None
    was, now = load_document(session, origin.id), load_document(session, publication.edition.id)
    ours = {(difference.part, difference.subject) for difference in compare(was, now)}
    parts, shipped = now.parts(), packaged.parts()
    news = [d for d in compare(was, packaged) if parts.get((d.part, d.subject)) != shipped.get((d.part, d.subject))]
    if not news:
        return None
    fresh = tuple(d for d in news if (d.part, d.subject) not in ours)
    return ReleaseNews(origin, fresh, tuple(d.subject for d in news if (d.part, d.subject) in ours))


def _find_release(session: Session, edition: EditionFacts) -> EditionFacts | None:
    """Return the edition of a release that an edition was made from, by way of other editions."""
    for _ in range(MOST_ANCESTORS):
        if edition.release is not None:
            return edition
        if edition.base_id is None:
            return None
        edition = get_edition(session, edition.base_id)
    return None


def _parts_about(document: EditionDocument, part: EditionPart, is_about: Callable[[str], bool]) -> dict[str, Any]:
    return {subject: content for (kind, subject), content in document.parts().items() if kind is part and is_about(subject)}


def _differences(part: EditionPart, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    names = sorted({*before, *after})
    return tuple(
        Difference(part, name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )
