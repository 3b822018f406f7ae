"""The API's routes about consents: put one on record, find and read them, take one back, hand in a vendor's answer."""

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field
from pydantic_core import to_json

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.consent_records.queries import ConsentFilters, ConsentLine, list_consents, load_consent
from app.compliance.consent_records.record import LONGEST_TEXT, RecordRefused, read_record
from app.compliance.consent_records.service import (
    GIVEN,
    LONGEST_COMMENT,
    Revocation,
    get_consent,
    keep_answer,
    record_alone,
    revoke_consent,
)
from app.compliance.consents import ELEMENTS
from app.errors import Conflict, InvalidInput
from app.phone import parse_nanp
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import CertificateStanding, ConsentAct, ConsentStanding, OptOutScope, OptOutWay
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query, Short
from app.web.presenters.consents import read_filters, write_cursor

KEYED = {"parameters": [KEY_HEADER]}
NO_CONSENT = {404: "There is no such consent."}
DIFFERS = {409: "Another consent is on record under the id, or the Idempotency-Key came with another request."}
Flag = Field(None, description="left out where nobody knows")
Element = Literal["E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11"]


class ConsentIn(Body):
    """A consent as it was collected; what nobody states is left out and never counts as given."""

    external_id: str = Short
    number: str = Field(min_length=1, max_length=40)
    given_at: AwareDatetime
    seller: str | None = Field(None, min_length=1, max_length=200)
    source: str | None = Field(None, min_length=1, max_length=200, description="external id of a call source on record")
    person: str | None = Field(None, min_length=1, max_length=200)
    text: str | None = Field(None, min_length=1, max_length=LONGEST_TEXT, description="exactly as it was shown; it is hashed")
    page_url: str | None = Field(None, max_length=2000)
    form_version: str | None = Field(None, max_length=200)
    act: ConsentAct | None = None
    ip: str | None = Field(None, max_length=60)
    user_agent: str | None = Field(None, max_length=1000)
    session_id: str | None = Field(None, max_length=200)
    purpose: str | None = Field(None, max_length=500)
    channels: list[Literal["call", "automated_call", "text", "email"]] | None = Field(None, max_length=4)
    rendering: str | None = Field(None, max_length=500, description="where a picture of the page lies")
    esign_basis: str | None = Field(None, max_length=500)
    written: bool | None = Flag
    signed: bool | None = Flag
    names_seller: bool | Literal["partners"] | None = Flag
    automated_calls: bool | None = Flag
    names_number: bool | None = Flag
    conspicuous: bool | None = Flag
    discloses_calls: bool | None = Flag
    not_condition: bool | None = Flag
    certificate: str | None = Field(None, max_length=500, description="address or id of a certificate")
    certificate_kind: Literal["trustedform", "leadid"] | None = None
    certificate_created_at: AwareDatetime | None = None
    certificate_retained_at: AwareDatetime | None = None
    certificate_expires_at: AwareDatetime | None = None
    certificate_submission_detected: bool | None = None
    certificate_phone_match: bool | None = None


class RecordedConsentOut(Answer):
    """The consent on record; ``is_new`` is false where the same was sent before."""

    id: str
    external_id: str
    is_new: bool
    record_sha256: str
    text_sha256: str | None
    screened_again: int = Field(description="calls of the number that are screened again")


class ConsentsQuery(Query):
    """Which consents are wanted."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=80)
    number: str | None = Field(None, max_length=40)
    seller: str | None = Field(None, max_length=200, description="part of the name")
    standing: ConsentStanding | None = None
    lacks: Element | None = Field(None, description="an element that is missing or not known")
    certificate: CertificateStanding | None = None


class ConsentOut(Answer):
    """A consent, what it proves by itself now (E1 to E11: true, false, "partners", or null), and its certificate."""

    id: str
    external_id: str
    number: str
    seller: str | None
    given_at: AwareDatetime
    recorded_at: AwareDatetime
    standing: ConsentStanding
    elements: dict[str, bool | str | None]
    text_sha256: str | None
    certificate_standing: CertificateStanding
    certificate: dict[str, Any] | None
    certificate_expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    revocation: dict[str, Any] | None


class ConsentsOut(Answer):
    """A page of consents, newest first; ``is_cut``: so many were looked at that the page was ended before it was full."""

    items: list[ConsentOut]
    next_cursor: str | None
    is_cut: bool


class VendorAnswerOut(Answer):
    """An answer of a certificate's vendor on record."""

    id: str
    vendor: str
    asked_at: AwareDatetime
    how: Literal["asked", "given"]
    status: int | None
    sha256: str


