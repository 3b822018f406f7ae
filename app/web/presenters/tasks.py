"""Where does a page show what came of long work? One line for each kind that has a page of results."""

from collections.abc import Callable
from typing import Any

from flask import current_app, url_for

from app.tasks import TaskView
from app.vocabulary import TaskKind

RESULT_PAGES: dict[TaskKind, tuple[str, Callable[[TaskView], dict[str, Any]]]] = {
    TaskKind.BACKTEST: ("backtests.show", lambda task: {"task_id": task.id}),
    TaskKind.LOAD_LIST: ("number_lists.loaded", lambda task: {"task_id": task.id}),
    TaskKind.SCREEN_AGAIN: ("screenings.show", lambda task: {"task_id": task.id}),
    TaskKind.SCRUB: ("scrubs.read", lambda task: {"name": (task.result or {})["scrub"]}),
}
"""The endpoint that shows the result of a kind, and the values its address needs."""


FORMS: dict[TaskKind, str] = {TaskKind.LOAD_LIST: "number_lists.show", TaskKind.SCRUB: "scrubs.show"}
"""The page with the form that a kind is asked for with; told ``again`` it shows what was typed."""


def find_form_url(task: TaskView) -> str | None:
    """Return the address of the form, filled with what was typed for work that came to nothing; None where there is none."""
    endpoint = FORMS.get(task.kind)
    return url_for(endpoint, again=task.id) if endpoint and task.is_over and task.result is None else None


def find_result_url(task: TaskView) -> str | None:
    """Return the address of the page that shows the result; None while there is none."""
    if task.result is None or task.kind not in RESULT_PAGES:
        return None
    endpoint, values_of = RESULT_PAGES[task.kind]
    return url_for(endpoint, **values_of(task)) if endpoint in current_app.view_functions else None
