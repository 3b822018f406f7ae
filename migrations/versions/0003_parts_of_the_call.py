"""A run says which parts a call has, which language is spoken, and which voice of a mixed channel says an utterance."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "analysis_result",
        sa.Column("parts", sa.Text(), nullable=True, comment="ringing, IVR, hold, speech...; null before they were marked"),
    )
    op.add_column("analysis_result", sa.Column("language", sa.Text(), nullable=True, comment="null where it was not checked"))
    op.add_column(
        "utterance",
        sa.Column("estimated_speaker", sa.Text(), nullable=True, comment="which voice of a mixed channel: A, B..."),
    )


def downgrade() -> None:
    op.drop_column("utterance", "estimated_speaker")
    op.drop_column("analysis_result", "language")
    op.drop_column("analysis_result", "parts")
