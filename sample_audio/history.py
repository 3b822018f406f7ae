"""Which calls came before the sample calls? About 120 rows without recordings, drawn from a seed over the last 60 days.

The past is not even: one search source piles its hang-ups up just behind the billable second, the exchange sends shorter calls,
some callers ring twice. The columns are those of a call-log import.
"""

import csv
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sample_audio.terms import World, minutes_before_today, price

SEED = 20261122
CALLS = 112
COLUMNS = (
    "external_id", "campaign", "ad", "source", "tracking_number", "caller_number", "dialed", "target_number", "consumer_zip",
    "consumer_state", "days_ago", "local_time", "tz", "ring_s", "connected_s", "ended_by", "transfer_type", "declared_channel",
    "disposition", "is_billable", "not_billable_because", "revenue_minor", "payout_minor", "currency",
)  # fmt: skip
#: State -> (area code, ZIP, time zone) of the made-up callers.
PLACES = {
    "TX": (("512", "78704"), ("214", "75201"), ("713", "77002")),
    "FL": (("813", "33602"), ("305", "33125")),
    "GA": (("404", "30303"),),
    "TN": (("615", "37203"),),
    "OH": (("614", "43215"),),
    "PA": (("215", "19103"),),
    "CA": (("415", "94110"),),
}
ZONES = {"TX": "America/Chicago", "TN": "America/Chicago", "CA": "America/Los_Angeles"}
#: (source, ad, how many of 100 calls)
TRAFFIC = (
    ("redwood-search-plumbing", "plumbing-tx", 16), ("redwood-organic-home", "plumbing-tx", 6),
    ("redwood-organic-home", "hvac-repair", 6), ("redwood-search-auto", "auto-standard", 13),
    ("redwood-search-recovery", "recovery-placement", 5), ("sunrise-search-plumbing", "plumbing-tx", 16),
    ("sunrise-social-auto", "auto-standard", 8), ("sunrise-search-debt", "debt-unsecured", 7),
    ("sunrise-form-medicare", "medicare-advantage", 5), ("tristate-print-air", "hvac-repair", 4),
    ("tristate-tv-medicare", "medicare-advantage", 5), ("tristate-radio-debt", "debt-unsecured", 4),
    ("openring-search-auto", "auto-standard", 10),
)  # fmt: skip


def make_history(world: World, taken: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows, oldest first; ``taken`` are numbers that the sample calls use already."""
    rng = random.Random(SEED)  # noqa: S311 - a repeatable demo, not a secret
    free = _Numbers(rng, set(taken))
    calls = [_draw_call(rng, world, free) for _ in range(CALLS)]
    calls += [_call_again(rng, calls[i]) for i in rng.sample(range(CALLS), 10)]
    calls.sort(key=lambda call: -minutes_before_today(call["when"]))
    rows = []
    for i, call in enumerate(calls):
        charge = price(world, call, calls[:i])
        rows.append(_to_row(world, f"LK-H{i + 1:04d}", call, charge.revenue_minor, charge.payout_minor, charge.failed_terms))
    return rows


def write_history(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the rows as CSV with a heading."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


class _Numbers:
    def __init__(self, rng: random.Random, taken: set[str]) -> None:
        self.rng, self.taken = rng, taken

    def take(self, area_code: str) -> str:
        while (number := f"+1{area_code}555{self.rng.randint(100, 199):04d}") in self.taken:
            pass
        self.taken.add(number)
        return number


def _draw_call(rng: random.Random, world: World, free: _Numbers) -> dict[str, Any]:
    source, ad, _ = rng.choices(TRAFFIC, [weight for *_, weight in TRAFFIC])[0]
    state = "CA" if rng.random() < 0.04 else rng.choice(world.ads[ad]["geo"]["states"])
    area_code, zip_code = rng.choice(PLACES[state])
    billable_s = world.ads[ad]["billable_s"]
    disposition = rng.choices(["completed", "no_answer", "busy", "abandoned"], [88, 6, 3, 3])[0]
    hour = rng.choice([8, 10, 10, 11, 11, 12, 13, 13, 14, 15, 16])
    return {
        "source": source,
        "ad": ad,
        "caller_number": free.take(area_code),
        "consumer_zip": zip_code,
        "consumer_state": state,
        "when": {
            "days_ago": rng.randint(1, 60),
            "local_time": f"{hour:02d}:{rng.randint(0, 59):02d}",
            "tz": ZONES.get(state, "America/New_York"),
        },
        "ring_s": rng.randint(2, 14) if disposition == "completed" else rng.randint(15, 40),
        "connected_s": _draw_length(rng, source, billable_s) if disposition == "completed" else 0,
        "ended_by": rng.choice(["caller", "caller", "agent"]) if disposition == "completed" else "caller",
        "transfer_type": "warm" if source == "openring-search-auto" and rng.random() < 0.3 else "none",
        "disposition": disposition,
    }


def _draw_length(rng: random.Random, source: str, billable_s: int) -> int:
    kind = rng.random()
    if source == "sunrise-search-plumbing" and kind < 0.55:
        return billable_s + rng.randint(0, 6)  # leaves just behind the billable second
    if source == "openring-search-auto" and kind < 0.3:
        return billable_s + rng.randint(0, 9)
    if kind < 0.18:
        return rng.randint(6, billable_s - 1)
    return int(billable_s + rng.lognormvariate(4.6, 0.7))


def _call_again(rng: random.Random, call: Mapping[str, Any]) -> dict[str, Any]:
    later = max(1, call["when"]["days_ago"] - rng.choice([1, 2, 3, 9, 38]))
    minute = rng.randint(0, 59)
    return {
        **call,
        "when": {**call["when"], "days_ago": later, "local_time": f"17:{minute:02d}"},
        "connected_s": rng.randint(50, 240),
        "disposition": "completed",
        "ring_s": rng.randint(2, 9),
        "ended_by": "caller",
    }


def _to_row(
    world: World, external_id: str, call: Mapping[str, Any], revenue_minor: int, payout_minor: int, failed: tuple[str, ...]
) -> dict[str, Any]:
    ad = world.ads[call["ad"]]
    dialed = world.get_tracking_number(call["source"], ad["campaign"], call["when"]["days_ago"])
    row = {
        "external_id": external_id,
        "campaign": ad["campaign"],
        "tracking_number": dialed,
        "dialed": dialed,
        "target_number": world.targets[ad["target"]]["number"],
        "declared_channel": world.sources[call["source"]]["channel"],
        "is_billable": "yes" if revenue_minor else "no",
        "not_billable_because": "|".join(failed),
        "revenue_minor": revenue_minor,
        "payout_minor": payout_minor,
        "currency": "USD",
    }
    return {column: {**call, **call["when"], **row}[column] for column in COLUMNS}
