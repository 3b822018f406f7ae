"""Which function does which kind of long work? One line per kind; each gets the services, the task and a progress to report to.

A function returns the task's result. Errors that people can mend (InvalidInput and the like) end the task with their message;
anything else is a failed attempt of the job, which is tried again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from app.adapters.database import open_database
from app.adapters.process_death import die_with_parent
from app.bootstrap import Services
from app.compliance.consent_records.importing import import_consents
from app.compliance.editions.judges import judge_in_force
from app.compliance.number_files import clean_up, load_as_task, scrub_as_task
from app.compliance.screen_again import screen_again
from app.learning.backtest_run import Workforce
from app.learning.backtest_service import do_backtest
from app.reports.exports.service import run_export
from app.scoring.service import screen_and_score
from app.tasks import OnProgress, TaskView
from app.vocabulary import TaskKind

CLEAN_UP: dict[TaskKind, Callable[[Services, TaskView], None]] = {
    TaskKind.LOAD_LIST: lambda s, task: clean_up(s.blobs, task),
    TaskKind.SCRUB: lambda s, task: clean_up(s.blobs, task),
}
"""What is done once a task is over, however it ended; what a killed worker does not come to, the scheduler does."""

TaskFunction = Callable[[Services, TaskView, OnProgress], Mapping[str, Any]]

TASKS: dict[TaskKind, TaskFunction] = {
    TaskKind.BACKTEST: lambda s, task, on_progress: do_backtest(s.uow, s.blobs, task, on_progress, _workforce(s)),
    TaskKind.EXPORT: lambda s, task, on_progress: run_export(
        s.uow, s.blobs, s.number_lists, s.signer, s.clock.now(), task, on_progress
    ),
    TaskKind.LOAD_LIST: lambda s, task, on_progress: load_as_task(s.uow, s.blobs, s.number_lists, task, on_progress),
    TaskKind.SCREEN_AGAIN: lambda s, task, on_progress: screen_again(
        s.uow,
        task,
        judge_in_force,
        lambda work, call_id, judge: screen_and_score(work, call_id, judge=judge, lists=s.number_lists),
        on_progress,
    ),
    TaskKind.SCRUB: lambda s, task, on_progress: scrub_as_task(s.uow, s.blobs, s.number_lists, task, on_progress),
    TaskKind.IMPORT_CONSENTS: lambda s, task, on_progress: import_consents(s.uow, s.blobs, task, on_progress),
}


def _workforce(s: Services) -> Workforce:
    """Return the processes that judge past calls; they die with this one."""
    return Workforce(s.engine.url.render_as_string(hide_password=False), open_database, begin=die_with_parent)
