"""Alembic's entry: runs migrations on the connection that ``app.adapters.schema`` hands over."""

from typing import Any

from alembic import context

from app.models import Base
from app.models.base import Flag, Json, Moment, Term


def render_item(kind: str, value: Any, _autogen: Any) -> str | bool:
    """Write our column types as the plain types they are stored as, so that a migration never depends on today's models."""
    if kind == "type":
        if isinstance(value, Moment):
            return "WIDE"
        if isinstance(value, Json | Term):
            return "sa.Text()"
        if isinstance(value, Flag):
            return "sa.Integer()"
        if "BigInteger" in repr(value) or str(value) == "BIGINT":
            return "WIDE"
        if str(value) in ("DOUBLE", "FLOAT", "REAL"):
            return "REAL"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
