"""Which program is asking? API tokens: issued once in clear, kept as a hash, revoked when no longer wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.identity import Identity, load_reach
from app.access.permissions import OUTSIDE_ROLES
from app.access.sessions import hash_token, new_token
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.models.parties import Party
from app.models.users import ApiToken
from app.unit_of_work import Work
from app.vocabulary import EventKind, PartyKind, Role

PREFIX = "ear_"  # lets secret scanners recognise a leaked token
LONGEST_NAME = 100
KINDS_OF_ROLE = {
    Role.ADVERTISER: (PartyKind.ADVERTISER, PartyKind.AGENCY),
    Role.PUBLISHER: (PartyKind.PUBLISHER, PartyKind.EXCHANGE),
}


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token in clear; it can be shown this once only."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token in the list of tokens."""

    id: str
    name: str
    role: Role
    party_name: str | None
    created_at: datetime
    revoked_at: datetime | None


def issue_token(work: Work, *, name: str, role: Role, party_id: str | None) -> IssuedToken:
    """Make a token with a role, and for an outside role the party it is limited to.

    Raises
    ------
    InvalidInput
        If the name is empty or too long, or role and party do not go together.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput(f"expected a name of 1 to {LONGEST_NAME} characters, got {len(name)}", field="name")
    check_party(work.session, role, party_id)
    token = PREFIX + new_token()
    row = ApiToken(
        id=work.new_id(), name=name, token_hash=hash_token(token), role=role, party_id=party_id, created_at=work.now
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    work.publish(EventKind.TOKEN_ISSUED, ("token", row.id), {"name": name, "role": role, "party_id": party_id})
    return IssuedToken(row.id, token)


def revoke_token(work: Work, token_id: str) -> None:
    """End a token for good.

    Raises
    ------
    NotFound
        If there is no such token.
    InvalidTransition
        If it was revoked before.
    """
    row = work.session.get(ApiToken, token_id)
    if row is None:
        raise NotFound(f"there is no token {token_id}", token_id=token_id)
    if row.revoked_at is not None:
        raise InvalidTransition(f"the token {row.name!r} was revoked already", token_id=token_id)
    row.revoked_at = work.now
    work.publish(EventKind.TOKEN_REVOKED, ("token", row.id), {"name": row.name})


def find_bearer(session: Session, token: str) -> Identity | None:
    """Return who a bearer token stands for; None when it is unknown or revoked."""
    row = session.scalar(select(ApiToken).where(ApiToken.token_hash == hash_token(token), ApiToken.revoked_at.is_(None)))
    if row is None:
        return None
    return Identity(f"token:{row.id}", row.name, row.role, load_reach(session, row.party_id))


def list_tokens(session: Session) -> Sequence[TokenLine]:
    """Return all tokens, those in use first, then the newest first."""
    rows = session.execute(
        select(ApiToken, Party.name)
        .outerjoin(Party, Party.id == ApiToken.party_id)
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return [TokenLine(t.id, t.name, t.role, party, t.created_at, t.revoked_at) for t, party in rows]


def check_party(session: Session, role: Role, party_id: str | None) -> None:
    """Raise InvalidInput unless the party fits the role: outside roles need one of their kind, the others none."""
    if role not in OUTSIDE_ROLES:
        if party_id is not None:
            raise InvalidInput(f"the role {role} belongs to the network and takes no party", field="party_id")
        return
    party = session.get(Party, party_id) if party_id else None
    wanted = " or ".join(KINDS_OF_ROLE[role])
    if party is None:
        raise InvalidInput(f"the role {role} needs a party of kind {wanted}", field="party_id")
    if party.kind not in KINDS_OF_ROLE[role]:
        raise InvalidInput(f"the role {role} needs a party of kind {wanted}, got {party.name} ({party.kind})", field="party_id")
