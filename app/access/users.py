"""Who may sign in? People are added, changed and disabled; never deleted, since the audit trail names them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.passwords import Passwords
from app.access.sessions import revoke_sessions
from app.access.sign_in import LONGEST_EMAIL, normalise_email
from app.access.tokens import check_party
from app.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from app.models.parties import Party
from app.models.users import SignInSession, User
from app.unit_of_work import Work
from app.vocabulary import EventKind, Role

LONGEST_NAME = 100
EMAIL_SHAPE = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class UserLine:
    """One person in the list of users."""

    id: str
    email: str
    name: str
    role: Role
    party_id: str | None
    party_name: str | None
    last_seen_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartyChoice:
    """A party that a user or token can be bound to."""

    id: str
    name: str
    kind: str


def add_user(
    work: Work, passwords: Passwords, *, email: str, name: str, role: Role, password: str, party_id: str | None = None
) -> User:
    """Add a person who can sign in.

    Raises
    ------
    InvalidInput
        Naming the field that does not fit.
    Conflict
        If the address has an account already.
    """
    email = normalise_email(email)
    if not EMAIL_SHAPE.fullmatch(email) or len(email) > LONGEST_EMAIL:
        raise InvalidInput(f"expected an e-mail address such as ana@example.com, got {email!r}", field="email")
    _check_name(name)
    check_party(work.session, role, party_id)
    if work.session.scalar(select(User.id).where(User.email == email)) is not None:
        raise Conflict(f"{email} has an account already; change that one instead", field="email")
    user = User(
        id=work.new_id(),
        email=email,
        name=name.strip(),
        role=role,
        party_id=party_id,
        password_hash=passwords.hash(password),
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    work.publish(EventKind.USER_ADDED, ("user", user.id), {"role": role, "party_id": party_id})
    return user


def change_user(
    work: Work,
    passwords: Passwords,
    user_id: str,
    *,
    name: str,
    role: Role,
    party_id: str | None,
    password: str | None = None,
) -> None:
    """Change a person's name, role and party, and the password when one is given; a changed reach ends their sessions.

    Raises
    ------
    NotFound, InvalidInput
        If there is no such user, or a field does not fit.
    InvalidTransition
        If nobody could administer users afterwards.
    """
    user = _get_user(work.session, user_id)
    _check_name(name)
    check_party(work.session, role, party_id)
    if role is not Role.OPERATOR:
        _keep_an_operator(work.session, user)
    changed: dict[str, Any] = {}
    if (user.role, user.party_id) != (role, party_id):
        changed |= {"role": role, "party_id": party_id}
    if password:
        user.password_hash = passwords.hash(password)
        changed["password"] = "changed"  # noqa: S105 - says that it changed, not what it is
    if user.name != name.strip():
        changed["name"] = "changed"
    user.name, user.role, user.party_id = name.strip(), role, party_id
    if not changed:
        return
    if changed.keys() - {"name"}:
        revoke_sessions(work, user.id)
    work.publish(EventKind.USER_CHANGED, ("user", user.id), changed)


def disable_user(work: Work, user_id: str) -> None:
    """Keep a person out from now on, and end their sessions.

    Raises
    ------
    NotFound
        If there is no such user.
    InvalidTransition
        If the user is disabled already, or nobody could administer users afterwards.
    """
    user = _get_user(work.session, user_id)
    if user.disabled_at is not None:
        raise InvalidTransition(f"{user.email} is disabled already", user_id=user_id)
    _keep_an_operator(work.session, user)
    user.disabled_at = work.now
    revoke_sessions(work, user.id)
    work.publish(EventKind.USER_CHANGED, ("user", user.id), {"disabled": True})


def enable_user(work: Work, user_id: str) -> None:
    """Let a disabled person in again.

    Raises
    ------
    NotFound, InvalidTransition
        If there is no such user, or the user is not disabled.
    """
    user = _get_user(work.session, user_id)
    if user.disabled_at is None:
        raise InvalidTransition(f"{user.email} is not disabled", user_id=user_id)
    user.disabled_at = None
    work.publish(EventKind.USER_CHANGED, ("user", user.id), {"disabled": False})


def list_users(session: Session) -> Sequence[UserLine]:
    """Return everybody, by role and name, with the party and when they were last seen."""
    last_seen = (
        select(SignInSession.user_id, func.max(SignInSession.last_seen_at).label("at"))
        .group_by(SignInSession.user_id)
        .subquery()
    )
    rows = session.execute(
        select(User, Party.name, last_seen.c.at)
        .outerjoin(Party, Party.id == User.party_id)
        .outerjoin(last_seen, last_seen.c.user_id == User.id)
        .order_by(User.disabled_at.is_not(None), User.role, User.name, User.id)
    )
    return [_line(user, party, seen) for user, party, seen in rows]


def get_user_line(session: Session, user_id: str) -> UserLine:
    """Return one person. Raises NotFound."""
    user = _get_user(session, user_id)
    party = session.get(Party, user.party_id) if user.party_id else None
    seen = session.scalar(select(func.max(SignInSession.last_seen_at)).where(SignInSession.user_id == user_id))
    return _line(user, party.name if party else None, seen)


def list_party_choices(session: Session) -> Sequence[PartyChoice]:
    """Return the parties, by kind and name."""
    return [
        PartyChoice(p.id, p.name, p.kind) for p in session.scalars(select(Party).order_by(Party.kind, Party.name, Party.id))
    ]


def _line(user: User, party_name: str | None, seen: datetime | None) -> UserLine:
    return UserLine(user.id, user.email, user.name, user.role, user.party_id, party_name, seen, user.disabled_at)


def _get_user(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}", user_id=user_id)
    return user


def _check_name(name: str) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise InvalidInput(f"expected a name of 1 to {LONGEST_NAME} characters, got {len(name.strip())}", field="name")


def _keep_an_operator(session: Session, user: User) -> None:
    """Refuse to take away the last operator: nobody could give the role back."""
    if user.role is not Role.OPERATOR or user.disabled_at is not None:
        return
    others = select(func.count()).where(User.role == Role.OPERATOR, User.disabled_at.is_(None), User.id != user.id)
    if not session.scalar(others):
        raise InvalidTransition(f"{user.email} is the last operator; make somebody else operator first", user_id=user.id)
