"""The house stands."""

import sqlalchemy as sa
from alembic import op

WIDE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REAL = sa.Double().with_variant(sa.REAL(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("event", "journal_entry", "posting")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("seller", sa.Text(), nullable=True),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("given_at", WIDE, nullable=False),
        sa.Column("revoked_at", WIDE, nullable=True),
        sa.Column("recorded_at", WIDE, nullable=False),
        sa.CheckConstraint("revoked_at IS NULL OR revoked_at >= given_at", name=op.f("ck_consent_revoked_after_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("external_id", name=op.f("uq_consent_external_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_consent_number"), "consent", ["number"], unique=False)
    op.create_table(
        "event",
        sa.Column("seq", WIDE, autoincrement=False, nullable=False, comment="1, 2, 3... without gaps"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", WIDE, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="user:<id>, token:<id>, worker, cli, system"),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False, comment="hash of the event before, or 64 zeros"),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256, hex"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_event_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_event_subject", "event", ["subject_type", "subject_id", "seq"], unique=False)
    op.create_table(
        "intake_batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", WIDE, nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False, comment="user id, token id, or cli"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_batch")),
        sqlite_strict=True,
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="charge:<call>, credit:<dispute>, reversal:<entry>"),
        sa.Column("reverses_id", sa.Text(), nullable=True),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("posted_at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["reverses_id"], ["journal_entry.id"], name=op.f("fk_journal_entry_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("cause", name=op.f("uq_journal_entry_cause")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_journal_entry_reverses_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "party",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False, comment="the id under which other systems know the party"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("brands", sa.Text(), nullable=False, comment="names under which an advertiser sells"),
        sa.Column("created_at", WIDE, nullable=False),
        sa.CheckConstraint(
            "kind IN ('network', 'advertiser', 'agency', 'publisher', 'exchange')", name=op.f("ck_party_kind_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sa.UniqueConstraint("external_id", name=op.f("uq_party_external_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", WIDE, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
        sqlite_strict=True,
    )
    op.create_index("ix_sign_in_attempt_email_at", "sign_in_attempt", ["email", "at"], unique=False)
    op.create_table(
        "agency_client",
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("advertiser_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["advertiser_id"], ["party.id"], name=op.f("fk_agency_client_advertiser_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["party.id"], name=op.f("fk_agency_client_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "advertiser_id", name=op.f("pk_agency_client")),
        sqlite_strict=True,
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the token, hex"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=True),
        sa.Column("created_at", WIDE, nullable=False),
        sa.Column("revoked_at", WIDE, nullable=True),
        sa.CheckConstraint(
            "(role IN ('advertiser', 'publisher')) = (party_id IS NOT NULL)", name=op.f("ck_api_token_party_matches_role")
        ),
        sa.CheckConstraint(
            "role IN ('operator', 'team_lead', 'reviewer', 'compliance', 'billing', 'advertiser', 'publisher')",
            name=op.f("ck_api_token_role_known"),
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_api_token_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
        sqlite_strict=True,
    )
    op.create_table(
        "call_source",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("publisher_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="the declared call generation method"),
        sa.Column("placement", sa.Text(), nullable=False),
        sa.Column("created_at", WIDE, nullable=False),
        sa.CheckConstraint(
            "channel IN ('online.search_paid', 'online.search_organic', 'online.social', 'online.display', 'online.programmatic', 'online.email', 'online.influencer', 'online.ai_chat', 'offline.print', 'offline.radio', 'offline.tv', 'offline.outdoor', 'offline.direct_mail', 'offline.sms', 'carrier.voice_search', 'carrier.directory_assistance', 'carrier.intercept', 'incentivized', 'lead_form_outbound')",
            name=op.f("ck_call_source_channel_known"),
        ),
        sa.ForeignKeyConstraint(["publisher_id"], ["party.id"], name=op.f("fk_call_source_publisher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_source")),
        sa.UniqueConstraint("external_id", name=op.f("uq_call_source_external_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_call_source_publisher_id"), "call_source", ["publisher_id"], unique=False)
    op.create_table(
        "campaign",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("advertiser_id", sa.Text(), nullable=False),
        sa.Column("vertical", sa.Text(), nullable=False),
        sa.Column("created_at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["advertiser_id"], ["party.id"], name=op.f("fk_campaign_advertiser_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("external_id", name=op.f("uq_campaign_external_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_campaign_advertiser_id"), "campaign", ["advertiser_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("event_seq", WIDE, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("created_at", WIDE, nullable=False),
        sa.Column("relayed_at", WIDE, nullable=True, comment="when the queue last got it"),
        sa.Column("not_before", WIDE, nullable=True, comment="a failed attempt is tried again from then on"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("lease_expires_at", WIDE, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", WIDE, nullable=True),
        sa.Column("failed_at", WIDE, nullable=True),
        sa.CheckConstraint("name IN ('analyze_recording', 'screen_call', 'fetch_recording')", name=op.f("ck_job_name_known")),
        sa.CheckConstraint("queue IN ('intake', 'audio', 'light')", name=op.f("ck_job_queue_known")),
        sa.CheckConstraint("(claimed_by IS NULL) = (lease_expires_at IS NULL)", name=op.f("ck_job_claim_has_lease")),
        sa.CheckConstraint("NOT (done_at IS NOT NULL AND failed_at IS NOT NULL)", name=op.f("ck_job_ends_once")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_job_attempts_not_negative")),
        sa.ForeignKeyConstraint(["event_seq"], ["event.seq"], name=op.f("fk_job_event_seq")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_strict=True,
    )
    op.create_index("ix_job_failed", "job", ["failed_at", "id"], unique=False)
    op.create_index(
        "ix_job_open_since",
        "job",
        ["created_at", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index(
        "uq_job_open",
        "job",
        ["name", "subject_id"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False, comment="advertiser_receivable, publisher_payable, margin, hold"),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", WIDE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_posting_amount_not_zero")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_posting_entry_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_posting_party_id")),
        sa.PrimaryKeyConstraint("entry_id", "line", name=op.f("pk_posting")),
        sqlite_strict=True,
    )
    op.create_index("ix_posting_account", "posting", ["account", "party_id", "entry_id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="lower case"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id with its parameters"),
        sa.Column("created_at", WIDE, nullable=False),
        sa.Column("disabled_at", WIDE, nullable=True),
        sa.CheckConstraint(
            "(role IN ('advertiser', 'publisher')) = (party_id IS NOT NULL)", name=op.f("ck_user_account_party_matches_role")
        ),
        sa.CheckConstraint(
            "role IN ('operator', 'team_lead', 'reviewer', 'compliance', 'billing', 'advertiser', 'publisher')",
            name=op.f("ck_user_account_role_known"),
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_user_account_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sqlite_strict=True,
    )
    op.create_table(
        "ad",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_ad_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad")),
        sa.UniqueConstraint("external_id", name=op.f("uq_ad_external_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_ad_campaign_id"), "ad", ["campaign_id"], unique=False)
    op.create_table(
        "campaign_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("starts_at", WIDE, nullable=False),
        sa.Column("is_recording_allowed", sa.Integer(), nullable=False, comment="false: no audio of its calls is ever stored"),
        sa.Column("has_recording_notice", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Text(), nullable=False, comment="{default, allow[], deny[]} of channel codes"),
        sa.Column("transfers", sa.Text(), nullable=False, comment="{allow[], origin[]}"),
        sa.Column("voices", sa.Text(), nullable=False, comment="voices a caller may be greeted with; empty = any"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column(
            "hours", sa.Text(), nullable=False, comment="{tz, mon_fri|sat|sun|mon...: [from, to]} in the advertiser's zone"
        ),
        sa.Column("states", sa.Text(), nullable=False, comment="two-letter codes; empty = everywhere"),
        sa.Column("hot_words", sa.Text(), nullable=False, comment="brand and agent names the recogniser should expect"),
        sa.Column("dedupe_window_days", sa.Integer(), nullable=False),
        sa.Column("dispute_window_days", sa.Integer(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "dedupe_window_days >= 0 AND dispute_window_days >= 0 AND hold_days >= 0",
            name=op.f("ck_campaign_version_days_not_negative"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_campaign_version_version_positive")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_version_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_version")),
        sa.UniqueConstraint("campaign_id", "version", name=op.f("uq_campaign_version_campaign_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False, comment="SHA-256 of method, path and body, hex"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_idempotent_answer_token_id")),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_idempotent_answer")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_idempotent_answer_at"), "idempotent_answer", ["at"], unique=False)
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the cookie's token, hex"),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", WIDE, nullable=False),
        sa.Column("last_seen_at", WIDE, nullable=False),
        sa.Column("expires_at", WIDE, nullable=False),
        sa.Column("revoked_at", WIDE, nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_sign_in_session_user_id"), "sign_in_session", ["user_id"], unique=False)
    op.create_table(
        "tracking_number",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="E.164"),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Text(), nullable=False),
        sa.Column("assigned_from", WIDE, nullable=False),
        sa.Column("assigned_to", WIDE, nullable=True, comment="exclusive; null = still in use"),
        sa.Column("is_toll_free", sa.Integer(), nullable=False),
        sa.Column("is_vanity", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "assigned_to IS NULL OR assigned_to > assigned_from", name=op.f("ck_tracking_number_dates_in_order")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_tracking_number_campaign_id")),
        sa.ForeignKeyConstraint(["source_id"], ["call_source.id"], name=op.f("fk_tracking_number_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_number")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_tracking_number_campaign_id"), "tracking_number", ["campaign_id"], unique=False)
    op.create_index("ix_tracking_number_number_assigned_from", "tracking_number", ["number", "assigned_from"], unique=False)
    op.create_index(op.f("ix_tracking_number_source_id"), "tracking_number", ["source_id"], unique=False)
    op.create_table(
        "ad_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ad_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("starts_at", WIDE, nullable=False),
        sa.Column("bid_minor", WIDE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("billable_s", sa.Integer(), nullable=False, comment="connected seconds from which a call is billable"),
        sa.Column("tiers", sa.Text(), nullable=False, comment="[{from_s, bid_minor}]: another bid from then on"),
        sa.Column("caps", sa.Text(), nullable=False, comment="{daily, monthly, concurrency}: calls"),
        sa.Column("states", sa.Text(), nullable=False, comment="two-letter codes; empty = as the campaign"),
        sa.CheckConstraint("bid_minor >= 0", name=op.f("ck_ad_version_bid_not_negative")),
        sa.CheckConstraint("billable_s >= 0", name=op.f("ck_ad_version_billable_not_negative")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_ad_version_version_positive")),
        sa.ForeignKeyConstraint(["ad_id"], ["ad.id"], name=op.f("fk_ad_version_ad_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_version")),
        sa.UniqueConstraint("ad_id", "version", name=op.f("uq_ad_version_ad_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "payout_term",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ad_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("starts_at", WIDE, nullable=False),
        sa.Column("amount_minor", WIDE, nullable=True),
        sa.Column("share_bp", sa.Integer(), nullable=True, comment="share of the bid in hundredths of a percent"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint("(amount_minor IS NULL) <> (share_bp IS NULL)", name=op.f("ck_payout_term_flat_or_share")),
        sa.CheckConstraint("amount_minor IS NULL OR amount_minor >= 0", name=op.f("ck_payout_term_amount_not_negative")),
        sa.CheckConstraint("share_bp IS NULL OR share_bp BETWEEN 0 AND 10000", name=op.f("ck_payout_term_share_in_range")),
        sa.ForeignKeyConstraint(["ad_id"], ["ad.id"], name=op.f("fk_payout_term_ad_id")),
        sa.ForeignKeyConstraint(["source_id"], ["call_source.id"], name=op.f("fk_payout_term_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_term")),
        sa.UniqueConstraint("ad_id", "source_id", "starts_at", name=op.f("uq_payout_term_ad_id_source_id_starts_at")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_payout_term_source_id"), "payout_term", ["source_id"], unique=False)
    op.create_table(
        "target",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ad_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="E.164"),
        sa.ForeignKeyConstraint(["ad_id"], ["ad.id"], name=op.f("fk_target_ad_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_target_ad_id"), "target", ["ad_id"], unique=False)
    op.create_table(
        "call",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "sender", sa.Text(), nullable=False, comment="which system sent the row: api, csv, folder, upload, sample..."
        ),
        sa.Column("external_id", sa.Text(), nullable=False, comment="the sender's id of the call"),
        sa.Column("campaign_id", sa.Text(), nullable=True),
        sa.Column("campaign_version_id", sa.Text(), nullable=True),
        sa.Column("ad_id", sa.Text(), nullable=True),
        sa.Column("ad_version_id", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("advertiser_id", sa.Text(), nullable=True),
        sa.Column("publisher_id", sa.Text(), nullable=True),
        sa.Column("caller_number", sa.Text(), nullable=True, comment="E.164; null = withheld or unknown"),
        sa.Column("dialed_number", sa.Text(), nullable=True, comment="E.164; usually a tracking number"),
        sa.Column("started_at", WIDE, nullable=False),
        sa.Column("answered_at", WIDE, nullable=True),
        sa.Column("ended_at", WIDE, nullable=True),
        sa.Column("connected_s", REAL, nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("transfer_type", sa.Text(), nullable=True),
        sa.Column("declared_channel", sa.Text(), nullable=True),
        sa.Column("consumer_zip", sa.Text(), nullable=True),
        sa.Column("consumer_state", sa.Text(), nullable=True, comment="two letters, as the consumer or sender stated it"),
        sa.Column("revenue_minor", WIDE, nullable=True, comment="what the advertiser pays, as the sender says"),
        sa.Column("payout_minor", WIDE, nullable=True, comment="what the publisher earns, as the sender says"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False, comment="the sender's other fields, untouched"),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("received_at", WIDE, nullable=False),
        sa.CheckConstraint(
            "declared_channel IN ('online.search_paid', 'online.search_organic', 'online.social', 'online.display', 'online.programmatic', 'online.email', 'online.influencer', 'online.ai_chat', 'offline.print', 'offline.radio', 'offline.tv', 'offline.outdoor', 'offline.direct_mail', 'offline.sms', 'carrier.voice_search', 'carrier.directory_assistance', 'carrier.intercept', 'incentivized', 'lead_form_outbound')",
            name=op.f("ck_call_declared_channel_known"),
        ),
        sa.CheckConstraint(
            "disposition IN ('completed', 'no_answer', 'busy', 'failed', 'abandoned', 'voicemail')",
            name=op.f("ck_call_disposition_known"),
        ),
        sa.CheckConstraint("ended_by IN ('caller', 'agent', 'system')", name=op.f("ck_call_ended_by_known")),
        sa.CheckConstraint("transfer_type IN ('none', 'warm', 'cold')", name=op.f("ck_call_transfer_type_known")),
        sa.CheckConstraint("connected_s IS NULL OR connected_s >= 0", name=op.f("ck_call_connected_not_negative")),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_call_ends_after_start")),
        sa.ForeignKeyConstraint(["ad_id"], ["ad.id"], name=op.f("fk_call_ad_id")),
        sa.ForeignKeyConstraint(["ad_version_id"], ["ad_version.id"], name=op.f("fk_call_ad_version_id")),
        sa.ForeignKeyConstraint(["advertiser_id"], ["party.id"], name=op.f("fk_call_advertiser_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["intake_batch.id"], name=op.f("fk_call_batch_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_call_campaign_id")),
        sa.ForeignKeyConstraint(["campaign_version_id"], ["campaign_version.id"], name=op.f("fk_call_campaign_version_id")),
        sa.ForeignKeyConstraint(["publisher_id"], ["party.id"], name=op.f("fk_call_publisher_id")),
        sa.ForeignKeyConstraint(["source_id"], ["call_source.id"], name=op.f("fk_call_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("sender", "external_id", name=op.f("uq_call_sender_external_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_call_advertiser_started", "call", ["advertiser_id", "started_at", "id"], unique=False)
    op.create_index("ix_call_caller", "call", ["caller_number", "started_at"], unique=False)
    op.create_index("ix_call_campaign_started", "call", ["campaign_id", "started_at", "id"], unique=False)
    op.create_index("ix_call_publisher_started", "call", ["publisher_id", "started_at", "id"], unique=False)
    op.create_index("ix_call_source_started", "call", ["source_id", "started_at", "id"], unique=False)
    op.create_index("ix_call_started", "call", ["started_at", "id"], unique=False)
    op.create_table(
        "call_leg",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("from_number", sa.Text(), nullable=True),
        sa.Column("to_number", sa.Text(), nullable=True),
        sa.Column("started_at", WIDE, nullable=False),
        sa.Column("answered_at", WIDE, nullable=True),
        sa.Column("ended_at", WIDE, nullable=True),
        sa.Column("facts", sa.Text(), nullable=False, comment="voice, dialer, caller id, attestation as sent"),
        sa.CheckConstraint(
            "direction IN ('consumer_placed', 'placed_to_consumer', 'internal_transfer')",
            name=op.f("ck_call_leg_direction_known"),
        ),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_call_leg_seq_not_negative")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_call_leg_call_id")),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_call_leg")),
        sqlite_strict=True,
    )
    op.create_table(
        "charge",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("revenue_minor", WIDE, nullable=False),
        sa.Column("payout_minor", WIDE, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False, comment="each term: name, passed, measured, limit, sentence"),
        sa.Column("made_at", WIDE, nullable=False),
        sa.CheckConstraint("revenue_minor >= 0 AND payout_minor >= 0", name=op.f("ck_charge_amounts_not_negative")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_charge_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint("call_id", name=op.f("uq_charge_call_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "intake_rejection",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False, comment="which row or file, in the sender's words: calls.csv line 7"),
        sa.Column("kind", sa.Text(), nullable=False, comment="row or recording"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=True, comment="the row as sent"),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("blob_key", sa.Text(), nullable=True, comment="the bytes as sent, when there were any"),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("at", WIDE, nullable=False),
        sa.Column("resolved_at", WIDE, nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True, comment="replayed, or dismissed with a reason"),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_intake_rejection_resolution_has_time")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["intake_batch.id"], name=op.f("fk_intake_rejection_batch_id")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_intake_rejection_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_rejection")),
        sqlite_strict=True,
    )
    op.create_index("ix_intake_rejection_at", "intake_rejection", ["at", "id"], unique=False)
    op.create_table(
        "quality_fact",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="review:<id>, dispute:<id>"),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weight", REAL, nullable=False),
        sa.Column("at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_quality_fact_call_id")),
        sa.ForeignKeyConstraint(["source_id"], ["call_source.id"], name=op.f("fk_quality_fact_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_fact")),
        sa.UniqueConstraint("cause", name=op.f("uq_quality_fact_cause")),
        sqlite_strict=True,
    )
    op.create_index("ix_quality_fact_source_at", "quality_fact", ["source_id", "at"], unique=False)
    op.create_table(
        "recording",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the original bytes, hex"),
        sa.Column("byte_count", WIDE, nullable=False),
        sa.Column("filename", sa.Text(), nullable=False, comment="as sent; shown, never used as a path"),
        sa.Column("blob_key", sa.Text(), nullable=True, comment="null when the campaign forbids recording"),
        sa.Column("channel_roles", sa.Text(), nullable=True, comment="who is on which channel, when the sender says"),
        sa.Column("received_at", WIDE, nullable=False),
        sa.CheckConstraint("(state = 'stored') = (blob_key IS NOT NULL)", name=op.f("ck_recording_stored_has_blob")),
        sa.CheckConstraint("state IN ('stored', 'not_allowed')", name=op.f("ck_recording_state_known")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_recording_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("call_id", "sha256", name=op.f("uq_recording_call_id_sha256")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_recording_call_id"), "recording", ["call_id"], unique=False)
    op.create_index("ix_recording_sha256", "recording", ["sha256"], unique=False)
    op.create_table(
        "recording_fetch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="without what stands behind the question mark, which may be a key"
        ),
        sa.Column("address_sha256", sa.Text(), nullable=False, comment="of the whole address, hex"),
        sa.Column("query_key", sa.Text(), nullable=True, comment="the blob, encrypted, that holds the rest of the address"),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False, comment="under which name a failure is listed"),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=True, comment="as the sender says; null = as the host says"),
        sa.Column("channel_roles", sa.Text(), nullable=True),
        sa.Column("requested_at", WIDE, nullable=False),
        sa.Column("finished_at", WIDE, nullable=True),
        sa.Column("recording_id", sa.Text(), nullable=True),
        sa.Column("rejection_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (recording_id IS NULL AND rejection_id IS NULL)",
            name=op.f("ck_recording_fetch_finished_has_result"),
        ),
        sa.CheckConstraint("recording_id IS NULL OR rejection_id IS NULL", name=op.f("ck_recording_fetch_one_result")),
        sa.ForeignKeyConstraint(["batch_id"], ["intake_batch.id"], name=op.f("fk_recording_fetch_batch_id")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_recording_fetch_call_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_recording_fetch_recording_id")),
        sa.ForeignKeyConstraint(["rejection_id"], ["intake_rejection.id"], name=op.f("fk_recording_fetch_rejection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_fetch")),
        sqlite_strict=True,
    )
    op.create_index("ix_recording_fetch_call", "recording_fetch", ["call_id", "address_sha256", "id"], unique=False)
    op.create_index("ix_recording_fetch_rejection", "recording_fetch", ["rejection_id"], unique=False)
    op.create_index(
        "uq_recording_fetch_open",
        "recording_fetch",
        ["call_id", "address_sha256"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "route_decision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("considered", sa.Text(), nullable=False, comment="each ad: eligible, reasons, score"),
        sa.Column("snapshot", sa.Text(), nullable=False, comment="what the decision was taken from, for replay"),
        sa.Column("chosen_ad_id", sa.Text(), nullable=True),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("decided_at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_route_decision_call_id")),
        sa.ForeignKeyConstraint(["chosen_ad_id"], ["ad.id"], name=op.f("fk_route_decision_chosen_ad_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_decision")),
        sqlite_strict=True,
    )
    op.create_index("ix_route_decision_decided", "route_decision", ["decided_at", "id"], unique=False)
    op.create_table(
        "analysis_run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column(
            "input_hash", sa.Text(), nullable=False, comment="SHA-256 over recording hash, pipeline version and settings, hex"
        ),
        sa.Column("pipeline_version", sa.Text(), nullable=False),
        sa.Column("requested_at", WIDE, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False, comment="what is being done now, for people"),
        sa.Column("progress", REAL, nullable=False, comment="share done, 0 to 1"),
        sa.Column("finished_at", WIDE, nullable=True),
        sa.Column("failed_at", WIDE, nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.CheckConstraint("(failed_at IS NULL) = (error_code IS NULL)", name=op.f("ck_analysis_run_failure_has_code")),
        sa.CheckConstraint("NOT (finished_at IS NOT NULL AND failed_at IS NOT NULL)", name=op.f("ck_analysis_run_ends_once")),
        sa.CheckConstraint("progress >= 0 AND progress <= 1", name=op.f("ck_analysis_run_progress_is_a_share")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_analysis_run_call_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f("fk_analysis_run_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_run")),
        sqlite_strict=True,
    )
    op.create_index("ix_analysis_run_call_requested", "analysis_run", ["call_id", "requested_at", "id"], unique=False)
    op.create_index("uq_analysis_run_input", "analysis_run", ["recording_id", "input_hash"], unique=True)
    for name, where in (
        ("ix_analysis_run_open", "finished_at IS NULL AND failed_at IS NULL"),
        ("ix_analysis_run_failed", "failed_at IS NOT NULL"),
    ):
        op.create_index(
            name, "analysis_run", ["call_id"], unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_table(
        "dispute",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("credit_minor", WIDE, nullable=True),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("filed_at", WIDE, nullable=False),
        sa.Column("decided_at", WIDE, nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (state IN ('filed', 'under_review', 'appealed'))", name=op.f("ck_dispute_decided_has_time")
        ),
        sa.CheckConstraint(
            "reason IN ('fraud', 'robocall', 'misdial', 'duplicate', 'wrong_geography', 'out_of_hours', 'channel_violation', 'incentivized', 'unqualified', 'existing_customer', 'not_connected', 'other')",
            name=op.f("ck_dispute_reason_known"),
        ),
        sa.CheckConstraint(
            "state IN ('filed', 'under_review', 'accepted', 'accepted_in_part', 'refused', 'appealed', 'final')",
            name=op.f("ck_dispute_state_known"),
        ),
        sa.CheckConstraint("credit_minor IS NULL OR credit_minor >= 0", name=op.f("ck_dispute_credit_not_negative")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_dispute_charge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_dispute_charge_id"), "dispute", ["charge_id"], unique=False)
    op.create_index(
        "uq_dispute_open",
        "dispute",
        ["charge_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "analysis_result",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("duration_s", REAL, nullable=False),
        sa.Column("sample_rate_hz", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("channel_roles", sa.Text(), nullable=False),
        sa.Column("speech", sa.Text(), nullable=False, comment="per channel, spans with speech"),
        sa.Column("turns", sa.Text(), nullable=False),
        sa.Column("tones", sa.Text(), nullable=False),
        sa.Column("caller_voice", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("peaks_blob_key", sa.Text(), nullable=False),
        sa.Column("listening_blob_key", sa.Text(), nullable=False, comment="the copy that browsers play"),
        sa.Column("listening_media_type", sa.Text(), nullable=False),
        sa.Column("made_at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["analysis_run.id"], name=op.f("fk_analysis_result_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_analysis_result")),
        sqlite_strict=True,
    )
    op.create_table(
        "screening",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False, comment="SHA-256 over the facts and the versions below, hex"),
        sa.Column("versions", sa.Text(), nullable=False, comment="phrase packs and rule set"),
        sa.Column("made_at", WIDE, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_screening_call_id")),
        sa.ForeignKeyConstraint(["run_id"], ["analysis_run.id"], name=op.f("fk_screening_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
        sa.UniqueConstraint("call_id", "input_hash", name=op.f("uq_screening_call_id_input_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_screening_call_made", "screening", ["call_id", "made_at"], unique=False)
    op.create_table(
        "transcript_document",
        sa.Column("doc_no", WIDE, autoincrement=True, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_transcript_document_call_id")),
        sa.ForeignKeyConstraint(["run_id"], ["analysis_run.id"], name=op.f("fk_transcript_document_run_id")),
        sa.PrimaryKeyConstraint("doc_no", name=op.f("pk_transcript_document")),
        sa.UniqueConstraint("call_id", name=op.f("uq_transcript_document_call_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "utterance",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("start_s", REAL, nullable=False),
        sa.Column("end_s", REAL, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, comment="[start_s, end_s, text, confidence, low_trust] each"),
        sa.CheckConstraint("speaker IN ('caller', 'agent', 'unknown')", name=op.f("ck_utterance_speaker_known")),
        sa.CheckConstraint("end_s >= start_s", name=op.f("ck_utterance_ends_after_start")),
        sa.ForeignKeyConstraint(["run_id"], ["analysis_run.id"], name=op.f("fk_utterance_run_id")),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_utterance")),
        sqlite_strict=True,
    )
    op.create_table(
        "call_score",
        sa.Column("screening_id", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False, comment="0 worst to 100 best"),
        sa.Column("parts", sa.Text(), nullable=False, comment="name, points, why"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.CheckConstraint("value BETWEEN 0 AND 100", name=op.f("ck_call_score_value_in_range")),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name=op.f("fk_call_score_screening_id")),
        sa.PrimaryKeyConstraint("screening_id", name=op.f("pk_call_score")),
        sqlite_strict=True,
    )
    op.create_table(
        "current_screening",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("screening_id", sa.Text(), nullable=False),
        sa.Column("flag_count", sa.Integer(), nullable=False),
        sa.Column("top_severity", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "top_severity IN ('info', 'low', 'medium', 'high', 'critical')",
            name=op.f("ck_current_screening_top_severity_known"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_current_screening_call_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name=op.f("fk_current_screening_screening_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_current_screening")),
        sqlite_strict=True,
    )
    op.create_index("ix_current_screening_flags", "current_screening", ["flag_count", "call_id"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("screening_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("citations", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("start_s", REAL, nullable=True),
        sa.Column("end_s", REAL, nullable=True),
        sa.CheckConstraint(
            "outcome IN ('violation', 'review', 'needs_evidence', 'pass', 'not_applicable')",
            name=op.f("ck_finding_outcome_known"),
        ),
        sa.CheckConstraint("severity IN ('info', 'low', 'medium', 'high', 'critical')", name=op.f("ck_finding_severity_known")),
        sa.CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name=op.f("ck_finding_span_whole")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_finding_call_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name=op.f("fk_finding_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("screening_id", "rule", name=op.f("uq_finding_screening_id_rule")),
        sqlite_strict=True,
    )
    op.create_index("ix_finding_call", "finding", ["call_id"], unique=False)
    op.create_index("ix_finding_rule", "finding", ["rule", "call_id"], unique=False)
    op.create_table(
        "keyword_hit",
        sa.Column("screening_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("start_s", REAL, nullable=False),
        sa.Column("end_s", REAL, nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("confidence", REAL, nullable=False),
        sa.Column("is_low_trust", sa.Integer(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('violation', 'required', 'context', 'counter')", name=op.f("ck_keyword_hit_kind_known")),
        sa.CheckConstraint(
            "severity IN ('info', 'low', 'medium', 'high', 'critical')", name=op.f("ck_keyword_hit_severity_known")
        ),
        sa.CheckConstraint("speaker IN ('caller', 'agent', 'unknown')", name=op.f("ck_keyword_hit_speaker_known")),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name=op.f("fk_keyword_hit_screening_id")),
        sa.PrimaryKeyConstraint("screening_id", "seq", name=op.f("pk_keyword_hit")),
        sqlite_strict=True,
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("screening_id", sa.Text(), nullable=True, comment="what the machine said at that time"),
        sa.Column("reviewer_id", sa.Text(), nullable=False, comment="user id, or token id of a program"),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("heard_s", REAL, nullable=False, comment="seconds of the recording that were played"),
        sa.Column("decided_at", WIDE, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('good', 'bad_quality', 'not_qualified', 'robocall', 'misdial', 'duplicate', 'channel_violation', 'law_violation', 'undecided')",
            name=op.f("ck_review_verdict_known"),
        ),
        sa.CheckConstraint("heard_s >= 0", name=op.f("ck_review_heard_not_negative")),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_review_call_id")),
        sa.ForeignKeyConstraint(["screening_id"], ["screening.id"], name=op.f("fk_review_screening_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sqlite_strict=True,
    )
    op.create_index("ix_review_call_decided", "review", ["call_id", "decided_at"], unique=False)
    op.create_index("ix_review_reviewer_decided", "review", ["reviewer_id", "decided_at"], unique=False)
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
    _forbid_changing_events()
    _index_transcripts()


def downgrade() -> None:
    _drop_extras()
    op.drop_table("finding_review")
    op.drop_index("ix_review_reviewer_decided", table_name="review")
    op.drop_index("ix_review_call_decided", table_name="review")
    op.drop_table("review")
    op.drop_table("keyword_hit")
    op.drop_index("ix_finding_rule", table_name="finding")
    op.drop_index("ix_finding_call", table_name="finding")
    op.drop_table("finding")
    op.drop_index("ix_current_screening_flags", table_name="current_screening")
    op.drop_table("current_screening")
    op.drop_table("call_score")
    op.drop_table("utterance")
    op.drop_table("transcript_document")
    op.drop_index("ix_screening_call_made", table_name="screening")
    op.drop_table("screening")
    op.drop_table("analysis_result")
    op.drop_index(
        "uq_dispute_open",
        table_name="dispute",
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.drop_index(op.f("ix_dispute_charge_id"), table_name="dispute")
    op.drop_table("dispute")
    op.drop_index("uq_analysis_run_input", table_name="analysis_run")
    op.drop_index("ix_analysis_run_call_requested", table_name="analysis_run")
    op.drop_table("analysis_run")
    op.drop_index("ix_route_decision_decided", table_name="route_decision")
    op.drop_table("route_decision")
    op.drop_index(
        "uq_recording_fetch_open",
        table_name="recording_fetch",
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.drop_index("ix_recording_fetch_rejection", table_name="recording_fetch")
    op.drop_index("ix_recording_fetch_call", table_name="recording_fetch")
    op.drop_table("recording_fetch")
    op.drop_index("ix_recording_sha256", table_name="recording")
    op.drop_index(op.f("ix_recording_call_id"), table_name="recording")
    op.drop_table("recording")
    op.drop_index("ix_quality_fact_source_at", table_name="quality_fact")
    op.drop_table("quality_fact")
    op.drop_index("ix_intake_rejection_at", table_name="intake_rejection")
    op.drop_table("intake_rejection")
    op.drop_table("charge")
    op.drop_table("call_leg")
    op.drop_index("ix_call_started", table_name="call")
    op.drop_index("ix_call_source_started", table_name="call")
    op.drop_index("ix_call_publisher_started", table_name="call")
    op.drop_index("ix_call_campaign_started", table_name="call")
    op.drop_index("ix_call_caller", table_name="call")
    op.drop_index("ix_call_advertiser_started", table_name="call")
    op.drop_table("call")
    op.drop_index(op.f("ix_target_ad_id"), table_name="target")
    op.drop_table("target")
    op.drop_index(op.f("ix_payout_term_source_id"), table_name="payout_term")
    op.drop_table("payout_term")
    op.drop_table("ad_version")
    op.drop_index(op.f("ix_tracking_number_source_id"), table_name="tracking_number")
    op.drop_index("ix_tracking_number_number_assigned_from", table_name="tracking_number")
    op.drop_index(op.f("ix_tracking_number_campaign_id"), table_name="tracking_number")
    op.drop_table("tracking_number")
    op.drop_index(op.f("ix_sign_in_session_user_id"), table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_index(op.f("ix_idempotent_answer_at"), table_name="idempotent_answer")
    op.drop_table("idempotent_answer")
    op.drop_table("campaign_version")
    op.drop_index(op.f("ix_ad_campaign_id"), table_name="ad")
    op.drop_table("ad")
    op.drop_table("user_account")
    op.drop_index("ix_posting_account", table_name="posting")
    op.drop_table("posting")
    op.drop_index(
        "uq_job_open",
        table_name="job",
        sqlite_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_index(
        "ix_job_open_since",
        table_name="job",
        sqlite_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_index("ix_job_failed", table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_campaign_advertiser_id"), table_name="campaign")
    op.drop_table("campaign")
    op.drop_index(op.f("ix_call_source_publisher_id"), table_name="call_source")
    op.drop_table("call_source")
    op.drop_table("api_token")
    op.drop_table("agency_client")
    op.drop_index("ix_sign_in_attempt_email_at", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("party")
    op.drop_table("journal_entry")
    op.drop_table("intake_batch")
    op.drop_index("ix_event_subject", table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_consent_number"), table_name="consent")
    op.drop_table("consent")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _forbid_changing_events() -> None:
    """The audit trail and the journal are append-only, whatever program is connected."""
    if _is_postgresql():
        op.execute(
            "CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            if _is_postgresql():
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()"
                )
            else:
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def _index_transcripts() -> None:
    """FTS5 over the transcript texts on SQLite, a GIN index over their tsvector on PostgreSQL."""
    if _is_postgresql():
        op.execute("CREATE INDEX ix_transcript_words ON transcript_document USING gin (to_tsvector('english', text))")
        return
    op.execute(
        "CREATE VIRTUAL TABLE transcript_words USING fts5"
        "(text, content='transcript_document', content_rowid='doc_no', tokenize='porter unicode61')"
    )
    insert = "INSERT INTO transcript_words(rowid, text) VALUES (new.doc_no, new.text);"
    remove = "INSERT INTO transcript_words(transcript_words, rowid, text) VALUES ('delete', old.doc_no, old.text);"
    op.execute(f"CREATE TRIGGER transcript_document_ai AFTER INSERT ON transcript_document BEGIN {insert} END")
    op.execute(f"CREATE TRIGGER transcript_document_ad AFTER DELETE ON transcript_document BEGIN {remove} END")
    op.execute(f"CREATE TRIGGER transcript_document_au AFTER UPDATE ON transcript_document BEGIN {remove} {insert} END")


def _drop_extras() -> None:
    if _is_postgresql():
        op.execute("DROP INDEX ix_transcript_words")
        op.execute("DROP FUNCTION forbid_change() CASCADE")
        return
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}")
    op.execute("DROP TABLE transcript_words")
