"""Section 9 of the rule sheet, cases 26 to 28, and the edges beside them."""

from typing import Any

import pytest

from tests.factories.screening import inbound, outbound, outcome_of, said, screened

AT = "2026-11-23T18:00:00Z"
CALLER = "+13055550142"
SEARCH_ONLY = {"channels": {"default": "deny", "allow": ["online.search_paid", "online.search_organic"]}}


def call(*lines: tuple[str, float, str], **more: Any) -> dict[str, Any]:
    facts = {**inbound(CALLER, AT), "campaign": SEARCH_ONLY, "declared_channel": "online.search_paid", **more}
    return {**facts, "utterances": said(*lines)} if lines else facts


def test_9_26_declared_email_where_only_search_is_taken_is_a_violation() -> None:
    assert outcome_of(call(declared_channel="online.email"), "CHAN-DECLARED") == "violation"
    assert outcome_of(call(), "CHAN-DECLARED") == "pass"
    short = call(declared_channel="online.email", campaign={"channels": {"allow": ["search"]}})
    assert outcome_of(short, "CHAN-DECLARED") == "violation"


def test_9_26_a_text_message_heard_twice_against_declared_search_is_a_violation() -> None:
    once = call(("caller", 4.0, "hi I got a text from you guys"))
    twice = call(("caller", 4.0, "hi I got a text from you guys"), ("caller", 40.0, "well I got a text from you guys"))
    assert outcome_of(once, "CHAN-SPEECH-SMS") == "review"
    assert outcome_of(twice, "CHAN-SPEECH-SMS") == "violation"


def test_the_same_words_within_five_seconds_are_one_hit() -> None:
    near = call(("caller", 4.0, "I got a text"), ("caller", 8.5, "I got a text"))
    far = call(("caller", 4.0, "I got a text"), ("caller", 9.5, "I got a text"))
    assert outcome_of(near, "CHAN-SPEECH-SMS") == "review"
    assert outcome_of(far, "CHAN-SPEECH-SMS") == "violation"


def test_a_contradiction_with_the_declared_channel_raises_the_severity_and_not_the_outcome() -> None:
    found = screened(call(("caller", 4.0, "hi I got a text from you guys")))["CHAN-SPEECH-SMS"]
    assert (found["outcome"], found["severity"]) == ("review", "critical")
    unsaid = screened(call(("caller", 4.0, "hi I got a text from you guys"), declared_channel=None))["CHAN-SPEECH-SMS"]
    assert (unsaid["outcome"], unsaid["severity"]) == ("review", "high")


@pytest.mark.parametrize(
    "lines",
    [
        [("agent", 4.0, "did you get a text from us"), ("caller", 7.0, "no")],
        [("caller", 4.0, "I'll text you my address")],
        [("caller", 4.0, "my doctor emailed me")],
        [("caller", 4.0, "you called it a giveback")],
    ],
)
def test_9_26_words_that_must_not_fire(lines: list[tuple[str, float, str]]) -> None:
    found = screened(call(*lines))
    speech = {rule: finding["outcome"] for rule, finding in found.items() if rule.startswith("CHAN-SPEECH-")}
    assert set(speech.values()) <= {"pass", "not_applicable"}, speech


def test_9_26_a_text_message_where_text_messages_are_taken_passes() -> None:
    taken = {"channels": {"default": "deny", "allow": ["offline.sms"]}}
    facts = call(("caller", 4.0, "I got a text from you guys"), declared_channel="offline.sms", campaign=taken)
    assert outcome_of(facts, "CHAN-SPEECH-SMS") == "pass"
    assert outcome_of(facts, "CHAN-DECLARED") == "pass"


def test_words_without_a_channel_policy_are_put_before_a_person() -> None:
    lines = [("caller", 4.0, "I got a text from you guys"), ("caller", 40.0, "you texted me")]
    assert outcome_of(call(*lines, campaign={}), "CHAN-SPEECH-SMS") == "review"


def test_words_of_a_speaker_nobody_can_name_are_put_before_a_person() -> None:
    lines = [("unknown", 4.0, "I got a text from you guys"), ("unknown", 40.0, "you texted me")]
    assert outcome_of(call(*lines), "CHAN-SPEECH-SMS") == "review"


