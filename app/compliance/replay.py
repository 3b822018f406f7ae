"""Does a past screening give the same answer today? Judges the frozen facts again and lists what differs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audio.records import load_listening
from app.compliance.editions.judges import judge_in_force, judge_that_made
from app.compliance.facts_json import read_facts
from app.compliance.judge import Judge, join_listening
from app.compliance.service import shorten
from app.conversation import KeywordHit
from app.errors import InvalidTransition, NotFound
from app.models.calls import Call
from app.models.consumers import Erasure
from app.models.screening import CurrentScreening, KeywordHitRow, Screening

ABSENT = "absent"
Place = tuple[str, str, float, float]


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of judging a call again.

    ``outcomes`` tells for each rule that differs what was said then and now; ``hits`` the phrases heard only then or only now.
    ``versions`` names what changed in between: packs, rules, tables. Without such a change a difference is a fault.
    """

    call_id: str
    screening_id: str
    outcomes: Mapping[str, tuple[str, str]]
    hits: Mapping[str, tuple[Place, ...]]
    versions: Mapping[str, tuple[Any, Any]]

    @property
    def is_same(self) -> bool:
        """Tell whether every rule and every phrase is as it was."""
        return not self.outcomes and not any(self.hits.values())

    def to_json(self) -> dict[str, Any]:
        """Return the replay as ``earshot screen --replay`` prints it."""
        return {
            "call_id": self.call_id,
            "screening_id": self.screening_id,
            "same": self.is_same,
            "outcomes": {rule: {"then": then, "now": now} for rule, (then, now) in self.outcomes.items()},
            "keywords": {
                when: [{"pack": p, "phrase": phrase, "start_s": start, "end_s": end} for p, phrase, start, end in places]
                for when, places in self.hits.items()
            },
            "other_versions": {name: {"then": then, "now": now} for name, (then, now) in self.versions.items()},
        }


def replay_call(session: Session, call_id: str, judge: Judge | None = None, *, screening_id: str | None = None) -> Replay:
    """Judge the screening in force of a call again, from the facts that were kept with it; ``call_id`` may be the sender's id.

    ``screening_id`` names another screening of the call than the one in force. Without a judge the edition that made the
    screening judges again; where it is not kept, the one in force.

    Raises
    ------
    NotFound
        If there is no such call, or it was never screened.
    InvalidTransition
        If the screening was made before facts were kept.
    """
    screening = _find_screening(session, call_id) if screening_id is None else session.get_one(Screening, screening_id)
    if screening.facts is None or screening.outcomes is None:
        raise InvalidTransition(
            f"call {call_id} was screened before facts were kept; analyse it again to have a screening that can be replayed",
            call_id=call_id,
        )
    erasure = session.get(Erasure, screening.call_id)
    if erasure is not None:
        raise InvalidTransition(
            f"sound and words of call {call_id} were erased on request on {erasure.erased_at:%Y-%m-%d}; what was judged is "
            "kept, but it cannot be judged again",
            code="erased",
            call_id=call_id,
        )
    listening = load_listening(session, screening.run_id)
    facts = join_listening(
        read_facts(screening.facts["call"])[0], listening, is_heard_elsewhere=screening.facts["is_heard_elsewhere"]
    )
    judge = judge or judge_that_made(session, screening.versions) or judge_in_force(session)
    judged = judge.judge(facts, tones=listening.tones, recording_s=listening.duration_s, as_of=screening.made_at)
    rows = session.scalars(select(KeywordHitRow).where(KeywordHitRow.screening_id == screening.id)).all()
    heard_then = {(row.pack, row.phrase, row.start_s, row.end_s) for row in rows}
    heard_now = {_place(hit) for hit in judged.hits}
    return Replay(
        call_id=screening.call_id,
        screening_id=screening.id,
        outcomes=_compare(_by_rule(screening.outcomes), _by_rule(shorten(judged.findings))),
        hits={"only_then": tuple(sorted(heard_then - heard_now)), "only_now": tuple(sorted(heard_now - heard_then))},
        versions=_compare(screening.versions, judge.versions, absent=None),
    )


def _find_screening(session: Session, call_id: str) -> Screening:
    in_force = select(Screening).join(CurrentScreening, CurrentScreening.screening_id == Screening.id)
    found = session.scalar(in_force.where(CurrentScreening.call_id == call_id))
    if found is None:
        named = in_force.join(Call, Call.id == CurrentScreening.call_id).where(Call.external_id == call_id)
        matches = session.scalars(named.limit(2)).all()
        if len(matches) != 1:
            why = "several senders have a call of this id; name it by Earshot's own" if matches else "no such call was screened"
            raise NotFound(f"{call_id}: {why}", call_id=call_id)
        found = matches[0]
    return found


def _place(hit: KeywordHit) -> Place:
    return (hit.pack, hit.phrase, hit.span.start_s, hit.span.end_s)


def _by_rule(outcomes: list[Any]) -> dict[str, str]:
    return {rule: f"{outcome} ({severity})" for rule, outcome, severity in outcomes}


def _compare(then: Mapping[str, Any], now: Mapping[str, Any], *, absent: Any = ABSENT) -> dict[str, tuple[Any, Any]]:
    return {
        name: (then.get(name, absent), now.get(name, absent))
        for name in sorted({*then, *now})
        if then.get(name, absent) != now.get(name, absent)
    }
