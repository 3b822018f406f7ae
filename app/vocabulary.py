"""The trade's words, each once: every shared enum of the product.

The values are what is stored, sent and shown in URLs; ``docs/glossary.md`` explains each in a sentence.
"""

from enum import StrEnum


class PartyKind(StrEnum):
    """Who takes part in a call's money."""

    NETWORK = "network"
    ADVERTISER = "advertiser"
    AGENCY = "agency"
    PUBLISHER = "publisher"
    EXCHANGE = "exchange"


class Role(StrEnum):
    """What a signed-in person may do; one role per user."""

    OPERATOR = "operator"
    TEAM_LEAD = "team_lead"
    REVIEWER = "reviewer"
    COMPLIANCE = "compliance"
    BILLING = "billing"
    ADVERTISER = "advertiser"
    PUBLISHER = "publisher"


class Channel(StrEnum):
    """Call generation method: how the publisher made the phone ring (codes of the channel policy)."""

    SEARCH_PAID = "online.search_paid"
    SEARCH_ORGANIC = "online.search_organic"
    SOCIAL = "online.social"
    DISPLAY = "online.display"
    PROGRAMMATIC = "online.programmatic"
    EMAIL = "online.email"
    INFLUENCER = "online.influencer"
    AI_CHAT = "online.ai_chat"
    PRINT = "offline.print"
    RADIO = "offline.radio"
    TV = "offline.tv"
    OUTDOOR = "offline.outdoor"
    DIRECT_MAIL = "offline.direct_mail"
    SMS = "offline.sms"
    VOICE_SEARCH = "carrier.voice_search"
    DIRECTORY_ASSISTANCE = "carrier.directory_assistance"
    INTERCEPT = "carrier.intercept"
    INCENTIVIZED = "incentivized"
    LEAD_FORM_OUTBOUND = "lead_form_outbound"


class TransferType(StrEnum):
    """Whether and how a third party handed the caller over."""

    NONE = "none"
    WARM = "warm"
    COLD = "cold"


class LegDirection(StrEnum):
    """Who placed a leg of the call."""

    CONSUMER_PLACED = "consumer_placed"
    PLACED_TO_CONSUMER = "placed_to_consumer"
    INTERNAL_TRANSFER = "internal_transfer"


class LegVoice(StrEnum):
    """Who or what speaks on our side of a leg, as the one who placed it says."""

    LIVE = "live"
    PRERECORDED = "prerecorded"
    ARTIFICIAL_AI = "artificial_ai"
    SOUNDBOARD = "soundboard"
    UNKNOWN = "unknown"


class Dialer(StrEnum):
    """How the number of a placed leg was chosen and dialled."""

    MANUAL = "manual"
    LIST = "list"
    PREDICTIVE = "predictive"
    RANDOM_SEQUENTIAL = "random_sequential"
    UNKNOWN = "unknown"


class Purpose(StrEnum):
    """What a call is for; the sales rules apply to the first two."""

    TELEMARKETING = "telemarketing"
    DUAL = "dual"
    INFORMATIONAL = "informational"
    TRANSACTIONAL = "transactional"


class AttemptKind(StrEnum):
    """How somebody tried to reach a consumer."""

    CALL = "call"
    TEXT = "text"


class Authority(StrEnum):
    """Where a rule's force comes from."""

    STATUTE = "statute"
    FCC_RULE = "fcc_rule"
    FCC_ORDER = "fcc_order"
    FTC_RULE = "ftc_rule"
    CMS_RULE = "cms_rule"
    CASE = "case"
    STATE = "state"
    STANDARD = "standard"
    CONTRACT = "contract"
    POLICY = "policy"


class RuleStatus(StrEnum):
    """Whether a rule binds."""

    IN_FORCE = "in_force"
    STAYED = "stayed"
    VACATED = "vacated"
    PROPOSED = "proposed"
    REPEALED = "repealed"


class Disposition(StrEnum):
    """How the telephone network says the call ended."""

    COMPLETED = "completed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    ABANDONED = "abandoned"
    VOICEMAIL = "voicemail"


