"""Which reports are there? One entry per kind; pages, API and command line offer what stands here."""

from collections.abc import Mapping

from app.errors import NotFound
from app.reports.exports.calls import CALLS
from app.reports.exports.consent import CONSENT
from app.reports.exports.contract import KindOfReport
from app.reports.exports.hours import build_hours
from app.reports.exports.recording_consent import build_recording_consent
from app.reports.exports.scorecard import build_scorecard
from app.reports.exports.scrub import SCRUB
from app.reports.exports.tsr import build_tsr
from app.vocabulary import ReportKind

ALL: tuple[KindOfReport, ...] = (
    CONSENT,
    SCRUB,
    KindOfReport(
        ReportKind.HOURS,
        "Hours and attempts",
        "For every call placed to a consumer: where they may have been, the local time there, the hours that held, and how "
        "often they were tried.",
        build_hours,
        frozenset({"campaign_id", "publisher_id", "advertiser_id", "state", "number"}),
    ),
    KindOfReport(
        ReportKind.RECORDING_CONSENT,
        "Recording consent",
        "Who was told of the recording and when, how many seconds were recorded before, by state.",
        build_recording_consent,
        frozenset({"campaign_id", "publisher_id", "advertiser_id", "state"}),
    ),
    KindOfReport(
        ReportKind.TSR,
        "TSR ten-field record",
        "The ten items the Telemarketing Sales Rule asks to keep of each call, what is missing, and whom to ask for it.",
        build_tsr,
    ),
    KindOfReport(
        ReportKind.SCORECARD,
        "Publisher scorecard",
        "Findings per 1,000 calls by publisher and rule, beside the period before, with what people decided and the stakes.",
        build_scorecard,
    ),
    CALLS,
)

KINDS: Mapping[ReportKind, KindOfReport] = {each.kind: each for each in ALL}


def get_kind(name: str) -> KindOfReport:
    """Return a kind of report by its name. Raises NotFound."""
    found = next((kind for kind in KINDS.values() if kind.kind == name), None)
    if found is None:
        raise NotFound(f"there is no report {name}")
    return found
