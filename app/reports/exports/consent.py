"""Which consent stood behind each call? The eleven elements, certificate, text, revocation, and what the consent rules said.

A row is a call that was placed to a consumer, whose origin nobody names, or to whose number a consent is on record. The
elements are read from the facts frozen with the call's screening, those of the strongest consent as the rules took it; the
outcomes are the stored ones. The consent's own record is found by number and moment.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.certificates import expiry_of
from app.compliance.consents import ELEMENTS, ConsentReading, read_consents
from app.compliance.facts import Certificate
from app.compliance.registry.service import NumberLists
from app.models.analysis import AnalysisRun
from app.models.base import canonical_json
from app.models.calls import Recording
from app.models.consumers import CertificateAnswer
from app.models.screening import Consent
from app.reports.exports.contract import Column, ColumnKind, KindOfReport, Params, Reader, Report, ReportTable, Row
from app.reports.exports.reading import (
    ScreenedCall,
    describe_filters,
    iterate_batches,
    rows_of_counter,
    tell_before_facts,
    write_outcome,
)
from app.tasks import OnProgress
from app.vocabulary import ReportKind

TITLE = "Consent report"
RULES = {
    "TCPA-PEWC": "written_consent",
    "CONSENT-CERT": "certificate",
    "CONSENT-RECORD": "record",
    "CONSENT-DISPUTED": "disputed",
    "TCPA-PRERECORDED": "prerecorded",
    "TCPA-AI-VOICE": "ai_voice",
    "TCPA-REVOKE": "revoked",
}
_T, _N, _M, _F = ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.MOMENT, ColumnKind.FLAG
_MAIN_RULES = frozenset({"TCPA-PEWC", "CONSENT-CERT"})

COLUMNS = (
    Column("call", "Call", width=14),
    Column("sender", "Sent by", width=10, is_main=False),
    Column("started_at", "Started", _M, 19),
    Column("campaign", "Campaign", width=18, is_main=False),
    Column("publisher", "Publisher", width=13),
    Column("seller", "Seller", width=15),
    Column("number", "Consumer", width=15),
    Column("placed_by", "Placed by", width=12, is_main=False),
    Column("voice", "Voice", width=12, is_main=False),
    Column("dialer", "Dialler", width=12, is_main=False),
    Column("consents", "Consents on record", _N, 10, is_main=False),
    Column("consent", "Consent", width=15),
    Column("given_at", "Given", _M, 19, is_main=False),
    Column("hours_before", "Hours before the call", _N, 8, "below zero: given after the call began"),
    *(Column(name.lower(), name, width=6, note=told) for name, told in ELEMENTS.items()),
    Column("oral", "Spoken consent", _F, 9, is_main=False),
    Column("revoked_at", "Revoked", _M, 19, is_main=False),
    Column("revocation", "State of revocation at the call", width=18, is_main=False),
    Column("revocation_scope", "Scope of the revocation", width=14, is_main=False),
    Column("certificate_kind", "Certificate", width=12, is_main=False),
    Column("certificate_id", "Certificate id", width=24, is_main=False),
    Column("certificate_status", "State of the certificate at the call", width=20, is_main=False),
    Column("certificate_expires_at", "Certificate expires", _M, 19, is_main=False),
    Column("vendor_answers", "Answers of its vendor", _N, 10, is_main=False),
    Column("vendor_answer_sha256", "SHA-256 of the newest answer", width=24, is_main=False),
    Column("text_sha256", "SHA-256 of the text as shown", width=24, is_main=False),
    Column("text", "Text as shown", width=40, is_main=False),
    Column("record_sha256", "SHA-256 of the consent's record", width=24, is_main=False),
    *(Column(f"rule_{name}", rule, width=12, is_main=rule in _MAIN_RULES) for rule, name in RULES.items()),
    Column("screened_at", "Screened", _M, 19, is_main=False),
    Column("facts_sha256", "SHA-256 of the facts and versions judged", width=24, is_main=False),
    Column("recording_sha256", "SHA-256 of the recording that was judged", width=24, is_main=False),
)


def build_consent_report(
    session: Session, params: Params, reader: Reader, *, lists: NumberLists | None, now: datetime, on_progress: OnProgress
) -> Report:
    """Return the consent report (compliance reference, section 10: what officers need)."""
    tally = _Tally()

    def rows() -> Iterator[Row]:
        for batch in iterate_batches(session, params, reader, on_progress, report):
            wanted = [call for call in batch if tally.takes(call)]
            records = _load_records(session, wanted)
            for call in wanted:
                yield _row(call, records, reader, tally)

    tables = (
        ReportTable("consents", "Calls and the consent behind them", COLUMNS, rows()),
        ReportTable("by-publisher", "By publisher", _PUBLISHER_COLUMNS, tally.publisher_rows(), is_summary=True),
        ReportTable("by-rule", "What the rules said", _RULE_COLUMNS, tally.rule_rows(), is_summary=True),
    )
    report = Report(
        ReportKind.CONSENT,
        TITLE,
        describe_filters(session, params, reader),
        tables,
        notes=(
            "A call has a row when it was placed to the consumer, when nobody says who placed it, or when a consent of its "
            "number is on record.",
            "The elements E1 to E11 are those of the strongest consent as the rules read it; unknown is neither yes nor no.",
        ),
        late_notes=lambda: (*tally.notes(), *tell_before_facts(report)),
    )
    return report


CONSENT = KindOfReport(
    ReportKind.CONSENT,
    TITLE,
    "For every call that needed one: the consent behind it, element by element, its certificate, its text, whether it was "
    "revoked, and what the consent rules said.",
    build_consent_report,
)

_PUBLISHER_COLUMNS = (
    Column("publisher", "Publisher", width=24),
    Column("calls", "Calls in the period", _N, 12),
    Column("in_report", "In this report", _N, 12),
    Column("proved", "All eleven proved", _N, 12),
    Column("failed", "An element fails", _N, 12),
    Column("unknown", "An element is unknown", _N, 12),
    Column("none", "No consent on record", _N, 12),
)
_RULE_COLUMNS = (Column("rule", "Rule", width=20), Column("outcome", "Outcome", width=18), Column("calls", "Calls", _N, 10))


@dataclass(slots=True)
class _Tally:
    """Counts while rows are made."""

    publishers: dict[str, Counter[str]] = field(default_factory=dict)
    rules: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    unscreened: int = 0

    def takes(self, call: ScreenedCall) -> bool:
        counts = self.publishers.setdefault(call.publisher or "not named", Counter())
        counts["calls"] += 1
        if call.facts is None:
            self.unscreened += call.screening is None
            return False
        takes = call.is_outbound is not False or bool(call.facts.consents)
        counts["in_report"] += takes
        return takes

    def count(self, call: ScreenedCall, reading: ConsentReading | None) -> None:
        counts = self.publishers[call.publisher or "not named"]
        if reading is None:
            counts["none"] += 1
        elif reading.is_full:
            counts["proved"] += 1
        else:
            counts["failed" if reading.failed else "unknown"] += 1
        for rule in RULES:
            outcome = call.outcomes.get(rule)
            if outcome is not None:
                self.rules[rule, write_outcome(outcome)] += 1

    def publisher_rows(self) -> Iterator[Row]:
        for publisher, counts in sorted(self.publishers.items()):
            yield (publisher, *(counts[column.name] for column in _PUBLISHER_COLUMNS[1:]))

    def rule_rows(self) -> Iterator[Row]:
        yield from rows_of_counter(self.rules)

    def notes(self) -> tuple[str, ...]:
        if not self.unscreened:
            return ()
        return (f"{self.unscreened:,} calls were not screened yet, so nothing is known of their consent; they are not listed.",)


@dataclass(frozen=True, slots=True)
class _Records:
    consents: Mapping[tuple[str, datetime], Consent]
    answers: Mapping[str, tuple[int, str]]
    recordings: Mapping[str, str]


def _load_records(session: Session, calls: Sequence[ScreenedCall]) -> _Records:
    """Return what is on record beside the frozen facts, for some calls at once."""
    numbers = {call.number for call in calls if call.number}
    consents = session.scalars(select(Consent).where(Consent.number.in_(numbers))).all()
    ids = [consent.id for consent in consents]
    answers: dict[str, tuple[int, str]] = {}
    told = select(CertificateAnswer.consent_id, CertificateAnswer.sha256).where(CertificateAnswer.consent_id.in_(ids))
    for consent_id, sha256 in session.execute(told.order_by(CertificateAnswer.asked_at, CertificateAnswer.id)):
        answers[consent_id] = (answers.get(consent_id, (0, ""))[0] + 1, sha256)
    heard = select(AnalysisRun.call_id, Recording.sha256).join(Recording, Recording.id == AnalysisRun.recording_id)
    runs = [call.screening.run_id for call in calls if call.screening]
    recordings = {row[0]: row[1] for row in session.execute(heard.where(AnalysisRun.id.in_(runs)))}
    return _Records({(each.number, each.given_at): each for each in consents}, answers, recordings)


def _row(call: ScreenedCall, records: _Records, reader: Reader, tally: _Tally) -> Row:
    assert call.facts is not None
    origin, screening = call.origin, call.screening
    assert screening is not None
    readings = read_consents(call.facts, number=call.number, at=origin.started_at if origin else None)
    reading = readings[0] if readings else None
    tally.count(call, reading)
    placed_by = {True: "the caller's side", False: "the consumer", None: "not told"}[call.is_outbound]
    return (
        call.call.external_id,
        call.call.sender,
        call.at,
        call.campaign,
        call.publisher,
        call.facts.seller,
        reader.show(call.number),
        placed_by,
        str(origin.voice).replace("_", " ") if origin and origin.voice else None,
        str(origin.dialer).replace("_", " ") if origin and origin.dialer else None,
        len(readings),
        *_consent_cells(call, reading, records),
        *(write_outcome(call.outcomes[rule]) if rule in call.outcomes else None for rule in RULES),
        screening.made_at,
        screening.input_hash,
        records.recordings.get(call.call.id),
    )


def _consent_cells(call: ScreenedCall, reading: ConsentReading | None, records: _Records) -> Row:
    if reading is None:
        return (None,) * (3 + len(ELEMENTS) + 13)
    consent = reading.consent
    given, certificate = consent.given_at, consent.certificate
    record = records.consents.get((call.number, given)) if call.number and given else None
    count, answer = records.answers.get(record.id, (0, None)) if record else (0, None)
    before = None if given is None else round((call.at - given).total_seconds() / 3600, 2)
    return (
        record.external_id if record else None,
        given,
        before,
        *(_write_element(value) for value in reading.elements.values()),
        consent.is_oral,
        consent.revoked_at,
        _say_revocation(consent.revoked_at, call.at),
        consent.revocation_scope,
        certificate.kind if certificate else None,
        certificate.id if certificate else None,
        _say_certificate(certificate, call.at),
        expiry_of(certificate) if certificate else None,
        count if record else None,
        answer,
        record.text_sha256 if record else None,
        (record.shown or {}).get("text") if record else None,
        _hash_record(record) if record else None,
    )


def _write_element(value: bool | str | None) -> str:
    if isinstance(value, str):
        return value
    return "unknown" if value is None else "yes" if value else "no"


def _say_revocation(revoked_at: datetime | None, at: datetime) -> str:
    if revoked_at is None:
        return "not revoked"
    return "revoked before the call" if revoked_at <= at else "revoked after the call"


def _say_certificate(certificate: Certificate | None, at: datetime) -> str:
    if certificate is None:
        return "none"
    if certificate.retained_at is not None:
        return "kept by its vendor" if certificate.retained_at <= at else "kept by its vendor since after the call"
    expires = expiry_of(certificate)
    if expires is None:
        return "not told when it expires"
    return "not expired" if expires > at else "expired"


def _hash_record(consent: Consent) -> str:
    """Return the SHA-256 of a consent as it lies in the database; its revocation is part of it."""
    told = {column.name: getattr(consent, column.key) for column in Consent.__table__.columns}
    written = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}
    return hashlib.sha256(canonical_json(written).encode()).hexdigest()
