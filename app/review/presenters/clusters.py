"""What do the pages of clusters, and the call page's card of same audio, show? Values in plain words, masked for who looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.access.identity import Identity, Permission
from app.audio.clusters import Cluster, ClusterCall, ClusterFacts
from app.review import wording
from app.review.cluster_facts import ClusterStanding, OpenCheck, PastCheck
from app.review.cluster_sample import Sampled, find_most_misfits, find_sample_size
from app.review.in_force import ReviewInForce

SHOWN_ON_CALL = 5


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """One row of the list of clusters."""

    id: str
    first_seen: datetime
    last_seen: datetime
    calls: int
    numbers: int
    publishers: int
    shared: str
    charged: str
    undecided: int


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call of a cluster; ``decided_by`` tells how its verdict came about."""

    call_id: str
    external_id: str
    started_at: datetime
    number: str
    publisher: str
    source: str
    campaign: str
    shared: str
    verdict: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A call that has to be heard."""

    place: int
    call_id: str
    state: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """The check that is going on."""

    id: str
    by: str
    at: datetime
    is_mine: bool
    seed: str
    done: int
    size: int
    rest: int
    sample: tuple[SampleLine, ...]
    objections: tuple[str, ...]
    next_call_id: str | None
    verdict: str
    may_apply: bool
    may_end: bool
    claim: str


@dataclass(frozen=True, slots=True)
class PastView:
    """A check that ended."""

    id: str
    title: str
    text: str
    at: datetime
    undone: str
    may_undo: bool


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """The page of one cluster."""

    id: str
    title: str
    facts: tuple[tuple[str, str], ...]
    first_seen: datetime
    last_seen: datetime
    undecided: int
    sample_size: int
    invitation: str
    check: CheckView | None
    past: tuple[PastView, ...]
    calls: tuple[CallLine, ...]
    more_calls: int
    typed_reason: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SameAudioCard:
    """What the page of a call tells of the other calls in which its audio was heard."""

    cluster_id: str
    title: str
    first_seen: datetime
    last_seen: datetime
    facts: tuple[tuple[str, str], ...]
    calls: tuple[CallLine, ...]
    more_calls: int
    may_open_cluster: bool
    check_text: str
    next_call_id: str | None


def build_line(facts: ClusterFacts, undecided: int) -> ClusterLine:
    """Return a row of the list."""
    return ClusterLine(
        id=facts.id,
        first_seen=facts.first_seen,
        last_seen=facts.last_seen,
        calls=facts.call_count,
        numbers=facts.number_count,
        publishers=facts.publisher_count or 0,
        shared=say_shared(facts),
        charged=say_charged(facts),
        undecided=undecided,
    )


def build_cluster_page(
    cluster: Cluster, standing: ClusterStanding, identity: Identity, *, typed_reason: str = "", problem: str = ""
) -> ClusterPage:
    """Return the page of a cluster to somebody of the network."""
    undecided = len(standing.undecided)
    size = find_sample_size(undecided)
    return ClusterPage(
        id=cluster.facts.id,
        title=f"The same audio in {cluster.facts.call_count:,} calls",
        facts=_say_facts(cluster),
        first_seen=cluster.facts.first_seen,
        last_seen=cluster.facts.last_seen,
        undecided=undecided,
        sample_size=size,
        invitation=_invite(undecided, size, is_decided_before=standing.is_decided_before),
        check=_build_check(standing.check, cluster, identity) if standing.check else None,
        past=tuple(_build_past(check, identity) for check in standing.past),
        calls=tuple(_build_call(call, standing.in_force) for call in cluster.calls),
        more_calls=cluster.facts.call_count - len({call.call_id for call in cluster.calls}),
        typed_reason=typed_reason,
        problem=problem,
    )


def build_same_audio_card(
    cluster: Cluster,
    call_id: str,
    *,
    check: OpenCheck | None = None,
    in_force: Mapping[str, ReviewInForce] | None = None,
    may_open_cluster: bool = False,
) -> SameAudioCard:
    """Return the card; how clusters are decided is told to those who may open them."""
    others = [call for call in cluster.calls if call.call_id != call_id]
    count = cluster.facts.call_count - 1
    sampled = next((call for call in check.sample if call.call_id == call_id), None) if check else None
    text = ""
    if check and sampled:
        done = sum(call.verdict is not None and call.is_heard for call in check.sample)
        text = f"This call is in the sample that decides the cluster: {done} of {len(check.sample)} are heard and decided."
    return SameAudioCard(
        cluster_id=cluster.facts.id,
        title=f"The same audio in {count:,} other {'call' if count == 1 else 'calls'}",
        first_seen=cluster.facts.first_seen,
        last_seen=cluster.facts.last_seen,
        facts=_say_facts(cluster),
        calls=tuple(_build_call(call, in_force or {}) for call in others[:SHOWN_ON_CALL]),
        more_calls=max(0, count - SHOWN_ON_CALL),
        may_open_cluster=may_open_cluster,
        check_text=text,
        next_call_id=_next(check, besides=call_id) if check and sampled else None,
    )


def say_shared(facts: ClusterFacts) -> str:
    """Return how long a stretch the calls share: 27 s, or 21 s to 27 s."""
    if facts.shared_least_s is None or facts.shared_most_s is None:
        return "not known"
    least, most = wording.say_seconds(facts.shared_least_s), wording.say_seconds(facts.shared_most_s)
    return most if least == most else f"{least} to {most}"


def say_charged(facts: ClusterFacts) -> str:
    """Return what the calls were charged in all, as far as that is known."""
    if not facts.charged:
        return "not known"
    total = ", ".join(map(str, facts.charged))
    return total if facts.charged_calls == facts.call_count else f"{total} for {facts.charged_calls:,} calls"


def _say_facts(cluster: Cluster) -> tuple[tuple[str, str], ...]:
    facts = cluster.facts
    rows = [
        ("Numbers", f"{facts.number_count:,} different" if facts.number_count else "all withheld"),
        ("Publishers", _join(cluster.publishers)),
        ("Sources", _join(cluster.sources)),
        ("Campaigns", _join(cluster.campaigns)),
        ("Shared audio", say_shared(facts)),
        ("Charged", say_charged(facts) if facts.charged else ""),
    ]
    return tuple((name, value) for name, value in rows if value)


def _invite(undecided: int, size: int, *, is_decided_before: bool) -> str:
    if not undecided:
        return "Every call of this cluster is decided."
    calls, are = ("1 call", "is") if undecided == 1 else (f"{undecided:,} calls", "are")
    has = "has" if undecided == 1 else "have"
    start = f"{calls} {are} not decided."
    if is_decided_before:
        start = f"{calls} {has} joined since the decision or {are} in doubt."
    if size == undecided:
        return f"{start} So few are all heard."
    return (
        f"{start} Hear {size} of them, drawn at random. When all {size} get the same verdict, it can be applied to the other"
        f" {undecided - size:,}."
    )


def _build_check(check: OpenCheck, cluster: Cluster, identity: Identity) -> CheckView:
    mine = check.opened_by_id == identity.actor.partition(":")[2]
    known = {call.call_id: call for call in cluster.calls}
    rest = check.call_count - len(check.sample)
    left = find_most_misfits(check.call_count, len(check.sample))
    verdict = wording.VERDICT_WORDS[check.standing.verdict][0] if check.standing.verdict else ""
    return CheckView(
        id=check.id,
        by=check.opened_by,
        at=check.opened_at,
        is_mine=mine,
        seed=check.seed,
        done=sum(call.verdict is not None and call.is_heard for call in check.sample),
        size=len(check.sample),
        rest=rest,
        sample=tuple(_build_sampled(place, call, known.get(call.call_id)) for place, call in enumerate(check.sample, 1)),
        objections=check.standing.objections,
        next_call_id=_next(check),
        verdict=verdict,
        may_apply=check.standing.may_apply,
        may_end=mine or identity.may(Permission.REVIEW_LEAD),
        claim=f"A sample like this leaves at most {left:,} of {check.call_count:,} calls that may be something else"
        " (95 % confidence).",
    )


def _build_sampled(place: int, call: Sampled, known: ClusterCall | None) -> SampleLine:
    name = f"{known.number}, {known.external_id}" if known else call.call_id
    if call.verdict is None:
        return SampleLine(place, call.call_id, "to hear", "ear", name)
    said = wording.VERDICT_WORDS[call.verdict][0]
    if not call.was_played:
        return SampleLine(place, call.call_id, f"{said}, but not played by who said so", "circle-alert", name)
    if not call.is_heard:
        heard = wording.say_seconds(call.heard_s)
        return SampleLine(
            place, call.call_id, f"{said}, but {heard} of {wording.say_seconds(call.needed_s)} heard", "circle-alert", name
        )
    return SampleLine(place, call.call_id, said, "check", name)


def _next(check: OpenCheck, *, besides: str = "") -> str | None:
    """Return the next call of the sample that has to be heard."""
    waiting = {*check.standing.waiting, *check.standing.unheard} - {besides}
    return next((call.call_id for call in check.sample if call.call_id in waiting), None)


def _build_past(check: PastCheck, identity: Identity) -> PastView:
    sample = f"sample of {check.sample_size} of {check.call_count:,} calls, seed {check.seed}"
    if check.verdict is None:
        return PastView(check.id, "Given up", f"by {check.ended_by}; {sample}.", check.ended_at, "", False)
    given = "1 call" if check.given == 1 else f"{check.given:,} calls"
    undone = ""
    if check.undone_at is not None:
        undone = f"Undone by {check.undone_by}, {check.undone_at:%Y-%m-%d %H:%M} UTC: {check.undone_reason}"
    mine = check.ended_by_id == identity.actor.partition(":")[2]
    return PastView(
        id=check.id,
        title=wording.VERDICT_WORDS[check.verdict][0],
        text=f"applied to {given} by {check.ended_by}; {sample}.",
        at=check.ended_at,
        undone=undone,
        may_undo=check.stands and (mine or identity.may(Permission.REVIEW_LEAD)),
    )


def _build_call(call: ClusterCall, in_force: Mapping[str, ReviewInForce]) -> CallLine:
    review = in_force.get(call.call_id)
    by = "" if review is None else "with the cluster" if review.check_id else "by its own review"
    return CallLine(
        call_id=call.call_id,
        external_id=call.external_id,
        started_at=call.started_at,
        number=call.number,
        publisher=call.publisher or "",
        source=call.source or "",
        campaign=call.campaign or "",
        shared=wording.say_seconds(call.matched_s) if call.matched_s is not None else "heard first",
        verdict=wording.VERDICT_WORDS[review.verdict][0] if review else "",
        decided_by=by,
    )


def _join(names: tuple[str, ...]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")
