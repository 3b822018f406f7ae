"""How much work is there? Queue depths, ages of open jobs and runs by state, read when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.compliance.list_clocks import find_clocks
from app.compliance.registry.service import NumberLists
from app.errors import ListDamaged
from app.models.analysis import AnalysisRun
from app.models.calls import Call
from app.models.events import Job
from app.ports import Clock, JobQueue
from app.unit_of_work import UnitOfWork
from app.vocabulary import AnalysisState


class WorkCollector(Collector):
    """Asks database and queue at each scrape, so that every web process tells the same."""

    def __init__(self, uow: UnitOfWork, queue: JobQueue, clock: Clock, lists: NumberLists) -> None:
        self._lists = lists
        self._uow = uow
        self._queue = queue
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Describe nothing ahead, so that registering asks neither database nor queue."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield the current numbers."""
        with self._uow.read() as session:
            yield from self._measure_jobs(session)
            yield _measure_runs(session)
            calls = GaugeMetricFamily("earshot_calls", "Calls on record.")
            calls.add_metric([], session.scalar(select(func.count()).select_from(Call)) or 0)
            yield calls
        yield from self._measure_lists()
        yield from self._measure_queues()

    def _measure_lists(self) -> Iterable[Metric]:
        left = GaugeMetricFamily(
            "earshot_dnc_days_left",
            "Days for which a do-not-call list may still be used where it runs out first; below 0 it clears no number.",
            labels=["list"],
        )
        damaged = GaugeMetricFamily("earshot_dnc_damaged", "1 when a number list is damaged and nothing is answered from it.")
        try:
            least: dict[str, int] = {}
            for clock in find_clocks(self._lists).clocks:
                least[clock.title] = min(clock.days_left, least.get(clock.title, clock.days_left))
            for title, days in least.items():
                left.add_metric([title], days)
            damaged.add_metric([], 0)
        except ListDamaged:
            damaged.add_metric([], 1)
        yield from (left, damaged)

    def _measure_jobs(self, session: Session) -> Iterable[Metric]:
        state = case((Job.failed_at.is_not(None), "failed"), (Job.claimed_by.is_not(None), "running"), else_="waiting")
        rows = session.execute(
            select(Job.name, state.label("state"), func.count().label("jobs"), func.min(Job.created_at).label("oldest"))
            .where(Job.done_at.is_(None))
            .group_by(Job.name, state)
        ).all()
        counts = GaugeMetricFamily("earshot_jobs", "Jobs not done, by name and state.", labels=["job", "state"])
        ages = GaugeMetricFamily("earshot_oldest_job_seconds", "Age of the oldest job not done.", labels=["job", "state"])
        for row in rows:
            counts.add_metric([row.name, row.state], row.jobs)
            ages.add_metric([row.name, row.state], (self._clock.now() - row.oldest).total_seconds())
        yield counts
        yield ages

    def _measure_queues(self) -> Iterable[Metric]:
        reachable = GaugeMetricFamily("earshot_queue_reachable", "1 when the queue server answers.")
        waiting = GaugeMetricFamily("earshot_queue_waiting", "Jobs handed to the queue and not started.", labels=["queue"])
        workers = GaugeMetricFamily("earshot_workers", "Live worker processes.", labels=["queue", "state"])
        try:
            for depth in self._queue.depths():
                waiting.add_metric([depth.queue], depth.waiting)
            counted: dict[tuple[str, str], int] = {}
            for worker in self._queue.workers():
                counted[worker.queue, worker.state] = counted.get((worker.queue, worker.state), 0) + 1
            for (queue, state), count in counted.items():
                workers.add_metric([queue, state], count)
            reachable.add_metric([], 1)
        except ConnectionError:
            reachable.add_metric([], 0)
        yield from (reachable, waiting, workers)


def _measure_runs(session: Session) -> Metric:
    state = case(
        (AnalysisRun.failed_at.is_not(None), AnalysisState.FAILED.value),
        (AnalysisRun.finished_at.is_not(None), AnalysisState.ANALYSED.value),
        else_=AnalysisState.WAITING.value,
    )
    runs = GaugeMetricFamily("earshot_analysis_runs", "Analysis runs by state.", labels=["state"])
    for found, count in session.execute(select(state, func.count()).group_by(state)):
        runs.add_metric([found], count)
    return runs
