"""Does the consent certificate prove what it is shown for?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from app.compliance.case import Case
from app.compliance.certificates import (
    are_lookups_used_up,
    check_host,
    check_id,
    expiry_of,
    is_disowned,
    matches_phone,
)
from app.compliance.engine import Judgement, gate, rule_function
from app.compliance.facts import Certificate, ConsentFacts
from app.compliance.rule_set import Rule
from app.vocabulary import Outcome, Severity


@rule_function("certificate")
def judge_certificates(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Check every certificate that came with the call; a call placed to a consumer should have one."""
    shown = [consent for consent in case.facts.consents if consent.certificate is not None]
    if not shown:
        why = gate(case)
        if why is None:
            why = Judgement(Outcome.NEEDS_EVIDENCE, "No consent certificate came with a call placed to a consumer.")
        yield why
        return
    for consent in shown:
        assert consent.certificate is not None
        yield from _judge(case, rule, consent, consent.certificate)


def _judge(case: Case, rule: Rule, consent: ConsentFacts, certificate: Certificate) -> Iterable[Judgement]:
    evidence = _evidence(certificate)
    doubts = list(_doubts(case, rule, consent, certificate, evidence))
    if doubts:
        yield from doubts
    else:
        yield Judgement(Outcome.PASS, "The certificate has the right shape, host, dates and match.", evidence)


def _doubts(
    case: Case, rule: Rule, consent: ConsentFacts, certificate: Certificate, evidence: dict[str, Any]
) -> Iterable[Judgement]:
    if check_host(certificate) is False:
        said = f"The certificate is said to lie at {certificate.host}, which is not its vendor's host; it was not fetched."
        yield Judgement(Outcome.VIOLATION, said, evidence)
    shape = check_id(certificate)
    if shape is None:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "The certificate's vendor or id is not known.", evidence)
    elif not shape.is_right:
        said = f"The certificate's id has {len(certificate.id or '')} characters; expected {shape.expected}: forged or mangled."
        yield Judgement(Outcome.VIOLATION, said, evidence)
    if (match := matches_phone(certificate, case.consumer_number)) is not True:
        yield _no_match(match, evidence)
    if is_disowned(certificate):
        yield Judgement(Outcome.REVIEW, "The vendor says that the token is not authentic.", evidence)
    if are_lookups_used_up(certificate):
        yield Judgement(
            Outcome.NEEDS_EVIDENCE, "The vendor answers no more look-ups of this token; that is no forgery.", evidence
        )
    yield from _judge_dates(case, rule, consent, certificate, evidence)
    yield from _judge_page(case, rule, consent, evidence)


def _no_match(match: bool | None, evidence: dict[str, Any]) -> Judgement:
    if match is False:
        said = "The form was filled in with another number than the one called."
        return Judgement(Outcome.VIOLATION, said, evidence, severity=Severity.CRITICAL)
    return Judgement(Outcome.NEEDS_EVIDENCE, "Nobody has matched the certificate with the number.", evidence)


def _judge_dates(
    case: Case, rule: Rule, consent: ConsentFacts, certificate: Certificate, evidence: dict[str, Any]
) -> Iterable[Judgement]:
    created, at = certificate.created_at or consent.given_at, case.at
    if created is None or at is None:
        missing = [name for name, known in (("created_at", created), ("started_at", at)) if known is None]
        yield Judgement(Outcome.NEEDS_EVIDENCE, "Unknown: " + ", ".join(missing) + ".", {**evidence, "missing": missing})
        return
    if case.is_outbound and created > at:
        late = round((created - at).total_seconds())
        yield Judgement(
            Outcome.VIOLATION, f"The call came {late} s before the consent was given.", evidence, severity=Severity.CRITICAL
        )
    expiry = expiry_of(certificate)
    for moment, when in ((at, "when the call was placed"), (case.as_of, "now")):
        if expiry is not None and moment is not None and moment > expiry:
            said = f"The certificate was not retained and had expired {when} ({expiry:%Y-%m-%d}): the proof is lost."
            yield Judgement(Outcome.NEEDS_EVIDENCE, said, {**evidence, "expired_at": expiry.isoformat()})
            break
    days = case.facts.campaign.max_lead_age_days or int(rule.params["max_lead_age_days"])
    if at - created > timedelta(days=days):
        said = f"The consent was {(at - created).days} days old; the campaign takes leads of at most {days}."
        yield Judgement(Outcome.REVIEW, said, evidence)


def _judge_page(case: Case, rule: Rule, consent: ConsentFacts, evidence: dict[str, Any]) -> Iterable[Judgement]:
    least_s = float(rule.params["least_seconds_on_page"])
    if consent.is_bot_detected:
        yield Judgement(Outcome.REVIEW, "The vendor saw a bot fill in the form.", evidence)
    if consent.seconds_on_page is not None and consent.seconds_on_page < least_s:
        said = f"The form was sent after {consent.seconds_on_page:g} s; nobody reads it in less than {least_s:g}."
        yield Judgement(Outcome.REVIEW, said, evidence)
    if (named := _is_seller_in_scan(case, consent)) is False:
        yield Judgement(
            Outcome.REVIEW, "The page's text, as the vendor kept it, does not name the seller.", {**evidence, "named": named}
        )


def _is_seller_in_scan(case: Case, consent: ConsentFacts) -> bool | None:
    seller, scan = case.facts.seller, consent.scan
    if seller is None or scan is None:
        return None
    if isinstance(scan, dict) and isinstance(scan.get("seller_found"), bool):
        return bool(scan["seller_found"])
    text = (
        scan
        if isinstance(scan, str)
        else " ".join(map(str, scan.values() if isinstance(scan, dict) else scan))
        if isinstance(scan, dict | list)
        else None
    )
    return seller.casefold() in text.casefold() if text else None


def _evidence(certificate: Certificate) -> dict[str, Any]:
    moments = (("created_at", certificate.created_at), ("retained_at", certificate.retained_at))
    expiry = expiry_of(certificate)
    return {
        "kind": certificate.kind,
        "id": certificate.id,
        "host": certificate.host,
        **{name: at.isoformat() if at else None for name, at in moments},
        "proof_until": expiry.isoformat() if expiry else None,
        "answer": dict(certificate.answer),
    }
