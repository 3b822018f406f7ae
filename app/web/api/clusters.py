"""The API's routes about same audio: the other calls of a call, clusters, and their sample checks."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from pydantic import AwareDatetime, Field

from app.access.guard import current_identity, require
from app.access.identity import Identity
from app.access.permissions import Permission
from app.audio.clusters import Cluster, ClusterFacts, list_clusters, load_cluster, load_cluster_of_call
from app.review.cluster_checks import apply_check, give_up_check, open_check, undo_check
from app.review.cluster_cursor import read_cursor, write_cursor
from app.review.cluster_facts import ClusterStanding, count_undecided, load_cluster_standing
from app.review.cluster_sample import find_sample_size
from app.unit_of_work import UnitOfWork, Work
from app.vocabulary import CheckOutcome, Verdict
from app.web.api.documented import CONFLICT, KEY_HEADER, answers
from app.web.api.idempotency import idempotent
from app.web.api.models import Answer, Body, Query

KEYED = {"parameters": [KEY_HEADER]}
MISSING = {404: "There is no such call, cluster or check, or it is another party's."}
REFUSED = {409: "Somebody else's check is open, the sample is not ready, or the Idempotency-Key came with another request."}


class AmountOut(Answer):
    """An amount of money."""

    amount_minor: int
    currency: str


class ClusterFactsOut(Answer):
    """What is known of calls that share audio, within the asker's reach; what the asker may not see is null or empty."""

    id: str
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    call_count: int
    number_count: int = Field(description="different callers' numbers")
    publisher_count: int | None
    shared_least_s: float | None = Field(description="the shortest stretch that a call shares with the one it was matched to")
    shared_most_s: float | None
    charged: list[AmountOut] = Field(description="by currency: the charge, or else what the sender of the call says")
    charged_calls: int = Field(description="calls of which a charge is known")


class ClusterListedOut(ClusterFactsOut):
    """A cluster in the list."""

    undecided: int = Field(description="calls that no review decides")


class ClustersOut(Answer):
    """A page of clusters, those heard last first."""

    items: list[ClusterListedOut]
    next_cursor: str | None


class ClusterCallOut(Answer):
    """A call of a cluster; ``offset_s`` says how much later the same sound comes in the recording it was matched to."""

    call_id: str
    external_id: str
    started_at: AwareDatetime
    caller: str
    publisher: str | None
    source: str | None
    campaign: str | None
    offset_s: float | None
    matched_s: float | None


class SharedOut(Answer):
    """The calls that share audio; ``cluster`` is null when there are not two of them within the asker's reach."""

    cluster: ClusterFactsOut | None
    publishers: list[str]
    sources: list[str]
    campaigns: list[str]
    calls: list[ClusterCallOut] = Field(description="earliest first, at most 200")


class SameAudioOut(SharedOut):
    """The calls that share audio with a call, that one included."""

    call_id: str


class SampledOut(Answer):
    """A call of the sample."""

    call_id: str
    verdict: Verdict | None
    is_heard: bool


class CheckOut(Answer):
    """A sample check; calls in order of SHA-256 over ``seed:call id``, of which the first ``sample_size`` are the sample."""

    id: str
    cluster_id: str
    seed: str
    call_count: int
    sample_size: int
    outcome: CheckOutcome | None = Field(description="null while it is open")
    verdict: Verdict | None
    given: int = Field(description="reviews that it gave to calls nobody heard")
    is_undone: bool
    may_apply: bool
    objections: list[str]
    sample: list[SampledOut] = Field(description="while it is open")


class ClusterOut(SharedOut):
    """A cluster with the decisions on it."""

    undecided: int
    next_sample_size: int
    checks: list[CheckOut] = Field(description="the open one first, then the newest")


