"""Rules are drafted and published, findings are decided one by one, and what consumers ask is kept with its clocks."""

import json

import sqlalchemy as sa
from alembic import op

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")
OPEN = sa.text("done_at IS NULL AND failed_at IS NULL")
QUEUES_BEFORE = "queue IN ('intake', 'audio', 'light')"
QUEUES_AFTER = "queue IN ('intake', 'audio', 'light', 'tasks')"
JOBS_BEFORE = "name IN ('analyze_recording', 'screen_call', 'fetch_recording')"
JOBS_AFTER = "name IN ('analyze_recording', 'screen_call', 'fetch_recording', 'run_task', 'suppress_number')"
ROWS_AT_A_TIME = 1000

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_tables()
    _add_columns()
    _let_jobs_be(JOBS_AFTER, QUEUES_AFTER)
    op.execute(
        "INSERT INTO finding_verdict (id, finding_id, call_id, rule, review_id, decision, reason, decided_by, decided_at)"
        " SELECT finding_review.finding_id || '.' || finding_review.review_id, finding_review.finding_id, finding.call_id,"
        " finding.rule, finding_review.review_id, finding_review.decision, finding_review.reason, review.reviewer_id,"
        " review.decided_at FROM finding_review JOIN finding ON finding.id = finding_review.finding_id"
        " JOIN review ON review.id = finding_review.review_id"
    )
    op.drop_table("finding_review")
    _note_stakes()


