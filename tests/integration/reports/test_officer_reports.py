"""The reports that officers read, over a small world whose rows are counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.access.identity import Identity
from app.adapters.database import open_database
from app.models.reviews import FindingVerdict
from app.money import Money
from app.reports.exports.contract import Builder, Params, Reader, Report, Row
from app.reports.exports.hours import build_hours
from app.reports.exports.recording_consent import build_recording_consent
from app.reports.exports.scorecard import build_scorecard, count_weeks
from app.reports.exports.tsr import ITEMS, build_tsr
from app.vocabulary import FindingDecision, Role
from tests.factories.screened_calls import keep_call
from tests.factories.screening import inbound, outbound, said
from tests.functional.world import World, make_world

NY, FL, ND, CA = "+12122345678", "+13052345678", "+17012345678", "+12132345678"
PERIOD = Params(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC))
OFFICER = Identity("user:o", "O", Role.COMPLIANCE, None)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    engine: Engine = open_database(database_url)
    yield make_world(engine, tmp_path)
    engine.dispose()


def at(day: int, clock: str = "15:00:00") -> datetime:
    return datetime.fromisoformat(f"2026-10-{day:02d}T{clock}+00:00")


def keep(world: World, call_id: str, facts: dict[str, Any], when: datetime, **columns: Any) -> None:
    with world.uow.begin("cli") as work:
        keep_call(work, call_id, facts, started_at=when, **{"publisher_id": "pam", "campaign_id": "camp-acme", **columns})


def make(
    world: World, build: Builder, reader: Reader | None = None, params: Params = PERIOD
) -> tuple[Report, dict[str, list[dict[str, Any]]]]:
    """Return a report and its rows by table, each as a dictionary by column."""
    with world.uow.read() as session:
        report = build(
            session, params, reader or Reader(OFFICER, sees_numbers=True), lists=None, now=world.clock.now(),
            on_progress=lambda done, total, note: None,
        )  # fmt: skip
        tables = {table.name: [_by_name(table.columns, row) for row in table.rows] for table in report.tables}
    return report, tables


def _by_name(columns: Any, row: Row) -> dict[str, Any]:
    assert len(columns) == len(row)
    return dict(zip((column.name for column in columns), row, strict=True))


def test_hours_are_told_for_every_place_the_consumer_may_be(world: World) -> None:
    early, split = outbound(NY, "2026-10-05T11:59:59Z"), outbound(ND, "2026-10-05T13:30:00Z")
    keep(world, "early", early, at(5, "11:59:59"))
    keep(world, "split", split, at(5, "13:30:00"))
    keep(world, "came", inbound(NY, "2026-10-05T05:00:00Z"), at(5, "05:00:00"))
    _, tables = make(world, build_hours)
    rows = {row["call"]: row for row in tables["calls"]}
    assert rows["ext-early"]["local_times"] == "Mon 2026-10-05 07:59:59 -0400 NY"
    assert (rows["ext-early"]["federal"], rows["ext-early"]["placed_by"]) == ("violation", "our side")
    assert rows["ext-split"]["zones"] == "America/Chicago America/Denver"
    assert rows["ext-split"]["federal"] == "review"
    assert (rows["ext-came"]["placed_by"], rows["ext-came"]["federal"]) == ("the consumer", "not applicable")
    states = {row["state"]: row for row in tables["states"]}
    assert (states["NY"]["calls"], states["NY"]["hours_violation"]) == (1, 1)
    assert (states["ND"]["calls"], states["ND"]["hours_review"]) == (1, 1)


def test_attempts_are_counted_with_the_cap_they_stand_against(world: World) -> None:
    tries = [{"at": f"2026-10-05T{hour}:00:00Z", "subject": "roof"} for hour in (14, 15, 16)]
    keep(world, "fourth", outbound(FL, "2026-10-05T17:00:00Z") | {"attempts_24h": tries}, at(5, "17:00:00"))
    _, tables = make(world, build_hours)
    (row,) = tables["calls"]
    assert (row["attempts"], row["cap"], row["cap_hours"], row["often"]) == (4, 3, 24.0, "violation")


def test_seconds_recorded_before_the_notice_are_told_by_state(world: World) -> None:
    talk = ("caller", 8.0, "I need insurance for my truck")
    late = said(talk, ("agent", 40.0, "this call is being recorded"))
    keep(world, "late", inbound(CA, "2026-10-06T18:00:00Z") | {"recorded": True, "utterances": late}, at(6, "18:00:00"))
    never = inbound(CA, "2026-10-06T19:00:00Z") | {"recorded": True, "utterances": said(talk)}
    keep(world, "never", never, at(6, "19:00:00"))
    _, tables = make(world, build_recording_consent)
    rows = {(row["call"], row["state"]): row for row in tables["calls"]}
    told = rows[("ext-late", "CA")]
    assert (told["who"], told["notice_s"], told["before_notice_s"], told["outcome"]) == ("all parties", 40.0, 40.0, "review")
    assert told["notice"] == "this call is being recorded"
    silent = rows[("ext-never", "CA")]
    assert (silent["notice_s"], silent["before_notice_s"], silent["outcome"]) == (None, 60.0, "violation")
    (california,) = tables["states"]
    assert (california["calls"], california["violation"], california["review"]) == (2, 1, 1)
    assert california["before_notice_s"] == 100


FULL = {
    "b2b": False,
    "vertical": "legal",
    "duration_s": 60,
    "record": {
        "telemarketer": "Calls Inc", "product": "legal aid", "script_id": "S-7", "disposition": "connected",
        "caller_id_authorization": {"document": "LOA-12"},
    },
}  # fmt: skip


def full(**changes: Any) -> dict[str, Any]:
    placed = outbound(NY, "2026-10-05T15:00:00Z", caller_id_number="+18335550100", caller_id_name="ACME")
    return {**placed, **FULL, **changes}


def test_9_21_all_ten_items_are_printed_and_what_lacks_is_named_with_whom_to_ask(world: World) -> None:
    keep(world, "all", full(), at(5))
    keep(world, "no-script", full(record=FULL["record"] | {"script_id": None}), at(6))
    keep(world, "handed-over", full(transfer_type="warm"), at(7), publisher_id="quin")
    report, tables = make(world, build_tsr)
    rows = {row["call"]: row for row in tables["calls"]}
    assert (rows["ext-all"]["complete"], rows["ext-all"]["missing"]) == (True, 0)
    assert rows["ext-all"]["numbers_and_time"] == "+18335550100 to +12122345678, 2026-10-05T15:00:00Z, 60 s"
    assert rows["ext-all"]["caller_id"] == "+18335550100, ACME, LOA-12"
    assert (rows["ext-no-script"]["script"], rows["ext-no-script"]["missing"]) == ("missing", 1)
    assert rows["ext-handed-over"]["disposition"] == "missing"
    assert {(gap["publisher"], gap["item"], gap["missing"], gap["calls"]) for gap in tables["gaps"]} == {
        ("Pam Company", "(viii) script", 1, 2),
        ("Quin Company", "(x) disposition", 1, 1),
    }
    assert {row["publisher"]: row["share"] for row in tables["complete"]} == {"Pam Company": 50.0, "Quin Company": 0.0}
    assert report.gaps is not None
    assert [line.split(":")[0] for line in report.gaps()] == ["(viii) script", "(x) disposition"]
    assert len(ITEMS) == 10


def test_a_reader_who_may_not_see_numbers_sees_their_last_four_digits(world: World) -> None:
    keep(world, "all", full(), at(5))
    _, tables = make(world, build_tsr, Reader(OFFICER))
    assert NY not in str(tables)
    assert "5678" in tables["calls"][0]["numbers_and_time"]


def test_the_scorecard_counts_findings_decisions_and_the_period_before(world: World) -> None:
    good = outbound(NY, "2026-10-05T15:00:00Z")
    bad = outbound(NY, "2026-10-05T10:00:00Z")
    keep(world, "good", good, at(5), revenue_minor=3500)
    keep(world, "bad-1", bad, at(6, "10:00:00"), revenue_minor=3500)
    keep(world, "bad-2", bad, at(7, "10:00:00"), revenue_minor=1500)
    keep(world, "earlier", bad, datetime(2026, 9, 10, 10, tzinfo=UTC))
    keep(world, "other", bad, at(8, "10:00:00"), publisher_id="quin")
    with world.uow.begin("user:o") as work:
        for call_id, decision in (("bad-1", FindingDecision.AGREE), ("bad-2", FindingDecision.REFUSE)):
            decide(work, call_id, "TCPA-HOURS", decision)
    _, tables = make(world, build_scorecard)
    sources = {row["publisher"]: row for row in tables["publishers"]}
    pam = sources["Pam Company"]
    assert (pam["calls"], pam["screened"], pam["confirmed"], pam["refused"]) == (3, 3, 1, 1)
    assert (pam["trend"], pam["disputes"]) == ("too few to tell", 0)
    rules = {(row["publisher"], row["rule"]): row for row in tables["rules"]}
    hours = rules[("Pam Company", "TCPA-HOURS")]
    assert (hours["violations"], hours["reviews"], hours["confirmed"], hours["refused"]) == (2, 0, 1, 1)
    assert (hours["per_1000"], hours["before_per_1000"]) == (666.7, 1000.0)
    assert set(hours["examples"].split(", ")) == {"ext-bad-1", "ext-bad-2"}
    assert isinstance(pam["stake_most"], Money)
    assert pam["stake_most"].amount_minor > pam["stake_least"].amount_minor > 0


def test_flagged_calls_are_told_week_by_week_empty_weeks_too(world: World) -> None:
    for day, clock in ((1, "15:00:00"), (2, "10:00:00"), (16, "10:00:00")):
        keep(world, f"day-{day}", outbound(NY, f"2026-10-{day:02d}T{clock}Z") | {"recorded": False}, at(day, clock))
    with world.uow.read() as session:
        weeks = count_weeks(session, PERIOD, Reader(OFFICER))
    assert [(week.starts_at.day, week.flagged.total) for week in weeks] == [(1, 2), (8, 0), (15, 1), (22, 0), (29, 0)]
    assert weeks[2].flagged.hits == 1


def test_a_publisher_gets_the_scorecard_of_its_own_calls_alone(world: World) -> None:
    bad = outbound(NY, "2026-10-05T10:00:00Z")
    keep(world, "mine", bad, at(6, "10:00:00"))
    keep(world, "other", bad, at(8, "10:00:00"), publisher_id="quin")
    pam = Reader(Identity("user:p", "Pam", Role.PUBLISHER, frozenset({"pam"})))
    _, tables = make(world, build_scorecard, pam)
    assert {row["publisher"] for rows in tables.values() for row in rows} == {"Pam Company"}


def decide(work: Any, call_id: str, rule: str, decision: FindingDecision) -> None:
    from sqlalchemy import select

    from app.models.screening import Finding

    finding = work.session.scalar(select(Finding).where(Finding.call_id == call_id, Finding.rule == rule))
    work.session.add(
        FindingVerdict(
            id=work.new_id(), finding_id=finding.id, call_id=call_id, rule=rule, review_id=None, decision=decision, reason="",
            decided_by="o", decided_at=work.now,
        )
    )  # fmt: skip