class EndedBy(StrEnum):
    """Which side hung up."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


class Speaker(StrEnum):
    """Who said an utterance: the consumer, anyone on our side, or not known."""

    CALLER = "caller"
    AGENT = "agent"
    UNKNOWN = "unknown"


class ChannelRole(StrEnum):
    """What one channel of a recording carries."""

    CALLER = "caller"
    AGENT = "agent"
    MIXED = "mixed"
    UNKNOWN = "unknown"


class ToneKind(StrEnum):
    """Sound on a telephone line that is not speech."""

    DTMF = "dtmf"
    BEEP = "beep"
    RINGBACK = "ringback"
    BUSY = "busy"
    SIT = "sit"
    MUSIC = "music"


class PartKind(StrEnum):
    """What goes on during a part of a call, on one channel."""

    RINGING = "ringing"
    NETWORK = "network"
    IVR = "ivr"
    VOICEMAIL = "voicemail"
    HOLD = "hold"
    BEEP = "beep"
    KEYS = "keys"
    SPEECH = "speech"
    SILENCE = "silence"


class VoiceLabel(StrEnum):
    """What the caller's voice is."""

    LIVE = "live"
    RECORDED = "recorded"
    SYNTHETIC = "synthetic"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How bad it is when a finding is right, from least to worst."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return list(Severity).index(self)


class Outcome(StrEnum):
    """What a rule says about a call; unknown facts never give ``pass``."""

    VIOLATION = "violation"
    REVIEW = "review"
    NEEDS_EVIDENCE = "needs_evidence"
    PASS = "pass"  # noqa: S105 - an outcome, not a secret
    NOT_APPLICABLE = "not_applicable"


class PackKind(StrEnum):
    """What a phrase pack's hit means."""

    VIOLATION = "violation"
    REQUIRED = "required"
    CONTEXT = "context"
    COUNTER = "counter"


class RecordingState(StrEnum):
    """What became of a call's recording on its way in."""

    STORED = "stored"
    NOT_ALLOWED = "not_allowed"


class FetchState(StrEnum):
    """What became of a recording that is to be fetched from an address."""

    WAITING = "waiting"
    FETCHED = "fetched"
    FAILED = "failed"


class AnalysisState(StrEnum):
    """Where the newest analysis of a call stands; read from its runs, stored nowhere."""

    NO_RECORDING = "no_recording"
    WAITING = "waiting"
    RUNNING = "running"
    ANALYSED = "analysed"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a reviewer says of a whole call."""

    GOOD = "good"
    BAD_QUALITY = "bad_quality"
    NOT_QUALIFIED = "not_qualified"
    ROBOCALL = "robocall"
    MISDIAL = "misdial"
    DUPLICATE = "duplicate"
    CHANNEL_VIOLATION = "channel_violation"
    LAW_VIOLATION = "law_violation"
    UNDECIDED = "undecided"


class ReviewQueue(StrEnum):
    """Which queue a call waits in: what law asks, or what contracts and quality ask."""

    COMPLIANCE = "compliance"
    QUALITY = "quality"


class QueueReason(StrEnum):
    """Why a call waits for a reviewer."""

    FLAGGED = "flagged"
    NEW_SOURCE = "new_source"
    SAMPLE = "sample"


class FindingDecision(StrEnum):
    """What a reviewer says of one finding."""

    AGREE = "agree"
    REFUSE = "refuse"
    NEEDS_EVIDENCE = "needs_evidence"


class CheckOutcome(StrEnum):
    """How the sample check of a cluster ended."""

    APPLIED = "applied"
    GIVEN_UP = "given_up"


class DisputeReason(StrEnum):
    """Why an advertiser contests a charge."""

    FRAUD = "fraud"
    ROBOCALL = "robocall"
    MISDIAL = "misdial"
    DUPLICATE = "duplicate"
    WRONG_GEOGRAPHY = "wrong_geography"
    OUT_OF_HOURS = "out_of_hours"
    CHANNEL_VIOLATION = "channel_violation"
    INCENTIVIZED = "incentivized"
    UNQUALIFIED = "unqualified"
    EXISTING_CUSTOMER = "existing_customer"
    NOT_CONNECTED = "not_connected"
    OTHER = "other"


class DisputeState(StrEnum):
    """Where a dispute stands."""

    FILED = "filed"
    UNDER_REVIEW = "under_review"
    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"
    REFUSED = "refused"
    APPEALED = "appealed"
    FINAL = "final"


class ListKind(StrEnum):
    """Which kind of do-not-call list: who keeps it and what it means to be on it."""

    NATIONAL = "national"
    STATE = "state"
    INTERNAL = "internal"
    LITIGATOR = "litigator"
    REASSIGNED = "reassigned"


class ListAnswer(StrEnum):
    """What a list says of a number; a list that is missing, too old or does not cover it says unknown, never not_listed."""

    LISTED = "listed"
    NOT_LISTED = "not_listed"
    UNKNOWN = "unknown"


class ScrubOutcome(StrEnum):
    """Whether a number may be called as far as the lists go."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Freshness(StrEnum):
    """How old a list is against the longest age at which it may still be used."""

    FRESH = "fresh"
    DUE = "due"
    STALE = "stale"


