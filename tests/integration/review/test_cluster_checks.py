"""A cluster is decided once: by a sample that was heard, for all that nobody heard, until somebody takes it back."""

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.identity import Identity
from app.audio.clusters import list_clusters, load_cluster, load_cluster_of_call
from app.errors import Conflict, Forbidden, InvalidInput, InvalidTransition, NotFound
from app.models.calls import Call
from app.models.events import Event
from app.models.reviews import FindingVerdict, Review
from app.models.screening import Finding
from app.money import Money
from app.review.cluster_checks import apply_check, give_up_check, open_check, undo_check
from app.review.cluster_facts import count_undecided
from app.review.in_force import is_reviewed, load_reviews_in_force
from app.vocabulary import EventKind, FindingDecision, Role, Verdict
from tests.integration.review.conftest import Bench

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AGREE, REFUSE = FindingDecision.AGREE, FindingDecision.REFUSE


def apply(bench: Bench, check_id: str, who: Identity | None = None) -> Any:
    who = who or bench.anna
    with bench.uow.begin(who.actor) as work:
        return apply_check(work, who, check_id)


def give_up(bench: Bench, check_id: str, who: Identity) -> None:
    with bench.uow.begin(who.actor) as work:
        give_up_check(work, who, check_id)


def undo(bench: Bench, check_id: str, who: Identity, reason: str = "Two callers were real.") -> None:
    with bench.uow.begin(who.actor) as work:
        undo_check(work, who, check_id, reason)


def count(bench: Bench, what: Any) -> int:
    with bench.uow.read() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def verdicts(bench: Bench, calls: Any) -> dict[str, tuple[Verdict, bool]]:
    """By call, the verdict in force and whether it came with the cluster."""
    with bench.uow.read() as session:
        found = load_reviews_in_force(session, [call.id for call in calls])
    return {call_id: (review.verdict, review.check_id is not None) for call_id, review in found.items()}


def test_what_a_clean_sample_says_is_applied_to_the_rest_as_reviews_that_say_so(bench: Bench) -> None:
    calls = bench.add_calls(12)
    cluster_id = bench.cluster(calls)
    check = bench.open(cluster_id)
    assert (check.call_count, len(check.sample)) == (12, 9)
    bench.review_sample(check)
    applied = apply(bench, check.id)
    assert (applied.verdict, applied.given) == (Verdict.ROBOCALL, 3)
    drawn = {call.call_id for call in check.sample}
    assert verdicts(bench, calls) == {call.id: (Verdict.ROBOCALL, call.id not in drawn) for call in calls}
    with bench.uow.read() as session:
        [given, _, _] = session.scalars(select(Review).where(Review.call_id.not_in(drawn))).all()
        [event] = session.scalars(select(Event).where(Event.kind == EventKind.CLUSTER_DECIDED)).all()
    for part in (cluster_id, "sample of 9 of 12", f"seed {check.seed}", check.id):
        assert part in given.notes
    assert given.heard_s == 0
    assert given.screening_id is not None
    assert (event.subject_id, event.payload["given"], event.payload["verdict"]) == (cluster_id, 3, "robocall")
    assert bench.standing(cluster_id).undecided == ()


def test_applying_twice_gives_nobody_a_second_review(bench: Bench) -> None:
    calls = bench.add_calls(12)
    check = bench.open(bench.cluster(calls))
    bench.review_sample(check)
    assert apply(bench, check.id) == apply(bench, check.id, bench.ben)
    assert count(bench, Review) == 12


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda bench, call: bench.review(call, Verdict.GOOD), "different verdicts"),
        (lambda bench, call: bench.review(call, Verdict.UNDECIDED), "left undecided"),
        (lambda bench, call: bench.review(call, heard_s=3.0), "1 calls of the sample were judged without being heard"),
        (lambda bench, call: bench.review(call, is_played=False, who=bench.ben), "judged without being heard"),
        (lambda bench, call: None, "1 of 9 calls of the sample have no verdict yet"),
    ],
    ids=["another verdict", "undecided", "too little", "never played", "missing"],
)
@only_sqlite
def test_one_call_that_does_not_fit_keeps_the_rest_undecided(bench: Bench, spoil: Any, told: str) -> None:
    calls = bench.add_calls(12)
    check = bench.open(bench.cluster(calls))
    for call in check.sample[1:]:
        bench.review(call.call_id)
    spoil(bench, check.sample[0].call_id)
    with pytest.raises(InvalidTransition, match=told):
        apply(bench, check.id)
    assert {given for _, given in verdicts(bench, calls).values()} == {False}


