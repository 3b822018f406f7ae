"""Forms of a draft about rules: change a row, and add a later dated version of a rule."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.document import Change, EditionDocument, subject_of
from app.compliance.editions.drafts import draft_document, get_draft, save_change
from app.compliance.editions.rule_form import LONGEST_TABLE, read_rule, write_rule
from app.errors import InvalidInput, NotFound
from app.unit_of_work import UnitOfWork
from app.vocabulary import EditionPart
from app.web.presenters.drafts import present_rule_form

MOST_FIELDS = 100
Fields = Mapping[str, str]


def add_rule_forms(bp: Blueprint, uow: UnitOfWork) -> None:
    """Add the forms below ``/compliance/drafts/<draft_id>/rules``."""

    def render_rule(
        draft_id: str, subject: str, typed: Fields | None = None, refusal: InvalidInput | None = None, *, is_later: bool = False
    ) -> str:
        with uow.read() as session:
            draft, document = get_draft(session, draft_id), draft_document(session, draft_id)
        row = find_row(document, subject)
        if typed is None:
            typed = {**write_rule(row), **({"effective_from": "", "effective_to": ""} if is_later else {})}
        version = next_version(document, row) if is_later else int(row["version"])
        page = present_rule_form(draft, row, typed, is_later=is_later, version=version, refusal=refusal)
        return render_template("draft_rule.html", page=page)

    @bp.get("/<draft_id>/rules/<subject>")
    @require(Permission.RULES_EDIT)
    def rule_form(draft_id: str, subject: str) -> str:
        return render_rule(draft_id, subject)

    @bp.post("/<draft_id>/rules/<subject>")
    @require(Permission.RULES_EDIT)
    def save_rule(draft_id: str, subject: str) -> Response | tuple[str, int]:
        typed = _typed()
        try:
            with uow.begin(current_identity().actor) as work:
                row = read_rule(typed, find_row(draft_document(work.session, draft_id), subject))
                is_new = save_change(work, draft_id, Change(EditionPart.RULE, subject, row))
        except InvalidInput as refusal:
            return render_rule(draft_id, subject, typed, refusal), 422
        flash(f"{subject} is changed in this draft." if is_new else "Nothing was changed: it says so already.", "done")
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)

    @bp.get("/<draft_id>/rules/<subject>/later")
    @require(Permission.RULES_EDIT)
    def later_form(draft_id: str, subject: str) -> str:
        return render_rule(draft_id, subject, is_later=True)

    @bp.post("/<draft_id>/rules/<subject>/later")
    @require(Permission.RULES_EDIT)
    def add_later(draft_id: str, subject: str) -> Response | tuple[str, int]:
        typed = _typed()
        try:
            with uow.begin(current_identity().actor) as work:
                document = draft_document(work.session, draft_id)
                before = find_row(document, subject)
                row = read_rule(typed, {**before, "version": next_version(document, before)})
                _check_later(row, before)
                save_change(work, draft_id, Change(EditionPart.RULE, subject_of(row), row))
        except InvalidInput as refusal:
            return render_rule(draft_id, subject, typed, refusal, is_later=True), 422
        flash(f"Version {row['version']} of {row['id']} is in the draft; it holds from {row['effective_from']}.", "done")
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)


def find_row(document: EditionDocument, subject: str) -> Mapping[str, Any]:
    """Return a rule row by its name. Raises NotFound."""
    row = document.parts().get((EditionPart.RULE, subject))
    if row is None:
        raise NotFound(f"there is no rule {subject}", subject=subject)
    return row


def next_version(document: EditionDocument, row: Mapping[str, Any]) -> int:
    """Return the version that a further row of the same rule gets."""
    return max(int(other["version"]) for other in document.rules if other["id"] == row["id"]) + 1


def _check_later(row: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    starts = row.get("effective_from")
    if not starts or str(starts) <= str(before.get("effective_from") or ""):
        after = f" after {before['effective_from']}" if before.get("effective_from") else ""
        raise InvalidInput(f"in force from: expected a day{after}, from which the new version holds", field="effective_from")


def _typed() -> dict[str, str]:
    return {name: value[: LONGEST_TABLE + 1] for name, value in list(request.form.items())[:MOST_FIELDS]}
