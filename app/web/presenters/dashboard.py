"""What does the first page show? Counts with their links, the newest flagged calls, and for those concerned the jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.access.identity import Identity
from app.vocabulary import AnalysisState, Severity
from app.web.formatting import write_count
from app.web.job_board import JobCount
from app.web.overview import Overview
from app.web.presenters.call_list import CallRow, LivePart, present_call, present_live


@dataclass(frozen=True, slots=True)
class Tile:
    """A number, what it counts, and the list behind it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """Calls of the week whose worst flag is of a severity."""

    severity: Severity
    count: int
    url: str
    share: int


@dataclass(frozen=True, slots=True)
class WorkState:
    """How much background work there is."""

    waiting: int
    running: int
    failed: int


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """The whole page."""

    volume: tuple[Tile, ...]
    severities: tuple[SeverityCount, ...]
    flagged: int
    not_reviewed: int
    not_reviewed_url: str
    rows: tuple[CallRow, ...]
    live: LivePart
    work: WorkState | None
    has_any_call: bool


def present_dashboard(overview: Overview, identity: Identity, first_day: str, jobs: Sequence[JobCount] | None) -> DashboardPage:
    """Return the first page; ``first_day`` is where the links to the week's calls begin."""
    rows = tuple(present_call(line, identity) for line in overview.newest_flagged.lines)
    flagged = sum(overview.by_severity.values())
    return DashboardPage(
        volume=(
            Tile("Calls in the last 24 hours", write_count(overview.last_day), "/calls"),
            Tile("Calls in the last 7 days", write_count(overview.last_week), f"/calls?from={first_day}"),
            *(
                Tile(label, write_count(overview.by_state.get(state, 0)), f"/calls?from={first_day}&state={state}")
                for state, label in (
                    (AnalysisState.ANALYSED, "Analysed"),
                    (AnalysisState.WAITING, "Waiting"),
                    (AnalysisState.RUNNING, "Running"),
                    (AnalysisState.FAILED, "Failed"),
                    (AnalysisState.NO_RECORDING, "No recording"),
                )
            ),
        ),
        severities=tuple(
            SeverityCount(
                severity,
                overview.by_severity.get(severity, 0),
                f"/calls?from={first_day}&severity={severity}",
                round(100 * overview.by_severity.get(severity, 0) / flagged) if flagged else 0,
            )
            for severity in reversed(Severity)
        ),
        flagged=flagged,
        not_reviewed=overview.flagged_not_reviewed,
        not_reviewed_url=f"/calls?from={first_day}&flags=any&verdict=none",
        rows=rows,
        live=present_live([row.analysis for row in rows]),
        work=_present_work(jobs) if jobs is not None else None,
        has_any_call=overview.has_any_call,
    )


def _present_work(jobs: Sequence[JobCount]) -> WorkState:
    return WorkState(sum(j.waiting for j in jobs), sum(j.running for j in jobs), sum(j.failed for j in jobs))