class RelyingCallOut(Answer):
    """A call of the number since; ``outcomes`` of the rules on consent by rule."""

    id: str
    external_id: str
    started_at: AwareDatetime
    outcomes: dict[str, str]
    is_judged_with: bool | None = Field(description="whether its screening knew this consent; null where that is not told")


class ConsentDetailOut(ConsentOut):
    """A consent with everything that was shown, the vendor's answers, and the newest calls since."""

    shown: dict[str, Any]
    recorded_by: str | None
    answers: list[VendorAnswerOut]
    calls: list[RelyingCallOut]
    has_more_calls: bool


class RevocationIn(Body):
    """That consent is taken back, from when and for whom."""

    revoked_at: AwareDatetime
    scope: OptOutScope
    way: OptOutWay
    told_by: str = Field("", max_length=200)
    comment: str = Field("", max_length=LONGEST_COMMENT)


class RevokedOut(Answer):
    """The consents of the number whose revocation is new or moved to an earlier day; none where nothing changed."""

    id: str
    revoked_at: AwareDatetime
    changed: list[str]


class CertificateAnswerIn(Body):
    """A vendor's answer; ``text`` holds it to the letter, so that its hash proves it."""

    text: str | None = Field(None, min_length=2, max_length=256_000)
    answer: dict[str, Any] | None = Field(None, description="the same as an object; kept as compact JSON")


class KeptAnswerOut(Answer):
    """What the answer changed of the certificate; ``problem`` where it proves nothing."""

    id: str
    sha256: str
    is_new: bool
    changed: list[str]
    problem: str | None


