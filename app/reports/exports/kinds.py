"""Which reports are there? One entry per kind; pages, API and command line offer what stands here."""

from collections.abc import Mapping

from app.errors import NotFound
from app.reports.exports.contract import KindOfReport
from app.vocabulary import ReportKind

ALL: tuple[KindOfReport, ...] = ()

KINDS: Mapping[ReportKind, KindOfReport] = {each.kind: each for each in ALL}


def get_kind(name: str) -> KindOfReport:
    """Return a kind of report by its name. Raises NotFound."""
    found = next((kind for kind in KINDS.values() if kind.kind == name), None)
    if found is None:
        raise NotFound(f"there is no report {name}")
    return found
