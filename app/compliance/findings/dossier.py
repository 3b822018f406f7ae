"""What stands behind one finding? The rule that judged, what it rests on, who decided, and how others of its kind ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.scope import scope_calls
from app.compliance.editions.judges import judge_that_made
from app.compliance.editions.service import EditionFacts, find_edition_of
from app.compliance.findings.board import FindingLine, load_lines
from app.compliance.findings.decisions import Decision, decisions_in_force
from app.compliance.rule_set import Rule
from app.errors import NotFound
from app.models.calls import Call
from app.models.reviews import ClusterCheckCall, ClusterUndo, FindingVerdict
from app.models.screening import CurrentScreening, Finding, Screening
from app.models.users import ApiToken, User
from app.vocabulary import FindingDecision

SHOWN_PRECEDENTS = 3


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision that somebody took, in words; ``is_undone``: it came from a sample check that was taken back."""

    decision: Decision
    by: str
    is_undone: bool


@dataclass(frozen=True, slots=True)
class Precedents:
    """How often people agreed with and refused findings of a rule on other calls, and the last of those decisions."""

    agreed: int
    refused: int
    newest: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """One finding with all that stands behind it.

    ``rule`` is the row that judged, None where its edition is not kept. ``facts`` are those the call was judged by, None where
    the screening is older than their keeping. ``is_in_force``: the call was not screened again since.
    """

    line: FindingLine
    evidence: Mapping[str, Any]
    screening_id: str
    versions: Mapping[str, Any]
    facts: Mapping[str, Any] | None
    rule: Rule | None
    edition: EditionFacts | None
    is_in_force: bool
    history: tuple[PastDecision, ...]
    precedents: Precedents


def get_finding(session: Session, identity: Identity, finding_id: str) -> Finding:
    """Return a finding of a call in the asker's reach; an outside party sees only what the screening in force says.

    Raises
    ------
    NotFound
        If there is no such finding, or it is out of reach.
    """
    asked = scope_calls(select(Finding).join(Call, Call.id == Finding.call_id).where(Finding.id == finding_id), identity)
    if identity.is_outside:
        asked = asked.join(CurrentScreening, CurrentScreening.screening_id == Finding.screening_id)
    found = session.scalar(asked)
    if found is None:
        raise NotFound(f"there is no finding {finding_id}", finding_id=finding_id)
    return found


def load_dossier(session: Session, identity: Identity, finding_id: str) -> Dossier:
    """Return a finding with all that stands behind it. Raises NotFound as :func:`get_finding` does."""
    finding = get_finding(session, identity, finding_id)
    screening = session.get_one(Screening, finding.screening_id)
    (line,) = load_lines(session, identity, [finding_id])
    in_force = select(CurrentScreening.screening_id).where(CurrentScreening.call_id == finding.call_id)
    return Dossier(
        line=line,
        evidence=finding.evidence,
        screening_id=screening.id,
        versions=screening.versions,
        facts=None if screening.facts is None else screening.facts.get("call"),
        rule=find_judging_rule(session, finding.rule, line.rule_version, screening.versions),
        edition=find_edition_of(session, screening.versions),
        is_in_force=session.scalar(in_force) == screening.id,
        history=load_history(session, finding.call_id, finding.rule),
        precedents=load_precedents(session, identity, finding.rule, besides=finding.call_id),
    )


def find_judging_rule(session: Session, rule: str, version: int | None, versions: Mapping[str, Any]) -> Rule | None:
    """Return the row of the rule that judged, from the edition that made the screening; None where it is not kept."""
    judge = judge_that_made(session, versions)
    found = judge.rules.find(rule) if judge else None
    if judge is None or found is None:
        return None
    return next((row for row in judge.rules.rules if row.id == found.id and row.version == version), found)


def load_history(session: Session, call_id: str, rule: str) -> tuple[PastDecision, ...]:
    """Return every decision about a rule on a call, the newest first, those that were taken back included."""
    asked = (
        select(FindingVerdict, ClusterCheckCall.check_id, ClusterUndo.undone_at, User.name, ApiToken.name)
        .outerjoin(ClusterCheckCall, ClusterCheckCall.review_id == FindingVerdict.review_id)
        .outerjoin(ClusterUndo, ClusterUndo.check_id == ClusterCheckCall.check_id)
        .outerjoin(User, User.id == FindingVerdict.decided_by)
        .outerjoin(ApiToken, ApiToken.id == FindingVerdict.decided_by)
        .where(FindingVerdict.call_id == call_id, FindingVerdict.rule == rule)
        .order_by(FindingVerdict.decided_at.desc(), FindingVerdict.id.desc())
    )
    return tuple(
        PastDecision(
            Decision(
                row.id, row.finding_id, row.call_id, row.rule, row.decision, row.reason, row.decided_by, row.decided_at,
                row.review_id, check_id,
            ),
            user or token or row.decided_by,
            undone_at is not None,
        )
        for row, check_id, undone_at, user, token in session.execute(asked)
    )  # fmt: skip


def load_precedents(session: Session, identity: Identity, rule: str, *, besides: str) -> Precedents:
    """Return how people decided about a rule on the other calls in the asker's reach."""
    counts = decisions_in_force(select(FindingVerdict.call_id).where(FindingVerdict.rule == rule))
    in_reach = scope_calls(select(counts).join(Call, Call.id == counts.c.call_id), identity).where(
        counts.c.rule == rule, counts.c.call_id != besides
    )
    told = in_reach.subquery()
    numbers = {row[0]: row[1] for row in session.execute(select(told.c.decision, func.count()).group_by(told.c.decision))}
    newest = session.execute(select(told).order_by(told.c.decided_at.desc(), told.c.id.desc()).limit(SHOWN_PRECEDENTS))
    return Precedents(
        numbers.get(FindingDecision.AGREE, 0), numbers.get(FindingDecision.REFUSE, 0), tuple(Decision(*row) for row in newest)
    )
