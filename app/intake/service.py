"""The door to intake: what web, command line and jobs call."""

from app.intake.calls import RecordedCall, record_call
from app.intake.deliveries import Envelope, deliver_recording, deliver_row
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
    "IngestReport",
    "RecordedCall",
    "RejectedItem",
    "Rejection",
    "RejectionPage",
    "Replayed",
    "StoredRecording",
    "deliver_recording",
    "deliver_row",
    "dismiss_rejection",
    "ingest_paths",
    "list_rejections",
    "record_call",
    "reject",
    "replay_rejection",
    "store_recording",
]
