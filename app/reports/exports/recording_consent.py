"""Who was told of the recording, when, and how much was recorded before?

One row per call and state that may be the consumer's (or the agent's), as the rule on recording consent was asked: whether all
parties must know there, when the notice was first heard, how many seconds were recorded before it, an objection, and what the
rule said. The words are those the screening kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.place.state_rules import RecordingLaw
from app.compliance.reference import load_reference
from app.compliance.registry.service import NumberLists
from app.models.analysis import AnalysisResult
from app.models.screening import KeywordHitRow
from app.reports.exports.contract import Column, ColumnKind, Params, Reader, Report, ReportTable, Row
from app.reports.exports.reading import ScreenedCall, describe_filters, iterate_batches, tell_before_facts, write_outcome
from app.tasks import OnProgress
from app.vocabulary import Outcome, PackKind, ReportKind, Speaker

RULE, REFUSED = "REC-CONSENT", "REC-CONSENT-REFUSED"
NOTICE, OBJECTION = "PH-REC-NOTICE", "PH-REC-OBJECTION"
UNKNOWN = "UNKNOWN"
_LENGTHS = select(AnalysisResult.run_id, AnalysisResult.duration_s)

CALLS = (
    Column("call", "Call", width=22),
    Column("started_at", "Started (UTC)", ColumnKind.MOMENT, 20),
    Column("number", "Consumer's number", width=16),
    Column("state", "State", width=10, note="one row for each state whose law was asked; UNKNOWN: the strictest was taken"),
    Column("who", "Whose consent", width=12, note="all parties, or one"),
    Column("citation", "Law", width=30),
    Column("recorded", "Recorded", ColumnKind.FLAG, 10),
    Column("recorded_s", "Seconds recorded", ColumnKind.NUMBER, 10),
    Column("notice_s", "Notice heard at (s)", ColumnKind.NUMBER, 10),
    Column("before_notice_s", "Seconds recorded before it", ColumnKind.NUMBER, 12, "all of them where nobody told"),
    Column("notice", "Words of the notice", width=36),
    Column("objection_s", "Objection at (s)", ColumnKind.NUMBER, 10),
    Column("outcome", "Outcome", width=14),
    Column("objected", "Objection rule", width=14),
    Column("campaign", "Campaign", width=20),
    Column("publisher", "Publisher", width=20),
)
STATES = (
    Column("state", "State", width=10),
    Column("calls", "Calls asked", ColumnKind.NUMBER, 10),
    *(Column(str(outcome), write_outcome(outcome).capitalize(), ColumnKind.NUMBER, 12) for outcome in Outcome),
    Column("before_notice_s", "Seconds recorded before a notice", ColumnKind.NUMBER, 14),
)


@dataclass(frozen=True, slots=True)
class _Heard:
    """The first notice and the first objection that a screening heard, and how long the recording is."""

    notice: KeywordHitRow | None = None
    objection: KeywordHitRow | None = None
    recorded_s: float | None = None


def build_recording_consent(
    session: Session,
    params: Params,
    reader: Reader,
    *,
    lists: NumberLists | None,
    now: datetime,
    on_progress: OnProgress,
) -> Report:
    """Return the report of recording consent."""
    counts: Counter[tuple[str, str]] = Counter()

    def calls() -> Iterator[Row]:
        for batch in iterate_batches(session, params, reader, on_progress, report):
            heard = _hear(session, batch)
            for found in batch:
                for row in _rows(found, heard.get(found.screening.id if found.screening else "", _Heard()), reader):
                    _count(counts, row)
                    yield row

    report = Report(
        kind=ReportKind.RECORDING_CONSENT,
        title="Recording consent",
        filters=describe_filters(session, params, reader),
        tables=(
            ReportTable("calls", "Calls", CALLS, calls()),
            ReportTable("states", "By state", STATES, _sum_up(counts), is_summary=True),
        ),
        notes=(
            "A notice that a system played before the recording began is not on the recording; where the sender told of it, "
            "the outcome counts it, and no second is given.",
            "Calls that were never heard, or whose recording nobody told of, are listed with what is missing.",
        ),
        late_notes=lambda: tell_before_facts(report),
    )
    return report


def _rows(found: ScreenedCall, heard: _Heard, reader: Reader) -> Iterator[Row]:
    asked = _asked_states(found)
    if not asked:
        return
    recorded_s = None if heard.recorded_s is None else round(heard.recorded_s, 1)
    notice_s = round(heard.notice.start_s, 1) if heard.notice else None
    before_s = None if recorded_s is None else min(recorded_s, notice_s) if notice_s is not None else recorded_s
    for code, outcome in sorted(asked.items()):
        law = _law(code)
        is_recorded = found.facts.is_recorded if found.facts else None
        yield (
            found.call.external_id,
            found.call.started_at,
            reader.show(found.number),
            code,
            "all parties" if law is None or law.treat_as == "all" else "one party",
            law.citation if law else None,
            is_recorded,
            recorded_s,
            notice_s,
            before_s,
            heard.notice.quote if heard.notice else None,
            round(heard.objection.start_s, 1) if heard.objection else None,
            write_outcome(outcome),
            found.says(REFUSED),
            found.campaign,
            found.publisher,
        )


def _asked_states(found: ScreenedCall) -> dict[str, Outcome]:
    """Return what the rule said for each state it was asked of; the rule itself where no state came into it."""
    asked = {
        name.removeprefix(f"{RULE}-"): outcome
        for name, outcome in found.outcomes.items()
        if name.startswith(f"{RULE}-") and name != REFUSED
    }
    if not asked and RULE in found.outcomes and found.outcomes[RULE] is not Outcome.NOT_APPLICABLE:
        asked = dict.fromkeys(found.states or (UNKNOWN,), found.outcomes[RULE])
    return asked


def _law(code: str) -> RecordingLaw | None:
    states = load_reference().states
    row = states.find_state(code) if states else None
    return row.recording if row else None


def _hear(session: Session, calls: Sequence[ScreenedCall]) -> dict[str, _Heard]:
    """Return what was heard, by screening, asked of the database for many calls at once."""
    screenings = [found.screening for found in calls if found.screening is not None]
    first: dict[tuple[str, str], KeywordHitRow] = {}
    asked = select(KeywordHitRow).where(
        KeywordHitRow.screening_id.in_([screening.id for screening in screenings]),
        KeywordHitRow.pack.in_((NOTICE, OBJECTION)),
    )
    for hit in session.scalars(asked.order_by(KeywordHitRow.start_s)):
        if _counts(hit):
            first.setdefault((hit.screening_id, hit.pack), hit)
    runs = AnalysisResult.run_id.in_([screening.run_id for screening in screenings])
    lengths = {row.run_id: row.duration_s for row in session.execute(_LENGTHS.where(runs))}
    return {
        each.id: _Heard(first.get((each.id, NOTICE)), first.get((each.id, OBJECTION)), lengths.get(each.run_id))
        for each in screenings
    }


def _counts(hit: KeywordHitRow) -> bool:
    if hit.is_low_trust:
        return False
    return hit.pack == OBJECTION or (hit.kind is PackKind.REQUIRED and hit.speaker is not Speaker.CALLER)


def _count(counts: Counter[tuple[str, str]], row: Row) -> None:
    told = dict(zip((column.name for column in CALLS), row, strict=True))
    state, before_s = str(told["state"]), told["before_notice_s"]
    counts[(state, "calls")] += 1
    counts[(state, str(told["outcome"]))] += 1
    counts[(state, "before_notice_s")] += round(before_s) if isinstance(before_s, float) else 0


def _sum_up(counts: Counter[tuple[str, str]]) -> Iterator[Row]:
    for state in sorted({state for state, _ in counts}):
        yield (
            state,
            counts[(state, "calls")],
            *(counts[(state, write_outcome(outcome))] for outcome in Outcome),
            counts[(state, "before_notice_s")],
        )
