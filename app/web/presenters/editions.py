"""What do the pages of editions show? What was in force when, by whom and why, and how two of them differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.compliance.editions.document import Difference
from app.compliance.editions.history import ReleaseNews
from app.compliance.editions.service import EditionFacts, PublicationFacts
from app.web.presenters.call_list import Choice
from app.web.presenters.differences import DifferenceView, present_differences


@dataclass(frozen=True, slots=True)
class PublicationView:
    """That an edition came into force; ``until`` None: it is in force."""

    edition: EditionFacts
    at: datetime
    until: datetime | None
    by: str
    reason: str
    is_roll_back: bool
    may_roll_back: bool


@dataclass(frozen=True, slots=True)
class RefusedStep:
    """A step that was refused: of which edition, why, and the reason that was typed."""

    edition_id: str
    problem: str
    typed: str


@dataclass(frozen=True, slots=True)
class EditionsPage:
    """What was in force when."""

    publications: tuple[PublicationView, ...]
    from_choices: tuple[Choice, ...]
    to_choices: tuple[Choice, ...]
    packaged: EditionFacts | None
    news: ReleaseNews | None
    news_differences: tuple[DifferenceView, ...]
    refused: RefusedStep | None
    release: str


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Two editions side by side."""

    before: EditionFacts
    after: EditionFacts
    differences: tuple[DifferenceView, ...]
    from_choices: tuple[Choice, ...]
    to_choices: tuple[Choice, ...]


def present_editions(
    publications: Sequence[PublicationFacts],
    editions: Sequence[EditionFacts],
    names: Mapping[str, str],
    news: ReleaseNews | None,
    packaged_sha256: str,
    release: str,
    refused: RefusedStep | None = None,
) -> EditionsPage:
    """Return the page of editions; an edition is offered for going back once, at its newest publication."""
    in_force = publications[0].edition.id if publications else None
    before = publications[1].edition.id if len(publications) > 1 else in_force
    views, until, offered = [], None, {in_force}
    for said in publications:
        views.append(
            PublicationView(
                edition=said.edition,
                at=said.published_at,
                until=until,
                by=names.get(said.published_by, said.published_by),
                reason=said.reason,
                is_roll_back=said.is_roll_back,
                may_roll_back=said.edition.id not in offered,
            )
        )
        until = said.published_at
        offered.add(said.edition.id)
    packaged = next((edition for edition in editions if edition.sha256 == packaged_sha256), None)
    return EditionsPage(
        publications=tuple(views),
        from_choices=choose_edition(editions, before),
        to_choices=choose_edition(editions, in_force),
        packaged=packaged if packaged and packaged.id != in_force else None,
        news=news,
        news_differences=present_differences(news.differences) if news else (),
        refused=refused,
        release=release,
    )


def present_comparison(
    before: EditionFacts, after: EditionFacts, differences: Sequence[Difference], editions: Sequence[EditionFacts]
) -> ComparisonPage:
    """Return the page of two editions."""
    return ComparisonPage(
        before,
        after,
        present_differences(differences),
        choose_edition(editions, before.id),
        choose_edition(editions, after.id),
    )


def choose_edition(editions: Sequence[EditionFacts], chosen: str | None) -> tuple[Choice, ...]:
    """Return the options of a select of editions."""
    return tuple(Choice(e.id, f"Edition {e.number}: {e.title}", e.id == chosen) for e in editions)
