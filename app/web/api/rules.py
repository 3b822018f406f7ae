"""The API's routes about rules: what is in force, editions, drafts of changes, publication and going back."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.compliance.editions.counts import PackCounts, RuleCounts, count_by_pack, count_by_rule
from app.compliance.editions.document import Change, EditionDocument, subject_of
from app.compliance.editions.drafts import (
    DraftFacts,
    ExampleResult,
    check_draft,
    draft_document,
    get_draft,
    list_drafts,
    list_examples,
    open_draft,
    publish_draft,
    save_change,
    try_examples,
)
from app.compliance.editions.judges import judge_in_force
from app.compliance.editions.second_look import take_second_look
from app.compliance.editions.service import (
    PublicationFacts,
    get_edition,
    list_publications,
    load_document_in_force,
    roll_back,
)
from app.compliance.findings.families import family_of
from app.errors import InvalidInput, NotFound
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import (
    Authority,
    DraftState,
    EditionPart,
    ExampleKind,
    PackKind,
    RuleStatus,
    Severity,
    Speaker,
    TaskState,
)
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body
from app.web.pages.rules import today_of
from app.web.presenters.packs import find_pack
from app.web.presenters.rules import DAYS_COUNTED, row_of_day, rows_by_rule, standing_of

KEYED = {"parameters": [KEY_HEADER]}
MISSING = {404: "There is no such rule, pack, edition or draft."}
REFUSED = {409: "The draft is over, another edition came into force meanwhile, or the edition is in force already."}
LONGEST_NAME = 60
RULE_ID = r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*@[1-9][0-9]{0,3}$"
PACK_ID = r"^PH-[A-Z0-9]+(-[A-Z0-9]+)*$"


class RuleRowOut(Answer):
    """One dated version of a rule."""

    subject: str = Field(description="the rule's id and version: the name that drafts use")
    version: int
    title: str
    ask: str
    law: str
    citations: list[str]
    authority: Authority
    status: RuleStatus
    effective_from: date | None
    effective_to: date | None = Field(description="its last day")
    severity: Severity
    confidence: str = Field(description="high, medium or low; of a low one no violation follows by itself")
    function: str
    params: dict[str, Any]
    stake_minor: list[int] | None = Field(description="least and most at stake a call, US cents")
    standing: str = Field(description="in force, coming, past, or the status that keeps it from binding")


class RuleCountsOut(Answer):
    """Findings of calls of the last days, in the screenings in force, and what people said of them."""

    days: int
    violation: int
    review: int
    needs_evidence: int
    agreed: int
    refused: int


class RuleOut(Answer):
    """A rule, in the row that holds today."""

    id: str
    family: str
    holds: RuleRowOut
    counts: RuleCountsOut


class RuleWholeOut(RuleOut):
    """A rule with all its dated rows, the latest first."""

    rows: list[RuleRowOut]


class RulesOut(Answer):
    """All rules in force."""

    items: list[RuleOut]


class PackOut(Answer):
    """A phrase pack; the counts are of calls of the last days."""

    id: str
    rule: str
    kind: PackKind
    speaker: str = Field(description="caller, agent or any")
    severity: Severity
    days: int
    hits: int
    context_hits: int = Field(description="hits that are only noted")
    calls: int


class ExampleOut(Answer):
    """Words at which a pack must fire or must keep quiet, and whether it does."""

    id: str
    pack: str
    kind: ExampleKind
    speaker: Speaker
    text: str
    holds: bool
    said: list[str] = Field(description="the phrases that were found")


class PackWholeOut(PackOut):
    """A pack with everything it says."""

    content: dict[str, Any] = Field(description="the pack as it is kept, in the shape that drafts take")
    examples: list[ExampleOut]


class PacksOut(Answer):
    """All phrase packs in force."""

    items: list[PackOut]


class PublicationOut(Answer):
    """That an edition came into force; the first of the list holds."""

    edition_id: str
    number: int
    title: str
    rule_set: str
    packs: str
    sha256: str
    release: str | None
    published_at: AwareDatetime
    published_by: str
    reason: str
    is_roll_back: bool
    is_in_force: bool


class EditionsOut(Answer):
    """What was in force when, newest first, at most 100."""

    items: list[PublicationOut]


class DifferenceOut(Answer):
    """A rule row or pack that the draft changes; ``before`` null: it is new, ``after`` null: it is taken out."""

    part: EditionPart
    subject: str
    fields: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class BackTestOut(Answer):
    """A back-test of the draft's present content."""

    task_id: str
    state: TaskState


