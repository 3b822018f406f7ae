"""Which counts over a window are too many? Findings left open, certificates used for several people, consents denied.

Nothing here is a test of chance: one certificate for two people is one too many by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.compliance.patterns.values import CertificateUse, Denials, OpenFindings, Pattern
from app.compliance.rule_set import Rule


def find_open_findings(rows: Sequence[OpenFindings], rule: Rule, now: datetime) -> tuple[Pattern, ...]:
    """Return the publishers whose critical findings stay open, those with most first."""
    many = [row for row in rows if row.findings >= rule.params["least_findings"]]
    return tuple(
        Pattern(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            subject=row.subject,
            sentence=(
                f"{_say(row.findings, 'critical finding')} on {_say(row.calls, 'call')} of {row.subject} "
                f"{'has' if row.findings == 1 else 'have'} been open for more than {rule.params['older_than_days']} days, "
                f"the oldest for {(now - row.oldest_at).days}. Nobody has agreed with or refused "
                f"{'it' if row.findings == 1 else 'them'}: decide."
            ),
            evidence={
                "findings": row.findings,
                "calls": row.calls,
                "oldest_at": row.oldest_at.isoformat(),
                "rules": dict(row.rules),
            },
            citations=rule.citations,
        )
        for row in sorted(many, key=lambda row: (-row.findings, row.subject))
    )


def find_reused_certificates(rows: Sequence[CertificateUse], rule: Rule) -> tuple[Pattern, ...]:
    """Return the certificates that stand for several numbers or many buyers, the most used first."""
    most_numbers, most_sellers = rule.params["most_numbers"], rule.params["most_sellers"]
    reused = [row for row in rows if row.numbers > most_numbers or row.sellers > most_sellers]
    return tuple(
        Pattern(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            subject=row.subject,
            sentence=(
                f"Certificate {row.certificate} stands for {_say(row.numbers, 'number')} and {_say(row.sellers, 'buyer')} in "
                f"{_say(row.consents, 'consent')}{f' of {row.subject}' if row.subject else ''}. "
                f"It records one visit of one person."
            ),
            evidence={
                "certificate": row.certificate,
                "numbers": row.numbers,
                "buyers": row.sellers,
                "consents": row.consents,
            },
            citations=rule.citations,
        )
        for row in sorted(reused, key=lambda row: (-row.numbers, -row.sellers, row.certificate))
    )


def find_denied_sources(rows: Sequence[Denials], rule: Rule) -> tuple[Pattern, ...]:
    """Return the sources whose callers deny having agreed more often than is borne, the most denied first."""
    many = [row for row in rows if len(row.calls) > rule.params["most_denials"]]
    return tuple(
        Pattern(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            subject=row.subject,
            sentence=(
                f"{len(row.calls)} callers of {row.subject} said within {rule.params['days']} days that they never agreed "
                f"to be contacted. Freeze the source until its consents have been checked."
            ),
            evidence={"calls": len(row.calls), "days": rule.params["days"]},
            citations=rule.citations,
            call_ids=row.calls,
        )
        for row in sorted(many, key=lambda row: (-len(row.calls), row.subject))
    )


def _say(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count:,} {what}s"
