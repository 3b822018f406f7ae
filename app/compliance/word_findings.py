"""What do the words of a call point to? Turns phrase hits into findings that a person agrees with or refuses.

Words alone never prove a violation, so the outcome is always ``review``. One finding per rule, with every hit as evidence;
a rule whose only hits are low-trust words gives none.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from app.compliance.finding import FindingValue
from app.compliance.rule_titles import find_rule_title
from app.conversation import KeywordHit
from app.vocabulary import Outcome, PackKind

RULE_SET_VERSION = "words-1 voice-2"


def find_in_words(hits: Iterable[KeywordHit]) -> tuple[FindingValue, ...]:
    """Return one finding per rule that trusted hits of violation packs point to, the worst first, then by time."""
    telling = [hit for hit in hits if hit.kind is PackKind.VIOLATION]
    by_rule = groupby(sorted(telling, key=lambda hit: (hit.rule, hit.span)), key=lambda hit: hit.rule)
    findings = [_finding(rule, tuple(group)) for rule, group in by_rule]
    made = [finding for finding in findings if finding is not None]
    return tuple(sorted(made, key=lambda f: (-f.severity.rank, f.span.start_s if f.span else 0.0, f.rule)))


def _finding(rule: str, hits: tuple[KeywordHit, ...]) -> FindingValue | None:
    trusted = [hit for hit in hits if not hit.low_trust]
    if not trusted:
        return None
    first = trusted[0]
    title = find_rule_title(rule)
    times = "once" if len(trusted) == 1 else f"{len(trusted)} times"
    return FindingValue(
        rule=rule,
        outcome=Outcome.REVIEW,
        severity=max((hit.severity for hit in trusted), key=lambda severity: severity.rank),
        reason=f"{title.title}: heard {times}, first at {_clock(first.span.start_s)}: “{first.quote}”.",
        citations=title.sources,
        evidence={"hits": [_evidence(hit) for hit in hits]},
        span=first.span,
    )


def _evidence(hit: KeywordHit) -> dict[str, Any]:
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


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
