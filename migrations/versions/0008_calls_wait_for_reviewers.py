"""Calls wait for reviewers in the order of by when they should be heard, and one person at a time has each."""

import sqlalchemy as sa
from alembic import op

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_skip",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("skipped_at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_queue_skip_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_skip")),
        sqlite_strict=True,
    )
    op.create_index("ix_queue_skip_call", "queue_skip", ["call_id", "user_id"], unique=False)
    op.create_table(
        "queue_entry",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("due_at", WIDE, nullable=False, comment="by when it should be heard; the queue is in this order"),
        sa.Column("parts", sa.Text(), nullable=False, comment="what made it due then, one sentence each"),
        sa.Column("money_minor", WIDE, nullable=False, comment="at stake by law, and revenue, US cents"),
        sa.Column("campaign_id", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("entered_at", WIDE, nullable=False),
        sa.Column("screening_id", sa.Text(), nullable=False, comment="what it was ordered by"),
        sa.Column("assigned_to", sa.Text(), nullable=True, comment="user id: only this person gets it"),
        sa.Column("claimed_by", sa.Text(), nullable=True, comment="user id"),
        sa.Column("claimed_at", WIDE, nullable=True),
        sa.Column("claim_ends_at", WIDE, nullable=True, comment="a browser that is lost gives the call back then"),
        sa.CheckConstraint("queue IN ('compliance', 'quality')", name=op.f("ck_queue_entry_queue_known")),
        sa.CheckConstraint("why IN ('flagged', 'new_source', 'sample')", name=op.f("ck_queue_entry_why_known")),
        sa.CheckConstraint("(claimed_by IS NULL) = (claim_ends_at IS NULL)", name=op.f("ck_queue_entry_claim_ends")),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_at IS NULL)", name=op.f("ck_queue_entry_claim_has_time")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_queue_entry_call_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name=op.f("fk_queue_entry_screening_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_queue_entry")),
        sqlite_strict=True,
    )
    op.create_index("ix_queue_entry_assigned", "queue_entry", ["assigned_to"], unique=False)
    op.create_index("ix_queue_entry_campaign", "queue_entry", ["queue", "campaign_id", "due_at"], unique=False)
    op.create_index("ix_queue_entry_claimed", "queue_entry", ["claimed_by"], unique=False)
    op.create_index("ix_queue_entry_due", "queue_entry", ["queue", "due_at", "call_id"], unique=False)
    op.create_index("ix_queue_entry_entered", "queue_entry", ["source_id", "entered_at"], unique=False)
    op.create_index("ix_queue_entry_source", "queue_entry", ["queue", "source_id", "due_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_queue_entry_source", table_name="queue_entry")
    op.drop_index("ix_queue_entry_entered", table_name="queue_entry")
    op.drop_index("ix_queue_entry_due", table_name="queue_entry")
    op.drop_index("ix_queue_entry_claimed", table_name="queue_entry")
    op.drop_index("ix_queue_entry_campaign", table_name="queue_entry")
    op.drop_index("ix_queue_entry_assigned", table_name="queue_entry")
    op.drop_table("queue_entry")
    op.drop_index("ix_queue_skip_call", table_name="queue_skip")
    op.drop_table("queue_skip")
