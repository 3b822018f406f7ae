"""Forms of a draft about phrase packs: change one, add one, keep and drop examples."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.document import Change, EditionDocument, find_problems
from app.compliance.editions.drafts import (
    LONGEST_EXAMPLE,
    ExampleResult,
    add_example,
    draft_document,
    drop_example,
    get_draft,
    list_examples,
    save_change,
    try_examples,
)
from app.compliance.editions.judges import judge_of_document
from app.compliance.editions.notation import LONGEST_TEXT
from app.compliance.editions.pack_form import FIELDS, read_pack, read_pack_id, write_pack
from app.errors import InvalidInput
from app.unit_of_work import UnitOfWork
from app.vocabulary import EditionPart, ExampleKind, Speaker
from app.web.presenters.drafts import present_pack_form
from app.web.presenters.packs import find_pack

Fields = Mapping[str, str]
NEW_PACK = {"id": "PH-", "kind": "violation", "speaker": "caller", "severity": "medium", "statement": "1"}


def add_pack_forms(bp: Blueprint, uow: UnitOfWork) -> None:
    """Add the forms below ``/compliance/drafts/<draft_id>/packs``, and the one for a new pack."""

    def render_pack(
        draft_id: str,
        pack_id: str | None,
        typed: Fields | None = None,
        refusal: InvalidInput | None = None,
        example: Fields | None = None,
        example_problem: str | None = None,
    ) -> str:
        with uow.read() as session:
            draft, document = get_draft(session, draft_id), draft_document(session, draft_id)
            if typed is None:
                typed = write_pack(find_pack(document, pack_id)) if pack_id else NEW_PACK
            results = _try(session, document, pack_id) if pack_id else ()
        page = present_pack_form(draft, document, pack_id, typed, results, refusal, example, example_problem)
        return render_template("draft_pack.html", page=page)

    @bp.get("/<draft_id>/new-pack")
    @require(Permission.RULES_EDIT)
    def new_pack_form(draft_id: str) -> str:
        return render_pack(draft_id, None)

    @bp.post("/<draft_id>/new-pack")
    @require(Permission.RULES_EDIT)
    def add_pack(draft_id: str) -> Response | tuple[str, int]:
        typed = _typed()
        try:
            with uow.begin(current_identity().actor) as work:
                known = frozenset(str(pack["id"]) for pack in draft_document(work.session, draft_id).packs["packs"])
                pack_id = read_pack_id(typed, known)
                save_change(work, draft_id, Change(EditionPart.PACK, pack_id, read_pack(typed, pack_id)))
        except InvalidInput as refusal:
            return render_pack(draft_id, None, typed, refusal), 422
        flash(f"{pack_id} is in the draft.", "done")
        return redirect(url_for("drafts.pack_form", draft_id=draft_id, pack_id=pack_id), 303)

    @bp.get("/<draft_id>/packs/<pack_id>")
    @require(Permission.RULES_EDIT)
    def pack_form(draft_id: str, pack_id: str) -> str:
        return render_pack(draft_id, pack_id)

    @bp.post("/<draft_id>/packs/<pack_id>")
    @require(Permission.RULES_EDIT)
    def save_pack(draft_id: str, pack_id: str) -> Response | tuple[str, int]:
        typed = _typed()
        try:
            with uow.begin(current_identity().actor) as work:
                find_pack(draft_document(work.session, draft_id), pack_id)
                pack = read_pack(typed, pack_id)
                is_new = save_change(work, draft_id, Change(EditionPart.PACK, pack_id, pack))
        except InvalidInput as refusal:
            return render_pack(draft_id, pack_id, typed, refusal), 422
        flash(f"{pack_id} is changed in this draft." if is_new else "Nothing was changed: it says so already.", "done")
        if "stay" in request.form:
            return redirect(url_for("drafts.pack_form", draft_id=draft_id, pack_id=pack_id), 303)
        return redirect(url_for("drafts.show", draft_id=draft_id), 303)

    @bp.post("/<draft_id>/packs/<pack_id>/examples")
    @require(Permission.RULES_EDIT)
    def keep_example(draft_id: str, pack_id: str) -> Response | tuple[str, int]:
        typed = {name: request.form.get(name, "")[: LONGEST_EXAMPLE + 1] for name in ("kind", "speaker", "text")}
        try:
            with uow.begin(current_identity().actor) as work:
                find_pack(draft_document(work.session, draft_id), pack_id)
                add_example(work, pack_id, *_read_example(typed), typed["text"])
        except InvalidInput as refusal:
            return render_pack(draft_id, pack_id, example=typed, example_problem=refusal.message), 422
        flash("The example is kept; every draft is tried on it from now on.", "done")
        return redirect(url_for("drafts.pack_form", draft_id=draft_id, pack_id=pack_id, _anchor="examples"), 303)

    @bp.post("/<draft_id>/packs/<pack_id>/examples/<example_id>/drop")
    @require(Permission.RULES_EDIT)
    def leave_example(draft_id: str, pack_id: str, example_id: str) -> Response:
        with uow.begin(current_identity().actor) as work:
            drop_example(work, example_id)
        flash("The example is asked no more.", "done")
        return redirect(url_for("drafts.pack_form", draft_id=draft_id, pack_id=pack_id, _anchor="examples"), 303)


def _try(session: Session, document: EditionDocument, pack_id: str) -> tuple[ExampleResult, ...]:
    examples = list_examples(session, pack_id)
    return () if not examples or find_problems(document) else try_examples(judge_of_document(document).packs, examples)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "")[: LONGEST_TEXT + 1] for name in FIELDS}


def _read_example(typed: Fields) -> tuple[ExampleKind, Speaker]:
    if typed["kind"] not in set(ExampleKind) or typed["speaker"] not in set(Speaker):
        raise InvalidInput("expected whether the pack must fire, and who says it", field="kind")
    return ExampleKind(typed["kind"]), Speaker(typed["speaker"])
