"""Recordings of the same audio are found, and a call may have a listening copy without its numbers."""

import sqlalchemy as sa
from alembic import op

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audio_print_series",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("next_no", WIDE, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audio_print_series_one_row")),
        sa.CheckConstraint("next_no >= 1", name=op.f("ck_audio_print_series_counts_from_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audio_print_series")),
        sqlite_strict=True,
    )
    op.create_table(
        "audio_print",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("no", WIDE, nullable=False, comment="1, 2, 3... the recording's name in the index files"),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="of the way prints are taken; only equal versions are compared"
        ),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("is_mixed", sa.Integer(), nullable=False, comment="both parties are on the channel"),
        sa.Column("speech_s", REAL, nullable=False),
        sa.Column(
            "peaks",
            sa.LargeBinary(),
            nullable=False,
            comment="frames as little-endian uint16, then bins; 3 bytes a peak",
        ),
        sa.Column(
            "is_indexed", sa.Integer(), nullable=False, comment="searched; a cluster is found by its first members alone"
        ),
        sa.Column("made_at", WIDE, nullable=False),
        sa.CheckConstraint("speech_s >= 0", name=op.f("ck_audio_print_speech_not_negative")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_audio_print_call_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_audio_print_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audio_print")),
        sa.UniqueConstraint("no", name=op.f("uq_audio_print_no")),
        sa.UniqueConstraint("recording_id", "version", name=op.f("uq_audio_print_recording_id_version")),
        sqlite_strict=True,
    )
    op.create_index("ix_audio_print_call", "audio_print", ["call_id"], unique=False)
    op.create_index("ix_audio_print_indexed", "audio_print", ["version", "is_indexed", "no"], unique=False)
    op.create_table(
        "same_audio_cluster",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("made_at", WIDE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_audio_cluster")),
        sqlite_strict=True,
    )
    op.create_table(
        "same_audio_member",
        sa.Column("print_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("matched_print_id", sa.Text(), nullable=True),
        sa.Column("offset_s", REAL, nullable=True, comment="how much later the same sound comes in the matched recording"),
        sa.Column("matched_s", REAL, nullable=True, comment="seconds that both share"),
        sa.Column("share", REAL, nullable=True, comment="part of the peaks in those seconds that both have, 0 to 1"),
        sa.Column("joined_at", WIDE, nullable=False),
        sa.CheckConstraint(
            "(matched_print_id IS NULL) = (matched_s IS NULL)", name=op.f("ck_same_audio_member_match_is_measured")
        ),
        sa.CheckConstraint("(matched_s IS NULL) = (offset_s IS NULL)", name=op.f("ck_same_audio_member_match_has_offset")),
        sa.ForeignKeyConstraint(["cluster_id"], ["same_audio_cluster.id"], name=op.f("fk_same_audio_member_cluster_id")),
        sa.ForeignKeyConstraint(["matched_print_id"], ["audio_print.id"], name=op.f("fk_same_audio_member_matched_print_id")),
        sa.ForeignKeyConstraint(["print_id"], ["audio_print.id"], name=op.f("fk_same_audio_member_print_id")),
        sa.PrimaryKeyConstraint("print_id", name=op.f("pk_same_audio_member")),
        sqlite_strict=True,
    )
    op.create_index("ix_same_audio_member_cluster", "same_audio_member", ["cluster_id", "print_id"], unique=False)
    op.add_column(
        "analysis_result",
        sa.Column(
            "redacted_blob_key",
            sa.Text(),
            nullable=True,
            comment="the copy without the numbers of people; null when there are none",
        ),
    )


def downgrade() -> None:
    op.drop_column("analysis_result", "redacted_blob_key")
    for table in ("same_audio_member", "same_audio_cluster", "audio_print", "audio_print_series"):
        op.drop_table(table)
