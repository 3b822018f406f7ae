"""How does a stored recording become an analysis? Fetch, decode, listen, keep what was heard; once, whatever is killed.

The costly part, recognition, is kept in the stage cache channel by channel, so a second attempt goes on where the first was
cut off. The result, the end of the job and the event are one transaction that only the holder of the job can make.
"""

import hashlib
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.audio.fingerprint_store import FingerprintStore
from app.audio.hot_words import join_hot_words
from app.audio.records import listening_rows
from app.audio.same_audio import CallerPrint, print_caller, record_fingerprint
from app.conversation import Listening, Redaction
from app.errors import AudioUnreadable, BlobDamaged, NotFound
from app.jobs import Claim, finish_job
from app.models.analysis import AnalysisRun, TranscriptDocument
from app.models.base import canonical_json
from app.models.calls import Call, Recording
from app.models.campaigns import CampaignVersion
from app.models.consumers import Erasure
from app.ports import BlobStore, Clock, JobRequest, StageCache, Transcriber
from app.settings import Settings
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import ChannelRole, EventKind, JobName, QueueName, RecordingState

# Says what outside parties may not hear or read of what was heard.
Redactor = Callable[[Listening], Redaction]

# What a listener is told while waiting; each stage of the pipeline reports one of these names.
PROGRESS_EVERY = timedelta(seconds=1)
ANALYZE_TIMEOUT_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class Assignment:
    """What has to be heard: the run, its recording, and what the campaign tells about it."""

    run_id: str
    call_id: str
    recording_id: str
    sha256: str
    blob_key: str
    filename: str
    channel_roles: tuple[ChannelRole, ...] | None
    hot_words: str | None
    is_finished: bool


@dataclass(frozen=True, slots=True)
class _Heard:
    """What listening brought: to be recorded in one transaction; ``keys`` name the derived blobs."""

    listening: Listening
    redaction: Redaction
    caller_print: CallerPrint | None
    keys: dict[str, str]


def analysis_job(recording_id: str) -> JobRequest:
    """Return the job that hears a recording."""
    return JobRequest(QueueName.AUDIO, JobName.ANALYZE_RECORDING, recording_id, timeout_s=ANALYZE_TIMEOUT_S)


def request_analysis(work: Work, call_id: str) -> str:
    """Ask for the newest recording of a call to be heard again; return the recording's id.

    A run that failed starts over; one that finished with the same input and versions is not done again.

    Raises
    ------
    NotFound
        If the call has no recording with stored audio.
    """
    recording = newest_recording(work.session, call_id)
    if recording is None or recording.state is not RecordingState.STORED:
        raise NotFound(f"call {call_id} has no recording that could be analysed", call_id=call_id)
    # Runs of older versions stay as they ended: they are not what will be heard.
    newest = select(AnalysisRun).where(AnalysisRun.recording_id == recording.id)
    run = work.session.scalar(newest.order_by(AnalysisRun.requested_at.desc(), AnalysisRun.id.desc()).limit(1))
    if run is not None and run.failed_at is not None:
        run.failed_at = run.error_code = run.error_message = None
        run.stage, run.progress = "waiting", 0.0
    work.publish(
        EventKind.ANALYSIS_REQUESTED,
        ("call", call_id),
        {"recording_id": recording.id},
        jobs=(analysis_job(recording.id),),
    )
    return recording.id


def newest_recording(session: Session, call_id: str) -> Recording | None:
    """Return the recording of a call that came in last."""
    newest = select(Recording).where(Recording.call_id == call_id).order_by(Recording.received_at.desc(), Recording.id.desc())
    return session.scalar(newest.limit(1))


