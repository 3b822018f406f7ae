"""What did a person decide about a call? Records reviews, what was heard, and that a failed analysis is wanted again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.identity import Identity
from app.audio.service import newest_recording, request_analysis
from app.compliance.opt_outs.service import judge_by_finding
from app.errors import InvalidInput
from app.jobs import reopen_failed
from app.models.events import Event, Job
from app.models.reviews import FindingVerdict, Review
from app.models.screening import CurrentScreening, Finding
from app.review.queue.entries import leave_queue
from app.unit_of_work import Work
from app.vocabulary import EventKind, FindingDecision, JobName, Verdict

LONGEST_NOTES = 10_000
LONGEST_REASON = 2_000
# Playing a call is many requests (ranges, seeks, reloads); the audit trail tells it once an hour for each person.
HEARD_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FindingChoice:
    """What the reviewer says of one finding; a refusal and a call for evidence give their reason."""

    decision: FindingDecision
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """What a reviewer decided; findings they did not touch are absent from ``findings`` (finding id to choice)."""

    verdict: Verdict
    notes: str = ""
    findings: Mapping[str, FindingChoice] = field(default_factory=dict)
    heard_s: float = 0.0


def record_review(work: Work, identity: Identity, call_id: str, review: ReviewInput) -> str:
    """Record a reviewer's verdict on a call, which the caller may see, and return the review's id.

    Nothing is replaced: the newest review of a call is the one in force.

    Raises
    ------
    InvalidInput
        Naming the field that does not fit: notes, heard_s, or ``finding_<id>``.
    """
    _check_texts(review)
    screening_id = work.session.scalar(select(CurrentScreening.screening_id).where(CurrentScreening.call_id == call_id))
    rules = _check_findings(work, screening_id, review)
    review_id = work.new_id()
    work.session.add(
        Review(
            id=review_id,
            call_id=call_id,
            screening_id=screening_id,
            reviewer_id=identity.actor.partition(":")[2],
            verdict=review.verdict,
            notes=review.notes.strip(),
            heard_s=review.heard_s,
            decided_at=work.now,
        )
    )
    work.session.flush()
    work.session.add_all(
        FindingVerdict(
            id=work.new_id(),
            finding_id=finding_id,
            call_id=call_id,
            rule=rules[finding_id],
            review_id=review_id,
            decision=choice.decision,
            reason=choice.reason.strip(),
            decided_by=identity.actor.partition(":")[2],
            decided_at=work.now,
        )
        for finding_id, choice in sorted(review.findings.items())
    )
    for finding_id, choice in sorted(review.findings.items()):
        judge_by_finding(work, call_id, rules[finding_id], choice.decision, choice.reason)
    if review.verdict is not Verdict.UNDECIDED:
        leave_queue(work, [call_id])
    work.publish(
        EventKind.REVIEW_DECIDED,
        ("call", call_id),
        {
            "review_id": review_id,
            "screening_id": screening_id,
            "verdict": str(review.verdict),
            "findings": {finding_id: str(choice.decision) for finding_id, choice in sorted(review.findings.items())},
            "heard_s": review.heard_s,
        },
    )
    return review_id


def record_heard(work: Work, call_id: str) -> bool:
    """Note in the audit trail that who acts played the recording; False when that was noted within the hour."""
    if is_heard_recently(work.session, call_id, work.actor, work.now):
        return False
    work.publish(EventKind.RECORDING_HEARD, ("call", call_id))
    return True


def is_heard_recently(session: Session, call_id: str, actor: str, now: datetime) -> bool:
    """Say whether it was noted within the hour that the actor played the recording."""
    recently = select(Event.seq).where(
        Event.subject_type == "call",
        Event.subject_id == call_id,
        Event.kind == EventKind.RECORDING_HEARD,
        Event.actor == actor,
        Event.at > now - HEARD_AGAIN_AFTER,
    )
    return session.scalar(recently.limit(1)) is not None


def request_again(work: Work, call_id: str) -> None:
    """Ask for the call's recording to be analysed once more; a job that failed for good is opened again.

    Raises
    ------
    NotFound
        If no audio of the call is kept.
    """
    recording = newest_recording(work.session, call_id)
    if recording is not None:
        failed = (
            select(Job.id)
            .where(Job.name == JobName.ANALYZE_RECORDING, Job.subject_id == recording.id, Job.failed_at.is_not(None))
            .order_by(Job.created_at.desc(), Job.id.desc())
        )
        is_open = select(Job.id).where(
            Job.name == JobName.ANALYZE_RECORDING,
            Job.subject_id == recording.id,
            Job.done_at.is_(None),
            Job.failed_at.is_(None),
        )
        failed_id = work.session.scalar(failed.limit(1))
        if failed_id is not None and work.session.scalar(is_open.limit(1)) is None:
            reopen_failed(work.session, failed_id)
            work.session.flush()
    request_analysis(work, call_id)


def _check_texts(review: ReviewInput) -> None:
    if len(review.notes) > LONGEST_NOTES:
        raise InvalidInput(f"notes: expected at most {LONGEST_NOTES:,} characters, got {len(review.notes):,}", field="notes")
    if not 0 <= review.heard_s < 7 * 24 * 3600:
        raise InvalidInput(f"heard_s: expected seconds from 0 up, got {review.heard_s}", field="heard_s")
    for finding_id, choice in review.findings.items():
        name = f"finding_{finding_id}"
        if len(choice.reason) > LONGEST_REASON:
            raise InvalidInput(
                f"the reason may have at most {LONGEST_REASON:,} characters, got {len(choice.reason):,}", field=name
            )
        if choice.decision is not FindingDecision.AGREE and not choice.reason.strip():
            raise InvalidInput(
                "say why: a finding that is refused or needs evidence is decided with a reason",
                field=name,
                finding_id=finding_id,
            )


def _check_findings(work: Work, screening_id: str | None, review: ReviewInput) -> dict[str, str]:
    """Return the rule of each finding of the screening in force."""
    if not review.findings:
        return {}
    of_screening = select(Finding.id, Finding.rule).where(Finding.screening_id == screening_id)
    current = {row.id: row.rule for row in work.session.execute(of_screening)}
    for finding_id in review.findings:
        if finding_id not in current:
            raise InvalidInput(
                f"finding {finding_id} is not of the screening in force; the call was screened again, look at it anew",
                field=f"finding_{finding_id}",
                finding_id=finding_id,
            )
    return current
