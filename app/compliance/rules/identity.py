"""Is the number that called, or was called, what it claims to be? Checks of numbers, attestation and caller ID."""

from __future__ import annotations

from collections.abc import Iterable

from app.compliance.case import Case
from app.compliance.engine import Judgement, gate, rule_function
from app.compliance.facts import Leg
from app.compliance.place.nanp import NumberCheck, nanp_check
from app.compliance.rule_set import Rule
from app.compliance.stir import CallerIdentity, read_caller_identity
from app.vocabulary import Outcome, Severity

WITHHELD = frozenset({"anonymous", "blocked", "private", "restricted", "unavailable", "unknown", "withheld"})
"""What networks write where a number was held back."""

TOLD = {
    NumberCheck.INVALID: "is no number that can exist",
    NumberCheck.FICTIONAL: "is kept for fiction",
    NumberCheck.NON_GEOGRAPHIC: "belongs to no place, as a consumer's number does",
    NumberCheck.UNASSIGNED_NPA: "has an area code that nobody was given",
    NumberCheck.FOREIGN: "is a number of another country",
}


def identity_of(leg: Leg) -> CallerIdentity:
    """Return what the carrier says of a leg's caller."""
    return read_caller_identity(leg.verstat, leg.verstat_vendor, leg.attestation)


def is_unproved(identity: CallerIdentity) -> bool:
    """Tell whether the carrier says that the caller's right to the number is not proved."""
    return identity.is_validated is False or identity.attestation == "C"


def identity_evidence(identity: CallerIdentity) -> dict[str, object]:
    """Return the attestation as a finding's evidence carries it."""
    return {
        "validated": identity.is_validated,
        "attest": identity.attestation,
        "vendor": identity.vendor,
        "raw": identity.raw,
    }


@rule_function("consumer_number")
def judge_consumer_number(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the consumer's number can be one; worse when the carrier could not vouch for it."""
    if case.origin is None:
        yield Judgement(Outcome.NOT_APPLICABLE, "No leg that touched the consumer was given.")
        return
    number = case.consumer_number
    if number is None or number.casefold() in WITHHELD:
        yield Judgement(Outcome.NEEDS_EVIDENCE, "The consumer's number is not known.", {"number": number})
        return
    check, identity = nanp_check(number), identity_of(case.origin)
    ours = case.origin.to_number if case.is_outbound is False else case.origin.from_number
    evidence = {"check": str(check), **identity_evidence(identity)}
    if check is NumberCheck.OK and number != ours:
        yield Judgement(Outcome.PASS, "The consumer's number can exist.", evidence)
        return
    if check is NumberCheck.FICTIONAL and case.facts.is_made_up:
        yield Judgement(Outcome.NOT_APPLICABLE, "The call is a made-up sample; its numbers are kept for fiction.", evidence)
        return
    why = TOLD.get(check, "is the tracking number itself")
    severity = Severity.HIGH if is_unproved(identity) else rule.severity
    yield Judgement(Outcome.REVIEW, f"The consumer's number {why}.", evidence, severity=severity)


@rule_function("attestation")
def judge_attestation(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether the carrier vouched for the number the consumer called from."""
    if case.origin is None:
        yield Judgement(Outcome.NOT_APPLICABLE, "No leg that touched the consumer was given.")
        return
    identity = identity_of(case.origin)
    evidence = identity_evidence(identity)
    if is_unproved(identity):
        why = "failed its check" if identity.is_validated is False else "came through a gateway (attestation C)"
        yield Judgement(Outcome.REVIEW, f"The caller's number {why}: nobody has proved who called.", evidence)
    elif identity.attestation in ("A", "B"):
        yield Judgement(Outcome.PASS, f"The carrier vouched for the caller ({identity.attestation}).", evidence)
    elif case.is_outbound and identity.raw is not None:
        yield Judgement(Outcome.REVIEW, "The call was placed without a signature.", evidence)
    else:
        yield Judgement(Outcome.NOT_APPLICABLE, "The carrier says nothing of the caller; that is no failed check.", evidence)


@rule_function("caller_id")
def judge_caller_id(case: Case, rule: Rule) -> Iterable[Judgement]:
    """Ask whether a sales call showed a number at which the consumer can ask not to be called."""
    if (why := gate(case)) is not None:
        yield why
        return
    assert case.origin is not None
    number, identity = case.origin.caller_id_number, identity_of(case.origin)
    evidence = {"caller_id_number": number, "caller_id_name": case.origin.caller_id_name, **identity_evidence(identity)}
    if number is None:
        yield Judgement(
            Outcome.NEEDS_EVIDENCE, "Nobody says which number was shown.", {**evidence, "missing": ["caller_id_number"]}
        )
    elif number.casefold() in WITHHELD:
        yield Judgement(Outcome.VIOLATION, "The number was withheld from the consumer.", evidence)
    elif nanp_check(number) in (NumberCheck.INVALID, NumberCheck.FICTIONAL, NumberCheck.UNASSIGNED_NPA):
        yield Judgement(Outcome.VIOLATION, f"The number shown {TOLD[nanp_check(number)]}.", evidence)
    elif is_unproved(identity):
        yield Judgement(Outcome.REVIEW, "The carrier could not vouch for the number that was shown.", evidence)
    else:
        yield Judgement(Outcome.PASS, "A number that can exist was shown.", evidence)
