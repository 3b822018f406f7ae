"""Who is asking? The person or program behind a request, with role and reach."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.permissions import ROLE_PERMISSIONS, Permission
from app.models.parties import AgencyClient
from app.vocabulary import Role

__all__ = ["Identity", "Permission", "load_reach"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person or a token; ``party_ids`` is None for people of the network, who see every party's calls."""

    actor: str
    name: str
    role: Role
    party_ids: frozenset[str] | None

    def may(self, permission: Permission) -> bool:
        """Say whether the role allows it."""
        return permission in ROLE_PERMISSIONS[self.role]

    def may_any(self, permissions: Iterable[Permission]) -> bool:
        """Say whether the role allows at least one of them."""
        return any(map(self.may, permissions))

    @property
    def is_outside(self) -> bool:
        """Whether this is somebody of an advertiser, agency or publisher, who sees own data only."""
        return self.party_ids is not None


def load_reach(session: Session, party_id: str | None) -> frozenset[str] | None:
    """Return the parties whose data somebody of this party sees: its own, and for an agency those it manages."""
    if party_id is None:
        return None
    managed = session.scalars(select(AgencyClient.advertiser_id).where(AgencyClient.agency_id == party_id))
    return frozenset({party_id, *managed})
