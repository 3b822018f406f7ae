"""What does a demo call cost, and what does its publisher earn? The ad's terms, applied to the call log alone.

This is the world's own arithmetic, kept apart from the product's billing so that the two can be compared: connected time,
disposition, states, hours and the dedupe window; the highest tier reached sets the price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: An ordinary day to compare wall clocks on; the zones of the demo change to summer time together.
_SOME_DAY = datetime(2026, 1, 15)  # noqa: DTZ001 - only a carrier of hours and minutes


class World:
    """``world.yaml`` with its parts by key."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.campaigns = {c["key"]: c for c in raw["campaigns"]}
        self.ads = {a["key"]: a for a in raw["ads"]}
        self.sources = {s["key"]: s for s in raw["sources"]}
        self.targets = {t["key"]: t for t in raw["targets"]}
        self.payouts = {(p["source"], p["ad"]): p for p in raw["payouts"]}

    def get_tracking_number(self, source: str, campaign: str, days_ago: int) -> str:
        """Return the number that was assigned to the source for the campaign on that day.

        Raises
        ------
        LookupError
            If there is none.
        """
        for row in self.raw["tracking_numbers"]:
            until = -1 if row["until_days_ago"] is None else row["until_days_ago"]
            if row["source"] == source and row["campaign"] == campaign and row["from_days_ago"] >= days_ago > until:
                return str(row["number"])
        raise LookupError(
            f"no tracking number of {source} for {campaign} {days_ago} days ago; see tracking_numbers in world.yaml"
        )


@dataclass(frozen=True, slots=True)
class Charge:
    """The money of one call in cents, and why it was not charged where it was not."""

    revenue_minor: int
    payout_minor: int
    failed_terms: tuple[str, ...]


def load_world(path: Path = Path(__file__).parent / "world.yaml") -> World:
    """Read the demo world."""
    return World(yaml.safe_load(path.read_text(encoding="utf-8")))


def price(world: World, call: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> Charge:
    """Apply the ad's terms to a call's facts; ``earlier`` are the calls before it, in any order."""
    ad = world.ads[call["ad"]]
    campaign = world.campaigns[ad["campaign"]]
    failed = []
    if call["disposition"] != "completed":
        failed.append("not_connected")
    elif call["connected_s"] < ad["billable_s"]:
        failed.append("too_short")
    if call["consumer_state"] not in ad["geo"]["states"]:
        failed.append("wrong_geography")
    if not _is_open(campaign["hours"], call["when"]):
        failed.append("out_of_hours")
    if any(_is_duplicate(world, campaign, call, other) for other in earlier):
        failed.append("duplicate")
    if failed:
        return Charge(0, 0, tuple(failed))
    reached = [tier["bid_minor"] for tier in ad["tiers"] if call["connected_s"] >= tier["from_s"]]
    revenue_minor = max([ad["bid_minor"], *reached])
    terms = world.payouts[call["source"], call["ad"]]
    if terms["kind"] == "flat":
        return Charge(revenue_minor, terms["amount_minor"], ())
    earned = (Decimal(revenue_minor) * Decimal(terms["share"])).quantize(Decimal(1), ROUND_HALF_EVEN)
    return Charge(revenue_minor, int(earned), ())


def minutes_before_today(when: Mapping[str, Any]) -> int:
    """Return how many minutes before the end of today a call began, on one clock for all zones."""
    utc = _at(when).astimezone(ZoneInfo("UTC"))
    elapsed = (utc - datetime(2026, 1, 15, tzinfo=ZoneInfo("UTC"))).total_seconds() / 60
    return int(when["days_ago"] * 1440 + 1440 - elapsed)


def _at(when: Mapping[str, Any]) -> datetime:
    hour, minute = (int(part) for part in when["local_time"].split(":"))
    return _SOME_DAY.replace(hour=hour, minute=minute, tzinfo=ZoneInfo(when["tz"]))


def _is_open(hours: Mapping[str, Any], when: Mapping[str, Any]) -> bool:
    """Say whether the campaign is open on every weekday at that time, as the weekday of a relative date is not known."""
    local = f"{_at(when).astimezone(ZoneInfo(hours['tz'])):%H:%M}"
    return all(hours[day][0] <= local < hours[day][1] for day in WEEKDAYS)


def _is_duplicate(world: World, campaign: Mapping[str, Any], call: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if other["caller_number"] != call["caller_number"]:
        return False
    theirs = world.campaigns[world.ads[other["ad"]]["campaign"]]
    same = (
        theirs["key"] == campaign["key"]
        if campaign["dedupe"]["scope"] == "campaign"
        else theirs["advertiser"] == campaign["advertiser"]
    )
    age_min = minutes_before_today(other["when"]) - minutes_before_today(call["when"])
    return same and 0 < age_min <= campaign["dedupe"]["window_days"] * 1440
