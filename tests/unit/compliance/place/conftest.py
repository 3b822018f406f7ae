"""Shared by the tests of place and time: the table in force, and one way to ask about the hour of a call."""

from datetime import datetime

import pytest

from app.compliance.place.candidates import location_candidates
from app.compliance.place.hours import HoursResult, hours_check
from app.compliance.place.state_rules import StateTable, load_state_rules
from app.vocabulary import Dialer, LegVoice


@pytest.fixture(scope="session")
def table() -> StateTable:
    return load_state_rules()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def ask(
    moment: str,
    npa: str | None = None,
    *,
    zip_code: str | None = None,
    state: str | None = None,
    voice: LegVoice | None = LegVoice.LIVE,
    dialer: Dialer | None = None,
    unsynchronised: bool = False,
) -> HoursResult:
    table = load_state_rules()
    number = f"+1{npa}2345678" if npa else None
    candidates = location_candidates(table, zip_code=zip_code, stated_state=state, number=number)
    return hours_check(at(moment), candidates, table, voice=voice, dialer=dialer, is_clock_unsynchronised=unsynchronised)
