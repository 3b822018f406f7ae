"""What consumers asked: not to be called, to have their data erased; who was told; and what may not be erased meanwhile."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Day, Json, Moment, Term, WideInteger, one_of
from app.vocabulary import HoldSubject, OptOutScope, OptOutWay, PartyKind, PrivacyKind, PrivacyState

IS_HELD = text("released_at IS NULL")


class CertificateAnswer(Base):
    """What the vendor of a consent certificate answered, as it came; a later answer is a new row."""

    __tablename__ = "certificate_answer"
    __table_args__ = (Index("ix_certificate_answer_consent", "consent_id", "asked_at"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id"))
    vendor: Mapped[str] = mapped_column(Text, comment="trustedform or leadid")
    asked_at: Mapped[datetime] = mapped_column(Moment)
    asked_by: Mapped[str] = mapped_column(Text)
    how: Mapped[str] = mapped_column(Text, comment="asked: by Earshot; given: handed in by a person or program")
    status: Mapped[int | None] = mapped_column(comment="of the HTTP answer")
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(Text, comment="of the answer's bytes as they came, hex")


class OptOut(Base):
    """A request not to be called: heard on a call, or told in another way; done when the number is on the internal list
    and everybody who touched it has been told."""

    __tablename__ = "opt_out"
    __table_args__ = (
        one_of("way", OptOutWay),
        one_of("scope", OptOutScope),
        CheckConstraint("(judged_at IS NULL) = (is_request IS NULL)", name="judged_has_answer"),
        CheckConstraint("suppressed_at IS NULL OR is_request = 1", name="suppressed_is_request"),
        CheckConstraint("(suppressed_at IS NULL) = (list_version IS NULL)", name="suppressed_has_version"),
        CheckConstraint("completed_at IS NULL OR suppressed_at IS NOT NULL", name="complete_is_suppressed"),
        CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name="span_whole"),
        Index("ix_opt_out_number", "number", "received_at"),
        Index("uq_opt_out_call", "call_id", "number", unique=True, sqlite_where=text("call_id IS NOT NULL"),
              postgresql_where=text("call_id IS NOT NULL")),
        Index("ix_opt_out_received", "received_at", "id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[str] = mapped_column(Text, comment="E.164")
    way: Mapped[OptOutWay] = mapped_column(Term(OptOutWay))
    scope: Mapped[OptOutScope] = mapped_column(Term(OptOutScope))
    seller: Mapped[str | None] = mapped_column(Text, comment="whom it binds, when its scope is one seller")
    received_at: Mapped[datetime] = mapped_column(Moment, comment="when it was said or written; the clock runs from then")
    due_on: Mapped[date] = mapped_column(Day, comment="ten business days later, 47 CFR 64.1200(a)(10)")
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"), comment="the call on which it was said")
    rule: Mapped[str | None] = mapped_column(Text, comment="whose finding raised it")
    quote: Mapped[str] = mapped_column(Text, default="")
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[str] = mapped_column(Text)
    is_request: Mapped[int | None] = mapped_column(comment="1: a request; 0: a person says it is none; null: not judged yet")
    judged_at: Mapped[datetime | None] = mapped_column(Moment)
    judged_by: Mapped[str | None] = mapped_column(Text)
    judged_why: Mapped[str | None] = mapped_column(Text)
    suppressed_at: Mapped[datetime | None] = mapped_column(Moment)
    list_version: Mapped[str | None] = mapped_column(Text, comment="of the internal list that has the number")
    completed_at: Mapped[datetime | None] = mapped_column(Moment)
    proof: Mapped[dict[str, Any] | None] = mapped_column(Json, comment="what was done, when, by whom; made at completion")
    proof_sha256: Mapped[str | None] = mapped_column(Text)


class OptOutNotice(Base):
    """That a party which touched the number has to be told, was told, and said so."""

    __tablename__ = "opt_out_notice"
    __table_args__ = (
        one_of("role", PartyKind),
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_somebody"),
        Index("ix_opt_out_notice_party", "party_id", "made_at"),
        Index("uq_opt_out_notice_party", "opt_out_id", "party_id", unique=True),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    opt_out_id: Mapped[str] = mapped_column(ForeignKey("opt_out.id"))
    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"))
    role: Mapped[PartyKind] = mapped_column(Term(PartyKind))
    call_count: Mapped[int] = mapped_column(comment="calls of the number that the party had a part in")
    made_at: Mapped[datetime] = mapped_column(Moment, comment="from then on the party sees it")
    read_at: Mapped[datetime | None] = mapped_column(Moment, comment="when somebody of the party first had it before them")
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    acknowledged_how: Mapped[str | None] = mapped_column(Text, comment="page, api, or what an officer was told and how")


class PrivacyRequest(Base):
    """A consumer's request about the data kept of them, with its clocks and how it ended."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        one_of("kind", PrivacyKind),
        one_of("state", PrivacyState),
        CheckConstraint("(state IN ('done', 'refused')) = (ended_at IS NOT NULL)", name="ended_has_time"),
        CheckConstraint("(state = 'deferred') = (deferred_until IS NOT NULL)", name="deferred_has_date"),
        CheckConstraint("state IN ('received', 'refused') OR verified_at IS NOT NULL", name="verified_first"),
        Index("ix_privacy_request_number", "number"),
        Index("ix_privacy_request_received", "received_at", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[PrivacyKind] = mapped_column(Term(PrivacyKind))
    number: Mapped[str] = mapped_column(Text, comment="E.164: whose data it is about")
    name: Mapped[str] = mapped_column(Text, default="")
    contact: Mapped[str] = mapped_column(Text, default="", comment="where the answer goes")
    way: Mapped[str] = mapped_column(Text, comment="how it came: spoken, web_form, email, letter, phone, other")
    call_id: Mapped[str | None] = mapped_column(ForeignKey("call.id"), comment="the call on which it was said")
    received_at: Mapped[datetime] = mapped_column(Moment)
    acknowledge_by: Mapped[date] = mapped_column(Day, comment="ten business days")
    answer_by: Mapped[date] = mapped_column(Day, comment="forty-five calendar days, or ninety when extended")
    state: Mapped[PrivacyState] = mapped_column(Term(PrivacyState))
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    extended_why: Mapped[str | None] = mapped_column(Text)
    verified_at: Mapped[datetime | None] = mapped_column(Moment)
    verified_by: Mapped[str | None] = mapped_column(Text)
    verified_how: Mapped[str | None] = mapped_column(Text)
    deferred_until: Mapped[date | None] = mapped_column(Day)
    deferred_why: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(
        Json, comment="call by call what was erased and what was kept, and why"
    )
    recorded_by: Mapped[str] = mapped_column(Text)


class Erasure(Base):
    """That sound and words of a call were destroyed for good; what law asks to keep of the call stays in its rows."""

    __tablename__ = "erasure"

    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), primary_key=True)
    request_id: Mapped[str | None] = mapped_column(ForeignKey("privacy_request.id"), index=True)
    erased_at: Mapped[datetime] = mapped_column(Moment)
    erased_by: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    kept: Mapped[dict[str, Any]] = mapped_column(
        Json, comment="the compliance record: hashes of what was destroyed, times, consent"
    )
    blob_count: Mapped[int]
    byte_count: Mapped[int] = mapped_column(WideInteger)


class LegalHold(Base):
    """That a call, all calls of a number, or all calls of a party may not be erased."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        one_of("subject_kind", HoldSubject),
        CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released_by_somebody"),
        Index("ix_legal_hold_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_kind: Mapped[HoldSubject] = mapped_column(Term(HoldSubject))
    subject_id: Mapped[str] = mapped_column(Text, comment="call id, E.164 number, or party id")
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[date | None] = mapped_column(Day, comment="null: until it is released")
    placed_at: Mapped[datetime] = mapped_column(Moment)
    placed_by: Mapped[str] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(Moment)
    released_by: Mapped[str | None] = mapped_column(Text)
    released_why: Mapped[str | None] = mapped_column(Text)
