"""Was this audio heard in another call? Prints a recording, finds its like, and keeps who belongs together.

A copy joins the cluster of the recording that it shares most with; clusters are never merged, so that one recording with two
messages cannot tie two campaigns together. Only the first few members of a cluster are searched: a message that was played a
hundred thousand times is found as quickly as one that was played twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.audio.heard_elsewhere import find_calls_to_screen_again
from app.conversation import Listening
from app.models.fingerprints import AudioPrintRow, AudioPrintSeries, SameAudioCluster, SameAudioMember
from app.ports import JobRequest
from app.unit_of_work import Work
from app.vocabulary import ChannelRole, EventKind, JobName, QueueName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.audio.fingerprint import AudioPrint
    from app.audio.fingerprint_store import FingerprintStore
    from app.audio.likeness import Likeness

LINK_LEAST_S = 6.0
"""Shared seconds of callers' speech that tie two calls together: more than a greeting, a menu line or a read-out number."""

LINK_LEAST_MIXED_S = 12.0
"""The same where a channel holds both parties: our side's own announcements are on it too, and last up to ten seconds."""

SEARCHED_MEMBERS = 8


@dataclass(frozen=True, slots=True)
class CallerPrint:
    """The print of the channel that holds the caller; ``is_mixed`` when it holds our side too."""

    channel: int
    is_mixed: bool
    print_: AudioPrint


@dataclass(frozen=True, slots=True)
class SameAudio:
    """An earlier recording that holds the same audio, and how much of it."""

    print_id: str
    call_id: str
    is_mixed: bool
    likeness: Likeness


def choose_caller_channel(roles: Sequence[ChannelRole]) -> tuple[int, bool] | None:
    """Return the channel with the caller and whether it is mixed; None where nobody says which channel that is."""
    if ChannelRole.CALLER in roles:
        return roles.index(ChannelRole.CALLER), False
    return (roles.index(ChannelRole.MIXED), True) if ChannelRole.MIXED in roles else None


def print_caller(samples: NDArray[np.int16], listening: Listening) -> CallerPrint | None:
    """Return the print of the caller's speech in a recording, int16 samples of shape (channels, n), beside tones and music.

    None where it is not known which channel is the caller's, or less was said than two recordings must share.
    """
    from app.audio.fingerprint import take_print
    from app.audio.likeness import LEAST_MATCHED_S

    chosen = choose_caller_channel(listening.channel_roles)
    if chosen is None:
        return None
    channel, is_mixed = chosen
    print_ = take_print(samples[channel], listening.speech[channel])
    return CallerPrint(channel, is_mixed, print_) if print_.speech_s >= LEAST_MATCHED_S else None


def find_same_audio(
    session: Session, store: FingerprintStore, print_: AudioPrint, *, besides_call_id: str
) -> tuple[SameAudio, ...]:
    """Return the searched recordings of other calls that hold the same audio, the longest match first."""
    from app.audio.fingerprint import decode_print, find_landmarks
    from app.audio.likeness import compare_prints

    offsets = {c.print_no: c.offset_frames for c in store.find(session, find_landmarks(print_))}
    rows = session.scalars(
        select(AudioPrintRow)
        .where(AudioPrintRow.no.in_(offsets), AudioPrintRow.call_id != besides_call_id)
        .order_by(AudioPrintRow.no)
    )
    found = []
    for row in rows:
        likeness = compare_prints(print_, decode_print(row.peaks, row.speech_s), offsets[row.no])
        if likeness.is_same_audio:
            found.append(SameAudio(row.id, row.call_id, row.is_mixed, likeness))
    # Python sorts stably: of equal matches the one recorded first stays first.
    return tuple(sorted(found, key=lambda match: -match.likeness.matched_s))


