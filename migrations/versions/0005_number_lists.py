"""The versions of do-not-call lists on disk are known to the database."""

import sqlalchemy as sa
from alembic import op

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "'national', 'state', 'internal', 'litigator', 'reassigned'"

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_list_version",
        sa.Column("id", sa.Text(), nullable=False, comment="the name of its folder"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True, comment="two letters, of state lists only"),
        sa.Column("obtained_at", WIDE, nullable=False, comment="when it was got from its keeper; the clock of its age"),
        sa.Column("loaded_at", WIDE, nullable=False, comment="when Earshot was given it"),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("san", sa.Text(), nullable=True, comment="subscription account number"),
        sa.Column("source", sa.Text(), nullable=True, comment="who sold it"),
        sa.Column("source_version", sa.Text(), nullable=True),
        sa.Column("is_change", sa.Integer(), nullable=False, comment="made from a change list"),
        sa.Column("count", WIDE, nullable=False, comment="different numbers"),
        sa.Column("area_codes", sa.Text(), nullable=True, comment="those it covers; null: every one"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of its data file, hex"),
        sa.Column("garbage_count", sa.Integer(), nullable=False, comment="rows that were left out"),
        sa.Column("withdrawn_at", WIDE, nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_number_list_version_kind_known")),
        sa.CheckConstraint("(kind = 'state') = (state IS NOT NULL)", name=op.f("ck_number_list_version_state_named")),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_why IS NULL)", name=op.f("ck_number_list_version_withdrawn_with_reason")
        ),
        sa.CheckConstraint("count >= 0", name=op.f("ck_number_list_version_count_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_list_version")),
        sqlite_strict=True,
    )
    op.create_index("ix_number_list_version_list", "number_list_version", ["kind", "state", "obtained_at"], unique=False)


def downgrade() -> None:
    op.drop_table("number_list_version")
