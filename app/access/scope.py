"""Which rows may this identity see? Goes into every query; what is out of reach does not exist for the asker."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.errors import NotFound
from app.models.calls import Call
from app.models.campaigns import CallSource, Campaign
from app.vocabulary import Role

Row = TypeVar("Row", bound="Select[*tuple[Any, ...]]")


def scope_calls(statement: Row, identity: Identity) -> Row:
    """Narrow a statement over ``Call`` to the calls that the identity may see.

    A publisher sees the calls it sent, an advertiser those it bought, an agency those its advertisers bought.
    """
    if identity.party_ids is None:
        return statement
    return statement.where(owned_by(identity))


def owned_by(identity: Identity) -> ColumnElement[bool]:
    """Return the condition on ``Call`` that goes with the identity.

    It names the one column of the role's side, so that the index over (party, started_at) is used; a party that both
    buys and sells has a user for each side.
    """
    if identity.party_ids is None:
        return true()
    column = Call.publisher_id if identity.role is Role.PUBLISHER else Call.advertiser_id
    return column.in_(sorted(identity.party_ids))


def may_see_call(call: Call, identity: Identity) -> bool:
    """Say whether the identity may see a call that is loaded already."""
    if identity.party_ids is None:
        return True
    owner = call.publisher_id if identity.role is Role.PUBLISHER else call.advertiser_id
    return owner in identity.party_ids


def get_call(session: Session, call_id: str, identity: Identity) -> Call:
    """Return the call.

    Raises
    ------
    NotFound
        If there is no such call, or it is another party's.
    """
    call = session.scalar(scope_calls(select(Call).where(Call.id == call_id), identity))
    if call is None:
        raise NotFound(f"there is no call {call_id}", call_id=call_id)
    return call


def scope_campaigns(statement: Row, identity: Identity) -> Row:
    """Narrow a statement over ``Campaign``: an advertiser sees its own, a publisher none."""
    if identity.party_ids is None:
        return statement
    if identity.role is Role.PUBLISHER:
        return statement.where(Campaign.id.is_(None))
    return statement.where(Campaign.advertiser_id.in_(sorted(identity.party_ids)))


def scope_sources(statement: Row, identity: Identity) -> Row:
    """Narrow a statement over ``CallSource``: a publisher sees its own, an advertiser none."""
    if identity.party_ids is None:
        return statement
    if identity.role is Role.ADVERTISER:
        return statement.where(CallSource.id.is_(None))
    return statement.where(CallSource.publisher_id.in_(sorted(identity.party_ids)))
