"""Calls, analyses, screenings and reviews for tests, written straight into the tables with believable defaults."""

import hashlib
import io
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audio.peaks import Peaks, compute_peaks, encode_peaks
from app.audio.records import listening_rows
from app.conversation import CallerVoice, CallPart, KeywordHit, Listening, Tone, Turns, Utterance, VoiceReason, Word
from app.models.analysis import AnalysisRun
from app.models.calls import Call, CallLeg, Recording
from app.models.campaigns import Ad, AdVersion, CallSource, Campaign, CampaignVersion
from app.models.parties import Party
from app.models.screening import CallScoreRow, CurrentScreening, Finding, KeywordHitRow, Screening
from app.models.users import User
from app.ports import BlobStore, IdSource
from app.timeline import Span
from app.vocabulary import (
    Channel,
    ChannelRole,
    Disposition,
    EndedBy,
    LegDirection,
    Outcome,
    PackKind,
    PartKind,
    PartyKind,
    RecordingState,
    Role,
    Severity,
    Speaker,
    ToneKind,
    VoiceLabel,
)

HOUSE_RATE_HZ = 16_000
PITCH_HZ = {Speaker.CALLER: 190.0, Speaker.AGENT: 120.0, Speaker.UNKNOWN: 150.0}


@dataclass(slots=True)
class World:
    """One advertiser with a campaign and an ad, one publisher with a source, and one outside party of each kind."""

    advertiser: Party
    publisher: Party
    other_advertiser: Party
    other_publisher: Party
    campaign: Campaign
    version: CampaignVersion
    ad: Ad
    ad_version: AdVersion
    source: CallSource
    numbers: dict[str, int] = field(default_factory=dict)


def make_world(session: Session, ids: IdSource, now: datetime, *, is_recording_allowed: bool = True) -> World:
    """Store the parties and terms that a call belongs to."""
    begun = now - timedelta(days=90)

    def party(name: str, kind: PartyKind) -> Party:
        return Party(
            id=ids.new_id(), external_id=name.lower().replace(" ", "-"), kind=kind, name=name, brands=[], created_at=begun
        )

    advertiser, other_advertiser = party("Meridian Health", PartyKind.ADVERTISER), party("Other Buyer", PartyKind.ADVERTISER)
    publisher, other_publisher = party("Bright Leads", PartyKind.PUBLISHER), party("Other Seller", PartyKind.PUBLISHER)
    session.add_all([advertiser, other_advertiser, publisher, other_publisher])
    session.flush()
    campaign = Campaign(
        id=ids.new_id(),
        external_id="medicare-fall",
        name="Medicare Advantage, fall",
        advertiser_id=advertiser.id,
        vertical="medicare",
        created_at=begun,
    )
    source = CallSource(
        id=ids.new_id(),
        external_id="bl-search",
        publisher_id=publisher.id,
        name="Search, plan finder",
        channel=Channel.SEARCH_PAID,
        placement="plan finder",
        created_at=begun,
    )
    session.add_all([campaign, source])
    session.flush()
    version = CampaignVersion(
        id=ids.new_id(),
        campaign_id=campaign.id,
        version=1,
        starts_at=begun,
        is_recording_allowed=is_recording_allowed,
        has_recording_notice=True,
        channels={"default": "deny", "allow": ["online.search_paid"], "deny": []},
        transfers={"allow": [], "origin": []},
        hours={"tz": "America/New_York", "mon_fri": ["09:00", "20:00"]},
        states=[],
        hot_words=["Meridian"],
        dedupe_window_days=30,
        dispute_window_days=14,
        hold_days=7,
    )
    ad = Ad(id=ids.new_id(), external_id="ma-inbound", campaign_id=campaign.id, name="Inbound, age 64+", category="medicare")
    session.add_all([version, ad])
    session.flush()
    ad_version = AdVersion(
        id=ids.new_id(),
        ad_id=ad.id,
        version=1,
        starts_at=begun,
        bid_minor=4200,
        billable_s=30,
        caps={},
    )
    session.add(ad_version)
    session.flush()
    return World(
        advertiser, publisher, other_advertiser, other_publisher, campaign, version, ad, ad_version, source
    )  # fmt: skip