def test_words_that_were_hardly_heard_do_not_count() -> None:
    line = {"speaker": "caller", "start_s": 1.0, "end_s": 3.0, "text": "I got a text"}
    word = {"confidence": 0.45, "low_trust": False}
    times = [(1.0, 1.3, "I"), (1.3, 1.6, "got"), (1.6, 1.8, "a"), (1.8, 2.4, "text")]
    words = [{**word, "start_s": start, "end_s": end, "text": text} for start, end, text in times]
    assert outcome_of({**call(), "utterances": [{**line, "words": words}]}, "CHAN-SPEECH-SMS") == "pass"
    assert outcome_of({**call(), "utterances": [line]}, "CHAN-SPEECH-SMS") == "review"


def test_a_consumer_who_was_called_first_makes_the_origin_leg_missing() -> None:
    found = screened(call(("caller", 4.0, "yeah you guys called me like five minutes ago")))
    assert found["CHAN-SPEECH-OUTBOUND"]["outcome"] == "review"
    assert found["EVID-ORIGIN-LEG-MISSING"]["outcome"] == "needs_evidence"
    placed = {**outbound(CALLER, AT), "utterances": said(("caller", 4.0, "yeah you guys called me"))}
    assert outcome_of(placed, "EVID-ORIGIN-LEG-MISSING") == "pass"


def test_number_registered_for_another_channel_is_a_violation() -> None:
    assert outcome_of(call(tracking_number_channel="online.social"), "CHAN-DNI-MISMATCH") == "violation"
    assert outcome_of(call(tracking_number_channel="online.search_paid"), "CHAN-DNI-MISMATCH") == "pass"
    assert (
        outcome_of(call(tracking_number_channel="online.social", declared_channel=None), "CHAN-DNI-MISMATCH")
        == "needs_evidence"
    )
    both = call(tracking_number_channel="broadcast", declared_channel="offline.tv")
    assert outcome_of(both, "CHAN-DNI-MISMATCH") == "pass"


def transfers(allow: list[str], origin: list[str] | None = None) -> dict[str, Any]:
    return {"transfers": {"allow": allow, "origin": origin or []}}


def test_9_27_an_agent_who_hands_a_caller_over_where_no_transfers_are_taken_is_a_violation() -> None:
    facts = call(("agent", 2.0, "hi I have Mary on the line for you"), campaign=transfers(["none"]))
    assert outcome_of(facts, "CHAN-TRANSFER") == "violation"
    assert outcome_of(facts, "CHAN-TRANSFER-HIDDEN") == "review"


def test_9_27_two_agent_voices_early_in_a_call_declared_direct_ask_for_review() -> None:
    lines = said(("agent", 1.0, "hello this is Tom"), ("agent", 20.0, "hi how can I help"))
    two = [{**line, "voice": voice} for line, voice in zip(lines, ("a", "b"), strict=True)]
    assert outcome_of({**call(), "utterances": two}, "CHAN-TRANSFER-HIDDEN") == "review"
    with_ivr = {**call(), "utterances": two, "ivr_prompt": {"version": "3"}}
    assert outcome_of(with_ivr, "CHAN-TRANSFER-HIDDEN") == "pass"
    late = [two[0], {**two[1], "start_s": 91.0, "end_s": 93.0}]
    assert outcome_of({**call(), "utterances": late}, "CHAN-TRANSFER-HIDDEN") == "pass"


def test_9_27_a_warm_transfer_is_taken_but_not_a_call_placed_to_the_consumer() -> None:
    warm = {"transfer_type": "warm", "campaign": transfers(["warm"], ["consumer_placed"])}
    assert outcome_of({**outbound(CALLER, AT), **warm}, "CHAN-TRANSFER") == "violation"
    assert outcome_of({**inbound(CALLER, AT), **warm}, "CHAN-TRANSFER") == "pass"
    assert outcome_of({**inbound(CALLER, AT), **warm, "legs": []}, "CHAN-TRANSFER") == "needs_evidence"


@pytest.mark.parametrize(
    ("kind", "allow", "expected"), [("cold", ["cold"], "pass"), ("cold", ["warm"], "violation"), ("none", ["none"], "pass")]
)
def test_9_27_a_transfer_that_is_taken_passes(kind: str, allow: list[str], expected: str) -> None:
    assert outcome_of(call(transfer_type=kind, campaign=transfers(allow)), "CHAN-TRANSFER") == expected


