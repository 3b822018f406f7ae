"""What do the pages of users and tokens show? Lists, and forms that keep what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.access.passwords import SHORTEST
from app.access.tokens import IssuedToken, TokenLine
from app.access.users import PartyChoice, UserLine
from app.errors import EarshotError
from app.vocabulary import Role
from app.web.formatting import write_title
from app.web.presenters.call_list import Choice

WHAT_ROLES_DO = {
    Role.OPERATOR: "everything, users and tokens included",
    Role.TEAM_LEAD: "review, upload, replay of what was refused",
    Role.REVIEWER: "listens to calls and decides on them",
    Role.COMPLIANCE: "reviews, and reads the audit trail",
    Role.BILLING: "sees calls, campaigns and money",
    Role.ADVERTISER: "sees the calls its company bought",
    Role.PUBLISHER: "sees the calls its company sent",
}


@dataclass(frozen=True, slots=True)
class PersonForm:
    """The fields of a user or token form."""

    email: str
    name: str
    roles: tuple[Choice, ...]
    parties: tuple[Choice, ...]
    problems: Mapping[str, str]
    shortest_password: int = SHORTEST


@dataclass(frozen=True, slots=True)
class UsersPage:
    """The list of users, and the form to add one."""

    users: tuple[UserLine, ...]
    form: PersonForm


@dataclass(frozen=True, slots=True)
class UserPage:
    """One user, to be changed."""

    user: UserLine
    form: PersonForm


@dataclass(frozen=True, slots=True)
class TokensPage:
    """The list of tokens, the form to issue one, and the one just issued."""

    tokens: tuple[TokenLine, ...]
    form: PersonForm
    issued: IssuedToken | None


def present_users(
    users: Sequence[UserLine], parties: Sequence[PartyChoice], typed: Mapping[str, str], problem: EarshotError | None
) -> UsersPage:
    """Return the page of users."""
    return UsersPage(tuple(users), _present_form(parties, typed, problem))


def present_user_form(
    user: UserLine, parties: Sequence[PartyChoice], typed: Mapping[str, str] | None, problem: EarshotError | None
) -> UserPage:
    """Return the page of one user; the form holds what was typed, or else what is kept."""
    kept = {"email": user.email, "name": user.name, "role": user.role.value, "party_id": user.party_id or ""}
    return UserPage(user, _present_form(parties, {**kept, **(typed or {}), "email": user.email}, problem))


def present_tokens(
    tokens: Sequence[TokenLine],
    parties: Sequence[PartyChoice],
    typed: Mapping[str, str],
    problem: EarshotError | None,
    issued: IssuedToken | None,
) -> TokensPage:
    """Return the page of tokens."""
    return TokensPage(tuple(tokens), _present_form(parties, typed, problem), issued)


def _present_form(parties: Sequence[PartyChoice], typed: Mapping[str, str], problem: EarshotError | None) -> PersonForm:
    problems = {str(problem.details.get("field", "form")): _as_sentence(problem.message)} if problem else {}
    return PersonForm(
        email=typed.get("email", ""),
        name=typed.get("name", ""),
        roles=tuple(
            Choice(role.value, f"{write_title(role)}: {WHAT_ROLES_DO[role]}", role.value == typed.get("role")) for role in Role
        ),
        parties=tuple(Choice(party.id, f"{party.name} ({party.kind})", party.id == typed.get("party_id")) for party in parties),
        problems=problems,
    )


def _as_sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."
