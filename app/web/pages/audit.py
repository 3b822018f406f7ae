"""The audit trail: who did what and when, and whether the chain holds."""

from flask import Blueprint, render_template, request

from app.access.guard import require
from app.access.permissions import Permission
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind
from app.web.audit_trail import check_chain, list_events, list_subject_types
from app.web.presenters.audit import present_audit


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /audit."""
    bp = Blueprint("audit", __name__)

    @bp.get("/audit")
    @require(Permission.AUDIT_VIEW)
    def show() -> str:
        typed = {name: request.args.get(name, "").strip()[:100] for name in ("subject_type", "subject_id", "kind")}
        before = request.args.get("before", "")
        with uow.read() as session:
            page = list_events(
                session,
                subject_type=typed["subject_type"],
                subject_id=typed["subject_id"],
                kind=EventKind(typed["kind"]) if typed["kind"] in set(EventKind) else None,
                before=int(before) if before.isdecimal() and len(before) < 18 else None,
            )
            types = list_subject_types(session)
            check = check_chain(session) if "check" in request.args else None
        return render_template("audit.html", page=present_audit(page, typed, types, check))

    return bp
