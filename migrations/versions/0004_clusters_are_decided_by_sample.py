"""A cluster of same audio is decided once: by a sample that was heard, applied to the rest, and taken back when it was wrong."""

import sqlalchemy as sa
from alembic import op

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("ended_at IS NULL")
VERDICTS = (
    "'good', 'bad_quality', 'not_qualified', 'robocall', 'misdial', 'duplicate', 'channel_violation', 'law_violation',"
    " 'undecided'"
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cluster_check",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column(
            "seed", sa.Text(), nullable=False, comment="calls in order of SHA-256(seed:call id); the first are the sample"
        ),
        sa.Column(
            "call_count", sa.Integer(), nullable=False, comment="undecided calls of the cluster when the check was opened"
        ),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False, comment="user id, or token id of a program"),
        sa.Column("opened_at", WIDE, nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", WIDE, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True, comment="what was applied to the rest"),
        sa.CheckConstraint("outcome IN ('applied', 'given_up')", name=op.f("ck_cluster_check_outcome_known")),
        sa.CheckConstraint(f"verdict IN ({VERDICTS})", name=op.f("ck_cluster_check_verdict_known")),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_cluster_check_ended_has_outcome")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_cluster_check_ended_by_somebody")),
        sa.CheckConstraint(
            "(verdict IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'applied')",
            name=op.f("ck_cluster_check_applied_has_verdict"),
        ),
        sa.CheckConstraint("sample_size BETWEEN 1 AND call_count", name=op.f("ck_cluster_check_sample_within_calls")),
        sa.ForeignKeyConstraint(["cluster_id"], ["same_audio_cluster.id"], name=op.f("fk_cluster_check_cluster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_check")),
        sqlite_strict=True,
    )
    op.create_index("ix_cluster_check_cluster", "cluster_check", ["cluster_id", "opened_at"], unique=False)
    op.create_index(
        "uq_cluster_check_open", "cluster_check", ["cluster_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "cluster_check_call",
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True, comment="1, 2, 3... in the sample; null for the rest"),
        sa.Column("review_id", sa.Text(), nullable=True),
        sa.CheckConstraint("place IS NULL OR review_id IS NULL", name=op.f("ck_cluster_check_call_sampled_is_heard")),
        sa.ForeignKeyConstraint(["check_id"], ["cluster_check.id"], name=op.f("fk_cluster_check_call_check_id")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_cluster_check_call_call_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_cluster_check_call_review_id")),
        sa.PrimaryKeyConstraint("check_id", "call_id", name=op.f("pk_cluster_check_call")),
        sa.UniqueConstraint("review_id", name=op.f("uq_cluster_check_call_review_id")),
        sa.UniqueConstraint("check_id", "place", name=op.f("uq_cluster_check_call_check_id_place")),
        sqlite_strict=True,
    )
    op.create_index("ix_cluster_check_call_call", "cluster_check_call", ["call_id"], unique=False)
    op.create_table(
        "cluster_undo",
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.Column("undone_at", WIDE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["cluster_check.id"], name=op.f("fk_cluster_undo_check_id")),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_cluster_undo")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    # Without these tables a review that a check gave could not be told from one of a person who heard the call.
    made = "SELECT review_id FROM cluster_check_call WHERE review_id IS NOT NULL"
    op.execute(f"DELETE FROM finding_review WHERE review_id IN ({made})")
    op.execute("CREATE TABLE made_by_check AS " + made)
    op.drop_table("cluster_undo")
    op.drop_table("cluster_check_call")
    op.drop_table("cluster_check")
    op.execute("DELETE FROM review WHERE id IN (SELECT review_id FROM made_by_check)")
    op.execute("DROP TABLE made_by_check")