class DraftOut(Answer):
    """A draft."""

    id: str
    title: str
    state: DraftState
    base_edition_id: str
    edition_id: str | None = Field(description="what became of it")
    opened_by: str
    opened_at: AwareDatetime
    changed_at: AwareDatetime
    ended_at: AwareDatetime | None


class DraftWholeOut(DraftOut):
    """A draft with what it changes and what stands against publishing it."""

    sha256: str = Field(description="of the edition that it would make")
    changes: list[DifferenceOut]
    problems: list[str]
    failing: list[ExampleOut]
    example_count: int
    is_base_in_force: bool
    is_ready: bool
    back_test: BackTestOut | None


class DraftsOut(Answer):
    """Drafts, the newest changes first, at most 100."""

    items: list[DraftOut]


class DraftIn(Body):
    """A draft to begin."""

    title: str = Field(min_length=1, max_length=200)


class PhraseIn(Body):
    """A phrase with marks."""

    say: str = Field(min_length=1, max_length=400)
    never_alone: bool = False
    question: bool = False
    age: bool = False
    needs_yes: bool = False
    decisive: bool = False


Phrases = list[str | PhraseIn]
Words = list[str]


class PackIn(Body):
    """A phrase pack, whole."""

    rule: str = Field(min_length=1, max_length=60)
    kind: PackKind
    speaker: str = Field(description="caller, agent or any", max_length=20)
    severity: Severity
    phrases: Phrases = Field(min_length=1, max_length=5000)
    groups: list[Phrases] | None = Field(None, max_length=20)
    group_until_2026_09_30: Phrases | None = None
    negators: Words | None = Field(None, max_length=200)
    negated_inside: Words | None = Field(None, max_length=200)
    statement: bool = False
    needs_name: bool = False
    needs_digits_s: float | None = None
    window_s: list[float] | None = Field(None, min_length=2, max_length=2)
    note: str = Field("", max_length=2000)


class RuleIn(Body):
    """A rule row, whole; its id and version stand in the address."""

    title: str = Field(min_length=1, max_length=300)
    ask: str = Field("", max_length=500)
    law: str = Field("", max_length=4000)
    citations: list[str] = Field(min_length=1, max_length=40)
    authority: Authority
    status: RuleStatus = RuleStatus.IN_FORCE
    effective_from: date | None = None
    effective_to: date | None = None
    severity: Severity
    confidence: str = Field("high", pattern="^(high|medium|low)$")
    function: str = Field(min_length=1, max_length=60)
    params: dict[str, Any] = Field(default_factory=dict)
    stake_minor: list[int] | None = Field(None, min_length=2, max_length=2)


class ReasonIn(Body):
    """Why; it is kept for those who ask later."""

    reason: str = Field(min_length=1, max_length=2000)


def add_rule_routes(api: APIBlueprint, uow: UnitOfWork, clock: Clock) -> None:
    """Add the routes about rules, packs, editions and drafts."""
    _add_reading(api, uow, clock)
    _add_drafts(api, uow)
    _add_publishing(api, uow)


