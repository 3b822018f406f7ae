"""What do the pages of privacy requests and legal holds show? Clocks in days, the plan call by call, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.compliance.opt_outs.clock import days_left
from app.compliance.privacy.erasure import KEPT_WORDS, CallPlan
from app.compliance.privacy.holds import HoldLine
from app.compliance.privacy.queries import RequestLine
from app.compliance.privacy.service import KEPT_BESIDES, WAYS
from app.errors import InvalidInput
from app.phone import describe
from app.vocabulary import HoldSubject, PrivacyKind, PrivacyState
from app.web.formatting import write_count, write_title
from app.web.presenters.call_list import Choice
from app.web.presenters.opt_outs import Tile

URL = "/compliance/privacy"
KIND_WORDS = {
    PrivacyKind.DELETE: "Delete the data",
    PrivacyKind.KNOW: "Know what is kept",
    PrivacyKind.CORRECT: "Correct the data",
    PrivacyKind.OPT_OUT_OF_SALE: "No sale or sharing",
    PrivacyKind.LIMIT_SENSITIVE: "Limit sensitive data",
}
STATE_LOOKS = {
    PrivacyState.RECEIVED: ("medium", "inbox"),
    PrivacyState.VERIFIED: ("medium", "circle-check"),
    PrivacyState.DEFERRED: ("info", "clock"),
    PrivacyState.DONE: ("good", "circle-check"),
    PrivacyState.REFUSED: ("info", "circle-x"),
}
SHOWN_CALLS = 200


@dataclass(frozen=True, slots=True)
class DueView:
    """A day until which something is due, and how far it is."""

    day: date
    said: str
    look: str


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request in words."""

    line: RequestLine
    url: str
    number: str
    kind: str
    state: str
    look: str
    icon: str
    way: str
    answer: DueView
    acknowledge: DueView | None


