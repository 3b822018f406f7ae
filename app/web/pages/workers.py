"""Queues, workers and jobs: what waits, runs and failed, kept fresh; a failed job can be tried again."""

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import Conflict, InvalidTransition
from app.ports import Clock, JobQueue
from app.unit_of_work import UnitOfWork
from app.web.job_board import count_jobs, list_failed_jobs, list_open_jobs, replay_job, see_queue
from app.web.presenters.workers import WorkersPage, present_workers


def make_blueprint(uow: UnitOfWork, queue: JobQueue, clock: Clock) -> Blueprint:
    """Return the blueprint of /admin/workers."""
    bp = Blueprint("workers", __name__, url_prefix="/admin/workers")

    def load() -> WorkersPage:
        with uow.read() as session:
            counts, running, failed = count_jobs(session), list_open_jobs(session), list_failed_jobs(session)
        return present_workers(see_queue(queue), counts, running, failed, clock.now())

    @bp.get("")
    @require(Permission.WORKERS_VIEW)
    def show() -> str:
        return render_template("workers.html", page=load())

    @bp.get("/live")
    @require(Permission.WORKERS_VIEW)
    def live() -> str:
        return render_template("workers_live.html", page=load())

    @bp.post("/jobs/<job_id>/replay")
    @require(Permission.JOBS_REPLAY)
    def replay(job_id: str) -> Response:
        try:
            with uow.begin(current_identity().actor) as work:
                replay_job(work, job_id)
        except (InvalidTransition, Conflict) as refusal:
            flash(f"Not tried again: {refusal.message}.", "problem")
        else:
            uow.relay()
            flash("The job is on its way again.", "done")
        return redirect(url_for("workers.show"), 303)

    return bp
