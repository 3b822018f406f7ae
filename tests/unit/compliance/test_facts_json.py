from contextlib import suppress
from datetime import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.compliance.facts_json import parse_facts
from app.errors import InvalidInput
from app.vocabulary import Channel, LegVoice, Purpose

CALL: dict[str, Any] = {
    "call_id": "c1",
    "purpose": "telemarketing",
    "transfer_type": "warm",
    "declared_channel": "online.search_paid",
    "legs": [
        {"seq": 2, "direction": "internal_transfer", "started_at": "2026-11-23T13:02:00Z"},
        {
            **{"seq": 1, "direction": "consumer_placed", "from": "+12125550123", "to": "+18335550100"},
            **{"started_at": "2026-11-23T13:00:00Z", "answered_at": None, "voice": "live", "clock": "unsynchronised"},
        },
    ],
    "consumer": {"zip": "32501-1234", "stated_state": "fl"},
    "campaign": {
        "channels": {"default": "deny", "allow": ["online.search_paid"]},
        "geo": {"states": ["fl"]},
        "hours": {"tz": "America/New_York", "mon_fri": ["09:00", "20:00"], "sat": ["10:00", "24:00"]},
    },
    "consents": [{"elements": {"written": True, "signed": None}, "certificate": {"kind": "trustedform", "id": "x"}}],
    "dnc": {"national": {"listed": False}, "state": {"fl": {"listed": True}}, "reassigned": {"answer": "no"}},
    "emergencies": [{"state": "NY", "county": "all", "from": "2026-11-20", "to": "2026-11-25"}],
    "utterances": [{"speaker": "caller", "start_s": 1.0, "end_s": 3.0, "text": "hello there"}],
    "recorded": True,
}


def test_facts_are_read_as_they_are_written() -> None:
    facts = parse_facts(CALL)
    assert facts.purpose is Purpose.TELEMARKETING
    assert facts.declared_channel == Channel.SEARCH_PAID
    assert [leg.seq for leg in facts.legs] == [1, 2]
    assert (facts.legs[0].voice, facts.legs[0].is_clock_unsynchronised) == (LegVoice.LIVE, True)
    assert (facts.consumer.zip, facts.consumer.stated_state) == ("32501", "FL")
    assert facts.campaign.hours is not None
    assert sorted(facts.campaign.hours.by_weekday) == [0, 1, 2, 3, 4, 5]
    assert facts.campaign.hours.by_weekday[5][1] > time(23, 59)
    assert facts.dnc.state["FL"].is_listed is True
    assert facts.emergencies[0].county is None


def test_null_an_empty_list_and_an_absent_field_are_all_unknown() -> None:
    empty = parse_facts({})
    assert parse_facts({"legs": None, "consents": [], "consumer": {}, "dnc": None, "purpose": None}) == empty
    assert parse_facts(CALL).consents[0].elements == {"written": True}


def test_fields_nobody_knows_are_listed_and_not_refused() -> None:
    facts = parse_facts({"call_id": "c", "colour": "red", "legs": [{"seq": 1, "speed": 3}]})
    assert sorted(facts.ignored_fields) == ["colour", "legs[0].speed"]


def test_every_wrong_value_is_named_in_one_error() -> None:
    wrong = {
        "purpose": "fun",
        "legs": [{"seq": -1, "started_at": "2026-11-23T13:00:00"}],
        "consumer": {"zip": "3250", "stated_state": "Florida"},
        "campaign": {"hours": {"tz": "Mars/Olympus"}, "billable_seconds": True},
        "utterances": [{"speaker": "caller", "start_s": 3.0, "end_s": 1.0, "text": "x"}],
        "dnc": {"reassigned": {"answer": "maybe"}},
    }
    with pytest.raises(InvalidInput) as told:
        parse_facts(wrong, item="facts.jsonl line 7")
    assert told.value.message.startswith("facts.jsonl line 7: ")
    paths = "purpose legs[0].seq legs[0].started_at consumer.zip consumer.stated_state campaign.hours.tz"
    for path in [*paths.split(), "campaign.billable_seconds", "utterances[0].start_s", "dnc.reassigned.answer"]:
        assert f"{path}: expected" in told.value.message


@pytest.mark.parametrize("data", [None, 3, "x", [], [{}]])
def test_anything_but_an_object_is_refused(data: Any) -> None:
    with pytest.raises(InvalidInput, match="expected a JSON object"):
        parse_facts(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CALL, "from", "at", "to"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(CALL)), json_values))
def test_any_json_gives_facts_or_a_clear_error(data: dict[str, Any]) -> None:
    with suppress(InvalidInput):  # every other error would be ours
        parse_facts(data)
