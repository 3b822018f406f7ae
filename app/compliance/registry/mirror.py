"""Which versions does the database know of? Brings its rows in step with the manifests on disk, which are the truth."""

from __future__ import annotations

from sqlalchemy import select

from app.compliance.registry.store import ListStore
from app.compliance.registry.versions import ListVersion
from app.models.numbers import NumberListVersion
from app.unit_of_work import Work
from app.vocabulary import EventKind


def mirror_versions(work: Work, store: ListStore) -> int:
    """Record versions that the database does not know, and withdrawals; return how many rows changed. Raises ListDamaged.

    Doing it twice changes nothing. A row whose folder is gone stays: that the version was in force is a fact.
    """
    rows = {row.id: row for row in work.session.scalars(select(NumberListVersion))}
    changed = 0
    for version in store.versions():
        row = rows.get(version.id)
        if row is None:
            work.session.add(_to_row(version))
            told = {"list": str(version.list_name), "numbers": version.count, "sha256": version.data_sha256, "san": version.san}
            told |= {"obtained_at": version.obtained_at.isoformat(), "loaded_by": version.loaded_by}
            work.publish(EventKind.NUMBER_LIST_LOADED, ("number_list_version", version.id), told)
        if version.withdrawn_at is not None and (row is None or row.withdrawn_at is None):
            if row is not None:
                row.withdrawn_at, row.withdrawn_why = version.withdrawn_at, version.withdrawn_why
            work.publish(EventKind.NUMBER_LIST_WITHDRAWN, ("number_list_version", version.id), {"why": version.withdrawn_why})
        elif row is not None:
            continue
        changed += 1
    return changed


def _to_row(version: ListVersion) -> NumberListVersion:
    return NumberListVersion(
        id=version.id,
        kind=version.list_name.kind,
        state=version.list_name.state or None,
        obtained_at=version.obtained_at,
        loaded_at=version.loaded_at,
        loaded_by=version.loaded_by,
        san=version.san,
        source=version.source or None,
        source_version=version.source_version,
        is_change=version.is_change,
        count=version.count,
        area_codes=None if version.area_codes is None else list(version.area_codes),
        sha256=version.data_sha256,
        garbage_count=sum(file.garbage_count for file in version.files),
        withdrawn_at=version.withdrawn_at,
        withdrawn_why=version.withdrawn_why,
    )