def _add_reading(api: APIBlueprint, uow: UnitOfWork, clock: Clock) -> None:
    since = timedelta(days=DAYS_COUNTED)

    @api.get("/rules")
    @require(Permission.RULES_VIEW)
    @api.doc(summary="List the rules in force", responses=answers(), security="token", tags=["Rules"])
    @api.output(RulesOut)
    def list_rules() -> Any:
        with uow.read() as session:
            rows = rows_by_rule(load_document_in_force(session))
            counts = count_by_rule(session, rows, clock.now() - since)
        today = today_of(clock.now())
        return RulesOut(items=[RuleOut(**_show_rule(rule, rows[rule], today, counts.get(rule))) for rule in rows])

    @api.get("/rules/<rule_id>")
    @require(Permission.RULES_VIEW)
    @api.doc(summary="Read a rule with its dated rows", responses=answers(MISSING), security="token", tags=["Rules"])
    @api.output(RuleWholeOut)
    def read_rule(rule_id: str) -> Any:
        with uow.read() as session:
            rows = rows_by_rule(load_document_in_force(session))
            counts = count_by_rule(session, rows, clock.now() - since)
        if rule_id not in rows:
            raise NotFound(f"there is no rule {rule_id} in force", rule=rule_id)
        today = today_of(clock.now())
        shown = [_show_row(row, today) for row in rows[rule_id]]
        return RuleWholeOut(rows=shown, **_show_rule(rule_id, rows[rule_id], today, counts.get(rule_id)))

    @api.get("/packs")
    @require(Permission.RULES_VIEW)
    @api.doc(summary="List the phrase packs in force", responses=answers(), security="token", tags=["Rules"])
    @api.output(PacksOut)
    def list_packs() -> Any:
        with uow.read() as session:
            packs = load_document_in_force(session).packs["packs"]
            counts = count_by_pack(session, clock.now() - since)
        return PacksOut(items=[PackOut(**_show_pack(pack, counts)) for pack in packs])

    @api.get("/packs/<pack_id>")
    @require(Permission.RULES_VIEW)
    @api.doc(summary="Read a phrase pack", responses=answers(MISSING), security="token", tags=["Rules"])
    @api.output(PackWholeOut)
    def read_pack(pack_id: str) -> Any:
        with uow.read() as session:
            pack = find_pack(load_document_in_force(session), pack_id)
            counts = count_by_pack(session, clock.now() - since)
            examples = try_examples(judge_in_force(session).packs, list_examples(session, pack_id))
        return PackWholeOut(content=dict(pack), examples=list(map(_show_example, examples)), **_show_pack(pack, counts))

    @api.get("/editions")
    @require(Permission.RULES_VIEW)
    @api.doc(summary="Read what was in force when", responses=answers(), security="token", tags=["Rules"])
    @api.output(EditionsOut)
    def list_of_editions() -> Any:
        with uow.read() as session:
            return _show_editions(session)


def _add_drafts(api: APIBlueprint, uow: UnitOfWork) -> None:
    @api.get("/drafts")
    @require(Permission.RULES_EDIT)
    @api.doc(summary="List drafts", responses=answers(), security="token", tags=["Rules"])
    @api.output(DraftsOut)
    def list_of_drafts() -> Any:
        with uow.read() as session:
            return DraftsOut(items=[DraftOut(**_show_draft(draft)) for draft in list_drafts(session)])

    @api.post("/drafts")
    @idempotent(uow)
    @require(Permission.RULES_EDIT)
    @api.doc(
        summary="Begin a draft on what is in force", responses=answers(CONFLICT), security="token", extensions=KEYED,
        tags=["Rules"],
    )  # fmt: skip
    @api.input(DraftIn, location="json", arg_name="body")
    @api.output(DraftWholeOut, 201)
    def begin_draft(body: DraftIn) -> Any:
        with uow.begin(current_identity().actor) as work:
            draft_id = open_draft(work, body.title)
        return _answer(uow, draft_id), 201

    @api.get("/drafts/<draft_id>")
    @require(Permission.RULES_EDIT)
    @api.doc(
        summary="Read a draft, what it changes and what stands against it", responses=answers(MISSING), security="token",
        tags=["Rules"],
    )  # fmt: skip
    @api.output(DraftWholeOut)
    def read_draft(draft_id: str) -> Any:
        return _answer(uow, draft_id)

    @api.put("/drafts/<draft_id>/packs/<pack_id>")
    @require(Permission.RULES_EDIT)
    @api.doc(summary="Put a phrase pack into a draft", responses=answers(MISSING, REFUSED), security="token", tags=["Rules"])
    @api.input(PackIn, location="json", arg_name="body")
    @api.output(DraftWholeOut)
    def put_pack(draft_id: str, pack_id: str, body: PackIn) -> Any:
        _check_name(pack_id, PACK_ID, "PH-OWN-RAFFLE")
        content = {"id": pack_id, **_as_kept(body.model_dump(mode="json"))}
        with uow.begin(current_identity().actor) as work:
            save_change(work, draft_id, Change(EditionPart.PACK, pack_id, content))
        return _answer(uow, draft_id)

    @api.put("/drafts/<draft_id>/rules/<subject>")
    @require(Permission.RULES_EDIT)
    @api.doc(
        summary="Put a rule row into a draft, named by its id and version: TCPA-HOURS@1",
        responses=answers(MISSING, REFUSED), security="token", tags=["Rules"],
    )  # fmt: skip
    @api.input(RuleIn, location="json", arg_name="body")
    @api.output(DraftWholeOut)
    def put_rule(draft_id: str, subject: str, body: RuleIn) -> Any:
        _check_name(subject, RULE_ID, "TCPA-HOURS@1")
        rule_id, _, version = subject.partition("@")
        with uow.begin(current_identity().actor) as work:
            content = _settle_row(draft_document(work.session, draft_id), rule_id, int(version), body)
            save_change(work, draft_id, Change(EditionPart.RULE, subject, content))
        return _answer(uow, draft_id)


