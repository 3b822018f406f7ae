"""Load a list, scrub a file, check a number: what command line, pages and API ask of the number lists."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from app.compliance.registry.decision import OUTCOMES, explain, judge, note
from app.compliance.registry.entries import ANSWERS, ASKED, find_newest_entry
from app.compliance.registry.loading import LoadRequest, OnProgress, load_version
from app.compliance.registry.moments import NO_MOMENT, to_micros, to_moment
from app.compliance.registry.parse import parse_one, to_e164
from app.compliance.registry.scrub import OnRows, ScrubReport, describe_answer, scrub_file
from app.compliance.registry.snapshot import ListSnapshot, take_snapshot, zones_of
from app.compliance.registry.store import ListStore
from app.compliance.registry.summaries import describe_version, find_record_warnings, find_warnings, scrub_to_json
from app.compliance.registry.versions import (
    AreaFreshness,
    ListName,
    ListVersion,
    find_in_force,
    find_newest,
    freshness,
    group_by_list,
    parse_list_name,
)
from app.errors import InvalidInput, ListDamaged
from app.ports import Clock
from app.vocabulary import ListKind


@dataclass(frozen=True, slots=True)
class NumberState:
    """What was known of a number at a moment."""

    number: str
    at: datetime
    outcome: str
    reason: str
    note: str
    answers: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]


class NumberLists:
    """The do-not-call lists of one installation (``ports.NumberRegistry``)."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self.data_dir = data_dir
        self.store = ListStore(data_dir)
        self._clock = clock

    def now(self) -> datetime:
        """Return the moment at which the lists are asked."""
        return self._clock.now()

    def load(self, request: LoadRequest, on_progress: OnProgress = lambda what, share: None) -> tuple[ListVersion, bool]:
        """Load files as a version; return it, and whether it is new. Raises InvalidInput, StorageFull, ListDamaged."""
        return load_version(self.store, request, self._clock.now(), on_progress)

    def scrub(
        self,
        path: Path,
        out: Path,
        *,
        at: datetime | None = None,
        column: str | None = None,
        on_progress: OnRows = lambda rows, share: None,
        performed_by: str = "",
        keep_report: Callable[[str], None] = lambda name: None,
        name: str | None = None,
        garbage_out: Path | None = None,
    ) -> ScrubReport:
        """Hold the numbers of a file against the lists in force, now or at a moment, and keep a record of it.

        Parameters
        ----------
        keep_report
            Called with the name of the scrub when the report is written and before it is put on record.
        name
            The name under which it is put on record, made of moment and report where none is given.
        garbage_out
            Where the rows without a number go, with their lines and reasons.

        Raises
        ------
        InvalidInput, ListDamaged, StorageFull
        """
        now = self._clock.now()
        snapshot = take_snapshot(self.store, at or now)
        report = scrub_file(snapshot, path, out, column=column, on_progress=on_progress, garbage_out=garbage_out)
        report.performed_at = now
        report.lists = [describe_version(each, version) for each in snapshot.lists for version in each.versions]
        report.warnings = list(find_warnings(snapshot))
        if at is None:
            report.name = name or f"{now:%Y%m%dT%H%M%S}-{report.report_sha256[:12]}"
            keep_report(report.name)
            who = {"performed_by": performed_by} if performed_by else {}
            self.store.record_scrub(report.name, scrub_to_json(report) | who, report.numbers)
        return report

    def check(self, text: str, at: datetime | None = None) -> NumberState:
        """Return what every list says of a number, now or at a past moment. Raises InvalidInput, ListDamaged."""
        number = parse_one(text)
        if not number:
            raise InvalidInput(f"{text!r}: expected a North American telephone number such as +12125550123 or (212) 555-0123")
        moment = at or self._clock.now()
        versions = self.store.versions()
        snapshot = take_snapshot(self.store, moment, versions)
        judged = judge(snapshot, np.array([number], dtype=np.int64))
        answers = tuple(
            describe_answer(each, answer, number, 0) | self._describe_history(each, number, versions, moment)
            for each, answer in zip(snapshot.lists, judged.answers, strict=True)
        )
        return NumberState(
            number=to_e164(number),
            at=moment,
            outcome=str(OUTCOMES[judged.outcomes[0]]),
            reason=explain(snapshot, judged, 0),
            note=note(snapshot, judged, 0),
            answers=answers,
            warnings=find_warnings(snapshot),
        )

    def dnc_facts(self, e164: str, at: datetime, scrubbed_at: datetime | None = None) -> dict[str, Any]:
        """Return the ``dnc`` object of a call's facts: what the lists in force at a moment say of a number.

        A list that does not cover the number says ``listed: null``; one that is too old says what it says, with its date, as
        the rules judge the age themselves. ``scrubbed_at`` is when the number was held against the lists before; None looks it
        up among the scrubs on record. The version told is then the one that scrub used: a newer one that nobody asked clears
        nothing, though what it lists counts.
        """
        number = parse_one(e164)
        if not number:
            return {}
        scrubbed_at = scrubbed_at or self.store.find_scrub(number, at)
        facts: dict[str, Any] = {"state": {}, "internal": {"requested_at": None}}
        for name, versions in group_by_list(self.store.versions()).items():
            if name.is_log:
                facts |= self._log_facts(name, versions, number, at)
                continue
            for source in sorted({version.source for version in versions}):
                of_source = [v for v in versions if v.source == source]
                newest = find_newest(of_source, number // 10_000_000, at)
                asked = find_newest(of_source, number // 10_000_000, scrubbed_at) if scrubbed_at else None
                fact = self._set_facts(asked or newest, number, scrubbed_at) if newest else None
                if fact and newest and asked and newest is not asked:
                    fact["listed"] = fact["listed"] or number in self.store.open_set(newest)
                if name.kind is ListKind.LITIGATOR and newest and fact and (fact["listed"] or "litigator" not in facts):
                    facts["litigator"] = {"listed": fact["listed"], "source": source or None, "version": newest.id}
                elif name.kind is ListKind.NATIONAL:
                    facts["national"] = fact or {
                        "listed": None,
                        "scrubbed_at": scrubbed_at.isoformat() if scrubbed_at else None,
                    }
                elif name.kind is ListKind.STATE and fact:
                    facts["state"][name.state] = fact
        return facts

    def _set_facts(self, version: ListVersion, number: int, scrubbed_at: datetime | None) -> dict[str, Any]:
        return {
            "listed": number in self.store.open_set(version),
            "obtained_at": version.obtained_at.isoformat(),
            "scrubbed_at": scrubbed_at.isoformat() if scrubbed_at else None,
            "san": version.san,
            "area_codes": [] if version.area_codes is None else [str(area) for area in version.area_codes],
            "version": version.id,
        }

    def _log_facts(self, name: ListName, versions: list[ListVersion], number: int, at: datetime) -> dict[str, Any]:
        found = None
        for version in versions:
            if version.withdrawn_at is None or at < version.withdrawn_at:
                entry = find_newest_entry(self.store.open_log(version), number, to_micros(at))
                if entry is not None and (found is None or entry["at"] >= found["at"]):
                    found = entry
        if name.kind is ListKind.INTERNAL:
            is_asked = found is not None and found["code"] == ASKED
            return {
                "internal": {
                    "requested_at": to_moment(int(found["at"])).isoformat() if found is not None and is_asked else None
                }
            }
        if found is None:
            return {"reassigned": None}
        since = int(found["since"])
        answer = next(word for word, code in ANSWERS.items() if code == found["code"])
        dates = {"queried_at": to_moment(int(found["at"])).isoformat()}
        return {"reassigned": dates | {"since": None if since == NO_MOMENT else to_moment(since).isoformat(), "answer": answer}}

    def freshness(self, at: datetime | None = None) -> list[AreaFreshness]:
        """Return the age of every list, per area code, now or at a moment."""
        return freshness(self.store.versions(), at or self._clock.now(), zones_of)

    def warnings(self) -> tuple[str, ...]:
        """Return what an officer should know about the lists in force now."""
        return find_warnings(take_snapshot(self.store, self._clock.now()))

    def record_warnings(self) -> tuple[str, ...]:
        """Return the same without what their age says, of which pages tell more (``list_clocks``)."""
        return find_record_warnings(take_snapshot(self.store, self._clock.now()))

    def verify(self) -> list[tuple[str, str | None]]:
        """Compare every file with its hash; return for each version what is wrong with it, None for nothing."""
        found: list[tuple[str, str | None]] = []
        for version in self.store.versions():
            try:
                self.store.verify(version)
                found.append((version.id, None))
            except ListDamaged as error:
                found.append((version.id, error.message))
        return found

    def withdraw(self, version_id: str, why: str) -> ListVersion:
        """Take a version out of force from now on. Raises NotFound, InvalidTransition."""
        if not why.strip():
            raise InvalidInput("expected a reason for withdrawing the version")
        return self.store.withdraw(version_id, why=why.strip(), at=self._clock.now())

    def _describe_history(self, each: ListSnapshot, number: int, versions: list[ListVersion], at: datetime) -> dict[str, Any]:
        """Return since when a number is known to be on a list, and the last version that did not have it."""
        if each.newest is not None:
            return {}
        area = number // 10_000_000
        own = [v for v in versions if v.list_name == each.name and v.source == each.source]
        past = sorted((v for v in own if v.is_in_force(at) and v.covers(area)), key=lambda v: (v.obtained_at, v.loaded_at))
        since = absent = None
        for version in reversed(past):
            if number not in self.store.open_set(version):
                absent = version
                break
            since = version
        in_force = find_in_force(own, at)
        current = in_force.get(area, in_force.get(None))
        return {
            "listed_since": since.obtained_at.isoformat() if since else None,
            "not_listed_on": absent.obtained_at.isoformat() if absent and since else None,
            "loaded_at": current.loaded_at.isoformat() if current else None,
            "is_loaded_later": bool(current and current.loaded_at > at),
        }


def make_request(
    list_name: str,
    obtained_at: datetime,
    paths: tuple[Path, ...],
    *,
    loaded_by: str = "",
    **more: Any,
) -> LoadRequest:
    """Return a request to load files, by the account of the shell where nobody is named. Raises InvalidInput."""
    name = parse_list_name(list_name)
    if more.get("source") and name.kind is not ListKind.LITIGATOR:
        raise InvalidInput(f"a source is named for sold lists of litigators only, not for {name}")
    return LoadRequest(name, obtained_at, paths, loaded_by or getpass.getuser(), **more)
