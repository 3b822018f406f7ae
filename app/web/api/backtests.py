"""The API's routes about back-tests: ask what a draft or an edition would change, and read the answer."""

from typing import Any

from apiflask import APIBlueprint
from flask import url_for
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.permissions import Permission
from app.errors import InvalidInput, NotFound
from app.learning.backtest_service import MOST_CALLS, MOST_DAYS, USUAL_DAYS, ask_backtest
from app.learning.backtest_words import say_headline, say_warnings
from app.tasks import TaskView, get_task
from app.unit_of_work import UnitOfWork
from app.vocabulary import FindingDecision, FlipKind, Outcome, Severity, TaskKind, TaskState
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body

KEYED = {"parameters": [KEY_HEADER]}


class BacktestIn(Body):
    """What is tried, beside the edition in force: a draft or an edition, on the calls of the last days."""

    draft_id: str | None = Field(None, min_length=1, max_length=40)
    edition_id: str | None = Field(None, min_length=1, max_length=40)
    days: int = Field(USUAL_DAYS, ge=1, le=MOST_DAYS)
    limit: int | None = Field(None, ge=1, le=MOST_CALLS, description="the newest so many; null: all")


class SaidOut(Answer):
    """What a rule says."""

    outcome: Outcome
    severity: Severity


class FlipOut(Answer):
    """A rule that says something else of a call; a side is null where the rule says nothing at all there."""

    call_id: str
    external_id: str
    started_at: AwareDatetime
    rule: str
    kind: FlipKind
    before: SaidOut | None
    after: SaidOut | None
    quote: str = Field(description="what was heard, numbers of people masked; empty where the rule is not about words")
    reason: str
    start_s: float | None
    end_s: float | None
    revenue_minor: int | None
    payout_minor: int | None
    currency: str
    decision: FindingDecision | None = Field(description="what a person said of this rule on this call")
    is_reviewed_good: bool


class RuleOut(Answer):
    """A rule on both sides; ``right``, ``wrong`` and ``missed`` count decided findings alone."""

    rule: str
    violation_before: int
    violation_after: int
    review_before: int
    review_after: int
    needs_evidence_before: int
    needs_evidence_after: int
    newly_flagged: int
    no_longer_flagged: int
    changed: int
    stake_least_added: int = Field(description="money at stake by law of flags, US cents")
    stake_most_added: int
    stake_least_removed: int
    stake_most_removed: int
    right_before: int = Field(description="flags that a person agreed with")
    wrong_before: int = Field(description="flags that a person refused")
    missed_before: int = Field(description="calls a person agreed about that are not flagged")
    right_after: int
    wrong_after: int
    missed_after: int
    doubtful: int = Field(description="new flags on calls reviewed as good, where nobody decided about the rule")


class ResultOut(Answer):
    """The answer: counts of calls, money, rules and phrases, and the first flips; docs/back-test.md explains each."""

    headline: str
    warnings: list[str]
    since: AwareDatetime
    until: AwareDatetime
    in_window: int
    not_screened: int
    left_out_by_limit: int
    calls: dict[str, int]
    money: list[dict[str, Any]] = Field(description="by currency, minor units")
    rules: list[RuleOut]
    packs: list[dict[str, Any]]
    differences: list[dict[str, Any]]
    flips: list[FlipOut] = Field(description="the first of each rule, at most 50")
    flips_total: int
    phrases: list[dict[str, Any]] = Field(description="phrases that only one side hears, at most 50")
    phrases_total: int
    before: dict[str, str]
    after: dict[str, str]


class BacktestOut(Answer):
    """A back-test; ``result`` is null until it is done, ``failure`` says why there is none."""

    id: str
    title: str
    state: TaskState
    draft_id: str | None
    edition_id: str | None
    sha256: str = Field(description="of the content that is tried")
    days: int
    limit: int | None
    asked_at: AwareDatetime
    finished_at: AwareDatetime | None
    done: int
    total: int | None
    failure: str | None
    result: ResultOut | None
    url: str = Field(description="where to ask again")


def add_backtest_routes(api: APIBlueprint, uow: UnitOfWork) -> None:
    """Add the routes below ``/backtests``."""

    @api.post("/backtests")
    @idempotent(uow)
    @require(Permission.RULES_EDIT)
    @api.doc(
        summary="Try a draft or an edition on past calls",
        responses=answers(CONFLICT, {404: "There is no such draft or edition."}),
        security="token",
        extensions=KEYED,
    )
    @api.input(BacktestIn, arg_name="body")
    @api.output(BacktestOut, 202)
    def ask_for_backtest(body: BacktestIn) -> Any:
        if (body.draft_id is None) == (body.edition_id is None):
            raise InvalidInput("expected either draft_id or edition_id", field="draft_id")
        with uow.begin(current_identity().actor) as work:
            try:
                task_id = ask_backtest(
                    work, draft_id=body.draft_id, edition_id=body.edition_id, days=body.days, limit=body.limit
                )
            except NotFound:
                raise NotFound("there is no such draft or edition") from None
        return show(task_id), 202

    @api.get("/backtests/<backtest_id>")
    @require(Permission.RULES_EDIT)
    @api.doc(
        summary="Read how far a back-test is, and its answer",
        responses=answers({404: "There is no such back-test."}),
        security="token",
    )
    @api.output(BacktestOut)
    def read_backtest(backtest_id: str) -> Any:
        return show(backtest_id)

    def show(task_id: str) -> BacktestOut:
        with uow.read() as session:
            try:
                task = get_task(session, task_id, TaskKind.BACKTEST)
            except NotFound:
                raise NotFound("there is no such back-test") from None
        return _show(task)


def _show(task: TaskView) -> BacktestOut:
    result = None
    if task.result is not None:
        told = {"headline": say_headline(task.result), "warnings": list(say_warnings(task.result))}
        result = ResultOut.model_validate({**task.result, **told})
    return BacktestOut(
        id=task.id,
        title=task.title,
        state=task.state,
        draft_id=task.params.get("draft_id"),
        edition_id=task.params.get("edition_id"),
        sha256=task.params["sha256"],
        days=task.params["days"],
        limit=task.params["limit"],
        asked_at=task.asked_at,
        finished_at=task.finished_at,
        done=task.done,
        total=task.total,
        failure=task.failure,
        result=result,
        url=url_for("api.read_backtest", backtest_id=task.id),
    )
