"""How does a consent get on record, how is it taken back, and how does a vendor's answer join it? The one door to the tables.

Consents are append-only: what was sent stays, a correction is a new record under its own id, a revocation is a date on it that
only ever moves to an earlier day. Whatever changes what the rules read has the later calls of the number screened again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.consent_records.record import ConsentRecord, Misfit, RecordRefused
from app.compliance.consent_records.vendor_answers import AnswerReading, merge_answer, parse_answer, read_answer
from app.errors import Conflict, InvalidInput, NotFound
from app.models.calls import Call
from app.models.campaigns import CallSource
from app.models.consumers import CertificateAnswer
from app.models.screening import Consent, CurrentScreening
from app.ports import JobRequest
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import EventKind, JobName, OptOutScope, OptOutWay, QueueName

SCREENED_AGAIN_FOR = timedelta(days=60)
MOST_SCREENED_AGAIN = 200
CLOCK_SKEW = timedelta(minutes=5)
LONGEST_COMMENT = 2000
ASKED, GIVEN = "asked", "given"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A consent on record; ``is_new`` is False where the same was sent before."""

    id: str
    is_new: bool
    screened_again: int = 0


@dataclass(frozen=True, slots=True)
class Revocation:
    """That somebody takes consent back: from when, for whom, in which way, and who told it."""

    at: datetime
    scope: OptOutScope
    way: OptOutWay
    told_by: str = ""
    comment: str = ""
    opt_out_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A vendor's answer on record and what it says."""

    id: str
    sha256: str
    reading: AnswerReading
    changed: tuple[str, ...]
    is_new: bool


def record_consent(work: Work, record: ConsentRecord) -> Recorded:
    """Put a consent on record, once: the same content under the same id changes nothing.

    Raises
    ------
    RecordRefused
        When it was given in the future, or by a call source nobody knows.
    Conflict
        When other content is on record under the id: consents are not changed, a correction has an id of its own.
    """
    known = work.session.scalar(select(Consent).where(Consent.external_id == record.external_id))
    if known is not None:
        if not _is_same(known, record):
            raise Conflict(
                f"another consent is on record as {record.external_id}; send a correction under a new id",
                code="consent_differs",
                external_id=record.external_id,
            )
        return Recorded(known.id, is_new=False)
    if record.given_at > work.now + CLOCK_SKEW:
        raise RecordRefused((Misfit("given_at", "expected a moment that has passed", record.given_at.isoformat()),))
    consent = Consent(
        id=work.new_id(),
        external_id=record.external_id,
        number=record.number,
        seller=record.seller,
        elements=dict(record.elements),
        certificate=dict(record.certificate) if record.certificate else None,
        given_at=record.given_at,
        recorded_at=work.now,
        source_id=_find_source(work.session, record.source),
        shown={**record.shown, "record_sha256": record.sha256},
        text_sha256=record.text_sha256,
        recorded_by=work.actor,
    )
    work.session.add(consent)
    work.session.flush()
    told = {
        "external_id": record.external_id,
        "seller": record.seller,
        "given_at": record.given_at.isoformat(),
        "record_sha256": record.sha256,
        "text_sha256": record.text_sha256,
    }
    again = _publish(work, EventKind.CONSENT_RECORDED, consent, told, since=record.given_at)
    return Recorded(consent.id, is_new=True, screened_again=again)


def record_alone(uow: UnitOfWork, actor: str, record: ConsentRecord) -> Recorded:
    """Do the same in a transaction of its own; two senders of one id at the same moment get one record."""
    try:
        with uow.begin(actor) as work:
            return record_consent(work, record)
    except IntegrityError:
        with uow.begin(actor) as work:  # the other one was quicker, and is seen now
            return record_consent(work, record)


