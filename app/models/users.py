"""Who signs in, with which role, from which browser or program."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Moment, Term, one_of
from app.vocabulary import Role

# A person of an advertiser, agency or publisher belongs to exactly one party; everybody else to none.
PARTY_MATCHES_ROLE = "(role IN ('advertiser', 'publisher')) = (party_id IS NOT NULL)"


class User(Base):
    """A person who can sign in."""

    __tablename__ = "user_account"
    __table_args__ = (one_of("role", Role), CheckConstraint(PARTY_MATCHES_ROLE, name="party_matches_role"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True, comment="lower case")
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(Term(Role))
    party_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"))
    password_hash: Mapped[str] = mapped_column(Text, comment="argon2id with its parameters")
    created_at: Mapped[datetime] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInSession(Base):
    """One browser's sign-in; the cookie holds a random token of which only the hash is kept."""

    __tablename__ = "sign_in_session"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_hash: Mapped[str] = mapped_column(Text, unique=True, comment="SHA-256 of the cookie's token, hex")
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    user_agent: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)


class SignInAttempt(Base):
    """A sign-in that was refused, kept to slow down guessing."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_email_at", "email", "at"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class ApiToken(Base):
    """A program's key to the API, with a role and, for outside parties, the party it is limited to."""

    __tablename__ = "api_token"
    __table_args__ = (one_of("role", Role), CheckConstraint(PARTY_MATCHES_ROLE, name="party_matches_role"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(Text, unique=True, comment="SHA-256 of the token, hex")
    role: Mapped[Role] = mapped_column(Term(Role))
    party_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class IdempotentAnswer(Base):
    """The answer to a POST that carried an Idempotency-Key, given again when the same request comes again."""

    __tablename__ = "idempotent_answer"

    token_id: Mapped[str] = mapped_column(ForeignKey("api_token.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[str] = mapped_column(Text, comment="SHA-256 of method, path and body, hex")
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
