"""What does the page on the state of a number show? The answers of the lists, consents, calls and local hours, in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.number_state import NumberFacts
from app.compliance.place.hours import PlaceHours
from app.compliance.place.windows import Window
from app.vocabulary import ListAnswer, ListKind

KIND_WORDS = {
    ListKind.NATIONAL: "National registry",
    ListKind.INTERNAL: "Internal requests",
    ListKind.LITIGATOR: "Litigators",
    ListKind.REASSIGNED: "Reassigned numbers",
}
CHECK_WORDS = {
    "ok": "an ordinary number of the United States",
    "invalid": "no number that can be dialled",
    "fictional": "a number kept for fiction",
    "non_geographic": "a number without a place, such as toll-free",
    "foreign": "a number of another country",
    "unassigned_npa": "a number with an area code that nobody was given",
}
ANSWER_LOOKS = {
    ListAnswer.LISTED: ("critical", "octagon-alert"),
    ListAnswer.NOT_LISTED: ("good", "circle-check"),
    ListAnswer.UNKNOWN: ("medium", "circle-help"),
}
OUTCOME_LOOKS = {
    "blocked": ("critical", "octagon-alert"),
    "allowed": ("good", "circle-check"),
    "unknown": ("medium", "circle-help"),
}
MOMENT_KEYS = (
    ("requested_at", "asked us not to call"),
    ("withdrawn_at", "took the request back"),
    ("queried_at", "database was asked"),
    ("listed_since", "known to be listed since"),
    ("not_listed_on", "not yet listed on"),
    ("loaded_at", "loaded here"),
)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What one list said."""

    title: str
    word: str
    look: str
    icon: str
    version: str | None
    obtained_at: datetime | None
    age_days: int | None
    moments: tuple[tuple[str, datetime], ...]
    is_loaded_later: bool


@dataclass(frozen=True, slots=True)
class HoursView:
    """One place where the number's owner may be: the clock there, and when calls are allowed."""

    place: str
    local: str
    day: str
    hours: str
    is_open: bool
    basis: str


@dataclass(frozen=True, slots=True)
class NumberView:
    """Everything of the answer."""

    facts: NumberFacts
    look: str
    icon: str
    check: str
    answers: tuple[AnswerView, ...]
    hours: tuple[HoursView, ...]


def present_number(facts: NumberFacts) -> NumberView:
    """Return the answer in words."""
    look, icon = OUTCOME_LOOKS[facts.state.outcome]
    return NumberView(
        facts=facts,
        look=look,
        icon=icon,
        check=CHECK_WORDS[str(facts.check)],
        answers=tuple(map(_answer, facts.state.answers)),
        hours=tuple(map(_hours, facts.hours.places)),
    )


def _answer(said: dict[str, Any]) -> AnswerView:
    kind, _, state = said["list"].partition(":")
    look, icon = ANSWER_LOOKS[ListAnswer(said["answer"])]
    title = f"List of {state}" if state else KIND_WORDS[ListKind(kind)]
    return AnswerView(
        title=f"{title} ({said['source']})" if said.get("source") else title,
        word=said["answer"],
        look=look,
        icon=icon,
        version=said.get("version"),
        obtained_at=_moment(said.get("obtained_at")),
        age_days=said.get("age_days"),
        moments=tuple((word, at) for key, word in MOMENT_KEYS if (at := _moment(said.get(key))) is not None),
        is_loaded_later=bool(said.get("is_loaded_later")),
    )


def _hours(place: PlaceHours) -> HoursView:
    own = place.state_window
    is_open = place.federal.is_inside and (place.state is None or place.state.is_inside)
    return HoursView(
        place=f"{place.state_code}, {place.zone}",
        local=f"{place.local:%a %d %b %Y, %H:%M}",
        day=" and ".join(place.holiday.names) if place.holiday else "",
        hours=_window(place.effective),
        is_open=is_open,
        basis=own.citation if own is not None and own.is_own_rule else "47 CFR 64.1200(c)(1)",
    )


def _window(window: Window | None) -> str:
    return "no calls this day" if window is None else f"{_clock(window.start_s)} to {_clock(window.end_s)}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