def test_9_28_asking_for_the_promised_reward_is_a_violation_by_one_hit() -> None:
    assert outcome_of(call(("caller", 4.0, "when do I get my gift card")), "CHAN-SPEECH-INCENTIVE") == "violation"
    assert outcome_of(call(("caller", 4.0, "I bought a gift card for my mom")), "CHAN-SPEECH-INCENTIVE") == "pass"


def test_9_28_softer_wording_once_asks_for_review_and_with_a_second_hit_is_a_violation() -> None:
    rule = next(
        r
        for r in ("CHAN-SPEECH-INCENTIVE", "FRAUD-NO-INTENT")
        if outcome_of(call(("caller", 4.0, "do I get my money now")), r) != "pass"
    )
    assert outcome_of(call(("caller", 4.0, "do I get my money now")), rule) == "review"
    again = call(("caller", 4.0, "do I get my money now"), ("caller", 30.0, "so do I get my money now"))
    assert outcome_of(again, rule) == "violation"


def test_9_28_an_agent_who_says_what_to_hide_is_critical() -> None:
    found = screened(call(("agent", 4.0, "don't mention the gift card okay")))["FRAUD-COACHING"]
    assert (found["outcome"], found["severity"]) == ("violation", "critical")


def test_9_29_a_caller_who_wants_the_government_card_is_a_violation() -> None:
    assert (
        outcome_of(call(("caller", 3.0, "calling about the sixty four hundred dollar card")), "CLAIM-GOVERNMENT-MONEY")
        == "violation"
    )


def test_9_29_an_agent_who_says_that_the_ad_is_false_is_no_finding() -> None:
    facts = call(("agent", 3.0, "there is no cash card that ad is false"))
    assert outcome_of(facts, "CLAIM-GOVERNMENT-MONEY") in ("pass", "not_applicable")


def test_9_29_a_grants_class_in_an_education_campaign_asks_for_review() -> None:
    facts = call(("caller", 3.0, "I want the government grants class"), vertical="education")
    assert outcome_of(facts, "CLAIM-GOVERNMENT-MONEY") == "review"


def test_a_claim_of_another_vertical_is_not_judged() -> None:
    line = ("agent", 3.0, "we can cut your debt in half guaranteed")
    assert outcome_of(call(line, vertical="pest_control"), "CLAIM-DEBT-RELIEF") == "not_applicable"


def creative(status: str | None, **more: str) -> dict[str, Any]:
    wants = {"channels": {"default": "allow", "needs_creative_approval": ["search"]}}
    return call(campaign=wants, creative={"id": "cr-1", "status": status, **more})


def test_a_creative_counts_from_its_approval_on() -> None:
    assert outcome_of(creative("approved"), "CHAN-CREATIVE") == "pass"
    assert outcome_of(creative("refused"), "CHAN-CREATIVE") == "violation"
    assert outcome_of(creative("approved", **{"from": "2026-11-24T00:00:00Z"}), "CHAN-CREATIVE") == "violation"
    assert outcome_of(creative(None), "CHAN-CREATIVE") == "needs_evidence"
    assert outcome_of({**creative("approved"), "creative": None}, "CHAN-CREATIVE") == "needs_evidence"
    assert outcome_of(call(), "CHAN-CREATIVE") == "not_applicable"


def test_a_number_given_out_again_after_less_than_ninety_days_counts_when_the_caller_wants_somebody_else() -> None:
    early = {"assigned_at": "2026-11-01T00:00:00Z", "previous_use_ended_at": "2026-08-04T00:00:00Z"}
    rested = {**early, "previous_use_ended_at": "2026-08-03T00:00:00Z"}
    wrong = ("caller", 3.0, "sorry I have the wrong number")
    assert outcome_of(call(wrong, tracking_number=early), "CHAN-CLEAN-NUMBER") == "review"
    assert outcome_of(call(wrong, tracking_number=rested), "CHAN-CLEAN-NUMBER") == "pass"
    assert outcome_of(call(tracking_number=early), "CHAN-CLEAN-NUMBER") == "pass"
