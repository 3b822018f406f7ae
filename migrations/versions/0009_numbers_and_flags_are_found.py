"""The calls of a number are found by their legs, and the board of findings reads its flags from an index."""

import sqlalchemy as sa
from alembic import op

IS_FLAG = sa.text("outcome IN ('violation', 'review')")
FLAG_COLUMNS = [
    "screening_id",
    "rule",
    "outcome",
    "severity",
    "stake_least_minor",
    "stake_most_minor",
    "call_id",
    "id",
]

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_call_leg_from", "call_leg", ["from_number", "started_at"], unique=False)
    op.create_index("ix_call_leg_to", "call_leg", ["to_number", "started_at"], unique=False)
    board = ["call_id", "screening_id", "flag_count", "states"]
    op.create_index("ix_current_screening_board", "current_screening", board, unique=False)
    op.create_index("ix_finding_flag", "finding", FLAG_COLUMNS, unique=False, sqlite_where=IS_FLAG, postgresql_where=IS_FLAG)


def downgrade() -> None:
    op.drop_index("ix_finding_flag", table_name="finding", sqlite_where=IS_FLAG, postgresql_where=IS_FLAG)
    op.drop_index("ix_current_screening_board", table_name="current_screening")
    op.drop_index("ix_call_leg_to", table_name="call_leg")
    op.drop_index("ix_call_leg_from", table_name="call_leg")
