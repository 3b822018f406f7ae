"""All tables, so that one import knows the whole schema."""

from app.models import (
    analysis,
    billing,
    calls,
    campaigns,
    consumers,
    disputes,
    editions,
    events,
    fingerprints,
    numbers,
    parties,
    reviews,
    routing,
    screening,
    tasks,
    users,
)
from app.models.base import Base

# STRICT makes SQLite refuse a value of another type, as PostgreSQL does.
for _table in Base.metadata.tables.values():
    _table.dialect_options["sqlite"]["strict"] = True

__all__ = [
    "Base",
    "analysis",
    "billing",
    "calls",
    "campaigns",
    "consumers",
    "disputes",
    "editions",
    "events",
    "fingerprints",
    "numbers",
    "parties",
    "reviews",
    "routing",
    "screening",
    "tasks",
    "users",
]
