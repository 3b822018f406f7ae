"""Was this one attempt too many? Counts attempts on one person within a state's rolling time.

Time is elapsed time, so daylight saving plays no part: with T the call, attempts in (T - 24 h, T] count, answered or not. What
counts together is the state's: entity and subject in Florida, Maryland and Oklahoma, entity and number in Oregon. A field that
is not known on one side could be the same: the count then has a sure and a possible part.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app.compliance.place.state_rules import FrequencyCap, StateRules
from app.vocabulary import AttemptKind

_COMPANY_FORMS = frozenset(("llc", "inc", "corp", "corporation", "co", "company", "ltd", "lp", "llp", "pllc"))


class AttemptLike(Protocol):
    """An earlier attempt; facts of a call and rows of a call log both fit."""

    @property
    def at(self) -> datetime:
        """Return when it was made."""
        ...

    @property
    def subject(self) -> str | None:
        """Return what it was about."""
        ...

    @property
    def entity(self) -> str | None:
        """Return on whose behalf it was made."""
        ...

    @property
    def kind(self) -> AttemptKind:
        """Return whether it was a call or a text."""
        ...

    @property
    def number(self) -> str | None:
        """Return the consumer's number that was tried."""
        ...


@dataclass(frozen=True, slots=True)
class FrequencyResult:
    """How many attempts count together with this one, this one included.

    ``sure`` are those that surely belong together, ``possible`` those that may (a subject or entity is not known).
    ``other_subjects`` are subjects of the same entity that were not counted: several subjects of one seller are worth a note.
    """

    state: str
    cap: FrequencyCap
    sure: int
    possible: int
    counted_at: tuple[datetime, ...]
    other_subjects: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Tell whether the cap is surely passed."""
        return self.sure > self.cap.most

    @property
    def may_be_over(self) -> bool:
        """Tell whether the cap is passed if the unknown fields are the same."""
        return self.possible > self.cap.most


def find_cap(rules: StateRules, *, on: date, is_automated: bool) -> FrequencyCap | None:
    """Return the cap of a state that holds on a day for such a call."""
    cap = rules.cap
    if cap is None or (cap.is_automated_only and not is_automated):
        return None
    return cap if cap.effective_from is None or cap.effective_from <= on else None


def frequency_check(
    rules: StateRules,
    moment: datetime,
    attempts: Iterable[AttemptLike],
    *,
    on: date,
    is_automated: bool = False,
    subject: str | None = None,
    entity: str | None = None,
    number: str | None = None,
) -> FrequencyResult | None:
    """Count the attempts that a state's cap sees at a moment; None where no cap holds on the local day ``on``.

    ``attempts`` are the earlier ones without this call. Where the subject of this call is not known and all earlier attempts
    that name one name the same, this call is taken to be about it too.
    """
    cap = find_cap(rules, on=on, is_automated=is_automated)
    if cap is None:
        return None
    since = moment - timedelta(seconds=cap.window_s)
    ours = {"entity": plain_entity(entity), "number": number}
    same_party = [
        attempt
        for attempt in attempts
        if since < attempt.at <= moment
        and (cap.does_count_texts or attempt.kind is AttemptKind.CALL)
        and not any(field in cap.group_by and _differ(ours[field], _value(attempt, field)) for field in ours)
    ]
    if "subject" not in cap.group_by:
        return _result(rules, cap, sure=same_party)
    return _by_subject(rules, cap, same_party, _plain(subject))


def plain_entity(name: str | None) -> str | None:
    """Return a company's name for comparing: ``Acme Roofs, LLC`` and ``ACME ROOFS`` are one."""
    words = re.sub(r"[^a-z0-9& ]", "", (name or "").lower()).split()
    while len(words) > 1 and words[-1] in _COMPANY_FORMS:
        words.pop()
    return " ".join(words) or None


def _by_subject(rules: StateRules, cap: FrequencyCap, attempts: Sequence[AttemptLike], subject: str | None) -> FrequencyResult:
    named = Counter(plain for attempt in attempts if (plain := _plain(attempt.subject)))
    if subject is None and len(named) > 1:
        # This call can be about one of them at most: the one that was tried most often bounds the count.
        most = named.most_common(1)[0][0]
        return _result(
            rules, cap, sure=(), possible=[a for a in attempts if _plain(a.subject) in (most, None)], others=set(named)
        )
    ours = subject or next(iter(named), None)
    others = set(named) - {ours}
    same = [attempt for attempt in attempts if _plain(attempt.subject) == ours]
    unknown = [attempt for attempt in attempts if ours is not None and _plain(attempt.subject) is None]
    if others:
        return _result(rules, cap, sure=same, possible=[*same, *unknown], others=others)
    return _result(rules, cap, sure=[*same, *unknown])


def _result(
    rules: StateRules,
    cap: FrequencyCap,
    *,
    sure: Sequence[AttemptLike],
    possible: Sequence[AttemptLike] | None = None,
    others: Iterable[str] = (),
) -> FrequencyResult:
    counted = sure if possible is None else possible
    return FrequencyResult(
        state=rules.code,
        cap=cap,
        sure=1 + len(sure),
        possible=1 + len(counted),
        counted_at=tuple(sorted(attempt.at for attempt in counted)),
        other_subjects=tuple(sorted(others)),
    )


def _value(attempt: AttemptLike, field: str) -> str | None:
    return plain_entity(attempt.entity) if field == "entity" else attempt.number


def _differ(mine: str | None, other: str | None) -> bool:
    """Tell whether two values are known and differ; unsaid, an attempt is of the same seller and number as the call."""
    return bool(mine and other and mine != other)


def _plain(text: str | None) -> str | None:
    return " ".join(text.lower().split()) or None if text else None
