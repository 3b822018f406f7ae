"""What follows from a call's facts before any rule is asked: origin leg, consumer's number, who placed the call, when, where.

Law attaches to the **origin leg**: the first one that touches the consumer. A call that was transferred reaches the buyer as an
inbound call and looks clean; without its origin leg nothing about who placed it is known, and nothing is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.compliance.facts import Emergency, Facts, Leg
from app.compliance.place.candidates import Candidates, location_candidates
from app.compliance.place.state_rules import StateTable
from app.compliance.place.zones import local_date
from app.conversation import KeywordHit
from app.language.absences import Absence
from app.language.sensitive import SensitiveSpan
from app.vocabulary import LegDirection, LegVoice, Purpose, Speaker, TransferType

SALES = frozenset({Purpose.TELEMARKETING, Purpose.DUAL})
TOUCHES_CONSUMER = frozenset({LegDirection.CONSUMER_PLACED, LegDirection.PLACED_TO_CONSUMER})
AUTOMATED_VOICES = frozenset({LegVoice.PRERECORDED, LegVoice.ARTIFICIAL_AI, LegVoice.SOUNDBOARD})


@dataclass(frozen=True, slots=True)
class Reference:
    """What rules look things up in beside the call's facts; ``versions`` name each table, so that a finding can be replayed."""

    versions: Mapping[str, str] = field(default_factory=dict)
    states: StateTable | None = None
    emergencies: tuple[Emergency, ...] = ()
    is_emergency_table_kept: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A call as rules see it.

    ``place`` is where the consumer may be; no places: nothing is known. ``absences`` are the required texts that nobody said
    in time, ``said`` when each part of such a text was first said, ``sensitive`` where numbers of people were spoken.
    ``is_outbound`` and ``is_sales`` are None where it is not known who placed the call or what it is for; ``as_of`` is the
    moment of screening for rules that look at what has happened since, such as a certificate that has expired.
    """

    facts: Facts
    hits: tuple[KeywordHit, ...]
    reference: Reference
    origin: Leg | None
    is_outbound: bool | None
    is_sales: bool | None
    consumer_number: str | None
    at: datetime | None
    place: Candidates = Candidates((), ())
    absences: tuple[Absence, ...] = ()
    said: Mapping[str, Mapping[int, KeywordHit]] = field(default_factory=dict)
    sensitive: tuple[SensitiveSpan, ...] = ()
    as_of: datetime | None = None

    @property
    def lacks_origin(self) -> bool:
        """Tell whether the call was handed over and nobody says where it came from."""
        return self.origin is None and self.facts.transfer_type in (TransferType.WARM, TransferType.COLD)

    def local_days(self, moment: datetime) -> tuple[date, ...]:
        """Return the calendar days a moment may fall on where the consumer may be, earliest first; none when unknown."""
        return tuple(sorted({local_date(moment, zone) for zone in self.place.zones}))

    @property
    def is_automated(self) -> bool | None:
        """Tell whether a machine speaks on the origin leg; None where it is not known."""
        if self.origin is None or self.origin.voice in (None, LegVoice.UNKNOWN):
            return None
        return self.origin.voice in AUTOMATED_VOICES

    def heard(self, *packs: str, speaker: Speaker | None = None, trusted: bool = True) -> tuple[KeywordHit, ...]:
        """Return the hits of some packs in order of time; low-trust words only when asked for."""
        return tuple(
            hit
            for hit in self.hits
            if hit.pack in packs and (speaker is None or hit.speaker is speaker) and not (trusted and hit.low_trust)
        )


def build_case(
    facts: Facts,
    hits: Iterable[KeywordHit] = (),
    reference: Reference | None = None,
    *,
    absences: Iterable[Absence] = (),
    said: Mapping[str, Mapping[int, KeywordHit]] | None = None,
    sensitive: Iterable[SensitiveSpan] = (),
    as_of: datetime | None = None,
) -> Case:
    """Return the call as rules see it."""
    origin, tables = find_origin(facts.legs), reference or Reference()
    number = find_consumer_number(origin)
    return Case(
        facts=facts,
        hits=tuple(sorted(hits, key=lambda hit: (hit.span, hit.pack))),
        reference=tables,
        origin=origin,
        is_outbound=None if origin is None else origin.direction is LegDirection.PLACED_TO_CONSUMER,
        is_sales=None if facts.purpose is None else facts.purpose in SALES,
        consumer_number=number,
        at=origin.started_at if origin else None,
        place=find_place(facts, number, tables),
        absences=tuple(absences),
        said=said or {},
        sensitive=tuple(sensitive),
        as_of=as_of,
    )


def find_place(facts: Facts, number: str | None, reference: Reference) -> Candidates:
    """Return where the consumer may be (ruling 1: ZIP, stated state, consent's address, area code)."""
    if reference.states is None:
        return Candidates((), ())
    return location_candidates(
        reference.states,
        zip_code=facts.consumer.zip,
        stated_state=facts.consumer.stated_state,
        consent_ip_state=facts.consumer.ip_state,
        number=number,
    )


def first_words_of_consumer_s(facts: Facts) -> float:
    """Return when the consumer first speaks: windows for what has to be said count from there; 0 where nobody knows."""
    return min((u.span.start_s for u in facts.utterances if u.speaker is Speaker.CALLER), default=0.0)


def find_origin(legs: Sequence[Leg]) -> Leg | None:
    """Return the first leg that touches the consumer, or None when none was supplied."""
    return next((leg for leg in sorted(legs, key=lambda leg: leg.seq) if leg.direction in TOUCHES_CONSUMER), None)


def find_consumer_number(origin: Leg | None) -> str | None:
    """Return the consumer's number: who dialled, or who was dialled."""
    if origin is None:
        return None
    return origin.from_number if origin.direction is LegDirection.CONSUMER_PLACED else origin.to_number


def hit_evidence(hit: KeywordHit) -> dict[str, Any]:
    """Return a hit as a finding's evidence carries it."""
    return {
        "pack": hit.pack,
        "phrase": hit.phrase,
        "quote": hit.quote,
        "speaker": str(hit.speaker),
        "start_s": hit.span.start_s,
        "end_s": hit.span.end_s,
        "confidence": round(hit.confidence, 3),
        "low_trust": hit.low_trust,
        "match": hit.match,
    }
