"""What is owed: charges and the double-entry journal that holds them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, WideInteger


class Charge(Base):
    """What a call costs its advertiser and earns its publisher, with every billing term as pass or fail."""

    __tablename__ = "charge"
    __table_args__ = (CheckConstraint("revenue_minor >= 0 AND payout_minor >= 0", name="amounts_not_negative"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("call.id"), unique=True)
    revenue_minor: Mapped[int] = mapped_column(WideInteger)
    payout_minor: Mapped[int] = mapped_column(WideInteger)
    currency: Mapped[str] = mapped_column(Text)
    terms: Mapped[list[Any]] = mapped_column(Json, comment="each term: name, passed, measured, limit, sentence")
    made_at: Mapped[datetime] = mapped_column(Moment)


class JournalEntry(Base):
    """A balanced set of postings with one cause; immutable, corrected only by a linked reversal."""

    __tablename__ = "journal_entry"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cause: Mapped[str] = mapped_column(Text, unique=True, comment="charge:<call>, credit:<dispute>, reversal:<entry>")
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    memo: Mapped[str] = mapped_column(Text)
    posted_at: Mapped[datetime] = mapped_column(Moment)


class Posting(Base):
    """One line of a journal entry: debit positive, credit negative, in minor units of one currency."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
        Index("ix_posting_account", "account", "party_id", "entry_id"),
    )

    entry_id: Mapped[str] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(Text, comment="advertiser_receivable, publisher_payable, margin, hold")
    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"))
    amount_minor: Mapped[int] = mapped_column(WideInteger)
    currency: Mapped[str] = mapped_column(Text)