def revoke_consent(work: Work, consent_id: str, revocation: Revocation) -> tuple[str, ...]:
    """Take a consent back, and with it every other consent of the number that the scope reaches; return the ids that changed.

    ``seller``: consents that name the same seller; ``everybody``: all of the number. Consents given later stay. A second
    revocation never moves the date to a later day.

    Raises
    ------
    NotFound, InvalidInput
        When the moment lies in the future, or before the consent was given.
    """
    consent = get_consent(work.session, consent_id)
    if revocation.at < consent.given_at:
        raise InvalidInput(
            f"expected a revocation after the consent was given ({consent.given_at:%Y-%m-%d %H:%M:%S} UTC), got an earlier one",
            field="revoked_at",
        )
    return revoke_consents(work, consent.number, revocation, seller=consent.seller, besides=(consent,))


def revoke_consents(
    work: Work, number: str, revocation: Revocation, *, seller: str | None, besides: Iterable[Consent] = ()
) -> tuple[str, ...]:
    """Take back the consents of a number (E.164) that the scope reaches, given before the moment; return the ids that changed.

    ``seller`` counts for the scope of one seller; a consent that names nobody is reached too, as it may be theirs.

    Raises
    ------
    InvalidInput
        When the moment lies in the future.
    """
    if revocation.at > work.now + CLOCK_SKEW:
        raise InvalidInput("expected the moment at which consent was revoked, got one in the future", field="revoked_at")
    rows = select(Consent).where(Consent.number == number, Consent.given_at <= revocation.at).with_for_update()
    asked = {consent.id for consent in besides}
    changed = []
    for row in work.session.scalars(rows.order_by(Consent.id)):
        is_reached = revocation.scope is OptOutScope.EVERYBODY or _same_seller(row.seller, seller)
        if (is_reached or row.id in asked) and _revoke(work, row, revocation):
            changed.append(row.id)
    return tuple(changed)


def keep_answer(work: Work, consent_id: str, content: bytes, *, how: str, status: int | None = None) -> KeptAnswer:
    """Keep a vendor's answer whole, with its hash, and join what it says to the consent's certificate.

    The same bytes handed in again are known and change nothing.

    Raises
    ------
    NotFound
    InvalidInput
        When the consent has no certificate of a vendor known, or the answer is no JSON object.
    """
    consent = get_consent(work.session, consent_id, is_locked=True)
    certificate = consent.certificate or {}
    vendor = certificate.get("kind")
    if not isinstance(vendor, str) or certificate.get("id") is None:
        raise InvalidInput("expected a consent with a certificate of TrustedForm or LeadiD; this one has none", field="vendor")
    sha256 = hashlib.sha256(content).hexdigest()
    answer = parse_answer(content) if how == GIVEN else _parse_leniently(content)
    reading = read_answer(vendor, answer, number=consent.number, asked_at=work.now, seller=consent.seller)
    known = select(CertificateAnswer).where(CertificateAnswer.consent_id == consent_id, CertificateAnswer.sha256 == sha256)
    row = work.session.scalar(known.limit(1)) if how == GIVEN else None
    if row is not None:
        return KeptAnswer(row.id, sha256, reading, (), is_new=False)
    row = CertificateAnswer(
        id=work.new_id(),
        consent_id=consent_id,
        vendor=vendor,
        asked_at=work.now,
        asked_by=work.actor,
        how=how,
        status=status,
        answer=_keep_bytes(content),
        sha256=sha256,
    )
    work.session.add(row)
    is_useful = reading.problem is None and (status is None or 200 <= status < 300)
    merged = merge_answer(certificate, reading) if is_useful else dict(certificate)
    changed = tuple(sorted(name for name, value in merged.items() if certificate.get(name) != value))
    consent.certificate = merged
    work.session.flush()
    told = {"vendor": vendor, "how": how, "status": status, "sha256": sha256, "changed": list(changed)}
    _publish(work, EventKind.CERTIFICATE_ASKED, consent, told, since=consent.given_at if changed else None)
    return KeptAnswer(row.id, sha256, reading, changed, is_new=True)


def read_bytes(row: CertificateAnswer) -> bytes:
    """Return an answer's bytes as they came."""
    kept = row.answer
    return base64.b64decode(kept["base64"]) if "base64" in kept else str(kept["text"]).encode()


