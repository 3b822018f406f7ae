"""A cluster of calls in a real database of either kind, and people who review them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from app.access.identity import Identity
from app.models.calls import Call
from app.models.users import User
from app.review.cluster_checks import open_check
from app.review.cluster_facts import ClusterStanding, OpenCheck, load_cluster_standing
from app.review.service import FindingChoice, ReviewInput, record_heard, record_review
from app.unit_of_work import UnitOfWork
from app.vocabulary import FindingDecision, Role, Verdict
from tests.factories import calls as make
from tests.factories.clusters import join_cluster, make_cluster
from tests.fakes import FrozenClock


@dataclass
class Bench:
    """Calls with one recording in them, and the steps that people take."""

    uow: UnitOfWork
    clock: FrozenClock
    world: make.World
    anna: Identity
    ben: Identity
    lead: Identity

    def add_calls(self, count: int, **call: Any) -> list[Call]:
        """Store calls that were heard and screened, each with three hits and two findings."""
        return [self._add_call(**({"caller_number": f"+1212555{1000 + number}"} | call)) for number in range(count)]

    def _add_call(self, **values: Any) -> Call:
        with self.uow.begin("test") as work:
            call = make.make_call(work.session, work.ids, work.now, self.world, **values)
            recording = make.make_recording(work.session, work.ids, work.now, call)
            run = make.make_run(work.session, work.ids, work.now, recording, finished_at=work.now)
            make.make_screening(work.session, work.ids, work.now, run, hits=make.usual_hits())
        return call

    def cluster(self, calls: Sequence[Call]) -> str:
        with self.uow.begin("test") as work:
            return make_cluster(work.session, work.ids, work.now, calls)

    def join(self, cluster_id: str, calls: Sequence[Call]) -> None:
        with self.uow.begin("test") as work:
            for call in calls:
                join_cluster(work.session, work.ids, work.now, cluster_id, call)

    def open(self, cluster_id: str, who: Identity | None = None) -> OpenCheck:
        who = who or self.anna
        with self.uow.begin(who.actor) as work:
            open_check(work, who, cluster_id)
        check = self.standing(cluster_id).check
        assert check is not None
        return check

    def standing(self, cluster_id: str) -> ClusterStanding:
        with self.uow.read() as session:
            return load_cluster_standing(session, cluster_id)

    def review(
        self, call_id: str, verdict: Verdict = Verdict.ROBOCALL, *, who: Identity | None = None, heard_s: float = 12.0,
        is_played: bool = True, decisions: dict[str, FindingDecision] | None = None,
    ) -> str:  # fmt: skip
        """Hear a call and decide it, as the call page does; ``decisions`` maps finding ids."""
        who = who or self.anna
        self.clock.advance(seconds=1)
        with self.uow.begin(who.actor) as work:
            if is_played:
                record_heard(work, call_id)
            choices = {finding: FindingChoice(decision, "heard it") for finding, decision in (decisions or {}).items()}
            return record_review(work, who, call_id, ReviewInput(verdict, findings=choices, heard_s=heard_s))

    def review_sample(self, check: OpenCheck, verdict: Verdict = Verdict.ROBOCALL, **options: Any) -> None:
        for call in check.sample:
            self.review(call.call_id, verdict, **options)


@pytest.fixture
def bench(uow: UnitOfWork, clock: FrozenClock) -> Bench:
    """Two reviewers and a team lead before an empty table."""
    people = {}
    with uow.begin("test") as work:
        world = make.make_world(work.session, work.ids, work.now)
        for name, role in (("Anna", Role.REVIEWER), ("Ben", Role.REVIEWER), ("Lea", Role.TEAM_LEAD)):
            user = User(
                id=work.new_id(), email=f"{name}@x.test", name=name, role=role, password_hash="x", created_at=work.now
            )  # fmt: skip
            work.session.add(user)
            people[name] = Identity(f"user:{user.id}", name, role, None)
    return Bench(uow, clock, world, people["Anna"], people["Ben"], people["Lea"])
