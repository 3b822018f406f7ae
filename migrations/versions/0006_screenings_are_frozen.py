"""A screening keeps the facts it judged and what every rule said, so that it can be made again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE, AFTER = "phrase packs and rule set", "phrase packs, rule set, reference tables"


def upgrade() -> None:
    op.add_column(
        "screening", sa.Column("facts", sa.Text(), nullable=True, comment="of the call as judged; null before version 0006")
    )
    op.add_column(
        "screening",
        sa.Column("outcomes", sa.Text(), nullable=True, comment="of every rule, passes too: rule, outcome, severity"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("screening", "versions", comment=AFTER, existing_comment=BEFORE, existing_type=sa.Text())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("screening", "versions", comment=BEFORE, existing_comment=AFTER, existing_type=sa.Text())
    op.drop_column("screening", "outcomes")
    op.drop_column("screening", "facts")
