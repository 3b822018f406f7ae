"""Screened calls for the tests of back-tests: what is said is given, the edition in force judges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.compliance.editions.document import EditionDocument, packaged_document
from app.compliance.editions.judges import judge_in_force
from app.compliance.service import screen_call
from app.models.calls import Call
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.vocabulary import Speaker
from tests.factories.calls import conversation, make_analysis, make_call, make_recording, make_world

Lines = Sequence[tuple[Speaker, float, str]]

GREETING = (Speaker.AGENT, 1.0, "Thank you for calling, this call is recorded. How can I help you today?")
BYE = (Speaker.CALLER, 60.0, "Okay, that works for me, thank you, bye.")
TEXTED: Lines = (GREETING, (Speaker.CALLER, 8.0, "Hi, I got a text message from you about a plan."), BYE)
POSTCARD: Lines = (GREETING, (Speaker.CALLER, 8.0, "Hi, there was a purple postcard in my mailbox."), BYE)
PLAIN: Lines = (GREETING, (Speaker.CALLER, 8.0, "Hi, I would like to ask about a plan."), BYE)


def add_screened_calls(
    uow: UnitOfWork, blobs: BlobStore, talks: Sequence[Lines], *, ages_h: Sequence[float] = (), **changes: Any
) -> list[str]:
    """Store one screened call for each talk, ``ages_h`` hours old (2 where none is given), and return their ids."""
    with uow.begin("system") as work:
        world = make_world(work.session, work.ids, work.now)
        ids = [
            add_screened_call(
                work, world, blobs, talk, work.now - timedelta(hours=ages_h[at] if at < len(ages_h) else 2), **changes
            )
            for at, talk in enumerate(talks)
        ]
    return ids


def add_screened_call(work: Any, world: Any, blobs: BlobStore, talk: Lines, started_at: datetime, **changes: Any) -> str:
    """Store a call of what is said and let the edition in force screen it."""
    call: Call = make_call(work.session, work.ids, work.now, world, started_at=started_at, **changes)
    recording = make_recording(work.session, work.ids, work.now, call)
    listening = conversation(recording.sha256, lines=talk)
    make_analysis(work.session, work.ids, work.now, recording, blobs, listening, sound=(b"", b""))
    screen_call(work, call.id, judge=judge_in_force(work.session))
    return call.id


def with_phrase(document: EditionDocument, phrase: str, pack: str = "PH-CHAN-SMS") -> EditionDocument:
    """Return the document with a phrase more."""
    return _with_pack(document, pack, lambda said: [*said, phrase])


def without_phrases(document: EditionDocument, *phrases: str, pack: str = "PH-CHAN-SMS") -> EditionDocument:
    """Return the document without some phrases; at least one stays."""
    return _with_pack(document, pack, lambda said: [p for p in said if (p if isinstance(p, str) else p["say"]) not in phrases])


def with_rule(rule: str, document: EditionDocument | None = None, **fields: Any) -> EditionDocument:
    """Return the document with some fields of a rule changed."""
    document = document or packaged_document()
    rows = tuple({**row, **fields} if row["id"] == rule else row for row in document.rules)
    return EditionDocument(rows, document.packs)


def _with_pack(document: EditionDocument, pack_id: str, change: Any) -> EditionDocument:
    packs = [
        {**pack, "phrases": change(pack["phrases"])} if pack["id"] == pack_id else pack for pack in document.packs["packs"]
    ]
    return EditionDocument(document.rules, {**document.packs, "packs": packs, "version": document.packs["version"] + 1})
