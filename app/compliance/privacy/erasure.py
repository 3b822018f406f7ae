"""What is destroyed when a call is erased, and what stays? Sound and words go for good; the compliance record stays.

Destroyed are the stored bytes (with the header that is the only copy of their key: crypto-shredding), what was made of them,
the transcript, the hits and quotes, the print of the sound, and the sender's further fields. Kept, five years and longer, are
the hashes of what was destroyed, times, numbers, disposition, consents, outcomes of rules and decisions: 16 CFR 310.5 and
47 CFR 64.1200 ask for them, and Cal. Civ. Code 1798.105(d) leaves them. The facts that a screening froze hold no words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, or_, select, union, update
from sqlalchemy.orm import Session

from app.audio.service import stages_key
from app.compliance.privacy.holds import Obstacle, find_obstacles
from app.compliance.privacy.traces import ERASED, Words
from app.intake.call_rows import ASSUMED_START_TAG
from app.jobs import IS_OPEN
from app.models.analysis import AnalysisResult, AnalysisRun, TranscriptDocument, UtteranceRow
from app.models.calls import Call, CallLeg, IntakeRejection, Recording, RecordingFetch
from app.models.consumers import Erasure, OptOut
from app.models.events import Job
from app.models.fingerprints import AudioPrintRow
from app.models.reviews import FindingVerdict, Review
from app.models.screening import CallScoreRow, Finding, KeywordHitRow, Screening
from app.ports import BlobStore, StageCache
from app.unit_of_work import Work
from app.vocabulary import EventKind, JobName, RecordingState

KEPT_WORDS = "hashes of what was destroyed, times, numbers, how the call ended, consents, what the rules and people decided"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What becomes of one call: ``erase``, ``keep`` for now with the obstacles, or ``erased`` before.

    ``shared_with`` counts calls that may keep the same recording: its stored bytes stay for them.
    """

    call_id: str
    external_id: str
    started_on: date
    action: str
    obstacles: tuple[Obstacle, ...]
    recordings: int
    byte_count: int
    has_transcript: bool
    shared_with: int


def plan_erasure(session: Session, number: str, today: date) -> tuple[CallPlan, ...]:
    """Return call by call what an erasure for a number would do, oldest first."""
    return tuple(_plan_call(session, call, today) for call in find_calls(session, number))


def find_calls(session: Session, number: str) -> Sequence[Call]:
    """Return the calls in which a number took part, oldest first."""
    # Each side by its own index; joined by "or" they would use none.
    took_part = union(
        select(Call.id).where(Call.caller_number == number),
        select(Call.id).where(Call.dialed_number == number),
        select(CallLeg.call_id).where(or_(CallLeg.from_number == number, CallLeg.to_number == number)),
    )
    return session.scalars(select(Call).where(Call.id.in_(took_part)).order_by(Call.started_at, Call.id)).all()


def is_erased(session: Session, call_id: str) -> bool:
    """Tell whether sound and words of a call were destroyed."""
    return session.get(Erasure, call_id) is not None


def erase_call(
    work: Work, blobs: BlobStore, cache: StageCache, call_id: str, *, request_id: str | None, why: str, today: date
) -> bool:
    """Destroy sound and words of a call, in this transaction; False where that was done before, or may not be done.

    The stored bytes go before the commit: a process that is killed in between leaves rows that lead to nothing, and the next
    attempt ends what it began.
    """
    session = work.session
    _overwrite_what_is_deleted(session)
    call = session.get(Call, call_id, with_for_update=True)
    if call is None or is_erased(session, call_id) or find_obstacles(session, call, today) or _is_being_heard(session, call_id):
        return False
    recordings = session.scalars(select(Recording).where(Recording.call_id == call_id).order_by(Recording.id)).all()
    stored = [row for row in recordings if row.state is RecordingState.STORED]
    byte_count = sum(row.byte_count for row in stored)
    run_ids = list(session.scalars(select(AnalysisRun.id).where(AnalysisRun.call_id == call_id)))
    words = _load_words(session, call_id, run_ids)
    kept_for = {row.sha256: _count_other_calls(session, row) for row in stored}
    keys = _blob_keys(
        session, blobs, [row for row in stored if not kept_for[row.sha256]], run_ids, shared=any(kept_for.values())
    )
    kept = _describe_kept(session, call, recordings, kept_for)
    _erase_rows(session, call, recordings, run_ids, words)
    keys += _erase_rejections(work, call_id)
    erasure = Erasure(
        call_id=call_id,
        request_id=request_id,
        erased_at=work.now,
        erased_by=work.actor,
        why=why,
        kept=kept,
        blob_count=len(keys),
        byte_count=byte_count,
    )
    session.add(erasure)
    session.flush()
    told = {"request_id": request_id, "recordings": [row.sha256 for row in stored], "blobs": len(keys)}
    told |= {"bytes_kept_for_other_calls": sum(1 for count in kept_for.values() if count)}
    work.publish(EventKind.CALL_ERASED, ("call", call_id), told)
    for row in stored:
        if not kept_for[row.sha256]:
            _forget_stages(cache, row.sha256)
    for key in keys:
        blobs.delete(key)
    return True


