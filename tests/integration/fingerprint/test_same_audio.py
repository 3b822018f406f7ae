"""Calls that play the same recording come together, others do not; whatever is killed, a recording is printed once."""

import pytest
import yaml
from sqlalchemy import func, select

from app.access.identity import Identity
from app.audio import same_audio
from app.audio.clusters import load_cluster_of_call
from app.audio.decode import decode
from app.audio.fingerprint import take_print
from app.audio.fingerprint_store import FingerprintStore
from app.audio.pipeline import _signals_of, assign_roles
from app.audio.same_audio import CallerPrint, choose_caller_channel, record_fingerprint
from app.errors import NotFound
from app.models.calls import Call
from app.models.fingerprints import AudioPrintRow, AudioPrintSeries, SameAudioMember
from app.vocabulary import ChannelRole, Role
from tests.integration.fingerprint.conftest import CALLS, Shelf, caller_print

PITCH, PITCH_AGAIN = "auto-robocall.wav", "auto-robocall-again.wav"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def identity(role: Role = Role.OPERATOR, *parties: str) -> Identity:
    return Identity("user:1", "One", role, frozenset(parties) if parties else None)


def test_the_same_message_in_another_codec_and_later_joins_a_cluster(shelf: Shelf) -> None:
    first, none = shelf.record(caller_print(PITCH))
    assert none is None
    shelf.record(caller_print("plumbing-sale-leak.wav"))
    second, cluster_id = shelf.record(caller_print(PITCH_AGAIN), is_mixed=True)
    assert cluster_id is not None
    founder, joined = shelf.members()
    assert (founder.matched_print_id, joined.matched_print_id) == (None, founder.print_id)
    assert joined.matched_s is not None
    assert joined.matched_s > 20
    cluster = shelf.read(lambda session: load_cluster_of_call(session, first, identity()))
    assert {call.call_id for call in cluster.calls} == {first, second}
    assert cluster.facts.call_count == 2
    assert shelf.read(lambda session: load_cluster_of_call(session, second, identity())) == cluster


def test_a_recording_is_printed_once_however_often_it_is_recorded(shelf: Shelf) -> None:
    shelf.record(caller_print(PITCH))
    call_id, recording_id = shelf.add_call()
    answers = [shelf.print(caller_print(PITCH_AGAIN), call_id, recording_id, is_mixed=True) for _ in range(3)]
    assert answers[0] is not None
    assert set(answers) == {answers[0]}
    assert len(shelf.members()) == 2
    assert shelf.read(lambda session: session.scalar(select(func.count()).select_from(AudioPrintRow))) == 2