class TaskKind(StrEnum):
    """What somebody can ask for that takes longer than a page may."""

    BACKTEST = "backtest"
    EXPORT = "export"
    LOAD_LIST = "load_list"
    SCRUB = "scrub"
    SCREEN_AGAIN = "screen_again"
    IMPORT_CONSENTS = "import_consents"


class TaskState(StrEnum):
    """Where such a piece of work stands; read from its moments, stored nowhere."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class DraftState(StrEnum):
    """What became of a draft of rules or phrases."""

    OPEN = "open"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class EditionPart(StrEnum):
    """What a change in a draft is about."""

    RULE = "rule"
    PACK = "pack"


class FlipKind(StrEnum):
    """What becomes of a call under a rule when other rules judge it."""

    NEWLY_FLAGGED = "newly_flagged"
    NO_LONGER_FLAGGED = "no_longer_flagged"
    CHANGED = "changed"


class ExampleKind(StrEnum):
    """Whether a phrase pack must speak up at an example, or must keep quiet."""

    MUST_FIRE = "must_fire"
    MUST_NOT_FIRE = "must_not_fire"


class ConsentAct(StrEnum):
    """What the person did to consent."""

    SIGNATURE = "signature"
    CHECKBOX = "checkbox"
    BUTTON = "button"
    TEXT_REPLY = "text_reply"
    KEY_PRESS = "key_press"
    SPOKEN = "spoken"
    PAPER = "paper"
    OTHER = "other"


class ConsentStanding(StrEnum):
    """What a consent on record proves by itself today; read from its elements, stored nowhere."""

    FULL = "full"
    UNPROVED = "unproved"
    LACKING = "lacking"
    REVOKED = "revoked"


class CertificateStanding(StrEnum):
    """For how long a consent's certificate can still be shown; read from its dates, stored nowhere."""

    NO_CERTIFICATE = "no_certificate"
    KEPT = "kept"
    VALID = "valid"
    EXPIRING = "expiring"
    LOST = "lost"
    UNDATED = "undated"


class OptOutWay(StrEnum):
    """How somebody asked not to be called any more."""

    SPOKEN = "spoken"
    KEY_PRESS = "key_press"
    TEXT_REPLY = "text_reply"
    WEB_FORM = "web_form"
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    OTHER = "other"


class OptOutScope(StrEnum):
    """Whom a request not to be called binds."""

    SELLER = "seller"
    EVERYBODY = "everybody"


class OptOutState(StrEnum):
    """Where a request not to be called stands; read from its moments, stored nowhere."""

    TO_CONFIRM = "to_confirm"
    RECORDED = "recorded"
    SUPPRESSED = "suppressed"
    COMPLETE = "complete"
    NOT_ONE = "not_one"


class PrivacyKind(StrEnum):
    """What somebody asks about the data kept of them (California Civ. Code 1798.100-.145)."""

    DELETE = "delete"
    KNOW = "know"
    CORRECT = "correct"
    OPT_OUT_OF_SALE = "opt_out_of_sale"
    LIMIT_SENSITIVE = "limit_sensitive"


class PrivacyState(StrEnum):
    """Where such a request stands; the database knows which steps may follow which."""

    RECEIVED = "received"
    VERIFIED = "verified"
    DEFERRED = "deferred"
    DONE = "done"
    REFUSED = "refused"


class HoldSubject(StrEnum):
    """What a legal hold protects from erasure."""

    CALL = "call"
    NUMBER = "number"
    PARTY = "party"


class ReportKind(StrEnum):
    """Which report is exported."""

    CONSENT = "consent"
    SCRUB = "scrub"
    HOURS = "hours"
    RECORDING_CONSENT = "recording-consent"
    TSR = "tsr"
    SCORECARD = "scorecard"
    CALLS = "calls"