def _plan_call(session: Session, call: Call, today: date) -> CallPlan:
    recordings = session.scalars(
        select(Recording).where(Recording.call_id == call.id, Recording.state == RecordingState.STORED)
    ).all()
    obstacles = find_obstacles(session, call, today)
    if _is_being_heard(session, call.id):
        obstacles = (*obstacles, Obstacle("its recording is being analysed just now", today))
    has_words = session.scalar(select(TranscriptDocument.call_id).where(TranscriptDocument.call_id == call.id)) is not None
    return CallPlan(
        call_id=call.id,
        external_id=call.external_id,
        started_on=call.started_at.date(),
        action="erased" if is_erased(session, call.id) else "keep" if obstacles else "erase",
        obstacles=obstacles,
        recordings=len(recordings),
        byte_count=sum(row.byte_count for row in recordings),
        has_transcript=has_words,
        shared_with=max((_count_other_calls(session, row) for row in recordings), default=0),
    )


def _is_being_heard(session: Session, call_id: str) -> bool:
    own = select(Recording.id).where(Recording.call_id == call_id)
    hearing = (Job.name == JobName.ANALYZE_RECORDING, Job.subject_id.in_(own), Job.claimed_by.is_not(None), *IS_OPEN)
    return session.scalar(select(Job.id).where(*hearing).limit(1)) is not None


def _count_other_calls(session: Session, recording: Recording) -> int:
    others = select(Recording.call_id).where(
        Recording.sha256 == recording.sha256,
        Recording.call_id != recording.call_id,
        Recording.state == RecordingState.STORED,
    )
    return len(set(session.scalars(others)))


def _load_words(session: Session, call_id: str, run_ids: Sequence[str]) -> Words:
    said = list(session.scalars(select(UtteranceRow.text).where(UtteranceRow.run_id.in_(run_ids))))
    said += session.scalars(select(TranscriptDocument.text).where(TranscriptDocument.call_id == call_id))
    screenings = select(Screening.id).where(Screening.call_id == call_id)
    said += session.scalars(select(KeywordHitRow.quote).where(KeywordHitRow.screening_id.in_(screenings)))
    return Words(said)


def _blob_keys(
    session: Session, blobs: BlobStore, stored: Sequence[Recording], run_ids: Sequence[str], *, shared: bool
) -> list[str]:
    keys = {row.blob_key for row in stored if row.blob_key}
    for row in stored:
        keys |= set(blobs.keys(f"derived/{row.sha256[:2]}/{row.sha256}/"))
    if not shared:
        results = session.scalars(select(AnalysisResult).where(AnalysisResult.run_id.in_(run_ids)))
        for result in results:
            named = {result.peaks_blob_key, result.listening_blob_key, result.redacted_blob_key} - {None}
            keys |= {key for key in named if key and not _is_used_elsewhere(session, key, run_ids)}
    return sorted(keys)


def _is_used_elsewhere(session: Session, key: str, run_ids: Sequence[str]) -> bool:
    named = or_(
        AnalysisResult.peaks_blob_key == key, AnalysisResult.listening_blob_key == key, AnalysisResult.redacted_blob_key == key
    )
    return (
        session.scalar(select(AnalysisResult.run_id).where(named, AnalysisResult.run_id.not_in(run_ids)).limit(1)) is not None
    )


