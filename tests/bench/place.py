"""How long does it take to know where the called party is and whether the hour was right? One table.

Every part is measured in this process after its tables are read, over numbers of all area codes and moments of four years, so
that only those caches help that a real run of calls would fill as well.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.compliance.place import nanp, state_rules, zip_codes
from app.compliance.place.candidates import location_candidates
from app.compliance.place.hours import hours_check
from app.compliance.place.nanp import find_area_code, nanp_check
from app.vocabulary import LegVoice

ROUNDS = 20_000


def run() -> str:
    """Measure and return the table as Markdown."""
    state_ms = _reading_ms(state_rules.load_state_rules, state_rules.load_state_rules.cache_clear)
    zip_ms = _reading_ms(lambda: zip_codes.find_zip("14201"), zip_codes._table.cache_clear)
    codes_ms = _reading_ms(lambda: nanp.find_area_code("212"), nanp._table.cache_clear)
    table = state_rules.load_state_rules()
    chance = random.Random(4)
    npas = [n for n in map(str, range(200, 1000)) if (code := find_area_code(n)) and code.kind == "state"]
    numbers = [f"+1{chance.choice(npas)}{chance.randrange(2_220_000, 9_999_999)}" for _ in range(ROUNDS)]
    start = datetime(2023, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(seconds=chance.randrange(4 * 365 * 86_400)) for _ in range(ROUNDS)]
    zips = chance.choices(sorted(zip_codes._table()), k=ROUNDS)
    found = [location_candidates(table, number=number) for number in numbers]

    check_us = _each_us(lambda n: nanp_check(numbers[n]))
    by_number_us = _each_us(lambda n: location_candidates(table, number=numbers[n]))
    by_zip_us = _each_us(lambda n: location_candidates(table, zip_code=zips[n], stated_state="TX", number=numbers[n]))
    hours_us = _each_us(lambda n: hours_check(moments[n], found[n], table, voice=LegVoice.PRERECORDED))
    evidence_us = _each_us(lambda n: hours_check(moments[n], found[n], table).evidence())
    rows = [
        ("Reading the state table, once", f"{state_ms:.0f} ms"),
        ("Reading the ZIP codes, once", f"{zip_ms:.0f} ms"),
        ("Reading the area codes, once", f"{codes_ms:.1f} ms"),
        ("Checking a number", f"{check_us:.1f} µs"),
        ("Candidates from an area code", f"{by_number_us:.1f} µs"),
        ("Candidates from ZIP, stated state and area code", f"{by_zip_us:.1f} µs"),
        ("Judging the hour at every candidate", f"{hours_us:.1f} µs"),
        ("... with the evidence of a finding", f"{evidence_us:.1f} µs"),
    ]
    lines = [
        "## Place and time of the called party",
        "",
        "| | CPU time |",
        "|---|---|",
        *(f"| {what} | {cost} |" for what, cost in rows),
    ]
    return "\n".join(lines) + "\n"


def _reading_ms(read: Callable[[], object], forget: Callable[[], None]) -> float:
    costs = []
    for _ in range(5):
        forget()
        begun = time.process_time()
        read()
        costs.append(time.process_time() - begun)
    return min(costs) * 1e3


def _each_us(ask: Callable[[int], object]) -> float:
    begun = time.process_time()
    for n in range(ROUNDS):
        ask(n)
    return (time.process_time() - begun) / ROUNDS * 1e6