class Analyst:
    """Hears recordings; one per worker process, because it holds the recogniser."""

    def __init__(
        self,
        uow: UnitOfWork,
        blobs: BlobStore,
        transcriber: Transcriber,
        cache: StageCache,
        clock: Clock,
        settings: Settings,
        *,
        redactor: Redactor,
    ) -> None:
        self._uow = uow
        self._blobs = blobs
        self._transcriber = transcriber
        self._cache = cache
        self._clock = clock
        self._settings = settings
        self._redactor = redactor
        self._prints = FingerprintStore(settings.data_dir.resolve() / "fingerprints")

    def analyze(self, claim: Claim, *, keep_alive: Callable[[], None]) -> None:
        """Hear the recording the claimed job names and record what was heard, or why it could not be read.

        ``keep_alive`` is called whenever there is progress; it tells the outside that this worker is not stuck.

        Raises
        ------
        Conflict
            If another worker has taken the job meanwhile; nothing is recorded then.
        """
        assignment = self._prepare(claim.subject_id)
        if assignment is None or assignment.is_finished:
            with self._uow.begin("worker") as work:
                finish_job(work.session, claim, now=work.now)
            return
        on_progress = self._progress_writer(assignment.run_id, keep_alive)
        try:
            with self._fetched(assignment) as path:
                heard = self._listen(assignment, path, on_progress)
        except AudioUnreadable as error:
            self._record_failure(claim, assignment, error)
            return
        self._prints.tend(self._uow.read)
        self._record(claim, assignment, heard)

    def _prepare(self, recording_id: str) -> Assignment | None:
        from app.audio.pipeline import PIPELINE_VERSION

        with self._uow.begin("worker") as work:
            recording = work.session.get(Recording, recording_id)
            if recording is None or recording.blob_key is None:
                return None
            call = work.session.get_one(Call, recording.call_id)
            version = work.session.get(CampaignVersion, call.campaign_version_id) if call.campaign_version_id else None
            hot_words = join_hot_words(version.hot_words) if version else None
            input_hash = self._input_hash(recording, hot_words, PIPELINE_VERSION)
            run = _find_run(work.session, recording_id, input_hash)
            if run is None:
                run = AnalysisRun(
                    id=work.new_id(),
                    call_id=call.id,
                    recording_id=recording_id,
                    input_hash=input_hash,
                    pipeline_version=PIPELINE_VERSION,
                    requested_at=work.now,
                )
                work.session.add(run)
            run.input_hash, run.pipeline_version = input_hash, PIPELINE_VERSION
            if run.failed_at is not None:
                run.failed_at = run.error_code = run.error_message = None
            if run.finished_at is None:
                run.stage, run.progress = "starting", 0.0
            roles = tuple(ChannelRole(role) for role in recording.channel_roles) if recording.channel_roles else None
            return Assignment(
                run.id,
                call.id,
                recording_id,
                recording.sha256,
                recording.blob_key,
                recording.filename,
                roles,
                hot_words,
                run.finished_at is not None,
            )

    def _input_hash(self, recording: Recording, hot_words: str | None, version: str) -> str:
        s = self._settings
        engine = [s.asr_model, s.asr_compute_type, s.asr_beam_size]
        content = [recording.sha256, recording.channel_roles, hot_words, version, engine]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def _fetched(self, assignment: Assignment) -> "_Fetched":
        return _Fetched(self._blobs, assignment, self._settings.data_dir)

    def _listen(self, assignment: Assignment, path: Path, on_progress: Callable[[str, float], None]) -> "_Heard":
        from app.audio.decode import decode
        from app.audio.peaks import compute_peaks, encode_peaks
        from app.audio.pipeline import PIPELINE_VERSION, listen
        from app.audio.playback import LISTENING_MEDIA_TYPE, encode_listening_copy
        from app.audio.redaction import encode_redacted_copy

        on_progress("decoding", 0.0)
        decoded = decode(path, max_duration_s=self._settings.max_recording_hours * 3600)
        # Peaks and the listening copy come first: a reviewer can look and listen while recognition still runs.
        stem = f"derived/{assignment.sha256[:2]}/{assignment.sha256}/{PIPELINE_VERSION}"
        keys = {"peaks": f"{stem}/peaks", "listening": f"{stem}/listening", "media_type": LISTENING_MEDIA_TYPE}
        on_progress("drawing", 0.02)
        if self._blobs.stat(keys["peaks"]) is None:
            self._blobs.put(keys["peaks"], [encode_peaks(compute_peaks(decoded.samples))])
        if self._blobs.stat(keys["listening"]) is None:
            self._blobs.put(keys["listening"], encode_listening_copy(decoded.samples))
        listening = listen(
            decoded,
            self._transcriber,
            channel_roles=assignment.channel_roles,
            hot_words=assignment.hot_words,
            cache=_ListedCache(self._cache, assignment.sha256),
            on_progress=on_progress,
        )
        redaction = self._redactor(listening)
        if redaction.spans:
            on_progress("redacting", 0.99)
            # Under a name of its own content: other rules find other spans in the same recording.
            named = hashlib.sha256(canonical_json([[s.start_s, s.end_s] for s in redaction.spans]).encode()).hexdigest()
            keys["redacted"] = f"{stem}/redacted-{named[:32]}"
            if self._blobs.stat(keys["redacted"]) is None:
                self._blobs.put(keys["redacted"], encode_redacted_copy(decoded.samples, redaction.spans))
        return _Heard(listening, redaction, print_caller(decoded.samples, listening), keys)

    def _progress_writer(self, run_id: str, keep_alive: Callable[[], None]) -> Callable[[str, float], None]:
        last_written = None
        last_stage = ""

        def on_progress(stage: str, share: float) -> None:
            nonlocal last_written, last_stage
            keep_alive()
            now = self._clock.now()
            if stage == last_stage and last_written is not None and now - last_written < PROGRESS_EVERY:
                return
            last_written, last_stage = now, stage
            with self._uow.begin("worker") as work:
                work.session.execute(
                    update(AnalysisRun)
                    .where(AnalysisRun.id == run_id, AnalysisRun.finished_at.is_(None))
                    .values(stage=stage, progress=min(max(share, 0.0), 1.0))
                )

        return on_progress

    def _record(self, claim: Claim, assignment: Assignment, heard: "_Heard") -> None:
        with self._uow.begin("worker") as work:
            finish_job(work.session, claim, now=work.now)
            run = work.session.get_one(AnalysisRun, assignment.run_id)
            if work.session.get(Erasure, assignment.call_id) is not None:
                record_failure(work, run.id, "erased", "The call was erased on request while its recording was being heard.")
                return
            run.finished_at, run.stage, run.progress = work.now, "finished", 1.0
            work.session.add_all(listening_rows(assignment.run_id, heard.listening, heard.keys, work.now))
            _index_transcript(work.session, assignment.call_id, assignment.run_id, heard.redaction)
            record_fingerprint(
                work, self._prints, heard.caller_print, call_id=assignment.call_id, recording_id=assignment.recording_id
            )
            work.publish(
                EventKind.ANALYSIS_COMPLETED,
                ("call", assignment.call_id),
                {"run_id": assignment.run_id, "recording_sha256": assignment.sha256, "pipeline": run.pipeline_version},
                jobs=(JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, assignment.call_id),),
            )

    def _record_failure(self, claim: Claim, assignment: Assignment, error: AudioUnreadable) -> None:
        with self._uow.begin("worker") as work:
            finish_job(work.session, claim, now=work.now)
            record_failure(work, assignment.run_id, error.code, error.message)


