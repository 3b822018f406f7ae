"""What may each role do? One table; every route names the permission it needs."""

from enum import StrEnum

from app.vocabulary import Role


class Permission(StrEnum):
    """One thing that can be done in Earshot."""

    CALLS_VIEW = "calls.view"
    CALLS_SEND = "calls.send"
    RECORDING_LISTEN = "recording.listen"
    REVIEW_DECIDE = "review.decide"
    REVIEW_LEAD = "review.lead"
    CLUSTERS_VIEW = "clusters.view"
    ANALYSIS_REQUEST = "analysis.request"
    INTAKE_VIEW = "intake.view"
    INTAKE_REPLAY = "intake.replay"
    WORKERS_VIEW = "workers.view"
    JOBS_REPLAY = "jobs.replay"
    CAMPAIGNS_VIEW = "campaigns.view"
    SOURCES_VIEW = "sources.view"
    LISTS_MANAGE = "lists.manage"
    NUMBERS_SCRUB = "numbers.scrub"
    NUMBERS_LOOK_UP = "numbers.look_up"
    FINDINGS_VIEW = "findings.view"
    FINDINGS_DECIDE = "findings.decide"
    RULES_VIEW = "rules.view"
    RULES_EDIT = "rules.edit"
    RULES_PUBLISH = "rules.publish"
    CONSENTS_VIEW = "consents.view"
    CONSENTS_MANAGE = "consents.manage"
    OPT_OUTS_MANAGE = "opt_outs.manage"
    NOTICES_VIEW = "notices.view"
    PRIVACY_MANAGE = "privacy.manage"
    REPORTS_EXPORT = "reports.export"
    PATTERNS_VIEW = "patterns.view"
    SCORECARDS_VIEW = "scorecards.view"
    AUDIT_VIEW = "audit.view"
    USERS_ADMIN = "users.admin"
    TOKENS_ADMIN = "tokens.admin"
    SETTINGS_VIEW = "settings.view"
    METRICS_VIEW = "metrics.view"


P = Permission
_EVERYBODY = frozenset({P.CALLS_VIEW, P.RECORDING_LISTEN})
_NETWORK = _EVERYBODY | {P.CAMPAIGNS_VIEW, P.SOURCES_VIEW, P.FINDINGS_VIEW, P.PATTERNS_VIEW, P.SCORECARDS_VIEW}
_REVIEWER = _NETWORK | {P.REVIEW_DECIDE, P.CLUSTERS_VIEW, P.ANALYSIS_REQUEST, P.FINDINGS_DECIDE, P.RULES_VIEW}
_OFFICER = frozenset(
    {
        *(P.LISTS_MANAGE, P.NUMBERS_SCRUB, P.NUMBERS_LOOK_UP, P.RULES_EDIT, P.RULES_PUBLISH, P.CONSENTS_VIEW),
        *(P.CONSENTS_MANAGE, P.OPT_OUTS_MANAGE, P.PRIVACY_MANAGE, P.REPORTS_EXPORT, P.AUDIT_VIEW),
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: frozenset(Permission),
    Role.TEAM_LEAD: _REVIEWER | {P.REVIEW_LEAD, P.CALLS_SEND, P.INTAKE_VIEW, P.INTAKE_REPLAY, P.WORKERS_VIEW},
    Role.REVIEWER: _REVIEWER,
    Role.COMPLIANCE: _REVIEWER | _OFFICER,
    Role.BILLING: _NETWORK,
    Role.ADVERTISER: _EVERYBODY | {P.CAMPAIGNS_VIEW, P.NOTICES_VIEW, P.FINDINGS_VIEW},
    Role.PUBLISHER: _EVERYBODY | {P.SOURCES_VIEW, P.NOTICES_VIEW, P.FINDINGS_VIEW, P.SCORECARDS_VIEW},
}

# People of these roles belong to one outside party and see its calls only.
OUTSIDE_ROLES = frozenset({Role.ADVERTISER, Role.PUBLISHER})