def _describe_kept(session: Session, call: Call, recordings: Sequence[Recording], kept_for: dict[str, int]) -> dict[str, Any]:
    screenings = session.execute(
        select(Screening.id, Screening.input_hash, Screening.made_at).where(Screening.call_id == call.id).order_by(Screening.id)
    )
    return {
        "what": KEPT_WORDS,
        "recordings": [
            {"sha256": row.sha256, "bytes": row.byte_count, "received_at": row.received_at.isoformat(),
             "other_calls_keep_it": kept_for.get(row.sha256, 0)}
            for row in recordings
        ],
        "call": {
            "external_id": call.external_id,
            "sender": call.sender,
            "started_at": call.started_at.isoformat(),
            "connected_s": call.connected_s,
            "caller_number": call.caller_number,
            "dialed_number": call.dialed_number,
            "disposition": str(call.disposition) if call.disposition else None,
        },
        "screenings": [{"id": row[0], "input_hash": row[1], "made_at": row[2].isoformat()} for row in screenings],
    }  # fmt: skip


def _erase_rows(session: Session, call: Call, recordings: Sequence[Recording], run_ids: Sequence[str], words: Words) -> None:
    for table in (UtteranceRow, AnalysisResult):
        session.execute(delete(table).where(table.run_id.in_(run_ids)))
    session.execute(delete(TranscriptDocument).where(TranscriptDocument.call_id == call.id))
    screenings = list(session.scalars(select(Screening.id).where(Screening.call_id == call.id)))
    session.execute(delete(KeywordHitRow).where(KeywordHitRow.screening_id.in_(screenings)))
    for finding in session.scalars(select(Finding).where(Finding.call_id == call.id)):
        finding.evidence = words.strip(finding.evidence)
        finding.reason = words.clean(finding.reason)
    for score in session.scalars(select(CallScoreRow).where(CallScoreRow.screening_id.in_(screenings))):
        score.parts = [part | {"why": words.clean(str(part.get("why", "")))} for part in score.parts]
    for review in session.scalars(select(Review).where(Review.call_id == call.id)):
        review.notes = words.clean(review.notes)
    for verdict in session.scalars(select(FindingVerdict).where(FindingVerdict.call_id == call.id)):
        verdict.reason = words.clean(verdict.reason)
    for opt_out in session.scalars(select(OptOut).where(OptOut.call_id == call.id)):
        opt_out.quote, opt_out.comment = "", words.clean(opt_out.comment)
        opt_out.judged_why = words.clean(opt_out.judged_why) if opt_out.judged_why else None
    session.execute(update(AudioPrintRow).where(AudioPrintRow.call_id == call.id).values(peaks=b"", is_indexed=False))
    session.execute(update(RecordingFetch).where(RecordingFetch.call_id == call.id).values(filename=None))
    for recording in recordings:
        recording.state, recording.blob_key, recording.filename = RecordingState.NOT_ALLOWED, None, ERASED
    call.tags = {name: value for name, value in call.tags.items() if name == ASSUMED_START_TAG}
    session.flush()


def _erase_rejections(work: Work, call_id: str) -> list[str]:
    """Close what was rejected of the call; return the bytes that nobody else waits for."""
    keys = []
    for row in work.session.scalars(select(IntakeRejection).where(IntakeRejection.call_id == call_id)):
        key, row.blob_key, row.row, row.filename = row.blob_key, None, None, None
        if row.resolved_at is None:
            row.resolved_at, row.resolution = work.now, "dismissed: erased on request"
        others = select(IntakeRejection.id).where(IntakeRejection.blob_key == key, IntakeRejection.id != row.id)
        if key and work.session.scalar(others.limit(1)) is None:
            keys.append(key)
    work.session.flush()
    return keys


def _forget_stages(cache: StageCache, sha256: str) -> None:
    index = cache.load(stages_key(sha256)) or {}
    for key in index.get("keys", ()):
        cache.forget(str(key))
    cache.forget(stages_key(sha256))


def _overwrite_what_is_deleted(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
