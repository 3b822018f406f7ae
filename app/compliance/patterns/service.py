"""Which patterns do the calls of the last days show? Loads counts, asks the pure questions, names some of the calls.

Nothing is written: a pattern is a view of what is on record, and is gone once its cause is (a finding decided, a window over).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.compliance.patterns import loading
from app.compliance.patterns.counts import find_denied_sources, find_open_findings, find_reused_certificates
from app.compliance.patterns.durations import find_cliffs, find_undercuts
from app.compliance.patterns.rules import get_pattern_rule
from app.compliance.patterns.values import Pattern, SubjectKind
from app.errors import InvalidInput

LONGEST_WINDOW_DAYS = 365


def find_patterns(session: Session, now: datetime, days: int) -> tuple[Pattern, ...]:
    """Return what the calls of the last ``days`` days show together, the gravest first.

    Raises
    ------
    InvalidInput
        If the window is not 1 to 365 days.
    """
    if not 1 <= days <= LONGEST_WINDOW_DAYS:
        raise InvalidInput(f"expected a window of 1 to {LONGEST_WINDOW_DAYS} days, got {days}")
    since = now - timedelta(days=days)
    found = (
        *_find_denied(session, now),
        *_find_open(session, since, now),
        *_find_certificates(session, since, now),
        *_find_cliffs(session, since, now),
        *_find_undercuts(session, since, now),
    )
    return tuple(sorted(found, key=lambda pattern: -pattern.severity.rank))  # a stable sort: each kind keeps its own order


def _find_cliffs(session: Session, since: datetime, now: datetime) -> tuple[Pattern, ...]:
    rule = get_pattern_rule("FRAUD-DURATION-CLIFF")
    patterns = find_cliffs(loading.load_durations(session, SubjectKind.SOURCE, since, now), rule)
    near_s = float(rule.params["near_s"])
    return tuple(_with_calls_near(session, pattern, since, now, 0.0, near_s) for pattern in patterns)


def _find_undercuts(session: Session, since: datetime, now: datetime) -> tuple[Pattern, ...]:
    rule = get_pattern_rule("FRAUD-DURATION-UNDERCUT")
    patterns = find_undercuts(loading.load_durations(session, SubjectKind.ADVERTISER, since, now), rule)
    near_s = float(rule.params["near_s"])
    return tuple(_with_calls_near(session, pattern, since, now, -near_s, 0.0) for pattern in patterns)


def _with_calls_near(session: Session, pattern: Pattern, since: datetime, now: datetime, from_s: float, to_s: float) -> Pattern:
    assert pattern.subject is not None
    return replace(pattern, call_ids=loading.name_calls_near(session, pattern.subject, since, now, from_s=from_s, to_s=to_s))


def _find_open(session: Session, since: datetime, now: datetime) -> tuple[Pattern, ...]:
    rule = get_pattern_rule("TSR-ASSIST")
    older_than = now - timedelta(days=int(rule.params["older_than_days"]))
    if older_than <= since:
        return ()
    patterns = find_open_findings(loading.load_open_findings(session, since, older_than), rule, now)
    return tuple(
        replace(pattern, call_ids=loading.name_open_calls(session, pattern.subject.id, since, older_than))
        for pattern in patterns
        if pattern.subject is not None
    )


def _find_certificates(session: Session, since: datetime, now: datetime) -> tuple[Pattern, ...]:
    rule = get_pattern_rule("FRAUD-CERT-REUSE")
    limits = {
        "more_numbers_than": int(rule.params["most_numbers"]),
        "more_sellers_than": int(rule.params["most_sellers"]),
    }
    patterns = find_reused_certificates(loading.load_certificate_uses(session, since, now, **limits), rule)
    return tuple(
        replace(pattern, call_ids=loading.name_certificate_calls(session, str(pattern.evidence["certificate"]), since, now))
        for pattern in patterns
    )


def _find_denied(session: Session, now: datetime) -> tuple[Pattern, ...]:
    rule = get_pattern_rule("SOURCE-CONSENT-DENIED")
    since = now - timedelta(days=int(rule.params["days"]))
    patterns = find_denied_sources(loading.load_denials(session, str(rule.params["denial_rule"]), since, now), rule)
    return tuple(replace(pattern, call_ids=pattern.call_ids[: loading.MOST_CALLS_NAMED]) for pattern in patterns)
