"""Recordings that people send from the browser: each file becomes a call, and each gets its own answer."""

from typing import Any

from flask import Blueprint, Request, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import AudioUnreadable, EarshotError, InvalidInput
from app.intake.bytes_in import check_may_be_audio, receive
from app.intake.call_rows import ASSUMED_START_TAG
from app.intake.deliveries import REFUSALS
from app.intake.files import load_zone, name_by_content
from app.intake.recordings import tidy_filename
from app.intake.rejections import RECORDING, reject
from app.intake.service import Envelope, deliver_recording, deliver_row
from app.ports import BlobStore, Clock
from app.unit_of_work import UnitOfWork

SENDER = "upload"
FIELDS = ("campaign", "source", "caller", "tracking_number", "started_at", "channel_roles")
MOST_FILES = 200


def make_blueprint(uow: UnitOfWork, blobs: BlobStore, clock: Clock, *, max_upload_mb: int) -> Blueprint:
    """Return ``POST /upload``."""
    blueprint = Blueprint("upload", __name__)
    max_bytes = max_upload_mb * 1_000_000

    @blueprint.post("/upload")
    @require(Permission.CALLS_SEND)
    def send() -> ResponseReturnValue:
        """Take in the files of the form; answer JSON where it is asked for, else go to the list of what came in."""
        files = [file for file in request.files.getlist("files") + request.files.getlist("file") if file.filename]
        if not 1 <= len(files) <= MOST_FILES:
            raise InvalidInput(
                f"expected 1 to {MOST_FILES} recordings, got {len(files)}; choose files and send again", field="files"
            )
        results = [_take_in(uow, blobs, clock, file, max_bytes=max_bytes) for file in files]
        if not _wants_json(request):
            return redirect("/intake", 303)
        is_any_in = any(result["error"] is None for result in results)
        return jsonify({"files": results}), 200 if is_any_in else 422

    return blueprint


def _take_in(uow: UnitOfWork, blobs: BlobStore, clock: Clock, file: FileStorage, *, max_bytes: int) -> dict[str, Any]:
    name = tidy_filename(file.filename or "")
    envelope = Envelope(current_identity().actor, SENDER, name)
    result: dict[str, Any] = {"filename": name, "call_id": None, "recording_id": None, "is_new": False, "error": None}
    try:
        sha256 = _look_at(uow, envelope, file, max_bytes=max_bytes)
        zone = load_zone(request.form.get("time_zone"))
        recorded, row = deliver_row(uow, envelope, _read_cells(sha256, clock), zone=zone)
        result["call_id"] = recorded.call_id
        file.stream.seek(0)
        stored = deliver_recording(
            uow, blobs, envelope, recorded.call_id, file.stream, name, row.channel_roles, max_bytes=max_bytes
        )
        result |= {"recording_id": stored.recording_id, "is_new": stored.is_new, "state": str(stored.state)}
    except REFUSALS as error:
        result["error"] = _show(error)
    return result


def _look_at(uow: UnitOfWork, envelope: Envelope, file: FileStorage, *, max_bytes: int) -> str:
    """Return the hash of a file that may be a recording; list it as refused when it is none."""
    try:
        with receive(file.stream, name=envelope.item, max_bytes=max_bytes, is_kept=False) as received:
            check_may_be_audio(received)
            return received.sha256
    except (InvalidInput, AudioUnreadable) as error:
        with uow.begin(envelope.actor) as work:
            reject(work, sender=SENDER, item=envelope.item, kind=RECORDING, error=error, filename=envelope.item)
        raise


def _read_cells(sha256: str, clock: Clock) -> dict[str, Any]:
    cells: dict[str, Any] = {name: request.form[name] for name in FIELDS if request.form.get(name, "").strip()}
    cells["external_id"] = name_by_content(sha256)
    if "started_at" not in cells:
        cells["started_at"] = clock.now().isoformat()
        cells["tags"] = {ASSUMED_START_TAG: "time of the upload"}
    return cells


def _show(error: EarshotError) -> dict[str, str]:
    return {"code": error.code, "message": error.message}


def _wants_json(asked: Request) -> bool:
    best = asked.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"