def record_failure(work: Work, run_id: str, code: str, message: str) -> None:
    """Note that a run ended without a result; the call shows it with the reason, and it can be asked for again."""
    run = work.session.get_one(AnalysisRun, run_id)
    if run.finished_at is not None or run.failed_at is not None:
        return
    run.failed_at, run.error_code, run.error_message, run.stage = work.now, code, message, "failed"
    work.publish(EventKind.ANALYSIS_FAILED, ("call", run.call_id), {"run_id": run_id, "code": code, "message": message})


def fail_open_runs(work: Work, recording_id: str, code: str, message: str) -> None:
    """Show the open runs of a recording as failed, after its job failed for good."""
    open_runs = select(AnalysisRun.id).where(
        AnalysisRun.recording_id == recording_id, AnalysisRun.finished_at.is_(None), AnalysisRun.failed_at.is_(None)
    )
    for run_id in work.session.scalars(open_runs).all():
        record_failure(work, run_id, code, message)


def _find_run(session: Session, recording_id: str, input_hash: str) -> AnalysisRun | None:
    """Return the run with this input; or else one that was never ended with other input, which nobody will hear any more."""
    runs = select(AnalysisRun).where(AnalysisRun.recording_id == recording_id)
    same = session.scalar(runs.where(AnalysisRun.input_hash == input_hash))
    is_open = (AnalysisRun.finished_at.is_(None), AnalysisRun.failed_at.is_(None))
    return same or session.scalar(
        runs.where(*is_open).order_by(AnalysisRun.requested_at.desc(), AnalysisRun.id.desc()).limit(1)
    )


