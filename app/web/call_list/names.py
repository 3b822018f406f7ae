"""Which campaigns and sources can this person choose from?"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.access.scope import scope_campaigns, scope_sources
from app.models.campaigns import CallSource, Campaign


def load_campaign_names(session: Session, identity: Identity) -> Sequence[tuple[str, str]]:
    """Return (id, name) of the campaigns in reach, by name."""
    rows = session.execute(scope_campaigns(select(Campaign.id, Campaign.name), identity).order_by(Campaign.name, Campaign.id))
    return [(row.id, row.name) for row in rows]


def load_source_names(session: Session, identity: Identity) -> Sequence[tuple[str, str]]:
    """Return (id, name) of the call sources in reach, by name."""
    rows = session.execute(
        scope_sources(select(CallSource.id, CallSource.name), identity).order_by(CallSource.name, CallSource.id)
    )
    return [(row.id, row.name) for row in rows]
