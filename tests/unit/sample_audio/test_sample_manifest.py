"""The manifest tells the truth about the files, and the calls fit the demo world."""

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.vocabulary import Channel, Disposition, DisputeReason, EndedBy, LegDirection, Role, ToneKind, TransferType, Verdict

FOLDER = Path(__file__).parents[3] / "sample_audio"
SCENARIOS = {
    "billable_sale", "misdial", "duplicate_first", "duplicate", "wrong_state", "robocall", "robocall_again", "dead_air",
    "channel_sms", "incentivized", "coached_caller", "do_not_call_request", "card_read_aloud", "late_recording_notice",
    "voicemail", "ivr_menu", "hold_music", "no_answer", "cold_transfer", "warm_transfer", "government_claim",
    "existing_customer", "just_past_billable", "clean_negated", "below_billable", "unqualified", "recording_refused",
    "debt_claims", "consented_outbound", "not_in_service",
}  # fmt: skip
Facts = dict[str, Any]


def test_there_are_at_least_28_calls_and_every_scenario_is_told(calls: list[Facts]) -> None:
    assert len(calls) >= 28
    assert {call["scenario"] for call in calls} == SCENARIOS
    assert sum(call["scenario"] == "billable_sale" for call in calls) >= 5


def test_ids_files_and_external_ids_are_unique(calls: list[Facts]) -> None:
    for values in ([c["id"] for c in calls], [c["file"] for c in calls], [c["facts"]["external_id"] for c in calls]):
        assert len(set(values)) == len(values)


def test_the_folder_holds_exactly_the_files_of_the_manifest_and_less_than_13_mb(calls: list[Facts]) -> None:
    found = {f"calls/{path.name}": path.stat().st_size for path in (FOLDER / "calls").iterdir()}
    assert set(found) == {call["file"] for call in calls}
    assert sum(found.values()) < 13_000_000


def test_all_codecs_and_layouts_of_the_trade_are_there(calls: list[Facts]) -> None:
    assert {c["codec"] for c in calls} == {
        "wav_ulaw", "wav_alaw", "wav_pcm16", "wav_pcm8", "wav_gsm", "mp3", "ogg_opus", "flac", "m4a_aac",
    }  # fmt: skip
    assert {c["layout"] for c in calls} == {"stereo", "mono", "dual_mono"}
    assert sum(c["layout"] == "stereo" for c in calls) > len(calls) / 2


