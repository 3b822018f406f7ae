"""What do the pages of opt-outs and notices show? States as tiles, clocks in business days, the steps done and the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from app.access.identity import Identity
from app.access.masking import show_caller
from app.compliance.opt_outs.clock import BUSINESS_DAYS, days_left
from app.compliance.opt_outs.notices import NoticeView
from app.compliance.opt_outs.queries import OptOutFilter, OptOutLine, RevokedConsent
from app.errors import InvalidInput
from app.phone import describe
from app.vocabulary import OptOutScope, OptOutState, OptOutWay
from app.web.presenters.call_list import Choice

URL = "/compliance/opt-outs"
STATE_WORDS = {
    OptOutState.TO_CONFIRM: "To confirm",
    OptOutState.RECORDED: "Not on the list yet",
    OptOutState.SUPPRESSED: "Others to be told",
    OptOutState.COMPLETE: "Complete",
    OptOutState.NOT_ONE: "No request",
}
STATE_LOOKS = {
    OptOutState.TO_CONFIRM: ("medium", "circle-help"),
    OptOutState.RECORDED: ("medium", "loader"),
    OptOutState.SUPPRESSED: ("info", "bell"),
    OptOutState.COMPLETE: ("good", "circle-check"),
    OptOutState.NOT_ONE: ("info", "circle-x"),
}
WAY_WORDS = {
    OptOutWay.SPOKEN: "Said on a call",
    OptOutWay.KEY_PRESS: "Key pressed on a call",
    OptOutWay.TEXT_REPLY: "Reply to a text message",
    OptOutWay.WEB_FORM: "Web form",
    OptOutWay.EMAIL: "E-mail",
    OptOutWay.LETTER: "Letter",
    OptOutWay.PHONE: "Told us by telephone",
    OptOutWay.OTHER: "Another way",
}


@dataclass(frozen=True, slots=True)
class ClockView:
    """The business days that are left; ``value`` of ``whole`` is drawn as a bar."""

    value: int
    whole: int
    said: str
    look: str
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A state with the number of requests in it."""

    label: str
    count: int
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class OptOutView:
    """A request in words."""

    line: OptOutLine
    url: str
    number: str
    state: str
    look: str
    icon: str
    way: str
    whom: str
    clock: ClockView | None
    told: str


@dataclass(frozen=True, slots=True)
class OptOutForm:
    """The form to record a request, with what was typed and what was wrong with it."""

    typed: Mapping[str, str]
    problem: str | None
    field: str | None
    ways: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class OptOutListPage:
    """The page of all requests."""

    tiles: tuple[Tile, ...]
    overdue: int
    lines: tuple[OptOutView, ...]
    more_url: str | None
    ways: tuple[Choice, ...]
    number: str
    state: str
    is_narrowed: bool
    form: OptOutForm


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a request: done with its moment and by whom, or what comes next."""

    text: str
    at: datetime | None
    by: str
    is_next: bool


@dataclass(frozen=True, slots=True)
class OptOutPage:
    """The page of one request."""

    view: OptOutView
    steps: tuple[Step, ...]
    notices: tuple[NoticeView, ...]
    consents: tuple[RevokedConsent, ...]
    may_judge: bool
    problem: str | None
    why: str
    player_url: str | None
    span: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice in words."""

    notice: NoticeView
    number: str
    way: str
    whom: str


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """The page on which a party reads its notices."""

    lines: tuple[NoticeLine, ...]
    open_count: int
    is_all: bool
    more_url: str | None
    has_parties: bool


def present_list(
    lines: Sequence[OptOutLine],
    counts: tuple[Mapping[OptOutState, int], int],
    wanted: OptOutFilter,
    identity: Identity,
    today: date,
    *,
    more: tuple[date, str] | None,
    typed: Mapping[str, str],
    problem: InvalidInput | None = None,
) -> OptOutListPage:
    """Return the page of requests."""
    kept = {"state": str(wanted.state) if wanted.state else "all" if wanted.is_everything else "", "way": wanted.way or ""}
    kept |= {"overdue": "1" if wanted.is_overdue else ""}
    more_url = f"{URL}?{urlencode({**_filled(kept), 'after': f'{more[0]}.{more[1]}'})}" if more else None
    tiles = [
        Tile(STATE_WORDS[state], counts[0].get(state, 0), f"{URL}?state={state}", wanted.state is state)
        for state in OptOutState
    ]
    return OptOutListPage(
        tiles=tuple(tiles),
        overdue=counts[1],
        lines=tuple(view_line(line, identity, today) for line in lines),
        more_url=more_url,
        ways=_ways(str(wanted.way or "")),
        number=describe(wanted.number) if wanted.number else "",
        state=kept["state"],
        is_narrowed=bool(_filled(kept) or wanted.number),
        form=OptOutForm(typed, problem.message if problem else None, _field(problem), _ways(typed.get("way", ""))),
    )