def make_user(session: Session, ids: IdSource, now: datetime, role: Role, *, party: Party | None = None) -> User:
    """Store a person with a role; a person of an outside party needs it."""
    user_id = ids.new_id()
    user = User(
        id=user_id,
        email=f"{role}-{user_id.lower()}@example.test",
        name={Role.REVIEWER: "Dana Whitfield"}.get(role, f"{role} person".replace("_", " ").title()),
        role=role,
        party_id=party.id if party else None,
        password_hash="unusable",
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def make_call(session: Session, ids: IdSource, now: datetime, world: World | None = None, **changes: Any) -> Call:
    """Store a completed call of the world with two legs; ``changes`` override columns."""
    started_at = changes.pop("started_at", now - timedelta(hours=2))
    call_id = ids.new_id()
    values: dict[str, Any] = {
        "id": call_id,
        "sender": "test",
        "external_id": f"EXT-{call_id[-6:]}",
        "caller_number": "+12125550123",
        "dialed_number": "+18335550100",
        "started_at": started_at,
        "answered_at": started_at + timedelta(seconds=4),
        "ended_at": started_at + timedelta(seconds=80),
        "connected_s": 76.0,
        "disposition": Disposition.COMPLETED,
        "ended_by": EndedBy.CALLER,
        "consumer_state": "NY",
        "consumer_zip": "10001",
        "revenue_minor": 4200,
        "payout_minor": 3000,
        "tags": {},
        "received_at": now,
    }
    if world is not None:
        values |= {
            "campaign_id": world.campaign.id,
            "campaign_version_id": world.version.id,
            "ad_id": world.ad.id,
            "ad_version_id": world.ad_version.id,
            "source_id": world.source.id,
            "advertiser_id": world.advertiser.id,
            "publisher_id": world.publisher.id,
        }
    call = Call(**(values | changes))
    session.add(call)
    session.flush()
    connections = (
        (LegDirection.CONSUMER_PLACED, call.caller_number, call.dialed_number),
        (LegDirection.INTERNAL_TRANSFER, call.dialed_number, "+19725550177"),
    )
    for seq, (direction, from_number, to_number) in enumerate(connections):
        session.add(
            CallLeg(
                call_id=call.id,
                seq=seq,
                direction=direction,
                from_number=from_number,
                to_number=to_number,
                started_at=started_at,
                answered_at=call.answered_at,
                ended_at=call.ended_at,
                facts={},
            )
        )
    session.flush()
    return call


def make_recording(
    session: Session, ids: IdSource, now: datetime, call: Call, *, state: RecordingState = RecordingState.STORED
) -> Recording:
    """Store that a recording came in for the call."""
    sha256 = hashlib.sha256(call.id.encode()).hexdigest()
    recording = Recording(
        id=ids.new_id(),
        call_id=call.id,
        state=state,
        sha256=sha256,
        byte_count=1_216_044,
        filename="call.wav",
        blob_key=f"recordings/{sha256[:2]}/{sha256}" if state is RecordingState.STORED else None,
        received_at=now,
    )
    session.add(recording)
    session.flush()
    return recording


def make_run(session: Session, ids: IdSource, now: datetime, recording: Recording, **changes: Any) -> AnalysisRun:
    """Store a run over a recording: waiting unless ``changes`` say otherwise."""
    values: dict[str, Any] = {
        "id": ids.new_id(),
        "call_id": recording.call_id,
        "recording_id": recording.id,
        "pipeline_version": "1",
        "requested_at": now,
    }
    values["input_hash"] = hashlib.sha256(values["id"].encode()).hexdigest()
    run = AnalysisRun(**(values | changes))
    session.add(run)
    session.flush()
    return run


def make_analysis(
    session: Session,
    ids: IdSource,
    now: datetime,
    recording: Recording,
    blobs: BlobStore,
    listening: Listening | None = None,
    *,
    run: AnalysisRun | None = None,
    sound: tuple[bytes, bytes] | None = None,
) -> AnalysisRun:
    """Store a finished run with what was heard, a listening copy that sounds where somebody speaks, and its outline.

    ``sound`` is (WAV file, encoded peaks) where making them from the words would cost too much.
    """
    listening = listening or conversation(recording.sha256)
    if sound is None:
        samples = sound_of(listening)
        sound = wav_bytes(samples), encode_peaks(compute_peaks(samples))
    stem = f"derived/{recording.sha256[:2]}/{recording.sha256}"
    keys = {"peaks": f"{stem}/peaks", "listening": f"{stem}/listening", "media_type": "audio/wav"}
    blobs.put(keys["peaks"], [sound[1]])
    blobs.put(keys["listening"], [sound[0]])
    run = run or make_run(session, ids, now, recording)
    run.stage, run.progress, run.finished_at = "finished", 1.0, now
    session.add_all(listening_rows(run.id, listening, keys, now))
    session.flush()
    return run


def make_screening(
    session: Session, ids: IdSource, now: datetime, run: AnalysisRun, *, hits: Sequence[KeywordHit] = (), score: int = 62
) -> Screening:
    """Store the screening in force: the hits, one finding for each violation, and a score of two parts."""
    screening = Screening(
        id=ids.new_id(),
        call_id=run.call_id,
        run_id=run.id,
        input_hash=hashlib.sha256(run.id.encode()).hexdigest(),
        versions={"phrase_packs": "2026.11.1", "rule_set": "words-1"},
        made_at=now,
    )
    session.add(screening)
    session.flush()
    rows: list[Any] = []
    for seq, hit in enumerate(hits):
        rows.append(
            KeywordHitRow(
                screening_id=screening.id,
                seq=seq,
                pack=hit.pack,
                rule=hit.rule,
                kind=hit.kind,
                severity=hit.severity,
                phrase=hit.phrase,
                speaker=hit.speaker,
                start_s=hit.span.start_s,
                end_s=hit.span.end_s,
                quote=hit.quote,
                confidence=hit.confidence,
                is_low_trust=hit.low_trust,
                match=hit.match,
            )
        )
    telling = [hit for hit in hits if hit.kind is PackKind.VIOLATION]
    rows += [make_finding(ids, screening, hit) for hit in telling]
    parts = [
        {"name": "two_way_talk", "points": 22, "why": "Both parties take part for 41 s of 76 s."},
        {"name": "dead_air", "points": -6, "why": "9 s pass in which nobody speaks."},
        {"name": "findings", "points": -14, "why": "Two findings wait for a decision."},
    ]
    rows.append(CallScoreRow(screening_id=screening.id, value=score, parts=parts, version="score-1"))
    severities = [hit.severity for hit in telling]
    rows.append(
        CurrentScreening(
            call_id=run.call_id,
            screening_id=screening.id,
            flag_count=len(telling),
            top_severity=max(severities, key=lambda severity: severity.rank, default=None),
        )
    )
    session.add_all(rows)
    session.flush()
    return screening


def replace_screening(
    session: Session, ids: IdSource, now: datetime, run: AnalysisRun, *, hits: Sequence[KeywordHit] = ()
) -> Screening:
    """Store another screening of the call and put it in force in place of the one before."""
    session.execute(delete(CurrentScreening).where(CurrentScreening.call_id == run.call_id))
    return make_screening(session, ids, now, run, hits=hits)


def newest(session: Session, call_id: str) -> Recording:
    """Return the recording that the call got last."""
    return session.scalars(select(Recording).where(Recording.call_id == call_id).order_by(Recording.id.desc())).first()  # type: ignore[return-value]


def make_finding(ids: IdSource, screening: Screening, hit: KeywordHit) -> Finding:
    """Return the finding that rests on one phrase."""
    evidence = {"pack": hit.pack, "phrase": hit.phrase, "quote": hit.quote, "speaker": str(hit.speaker)}
    evidence |= {"start_s": hit.span.start_s, "end_s": hit.span.end_s, "confidence": hit.confidence}  # type: ignore[dict-item]
    return Finding(
        id=ids.new_id(),
        screening_id=screening.id,
        call_id=screening.call_id,
        rule=hit.rule,
        outcome=Outcome.REVIEW,
        severity=hit.severity,
        reason=f"Heard once: “{hit.quote}”.",
        citations=["campaign channel policy"],
        evidence={"hits": [evidence]},
        start_s=hit.span.start_s,
        end_s=hit.span.end_s,
    )


LINES: tuple[tuple[Speaker, float, str], ...] = (
    (
        Speaker.AGENT,
        1.2,
        "Thank you for calling Meridian Health, this call is recorded. My name is Carla, how can I help you today?",
    ),
    (Speaker.CALLER, 8.4, "Hi, yeah, I got a text message about my Medicare card and it said to call this number."),
    (Speaker.AGENT, 14.2, "Okay. Just to be sure, are you looking at a Medicare Advantage plan for yourself?"),
    (Speaker.CALLER, 18.9, "I guess so. I turn sixty five in January and I have part A and part B already."),
    (Speaker.AGENT, 25.6, "Wonderful. May I have your ZIP code, please?"),
    (Speaker.CALLER, 29.1, "One zero zero zero one, that is New York."),
    (Speaker.AGENT, 41.0, "Thank you for holding. I see three plans in your county that have no monthly premium."),
    (Speaker.CALLER, 47.2, "All right. Please stop calling my house phone though, somebody called me four times this week."),
    (Speaker.AGENT, 54.0, "I am sorry to hear that. I have put your number on our list and you will not be called again."),
    (Speaker.CALLER, 61.1, "Good. So what do I need to do to sign up?"),
    (Speaker.AGENT, 64.6, "I will send you the papers today and call back tomorrow at ten, does that suit you?"),
    (Speaker.CALLER, 70.8, "That works, thank you. Bye."),
)


def conversation(
    sha256: str = "0" * 64,
    *,
    lines: Sequence[tuple[Speaker, float, str]] = LINES,
    duration_s: float = 76.0,
    channels: int = 2,
    voice: CallerVoice | None = None,
) -> Listening:
    """Return what a recogniser would have heard of the lines: each word lasts as long as its letters say."""
    roles = (ChannelRole.CALLER, ChannelRole.AGENT) if channels == 2 else (ChannelRole.MIXED,)
    utterances = tuple(_utterance(speaker, start_s, text, channels) for speaker, start_s, text in lines)
    speech = tuple(
        tuple(utterance.span for utterance in utterances if utterance.channel == channel) for channel in range(channels)
    )
    talk_s = tuple(round(sum(span.duration_s for span in spans), 2) for spans in speech)
    turns = Turns(
        talk_s=talk_s,
        dead_air_s=9.1,
        longest_dead_air_s=6.4,
        overlap_s=0.7 if channels == 2 else None,
        two_way_speech_s=41.0 if channels == 2 else None,
        response_latency_s=0.6 if channels == 2 else None,
        interruptions=1 if channels == 2 else None,
        first_word_s=(8.4, 1.2) if channels == 2 else (1.2,),
        dead_air=(Span(33.0, 36.0),),
        overlap=(Span(53.6, 54.3),) if channels == 2 else (),
    )
    reason = VoiceReason("reaction", "Answers questions within a second of the agent's words.", -0.8, (Span(18.9, 24.0),))
    return Listening(
        sha256=sha256,
        duration_s=duration_s,
        sample_rate_hz=8000,
        channels=channels,
        channel_roles=roles,
        speech=speech,
        utterances=utterances,
        turns=turns,
        tones=(Tone(channels - 1, ToneKind.MUSIC, "", Span(36.2, 40.6)),),
        caller_voice=voice or CallerVoice(VoiceLabel.LIVE, {"live": 0.91, "recorded": 0.06, "synthetic": 0.03}, (reason,)),
        parts=(
            CallPart(channels - 1, PartKind.SPEECH, Span(0.0, 36.2)),
            CallPart(channels - 1, PartKind.HOLD, Span(36.2, 40.6), "music"),
            CallPart(channels - 1, PartKind.SPEECH, Span(40.6, duration_s)),
        ),
        engine={"earshot": "0.1.0", "pipeline": "1", "asr": {"model": "tiny.en", "compute_type": "int8", "beam_size": 1}},
    )


def usual_hits() -> tuple[KeywordHit, ...]:
    """Return the phrases a screening finds in ``LINES``, on the words that say them."""
    utterances = conversation().utterances
    return (
        _hit(utterances[0], "this call is recorded", "PH-REC-NOTICE", "REC-CONSENT", PackKind.REQUIRED, Severity.INFO),
        _hit(utterances[1], "I got a text message", "PH-CHAN-SMS", "CHAN-SPEECH-SMS", PackKind.VIOLATION, Severity.HIGH),
        _hit(utterances[7], "stop calling my", "PH-DNC-REQUEST", "DNC-INTERNAL-CAPTURE", PackKind.VIOLATION, Severity.CRITICAL),
    )


def sound_of(listening: Listening) -> NDArray[np.int16]:
    """Return int16 samples of shape (channels, n) at 16 kHz: a hum in each word, noise in music, near silence elsewhere."""
    count = int(listening.duration_s * HOUSE_RATE_HZ)
    samples = np.random.default_rng(7).normal(0, 20, (listening.channels, count))
    for utterance in listening.utterances:
        for word in utterance.words:
            start, end = (int(edge * HOUSE_RATE_HZ) for edge in (word.span.start_s, word.span.end_s))
            end = min(end, count)
            moments = np.arange(end - start) / HOUSE_RATE_HZ
            swell = np.sin(np.pi * np.linspace(0, 1, end - start)) * (4000 + 900 * (len(word.text) % 7))
            hum = np.sin(2 * np.pi * PITCH_HZ[utterance.speaker] * moments) + 0.4 * np.sin(
                2 * np.pi * 3.1 * PITCH_HZ[utterance.speaker] * moments
            )
            samples[utterance.channel, start:end] += swell * hum
    for tone in listening.tones:
        start, end = (int(edge * HOUSE_RATE_HZ) for edge in (tone.span.start_s, tone.span.end_s))
        moments = np.arange(end - start) / HOUSE_RATE_HZ
        samples[tone.channel, start:end] += (
            2500 * np.sin(2 * np.pi * 330 * moments) * (1 + 0.5 * np.sin(2 * np.pi * 2 * moments))
        )
    return np.clip(samples, -32768, 32767).astype(np.int16)


def long_sound(duration_s: int) -> tuple[bytes, bytes]:
    """Return a light WAV file of silence (8 bit, 4 kHz, two channels) and an outline of noise, for calls of hours."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(1)
        file.setframerate(4000)
        file.writeframes(b"\x80" * (2 * 4000 * duration_s))
    values = np.random.default_rng(7).integers(0, 120, (2, 50 * duration_s, 2)).astype(np.int8)
    values[:, :, 0] *= -1
    return out.getvalue(), encode_peaks(Peaks(values, 50))


def wav_bytes(samples: NDArray[np.int16]) -> bytes:
    """Return the samples as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(HOUSE_RATE_HZ)
        file.writeframes(np.ascontiguousarray(samples.T).tobytes())
    return out.getvalue()


def _utterance(speaker: Speaker, start_s: float, text: str, channels: int) -> Utterance:
    words, cursor = [], start_s
    for number, written in enumerate(text.split()):
        length = 0.09 + 0.045 * len(written)
        is_low_trust = written in {"county", "guess"}
        span = Span(round(cursor, 3), round(cursor + length, 3))
        words.append(Word(span, written, 0.31 if is_low_trust else 0.9 - number % 5 / 50, is_low_trust))
        cursor += length + 0.05
    channel = 1 if speaker is Speaker.AGENT and channels == 2 else 0
    who = speaker if channels == 2 else Speaker.UNKNOWN
    return Utterance(channel, who, Span(start_s, words[-1].span.end_s), text, tuple(words))


def _hit(utterance: Utterance, quote: str, pack: str, rule: str, kind: PackKind, severity: Severity) -> KeywordHit:
    written = [word.text.strip(".,?").lower() for word in utterance.words]
    wanted = quote.lower().split()
    first = next(place for place in range(len(written)) if written[place : place + len(wanted)] == wanted)
    span = Span(utterance.words[first].span.start_s, utterance.words[first + len(wanted) - 1].span.end_s)
    return KeywordHit(pack, rule, kind, severity, quote.lower(), utterance.speaker, span, quote, 0.86)
