"""Is this browser signed in? Sessions live in the database; the cookie holds a random token of which only the hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.identity import Identity, load_reach
from app.models.users import SignInSession, User
from app.unit_of_work import Work
from app.vocabulary import EventKind

TOKEN_BYTES = 32
# The end of a session moves on with use, but is written at most this often, so that reading pages does not write.
SLIDE_EVERY = timedelta(minutes=5)
LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A valid sign-in: whose it is, until when it lasts, and whether its end should be moved on."""

    id: str
    identity: Identity
    expires_at: datetime
    is_due_to_slide: bool


def hash_token(token: str) -> str:
    """Return the SHA-256 (hex) under which a token is stored; a token has 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """Return 256 random bits as text fit for a cookie or a header."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def open_session(work: Work, user: User, *, lasts: timedelta, user_agent: str, address: str, replaces: str | None) -> str:
    """Sign a browser in; return the token for its cookie.

    ``replaces`` is the token that the browser held before, if any: it ends, so that a planted token is worth nothing.
    """
    if replaces:
        _revoke(work, SignInSession.token_hash == hash_token(replaces))
    token = new_token()
    work.session.add(
        SignInSession(
            id=work.new_id(),
            token_hash=hash_token(token),
            user_id=user.id,
            created_at=work.now,
            last_seen_at=work.now,
            expires_at=work.now + lasts,
            user_agent=user_agent[:LONGEST_AGENT],
            address=address,
        )
    )
    work.publish(EventKind.SIGNED_IN, ("user", user.id), {"address": address})
    return token


def find_session(session: Session, token: str, now: datetime) -> OpenSession | None:
    """Return the sign-in that goes with a cookie's token; None when unknown, expired, revoked, or the user is disabled."""
    row = session.execute(
        select(SignInSession, User)
        .join(User, User.id == SignInSession.user_id)
        .where(
            SignInSession.token_hash == hash_token(token),
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
            User.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    signed_in, user = row
    identity = Identity(f"user:{user.id}", user.name, user.role, load_reach(session, user.party_id))
    return OpenSession(signed_in.id, identity, signed_in.expires_at, now - signed_in.last_seen_at >= SLIDE_EVERY)


def slide_session(work: Work, session_id: str, *, lasts: timedelta) -> None:
    """Note that the session was used; it now ends ``lasts`` from now."""
    still_open = (SignInSession.id == session_id, SignInSession.revoked_at.is_(None))
    work.session.execute(
        update(SignInSession).where(*still_open).values(last_seen_at=work.now, expires_at=work.now + lasts)
    )  # fmt: skip


def sign_out(work: Work, token: str) -> None:
    """End the session of a token; one that is unknown or has ended is no error."""
    signed_in = work.session.scalar(
        select(SignInSession).where(SignInSession.token_hash == hash_token(token), SignInSession.revoked_at.is_(None))
    )
    if signed_in is None:
        return
    signed_in.revoked_at = work.now
    work.publish(EventKind.SIGNED_OUT, ("user", signed_in.user_id))


def revoke_sessions(work: Work, user_id: str) -> None:
    """End every session of a user, as when the password or role changes or the user is disabled."""
    _revoke(work, SignInSession.user_id == user_id)


def _revoke(work: Work, *conditions: object) -> None:
    work.session.execute(
        update(SignInSession).where(SignInSession.revoked_at.is_(None), *conditions).values(revoked_at=work.now)  # type: ignore[arg-type]
    )
