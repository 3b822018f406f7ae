"""Which addresses do the pages of same audio answer under? Each view reads the request, calls one service, answers."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.identity import Identity, Permission
from app.audio.clusters import list_clusters, load_cluster
from app.errors import Conflict, Forbidden, InvalidInput, InvalidTransition
from app.review.cluster_checks import apply_check, give_up_check, open_check, undo_check
from app.review.cluster_cursor import read_cursor, write_cursor
from app.review.cluster_facts import count_undecided, load_cluster_standing
from app.review.presenters.clusters import build_cluster_page, build_line
from app.unit_of_work import UnitOfWork, Work

PAGE = 50


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the pages under ``/clusters``."""
    blueprint = Blueprint("clusters", __name__, url_prefix="/clusters", template_folder="templates")

    @blueprint.get("", endpoint="list_clusters")
    @require(Permission.CLUSTERS_VIEW)
    def show_list() -> str:
        after: tuple[datetime, str] | None = read_cursor(request.args.get("after"))
        with uow.read() as session:
            found = list_clusters(session, current_identity(), limit=PAGE + 1, after=after)
            undecided = count_undecided(session, [facts.id for facts in found[:PAGE]])
        lines = [build_line(facts, undecided.get(facts.id, 0)) for facts in found[:PAGE]]
        older = write_cursor(found[PAGE - 1]) if len(found) > PAGE else None
        return render_template("cluster/list.html", clusters=lines, older=older, is_first=after is None)

    @blueprint.get("/<cluster_id>")
    @require(Permission.CLUSTERS_VIEW)
    def show(cluster_id: str) -> str:
        return _render(cluster_id)

    @blueprint.post("/<cluster_id>/checks")
    @require(Permission.REVIEW_DECIDE)
    def open_one(cluster_id: str) -> Response:
        return _do(cluster_id, lambda work, identity: open_check(work, identity, cluster_id), "The sample is drawn.")

    @blueprint.post("/<cluster_id>/checks/<check_id>/apply")
    @require(Permission.REVIEW_DECIDE)
    def apply(cluster_id: str, check_id: str) -> Response:
        done = "The decision is applied; each call shows that it came from the sample."
        return _do(cluster_id, lambda work, identity: apply_check(work, identity, check_id), done)

    @blueprint.post("/<cluster_id>/checks/<check_id>/give-up")
    @require(Permission.REVIEW_DECIDE)
    def give_up(cluster_id: str, check_id: str) -> Response:
        return _do(cluster_id, lambda work, identity: give_up_check(work, identity, check_id), "The check has ended.")

    @blueprint.post("/<cluster_id>/checks/<check_id>/undo")
    @require(Permission.REVIEW_DECIDE)
    def undo(cluster_id: str, check_id: str) -> Response:
        reason = request.form.get("reason", "")
        try:
            return _do(
                cluster_id, lambda work, identity: undo_check(work, identity, check_id, reason), "The decision is undone."
            )
        except InvalidInput as error:
            page = _render(cluster_id, typed_reason=reason, problem=error.message)
            return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)

    def _render(cluster_id: str, *, typed_reason: str = "", problem: str = "") -> str:
        identity = current_identity()
        with uow.read() as session:
            cluster = load_cluster(session, cluster_id, identity)
            standing = load_cluster_standing(session, cluster_id)
        page = build_cluster_page(cluster, standing, identity, typed_reason=typed_reason, problem=problem)
        return render_template("cluster/page.html", page=page)

    def _do(cluster_id: str, step: Callable[[Work, Identity], object], done: str) -> Response:
        """Take a step and show the cluster again, with what came of it."""
        identity = current_identity()
        try:
            with uow.begin(identity.actor) as work:
                step(work, identity)
        except (Conflict, Forbidden, InvalidTransition) as error:
            flash(error.message[:1].upper() + error.message[1:], "problem")
        else:
            flash(done, "done")
        return redirect(url_for(".show", cluster_id=cluster_id), HTTPStatus.SEE_OTHER)

    return blueprint