def _add_publishing(api: APIBlueprint, uow: UnitOfWork) -> None:
    @api.post("/drafts/<draft_id>/publish")
    @idempotent(uow)
    @require(Permission.RULES_PUBLISH)
    @api.doc(
        summary="Let a draft come into force for calls screened from then on", responses=answers(MISSING, CONFLICT, REFUSED),
        security="token", extensions=KEYED, tags=["Rules"],
    )  # fmt: skip
    @api.input(ReasonIn, location="json", arg_name="body")
    @api.output(DraftWholeOut)
    def publish(draft_id: str, body: ReasonIn) -> Any:
        with uow.begin(current_identity().actor) as work:
            publish_draft(work, draft_id, body.reason)
        return _answer(uow, draft_id)

    @api.post("/editions/<edition_id>/roll-back")
    @idempotent(uow)
    @require(Permission.RULES_PUBLISH)
    @api.doc(
        summary="Let an edition that was in force come into force again", responses=answers(MISSING, CONFLICT, REFUSED),
        security="token", extensions=KEYED, tags=["Rules"],
    )  # fmt: skip
    @api.input(ReasonIn, location="json", arg_name="body")
    @api.output(EditionsOut)
    def go_back(edition_id: str, body: ReasonIn) -> Any:
        with uow.begin(current_identity().actor) as work:
            get_edition(work.session, edition_id)
            roll_back(work, edition_id, body.reason)
        with uow.read() as session:
            return _show_editions(session)


def _answer(uow: UnitOfWork, draft_id: str) -> DraftWholeOut:
    with uow.read() as session:
        draft, check, look = get_draft(session, draft_id), check_draft(session, draft_id), take_second_look(session, draft_id)
    task = look.back_test
    return DraftWholeOut(
        sha256=look.sha256,
        changes=[
            DifferenceOut(
                part=difference.part,
                subject=difference.subject,
                fields=list(difference.fields),
                before=None if difference.before is None else dict(difference.before),
                after=None if difference.after is None else dict(difference.after),
            )
            for difference in check.differences
        ],
        problems=list(check.problems),
        failing=list(map(_show_example, check.failing)),
        example_count=len(check.examples),
        is_base_in_force=check.is_base_in_force,
        is_ready=check.is_ready and draft.state is DraftState.OPEN,
        back_test=BackTestOut(task_id=task.id, state=task.state) if task else None,
        **_show_draft(draft),
    )


def _show_draft(draft: DraftFacts) -> dict[str, Any]:
    return {
        "id": draft.id,
        "title": draft.title,
        "state": draft.state,
        "base_edition_id": draft.base_id,
        "edition_id": draft.edition_id,
        "opened_by": draft.opened_by,
        "opened_at": draft.opened_at,
        "changed_at": draft.changed_at,
        "ended_at": draft.ended_at,
    }


def _show_rule(rule: str, rows: list[Mapping[str, Any]], today: date, counts: RuleCounts | None) -> dict[str, Any]:
    found = counts or RuleCounts()
    return {
        "id": rule,
        "family": family_of(rule),
        "holds": _show_row(row_of_day(rows, today), today),
        "counts": RuleCountsOut(
            days=DAYS_COUNTED,
            violation=found.violation,
            review=found.review,
            needs_evidence=found.needs_evidence,
            agreed=found.agreed,
            refused=found.refused,
        ),
    }