def _index_transcript(session: Session, call_id: str, run_id: str, redaction: Redaction) -> None:
    """Put what was said, without the numbers of people, where words are searched."""
    session.execute(delete(TranscriptDocument).where(TranscriptDocument.call_id == call_id))
    text = "\n".join(utterance.text for utterance in redaction.utterances)
    session.add(TranscriptDocument(call_id=call_id, run_id=run_id, text=text))


def stages_key(sha256: str) -> str:
    """Return the key under which the stage cache lists what it keeps of a recording, so that it can be erased."""
    return f"made-of-{sha256}"


class _ListedCache:
    """The stage cache for one recording: keeps a list of the keys that it used."""

    def __init__(self, cache: StageCache, sha256: str) -> None:
        self._cache = cache
        self._index = stages_key(sha256)
        self._keys = [str(key) for key in (cache.load(self._index) or {}).get("keys", ())]

    def load(self, key: str) -> Mapping[str, Any] | None:
        self._list(key)
        return self._cache.load(key)

    def store(self, key: str, value: Mapping[str, Any]) -> None:
        self._list(key)
        self._cache.store(key, value)

    def forget(self, key: str) -> None:
        self._cache.forget(key)

    def _list(self, key: str) -> None:
        if key not in self._keys:
            self._keys.append(key)
            self._cache.store(self._index, {"keys": self._keys})


class _Fetched:
    """A recording's original bytes in a temporary file that is gone when the block ends; the hash is checked on the way."""

    def __init__(self, blobs: BlobStore, assignment: Assignment, data_dir: Path) -> None:
        self._blobs = blobs
        self._assignment = assignment
        self._scratch = data_dir / "tmp"
        self._leave = ExitStack()

    def __enter__(self) -> Path:
        self._scratch.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self._scratch, prefix="listen-"))
            path = self._fetch(Path(folder))
            self._leave = stack.pop_all()
        return path

    def __exit__(self, *_: object) -> None:
        self._leave.close()

    def _fetch(self, folder: Path) -> Path:
        # Under its own name, cleaned, because error messages name the file.
        path = folder / (re.sub(r"[^\w.() -]", "_", self._assignment.filename)[-80:].lstrip(".") or "recording")
        digest = hashlib.sha256()
        try:
            with path.open("wb") as out:
                for chunk in self._blobs.open_range(self._assignment.blob_key):
                    digest.update(chunk)
                    out.write(chunk)
        except NotFound as error:
            raise self._lost("stored_bytes_missing", "the stored bytes are gone") from error
        except BlobDamaged as error:
            raise self._lost("stored_bytes_changed", f"the stored bytes do not open ({error.message})") from error
        if digest.hexdigest() != self._assignment.sha256:
            changed = "the stored bytes no longer match the hash taken when they came in"
            raise self._lost("stored_bytes_changed", changed)
        return path

    def _lost(self, code: str, what: str) -> AudioUnreadable:
        return AudioUnreadable(
            f"{self._assignment.filename}: {what}; restore the recording from a backup or send it again", code=code
        )