def view_line(line: OptOutLine, identity: Identity, today: date) -> OptOutView:
    """Return a request in words."""
    look, icon = STATE_LOOKS[line.state]
    acknowledged, made = line.notices
    return OptOutView(
        line=line,
        url=f"{URL}/{line.id}",
        number=show_caller(line.number, identity),
        state=STATE_WORDS[line.state],
        look=look,
        icon=icon,
        way=WAY_WORDS[line.way],
        whom=_whom(line.scope, line.seller),
        clock=_clock(line, today),
        told=f"{acknowledged} of {made} know" if made else "–",
    )


def present_request(
    line: OptOutLine,
    notices: Sequence[NoticeView],
    consents: Sequence[RevokedConsent],
    identity: Identity,
    today: date,
    names: Mapping[str, str],
    *,
    problem: str | None = None,
    why: str = "",
) -> OptOutPage:
    """Return the page of one request."""
    span = ""
    player = None
    if line.call_id and line.start_s is not None and line.end_s is not None:
        begin = max(0.0, line.start_s - 2.0)
        player = f"/calls/{line.call_id}/audio#t={begin:.1f},{line.end_s + 2.0:.1f}"
        span = f"{int(line.start_s) // 60}:{int(line.start_s) % 60:02d}"
    return OptOutPage(
        view=view_line(line, identity, today),
        steps=_steps(line, notices, names),
        notices=tuple(notices),
        consents=tuple(consents),
        may_judge=line.suppressed_at is None,
        problem=problem,
        why=why,
        player_url=player,
        span=span,
    )


def present_notices(
    notices: Sequence[NoticeView], open_count: int, *, is_all: bool, more: str | None, has_parties: bool
) -> NoticesPage:
    """Return the page of notices."""
    lines = tuple(
        NoticeLine(each, describe(each.number), WAY_WORDS[each.way], _whom(each.scope, each.seller)) for each in notices
    )
    query = {"all": "1"} if is_all else {}
    more_url = f"/notices?{urlencode({**query, 'after': more})}" if more else None
    return NoticesPage(lines, open_count, is_all, more_url, has_parties)


def _clock(line: OptOutLine, today: date) -> ClockView | None:
    if line.state not in {OptOutState.TO_CONFIRM, OptOutState.RECORDED}:
        return None
    left = days_left(line.due_on, today)
    if left < 0 or today > line.due_on:
        late = max(1, -left)
        return ClockView(0, BUSINESS_DAYS, f"{late} business {'day' if late == 1 else 'days'} overdue", "critical", True)
    said = "last day" if left == 0 else f"{left} business {'day' if left == 1 else 'days'} left"
    return ClockView(left, BUSINESS_DAYS, said, "critical" if left <= 1 else "medium" if left <= 3 else "good", False)


def _steps(line: OptOutLine, notices: Sequence[NoticeView], names: Mapping[str, str]) -> tuple[Step, ...]:
    def name(actor: str | None) -> str:
        return "" if actor is None else "Earshot" if actor == "system" else names.get(actor, actor)

    steps = [Step(f"Recorded: {WAY_WORDS[line.way].lower()}", line.recorded_at, name(line.recorded_by), is_next=False)]
    if line.state is OptOutState.NOT_ONE:
        return (*steps, Step("Judged to be no request; nothing follows", line.judged_at, name(line.judged_by), is_next=False))
    pending = [each for each in notices if each.acknowledged_at is None]
    told = (
        f"{len(notices) - len(pending)} of {len(notices)} parties have said that they know"
        if notices
        else "No party had a part"
    )
    later = (
        ("Judged to be a request", line.judged_at, name(line.judged_by)),
        ("On the internal list; consents ended; notices made", line.suppressed_at, "Earshot"),
        (told, line.completed_at, ""),
        ("Complete, with its proof", line.completed_at, "Earshot"),
    )
    is_reached = True
    for text, at, by in later:
        steps.append(Step(text, at, by if at else "", is_next=is_reached and at is None))
        is_reached = at is not None
    return tuple(steps)


def _whom(scope: OptOutScope, seller: str | None) -> str:
    return "everybody" if scope is OptOutScope.EVERYBODY else seller or "one seller"


def _ways(chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(way.value, WAY_WORDS[way], way.value == chosen) for way in OptOutWay)


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _field(problem: InvalidInput | None) -> str | None:
    return None if problem is None else str(problem.details.get("field") or "") or None
