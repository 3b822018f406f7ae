"""How does gunicorn behave under our supervisor? Its hooks: ``gunicorn --config python:app.adapters.web_server``."""

from typing import Any

from app.adapters.process_death import die_with_parent


def post_fork(server: Any, worker: Any) -> None:
    """Let a web process die with gunicorn's master, instead of noticing its death at the next heartbeat."""
    die_with_parent()