def test_a_mind_changed_by_hearing_again_counts(bench: Bench) -> None:
    check = bench.open(bench.cluster(bench.add_calls(12)))
    bench.review_sample(check)
    bench.review(check.sample[0].call_id, Verdict.GOOD)
    with pytest.raises(InvalidTransition):
        apply(bench, check.id)
    bench.review(check.sample[0].call_id, Verdict.ROBOCALL, who=bench.ben)
    assert apply(bench, check.id).given == 3


def test_an_own_review_counts_before_the_clusters_whenever_it_was_given(bench: Bench) -> None:
    calls = bench.add_calls(13)
    cluster_id = bench.cluster(calls)
    check = bench.open(cluster_id)
    drawn = {call.call_id for call in check.sample}
    during, after, *_ = [call.id for call in calls if call.id not in drawn]
    bench.review_sample(check)
    bench.review(during, Verdict.ROBOCALL, who=bench.ben)
    apply(bench, check.id)
    bench.review(after, Verdict.GOOD, who=bench.ben)
    found = verdicts(bench, calls)
    assert found[during] == (Verdict.ROBOCALL, False)
    assert found[after] == (Verdict.GOOD, False)
    with bench.uow.read() as session:
        assert session.scalar(select(func.count()).select_from(Review).where(Review.call_id == during)) == 1


def test_an_own_review_that_says_otherwise_keeps_the_rest_undecided(bench: Bench) -> None:
    calls = bench.add_calls(13)
    check = bench.open(bench.cluster(calls))
    drawn = {call.call_id for call in check.sample}
    bench.review(next(call.id for call in calls if call.id not in drawn), Verdict.GOOD, who=bench.ben)
    bench.review_sample(check)
    with pytest.raises(InvalidTransition, match="decided otherwise: good"):
        apply(bench, check.id)


def test_a_decision_taken_back_leaves_the_rest_undecided_and_stays_on_record(bench: Bench) -> None:
    calls = bench.add_calls(12)
    cluster_id = bench.cluster(calls)
    check = bench.open(cluster_id)
    bench.review_sample(check)
    apply(bench, check.id)
    with pytest.raises(Forbidden, match="Anna"):
        undo(bench, check.id, bench.ben)
    with pytest.raises(InvalidInput, match="say why"):
        undo(bench, check.id, bench.anna, "  ")
    undo(bench, check.id, bench.lead)
    undo(bench, check.id, bench.lead)
    assert len(verdicts(bench, calls)) == 9
    assert count(bench, Review) == 12
    standing = bench.standing(cluster_id)
    assert len(standing.undecided) == 3
    assert (standing.past[0].undone_by, standing.past[0].stands) == ("Lea", False)
    with bench.uow.read() as session:
        assert session.scalar(select(func.count()).select_from(Call).where(~is_reviewed(Call.id))) == 3
        assert session.scalar(select(func.count()).select_from(Event).where(Event.kind == EventKind.CLUSTER_UNDONE)) == 1
    assert bench.open(cluster_id).call_count == 3


def test_calls_that_join_later_are_undecided_until_a_sample_of_them_confirms(bench: Bench) -> None:
    calls = bench.add_calls(12)
    cluster_id = bench.cluster(calls)
    check = bench.open(cluster_id)
    bench.review_sample(check)
    apply(bench, check.id)
    new = bench.add_calls(3)
    bench.join(cluster_id, new)
    standing = bench.standing(cluster_id)
    assert sorted(standing.undecided) == sorted(call.id for call in new)
    assert standing.is_decided_before
    with bench.uow.read() as session:
        assert count_undecided(session, [cluster_id]) == {cluster_id: 3}
    again = bench.open(cluster_id)
    assert len(again.sample) == 3
    bench.review_sample(again, Verdict.GOOD)
    with pytest.raises(InvalidTransition, match="decided otherwise: robocall"):
        apply(bench, again.id)


def test_who_comes_second_is_told_who_was_first(bench: Bench) -> None:
    cluster_id = bench.cluster(bench.add_calls(4))
    check = bench.open(cluster_id)
    assert bench.open(cluster_id).id == check.id
    with pytest.raises(Conflict, match="Anna opened a sample check"):
        bench.open(cluster_id, bench.ben)
    with pytest.raises(Forbidden):
        give_up(bench, check.id, bench.ben)
    give_up(bench, check.id, bench.lead)
    assert bench.open(cluster_id, bench.ben).opened_by == "Ben"


