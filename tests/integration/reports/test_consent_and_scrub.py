"""The consent and scrub reports and the call list, over a small world whose rows are counted by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.access.identity import Identity
from app.adapters.database import open_database
from app.compliance.registry.service import NumberLists, make_request
from app.models.consumers import CertificateAnswer
from app.models.numbers import NumberListVersion
from app.models.screening import Consent, Screening
from app.money import Money
from app.reports.exports.calls import build_call_list
from app.reports.exports.consent import build_consent_report
from app.reports.exports.contract import Builder, Params, Reader, Report
from app.reports.exports.reading import BATCH, iterate_calls
from app.reports.exports.scrub import build_scrub_report
from app.reports.exports.service import ExportRequest, write_export
from app.reports.exports.signing import Signer
from app.reports.exports.verify import verify_bundle
from app.vocabulary import ListKind, ReportKind, Role
from tests.factories.screened_calls import keep_call
from tests.factories.screening import consent, inbound, outbound
from tests.functional.world import World, make_world

NY, FL, CA = "+12122345678", "+13052345678", "+12132345678"
PERIOD = Params(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC))
OFFICER = Identity("user:o", "Olga", Role.COMPLIANCE, None)
WHOLE = Reader(OFFICER, sees_numbers=True)
NATIONAL, FLORIDA = "national-20260920-aaaaaaaaaaaa", "state-FL-20260901-bbbbbbbbbbbb"


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
    world: World, build: Builder, reader: Reader = WHOLE, params: Params = PERIOD, lists: NumberLists | None = None
) -> tuple[Report, dict[str, list[dict[str, Any]]]]:
    with world.uow.read() as session:
        report = build(session, params, reader, lists=lists, now=world.clock.now(), on_progress=lambda done, total, note: None)
        tables = {}
        for table in report.tables:
            names = [column.name for column in table.columns]
            tables[table.name] = [dict(zip(names, row, strict=True)) for row in table.rows]
    return report, tables


def automated(number: str, when: str, **more: Any) -> dict[str, Any]:
    return {**outbound(number, when, voice="prerecorded", dialer="list"), **more}


# Consent


def test_each_element_of_the_consent_behind_a_call_is_told(world: World) -> None:
    given = consent(NY, "2026-10-05T10:00:00Z")
    keep(world, "proved", automated(NY, "2026-10-05T15:00:00Z", consents=[_certified(given)]), at(5))
    late = consent(FL, "2026-10-05T15:00:05Z")
    keep(world, "late", automated(FL, "2026-10-05T15:00:01Z", consents=[late]), at(5, "15:00:01"))
    keep(world, "none", automated(CA, "2026-10-06T15:00:00Z"), at(6))
    keep(world, "came", inbound(NY, "2026-10-07T15:00:00Z"), at(7))
    _, tables = make(world, build_consent_report)
    rows = {row["call"]: row for row in tables["consents"]}
    assert set(rows) == {"ext-proved", "ext-late", "ext-none"}  # a consumer's own call without a consent needs none
    proved = rows["ext-proved"]
    assert {proved[f"e{at}"] for at in range(1, 12)} == {"yes"}
    assert (proved["rule_written_consent"], proved["hours_before"], proved["number"]) == ("pass", 5.0, NY)
    assert (proved["certificate_kind"], proved["certificate_status"]) == ("trustedform", "not expired")
    assert (rows["ext-late"]["e9"], rows["ext-late"]["hours_before"]) == ("no", 0.0)
    assert rows["ext-late"]["rule_written_consent"] == "violation"
    assert (rows["ext-none"]["consents"], rows["ext-none"]["e1"], rows["ext-none"]["certificate_status"]) == (0, None, None)
    assert rows["ext-none"]["rule_written_consent"] == "needs evidence"
    (publisher,) = tables["by-publisher"]
    assert (publisher["calls"], publisher["in_report"], publisher["proved"], publisher["failed"], publisher["none"]) == (
        4, 3, 1, 1, 1,
    )  # fmt: skip


def _certified(given: dict[str, Any]) -> dict[str, Any]:
    certificate = {
        "kind": "trustedform", "id": "0123456789abcdef0123456789abcdef01234567", "created_at": "2026-10-05T09:59:00Z",
        "expires_at": "2026-10-08T09:59:00Z", "phone_match": True, "host": "cert.trustedform.com",
    }  # fmt: skip
    return given | {"certificate": certificate}


def test_the_record_of_the_consent_is_found_with_its_text_and_the_vendors_answer(world: World) -> None:
    text = "I agree that Acme Insurance LLC may call me."
    with world.uow.begin("cli") as work:
        work.session.add(
            Consent(
                id="con", external_id="lead-7", number=NY, seller="Acme Insurance LLC", elements={}, certificate=None,
                given_at=at(5, "10:00:00"), recorded_at=work.now, shown={"text": text},
                text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            )
        )  # fmt: skip
        work.session.flush()
        for number, digest in enumerate(("11" * 32, "22" * 32)):
            work.session.add(
                CertificateAnswer(
                    id=f"a{number}", consent_id="con", vendor="trustedform", asked_at=at(5 + number), asked_by="cli",
                    how="given", status=None, answer={}, sha256=digest,
                )
            )  # fmt: skip
    keep(world, "c", automated(NY, "2026-10-05T15:00:00Z", consents=[consent(NY, "2026-10-05T10:00:00Z")]), at(5))
    (row,) = make(world, build_consent_report)[1]["consents"]
    assert (row["consent"], row["text"], row["text_sha256"]) == ("lead-7", text, hashlib.sha256(text.encode()).hexdigest())
    assert (row["vendor_answers"], row["vendor_answer_sha256"]) == (2, "22" * 32)
    assert row["recording_sha256"] == f"{'c':0<64}"
    assert len(row["record_sha256"]) == 64


def test_a_revocation_is_before_or_after_the_call(world: World) -> None:
    revoked = {"revoked_at": "2026-10-10T12:00:00Z", "revocation_scope": "seller"}
    given = consent(NY, "2026-09-05T10:00:00Z", **revoked)
    keep(world, "before", automated(NY, "2026-10-09T15:00:00Z", consents=[given]), at(9))
    keep(world, "after", automated(NY, "2026-10-29T15:00:00Z", consents=[given]), at(29))
    rows = {row["call"]: row for row in make(world, build_consent_report)[1]["consents"]}
    assert rows["ext-before"]["revocation"] == "revoked after the call"
    assert (rows["ext-after"]["revocation"], rows["ext-after"]["e10"]) == ("revoked before the call", "no")
    assert rows["ext-after"]["rule_revoked"] == "violation"


# Scrub


def add_version(world: World, version_id: str, kind: ListKind, state: str | None, day: str) -> None:
    with world.uow.begin("cli") as work:
        work.session.add(
            NumberListVersion(
                id=version_id, kind=kind, state=state, obtained_at=datetime.fromisoformat(day), loaded_at=work.now,
                loaded_by="olga", san="SAN-1", source="", is_change=False, count=10, area_codes=None, sha256="ab" * 32,
                garbage_count=0,
            )
        )  # fmt: skip


def national(*, listed: bool, scrubbed: str | None = "2026-10-04T12:00:00Z") -> dict[str, Any]:
    return {
        "listed": listed, "obtained_at": "2026-09-20T12:00:00Z", "scrubbed_at": scrubbed, "san": "SAN-1", "area_codes": [],
        "version": NATIONAL,
    }  # fmt: skip


def test_matches_exemptions_and_calls_made_anyway_are_told_and_counted(world: World) -> None:
    add_version(world, NATIONAL, ListKind.NATIONAL, None, "2026-09-20T12:00:00+00:00")
    day = "2026-10-05T15:00:00Z"
    keep(world, "free", outbound(NY, day) | {"dnc": {"national": national(listed=False)}}, at(5))
    keep(world, "listed", outbound(FL, day) | {"dnc": {"national": national(listed=True)}}, at(5))
    bought = {"last_purchase_at": "2026-08-01T00:00:00Z", "with_seller": True}
    keep(world, "customer", outbound(CA, day) | {"dnc": {"national": national(listed=True)}, "relationship": bought}, at(5))
    keep(world, "unscrubbed", outbound(NY, day) | {"dnc": {"national": national(listed=False, scrubbed=None)}}, at(5))
    keep(world, "came", inbound(NY, day), at(5))
    report, tables = make(world, build_scrub_report)
    rows = {row["call"]: row for row in tables["numbers"]}
    assert set(rows) == {"ext-free", "ext-listed", "ext-customer", "ext-unscrubbed"}
    told = {
        name: (r["matched"], r["exempt"], r["called_anyway"], r["rule_national"], r["rule_age"]) for name, r in rows.items()
    }
    assert told == {
        "ext-free": (None, None, False, "pass", "pass"),
        "ext-listed": ("national", False, True, "violation", "pass"),
        "ext-customer": ("national", True, False, "pass", "pass"),
        "ext-unscrubbed": (None, None, False, "pass", "violation"),
    }
    assert rows["ext-customer"]["exempt_why"] == "purchase of 2026-08-01 with this seller"
    assert (rows["ext-free"]["national_age_days"], rows["ext-free"]["national_sha256"]) == (15, "ab" * 32)
    (summary,) = tables["by-day"]
    counted = {
        "calls": 4, "numbers": 3, "checked": 4, "scrubbed": 3, "matched": 2, "exempt": 1, "called_anyway": 1, "uncertain": 0,
        "oldest": 15,
    }  # fmt: skip
    assert {name: summary[name] for name in counted} == counted
    assert [row["version"] for row in tables["versions"]] == [NATIONAL]
    assert report.used.lists[NATIONAL]["obtained_at"] == "2026-09-20T12:00:00Z"


def test_an_age_is_counted_by_the_calendar_of_the_called_party(world: World) -> None:
    late = national(listed=False) | {"obtained_at": "2026-10-05T03:30:00Z"}  # the evening of the 4th in New York
    keep(world, "c", outbound(NY, "2026-10-05T15:00:00Z") | {"dnc": {"national": late}}, at(5))
    assert make(world, build_scrub_report)[1]["numbers"][0]["national_age_days"] == 1


def test_state_lists_and_requests_not_to_be_called_count_as_matches(world: World) -> None:
    add_version(world, FLORIDA, ListKind.STATE, "FL", "2026-09-01T12:00:00+00:00")
    state = {"FL": {"listed": True, "obtained_at": "2026-09-01T12:00:00Z", "version": FLORIDA}}
    dnc = {"national": national(listed=False), "state": state, "internal": {"requested_at": "2026-08-01T12:00:00Z"}}
    keep(world, "c", outbound(FL, "2026-10-05T15:00:00Z") | {"dnc": dnc}, at(5))
    (row,) = make(world, build_scrub_report)[1]["numbers"]
    assert (row["matched"], row["called_anyway"]) == ("state FL, internal", True)
    assert row["state_lists"] == f"FL: listed ({FLORIDA})"


def test_files_scrubbed_in_the_period_are_listed_with_their_versions(world: World, tmp_path: Path) -> None:
    lists = world.services.number_lists
    (tmp_path / "212.txt").write_text("2122345678\n")
    version, _ = lists.load(make_request("national", world.clock.now(), (tmp_path / "212.txt",), san="SAN-1"))
    (tmp_path / "leads.csv").write_text("phone\n2122345678\n")
    lists.scrub(tmp_path / "leads.csv", tmp_path / "out.csv", performed_by="Olga")
    today = world.clock.now()
    period = Params(today.replace(hour=0, minute=0), today.replace(hour=23, minute=59))
    (row,) = make(world, build_scrub_report, params=period, lists=lists)[1]["file-scrubs"]
    assert (row["performed_by"], row["rows"], row["blocked"], row["versions"]) == ("Olga", 1, 1, version.id)
    assert make(world, build_scrub_report, lists=lists)[1]["file-scrubs"] == []


# All of them


def test_what_was_screened_before_facts_were_kept_is_counted_not_guessed(world: World) -> None:
    keep(world, "old", automated(NY, "2026-10-05T15:00:00Z"), at(5))
    with world.uow.begin("cli") as work:
        screening = work.session.get(Screening, "scr-old")
        assert screening is not None
        screening.facts = screening.outcomes = None
    for build, table in ((build_consent_report, "consents"), (build_scrub_report, "numbers")):
        report, tables = make(world, build)
        assert tables[table] == []
        assert any("1 of the calls were screened before facts were kept" in note for note in report.late_notes())


def test_numbers_are_masked_for_a_reader_who_gave_no_reason(world: World) -> None:
    keep(world, "c", automated(NY, "2026-10-05T15:00:00Z"), at(5), caller_number=NY)
    for build in (build_consent_report, build_scrub_report, build_call_list):
        _, tables = make(world, build, Reader(OFFICER))
        said = " ".join(str(row) for rows in tables.values() for row in rows)
        assert NY not in said
        assert "(•••) •••-5678" in said


def test_a_report_holds_the_calls_of_its_reader_its_period_and_its_filters(world: World) -> None:
    keep(world, "mine", outbound(NY, "2026-10-05T15:00:00Z"), at(5))
    keep(world, "theirs", outbound(NY, "2026-10-05T15:00:00Z"), at(5), publisher_id="quin", campaign_id="camp-bravo")
    keep(world, "later", outbound(NY, "2026-10-31T00:00:00Z"), at(31, "00:00:00"))
    publisher = Reader(Identity("user:p", "Pam", Role.PUBLISHER, frozenset({"pam"})))
    names = lambda tables: [row["call"] for row in tables["calls"]]  # noqa: E731
    assert names(make(world, build_call_list)[1]) == ["ext-mine", "ext-theirs"]
    assert names(make(world, build_call_list, publisher)[1]) == ["ext-mine"]
    only = Params(PERIOD.since, PERIOD.until, campaign_id="camp-bravo")
    assert names(make(world, build_call_list, params=only)[1]) == ["ext-theirs"]
    assert names(make(world, build_call_list, params=Params(PERIOD.since, PERIOD.until, state="CA"))[1]) == []
    assert names(make(world, build_call_list, params=Params(PERIOD.since, PERIOD.until, state="NY"))[1]) == [
        "ext-mine", "ext-theirs",
    ]  # fmt: skip


def test_the_other_sides_money_stays_hidden_in_a_call_list(world: World) -> None:
    keep(world, "c", outbound(NY, "2026-10-05T15:00:00Z"), at(5), revenue_minor=3500, payout_minor=2100)
    (whole,) = make(world, build_call_list)[1]["calls"]
    assert (whole["charged"], whole["paid_out"]) == (Money(3500), Money(2100))
    publisher = Reader(Identity("user:p", "Pam", Role.PUBLISHER, frozenset({"pam"})))
    (seen,) = make(world, build_call_list, publisher)[1]["calls"]
    assert (seen["charged"], seen["paid_out"]) == (None, Money(2100))


def test_batches_give_every_call_once_in_order(world: World) -> None:
    with world.uow.begin("cli") as work:
        for number in range(BATCH + 3):
            # Many calls of one second: the border between batches runs through them.
            work.session.add(_plain_call(work, number))
    told: list[tuple[int, int | None]] = []
    with world.uow.read() as session:
        found = [
            call.call.id for call in iterate_calls(session, PERIOD, WHOLE, lambda done, total, note: told.append((done, total)))
        ]
    assert found == sorted(found)
    assert len(set(found)) == BATCH + 3
    assert told[-1] == (BATCH + 3, BATCH + 3)


def _plain_call(work: Any, number: int) -> Any:
    from app.models.calls import Call

    return Call(id=f"n{number:05d}", sender="csv", external_id=f"n{number}", started_at=at(5), received_at=work.now)


@pytest.mark.parametrize("kind", list(ReportKind))
def test_every_report_of_a_real_house_verifies_and_names_what_it_rests_on(
    world: World, tmp_path: Path, kind: ReportKind
) -> None:
    keep(world, "c", automated(NY, "2026-10-05T15:00:00Z", consents=[consent(NY, "2026-10-05T10:00:00Z")]), at(5))
    signer, out = Signer.from_seed(b"\3" * 32), tmp_path / "report.zip"
    with world.uow.read() as session:
        written = write_export(
            session, ExportRequest(kind, PERIOD), OFFICER, out, lists=world.services.number_lists, signer=signer,
            now=world.clock.now(), on_progress=lambda done, total, note: None,
        )  # fmt: skip
    answer = verify_bundle(out, signer.fingerprint)
    assert answer.problem is None
    manifest = answer.manifest
    assert (manifest["kind"], manifest["row_count"], manifest["numbers"]["shown"]) == (str(kind), written.row_count, "masked")
    assert {"state_rules", "tzdb", "zip_codes", "area_codes"} <= set(manifest["reference"])
    assert manifest["audit_trail"]["seq"] > 0
    assert manifest["screenings"]["versions"]["rule_set"] == [manifest["rules_in_force"]["rule_set"]]
