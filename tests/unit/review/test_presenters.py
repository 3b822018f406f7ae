"""What the page of a call says, by tables: masking by role, words for states, runs of the transcript, the player's data."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.access.identity import Identity
from app.audio.state import AnalysisStanding
from app.conversation import CallerVoice, CallPart, CallScore, EstimatedTurns, ScorePart, Utterance, Word
from app.money import Money
from app.review.forms import parse_review
from app.review.presenters.facts import build_facts, build_header, build_legs
from app.review.presenters.findings import build_findings
from app.review.presenters.measures import build_measures, build_score, build_shares, build_voice
from app.review.presenters.page import build_call_page, say_standing
from app.review.presenters.player import build_player
from app.review.presenters.transcript import build_transcript
from app.review.screen import (
    CallRecord,
    CallScreen,
    FindingVote,
    Heard,
    Leg,
    RecordingFact,
    ReviewFact,
    Screened,
    ScreenedFinding,
)
from app.review.wording import (
    CHANNEL_WORDS,
    DECISION_WORDS,
    DISPOSITION_WORDS,
    FAILURE_WORDS,
    PART_WORDS,
    SEVERITY_WORDS,
    TONE_WORDS,
    VERDICT_WORDS,
    VOICE_WORDS,
    say_bytes,
    say_clock,
    say_seconds,
)
from app.timeline import Span
from app.vocabulary import (
    AnalysisState,
    Channel,
    Disposition,
    EndedBy,
    FindingDecision,
    LegDirection,
    Outcome,
    PartKind,
    RecordingState,
    Role,
    Severity,
    Speaker,
    ToneKind,
    Verdict,
    VoiceLabel,
)
from tests.factories.calls import conversation, usual_hits

AT = datetime(2026, 11, 23, 18, 0, 5, tzinfo=UTC)
CALLER, TRACKING, TARGET = "+12125550123", "+18335550100", "+19725550177"
NETWORK = Identity("user:n", "Dana", Role.REVIEWER, None)
ADVERTISER = Identity("user:a", "Ad", Role.ADVERTISER, frozenset({"A"}))
PUBLISHER = Identity("user:p", "Pub", Role.PUBLISHER, frozenset({"P"}))


def make_record(**changes: object) -> CallRecord:
    record = CallRecord(
        id="C1",
        external_id="EXT-1",
        sender="api",
        started_at=AT,
        ended_at=None,
        connected_s=76.0,
        caller_number=CALLER,
        dialed_number=TRACKING,
        disposition=Disposition.COMPLETED,
        ended_by=EndedBy.CALLER,
        transfer_type=None,
        declared_channel=Channel.SEARCH_PAID,
        consumer_state="NY",
        consumer_zip="10001",
        revenue=Money(4200),
        payout=Money(3000),
        campaign="Medicare",
        ad="Inbound",
        source="Search",
        source_channel=Channel.SEARCH_PAID,
        advertiser="Meridian",
        publisher="Bright Leads",
        billable_s=60,
        zone="America/Los_Angeles",
        is_recording_allowed=True,
        tags={"sub_id": "77"},
        legs=(
            Leg(0, LegDirection.CONSUMER_PLACED, CALLER, TRACKING, AT, None, None),
            Leg(1, LegDirection.INTERNAL_TRANSFER, TRACKING, TARGET, AT, None, None),
        ),
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def make_screen(**changes: object) -> CallScreen:
    listening = conversation()
    finding = ScreenedFinding(
        "F1",
        "CHAN-SPEECH-SMS",
        Outcome.REVIEW,
        Severity.HIGH,
        "Heard once.",
        ("policy",),
        {"hits": [{"speaker": "caller", "quote": "I got a text message", "start_s": 9.0, "end_s": 10.5}], "declared": "search"},
        Span(9.0, 10.5),
    )
    score = CallScore(71, (ScorePart("dead_air", -6, "9 s of it."), ScorePart("base", 77, "To begin with.")), "score-1")
    screen = CallScreen(
        call=make_record(),
        recording=RecordingFact("R1", RecordingState.STORED, "call.wav", 1_216_044, "ab" * 32, AT),
        standing=AnalysisStanding(AnalysisState.ANALYSED, "RUN1", "finished", 1.0),
        heard=Heard("RUN1", "1", AT, listening, "peaks", "listening", "audio/wav"),
        screened=Screened("S1", AT, {"phrase_packs": "2026.11.1"}, (finding,), usual_hits(), score),
        reviews=(),
    )
    return replace(screen, **changes)  # type: ignore[arg-type]


def printed(page: object) -> str:
    return repr(page)


@pytest.mark.parametrize(
    ("identity", "shown", "hidden"),
    [
        (NETWORK, ["(212) 555-0123", "$42.00", "$30.00", "$12.00", "(972) 555-0177", "Bright Leads", "Meridian", "77"], []),
        (ADVERTISER, ["0123", "$42.00", "(972) 555-0177"], ["555-0123", CALLER, "$30.00", "$12.00", "Bright Leads", "sub_id"]),
        (PUBLISHER, ["0123", "$30.00"], [CALLER, "(212)", "$42.00", "$12.00", "(972)", TARGET, "Meridian", "sub_id"]),
    ],
)
def test_each_side_sees_its_own_money_and_numbers(identity: Identity, shown: list[str], hidden: list[str]) -> None:
    screen = make_screen()
    # The conversation itself names the advertiser; only what is printed about the call is masked.
    text = printed((build_header(screen, identity), build_facts(screen, identity), build_legs(screen.call, identity)))
    assert [part for part in shown if part not in text] == []
    assert [part for part in hidden if part in text] == []


@pytest.mark.parametrize(
    ("changes", "value", "note"),
    [
        ({}, "1:16", "billable from 1:00 on"),
        ({"connected_s": 60.0}, "1:00", "billable from 1:00 on"),
        ({"connected_s": 59.0}, "0:59", "0:01 short of billable (1:00)"),
        ({"billable_s": None}, "1:16", "connected"),
        ({"connected_s": None}, "1:16", "of the recording; the sender gave none"),
    ],
)
def test_duration_is_held_against_the_billable_seconds(changes: dict[str, object], value: str, note: str) -> None:
    header = build_header(make_screen(call=make_record(**changes)), NETWORK)
    duration = next(fact for fact in header.glance if fact.label == "Duration")
    assert (duration.value, duration.note) == (value, note)


@pytest.mark.parametrize(
    ("zone", "value", "note"),
    [
        ("America/Los_Angeles", "Nov 23, 2026, 10:00 AM", "Monday, PST, the campaign's time"),
        ("Asia/Kolkata", "Nov 23, 2026, 11:30 PM", "Monday, IST, the campaign's time"),
        (None, "Nov 23, 2026, 6:00 PM", "Monday, UTC; the campaign names no zone"),
        ("Mars/Olympus", "Nov 23, 2026, 6:00 PM", "Monday, UTC; the campaign names no zone"),
    ],
)
def test_a_call_starts_on_the_campaigns_clock(zone: str | None, value: str, note: str) -> None:
    header = build_header(make_screen(call=make_record(zone=zone)), NETWORK)
    started = next(fact for fact in header.glance if fact.label == "Started")
    assert (started.value, started.note) == (value, note)


def test_a_channel_declared_otherwise_than_its_source_is_told() -> None:
    header = build_header(make_screen(call=make_record(declared_channel=Channel.SMS)), NETWORK)
    source = next(fact for fact in header.glance if fact.label == "Source")
    assert source.note == "Bright Leads · Paid search, declared as text message"


@pytest.mark.parametrize(
    ("standing", "title", "percent", "is_over"),
    [
        (AnalysisStanding(AnalysisState.WAITING, "R", "waiting"), "Waiting for a free worker", 0, False),
        (AnalysisStanding(AnalysisState.RUNNING, "R", "transcript", 0.437), "Writing the transcript", 43, False),
        (AnalysisStanding(AnalysisState.RUNNING, "R", "transcript", 1.0), "Writing the transcript", 99, False),
        (AnalysisStanding(AnalysisState.RUNNING, "R", "some_new_stage", 0.2), "Some new stage", 20, False),
        (
            AnalysisStanding(AnalysisState.FAILED, "R", "failed", 0.2, "empty_file", "a.wav: 0 bytes"),
            "The analysis failed",
            0,
            True,
        ),
        (AnalysisStanding(AnalysisState.ANALYSED, "R", "finished", 1.0), "Analysed", 100, True),
    ],
)
def test_a_standing_is_told_in_words(standing: AnalysisStanding, title: str, percent: int, is_over: bool) -> None:
    told = say_standing(standing)
    assert (told.title, told.percent, told.is_over) == (title, percent, is_over)


def test_a_known_failure_is_explained_and_an_unknown_one_shows_its_message() -> None:
    known = say_standing(AnalysisStanding(AnalysisState.FAILED, error_code="truncated", error_message="a.mp3: cut"))
    other = say_standing(AnalysisStanding(AnalysisState.FAILED, error_code="brand_new", error_message="b.mp3: odd"))
    assert (known.text, known.detail) == (FAILURE_WORDS["truncated"], "a.mp3: cut")
    assert (other.text, other.detail) == ("This recording could not be analysed.", "b.mp3: odd")


@pytest.mark.parametrize(
    ("recording", "is_allowed", "title"),
    [
        (None, True, "No recording has come in"),
        (None, None, "No recording has come in"),
        (None, False, "Recording is off for this campaign"),
        (RecordingFact("R", RecordingState.NOT_ALLOWED, "c.wav", 1, "ab", AT), True, "Recording is off for this campaign"),
    ],
)
def test_a_call_without_sound_says_why(recording: RecordingFact | None, is_allowed: bool | None, title: str) -> None:
    screen = make_screen(
        recording=recording,
        heard=None,
        screened=None,
        standing=AnalysisStanding(AnalysisState.NO_RECORDING),
        call=make_record(is_recording_allowed=is_allowed),
    )
    page = build_call_page(screen, NETWORK)
    assert page.progress is not None
    assert page.progress.title == title
    assert not page.can_listen
    assert not page.can_request


def test_phrases_are_marked_on_exactly_the_words_that_say_them() -> None:
    transcript = build_transcript(conversation(), usual_hits())
    marked = [(turn.seq, run.text, run.kind) for turn in transcript for run in turn.runs if run.hit]
    assert marked == [
        (0, "this call is recorded.", "required"),
        (1, "I got a text message", "violation"),
        (7, "stop calling my", "violation"),
    ]


def test_no_word_is_lost_or_doubled_by_marking() -> None:
    listening = conversation()
    for turn, utterance in zip(build_transcript(listening, usual_hits()), listening.utterances, strict=True):
        assert " ".join(run.text for run in turn.runs) == utterance.text


def test_doubtful_words_are_a_run_of_their_own() -> None:
    runs = [run.text for turn in build_transcript(conversation(), ()) for run in turn.runs if run.is_low_trust]
    assert runs == ["guess", "county"]


def test_a_phrase_of_the_agent_is_not_marked_on_the_callers_words_at_the_same_time() -> None:
    hit = replace(usual_hits()[0], span=Span(0.0, 2.0))
    both = tuple(
        Utterance(channel, who, Span(0.0, 2.0), "hello", (Word(Span(0.0, 1.0), "hello", 0.9),))
        for channel, who in enumerate((Speaker.CALLER, Speaker.AGENT))
    )
    turns = build_transcript(replace(conversation(), utterances=both), (hit,))
    assert [bool(turn.runs[0].hit) for turn in turns] == [False, True]


def test_an_utterance_without_word_times_is_shown_whole() -> None:
    bare = (Utterance(0, Speaker.CALLER, Span(0, 1), " yes ", ()),)
    assert build_transcript(replace(conversation(), utterances=bare), ())[0].runs[0].text == "yes"


def test_the_newest_decision_on_a_finding_is_in_force_and_names_stay_inside() -> None:
    old = ReviewFact("V1", "Kim", Verdict.GOOD, "", 10, AT, (FindingVote("F1", FindingDecision.AGREE, ""),))
    new = ReviewFact("V2", "Lee", Verdict.GOOD, "secret", 10, AT, (FindingVote("F1", FindingDecision.REFUSE, "no text"),))
    silent = ReviewFact("V3", "Max", Verdict.GOOD, "", 10, AT, ())
    screen = make_screen(reviews=(silent, new, old))
    inside, outside = build_findings(screen, NETWORK)[0].in_force, build_findings(screen, PUBLISHER)[0].in_force
    assert inside is not None
    assert (inside.label, inside.by, inside.reason) == ("Refused", "Lee", "no text")
    assert outside is not None
    assert (outside.label, outside.by, outside.reason) == ("Refused", "the network", "")
    text = printed(build_call_page(screen, PUBLISHER).reviews)
    assert "Lee" not in text
    assert "secret" not in text


def test_a_finding_shows_its_quotes_and_its_other_evidence() -> None:
    finding = build_findings(make_screen(), NETWORK)[0]
    assert [(quote.speaker, quote.text, quote.clock) for quote in finding.quotes] == [
        ("Caller", "I got a text message", "0:09")
    ]
    assert finding.facts == (("Declared", "search"),)
    assert finding.title == "Caller came by text message"


@pytest.mark.parametrize(
    ("value", "band"), [(0, "poor"), (33, "poor"), (34, "fair"), (66, "fair"), (67, "good"), (100, "good")]
)
def test_the_gauge_is_coloured_in_thirds(value: int, band: str) -> None:
    view = build_score(CallScore(value, (), "v"))
    assert view is not None
    assert view.band == band


def test_points_carry_their_sign() -> None:
    view = build_score(CallScore(50, (ScorePart("a_b", 5, ""), ScorePart("c", -3, ""), ScorePart("d", 0, "")), "v"))
    assert view is not None
    assert [(part.name, part.points) for part in view.parts] == [("A b", "+5"), ("C", "−3"), ("D", "+0")]


def test_shares_of_talk_are_hand_counted_percentages() -> None:
    listening = conversation()
    turns = replace(listening.turns, talk_s=(15.0, 45.0))
    shares = build_shares(replace(listening, turns=turns))
    assert [(share.label, share.percent, share.talk) for share in shares] == [("Caller", 25, "15 s"), ("Agent", 75, "45 s")]


def test_a_single_channel_has_no_shares_and_nothing_estimated() -> None:
    mono = conversation(channels=1)
    assert build_shares(mono) == ()
    assert {"Talk-over", "Two-way speech", "Interruptions"}.isdisjoint({row.label for row in build_measures(mono)})


def test_an_unknown_voice_is_said_plainly() -> None:
    view = build_voice(CallerVoice(VoiceLabel.UNKNOWN))
    assert view.title == "Not known"
    assert "Judge by ear" in view.sentence
    assert view.chances == ()


def test_the_players_marks_are_sorted_and_a_finding_is_not_marked_twice() -> None:
    screen = make_screen()
    hits = usual_hits()
    findings = build_findings(screen, NETWORK)
    finding = replace(
        findings[0], quotes=(replace(findings[0].quotes[0], start_s=hits[1].span.start_s, end_s=hits[1].span.end_s),)
    )
    marks = build_player(screen, [finding], can_listen=True)["marks"]
    assert [mark["start_s"] for mark in marks] == sorted(mark["start_s"] for mark in marks)
    assert [(mark["kind"], mark["look"]) for mark in marks] == [
        ("keyword", "required"),
        ("finding", "high"),
        ("tone", "music"),
        ("keyword", "violation"),
    ]


def test_the_players_levels_count_their_buckets_as_the_outline_does() -> None:
    screen = make_screen()
    assert screen.heard is not None
    listening = replace(screen.heard.listening, duration_s=100.01)
    levels = build_player(replace(screen, heard=replace(screen.heard, listening=listening)), (), can_listen=True)["peaks"]
    # 100.01 s at 50 a second is 5000.5, so 5001 buckets; 5001 / 8 = 625.1 -> 626; 5001 / 64 = 78.1 -> 79.
    assert [(level["bucket_s"], level["count"]) for level in levels] == [(0.02, 5001), (0.16, 626), (1.28, 79)]


def test_the_lanes_name_menu_ringing_hold_and_voicemail_and_join_the_prompts_of_a_menu() -> None:
    kinds = [PartKind.RINGING, PartKind.IVR, PartKind.IVR, PartKind.KEYS, PartKind.IVR, PartKind.SPEECH, PartKind.SILENCE]
    parts = tuple(CallPart(1, kind, Span(10.0 * at, 10.0 * (at + 1))) for at, kind in enumerate(kinds))
    screen = make_screen()
    listening = replace(screen.heard.listening, parts=parts, tones=())
    player = build_player(replace(screen, heard=replace(screen.heard, listening=listening)), (), can_listen=True)
    assert [(part["lane"], part["label"], part["start_s"], part["end_s"]) for part in player["parts"]] == [
        (1, "Ringing", 0.0, 10.0),
        (1, "Menu", 10.0, 30.0),
        (1, "Menu", 40.0, 50.0),
    ]
    assert [mark["start_s"] for mark in player["marks"] if mark["look"] == "ivr"] == [10.0, 40.0]
    measures = {row.label: row.value for row in build_measures(listening)}
    assert (measures["Ringing"], measures["Menu"]) == ("10 s", "30 s")
    assert "Hold" not in measures


def test_voices_told_apart_by_sound_alone_are_called_an_estimate() -> None:
    mono = conversation(channels=1)
    unknown = [replace(u, speaker=Speaker.UNKNOWN, estimated_speaker="B") for u in mono.utterances]
    turns = replace(mono.turns, estimated=EstimatedTurns({"A": 20.0, "B": 12.0}, 25.0))
    heard = replace(mono, utterances=tuple(unknown), turns=turns)
    assert {turn.speaker for turn in build_transcript(heard, ())} == {"Speaker B (estimated)"}
    measures = {row.label: (row.value, row.hint) for row in build_measures(heard)}
    assert measures["Talk, speaker A"] == ("20 s", "Estimated from the sound of the voices")
    assert "Two-way speech" not in measures


def test_the_players_words_carry_doubt_and_phrase() -> None:
    player = build_player(make_screen(), (), can_listen=True)
    words = player["utterances"][1]["words"]
    assert [word[2] for word in words if word[4] == 1] == ["I", "got", "a", "text", "message"]
    doubtful = [word[2] for turn in player["utterances"] for word in turn["words"] if word[3] & 1]
    assert doubtful == ["guess", "county"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (VERDICT_WORDS, Verdict),
        (DECISION_WORDS, FindingDecision),
        (CHANNEL_WORDS, Channel),
        (DISPOSITION_WORDS, Disposition),
        (SEVERITY_WORDS, Severity),
        (TONE_WORDS, ToneKind),
        (PART_WORDS, PartKind),
        (VOICE_WORDS, VoiceLabel),
    ],
)
def test_every_word_of_the_vocabulary_has_a_label(words: dict[object, object], kind: type) -> None:
    assert set(words) == set(kind)


def test_lengths_are_read_as_people_say_them() -> None:
    assert [say_clock(s) for s in (0, 65, 3723)] == ["0:00", "1:05", "1:02:03"]
    assert [say_seconds(s) for s in (0.64, 12.4, 187, 3720)] == ["0.6 s", "12 s", "3 min 07 s", "1 h 02 min"]
    assert [say_bytes(n) for n in (12, 1216, 1_216_044)] == ["12 bytes", "1 kB", "1.2 MB"]


def test_a_form_keeps_only_the_findings_that_were_decided() -> None:
    values = {
        "verdict": "good",
        "notes": "a\r\nb",
        "heard_s": "12.5",
        "decision_F1": "refuse",
        "reason_F1": "no",
        "reason_F2": "x",
    }
    review = parse_review(values)
    assert (review.verdict, review.notes, review.heard_s) == (Verdict.GOOD, "a\nb", 12.5)
    assert {key: (choice.decision, choice.reason) for key, choice in review.findings.items()} == {
        "F1": (FindingDecision.REFUSE, "no")
    }