def downgrade() -> None:
    op.create_table(
        "finding_review",
        sa.Column("review_id", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("decision IN ('agree', 'refuse', 'needs_evidence')", name=op.f("ck_finding_review_decision_known")),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_finding_review_finding_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_finding_review_review_id")),
        sa.PrimaryKeyConstraint("review_id", "finding_id", name=op.f("pk_finding_review")),
        sqlite_strict=True,
    )
    # What was decided outside a review has no place in the older schema.
    op.execute(
        "INSERT INTO finding_review (review_id, finding_id, decision, reason)"
        " SELECT review_id, finding_id, decision, reason FROM finding_verdict WHERE review_id IS NOT NULL"
    )
    op.execute("DELETE FROM job WHERE name IN ('run_task', 'suppress_number')")
    _let_jobs_be(JOBS_BEFORE, QUEUES_BEFORE)
    op.drop_column("finding", "stake_most_minor")
    op.drop_column("finding", "stake_least_minor")
    op.drop_column("current_screening", "states")
    op.drop_index("ix_consent_given", table_name="consent")
    op.drop_column("consent", "revocation_recorded_at")
    op.drop_column("consent", "revocation")
    op.drop_column("consent", "recorded_by")
    op.drop_column("consent", "text_sha256")
    op.drop_column("consent", "shown")
    op.drop_column("consent", "source_id")
    op.drop_index("ix_call_dialed", table_name="call")
    op.drop_index("ix_finding_verdict_rule", table_name="finding_verdict")
    op.drop_index("ix_finding_verdict_finding", table_name="finding_verdict")
    op.drop_index("ix_finding_verdict_call", table_name="finding_verdict")
    op.drop_table("finding_verdict")
    op.drop_index("uq_opt_out_notice_party", table_name="opt_out_notice")
    op.drop_index("ix_opt_out_notice_party", table_name="opt_out_notice")
    op.drop_table("opt_out_notice")
    op.drop_index(op.f("ix_erasure_request_id"), table_name="erasure")
    op.drop_table("erasure")
    op.drop_index("ix_privacy_request_received", table_name="privacy_request")
    op.drop_index("ix_privacy_request_number", table_name="privacy_request")
    op.drop_table("privacy_request")
    op.drop_index(
        "uq_opt_out_call",
        table_name="opt_out",
        sqlite_where=sa.text("call_id IS NOT NULL"),
        postgresql_where=sa.text("call_id IS NOT NULL"),
    )
    op.drop_index("ix_opt_out_received", table_name="opt_out")
    op.drop_index("ix_opt_out_number", table_name="opt_out")
    op.drop_table("opt_out")
    op.drop_table("draft_change")
    op.drop_index("ix_publication_published", table_name="publication")
    op.drop_table("publication")
    op.drop_table("draft")
    op.drop_index("ix_certificate_answer_consent", table_name="certificate_answer")
    op.drop_table("certificate_answer")
    op.drop_index("ix_task_kind_asked", table_name="task")
    op.drop_table("task")
    op.drop_table("pack_example")
    op.drop_index("ix_legal_hold_subject", table_name="legal_hold")
    op.drop_table("legal_hold")
    op.drop_index("ix_edition_versions", table_name="edition")
    op.drop_table("edition")


def _add_tables() -> None:
    op.create_table(
        "edition",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1, 2, 3... in the order in which they were kept"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False, comment="version of the rules: made from their content"),
        sa.Column("packs", sa.Text(), nullable=False, comment="version of the phrase packs"),
        sa.Column("content", sa.Text(), nullable=False, comment="{rules: [row], packs: document}"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the content, hex"),
        sa.Column(
            "release", sa.Text(), nullable=True, comment="the release of Earshot it came with; null when made from a draft"
        ),
        sa.Column("base_id", sa.Text(), nullable=True, comment="what the draft was made from"),
        sa.Column("kept_at", WIDE, nullable=False),
        sa.Column("kept_by", sa.Text(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_edition_number_positive")),
        sa.ForeignKeyConstraint(["base_id"], ["edition.id"], name=op.f("fk_edition_base_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("number", name=op.f("uq_edition_number")),
        sa.UniqueConstraint("sha256", name=op.f("uq_edition_sha256")),
        sqlite_strict=True,
    )
    op.create_index("ix_edition_versions", "edition", ["rule_set", "packs"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False, comment="call id, E.164 number, or party id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=True, comment="null: until it is released"),
        sa.Column("placed_at", WIDE, nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("released_at", WIDE, nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_why", sa.Text(), nullable=True),
        sa.CheckConstraint("subject_kind IN ('call', 'number', 'party')", name=op.f("ck_legal_hold_subject_kind_known")),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_legal_hold_released_by_somebody")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        sqlite_strict=True,
    )
    op.create_index("ix_legal_hold_subject", "legal_hold", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "pack_example",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", WIDE, nullable=False),
        sa.Column("dropped_at", WIDE, nullable=True),
        sa.CheckConstraint("kind IN ('must_fire', 'must_not_fire')", name=op.f("ck_pack_example_kind_known")),
        sa.CheckConstraint("speaker IN ('caller', 'agent', 'unknown')", name=op.f("ck_pack_example_speaker_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_example")),
        sa.UniqueConstraint("pack", "kind", "speaker", "text", name=op.f("uq_pack_example_pack_kind_speaker_text")),
        sqlite_strict=True,
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="what is done, in words people read"),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False, comment="actor: user:<id>, token:<id>, cli"),
        sa.Column("asked_at", WIDE, nullable=False),
        sa.Column("started_at", WIDE, nullable=True, comment="of the newest attempt"),
        sa.Column("note", sa.Text(), nullable=False, comment="what goes on just now"),
        sa.Column("done", WIDE, nullable=False),
        sa.Column("total", WIDE, nullable=True, comment="null while it is not known how much there is to do"),
        sa.Column("stop_asked_at", WIDE, nullable=True),
        sa.Column("finished_at", WIDE, nullable=True),
        sa.Column("result", sa.Text(), nullable=True, comment="null when it failed or was stopped"),
        sa.Column("failure", sa.Text(), nullable=True, comment="why it failed, in words people read"),
        sa.CheckConstraint(
            "kind IN ('backtest', 'export', 'load_list', 'scrub', 'screen_again', 'import_consents')",
            name=op.f("ck_task_kind_known"),
        ),
        sa.CheckConstraint("done >= 0 AND (total IS NULL OR total >= 0)", name=op.f("ck_task_counts_not_negative")),
        sa.CheckConstraint(
            "finished_at IS NOT NULL OR (result IS NULL AND failure IS NULL)", name=op.f("ck_task_ended_has_time")
        ),
        sa.CheckConstraint("result IS NULL OR failure IS NULL", name=op.f("ck_task_one_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sqlite_strict=True,
    )
    op.create_index("ix_task_kind_asked", "task", ["kind", "asked_at", "id"], unique=False)
    op.create_table(
        "certificate_answer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False, comment="trustedform or leadid"),
        sa.Column("asked_at", WIDE, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False, comment="asked: by Earshot; given: handed in by a person or program"),
        sa.Column("status", sa.Integer(), nullable=True, comment="of the HTTP answer"),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the answer's bytes as they came, hex"),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_certificate_answer_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_answer")),
        sqlite_strict=True,
    )
    op.create_index("ix_certificate_answer_consent", "certificate_answer", ["consent_id", "asked_at"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("base_id", sa.Text(), nullable=False, comment="the edition that it changes"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", WIDE, nullable=False),
        sa.Column("changed_at", WIDE, nullable=False),
        sa.Column("ended_at", WIDE, nullable=True),
        sa.Column("edition_id", sa.Text(), nullable=True, comment="what became of it"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_draft_ended_has_time")),
        sa.CheckConstraint("(state = 'published') = (edition_id IS NOT NULL)", name=op.f("ck_draft_published_has_edition")),
        sa.CheckConstraint("state IN ('open', 'published', 'discarded')", name=op.f("ck_draft_state_known")),
        sa.ForeignKeyConstraint(["base_id"], ["edition.id"], name=op.f("fk_draft_base_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_draft_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sqlite_strict=True,
    )
    op.create_table(
        "publication",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("published_at", WIDE, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_roll_back", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_publication_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sqlite_strict=True,
    )
    op.create_index("ix_publication_published", "publication", ["published_at", "id"], unique=False)
    op.create_table(
        "draft_change",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="PH-..., or RULE-ID@version"),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", WIDE, nullable=False),
        sa.CheckConstraint("part IN ('rule', 'pack')", name=op.f("ck_draft_change_part_known")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_draft_change_draft_id")),
        sa.PrimaryKeyConstraint("draft_id", "part", "subject", name=op.f("pk_draft_change")),
        sqlite_strict=True,
    )
    op.create_table(
        "opt_out",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=True, comment="whom it binds, when its scope is one seller"),
        sa.Column("received_at", WIDE, nullable=False, comment="when it was said or written; the clock runs from then"),
        sa.Column("due_on", sa.Text(), nullable=False, comment="ten business days later, 47 CFR 64.1200(a)(10)"),
        sa.Column("call_id", sa.Text(), nullable=True, comment="the call on which it was said"),
        sa.Column("rule", sa.Text(), nullable=True, comment="whose finding raised it"),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("start_s", REAL, nullable=True),
        sa.Column("end_s", REAL, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("recorded_at", WIDE, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column(
            "is_request", sa.Integer(), nullable=True, comment="1: a request; 0: a person says it is none; null: not judged yet"
        ),
        sa.Column("judged_at", WIDE, nullable=True),
        sa.Column("judged_by", sa.Text(), nullable=True),
        sa.Column("judged_why", sa.Text(), nullable=True),
        sa.Column("suppressed_at", WIDE, nullable=True),
        sa.Column("list_version", sa.Text(), nullable=True, comment="of the internal list that has the number"),
        sa.Column("completed_at", WIDE, nullable=True),
        sa.Column("proof", sa.Text(), nullable=True, comment="what was done, when, by whom; made at completion"),
        sa.Column("proof_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint("scope IN ('seller', 'everybody')", name=op.f("ck_opt_out_scope_known")),
        sa.CheckConstraint(
            "way IN ('spoken', 'key_press', 'text_reply', 'web_form', 'email', 'letter', 'phone', 'other')",
            name=op.f("ck_opt_out_way_known"),
        ),
        sa.CheckConstraint("(judged_at IS NULL) = (is_request IS NULL)", name=op.f("ck_opt_out_judged_has_answer")),
        sa.CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name=op.f("ck_opt_out_span_whole")),
        sa.CheckConstraint("(suppressed_at IS NULL) = (list_version IS NULL)", name=op.f("ck_opt_out_suppressed_has_version")),
        sa.CheckConstraint("completed_at IS NULL OR suppressed_at IS NOT NULL", name=op.f("ck_opt_out_complete_is_suppressed")),
        sa.CheckConstraint("suppressed_at IS NULL OR is_request = 1", name=op.f("ck_opt_out_suppressed_is_request")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_opt_out_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
        sqlite_strict=True,
    )
    op.create_index("ix_opt_out_number", "opt_out", ["number", "received_at"], unique=False)
    op.create_index("ix_opt_out_received", "opt_out", ["received_at", "id"], unique=False)
    op.create_index(
        "uq_opt_out_call",
        "opt_out",
        ["call_id", "number"],
        unique=True,
        sqlite_where=sa.text("call_id IS NOT NULL"),
        postgresql_where=sa.text("call_id IS NOT NULL"),
    )
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="E.164: whose data it is about"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False, comment="where the answer goes"),
        sa.Column("way", sa.Text(), nullable=False, comment="how it came: spoken, web_form, email, letter, phone, other"),
        sa.Column("call_id", sa.Text(), nullable=True, comment="the call on which it was said"),
        sa.Column("received_at", WIDE, nullable=False),
        sa.Column("acknowledge_by", sa.Text(), nullable=False, comment="ten business days"),
        sa.Column("answer_by", sa.Text(), nullable=False, comment="forty-five calendar days, or ninety when extended"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", WIDE, nullable=True),
        sa.Column("extended_why", sa.Text(), nullable=True),
        sa.Column("verified_at", WIDE, nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("verified_how", sa.Text(), nullable=True),
        sa.Column("deferred_until", sa.Text(), nullable=True),
        sa.Column("deferred_why", sa.Text(), nullable=True),
        sa.Column("ended_at", WIDE, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="call by call what was erased and what was kept, and why"),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'deferred') = (deferred_until IS NOT NULL)", name=op.f("ck_privacy_request_deferred_has_date")
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'refused')) = (ended_at IS NOT NULL)", name=op.f("ck_privacy_request_ended_has_time")
        ),
        sa.CheckConstraint(
            "kind IN ('delete', 'know', 'correct', 'opt_out_of_sale', 'limit_sensitive')",
            name=op.f("ck_privacy_request_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'refused') OR verified_at IS NOT NULL", name=op.f("ck_privacy_request_verified_first")
        ),
        sa.CheckConstraint(
            "state IN ('received', 'verified', 'deferred', 'done', 'refused')", name=op.f("ck_privacy_request_state_known")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_privacy_request_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sqlite_strict=True,
    )
    op.create_index("ix_privacy_request_number", "privacy_request", ["number"], unique=False)
    op.create_index("ix_privacy_request_received", "privacy_request", ["received_at", "id"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("erased_at", WIDE, nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column(
            "kept", sa.Text(), nullable=False, comment="the compliance record: hashes of what was destroyed, times, consent"
        ),
        sa.Column("blob_count", sa.Integer(), nullable=False),
        sa.Column("byte_count", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_erasure_call_id")),
        sa.ForeignKeyConstraint(["request_id"], ["privacy_request.id"], name=op.f("fk_erasure_request_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_erasure")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_erasure_request_id"), "erasure", ["request_id"], unique=False)
    op.create_table(
        "opt_out_notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("opt_out_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("call_count", sa.Integer(), nullable=False, comment="calls of the number that the party had a part in"),
        sa.Column("made_at", WIDE, nullable=False, comment="from then on the party sees it"),
        sa.Column("read_at", WIDE, nullable=True, comment="when somebody of the party first had it before them"),
        sa.Column("acknowledged_at", WIDE, nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_how", sa.Text(), nullable=True, comment="page, api, or what an officer was told and how"),
        sa.CheckConstraint(
            "role IN ('network', 'advertiser', 'agency', 'publisher', 'exchange')", name=op.f("ck_opt_out_notice_role_known")
        ),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_opt_out_notice_acknowledged_by_somebody")
        ),
        sa.ForeignKeyConstraint(["opt_out_id"], ["opt_out.id"], name=op.f("fk_opt_out_notice_opt_out_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_opt_out_notice_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out_notice")),
        sqlite_strict=True,
    )
    op.create_index("ix_opt_out_notice_party", "opt_out_notice", ["party_id", "made_at"], unique=False)
    op.create_index("uq_opt_out_notice_party", "opt_out_notice", ["opt_out_id", "party_id"], unique=True)
    op.create_table(
        "finding_verdict",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("review_id", sa.Text(), nullable=True, comment="null: decided by itself, outside a review"),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="user id, or token id of a program"),
        sa.Column("decided_at", WIDE, nullable=False),
        sa.CheckConstraint("decision IN ('agree', 'refuse', 'needs_evidence')", name=op.f("ck_finding_verdict_decision_known")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_finding_verdict_call_id")),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_finding_verdict_finding_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_finding_verdict_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_verdict")),
        sa.UniqueConstraint("review_id", "finding_id", name=op.f("uq_finding_verdict_review_id_finding_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_finding_verdict_call", "finding_verdict", ["call_id", "rule", "decided_at"], unique=False)
    op.create_index("ix_finding_verdict_finding", "finding_verdict", ["finding_id"], unique=False)
    op.create_index("ix_finding_verdict_rule", "finding_verdict", ["rule", "decided_at"], unique=False)


def _add_columns() -> None:
    op.create_index("ix_call_dialed", "call", ["dialed_number", "started_at"], unique=False)
    op.add_column(
        "consent",
        sa.Column("source_id", sa.Text(), nullable=True, comment="call source that collected it, when it is known here"),
    )
    op.add_column(
        "consent",
        sa.Column(
            "shown",
            sa.Text(),
            nullable=True,
            comment="as collected: text, page, form version, act, purpose, channels, address, agent, session",
        ),
    )
    op.add_column(
        "consent",
        sa.Column("text_sha256", sa.Text(), nullable=True, comment="of the consent text exactly as shown, UTF-8, hex"),
    )
    op.add_column("consent", sa.Column("recorded_by", sa.Text(), nullable=True))
    op.add_column("consent", sa.Column("revocation", sa.Text(), nullable=True, comment="scope, way, who told it, opt_out_id"))
    op.add_column("consent", sa.Column("revocation_recorded_at", WIDE, nullable=True))
    op.create_index("ix_consent_given", "consent", ["given_at", "id"], unique=False)
    op.add_column(
        "current_screening",
        sa.Column(
            "states",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="where the consumer may be, as in `FL GA`; empty: unknown",
        ),
    )
    op.add_column("finding", sa.Column("stake_least_minor", WIDE, nullable=True, comment="money at stake by law, US cents"))
    op.add_column("finding", sa.Column("stake_most_minor", WIDE, nullable=True))


def _let_jobs_be(names: str, queues: str) -> None:
    """Change which names and queues a job may have; SQLite can change a check only by making the table anew."""
    if op.get_bind().dialect.name == "postgresql":
        for name, condition in (("ck_job_name_known", names), ("ck_job_queue_known", queues)):
            op.drop_constraint(op.f(name), "job", type_="check")
            op.create_check_constraint(op.f(name), "job", condition)
        return
    for index in ("ix_job_failed", "ix_job_open_since", "uq_job_open"):
        op.drop_index(index, table_name="job")
    op.rename_table("job", "job_before")
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("event_seq", WIDE, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("created_at", WIDE, nullable=False),
        sa.Column("relayed_at", WIDE, nullable=True),
        sa.Column("not_before", WIDE, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", WIDE, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", WIDE, nullable=True),
        sa.Column("failed_at", WIDE, nullable=True),
        sa.CheckConstraint(names, name=op.f("ck_job_name_known")),
        sa.CheckConstraint(queues, name=op.f("ck_job_queue_known")),
        sa.CheckConstraint("(claimed_by IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_job_claim_has_lease")),
        sa.CheckConstraint("NOT (done_at IS NOT NULL AND failed_at IS NOT NULL)", name=op.f("ck_job_ends_once")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_job_attempts_not_negative")),
        sa.ForeignKeyConstraint(["event_seq"], ["event.seq"], name=op.f("fk_job_event_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_strict=True,
    )
    columns = (
        "id, event_seq, queue, name, subject_id, timeout_s, created_at, relayed_at, not_before, attempts, claimed_by,"
        " lease_expires_at, last_error, done_at, failed_at"
    )
    op.execute(f"INSERT INTO job ({columns}) SELECT {columns} FROM job_before")
    op.drop_table("job_before")
    op.create_index("ix_job_failed", "job", ["failed_at", "id"], unique=False)
    op.create_index("ix_job_open_since", "job", ["created_at", "id"], unique=False, sqlite_where=OPEN)
    op.create_index("uq_job_open", "job", ["name", "subject_id"], unique=True, sqlite_where=OPEN)


def _note_stakes() -> None:
    """Take the money at stake out of the evidence of the findings there are."""
    finding = sa.table(
        "finding",
        sa.column("id", sa.Text()),
        sa.column("evidence", sa.Text()),
        sa.column("stake_least_minor", WIDE),
        sa.column("stake_most_minor", WIDE),
    )
    connection, last = op.get_bind(), ""
    while True:
        after = sa.select(finding.c.id, finding.c.evidence).where(finding.c.id > last).order_by(finding.c.id)
        rows = connection.execute(after.limit(ROWS_AT_A_TIME)).all()
        if not rows:
            return
        last = rows[-1].id
        for row in rows:
            stake = json.loads(row.evidence).get("at_stake_minor")
            if stake:
                values = {"stake_least_minor": stake["least"], "stake_most_minor": stake["most"]}
                connection.execute(sa.update(finding).where(finding.c.id == row.id).values(values))
