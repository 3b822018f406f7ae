"""A call in which a card was read aloud: outside parties read dots and hear tones, search finds no digit of it."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from sqlalchemy import select

from app.access.identity import Identity
from app.audio.redaction import widen
from app.language.redact_text import MASK
from app.models.analysis import AnalysisResult, TranscriptDocument, UtteranceRow
from app.models.calls import Call
from app.models.fingerprints import AudioPrintRow
from app.review.queries import load_call_screen
from app.review.redacted import choose_copy
from app.timeline import Span
from app.vocabulary import Role
from tests.fakes import ScriptedTranscriber, ScriptLine
from tests.integration.analysis.conftest import Desk, sound

CALLER = (ScriptLine(3.0, "my card number is 4111 1111 1111 1111 okay"), ScriptLine(9.0, "it expires in 09 of 29"))
AGENT = (ScriptLine(0.5, "what is the card number"),)
RATE_HZ = 16_000


@pytest.fixture
def call_id(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    desk.use(monkeypatch, replace(desk.services, transcriber=ScriptedTranscriber([*CALLER, *AGENT])))
    call_id = desk.send(sound(CALLER, AGENT))
    desk.run_all()
    return call_id


def look(desk: Desk, call_id: str, role: Role) -> str:
    """Everything that the role's page, player and API are made of, as text."""
    with desk.uow.read() as session:
        call = session.get_one(Call, call_id)
        party = {Role.PUBLISHER: call.publisher_id, Role.ADVERTISER: call.advertiser_id}.get(role)
        identity = Identity("user:1", "One", role, frozenset({party}) if party else None)
        screen = load_call_screen(session, identity, call_id)
        result = session.scalars(select(AnalysisResult)).one()
        key = choose_copy(result, identity)
    assert screen.heard is not None
    assert screen.screened is not None
    assert (key == result.redacted_blob_key) == identity.is_outside
    said = [word.text for u in screen.heard.listening.utterances for word in u.words]
    quotes = [hit.quote for hit in screen.screened.hits]
    findings = [f"{finding.reason} {finding.evidence}" for finding in screen.screened.findings]
    return " ".join([*said, *(u.text for u in screen.heard.listening.utterances), *quotes, *findings])


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.ADVERTISER])
def test_outside_parties_read_no_digit_of_it(desk: Desk, call_id: str, role: Role) -> None:
    told = look(desk, call_id, role)
    assert "my card number is" in told
    assert MASK in told
    assert "1111" not in told
    assert "4111" not in told


def test_reviewers_read_all_of_it(desk: Desk, call_id: str) -> None:
    assert "4111" in look(desk, call_id, Role.REVIEWER)


def test_search_finds_no_digit_of_it(desk: Desk, call_id: str) -> None:
    [document] = desk.load(TranscriptDocument, call_id=call_id)
    assert "my card number is" in document.text
    assert not any(c.isdigit() for c in document.text)


def test_the_second_copy_is_covered_where_the_number_was_and_the_same_elsewhere(desk: Desk, call_id: str) -> None:
    [result] = desk.load(AnalysisResult)
    whole, told = (play(desk, key) for key in (result.listening_blob_key, result.redacted_blob_key))
    assert whole.shape == told.shape
    is_changed = (whole != told).any(axis=0)
    changed = np.flatnonzero(is_changed) / RATE_HZ
    spoken = next(u for u in desk.load(UtteranceRow) if "4111" in u.text)
    digits = [Span(start, end) for start, end, text, *_ in spoken.words if text.strip().isdigit()]
    [covered] = widen(digits, 13.0)
    assert is_changed[int(covered.start_s * RATE_HZ) : int(covered.end_s * RATE_HZ)].mean() > 0.95
    assert changed.min() >= covered.start_s - 0.02


def test_the_caller_is_printed_in_the_transaction_of_the_analysis(desk: Desk, call_id: str) -> None:
    [row] = desk.load(AudioPrintRow)
    assert (row.call_id, row.channel, row.is_mixed, row.no) == (call_id, 0, False, 1)


def play(desk: Desk, key: str) -> np.ndarray:
    content = b"".join(desk.services.blobs.open_range(key))
    return soundfile.read(io.BytesIO(content), dtype="int16", always_2d=True)[0].T
