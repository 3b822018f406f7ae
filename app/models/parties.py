"""Who takes part: network, advertisers, agencies, publishers, exchanges, and which agency manages whom."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Json, Moment, Term, one_of
from app.vocabulary import PartyKind


class Party(Base):
    """A company in the chain of a call's money."""

    __tablename__ = "party"
    __table_args__ = (one_of("kind", PartyKind),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text, unique=True, comment="the id under which other systems know the party")
    kind: Mapped[PartyKind] = mapped_column(Term(PartyKind))
    name: Mapped[str] = mapped_column(Text)
    brands: Mapped[list[str]] = mapped_column(Json, default=list, comment="names under which an advertiser sells")
    created_at: Mapped[datetime] = mapped_column(Moment)


class AgencyClient(Base):
    """An advertiser that an agency manages."""

    __tablename__ = "agency_client"

    agency_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
