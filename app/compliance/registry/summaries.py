"""What is told of lists, versions and scrubs? Warnings in words, and the shapes that are printed, kept and answered."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.compliance.registry.scrub import ScrubReport
from app.compliance.registry.snapshot import ListSnapshot, Snapshot, count_age
from app.compliance.registry.versions import AreaFreshness, ListVersion, judge_age
from app.vocabulary import Freshness, ListKind


def find_warnings(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what an officer should know before relying on the lists of a snapshot."""
    warnings = []
    if not snapshot.lists:
        warnings.append("0 scrubbed: no list is loaded, so no number was held against anything")
    elif not snapshot.find(ListKind.NATIONAL):
        warnings.append("0 scrubbed against the national registry: it is not loaded, so no number can be allowed")
    for each in snapshot.lists:
        for version in each.versions if each.newest is None else ():
            areas = [area for area in range(200, 1000) if each.table[area] >= 0 and each.versions[each.table[area]] is version]
            age = max((count_age(version, area, snapshot.at) for area in areas), default=0)
            state, left = judge_age(each.name.kind, age)
            if state is Freshness.STALE:
                warnings.append(f"{each.title}: version {version.id} is {age} days old and clears no number; load a newer one")
            elif state is Freshness.DUE:
                warnings.append(f"{each.title}: version {version.id} is {age} days old and must be renewed within {left} days")
    return (*warnings, *find_record_warnings(snapshot))


def find_record_warnings(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what the records of the lists lack."""
    without = any(version.san is None for each in snapshot.find(ListKind.NATIONAL) for version in each.versions)
    return ("national: a version was loaded without its SAN, which the record of the scrub should name",) if without else ()


def scrub_to_json(report: ScrubReport) -> dict[str, Any]:
    """Return a scrub in the shape that is printed and kept."""
    return {
        "performed_at": report.performed_at.isoformat(),
        "input": {"name": report.input_name, "sha256": report.input_sha256},
        "report": {"name": report.report_name, "sha256": report.report_sha256},
        "rows": report.rows,
        "invalid": report.invalid,
        **{word: report.outcomes[word] for word in ("allowed", "blocked", "unknown")},
        "listed": dict(report.listed),
        "lists": report.lists,
        "garbage": report.garbage,
        "warnings": report.warnings,
    }


def version_to_summary(version: ListVersion) -> dict[str, Any]:
    """Return what a reader wants to know of a version."""
    return {
        "version": version.id,
        "list": str(version.list_name),
        "obtained_at": version.obtained_at.isoformat(),
        "loaded_at": version.loaded_at.isoformat(),
        "loaded_by": version.loaded_by,
        "san": version.san,
        "source": version.source or None,
        "source_version": version.source_version,
        "kind": "change" if version.is_change else "full",
        "bases": list(version.bases),
        "numbers": version.count,
        "added": version.added,
        "deleted": version.deleted,
        "disagreements": version.disagreements,
        "area_codes": None if version.area_codes is None else list(version.area_codes),
        "files": [
            {"name": f.name, "sha256": f.sha256, "shape": f.shape, "rows": f.row_count, "garbage": f.garbage_count}
            for f in version.files
        ],
        "sha256": version.data_sha256,
        "bytes": version.data_bytes,
        "garbage": list(version.garbage),
        "notes": list(version.notes),
        "withdrawn_at": version.withdrawn_at.isoformat() if version.withdrawn_at else None,
    }


def summarise_freshness(rows: list[AreaFreshness]) -> list[dict[str, Any]]:
    """Return one line for each list and version in force: how many area codes, oldest age, state."""
    groups: dict[tuple[str, str], list[AreaFreshness]] = {}
    for row in rows:
        groups.setdefault((str(row.list_name), row.version.id), []).append(row)
    found = []
    for (name, version_id), group in groups.items():
        oldest = max(group, key=lambda row: row.age_days)
        states = Counter(str(row.state) for row in group)
        codes = [row.area for row in group if row.area is not None]
        found.append(
            {"list": name, "version": version_id, "area_codes": codes or None, "age_days": oldest.age_days,
             "state": str(oldest.state), "days_left": oldest.days_left, "states": dict(states)}
        )  # fmt: skip
    return found


def describe_version(each: ListSnapshot, version: ListVersion) -> dict[str, object]:
    """Return a version as the record of a scrub names it."""
    areas = [area for area in version.area_counts if each.table[area] >= 0] if each.newest is None else []
    oldest = max((int(each.ages[area]) for area in areas), default=None)
    return {
        "list": str(each.name),
        "source": each.source or None,
        "version": version.id,
        "obtained_at": version.obtained_at.isoformat(),
        "age_days": oldest,
        "san": version.san,
        "sha256": version.data_sha256,
        "numbers": version.count,
    }
