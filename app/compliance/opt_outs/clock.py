"""Where does a request not to be called stand, and until when must it be honoured?

Ten business days, 47 CFR 64.1200(a)(10) as in force since 2025-04-11 (consents) and (d)(3) (the internal list), counted from
the consumer's own day; the order does not say which days are business days, so Mondays to Fridays without federal holidays.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

from app.compliance.place.business_days import add_business_days, count_business_days
from app.compliance.place.candidates import location_candidates
from app.compliance.place.state_rules import StateTable, load_state_rules
from app.compliance.place.zones import local_date
from app.models.consumers import OptOut
from app.vocabulary import OptOutState

BUSINESS_DAYS = 10
# Where nothing is known of the consumer's place: there it is a day earlier the longest, so the clock never runs out too late.
EARLIEST_ZONE = "Pacific/Honolulu"


def day_at_consumer(at: datetime, number: str, *, zip_code: str | None = None, state: str | None = None) -> date:
    """Return the consumer's calendar day at a moment; of several possible places, the earliest."""
    found = location_candidates(_states(), zip_code=zip_code, stated_state=state, number=number)
    zones = {place.zone for place in found.places} or {EARLIEST_ZONE}
    return min(local_date(at, zone) for zone in zones)


def due_day(at: datetime, number: str, *, zip_code: str | None = None, state: str | None = None) -> date:
    """Return the last day on which a request of that moment may still be honoured in time."""
    return add_business_days(day_at_consumer(at, number, zip_code=zip_code, state=state), BUSINESS_DAYS)


def days_left(due_on: date, today: date) -> int:
    """Return how many business days are left, 0 on the last day, and less than 0 for the business days it is overdue."""
    return count_business_days(today, due_on) if today <= due_on else -count_business_days(due_on, today)


def state_of(row: OptOut) -> OptOutState:
    """Return where a request stands."""
    if row.is_request is None:
        return OptOutState.TO_CONFIRM
    if not row.is_request:
        return OptOutState.NOT_ONE
    if row.completed_at is not None:
        return OptOutState.COMPLETE
    return OptOutState.RECORDED if row.suppressed_at is None else OptOutState.SUPPRESSED


@cache
def _states() -> StateTable:
    return load_state_rules()
