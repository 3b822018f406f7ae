"""A row of a call log is read whole, or all that is wrong with it is said at once."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.intake.call_rows import CallRow, parse_call_row
from app.intake.columns import SYNONYMS
from app.vocabulary import Channel, ChannelRole, Disposition, EndedBy, LegDirection, TransferType

RINGBA = {
    "campaignName": "Roofing FL",
    "campaignId": "CA1",
    "inboundCallId": "RGB123",
    "callDt": "1795438800000",
    "callCompletedDt": "1795438935000",
    "inboundPhoneNumber": "+12125550123",
    "number": "+18335550100",
    "endCallSource": "Target",
    "connectedCallLengthInSeconds": "120",
    "conversionAmount": "42.50",
    "payoutAmount": "30",
    "recordingUrl": "https://example.com/r.mp3",
    "publisherSubId": "x9",
    "hasVoiceMail": "",
}
RETREAVER = {
    "uuid": "9f1c",
    "created_at": "2026-11-23T13:00:00Z",
    "caller": "12125550123",
    "caller_zip": "32501",
    "caller_state": "FL",
    "total_duration": "135",
    "dialed_call_duration": "120",
    "status": "finished",
    "hung_up_by": "caller",
    "revenue": "10",
}


def read(**cells: Any) -> CallRow:
    return parse_call_row({"external_id": "c1", "started_at": "2026-11-23T13:00:00Z"} | cells, where="calls.csv line 7")


def problems_of(**cells: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        read(**cells)
    return {p["field"]: p["expected"] for p in caught.value.details["problems"]}


def test_a_ringba_row_is_understood_with_its_own_column_names() -> None:
    row = parse_call_row(RINGBA, where="line 2", sender="ringba")
    assert (row.sender, row.external_id, row.campaign) == ("ringba", "RGB123", "CA1")
    assert row.started_at == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # date -u -d @1795438800
    assert row.ended_at == datetime(2026, 11, 23, 13, 2, 15, tzinfo=UTC)
    assert (row.caller_number, row.dialed_number) == ("+12125550123", "+18335550100")
    assert (row.connected_s, row.revenue_minor, row.payout_minor) == (120.0, 4250, 3000)
    assert (row.ended_by, row.recording) == (EndedBy.AGENT, "https://example.com/r.mp3")
    assert row.tags == {"campaignName": "Roofing FL", "publisherSubId": "x9"}


def test_a_retreaver_row_is_understood_and_its_end_follows_from_its_duration() -> None:
    row = parse_call_row(RETREAVER, where="line 2")
    assert row.ended_at == datetime(2026, 11, 23, 13, 2, 15, tzinfo=UTC)
    assert (row.connected_s, row.zip_code, row.state) == (120.0, "32501", "FL")
    assert (row.disposition, row.ended_by) == (Disposition.COMPLETED, EndedBy.CALLER)


def test_all_mistakes_of_a_row_are_told_at_once_with_line_and_what_came() -> None:
    with pytest.raises(InvalidInput) as caught:
        read(started_at="yesterday", caller="bob", connected_s="-3", state="Florida", declared_channel="fax")
    error = caught.value
    assert {p["field"] for p in error.details["problems"]} == {
        "started_at",
        "caller",
        "connected_s",
        "state",
        "declared_channel",
    }
    assert error.message.startswith("calls.csv line 7: ")
    assert "'yesterday'" in error.message
    assert "send it again" in error.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T08:00:00-05:00", datetime(2026, 11, 23, 13, 0, tzinfo=UTC)),
        ("1795438800", datetime(2026, 11, 23, 13, 0, tzinfo=UTC)),
        ("1795438800.5", datetime(2026, 11, 23, 13, 0, 0, 500000, tzinfo=UTC)),
        (1795438800123, datetime(2026, 11, 23, 13, 0, 0, 123000, tzinfo=UTC)),
        ("2026-11-23 13:00:00+00:00", datetime(2026, 11, 23, 13, 0, tzinfo=UTC)),
    ],
)
def test_times_with_offset_or_since_1970_are_read(text: str | int, expected: datetime) -> None:
    assert read(started_at=text).started_at == expected


@pytest.mark.parametrize("text", ["2026-11-23T13:00:00", "11/23/2026 01:00:00 PM"])
def test_a_local_time_needs_the_time_zone_of_the_log(text: str) -> None:
    assert "time zone" in problems_of(started_at=text)["started_at"]
    row = parse_call_row({"id": "c1", "call_date": text}, where="x", zone=ZoneInfo("America/New_York"))
    assert row.started_at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-01T01:30:00", "2026-03-08T02:30:00"])
def test_an_hour_that_the_clocks_showed_twice_or_never_needs_its_offset(text: str) -> None:
    with pytest.raises(InvalidInput, match="clocks"):
        parse_call_row({"id": "c1", "started_at": text}, where="x", zone=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    "text", ["2026-11-23", "13:00", "99999999999999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", True, [], {}]
)
def test_what_is_no_moment_between_1990_and_2100_is_refused(text: object) -> None:
    assert "started_at" in problems_of(started_at=text)


def test_withheld_and_impossible_callers_do_not_make_the_row_wrong() -> None:
    assert read(caller="anonymous").caller_number is None
    spoofed = read(caller="+10000000000")
    assert spoofed.caller_number is None
    assert spoofed.tags["caller_as_sent"] == "+10000000000"
    assert read(caller="+44 20 7946 0000").caller_number == "+442079460000"


def test_the_transfer_type_none_says_something_where_elsewhere_none_says_nothing() -> None:
    assert read(transfer_type="none").transfer_type is TransferType.NONE
    assert read(transfer_type="").transfer_type is None
    assert read(disposition="none").disposition is None


def test_words_of_the_vocabulary_are_read() -> None:
    row = read(declared_channel="online.search_paid", disposition="No-Answer", channel_roles="caller, agent")
    assert (row.declared_channel, row.disposition) == (Channel.SEARCH_PAID, Disposition.NO_ANSWER)
    assert row.channel_roles == (ChannelRole.CALLER, ChannelRole.AGENT)


def test_legs_are_read_in_order() -> None:
    legs = """[{"direction": "internal_transfer", "seq": 2, "started_at": "2026-11-23T13:00:10Z"},
        {"direction": "consumer_placed", "seq": 1, "from": "2125550123", "started_at": "2026-11-23T13:00:00Z",
         "verstat": "TN-A"}]"""
    first, second = read(legs=legs).legs
    assert (first.seq, first.direction, first.from_number) == (1, LegDirection.CONSUMER_PLACED, "+12125550123")
    assert first.facts == {"verstat": "TN-A"}
    assert second.direction is LegDirection.INTERNAL_TRANSFER


@pytest.mark.parametrize(
    "legs",
    [
        "[",
        "{}",
        "[1]",
        '[{"direction":"x","started_at":"2026-11-23T13:00:00Z"}]',
        '[{"direction":"consumer_placed"}]',
        '[{"direction":"consumer_placed","started_at":"2026-11-23T13:00:00Z","pin":"1"}]',
        "[" * 100_000,
    ],
)
def test_legs_that_do_not_fit_are_refused(legs: str) -> None:
    assert "legs" in problems_of(legs=legs)


def test_a_call_does_not_end_before_it_starts() -> None:
    assert "before started_at" in problems_of(ended_at="2026-11-23T12:59:59Z")["ended_at"]


@pytest.mark.parametrize(("cell", "minor"), [("12", 1200), ("12.5", 1250), ("$1,234.50", 123450), (12.1, 1210)])
def test_amounts_are_kept_in_cents(cell: object, minor: int) -> None:
    assert read(revenue=cell).revenue_minor == minor


@pytest.mark.parametrize("cell", ["12.345", "NaN", "1e400", "twelve", True, "9" * 40])
def test_amounts_that_are_no_cents_are_refused(cell: object) -> None:
    assert "revenue" in problems_of(revenue=cell)


def test_a_leading_zero_that_a_spreadsheet_ate_is_put_back() -> None:
    assert read(zip="8540").zip_code == "08540"
    assert read(zip="32501-1234").zip_code == "32501"


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "x" * 201, "\ud800"])
def test_ids_are_short_printable_text(text: str) -> None:
    assert "external_id" in problems_of(external_id=text)


def test_tags_that_no_database_can_keep_are_refused() -> None:
    assert "tags" in problems_of(note="a\x00b")
    assert "tags" in problems_of(note="\ud800")
    assert "tags" in problems_of(**{f"field{n}": "1" for n in range(300)})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
COLUMN = st.sampled_from(sorted({name for names in SYNONYMS.values() for name in names})) | st.text(max_size=20)
CELL = JSON | st.sampled_from(
    ["2026-11-23T13:00:00Z", "1795438800", "+12125550123", "[]", "{}", "12.50", "00:10", "FL", "none"]
)


@given(st.dictionaries(COLUMN, CELL, max_size=12))
def test_any_cells_give_a_row_or_invalid_input_and_nothing_else(cells: dict[str, Any]) -> None:
    try:
        row = parse_call_row(cells, where="row")
    except InvalidInput:
        return
    assert row.external_id
    assert row.started_at.tzinfo is UTC