def test_of_two_at_once_one_gets_the_check(bench: Bench) -> None:
    cluster_id = bench.cluster(bench.add_calls(4))
    told: list[str] = []
    begin = threading.Barrier(2)

    def try_to_open(who: Identity) -> None:
        begin.wait()
        try:
            with bench.uow.begin(who.actor) as work:
                open_check(work, who, cluster_id)
            told.append("opened")
        except Conflict as error:
            told.append(error.code)

    threads = [threading.Thread(target=try_to_open, args=(who,)) for who in (bench.anna, bench.ben)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["check_open", "opened"]


@only_sqlite
def test_giving_up_and_drawing_again_brings_the_same_sample(bench: Bench) -> None:
    cluster_id = bench.cluster(bench.add_calls(12))
    first = bench.open(cluster_id)
    give_up(bench, first.id, bench.anna)
    again = bench.open(cluster_id)
    assert again.seed == first.seed
    assert [call.call_id for call in again.sample] == [call.call_id for call in first.sample]
    with pytest.raises(InvalidTransition, match="given up"):
        apply(bench, first.id)


@only_sqlite
def test_decisions_on_findings_go_along_where_enough_calls_with_them_were_heard(bench: Bench) -> None:
    calls = bench.add_calls(12)
    check = bench.open(bench.cluster(calls))
    with bench.uow.read() as session:
        rows = session.execute(select(Finding.call_id, Finding.rule, Finding.id))
        ids = {(call_id, rule): finding_id for call_id, rule, finding_id in rows}
    for place, call in enumerate(check.sample):
        decisions = {ids[call.call_id, "CHAN-SPEECH-SMS"]: REFUSE}
        if place == 0:
            decisions[ids[call.call_id, "DNC-INTERNAL-CAPTURE"]] = AGREE
        bench.review(call.call_id, decisions=decisions)
    apply(bench, check.id)
    drawn = {call.call_id for call in check.sample}
    with bench.uow.read() as session:
        votes = session.execute(
            select(Finding.call_id, Finding.rule, FindingVerdict.decision)
            .join(FindingVerdict, FindingVerdict.finding_id == Finding.id)
            .where(Finding.call_id.not_in(drawn))
        ).all()
    assert {(rule, decision) for _, rule, decision in votes} == {("CHAN-SPEECH-SMS", REFUSE)}
    assert len(votes) == 3


@only_sqlite
def test_steps_that_make_no_sense_are_refused(bench: Bench) -> None:
    calls = bench.add_calls(2)
    cluster_id = bench.cluster(calls)
    with pytest.raises(NotFound):
        bench.open("01NOSUCHCLUSTER")
    with pytest.raises(NotFound):
        apply(bench, "01NOSUCHCHECK")
    check = bench.open(cluster_id)
    with pytest.raises(InvalidTransition, match="only a check that was applied"):
        undo(bench, check.id, bench.anna)
    bench.review_sample(check)
    assert apply(bench, check.id).given == 0
    with pytest.raises(Conflict, match="nothing to check"):
        bench.open(cluster_id)
    with pytest.raises(InvalidTransition, match="undo it instead"):
        give_up(bench, check.id, bench.anna)


def test_a_cluster_knows_its_calls_numbers_publishers_and_money(bench: Bench) -> None:
    calls = [
        *bench.add_calls(2, caller_number="+12125550123", revenue_minor=4200),
        *bench.add_calls(1, caller_number=None, revenue_minor=None),
        *bench.add_calls(1, revenue_minor=100, currency="CAD", publisher_id=bench.world.other_publisher.id),
    ]
    cluster_id = bench.cluster(calls)
    with bench.uow.read() as session:
        cluster = load_cluster(session, cluster_id, bench.anna)
        [listed] = list_clusters(session, bench.anna, limit=10)
        publisher = Identity("user:1", "P", Role.PUBLISHER, frozenset({bench.world.publisher.id}))
        advertiser = Identity("user:2", "A", Role.ADVERTISER, frozenset({bench.world.advertiser.id}))
        theirs = load_cluster_of_call(session, calls[0].id, publisher)
        bought = load_cluster_of_call(session, calls[0].id, advertiser)
    assert cluster.facts == listed
    assert (listed.call_count, listed.number_count, listed.publisher_count) == (4, 2, 2)
    assert (listed.shared_least_s, listed.shared_most_s) == (21.0, 21.0)
    assert (listed.charged, listed.charged_calls) == ((Money(100, "CAD"), Money(8400)), 3)
    assert cluster.publishers == ("Bright Leads", "Other Seller")
    assert theirs is not None
    assert (theirs.facts.call_count, theirs.facts.charged, theirs.publishers) == (3, (), ())
    assert all("555" not in call.number for call in theirs.calls)
    assert {call.number[-4:] for call in theirs.calls} == {"0123", "held"}
    assert bought is not None
    assert bought.facts.charged == (Money(100, "CAD"), Money(8400))
    assert bought.facts.publisher_count is None