def record_fingerprint(
    work: Work, store: FingerprintStore, taken: CallerPrint | None, *, call_id: str, recording_id: str
) -> str | None:
    """Keep the print of a recording and return the cluster that it belongs to; a recording is printed once.

    Belongs in the transaction that records the analysis: a killed worker leaves all of it or nothing.
    """
    from app.audio.fingerprint import PRINT_VERSION, encode_print

    if taken is None:
        return None
    session = work.session
    no = _next_no(work)
    known = select(AudioPrintRow.id).where(AudioPrintRow.recording_id == recording_id, AudioPrintRow.version == PRINT_VERSION)
    print_id = session.scalar(known)
    if print_id is not None:
        return _cluster_of(session, print_id)
    matches = find_same_audio(session, store, taken.print_, besides_call_id=call_id)
    best = next((match for match in matches if _is_link(match, is_mixed=taken.is_mixed)), None)
    cluster_id = None if best is None else _cluster_of(session, best.print_id) or _found_cluster(work, best)
    row = AudioPrintRow(
        id=work.new_id(),
        no=no,
        call_id=call_id,
        recording_id=recording_id,
        version=PRINT_VERSION,
        channel=taken.channel,
        is_mixed=taken.is_mixed,
        speech_s=taken.print_.speech_s,
        peaks=encode_print(taken.print_),
        is_indexed=cluster_id is None or _count_searched(session, cluster_id) < SEARCHED_MEMBERS,
        made_at=work.now,
    )
    session.add(row)
    session.flush()
    session.get_one(AudioPrintSeries, 1).next_no = no + 1
    if best is not None and cluster_id is not None:
        like = best.likeness
        again = find_calls_to_screen_again(session, cluster_id, call_id, is_mixed=taken.is_mixed)
        session.add(
            SameAudioMember(
                print_id=row.id,
                cluster_id=cluster_id,
                matched_print_id=best.print_id,
                offset_s=like.offset_s,
                matched_s=like.matched_s,
                share=like.share,
                joined_at=work.now,
            )
        )
        if again:
            work.publish(
                EventKind.CLUSTER_GREW,
                ("cluster", cluster_id),
                {"call_id": call_id, "screened_again": len(again)},
                jobs=tuple(JobRequest(QueueName.LIGHT, JobName.SCREEN_CALL, call) for call in again),
            )
    session.flush()
    return cluster_id


def _is_link(match: SameAudio, *, is_mixed: bool) -> bool:
    least_s = LINK_LEAST_MIXED_S if is_mixed or match.is_mixed else LINK_LEAST_S
    return match.likeness.matched_s >= least_s


def _next_no(work: Work) -> int:
    """Return the next number and hold the row that gives it until the transaction ends: numbers come in order of commits."""
    session = work.session
    row = {"id": 1, "series": work.new_id(), "next_no": 1}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(AudioPrintSeries).values(row).on_conflict_do_nothing())
    held = select(AudioPrintSeries).where(AudioPrintSeries.id == 1).with_for_update()
    return session.scalars(held.execution_options(populate_existing=True)).one().next_no


def _cluster_of(session: Session, print_id: str) -> str | None:
    return session.scalar(select(SameAudioMember.cluster_id).where(SameAudioMember.print_id == print_id))


def _found_cluster(work: Work, first: SameAudio) -> str:
    """Make a cluster of the recording that was matched; return its id."""
    cluster = SameAudioCluster(id=work.new_id(), made_at=work.now)
    work.session.add(cluster)
    work.session.flush()
    work.session.add(SameAudioMember(print_id=first.print_id, cluster_id=cluster.id, joined_at=work.now))
    work.session.flush()
    return cluster.id


def _count_searched(session: Session, cluster_id: str) -> int:
    members = (
        select(func.count()).select_from(SameAudioMember).join(AudioPrintRow, AudioPrintRow.id == SameAudioMember.print_id)
    )
    return session.scalar(members.where(SameAudioMember.cluster_id == cluster_id, AudioPrintRow.is_indexed == 1)) or 0