@dataclass(frozen=True, slots=True)
class PrivacyListPage:
    """The page of all requests with the form to record one."""

    tiles: tuple[Tile, ...]
    lines: tuple[RequestView, ...]
    more_url: str | None
    kinds: tuple[Choice, ...]
    ways: tuple[Choice, ...]
    typed: Mapping[str, str]
    problem: str | None
    field: str | None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What becomes of one call."""

    plan: CallPlan
    word: str
    look: str
    icon: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """The page of one request."""

    view: RequestView
    plan: tuple[PlanLine, ...]
    plan_summary: str
    more_calls: int
    kept: tuple[str, ...]
    names: Mapping[str, str]
    kinds: tuple[Choice, ...]
    problem: str | None
    typed: Mapping[str, str]
    is_open: bool
    can_erase: bool
    outcome_calls: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class HoldsPage:
    """The page of legal holds."""

    lines: tuple[HoldLine, ...]
    kinds: tuple[Choice, ...]
    typed: Mapping[str, str]
    problem: str | None
    field: str | None
    with_released: bool
    today: date


def present_list(
    lines: Sequence[RequestLine],
    counts: Mapping[PrivacyState, int],
    chosen: PrivacyState | None,
    today: date,
    *,
    more: str | None,
    typed: Mapping[str, str],
    problem: InvalidInput | None = None,
) -> PrivacyListPage:
    """Return the page of requests."""
    state = f"state={chosen}&" if chosen else ""
    return PrivacyListPage(
        tiles=tuple(Tile(write_title(s), counts.get(s, 0), f"{URL}?state={s}", s is chosen) for s in PrivacyState),
        lines=tuple(view_line(line, today) for line in lines),
        more_url=f"{URL}?{state}after={more}" if more else None,
        kinds=kind_choices(typed.get("kind", "")),
        ways=tuple(Choice(way, write_title(way), way == typed.get("way")) for way in WAYS if way != "spoken"),
        typed=typed,
        problem=problem.message if problem else None,
        field=str(problem.details.get("field") or "") or None if problem else None,
    )


def present_request(
    line: RequestLine,
    plan: Sequence[CallPlan],
    names: Mapping[str, str],
    today: date,
    *,
    problem: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> PrivacyPage:
    """Return the page of one request."""
    erasable = [each for each in plan if each.action == "erase"]
    waiting = [each for each in plan if each.action == "keep"]
    byte_count = sum(each.byte_count for each in erasable)
    summary = f"{write_count(len(erasable))} of {write_count(len(plan))} calls can be erased now"
    size = f"{byte_count / 1_000_000:,.1f} MB" if byte_count >= 100_000 else f"{write_count(byte_count)} bytes"
    summary += f" ({size} of recordings)" if byte_count else ""
    summary += f"; {write_count(len(waiting))} must wait" if waiting else ""
    is_open = line.ended_at is None
    return PrivacyPage(
        view=view_line(line, today),
        plan=tuple(map(_plan_line, plan[:SHOWN_CALLS])),
        plan_summary=summary,
        more_calls=max(0, len(plan) - SHOWN_CALLS),
        kept=(f"of every erased call: {KEPT_WORDS}", *KEPT_BESIDES),
        names=names,
        kinds=kind_choices(str(line.kind)),
        problem=problem,
        typed=typed or {},
        is_open=is_open,
        can_erase=is_open and line.verified_at is not None and line.kind is PrivacyKind.DELETE,
        outcome_calls=tuple((line.outcome or {}).get("calls", ()))[:SHOWN_CALLS],
    )


def present_holds(
    lines: Sequence[HoldLine],
    typed: Mapping[str, str],
    today: date,
    *,
    with_released: bool,
    problem: InvalidInput | None = None,
) -> HoldsPage:
    """Return the page of legal holds."""
    words = {
        HoldSubject.CALL: "One call",
        HoldSubject.NUMBER: "All calls of a number",
        HoldSubject.PARTY: "All calls of a party",
    }
    kinds = tuple(Choice(kind.value, words[kind], kind.value == typed.get("kind")) for kind in HoldSubject)
    field = str(problem.details.get("field") or "") or None if problem else None
    return HoldsPage(tuple(lines), kinds, typed, problem.message if problem else None, field, with_released, today)


def view_line(line: RequestLine, today: date) -> RequestView:
    """Return a request in words."""
    look, icon = STATE_LOOKS[line.state]
    return RequestView(
        line=line,
        url=f"{URL}/{line.id}",
        number=describe(line.number),
        kind=KIND_WORDS[line.kind],
        state=write_title(line.state),
        look=look,
        icon=icon,
        way="Said on a call" if line.way == "spoken" else write_title(line.way),
        answer=_calendar_clock(line, today),
        acknowledge=_acknowledge_clock(line, today),
    )


def kind_choices(chosen: str) -> tuple[Choice, ...]:
    """Return what can be asked, as options."""
    return tuple(Choice(kind.value, KIND_WORDS[kind], kind.value == chosen) for kind in PrivacyKind)


def _calendar_clock(line: RequestLine, today: date) -> DueView:
    if line.ended_at is not None:
        late = line.ended_at.date() > line.answer_by
        return DueView(line.answer_by, "answered late" if late else "answered in time", "critical" if late else "good")
    left = (line.answer_by - today).days
    if left < 0:
        return DueView(line.answer_by, f"{-left} days overdue", "critical")
    return DueView(line.answer_by, f"{left} days left", "critical" if left <= 3 else "medium" if left <= 10 else "good")


def _acknowledge_clock(line: RequestLine, today: date) -> DueView | None:
    if line.acknowledged_at is not None or line.ended_at is not None:
        return None
    left = days_left(line.acknowledge_by, today)
    if today > line.acknowledge_by:
        return DueView(line.acknowledge_by, f"receipt {max(1, -left)} business days overdue", "critical")
    return DueView(line.acknowledge_by, f"receipt due in {left} business days", "medium" if left <= 3 else "good")


def _plan_line(plan: CallPlan) -> PlanLine:
    words = {
        "erase": ("Will be erased", "medium", "trash-2"),
        "keep": ("Must wait", "info", "clock"),
        "erased": ("Erased", "good", "circle-check"),
    }
    word, look, icon = words[plan.action]
    parts = []
    if plan.recordings:
        noun = "recording" if plan.recordings == 1 else "recordings"
        parts.append(f"{plan.recordings} {noun} with copies and outline")
    if plan.has_transcript:
        parts.append("transcript, hits and quotes")
    what = " and ".join(parts) if parts else "nothing but the sender's further fields" if plan.action == "erase" else "–"
    why = "; ".join(each.why + (f", until {each.until:%d %b %Y}" if each.until else "") for each in plan.obstacles)
    if plan.shared_with:
        others = "another call has" if plan.shared_with == 1 else f"{plan.shared_with} other calls have"
        why = "; ".join(filter(None, [why, f"{others} the same recording: its bytes go when the last of them is erased"]))
    return PlanLine(plan, word, look, icon, what, why)
