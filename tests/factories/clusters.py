"""Clusters of same audio for tests, written straight into the tables."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.calls import Call, Recording
from app.models.fingerprints import AudioPrintRow, SameAudioCluster, SameAudioMember
from app.ports import IdSource


def make_cluster(session: Session, ids: IdSource, now: datetime, calls: Sequence[Call]) -> str:
    """Put calls with recordings into a new cluster; the first is the one that the others were matched to."""
    cluster = SameAudioCluster(id=ids.new_id(), made_at=now)
    session.add(cluster)
    session.flush()
    for call in calls:
        join_cluster(session, ids, now, cluster.id, call)
    return cluster.id


def join_cluster(
    session: Session, ids: IdSource, now: datetime, cluster_id: str, call: Call, *, is_mixed: bool = False
) -> None:
    """Put one more call into a cluster; it shares 21 s with the first."""
    recording = session.scalars(select(Recording).where(Recording.call_id == call.id)).first()
    if recording is None:
        raise ValueError(f"call {call.id} has no recording")
    first = select(SameAudioMember.print_id).where(SameAudioMember.cluster_id == cluster_id)
    matched = session.scalar(first.where(SameAudioMember.matched_print_id.is_(None)))
    made = AudioPrintRow(
        id=ids.new_id(),
        no=(session.scalar(select(func.max(AudioPrintRow.no))) or 0) + 1,
        call_id=call.id,
        recording_id=recording.id,
        version=1,
        channel=0,
        is_mixed=is_mixed,
        speech_s=24.0,
        peaks=b"",
        is_indexed=False,
        made_at=now,
    )
    session.add(made)
    session.flush()
    match = {} if matched is None else {"matched_print_id": matched, "offset_s": 1.5, "matched_s": 21.0, "share": 0.8}
    session.add(SameAudioMember(print_id=made.id, cluster_id=cluster_id, joined_at=now, **match))
    session.flush()
