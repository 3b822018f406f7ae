"""Is a request not to be called done, and what proves it? The number is listed and every party has said that it knows.

The proof is one JSON document in its canonical form, kept with its SHA-256; the audit trail holds the hash. It carries the hash
of the words that were said and not the words: they may have to be erased, the proof never.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.base import canonical_json
from app.models.calls import Call
from app.models.consumers import OptOut, OptOutNotice
from app.models.events import Event
from app.models.numbers import NumberListVersion
from app.models.parties import Party
from app.models.screening import Consent
from app.unit_of_work import Work
from app.vocabulary import EventKind

FORMAT = "earshot-opt-out-proof/1"


def complete_if_told(work: Work, row: OptOut) -> bool:
    """Close a request when its number is listed and no notice waits; keep the proof. Say whether it is closed."""
    if row.completed_at is not None:
        return True
    work.session.flush()
    waiting = select(OptOutNotice.id).where(OptOutNotice.opt_out_id == row.id, OptOutNotice.acknowledged_at.is_(None))
    if row.suppressed_at is None or work.session.scalar(waiting.limit(1)) is not None:
        return False
    row.completed_at = work.now
    row.proof = make_proof(work.session, row)
    row.proof_sha256 = hash_proof(row.proof)
    work.publish(EventKind.OPT_OUT_COMPLETED, ("opt_out", row.id), {"proof_sha256": row.proof_sha256})
    return True


def hash_proof(proof: dict[str, Any]) -> str:
    """Return the SHA-256 of a proof's canonical JSON in UTF-8, hex."""
    return hashlib.sha256(write_proof(proof)).hexdigest()


def write_proof(proof: dict[str, Any]) -> bytes:
    """Return the bytes of a proof as they are handed out: their SHA-256 is the proof's."""
    return canonical_json(proof).encode()


def make_proof(session: Session, row: OptOut) -> dict[str, Any]:
    """Return what was asked, what was done, when and by whom, with the hashes that it can be checked by."""
    call = session.get(Call, row.call_id) if row.call_id else None
    version = session.get(NumberListVersion, row.list_version) if row.list_version else None
    return {
        "format": FORMAT,
        "request": {
            "id": row.id,
            "number": row.number,
            "way": str(row.way),
            "scope": str(row.scope),
            "seller": row.seller,
            "received_at": _write(row.received_at),
            "due_on": row.due_on.isoformat(),
            "recorded_at": _write(row.recorded_at),
            "recorded_by": row.recorded_by,
            "judged_at": _write(row.judged_at),
            "judged_by": row.judged_by,
            "call": None if call is None else {"id": call.id, "sender": call.sender, "external_id": call.external_id},
            "rule": row.rule,
            "span_s": None if row.start_s is None else [row.start_s, row.end_s],
            "quote_sha256": hashlib.sha256(row.quote.encode()).hexdigest() if row.quote else None,
        },
        "suppression": {
            "suppressed_at": _write(row.suppressed_at),
            "list_version": row.list_version,
            "list_sha256": version.sha256 if version else None,
            "list_loaded_at": _write(version.loaded_at) if version else None,
        },
        "consents_revoked": _list_consents(session, row),
        "notices": _list_notices(session, row.id),
        "events": _list_events(session, row.id),
        "completed_at": _write(row.completed_at),
    }


def _list_consents(session: Session, row: OptOut) -> list[dict[str, Any]]:
    rows = session.scalars(select(Consent).where(Consent.number == row.number, Consent.revoked_at.is_not(None)))
    return [
        {"external_id": each.external_id, "seller": each.seller, "given_at": _write(each.given_at),
         "revoked_at": _write(each.revoked_at)}
        for each in sorted(rows, key=lambda each: (each.given_at, each.id))
        if (each.revocation or {}).get("opt_out_id") == row.id
    ]  # fmt: skip


def _list_notices(session: Session, opt_out_id: str) -> list[dict[str, Any]]:
    rows = session.execute(
        select(OptOutNotice, Party)
        .join(Party, Party.id == OptOutNotice.party_id)
        .where(OptOutNotice.opt_out_id == opt_out_id)
        .order_by(Party.external_id)
    )
    return [
        {
            "party": party.external_id,
            "name": party.name,
            "role": str(notice.role),
            "calls": notice.call_count,
            "made_at": _write(notice.made_at),
            "read_at": _write(notice.read_at),
            "acknowledged_at": _write(notice.acknowledged_at),
            "acknowledged_by": notice.acknowledged_by,
            "acknowledged_how": notice.acknowledged_how,
        }
        for notice, party in rows
    ]


def _list_events(session: Session, opt_out_id: str) -> list[dict[str, Any]]:
    own = select(Event).where(Event.subject_type == "opt_out", Event.subject_id == opt_out_id).order_by(Event.seq)
    return [
        {"seq": each.seq, "kind": str(each.kind), "at": _write(each.at), "actor": each.actor, "hash": each.hash}
        for each in session.scalars(own)
    ]


def _write(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