class ReportFormat(StrEnum):
    """As what a report is written."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class QueueName(StrEnum):
    """Which kind of worker takes a job; each worker process serves exactly one."""

    INTAKE = "intake"
    AUDIO = "audio"
    LIGHT = "light"
    TASKS = "tasks"


class JobName(StrEnum):
    """Everything that runs in the background; each job takes one id and may run twice with the same result."""

    ANALYZE_RECORDING = "analyze_recording"
    SCREEN_CALL = "screen_call"
    FETCH_RECORDING = "fetch_recording"
    RUN_TASK = "run_task"
    SUPPRESS_NUMBER = "suppress_number"


class EventKind(StrEnum):
    """What the audit trail can say happened."""

    USER_ADDED = "user.added"
    USER_CHANGED = "user.changed"
    SIGNED_IN = "access.signed_in"
    SIGN_IN_REFUSED = "access.sign_in_refused"
    SIGNED_OUT = "access.signed_out"
    TOKEN_ISSUED = "access.token_issued"  # noqa: S105 - an event name, not a secret
    TOKEN_REVOKED = "access.token_revoked"  # noqa: S105 - an event name, not a secret
    PARTY_RECORDED = "party.recorded"
    CAMPAIGN_RECORDED = "campaign.recorded"
    SOURCE_RECORDED = "source.recorded"
    CONSENT_RECORDED = "consent.recorded"
    CALL_RECORDED = "call.recorded"
    CALL_CHANGED = "call.changed"
    RECORDING_STORED = "recording.stored"
    RECORDING_NOT_KEPT = "recording.not_kept"
    RECORDING_HEARD = "recording.heard"
    RECORDING_FETCH_REQUESTED = "recording.fetch_requested"
    RECORDING_FETCHED = "recording.fetched"
    INTAKE_REJECTED = "intake.rejected"
    INTAKE_REPLAYED = "intake.replayed"
    INTAKE_DISMISSED = "intake.dismissed"
    ANALYSIS_REQUESTED = "analysis.requested"
    ANALYSIS_COMPLETED = "analysis.completed"
    ANALYSIS_FAILED = "analysis.failed"
    CALL_SCREENED = "call.screened"
    NUMBER_LIST_LOADED = "number_list.loaded"
    NUMBER_LIST_WITHDRAWN = "number_list.withdrawn"
    NUMBER_LIST_RUNS_OUT = "number_list.runs_out"
    NUMBERS_SCRUBBED = "numbers.scrubbed"
    SCRUB_REPORT_READ = "numbers.report_read"
    NUMBER_LOOKED_UP = "numbers.looked_up"
    JOB_REPLAYED = "job.replayed"
    TASK_ASKED = "task.asked"
    TASK_ENDED = "task.ended"
    TASK_STOPPED = "task.stopped"
    FINDING_DECIDED = "finding.decided"
    CALL_REPLAYED = "call.replayed"
    EDITION_KEPT = "edition.kept"
    EDITION_PUBLISHED = "edition.published"
    EDITION_ROLLED_BACK = "edition.rolled_back"
    DRAFT_OPENED = "draft.opened"
    DRAFT_CHANGED = "draft.changed"
    DRAFT_DISCARDED = "draft.discarded"
    CONSENT_REVOKED = "consent.revoked"
    CERTIFICATE_ASKED = "certificate.asked"
    OPT_OUT_RECORDED = "opt_out.recorded"
    OPT_OUT_JUDGED = "opt_out.judged"
    OPT_OUT_SUPPRESSED = "opt_out.suppressed"
    OPT_OUT_NOTICE_MADE = "opt_out.notice_made"
    OPT_OUT_NOTICE_READ = "opt_out.notice_read"
    OPT_OUT_NOTICE_ACKNOWLEDGED = "opt_out.notice_acknowledged"
    OPT_OUT_COMPLETED = "opt_out.completed"
    PRIVACY_REQUESTED = "privacy.requested"
    PRIVACY_CHANGED = "privacy.changed"
    PRIVACY_VERIFIED = "privacy.verified"
    PRIVACY_DEFERRED = "privacy.deferred"
    PRIVACY_ENDED = "privacy.ended"
    CALL_ERASED = "call.erased"
    HOLD_PLACED = "hold.placed"
    HOLD_RELEASED = "hold.released"
    EXPORT_MADE = "export.made"
    EXPORT_READ = "export.read"
    EXPORT_DELETED = "export.deleted"
    REVIEW_DECIDED = "review.decided"
    REVIEW_CLAIMED = "review.claimed"
    REVIEW_GIVEN_BACK = "review.given_back"
    REVIEW_SKIPPED = "review.skipped"
    REVIEW_ASSIGNED = "review.assigned"
    CLUSTER_GREW = "cluster.grew"
    CLUSTER_CHECK_OPENED = "cluster.check_opened"
    CLUSTER_CHECK_GIVEN_UP = "cluster.check_given_up"
    CLUSTER_DECIDED = "cluster.decided"
    CLUSTER_UNDONE = "cluster.undone"