def test_the_file_has_the_sha256_of_the_manifest(entry: Facts) -> None:
    assert hashlib.sha256((FOLDER / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_duration_rate_and_channels_are_those_of_the_file(entry: Facts) -> None:
    duration_s, rate_hz, channels = _measure(FOLDER / entry["file"])
    assert duration_s == pytest.approx(entry["duration_s"], abs=0.01)
    assert (rate_hz, channels) == (entry["sample_rate_hz"], entry["channels"])
    assert len(entry["channel_roles"]) == channels
    assert 30 <= duration_s <= 180


def test_every_voice_is_said_to_be_synthetic_and_plays_a_role(entry: Facts) -> None:
    voices = {speaker["voice"] for speaker in entry["speakers"].values()}
    assert len(voices) == len(entry["speakers"]), "two parties of one call must not share a voice"
    for speaker in entry["speakers"].values():
        assert speaker["synthetic"] is True
        assert speaker["played_role"] in ("live_person", "recorded_message")


def test_facts_use_the_words_of_the_vocabulary(entry: Facts) -> None:
    facts, truth = entry["facts"], entry["truth"]
    Channel(facts["declared_channel"])
    TransferType(facts["transfer_type"])
    Disposition(facts["disposition"])
    EndedBy(facts["ended_by"])
    LegDirection(facts["leg_direction"])
    Verdict(truth["verdict"])
    if truth["dispute_reason"] is not None:
        DisputeReason(truth["dispute_reason"])
    assert {tone["kind"] for tone in truth["tones"]} <= {kind.value for kind in ToneKind}


def test_everything_a_call_refers_to_exists_in_the_world(entry: Facts, world: Facts) -> None:
    facts = entry["facts"]
    ad = _by_key(world["ads"])[facts["ad"]]
    source = _by_key(world["sources"])[facts["source"]]
    assert ad["campaign"] == facts["campaign"]
    assert facts["campaign"] in _by_key(world["campaigns"])
    assert (source["publisher"], source["channel"]) == (facts["publisher"], facts["declared_channel"])
    assert _by_key(world["targets"])[ad["target"]]["number"] == facts["target_number"]
    number = next(n for n in world["tracking_numbers"] if n["number"] == facts["tracking_number"])
    assert (number["source"], number["campaign"]) == (facts["source"], facts["campaign"])
    assert number["from_days_ago"] >= facts["when"]["days_ago"]
    if facts["consent"] is not None:
        consent = _by_key(world["consents"])[facts["consent"]]
        assert consent["number"] == facts["caller_number"]
        assert consent["given"]["days_ago"] > facts["when"]["days_ago"]


def test_a_campaign_without_recording_has_no_audio(entry: Facts, world: Facts) -> None:
    assert _by_key(world["campaigns"])[entry["facts"]["campaign"]]["recording"]["enabled"]


def test_money_follows_the_terms_of_the_ad(entry: Facts, world: Facts) -> None:
    facts = entry["facts"]
    ad = _by_key(world["ads"])[facts["ad"]]
    owed = facts["disposition"] == "completed" and facts["connected_s"] >= ad["billable_s"]
    owed = owed and facts["consumer_state"] in ad["geo"]["states"] and facts["duplicate_of"] is None
    tiers = [tier["bid_minor"] for tier in ad["tiers"] if facts["connected_s"] >= tier["from_s"]]
    assert facts["revenue_minor"] == ((tiers or [ad["bid_minor"]])[-1] if owed else 0)
    terms = next(p for p in world["payouts"] if (p["source"], p["ad"]) == (facts["source"], facts["ad"]))
    payout = Decimal(terms["amount_minor"]) if terms["kind"] == "flat" else Decimal(terms["share"]) * facts["revenue_minor"]
    assert facts["payout_minor"] == (payout if owed else 0)
    assert facts["payout_minor"] <= facts["revenue_minor"]
    assert bool(facts["not_billable_because"]) == (facts["revenue_minor"] == 0)


# Worked out by hand from world.yaml: (price, payout) in cents.
BY_HAND = {
    "plumbing-sale-leak": (3800, 2600),
    "plumbing-just-past": (3800, 2500),
    "plumbing-short": (0, 0),
    "plumbing-duplicate-first": (3800, 2600),
    "plumbing-duplicate-second": (0, 0),
    "air-sale-repair": (3000, 2100),
    "air-voicemail": (0, 0),
    "auto-sale-quote": (1400, 910),
    "auto-sale-two-cars": (2200, 1320),
    "auto-wrong-state": (0, 0),
    "auto-robocall": (1400, 1050),
    "medicare-sale-review": (4200, 3000),
    "debt-sale-consultation": (5500, 4000),
}


def test_prices_worked_out_by_hand(calls: list[Facts]) -> None:
    facts = {call["id"]: call["facts"] for call in calls}
    assert {i: (facts[i]["revenue_minor"], facts[i]["payout_minor"]) for i in BY_HAND} == BY_HAND


def test_a_perfect_reviewer_never_calls_an_uncharged_call_billable(entry: Facts) -> None:
    if entry["truth"]["billable"]:
        assert entry["facts"]["revenue_minor"] > 0
    if entry["facts"]["revenue_minor"] > 0 and not entry["truth"]["billable"]:
        assert entry["truth"]["dispute_reason"] is not None


def test_calls_just_past_the_billable_second_end_within_eight_seconds_of_it(calls: list[Facts], world: Facts) -> None:
    for call in (c for c in calls if c["scenario"] == "just_past_billable"):
        past_s = call["facts"]["connected_s"] - _by_key(world["ads"])[call["facts"]["ad"]]["billable_s"]
        assert 0 <= past_s <= 8, call["id"]


def test_a_call_has_no_phrase_pack_both_expected_and_excluded(entry: Facts) -> None:
    truth = entry["truth"]
    assert not set(truth["must_fire"]) & set(truth["must_not_fire"])
    assert all(pack.startswith("PH-") for pack in truth["must_fire"] + truth["must_not_fire"])


def test_the_same_recorded_message_is_heard_on_two_calls_of_different_numbers(calls: list[Facts]) -> None:
    same = [call for call in calls if call["truth"]["same_recording"] == "rate-notice"]
    assert len(same) == 2
    assert len({call["facts"]["caller_number"] for call in same}) == 2
    assert len({call["codec"] for call in same}) == 2


def test_every_number_is_fictional(calls: list[Facts], world: Facts, history: list[dict[str, str]]) -> None:
    numbers = [call["facts"][key] for call in calls for key in ("caller_number", "dialed", "target_number")]
    numbers += [row["number"] for part in ("tracking_numbers", "targets", "consents") for row in world[part]]
    numbers += [row[key] for row in history for key in ("caller_number", "dialed", "target_number")]
    assert [n for n in numbers if not (n[:2] == "+1" and n[5:10] == "55501" and len(n) == 12)] == []


def test_the_world_has_one_user_per_role_and_no_password(world: Facts) -> None:
    roles = [user["role"] for user in world["users"]]
    assert set(roles) == {role.value for role in Role}
    assert (roles.count("advertiser"), roles.count("publisher")) == (2, 3)
    assert all(user["email"].endswith("@example.com") and "password" not in user for user in world["users"])
    parties = {world["network"]["key"]} | {row["key"] for part in ("advertisers", "publishers") for row in world[part]}
    assert {user["party"] for user in world["users"]} <= parties


def test_channel_policies_use_the_channel_codes(world: Facts) -> None:
    for campaign in world["campaigns"]:
        policy = campaign["channels"]
        assert policy["default"] in ("allow", "deny")
        assert {Channel(code) for code in policy["allow"]}.isdisjoint(Channel(code) for code in policy["deny"])
    assert sum(not campaign["recording"]["enabled"] for campaign in world["campaigns"]) == 1


def test_every_source_that_sends_calls_has_payout_terms_for_the_ad(history: list[dict[str, str]], world: Facts) -> None:
    agreed = {(terms["source"], terms["ad"]) for terms in world["payouts"]}
    assert {(row["source"], row["ad"]) for row in history} <= agreed


def _by_key(rows: list[Facts]) -> dict[str, Facts]:
    return {row["key"]: row for row in rows}


def _measure(path: Path) -> tuple[float, int, int]:
    if path.suffix == ".m4a":
        import av

        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            assert stream.duration is not None
            assert stream.time_base is not None
            return float(stream.duration * stream.time_base), stream.rate, stream.channels
    import soundfile as sf

    info = sf.info(str(path))
    return info.duration, info.samplerate, info.channels
