"""The door to intake: what web, command line and jobs call."""

from app.intake.calls import RecordedCall, record_call
from app.intake.deliveries import Envelope, deliver_recording, deliver_row
from app.intake.fetching import fail_fetch, fetch_recording
from app.intake.fetching_address import parse_allowed_hosts
from app.intake.fetching_delivery import deliver_address
from app.intake.fetching_requests import FetchStanding, load_fetch
from app.intake.ingest import CsvOptions, IngestReport, RejectedItem, ingest_paths
from app.intake.recordings import StoredRecording, store_recording
from app.intake.rejections import (
    Rejection,
    RejectionPage,
    Replayed,
    dismiss_rejection,
    list_rejections,
    reject,
    replay_rejection,
)

__all__ = [
    "CsvOptions",
    "Envelope",
    "FetchStanding",
    "IngestReport",
    "RecordedCall",
    "RejectedItem",
    "Rejection",
    "RejectionPage",
    "Replayed",
    "StoredRecording",
    "deliver_address",
    "deliver_recording",
    "deliver_row",
    "dismiss_rejection",
    "fail_fetch",
    "fetch_recording",
    "ingest_paths",
    "list_rejections",
    "load_fetch",
    "parse_allowed_hosts",
    "record_call",
    "reject",
    "replay_rejection",
    "store_recording",
]
