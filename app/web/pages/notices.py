"""Do-not-call notices in the browser: a party sees the numbers that it may not call any more, and says that it knows."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.opt_outs.notices import (
    MOST_AT_ONCE,
    PAGE_SIZE,
    NoticeView,
    acknowledge,
    find_open_ids,
    list_notices,
    note_read,
)
from app.models.base import EPOCH, MICROSECOND
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind
from app.web.files import answer_file
from app.web.presenters.opt_outs import present_notices

FORMULA_STARTS = "=+-@\t\r"
COLUMNS = ("number", "asked_at", "honour_until", "how", "not_to_be_called_by", "your_calls", "told_at", "acknowledged_at")


def make_blueprint(uow: UnitOfWork) -> Blueprint:
    """Return the blueprint of /notices."""
    bp = Blueprint("notices", __name__, url_prefix="/notices")

    @bp.get("")
    @require(Permission.NOTICES_VIEW)
    def show() -> str:
        identity, is_all = current_identity(), request.args.get("all") == "1"
        wanted = None if is_all else True
        with uow.begin(identity.actor) as work:
            found = list_notices(
                work.session, identity, is_open=wanted, before=read_cursor(request.args.get("after", "")), limit=PAGE_SIZE + 1
            )
            shown = found[:PAGE_SIZE]
            note_read(work, identity, [each.id for each in shown])
            open_count = len(find_open_ids(work.session, identity))
        more = write_cursor(shown[-1]) if len(found) > PAGE_SIZE else None
        page = present_notices(shown, open_count, is_all=is_all, more=more, has_parties=not identity.is_outside)
        return render_template("notices.html", page=page)

    @bp.post("/acknowledge")
    @require(Permission.NOTICES_VIEW)
    def acknowledge_some() -> Response:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            chosen = request.form.getlist("notice_id")
            if request.form.get("which") == "all" and identity.is_outside:
                chosen = find_open_ids(work.session, identity)
            count = acknowledge(work, identity, chosen, how="page") if chosen and identity.is_outside else 0
        noted = f"Noted: you know of {count} {'number' if count == 1 else 'numbers'}." if count else "Nothing was waiting."
        flash(noted, "done")
        return redirect(url_for("notices.show"), 303)

    @bp.get("/numbers.csv")
    @require(Permission.NOTICES_VIEW)
    def download() -> Response:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            found = list_notices(work.session, identity, limit=MOST_AT_ONCE)
            note_read(work, identity, [each.id for each in found])
            told = {"what": "numbers not to be called", "rows": len(found)}
            work.publish(EventKind.EXPORT_READ, ("notices", identity.actor), told)
        return answer_file(_write_csv(found), "do-not-call-notices.csv")

    return bp


def write_cursor(last: NoticeView) -> str:
    """Return the cursor of the page after a notice."""
    return f"{(last.made_at - EPOCH) // MICROSECOND}.{last.id}"


def read_cursor(text: str) -> tuple[datetime, str] | None:
    """Return when the last notice shown was made, and its id; None when the text is no cursor."""
    micros, _, last_id = text.partition(".")
    if not (micros.isascii() and micros.isdecimal() and len(micros) <= 16 and last_id.isalnum() and len(last_id) <= 64):
        return None
    return EPOCH + timedelta(microseconds=int(micros)), last_id


def _write_csv(notices: Sequence[NoticeView]) -> Iterator[bytes]:
    yield _write_row(COLUMNS)
    for each in notices:
        # Without the plus sign, which spreadsheets read as a formula: 1 and ten digits.
        yield _write_row(
            (
                each.number.removeprefix("+"),
                each.received_at.isoformat(),
                each.due_on,
                str(each.way),
                each.seller or "everybody",
                str(each.call_count),
                each.made_at.isoformat(),
                each.acknowledged_at.isoformat() if each.acknowledged_at else "",
            )
        )


def _write_row(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(f"'{cell}" if cell.startswith(tuple(FORMULA_STARTS)) else cell for cell in cells)
    return out.getvalue().encode()
