"""One consent in the browser: what it proves, its certificate, who relied on it; take it back, hand in or ask for an answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.consent_records.look_up import ask_vendor
from app.compliance.consent_records.queries import load_consent
from app.compliance.consent_records.service import (
    GIVEN,
    KeptAnswer,
    Revocation,
    keep_answer,
    read_bytes,
    revoke_consent,
)
from app.compliance.consent_records.vendor_answers import LARGEST_ANSWER_BYTES
from app.errors import InvalidInput, NotFound
from app.intake.values import parse_moment
from app.models.consumers import CertificateAnswer
from app.ports import CertificateVendor, Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import OptOutScope, OptOutWay
from app.web.audit_trail import load_actor_names
from app.web.files import answer_file
from app.web.presenters.consent import present_consent

Word = TypeVar("Word", bound=StrEnum)
REVOCATION_FIELDS = ("revoked_at", "scope", "way", "told_by", "comment")


def make_blueprint(uow: UnitOfWork, clock: Clock, vendors: Mapping[str, CertificateVendor]) -> Blueprint:
    """Return the blueprint of /compliance/consents/<id>."""
    bp = Blueprint("consent", __name__, url_prefix="/compliance/consents")

    def render(consent_id: str, *, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> str:
        now = clock.now()
        with uow.read() as session:
            detail = load_consent(session, consent_id, now)
            actors = {event.actor for event in detail.events} | {answer.asked_by for answer in detail.answers}
            names = load_actor_names(session, actors)
            page = present_consent(
                detail, names, current_identity(), now, vendors=vendors, typed=typed or {}, problems=problems or {}
            )
        return render_template("consent.html", page=page)

    @bp.get("/<consent_id>")
    @require(Permission.CONSENTS_VIEW)
    def show(consent_id: str) -> str:
        return render(consent_id)

    @bp.post("/<consent_id>/revocation")
    @require(Permission.CONSENTS_MANAGE)
    def revoke(consent_id: str) -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "").strip()[:2000] for name in REVOCATION_FIELDS}
        try:
            revocation = _read_revocation(typed)
            with uow.begin(current_identity().actor) as work:
                changed = revoke_consent(work, consent_id, revocation)
        except InvalidInput as refusal:
            return render(consent_id, typed=typed, problems={"revoke": refusal.message}), 422
        many = f"{len(changed)} consents of the number are" if len(changed) != 1 else "The consent is"
        flash(f"{many} revoked." if changed else "It was revoked before; the earlier day stays.", "done")
        return redirect(url_for("consent.show", consent_id=consent_id), 303)

    _add_answer_steps(bp, uow, vendors, render)
    return bp


def _add_answer_steps(
    bp: Blueprint, uow: UnitOfWork, vendors: Mapping[str, CertificateVendor], render: Callable[..., str]
) -> None:
    @bp.post("/<consent_id>/answer")
    @require(Permission.CONSENTS_MANAGE)
    def hand_in(consent_id: str) -> Response | tuple[str, int]:
        pasted, file = request.form.get("answer", "")[: LARGEST_ANSWER_BYTES + 1], request.files.get("file")
        content = file.stream.read(LARGEST_ANSWER_BYTES + 1) if file and file.filename else pasted.encode("utf-8", "replace")
        try:
            if not content.strip():
                raise InvalidInput("expected the vendor's answer: paste it, or choose a file")
            with uow.begin(current_identity().actor) as work:
                kept = keep_answer(work, consent_id, content, how=GIVEN)
        except InvalidInput as refusal:
            return render(consent_id, typed={"answer": pasted}, problems={"answer": refusal.message}), 422
        flash(*_tell(kept))
        return redirect(url_for("consent.show", consent_id=consent_id), 303)

    @bp.post("/<consent_id>/ask")
    @require(Permission.CONSENTS_MANAGE)
    def ask(consent_id: str) -> Response | tuple[str, int]:
        is_kept = request.form.get("keep") == "1"
        try:
            kept = ask_vendor(uow, vendors, current_identity().actor, consent_id, is_kept=is_kept)
        except InvalidInput as refusal:
            return render(consent_id, problems={"ask": refusal.message}), 422
        except ConnectionError as error:
            said = f"The vendor gave no answer ({error}). Nothing was changed; ask again later."
            return render(consent_id, problems={"ask": said}), 502
        flash(*_tell(kept))
        return redirect(url_for("consent.show", consent_id=consent_id), 303)

    @bp.get("/<consent_id>/answers/<answer_id>.json")
    @require(Permission.CONSENTS_VIEW)
    def download(consent_id: str, answer_id: str) -> Response:
        wanted = select(CertificateAnswer).where(CertificateAnswer.id == answer_id, CertificateAnswer.consent_id == consent_id)
        with uow.read() as session:
            row = session.scalar(wanted)
        if row is None:
            raise NotFound("there is no such answer")
        return answer_file([read_bytes(row)], f"answer-{answer_id}.json", "application/json")


def _tell(kept: KeptAnswer) -> tuple[str, str]:
    if not kept.is_new:
        return "The same answer is on record already; nothing changed.", "done"
    if kept.reading.problem is not None:
        return f"The answer is kept; it proves nothing: {kept.reading.problem}.", "warn"
    if not kept.changed:
        return "The answer is kept; it says nothing that was not known.", "done"
    return "The answer is kept and its facts joined to the certificate.", "done"


def _read_revocation(typed: Mapping[str, str]) -> Revocation:
    return Revocation(
        at=_read_moment(typed["revoked_at"]),
        scope=_read_word(OptOutScope, typed["scope"], "for whom"),
        way=_read_word(OptOutWay, typed["way"], "how it came"),
        told_by=typed["told_by"],
        comment=typed["comment"],
    )


def _read_moment(text: str) -> datetime:
    try:
        return parse_moment(text, UTC)
    except ValueError as error:
        raise InvalidInput(f"moment: {error}; without an offset it is read as UTC") from None


def _read_word(kind: type[Word], text: str, what: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput(f"{what}: expected one of {', '.join(kind)}") from None
