"""The past of the demo is repeatable, plausible and priced by the ads' terms."""

import io
from pathlib import Path
from typing import Any

import pytest

from sample_audio.history import COLUMNS, make_history, write_history
from sample_audio.terms import load_world, minutes_before_today, price

FOLDER = Path(__file__).parents[3] / "sample_audio"
Rows = list[dict[str, str]]


def test_the_committed_history_is_what_the_seed_gives(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    world = load_world()
    taken = [call["facts"]["caller_number"] for call in calls]
    taken += [row["number"] for part in ("tracking_numbers", "targets", "consents") for row in world.raw[part]]
    write_history(make_history(world, taken), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (FOLDER / "history.csv").read_bytes()


def test_about_120_calls_over_the_last_60_days(history: Rows) -> None:
    assert 110 <= len(history) <= 130
    days = [int(row["days_ago"]) for row in history]
    assert min(days) >= 1
    assert 50 <= max(days) <= 60
    assert list(history[0]) == list(COLUMNS)


def test_billable_rows_are_connected_long_enough_and_earn_less_for_the_publisher(history: Rows, world: dict[str, Any]) -> None:
    ads = {ad["key"]: ad for ad in world["ads"]}
    for row in history:
        ad = ads[row["ad"]]
        if row["is_billable"] == "yes":
            assert int(row["connected_s"]) >= ad["billable_s"], row["external_id"]
            assert row["consumer_state"] in ad["geo"]["states"], row["external_id"]
            assert 0 < int(row["payout_minor"]) < int(row["revenue_minor"]), row["external_id"]
            assert row["not_billable_because"] == ""
        else:
            assert (row["revenue_minor"], row["payout_minor"]) == ("0", "0")
            assert row["not_billable_because"] != ""


def test_a_duplicate_row_has_an_earlier_call_of_its_number(history: Rows) -> None:
    duplicates = [i for i, row in enumerate(history) if "duplicate" in row["not_billable_because"]]
    assert len(duplicates) >= 3
    for i in duplicates:
        assert history[i]["caller_number"] in {row["caller_number"] for row in history[:i]}


def test_one_source_piles_its_hang_ups_up_behind_the_billable_second(history: Rows) -> None:
    def share_just_past(source: str) -> float:
        lengths = [int(row["connected_s"]) for row in history if row["source"] == source and row["disposition"] == "completed"]
        return sum(45 <= length <= 51 for length in lengths) / len(lengths)

    assert share_just_past("sunrise-search-plumbing") > 0.3
    assert share_just_past("redwood-search-plumbing") < 0.15


FACTS: dict[str, Any] = {
    "ad": "auto-standard", "source": "redwood-search-auto", "caller_number": "+18135550190", "consumer_state": "FL",
    "when": {"days_ago": 3, "local_time": "12:00", "tz": "America/New_York"}, "connected_s": 60, "disposition": "completed",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (1400, 910, ())),
        ({"connected_s": 59}, (0, 0, ("too_short",))),
        ({"connected_s": 119}, (1400, 910, ())),
        ({"connected_s": 120}, (2200, 1430, ())),
        ({"consumer_state": "CA"}, (0, 0, ("wrong_geography",))),
        ({"disposition": "busy", "connected_s": 0}, (0, 0, ("not_connected",))),
        ({"when": {"days_ago": 3, "local_time": "09:59", "tz": "America/New_York"}}, (0, 0, ("out_of_hours",))),
        ({"when": {"days_ago": 3, "local_time": "09:00", "tz": "America/Chicago"}}, (1400, 910, ())),
    ],
)
def test_terms_at_their_borders(change: dict[str, Any], expected: tuple[int, int, tuple[str, ...]]) -> None:
    charge = price(load_world(), {**FACTS, **change}, [])
    assert (charge.revenue_minor, charge.payout_minor, charge.failed_terms) == expected


@pytest.mark.parametrize(("days_ago", "is_duplicate"), [(4, True), (33, True), (34, False), (2, False)])
def test_a_number_counts_as_duplicate_for_30_days_after_its_call(days_ago: int, is_duplicate: bool) -> None:
    earlier = {**FACTS, "when": {**FACTS["when"], "days_ago": days_ago}}
    assert (price(load_world(), FACTS, [earlier]).failed_terms == ("duplicate",)) is is_duplicate


def test_noon_in_new_york_comes_before_noon_in_chicago() -> None:
    east = {"days_ago": 1, "local_time": "12:00", "tz": "America/New_York"}
    assert minutes_before_today(east) - minutes_before_today({**east, "tz": "America/Chicago"}) == 60


def test_history_rows_hold_nothing_but_plain_text(history: Rows) -> None:
    text = io.StringIO((FOLDER / "history.csv").read_text(encoding="utf-8")).getvalue()
    assert '"' not in text
