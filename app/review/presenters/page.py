"""What does the whole page of a call show? Joins header, conversation, findings, measures and the review form."""

from dataclasses import dataclass, field
from datetime import datetime

from app.access.identity import Identity, Permission
from app.audio.state import AnalysisStanding
from app.review import wording
from app.review.forms import TypedReview
from app.review.presenters.clusters import SameAudioCard
from app.review.presenters.facts import Fact, Header, LegView, build_facts, build_header, build_legs
from app.review.presenters.findings import FindingView, MissingView, build_findings, build_missing
from app.review.presenters.measures import (
    Measure,
    ScoreView,
    Share,
    VoiceView,
    build_engine,
    build_measures,
    build_score,
    build_shares,
    build_voice,
)
from app.review.presenters.transcript import UtteranceView, build_transcript
from app.review.screen import CallScreen, ReviewFact
from app.vocabulary import AnalysisState, FindingDecision, RecordingState, Verdict


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the analysis stands, for people; ``is_over`` ends the polling."""

    state: str
    title: str
    text: str
    percent: int
    is_over: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a form."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A verdict that was given."""

    verdict: str
    label: str
    by: str
    at: str
    heard: str
    notes: str
    how: str = ""
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One channel of the recording."""

    side: str
    label: str


@dataclass(frozen=True, slots=True)
class CallPage:
    """Everything the template of a call prints."""

    call_id: str
    header: Header
    progress: Progress | None
    can_listen: bool
    can_review: bool
    can_request: bool
    has_result: bool
    duration: str
    duration_s: float
    lanes: tuple[Lane, ...]
    transcript: tuple[UtteranceView, ...]
    has_low_trust: bool
    findings: tuple[FindingView, ...]
    missing: tuple[MissingView, ...]
    is_screened: bool
    score: ScoreView | None
    voice: VoiceView | None
    shares: tuple[Share, ...]
    measures: tuple[Measure, ...]
    facts: tuple[Fact, ...]
    legs: tuple[LegView, ...]
    engine: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    reviews: tuple[ReviewView, ...]
    verdicts: tuple[Choice, ...]
    decisions: tuple[Choice, ...]
    same_audio: SameAudioCard | None = None
    form: TypedReview = field(default_factory=TypedReview)

    @property
    def lane_count(self) -> int:
        """How many channels the recording has."""
        return len(self.lanes)

    @property
    def finding_summary(self) -> str:
        """How many findings there are, in words."""
        return "1 finding" if len(self.findings) == 1 else f"{len(self.findings)} findings"


def build_call_page(
    screen: CallScreen, identity: Identity, *, form: TypedReview | None = None, same_audio: SameAudioCard | None = None
) -> CallPage:
    """Return what the page shows to this person; ``form`` is what they typed when it did not fit."""
    listening = screen.heard.listening if screen.heard else None
    hits = screen.screened.hits if screen.screened else ()
    transcript = build_transcript(listening, hits) if listening else ()
    return CallPage(
        call_id=screen.call.id,
        header=build_header(screen, identity),
        progress=build_progress(screen),
        can_listen=identity.may(Permission.RECORDING_LISTEN) and listening is not None,
        can_review=identity.may(Permission.REVIEW_DECIDE),
        can_request=identity.may(Permission.ANALYSIS_REQUEST) and _has_audio(screen),
        has_result=listening is not None,
        duration=wording.say_clock(listening.duration_s) if listening else "",
        duration_s=listening.duration_s if listening else 0.0,
        lanes=_lanes(screen),
        transcript=transcript,
        has_low_trust=any(run.is_low_trust for utterance in transcript for run in utterance.runs),
        findings=build_findings(screen, identity),
        missing=build_missing(screen),
        is_screened=screen.screened is not None,
        score=build_score(screen.screened.score if screen.screened else None),
        voice=build_voice(listening.caller_voice) if listening else None,
        shares=build_shares(listening) if listening else (),
        measures=build_measures(listening) if listening else (),
        facts=build_facts(screen, identity),
        legs=build_legs(screen.call, identity),
        engine=build_engine(screen),
        notes=listening.notes if listening else (),
        reviews=tuple(_review(review, identity) for review in screen.reviews if not (review.is_undone and identity.is_outside)),
        verdicts=tuple(Choice(str(verdict), *wording.VERDICT_WORDS[verdict]) for verdict in Verdict),
        decisions=tuple(Choice(str(d), wording.DECISION_WORDS[d][0]) for d in FindingDecision),
        same_audio=same_audio,
        form=form or TypedReview(),
    )


def build_progress(screen: CallScreen) -> Progress | None:
    """Return why there is no (new) result yet, in plain words; None when the newest analysis is shown."""
    if screen.erased_at is not None:
        return _say_erased(screen.erased_at)
    if screen.standing.state is AnalysisState.ANALYSED:
        return None
    if screen.standing.state is AnalysisState.NO_RECORDING:
        return _without_sound(screen)
    return say_standing(screen.standing)


def say_standing(standing: AnalysisStanding) -> Progress:
    """Return a standing in words, for the part of the page that is fetched again and again."""
    state = standing.state
    if state is AnalysisState.FAILED:
        known = wording.FAILURE_WORDS.get(standing.error_code or "", "This recording could not be analysed.")
        return Progress(str(state), "The analysis failed", known, 0, True, standing.error_message or "")
    if state is AnalysisState.WAITING:
        text = "The recording is stored. A worker takes it as soon as one is free; this page follows by itself."
        return Progress(str(state), "Waiting for a free worker", text, 0, False)
    if state is AnalysisState.RUNNING:
        percent = min(99, int(standing.progress * 100))
        text = "The transcript, findings and score appear here by themselves."
        return Progress(str(state), wording.say_stage(standing.stage), text, percent, False)
    return Progress(str(state), wording.STATE_WORDS[state], "", 100, True)


def _say_erased(at: datetime) -> Progress:
    text = (
        f"Sound, transcript and quotes were destroyed on {at:%d %b %Y} because the consumer asked for it, and cannot be "
        "brought back. Times, numbers, consents and what was decided are kept, as the law asks."
    )
    return Progress(str(AnalysisState.NO_RECORDING), "Erased on request", text, 0, True)


def _without_sound(screen: CallScreen) -> Progress:
    state = str(AnalysisState.NO_RECORDING)
    is_barred = screen.call.is_recording_allowed is False
    if is_barred or (screen.recording is not None and screen.recording.state is RecordingState.NOT_ALLOWED):
        text = "This campaign does not record, so no sound is ever kept. The facts of the call can be reviewed all the same."
        return Progress(state, "Recording is off for this campaign", text, 0, True)
    text = "Only the call log row came in. When the recording is sent for this call, it is analysed and appears here."
    return Progress(state, "No recording has come in", text, 0, True)


def _has_audio(screen: CallScreen) -> bool:
    return screen.recording is not None and screen.recording.state is RecordingState.STORED


def _lanes(screen: CallScreen) -> tuple[Lane, ...]:
    if screen.heard is None:
        return ()
    roles = screen.heard.listening.channel_roles
    labels = [wording.LANE_WORDS[role] for role in roles]
    return tuple(
        Lane(str(role), label if labels.count(label) == 1 else f"{label} {number + 1}")
        for number, (role, label) in enumerate(zip(roles, labels, strict=True))
    )


def _review(review: ReviewFact, identity: Identity) -> ReviewView:
    at = f"{review.decided_at:%Y-%m-%d %H:%M} UTC"
    return ReviewView(
        verdict=str(review.verdict),
        label=wording.VERDICT_WORDS[review.verdict][0],
        by="the network" if identity.is_outside else review.reviewer,
        at=at,
        heard="" if identity.is_outside else f"heard {wording.say_seconds(review.heard_s)}",
        notes="" if identity.is_outside else review.notes,
        how="" if identity.is_outside or review.check_id is None else "with its cluster",
        is_undone=review.is_undone,
    )