def test_a_transaction_that_fails_leaves_no_print_and_no_gap_in_the_numbers(shelf: Shelf) -> None:
    shelf.record(caller_print(PITCH))
    call_id, recording_id = shelf.add_call()

    def be_killed() -> None:
        with shelf.uow.begin("worker") as work:
            taken = CallerPrint(0, True, caller_print(PITCH_AGAIN))
            record_fingerprint(work, shelf.store, taken, call_id=call_id, recording_id=recording_id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_killed()
    assert shelf.members() == []
    assert shelf.print(caller_print(PITCH_AGAIN), call_id, recording_id, is_mixed=True) is not None
    numbers = shelf.read(lambda session: list(session.scalars(select(AudioPrintRow.no).order_by(AudioPrintRow.no))))
    assert numbers == [1, 2]
    assert shelf.read(lambda session: session.scalars(select(AudioPrintSeries.next_no)).one()) == 3


def test_two_recordings_of_one_call_are_no_cluster(shelf: Shelf) -> None:
    call_id, recording_id = shelf.add_call()
    shelf.print(caller_print(PITCH), call_id, recording_id)
    with shelf.uow.begin("worker") as work:
        found = same_audio.find_same_audio(work.session, shelf.store, caller_print(PITCH_AGAIN), besides_call_id=call_id)
    assert found == ()


@only_sqlite
@pytest.mark.parametrize(("seconds", "is_mixed", "is_tied"), [(5.0, False, False), (9.0, False, True), (9.0, True, False)])
def test_a_short_stretch_ties_no_calls_and_a_mixed_channel_needs_twice_as_much(
    shelf: Shelf, seconds: float, is_mixed: bool, is_tied: bool
) -> None:
    shelf.record(caller_print(PITCH))
    part = caller_print(PITCH, (8.0, 8.0 + seconds))
    _, cluster_id = shelf.record(part, is_mixed=is_mixed)
    assert (cluster_id is not None) == is_tied
    with shelf.uow.begin("worker") as work:
        assert same_audio.find_same_audio(work.session, shelf.store, part, besides_call_id="none") != ()


@only_sqlite
def test_only_the_first_members_of_a_cluster_are_searched(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_audio, "SEARCHED_MEMBERS", 3)
    clusters = {shelf.record(caller_print(PITCH))[1] for _ in range(6)}
    assert len(clusters - {None}) == 1
    assert len(shelf.members()) == 6
    indexed = select(func.count()).select_from(AudioPrintRow).where(AudioPrintRow.is_indexed == 1)
    assert shelf.read(lambda session: session.scalar(indexed)) == 3


@only_sqlite
def test_outside_parties_learn_only_of_their_own_calls(shelf: Shelf) -> None:
    world = shelf.world
    mine, _ = shelf.record(caller_print(PITCH))
    with shelf.uow.read() as session:
        publisher_id = session.get_one(Call, mine).publisher_id
    others, _ = shelf.record(caller_print(PITCH_AGAIN), is_mixed=True, publisher_id=world.other_publisher.id)
    assert shelf.read(lambda session: load_cluster_of_call(session, mine, identity())).facts.call_count == 2
    assert shelf.read(lambda session: load_cluster_of_call(session, mine, identity(Role.PUBLISHER, publisher_id))) is None
    with pytest.raises(NotFound):
        shelf.read(lambda session: load_cluster_of_call(session, others, identity(Role.PUBLISHER, publisher_id)))


def test_another_process_finds_what_this_one_recorded(shelf: Shelf) -> None:
    other = FingerprintStore(shelf.folder)
    shelf.record(caller_print("plumbing-sale-leak.wav"), store=other)
    shelf.record(caller_print(PITCH))
    _, cluster_id = shelf.record(caller_print(PITCH_AGAIN), is_mixed=True, store=other)
    assert cluster_id is not None


def test_the_channel_with_the_caller_is_printed() -> None:
    caller, agent, mixed, unknown = ChannelRole.CALLER, ChannelRole.AGENT, ChannelRole.MIXED, ChannelRole.UNKNOWN
    assert choose_caller_channel((agent, caller)) == (1, False)
    assert choose_caller_channel((mixed,)) == (0, True)
    assert choose_caller_channel((agent, unknown)) is None


@only_sqlite
@pytest.mark.slow
def test_of_all_sample_calls_only_the_robocall_and_its_repetition_come_together(shelf: Shelf) -> None:
    """The truth of the sample calls names one recording that is played in two of them."""
    manifest = yaml.safe_load((CALLS.parent / "manifest.yaml").read_text())
    truth: dict[str, str] = {}
    ids: dict[str, str] = {}
    for call in manifest["calls"]:
        decoded = decode(CALLS.parent / call["file"])
        roles = assign_roles(decoded.channels, [ChannelRole(role) for role in call["channel_roles"]])
        channel, is_mixed = choose_caller_channel(roles) or (0, True)
        samples = decoded.samples[channel]
        print_ = take_print(samples, _signals_of(samples, channel, call["id"], None, is_shared=decoded.channels == 1).speech)
        if print_.speech_s < 2:
            continue
        made, _ = shelf.record(print_, is_mixed=is_mixed)
        ids[made] = call["id"]
        if call["truth"]["same_recording"]:
            truth[call["id"]] = call["truth"]["same_recording"]
    rows = shelf.read(
        lambda session: session.execute(
            select(AudioPrintRow.call_id, SameAudioMember.cluster_id).join(
                SameAudioMember, SameAudioMember.print_id == AudioPrintRow.id
            )
        ).all()
    )
    assert len(ids) > 30
    assert {ids[call_id] for call_id, _ in rows} == set(truth) == {"auto-robocall", "auto-robocall-again"}
    assert len({cluster_id for _, cluster_id in rows}) == 1
