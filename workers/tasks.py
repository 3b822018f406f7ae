"""Which function does which kind of long work? One line per kind; each gets the services, the task and a progress to report to.

A function returns the task's result. Errors that people can mend (InvalidInput and the like) end the task with their message;
anything else is a failed attempt of the job, which is tried again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from app.bootstrap import Services
from app.compliance.consent_records.importing import import_consents
from app.reports.exports.service import run_export
from app.tasks import OnProgress, TaskView
from app.vocabulary import TaskKind

TaskFunction = Callable[[Services, TaskView, OnProgress], Mapping[str, Any]]

TASKS: dict[TaskKind, TaskFunction] = {
    TaskKind.EXPORT: lambda s, task, on_progress: run_export(
        s.uow, s.blobs, s.number_lists, s.signer, s.clock.now(), task, on_progress
    ),
    TaskKind.IMPORT_CONSENTS: lambda s, task, on_progress: import_consents(s.uow, s.blobs, task, on_progress),
}