class ClustersQuery(Query):
    """Which clusters are wanted."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=100)


class StepIn(Body):
    """An empty object: the step needs nothing but its address."""


class UndoIn(Body):
    """Why a decision is taken back."""

    reason: str = Field(min_length=1, max_length=2000)


def add_cluster_routes(api: APIBlueprint, uow: UnitOfWork) -> None:
    """Add the routes below ``/clusters``, and the one of a call."""

    @api.get("/calls/<call_id>/same-audio")
    @require(Permission.CALLS_VIEW)
    @api.doc(summary="Read in which other calls the caller's audio was heard", responses=answers(MISSING), security="token")
    @api.output(SameAudioOut)
    def read_same_audio(call_id: str) -> Any:
        with uow.read() as session:
            cluster = load_cluster_of_call(session, call_id, current_identity())
        if cluster is None:
            return SameAudioOut(call_id=call_id, cluster=None, publishers=[], sources=[], campaigns=[], calls=[])
        return SameAudioOut(call_id=call_id, **_show_cluster(cluster))

    @api.get("/clusters")
    @require(Permission.CLUSTERS_VIEW)
    @api.doc(summary="List clusters of same audio, those heard last first", responses=answers(), security="token")
    @api.input(ClustersQuery, location="query", arg_name="query")
    @api.output(ClustersOut)
    def list_of_clusters(query: ClustersQuery) -> Any:
        with uow.read() as session:
            after = read_cursor(query.cursor)
            found = list_clusters(session, current_identity(), limit=query.limit + 1, after=after)
            shown = found[: query.limit]
            undecided = count_undecided(session, [facts.id for facts in shown])
        items = [ClusterListedOut(undecided=undecided.get(facts.id, 0), **_show_facts(facts)) for facts in shown]
        return ClustersOut(items=items, next_cursor=write_cursor(shown[-1]) if len(found) > query.limit else None)

    @api.get("/clusters/<cluster_id>")
    @require(Permission.CLUSTERS_VIEW)
    @api.doc(summary="Read a cluster, its calls and the decisions on it", responses=answers(MISSING), security="token")
    @api.output(ClusterOut)
    def read_cluster(cluster_id: str) -> Any:
        return _answer(cluster_id)

    @api.post("/clusters/<cluster_id>/checks")
    @idempotent(uow)
    @require(Permission.REVIEW_DECIDE)
    @api.doc(
        summary="Open a sample check; its author gets the open one again", responses=answers(MISSING, CONFLICT, REFUSED),
        security="token", extensions=KEYED,
    )  # fmt: skip
    @api.input(StepIn, location="json", arg_name="body")
    @api.output(ClusterOut, 201)
    def open_cluster_check(cluster_id: str, body: StepIn) -> Any:
        return _do(cluster_id, lambda work, identity: open_check(work, identity, cluster_id)), 201

    @api.post("/clusters/<cluster_id>/checks/<check_id>/apply")
    @idempotent(uow)
    @require(Permission.REVIEW_DECIDE)
    @api.doc(
        summary="Give the rest of the calls what the sample was given", responses=answers(MISSING, CONFLICT, REFUSED),
        security="token", extensions=KEYED,
    )  # fmt: skip
    @api.input(StepIn, location="json", arg_name="body")
    @api.output(ClusterOut)
    def apply_cluster_check(cluster_id: str, check_id: str, body: StepIn) -> Any:
        return _do(cluster_id, lambda work, identity: apply_check(work, identity, check_id))

    @api.post("/clusters/<cluster_id>/checks/<check_id>/give-up")
    @idempotent(uow)
    @require(Permission.REVIEW_DECIDE)
    @api.doc(
        summary="End a check without a decision", responses=answers(MISSING, CONFLICT, REFUSED), security="token",
        extensions=KEYED,
    )  # fmt: skip
    @api.input(StepIn, location="json", arg_name="body")
    @api.output(ClusterOut)
    def give_up_cluster_check(cluster_id: str, check_id: str, body: StepIn) -> Any:
        return _do(cluster_id, lambda work, identity: give_up_check(work, identity, check_id))

    @api.post("/clusters/<cluster_id>/checks/<check_id>/undo")
    @idempotent(uow)
    @require(Permission.REVIEW_DECIDE)
    @api.doc(
        summary="Take back what a check applied", responses=answers(MISSING, CONFLICT, REFUSED), security="token",
        extensions=KEYED,
    )  # fmt: skip
    @api.input(UndoIn, location="json", arg_name="body")
    @api.output(ClusterOut)
    def undo_cluster_check(cluster_id: str, check_id: str, body: UndoIn) -> Any:
        return _do(cluster_id, lambda work, identity: undo_check(work, identity, check_id, body.reason))

    def _do(cluster_id: str, step: Callable[[Work, Identity], object]) -> ClusterOut:
        identity = current_identity()
        with uow.begin(identity.actor) as work:
            step(work, identity)
        return _answer(cluster_id)

    def _answer(cluster_id: str) -> ClusterOut:
        with uow.read() as session:
            cluster = load_cluster(session, cluster_id, current_identity())
            standing = load_cluster_standing(session, cluster_id)
        undecided = len(standing.undecided)
        return ClusterOut(
            undecided=undecided,
            next_sample_size=find_sample_size(undecided),
            checks=_show_checks(cluster_id, standing),
            **_show_cluster(cluster),
        )


def _show_facts(facts: ClusterFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "first_seen": facts.first_seen,
        "last_seen": facts.last_seen,
        "call_count": facts.call_count,
        "number_count": facts.number_count,
        "publisher_count": facts.publisher_count,
        "shared_least_s": facts.shared_least_s,
        "shared_most_s": facts.shared_most_s,
        "charged": [AmountOut(amount_minor=money.amount_minor, currency=money.currency) for money in facts.charged],
        "charged_calls": facts.charged_calls,
    }


def _show_cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "cluster": ClusterFactsOut(**_show_facts(cluster.facts)),
        "publishers": list(cluster.publishers),
        "sources": list(cluster.sources),
        "campaigns": list(cluster.campaigns),
        "calls": [
            ClusterCallOut(
                call_id=call.call_id,
                external_id=call.external_id,
                started_at=call.started_at,
                caller=call.number,
                publisher=call.publisher,
                source=call.source,
                campaign=call.campaign,
                offset_s=call.offset_s,
                matched_s=call.matched_s,
            )
            for call in cluster.calls
        ],
    }


def _show_checks(cluster_id: str, standing: ClusterStanding) -> list[CheckOut]:
    shown = []
    if standing.check is not None:
        check = standing.check
        shown.append(
            CheckOut(
                id=check.id,
                cluster_id=cluster_id,
                seed=check.seed,
                call_count=check.call_count,
                sample_size=len(check.sample),
                outcome=None,
                verdict=check.standing.verdict,
                given=0,
                is_undone=False,
                may_apply=check.standing.may_apply,
                objections=list(check.standing.objections),
                sample=[SampledOut(call_id=c.call_id, verdict=c.verdict, is_heard=c.is_heard) for c in check.sample],
            )
        )
    shown += [
        CheckOut(
            id=past.id,
            cluster_id=cluster_id,
            seed=past.seed,
            call_count=past.call_count,
            sample_size=past.sample_size,
            outcome=past.outcome,
            verdict=past.verdict,
            given=past.given,
            is_undone=past.undone_at is not None,
            may_apply=False,
            objections=[],
            sample=[],
        )
        for past in standing.past
    ]
    return shown
