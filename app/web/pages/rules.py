"""Rules and phrase packs in the browser: what is in force, what it asks, what it found lately, and what it would hear."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.attempt import LONGEST_TEXT, try_sentence
from app.compliance.editions.counts import RuleCounts, count_by_pack, count_by_rule
from app.compliance.editions.document import packaged_document
from app.compliance.editions.drafts import DraftFacts, list_drafts, list_examples, try_examples
from app.compliance.editions.history import Step, find_release_news, load_history
from app.compliance.editions.judges import judge_in_force
from app.compliance.editions.service import find_publication, load_document_in_force
from app.compliance.engine import EASTERN
from app.errors import InvalidInput
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import DraftState, EditionPart, Speaker
from app.web.audit_trail import load_actor_names
from app.web.presenters import packs as pack_views
from app.web.presenters import rules as rule_views
from app.web.presenters.packs import TryView, present_pack, present_packs, present_try
from app.web.presenters.rules import DAYS_COUNTED, present_rule, present_rules

LONGEST_FILTER = 200


def make_rules_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/rules."""
    bp = Blueprint("rules", __name__, url_prefix="/compliance/rules")

    @bp.get("")
    @require(Permission.RULES_VIEW)
    def list_rules() -> str:
        typed = _typed(rule_views.FILTERS)
        with uow.read() as session:
            document = load_document_in_force(session)
            counts = count_by_rule(session, rule_views.rows_by_rule(document), _since(clock.now()))
            news = find_release_news(session, packaged_document())
            publication = find_publication(session)
        page = present_rules(document, today_of(clock.now()), typed, counts, publication, news)
        return render_template("rules.html", page=page)

    @bp.get("/<rule_id>")
    @require(Permission.RULES_VIEW)
    def show(rule_id: str) -> str:
        with uow.read() as session:
            document = load_document_in_force(session)
            counts = count_by_rule(session, rule_views.rows_by_rule(document), _since(clock.now()))
            steps = load_history(session, EditionPart.RULE, lambda subject: subject.rpartition("@")[0] == rule_id)
            names = _names_of(session, steps)
            drafts = _open_drafts(session)
        found = counts.get(rule_id, RuleCounts())
        page = present_rule(document, rule_id, today_of(clock.now()), found, steps, names, drafts)
        return render_template("rule.html", page=page)

    return bp


def make_packs_blueprint(uow: UnitOfWork, clock: Clock) -> Blueprint:
    """Return the blueprint of /compliance/packs."""
    bp = Blueprint("packs", __name__, url_prefix="/compliance/packs")

    def render_list(trial: TryView) -> str:
        with uow.read() as session:
            document = load_document_in_force(session)
            counts = count_by_pack(session, _since(clock.now()))
        return render_template("packs.html", page=present_packs(document, _typed(pack_views.FILTERS), counts, trial))

    def render_pack(pack_id: str, trial: TryView) -> str:
        with uow.read() as session:
            document = load_document_in_force(session)
            counts = count_by_pack(session, _since(clock.now()))
            examples = try_examples(judge_in_force(session).packs, list_examples(session, pack_id))
            steps = load_history(session, EditionPart.PACK, lambda subject: subject == pack_id)
            names = _names_of(session, steps)
            drafts = _open_drafts(session)
        page = present_pack(document, pack_id, counts, examples, steps, names, drafts, trial)
        return render_template("pack.html", page=page)

    @bp.get("")
    @require(Permission.RULES_VIEW)
    def list_packs() -> str:
        return render_list(present_try())

    # A sentence may hold what a person said: it is sent as a form, so that no address and no log keeps it.
    @bp.post("/try")
    @require(Permission.RULES_VIEW)
    def try_any() -> str | tuple[str, int]:
        trial = _try(uow)
        return (render_list(trial), 422) if trial.problem else render_list(trial)

    @bp.get("/<pack_id>")
    @require(Permission.RULES_VIEW)
    def show(pack_id: str) -> str:
        return render_pack(pack_id, present_try())

    @bp.post("/<pack_id>/try")
    @require(Permission.RULES_VIEW)
    def try_one(pack_id: str) -> str | tuple[str, int]:
        trial = _try(uow)
        return (render_pack(pack_id, trial), 422) if trial.problem else render_pack(pack_id, trial)

    return bp


def today_of(now: datetime) -> date:
    """Return the day by which rules are in force: federal rules change on an Eastern day."""
    return now.astimezone(EASTERN).date()


def _try(uow: UnitOfWork) -> TryView:
    typed = {name: request.form.get(name, "")[: LONGEST_TEXT + 1] for name in ("speaker", "text", "answer")}
    speaker = typed["speaker"] if typed["speaker"] in set(Speaker) else Speaker.CALLER
    with uow.read() as session:
        packs = judge_in_force(session).packs
    try:
        attempt = try_sentence(packs, Speaker(speaker), typed["text"], typed["answer"])
    except InvalidInput as refusal:
        return present_try(speaker, typed["text"], typed["answer"], problem=refusal.message)
    return present_try(speaker, typed["text"], typed["answer"], attempt)


def _typed(names: tuple[str, ...]) -> Mapping[str, str]:
    return {name: request.args.get(name, "").strip()[:LONGEST_FILTER] for name in names}


def _since(now: datetime) -> datetime:
    return now - timedelta(days=DAYS_COUNTED)


def _names_of(session: Session, steps: tuple[Step, ...]) -> Mapping[str, str]:
    return load_actor_names(session, {step.publication.published_by for step in steps})


def _open_drafts(session: Session) -> tuple[DraftFacts, ...]:
    if not current_identity().may(Permission.RULES_EDIT):
        return ()
    return tuple(draft for draft in list_drafts(session) if draft.state is DraftState.OPEN)