def add_consent_routes(api: APIBlueprint, uow: UnitOfWork, clock: Clock) -> None:
    """Add the routes below ``/consents``."""

    @api.post("/consents", endpoint="record_consent")
    @idempotent(uow)
    @require(Permission.CONSENTS_MANAGE)
    @api.doc(
        summary="Put a consent on record, once",
        responses=answers(DIFFERS, {200: "The same was on record."}),
        security="token",
        extensions=KEYED,
    )
    @api.input(ConsentIn, arg_name="body")
    @api.output(RecordedConsentOut, 201)
    def record(body: ConsentIn) -> Any:
        cells = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in body if value is not None}
        try:
            record = read_record(cells)
            made = record_alone(uow, current_identity().actor, record)
        except RecordRefused as refusal:
            raise InvalidInput(refusal.message, **refusal.details) from None
        except Conflict as conflict:
            raise Conflict("another consent is on record under this external_id", code=conflict.code) from None
        out = RecordedConsentOut(
            id=made.id,
            external_id=record.external_id,
            is_new=made.is_new,
            record_sha256=record.sha256,
            text_sha256=record.text_sha256,
            screened_again=made.screened_again,
        )
        return out, 201 if made.is_new else 200

    @api.get("/consents", endpoint="list_consents")
    @require(Permission.CONSENTS_VIEW)
    @api.doc(summary="List consents", responses=answers(), security="token")
    @api.input(ConsentsQuery, location="query", arg_name="query")
    @api.output(ConsentsOut)
    def list_them(query: ConsentsQuery) -> Any:
        filters = ConsentFilters(
            number=_read_number(query.number),
            seller=query.seller or None,
            standing=query.standing,
            lacks=query.lacks,
            certificate=query.certificate,
            cursor=read_filters({"after": query.cursor or ""}).cursor,
            limit=query.limit,
        )
        if query.cursor and filters.cursor is None:
            raise InvalidInput("cursor: expected next_cursor of the page before", field="cursor")
        with uow.read() as session:
            page = list_consents(session, filters, clock.now())
        return ConsentsOut(
            items=[ConsentOut(**_describe(line)) for line in page.lines],
            next_cursor=write_cursor(page.next_cursor),
            is_cut=page.is_cut,
        )

    @api.get("/consents/<consent_id>", endpoint="read_consent")
    @require(Permission.CONSENTS_VIEW)
    @api.doc(summary="Read a consent with its proof", responses=answers(NO_CONSENT), security="token")
    @api.output(ConsentDetailOut)
    def read(consent_id: str) -> Any:
        with uow.read() as session:
            detail = load_consent(session, consent_id, clock.now())
        row = detail.line.row
        return ConsentDetailOut(
            **_describe(detail.line),
            shown=dict(row.shown or {}),
            recorded_by=row.recorded_by,
            answers=[
                VendorAnswerOut(
                    id=each.id,
                    vendor=each.vendor,
                    asked_at=each.asked_at,
                    how="asked" if each.how == "asked" else "given",
                    status=each.status,
                    sha256=each.sha256,
                )
                for each in detail.answers
            ],
            calls=[
                RelyingCallOut(
                    id=call.id,
                    external_id=call.external_id,
                    started_at=call.started_at,
                    outcomes=dict(call.outcomes),
                    is_judged_with=call.is_judged_with,
                )
                for call in detail.calls
            ],
            has_more_calls=detail.has_more_calls,
        )

    @api.post("/consents/<consent_id>/revocation", endpoint="revoke_consent")
    @idempotent(uow)
    @require(Permission.CONSENTS_MANAGE)
    @api.doc(
        summary="Take a consent back; of two revocations the earlier day counts",
        responses=answers(NO_CONSENT, CONFLICT),
        security="token",
        extensions=KEYED,
    )
    @api.input(RevocationIn, arg_name="body")
    @api.output(RevokedOut)
    def revoke(consent_id: str, body: RevocationIn) -> Any:
        revocation = Revocation(at=body.revoked_at, scope=body.scope, way=body.way, told_by=body.told_by, comment=body.comment)
        with uow.begin(current_identity().actor) as work:
            changed = revoke_consent(work, consent_id, revocation)
            revoked_at = get_consent(work.session, consent_id).revoked_at
        return RevokedOut(id=consent_id, revoked_at=revoked_at or body.revoked_at, changed=list(changed))

    @api.post("/consents/<consent_id>/certificate-answer", endpoint="keep_certificate_answer")
    @idempotent(uow)
    @require(Permission.CONSENTS_MANAGE)
    @api.doc(
        summary="Hand in what the certificate's vendor answered",
        responses=answers(NO_CONSENT, CONFLICT),
        security="token",
        extensions=KEYED,
    )
    @api.input(CertificateAnswerIn, arg_name="body")
    @api.output(KeptAnswerOut)
    def hand_in(consent_id: str, body: CertificateAnswerIn) -> Any:
        if (body.text is None) == (body.answer is None):
            raise InvalidInput("expected text or answer, one of the two", field="text")
        content = body.text.encode() if body.text is not None else to_json(body.answer)
        with uow.begin(current_identity().actor) as work:
            kept = keep_answer(work, consent_id, content, how=GIVEN)
        return KeptAnswerOut(
            id=kept.id, sha256=kept.sha256, is_new=kept.is_new, changed=list(kept.changed), problem=kept.reading.problem
        )


def _describe(line: ConsentLine) -> dict[str, Any]:
    row = line.row
    return {
        "id": row.id,
        "external_id": row.external_id,
        "number": row.number,
        "seller": row.seller,
        "given_at": row.given_at,
        "recorded_at": row.recorded_at,
        "standing": line.standing,
        "elements": {name: line.reading.elements[name] for name in ELEMENTS},
        "text_sha256": row.text_sha256,
        "certificate_standing": line.certificate,
        "certificate": row.certificate,
        "certificate_expires_at": line.expires_at,
        "revoked_at": row.revoked_at,
        "revocation": row.revocation,
    }


def _read_number(text: str | None) -> str | None:
    if text is None:
        return None
    number = parse_nanp(text)
    if number is None:
        raise InvalidInput("number: expected a North American telephone number such as +12125550123", field="number")
    return number