def _show_row(row: Mapping[str, Any], today: date) -> RuleRowOut:
    cited = row.get("citations") or []
    return RuleRowOut(
        subject=subject_of(row),
        version=int(row["version"]),
        title=str(row["title"]),
        ask=str(row.get("ask") or row["title"]),
        law=str(row.get("law", "")),
        citations=[cited] if isinstance(cited, str) else list(cited),
        authority=Authority(row["authority"]),
        status=RuleStatus(row.get("status", RuleStatus.IN_FORCE)),
        effective_from=row.get("effective_from"),
        effective_to=row.get("effective_to"),
        severity=Severity(row["severity"]),
        confidence=str(row.get("confidence", "high")),
        function=str(row["function"]),
        params=dict(row.get("params") or {}),
        stake_minor=list(row["stake_minor"]) if row.get("stake_minor") else None,
        standing=standing_of(row, today).word,
    )


def _show_pack(pack: Mapping[str, Any], counts: Mapping[str, PackCounts]) -> dict[str, Any]:
    found = counts.get(str(pack["id"]), PackCounts())
    return {
        "id": pack["id"],
        "rule": pack["rule"],
        "kind": pack["kind"],
        "speaker": pack["speaker"],
        "severity": pack["severity"],
        "days": DAYS_COUNTED,
        "hits": found.hits,
        "context_hits": found.context,
        "calls": found.calls,
    }


def _show_example(result: ExampleResult) -> ExampleOut:
    example = result.example
    return ExampleOut(
        id=example.id,
        pack=example.pack,
        kind=example.kind,
        speaker=example.speaker,
        text=example.text,
        holds=result.holds,
        said=list(result.said),
    )


def _show_editions(session: Session) -> EditionsOut:
    return EditionsOut(items=[_show_publication(said, at == 0) for at, said in enumerate(list_publications(session))])


def _show_publication(said: PublicationFacts, is_in_force: bool) -> PublicationOut:
    edition = said.edition
    return PublicationOut(
        edition_id=edition.id,
        number=edition.number,
        title=edition.title,
        rule_set=edition.rule_set,
        packs=edition.packs,
        sha256=edition.sha256,
        release=edition.release,
        published_at=said.published_at,
        published_by=said.published_by,
        reason=said.reason,
        is_roll_back=said.is_roll_back,
        is_in_force=is_in_force,
    )


def _settle_row(document: EditionDocument, rule_id: str, version: int, body: RuleIn) -> dict[str, Any]:
    """Return the row of a body; what says no more than the row there is left unsaid as it was."""
    known = document.parts().get((EditionPart.RULE, f"{rule_id}@{version}")) or {}
    said = body.model_dump(mode="json")
    row = {name: value for name, value in said.items() if value not in (None, "", {})}
    for name in ("status", "confidence"):
        if name not in known and said[name] == RuleIn.model_fields[name].default:
            del row[name]
    return {"id": rule_id, "version": version, **row}


def _as_kept(pack: dict[str, Any]) -> dict[str, Any]:
    """Return a pack as editions keep it: without what is not set, and phrases without marks as plain words."""
    for name in ("phrases", "group_until_2026_09_30"):
        if pack[name] is not None:
            pack[name] = list(map(_as_kept_phrase, pack[name]))
    if pack["groups"] is not None:
        pack["groups"] = [list(map(_as_kept_phrase, group)) for group in pack["groups"]]
    for name in ("needs_digits_s", "window_s"):
        pack[name] = _as_whole(pack[name])
    return {name: value for name, value in pack.items() if value not in (None, False, "", [])}


def _as_kept_phrase(phrase: Any) -> Any:
    if not isinstance(phrase, dict):
        return phrase
    marked = {name: value for name, value in phrase.items() if value}
    return marked if len(marked) > 1 else phrase["say"]


def _as_whole(value: Any) -> Any:
    """Return numbers without a fraction as whole numbers, as editions write them: 30 rather than 30.0."""
    if isinstance(value, list):
        return [_as_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_name(name: str, pattern: str, such_as: str) -> None:
    if len(name) > LONGEST_NAME or not re.fullmatch(pattern, name):
        raise InvalidInput(f"expected a name such as {such_as}, got {name[:LONGEST_NAME]!r}", field="address")
