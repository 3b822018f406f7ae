"""What does the page of one consent show? Its eleven elements with their proof, certificate, answers, calls, and history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.access.identity import Identity
from app.access.masking import show_caller
from app.access.permissions import Permission
from app.compliance.consent_records.look_up import NEEDED_SETTINGS
from app.compliance.consent_records.queries import ConsentDetail, RelyingCall
from app.compliance.consents import ELEMENTS, PARTNERS
from app.models.consumers import CertificateAnswer
from app.models.screening import Consent
from app.vocabulary import EventKind, OptOutScope, OptOutWay
from app.web.formatting import write_title
from app.web.presenters.call_list import Choice
from app.web.presenters.consents import CERTIFICATES, STANDINGS

YES, NO, UNKNOWN = ("Yes", "good", "circle-check"), ("No", "critical", "circle-x"), ("Not known", "medium", "circle-help")
OPEN_PARTNERS = ("Partners only", "medium", "circle-alert")
VENDOR_WORDS = {"trustedform": "TrustedForm", "leadid": "LeadiD"}
SHOWN_WORDS = (
    ("person", "Person"), ("page_url", "Page"), ("form_version", "Form and version"), ("act", "What the person did"),
    ("channels", "For"), ("purpose", "Purpose"), ("ip", "Internet address"), ("user_agent", "Browser"),
    ("session_id", "Session"), ("rendering", "Picture of the page"), ("esign_basis", "E-SIGN basis"),
)  # fmt: skip
CERTIFICATE_WORDS = (
    ("created_at", "Made"), ("expires_at", "Expires unless kept"), ("retained_at", "Kept by the vendor since"),
    ("kept_until", "Kept until"),
)  # fmt: skip
EVENT_WORDS = {
    EventKind.CONSENT_RECORDED: "Put on record",
    EventKind.CONSENT_REVOKED: "Revoked",
    EventKind.CERTIFICATE_ASKED: "Vendor's answer kept",
}


@dataclass(frozen=True, slots=True)
class ElementView:
    """One element: its name, what it asks, the answer, and what proves it."""

    name: str
    asks: str
    answer: tuple[str, str, str]
    proof: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of the certificate."""

    title: str
    answer: tuple[str, str, str]
    note: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer of a vendor, with its hash."""

    url: str
    at: datetime
    vendor: str
    how: str
    by: str
    status: int | None
    sha256: str
    byte_count: int


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the history."""

    at: datetime
    what: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class CallView:
    """A call that came after the consent."""

    url: str
    external_id: str
    started_at: datetime
    outcomes: tuple[tuple[str, str, str], ...]
    note: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Everything the page prints."""

    id: str
    external_id: str
    number: str
    seller: str
    source: str | None
    given_at: datetime
    recorded_at: datetime
    recorded_by: str
    standing: tuple[str, str, str]
    elements: tuple[ElementView, ...]
    text: str | None
    text_sha256: str | None
    text_holds: bool
    shown: tuple[tuple[str, str], ...]
    number_sha256: str
    certificate: tuple[str, str, str]
    certificate_id: str | None
    certificate_vendor: str
    certificate_place: str | None
    certificate_dates: tuple[tuple[str, datetime], ...]
    certificate_facts: tuple[tuple[str, str], ...]
    checks: tuple[CheckView, ...]
    answers: tuple[AnswerView, ...]
    calls: tuple[CallView, ...]
    has_more_calls: bool
    revoked_at: datetime | None
    revocation: tuple[tuple[str, str], ...]
    events: tuple[EventView, ...]
    others: tuple[tuple[str, str, datetime], ...]
    scopes: tuple[Choice, ...]
    ways: tuple[Choice, ...]
    typed: Mapping[str, str]
    problems: Mapping[str, str]
    may_manage: bool
    may_ask: bool
    missing_setting: str | None


def present_consent(
    detail: ConsentDetail,
    names: Mapping[str, str],
    identity: Identity,
    now: datetime,
    *,
    vendors: Mapping[str, object],
    typed: Mapping[str, str],
    problems: Mapping[str, str],
) -> ConsentView:
    """Return the page."""
    row, line = detail.line.row, detail.line
    shown, certificate = row.shown or {}, row.certificate or {}
    kind, text = str(certificate.get("kind") or ""), shown.get("text")
    return ConsentView(
        id=row.id,
        external_id=row.external_id,
        number=show_caller(row.number, identity),
        seller=row.seller or "nobody named",
        source=detail.source,
        given_at=row.given_at,
        recorded_at=row.recorded_at,
        recorded_by=names.get(row.recorded_by or "", row.recorded_by or "not known"),
        standing=STANDINGS[line.standing],
        elements=tuple(
            ElementView(name, asks, _answer(line.reading.elements[name]), _prove(name, detail))
            for name, asks in ELEMENTS.items()
        ),
        text=text,
        text_sha256=row.text_sha256,
        text_holds=text is not None and sha256(str(text).encode()).hexdigest() == row.text_sha256,
        shown=tuple((word, _say(shown[name])) for name, word in SHOWN_WORDS if shown.get(name)),
        number_sha256=sha256(row.number.encode()).hexdigest(),
        certificate=CERTIFICATES[line.certificate],
        certificate_id=certificate.get("id"),
        certificate_vendor=VENDOR_WORDS.get(kind, "an unknown vendor"),
        certificate_place=certificate.get("url"),
        certificate_dates=tuple(
            (word, at) for name, word in CERTIFICATE_WORDS if (at := _moment(certificate.get(name))) is not None
        ),
        certificate_facts=_certificate_facts(certificate),
        checks=_checks(detail) if certificate.get("id") else (),
        answers=tuple(_present_answer(answer, row, names) for answer in detail.answers),
        calls=tuple(map(_present_call, detail.calls)),
        has_more_calls=detail.has_more_calls,
        revoked_at=row.revoked_at,
        revocation=_present_revocation(row),
        events=tuple(
            EventView(e.at, EVENT_WORDS.get(e.kind, write_title(e.kind)), names.get(e.actor, e.actor), _note(e.payload))
            for e in detail.events
        ),
        others=tuple((f"/compliance/consents/{other.id}", other.external_id, other.given_at) for other in detail.others),
        scopes=(
            Choice("seller", f"this seller ({row.seller})" if row.seller else "this seller", typed.get("scope") != "everybody"),
            Choice("everybody", "everybody: all consents of the number", typed.get("scope") == "everybody"),
        ),
        ways=tuple(Choice(str(way), write_title(way), typed.get("way") == way) for way in OptOutWay),
        typed={"revoked_at": f"{now:%Y-%m-%dT%H:%M}", **typed},
        problems=problems,
        may_manage=identity.may(Permission.CONSENTS_MANAGE),
        may_ask=kind in vendors,
        missing_setting=NEEDED_SETTINGS.get(kind) if kind not in vendors else None,
    )


def _answer(value: bool | str | None) -> tuple[str, str, str]:
    if value == PARTNERS:
        return OPEN_PARTNERS
    return {True: YES, False: NO}.get(value, UNKNOWN) if isinstance(value, bool) else UNKNOWN


def _prove(name: str, detail: ConsentDetail) -> str:
    """Return what the answer rests on, in words."""
    row = detail.line.row
    shown = row.shown or {}
    source = f"stated by the sender{', who gave the text below' if shown.get('text') else '; the text was not given'}"
    act = f"; the person's act: {write_title(shown['act']).lower()}" if shown.get("act") else ""
    is_in_text = row.seller and shown.get("text") and row.seller.casefold() in str(shown["text"]).casefold()
    told = {
        "E2": f"{source}{act}",
        "E3": f"{source}; the record names {row.seller or 'nobody'}{', and so does the text' if is_in_text else ''}",
        "E5": f"{source}; the record is for this number",
        "E7": source if "discloses_calls" in row.elements else "carried by E6, as nobody states it apart",
        "E9": f"given {row.given_at:%d %b %Y, %H:%M:%S} UTC; each call is held against that moment",
        "E10": f"revoked {row.revoked_at:%d %b %Y, %H:%M} UTC" if row.revoked_at else "no revocation is on record",
        "E11": _prove_match(detail),
    }
    return told.get(name, source)


def _prove_match(detail: ConsentDetail) -> str:
    certificate = detail.line.row.certificate or {}
    if not certificate.get("id"):
        return "no certificate is on record"
    if certificate.get("phone_match") is None:
        return "the vendor has not said whether the number matches"
    return "by the vendor's answer" if detail.answers else "by the sender's word; the vendor's answer is not on record"


def _checks(detail: ConsentDetail) -> tuple[CheckView, ...]:
    line, certificate = detail.line, detail.line.row.certificate or {}
    shape = f"expected {detail.shape_expected}" if detail.shape_expected else "the vendor is not known"
    host = f"it is said to lie at {certificate['host']}" if certificate.get("host") else "given by its id alone"
    expires = f"{line.expires_at:%d %b %Y, %H:%M} UTC" if line.expires_at else ""
    return (
        CheckView("Shape of the id", _answer(detail.is_shape_right), shape),
        CheckView("Lies at its vendor's host", _answer(detail.is_host_right), host),
        CheckView("Can still be shown", CERTIFICATES[line.certificate], expires),
        CheckView("Made with this number", _answer(line.reading.elements["E11"]), _prove_match(detail)),
    )


def _certificate_facts(certificate: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    facts: list[tuple[str, str]] = []
    if certificate.get("page_url") or certificate.get("page_host"):
        facts.append(("Page, by the vendor", str(certificate.get("page_url") or certificate["page_host"])))
    if isinstance(certificate.get("bot_detected"), bool):
        facts.append(("Filled in by a bot", "yes" if certificate["bot_detected"] else "no"))
    if isinstance(certificate.get("seconds_on_page"), int | float):
        facts.append(("Time on the page", f"{certificate['seconds_on_page']:g} s"))
    scan = certificate.get("scan")
    if isinstance(scan, Mapping) and isinstance(scan.get("seller_found"), bool):
        facts.append(("Seller's name in the page's text", "found" if scan["seller_found"] else "not found"))
    answer = certificate.get("answer")
    audit = answer.get("audit") if isinstance(answer, Mapping) else None
    if isinstance(audit, Mapping) and audit.get("authentic") is not None:
        used_up = str(audit.get("reason")) == "2" and str(audit["authentic"]) == "0"
        said = "look-ups used up; that is no forgery" if used_up else "yes" if str(audit["authentic"]) == "1" else "no"
        facts.append(("Token authentic, by the vendor", said))
    return tuple(facts)


def _present_answer(answer: CertificateAnswer, row: Consent, names: Mapping[str, str]) -> AnswerView:
    kept = answer.answer
    return AnswerView(
        url=f"/compliance/consents/{row.id}/answers/{answer.id}.json",
        at=answer.asked_at,
        vendor=VENDOR_WORDS.get(answer.vendor, answer.vendor),
        how="asked" if answer.how == "asked" else "handed in",
        by=names.get(answer.asked_by, answer.asked_by),
        status=answer.status,
        sha256=answer.sha256,
        byte_count=len(str(kept.get("text", "")).encode()) or len(str(kept.get("base64", ""))) * 3 // 4,
    )


def _present_call(call: RelyingCall) -> CallView:
    looks = {"violation": "critical", "review": "medium", "needs_evidence": "medium", "pass": "good"}
    notes = {True: "", False: "screened without this consent", None: "its screening does not tell which consents it knew"}
    return CallView(
        url=f"/calls/{call.id}",
        external_id=call.external_id,
        started_at=call.started_at,
        outcomes=tuple((rule, write_title(outcome), looks.get(outcome, "info")) for rule, outcome in call.outcomes),
        note=notes[call.is_judged_with] if call.is_screened else "not screened yet",
    )


def _present_revocation(row: Consent) -> tuple[tuple[str, str], ...]:
    told = row.revocation or {}
    scopes = {OptOutScope.SELLER: "this seller", OptOutScope.EVERYBODY: "everybody"}
    facts = (
        ("For", scopes[OptOutScope(told["scope"])] if told.get("scope") else ""),
        ("How it came", write_title(told["way"]) if told.get("way") else ""),
        ("Told by", told.get("told_by") or ""),
        ("Comment", told.get("comment") or ""),
    )
    return tuple((word, str(said)) for word, said in facts if said)


def _note(payload: Mapping[str, Any]) -> str:
    parts = []
    if payload.get("revoked_at"):
        parts.append(f"from {payload['revoked_at'][:16].replace('T', ' ')} UTC on, for {payload.get('scope')}")
    if payload.get("how"):
        parts.append(f"{payload['how']}, {len(payload.get('changed') or [])} facts changed")
    if payload.get("screened_again"):
        parts.append(f"{payload['screened_again']} calls screened again")
    return "; ".join(parts)


def _say(value: object) -> str:
    return ", ".join(write_title(str(item)) for item in value) if isinstance(value, list) else str(value)


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
