"""Was this one attempt too many? Counts attempts on one person within a state's rolling time.

Time is elapsed time, so daylight saving plays no part: with T the call, attempts in (T - 24 h, T] count, answered or not. What
counts together is the state's: entity and subject in Florida, Maryland and Oklahoma, entity and number in Oregon. A field that
is not known on one side could be the same: the count then has a sure and a possible part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app.compliance.place.state_rules import FrequencyCap, StateRules
from app.vocabulary import AttemptKind


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
    seen = [
        attempt
        for attempt in attempts
        if since < attempt.at <= moment and (cap.does_count_texts or attempt.kind is AttemptKind.CALL)
    ]
    subjects = {_plain(attempt.subject) for attempt in seen if attempt.subject}
    ours = {"entity": _plain(entity), "number": _plain(number), "subject": _plain(subject)}
    if ours["subject"] is None and len(subjects) == 1:
        ours["subject"] = next(iter(subjects))
    answers = [_is_same(cap.group_by, ours, attempt, are_subjects_mixed=len(subjects) > 1) for attempt in seen]
    return FrequencyResult(
        state=rules.code,
        cap=cap,
        sure=1 + answers.count(True),
        possible=1 + sum(answer is not False for answer in answers),
        counted_at=tuple(sorted(attempt.at for attempt, answer in zip(seen, answers, strict=True) if answer is not False)),
        other_subjects=tuple(
            sorted({a.subject for a, answer in zip(seen, answers, strict=True) if answer is False and a.subject})
        ),
    )


def _is_same(
    group_by: tuple[str, ...], ours: dict[str, str | None], attempt: AttemptLike, *, are_subjects_mixed: bool
) -> bool | None:
    """Tell whether an attempt counts with this call; None where that cannot be told."""
    answer: bool | None = True
    theirs = {"entity": _plain(attempt.entity), "number": _plain(attempt.number), "subject": _plain(attempt.subject)}
    for field in group_by:
        mine, other = ours[field], theirs[field]
        if mine and other and mine != other:
            return False
        # Facts of one call speak of one entity and one number unless they say otherwise; only subjects are known to mix.
        if field == "subject" and are_subjects_mixed and not (mine and other):
            answer = None
    return answer


def _plain(text: str | None) -> str | None:
    return " ".join(text.lower().split()) or None if text else None
