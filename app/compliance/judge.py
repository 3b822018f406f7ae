"""What do the rules say of a call, from its facts and what was heard? One way for files, recordings and the house's own calls.

Spots the phrase packs, finds the numbers of people, asks every rule. Nothing here reads a file, a clock or a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.compliance.case import Reference, build_case, first_words_of_consumer_s
from app.compliance.engine import evaluate
from app.compliance.facts import Facts, HeardVoice
from app.compliance.finding import FindingValue
from app.compliance.rule_set import RuleSet
from app.conversation import KeywordHit, Listening, Tone
from app.language.absences import Absence, find_absences, find_groups
from app.language.matching import PackSet
from app.language.redact_text import find_all_sensitive
from app.language.sensitive import SensitiveSpan
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import VoiceLabel


@dataclass(frozen=True, slots=True)
class Judged:
    """Everything the rules say of a call, passes included, with the phrases and numbers of people they rest on; ``states``
    are where the consumer may be, two letters each."""

    hits: tuple[KeywordHit, ...]
    sensitive: tuple[SensitiveSpan, ...]
    findings: tuple[FindingValue, ...]
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules, packs and tables that calls are held against; ``packs_version`` None: the number the packs give themselves."""

    rules: RuleSet
    packs: PackSet
    reference: Reference
    packs_version: str | None = None

    @property
    def versions(self) -> Mapping[str, Any]:
        """Which rules, packs and tables these are."""
        packs = self.packs_version or str(self.packs.source.version)
        return {"phrase_packs": packs, "rule_set": self.rules.version, "reference": dict(self.reference.versions)}

    def judge(
        self,
        facts: Facts,
        *,
        tones: Iterable[Tone] = (),
        recording_s: float = 0.0,
        as_of: datetime | None = None,
        heard: Judged | None = None,
        hits: tuple[KeywordHit, ...] | None = None,
    ) -> Judged:
        """Return what the rules say of a call; ``recording_s`` is the length of its recording, ``as_of`` when this is asked.

        ``heard`` is what a judge with the same packs found on the same call: its phrases and numbers are not looked for again.
        ``hits`` are the phrases alone, where :meth:`listen` found them before.
        """
        duration_s = _length_s(facts, recording_s)
        if heard is not None:
            hits, sensitive = heard.hits, heard.sensitive
        else:
            hits = self.listen(facts, recording_s=recording_s) if hits is None else hits
            sensitive = find_all_sensitive(facts.utterances, tones, hits)
        case = build_case(
            facts,
            hits,
            self.reference,
            absences=self._absences(facts, hits, duration_s),
            said={pack.id: find_groups(pack, hits) for pack in self.packs.source.packs if pack.groups},
            sensitive=sensitive,
            as_of=as_of,
        )
        return Judged(hits, sensitive, evaluate(case, self.rules), case.place.states)

    def listen(self, facts: Facts, *, recording_s: float = 0.0) -> tuple[KeywordHit, ...]:
        """Return the phrases of the packs that are heard on a call."""
        return spot(facts.utterances, self.packs, duration_s=_length_s(facts, recording_s)) if facts.utterances else ()

    def _absences(self, facts: Facts, hits: tuple[KeywordHit, ...], duration_s: float) -> tuple[Absence, ...]:
        if not facts.utterances:
            return ()
        return find_absences(
            hits,
            self.packs,
            duration_s=duration_s,
            origin_s=first_words_of_consumer_s(facts),
            utterances=facts.utterances,
            names=frozenset({facts.seller.casefold()}) if facts.seller else frozenset(),
        )


def _length_s(facts: Facts, recording_s: float) -> float:
    return max([recording_s or facts.duration_s or 0.0, *(u.span.end_s for u in facts.utterances)])


def join_listening(facts: Facts, listening: Listening, *, is_heard_elsewhere: bool = False) -> Facts:
    """Return the facts of a call with what was heard on its recording."""
    version = listening.engine.get("voice")
    voice = HeardVoice(
        verdict=listening.caller_voice,
        detector_version=None if version is None else str(version),
        is_heard_elsewhere=is_heard_elsewhere,
        whole=Span(0.0, listening.duration_s),
    )
    is_known = listening.caller_voice.label is not VoiceLabel.UNKNOWN or bool(listening.caller_voice.reasons)
    return replace(
        facts,
        utterances=listening.utterances,
        caller_voice=voice if is_known else None,
        is_recorded=True if facts.is_recorded is None else facts.is_recorded,
    )