def get_consent(session: Session, consent_id: str, *, is_locked: bool = False) -> Consent:
    """Return a consent. Raises NotFound."""
    consent = session.get(Consent, consent_id, with_for_update=is_locked or None)
    if consent is None:
        raise NotFound(f"there is no consent {consent_id}", consent_id=consent_id)
    return consent


def find_calls_to_screen_again(session: Session, numbers: Sequence[str], since: datetime, now: datetime) -> list[str]:
    """Return the screened calls of numbers after a moment, the newest first, of the last sixty days, at most two hundred."""
    begins = max(since, now - SCREENED_AGAIN_FOR)
    found = (
        select(Call.id)
        .join(CurrentScreening, CurrentScreening.call_id == Call.id)
        .where(or_(Call.caller_number.in_(numbers), Call.dialed_number.in_(numbers)), Call.started_at >= begins)
        .order_by(Call.started_at.desc(), Call.id)
    )
    return list(session.scalars(found.limit(MOST_SCREENED_AGAIN)))


def _revoke(work: Work, row: Consent, revocation: Revocation) -> bool:
    """Write a revocation on a consent; False where nothing changes by it."""
    told = {
        "scope": str(revocation.scope),
        "way": str(revocation.way),
        "told_by": revocation.told_by[:200],
        "comment": revocation.comment[:LONGEST_COMMENT],
        "opt_out_id": revocation.opt_out_id,
    }
    before = row.revoked_at
    was = dict(row.revocation or {})
    is_wider = was.get("scope") == OptOutScope.SELLER and revocation.scope is OptOutScope.EVERYBODY
    if before is not None and before <= revocation.at and not is_wider:
        return False
    if before is None or revocation.at < before:
        row.revoked_at, row.revocation, row.revocation_recorded_at = revocation.at, told, work.now
        if was.get("scope") == OptOutScope.EVERYBODY:
            row.revocation = {**told, "scope": was["scope"]}
    else:  # later, and wider: the day stays, the reach grows
        row.revocation = {**was, "scope": told["scope"], "widened_at": revocation.at.isoformat()}
    work.session.flush()
    payload = {
        **{name: value for name, value in told.items() if name != "comment"},
        "external_id": row.external_id,
        "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
        "was_revoked_at": before.isoformat() if before else None,
    }
    _publish(work, EventKind.CONSENT_REVOKED, row, payload, since=revocation.at)
    return True


def _publish(work: Work, kind: EventKind, consent: Consent, told: Mapping[str, Any], *, since: datetime | None) -> int:
    again = [] if since is None else find_calls_to_screen_again(work.session, (consent.number,), since, work.now)
    jobs = tuple(JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call) for call in again)
    work.publish(kind, ("consent", consent.id), {**told, "screened_again": len(again)}, jobs=jobs)
    return len(again)


def _find_source(session: Session, external_id: str | None) -> str | None:
    if external_id is None:
        return None
    found = session.scalar(select(CallSource.id).where(CallSource.external_id == external_id))
    if found is None:
        raise RecordRefused((Misfit("source", "expected the id of a call source on record", external_id),))
    return found


def _is_same(known: Consent, record: ConsentRecord) -> bool:
    """Tell whether what is on record is what is sent; records from before their hash was kept are compared field by field."""
    sha256 = (known.shown or {}).get("record_sha256")
    if sha256 is not None:
        return bool(sha256 == record.sha256)
    mine = (known.number, known.seller, known.given_at, known.elements, known.certificate or None)
    certificate = dict(record.certificate) if record.certificate else None
    return mine == (record.number, record.seller, record.given_at, dict(record.elements), certificate)


def _same_seller(one: str | None, other: str | None) -> bool:
    return one is None or (other is not None and one.casefold().strip() == other.casefold().strip())


def _parse_leniently(content: bytes) -> Mapping[str, Any]:
    """Return the JSON of an answer that was asked for; what is none is kept all the same and says nothing."""
    try:
        return parse_answer(content)
    except InvalidInput as error:
        return {"error": error.message}


def _keep_bytes(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}
