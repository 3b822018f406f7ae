"""What do the pages over all consents show? The list with what each proves, the form, the imports; in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from app.access.identity import Identity
from app.access.masking import show_caller
from app.access.permissions import Permission
from app.compliance.consent_records.file_columns import MORE_NAMES
from app.compliance.consent_records.queries import MOST_LOOKED_AT, ConsentFilters, ConsentLine, ConsentPage
from app.compliance.consent_records.record import CHANNELS, FIELDS, FLAGS, Misfit
from app.compliance.consents import ELEMENTS
from app.tasks import TaskView
from app.vocabulary import CertificateStanding, ConsentAct, ConsentStanding
from app.web.formatting import write_title
from app.web.presenters.call_list import Choice

BASE = "/compliance/consents"
LONGEST_FILTER = 200
STANDINGS: Mapping[ConsentStanding, tuple[str, str, str]] = {
    ConsentStanding.FULL: ("Full", "good", "circle-check"),
    ConsentStanding.UNPROVED: ("Not all proved", "medium", "circle-help"),
    ConsentStanding.LACKING: ("Something missing", "critical", "circle-alert"),
    ConsentStanding.REVOKED: ("Revoked", "critical", "circle-x"),
}
CERTIFICATES: Mapping[CertificateStanding, tuple[str, str, str]] = {
    CertificateStanding.KEPT: ("Kept by the vendor", "good", "circle-check"),
    CertificateStanding.VALID: ("Valid", "good", "circle-check"),
    CertificateStanding.EXPIRING: ("Lost within 3 days", "medium", "calendar-clock"),
    CertificateStanding.LOST: ("Lost", "critical", "octagon-alert"),
    CertificateStanding.UNDATED: ("No date known", "medium", "circle-help"),
    CertificateStanding.NO_CERTIFICATE: ("None", "info", "info"),
}
FIELD_WORDS: Mapping[str, str] = {
    "external_id": "Id of the record", "number": "Number", "seller": "Seller named", "given_at": "Given at, UTC",
    "source": "Call source", "person": "Person", "text": "Text exactly as it was shown", "page_url": "Page",
    "form_version": "Form and version", "act": "What the person did", "ip": "Internet address", "user_agent": "Browser",
    "session_id": "Session", "purpose": "Purpose", "channels": "For", "rendering": "Picture of the page",
    "esign_basis": "E-SIGN basis", "certificate": "Certificate", "certificate_kind": "Vendor",
    "certificate_created_at": "Certificate made at, UTC", "certificate_retained_at": "Kept by the vendor since, UTC",
    "certificate_expires_at": "Certificate expires at, UTC", "certificate_submission_detected": "Vendor saw the form sent",
    "certificate_phone_match": "Vendor matched the number",
}  # fmt: skip
HINTS: Mapping[str, str] = {
    "external_id": "address or text, at most 200 characters; the same id with the same content is known",
    "number": "of the person, North American",
    "given_at": "moment with its offset, such as 2026-11-23T13:00:00Z",
    "source": "external id of a call source on record",
    "text": "verbatim, up to 20,000 characters",
    "act": ", ".join(ConsentAct),
    "channels": "some of " + ", ".join(CHANNELS),
    "names_seller": "yes, no or partners",
    "certificate": "address or id of a TrustedForm certificate, or a LeadiD token",
    "certificate_kind": "trustedform or leadid; guessed from the shape",
    "rendering": "where a picture of the page lies",
}


@dataclass(frozen=True, slots=True)
class LineView:
    """One consent of the list."""

    url: str
    external_id: str
    number: str
    seller: str
    given_at: datetime
    standing: tuple[str, str, str]
    missing: str
    certificate: tuple[str, str, str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    """The list with its filters."""

    lines: tuple[LineView, ...]
    more_url: str | None
    cut: int | None
    number: str
    seller: str
    standings: tuple[Choice, ...]
    lacks: tuple[Choice, ...]
    certificates: tuple[Choice, ...]
    is_narrowed: bool
    may_manage: bool


@dataclass(frozen=True, slots=True)
class FormPage:
    """The form of a new consent: what was typed, and what does not fit, by field."""

    typed: Mapping[str, str]
    problem: str | None
    problems: Mapping[str, str]
    acts: tuple[Choice, ...]
    channels: tuple[tuple[str, str, bool], ...]
    flags: tuple[tuple[str, str, str], ...]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """The form of a file, what its columns may be called, and the files sent before."""

    tasks: tuple[TaskView, ...]
    problem: str | None
    max_mb: int
    columns: tuple[tuple[str, str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class ImportPage:
    """What came of one file."""

    title: str
    counts: tuple[tuple[str, int, str], ...]
    refused: tuple[Mapping[str, Any], ...]
    refused_url: str | None
    sha256: str
    is_done: bool


def read_filters(args: Mapping[str, str]) -> ConsentFilters:
    """Return the filters of an address; what does not fit is left out."""
    lacks = args.get("lacks", "")
    at, _, id_ = args.get("after", "")[:80].partition("_")
    return ConsentFilters(
        seller=args.get("seller", "").strip()[:LONGEST_FILTER] or None,
        standing=_word(ConsentStanding, args.get("standing")),
        certificate=_word(CertificateStanding, args.get("certificate")),
        lacks=lacks if lacks in ELEMENTS else None,
        cursor=_read_cursor(at, id_),
    )


def write_cursor(cursor: tuple[datetime, str] | None) -> str | None:
    """Return where the next page begins, as a word that stands in an address as it is."""
    return None if cursor is None else f"{cursor[0].isoformat().replace('+00:00', 'Z')}_{cursor[1]}"


def present_consents(page: ConsentPage, filters: ConsentFilters, typed: Mapping[str, str], identity: Identity) -> ConsentsPage:
    """Return the list."""
    kept = {
        name: str(value)
        for name in ("seller", "standing", "lacks", "certificate")
        if (value := getattr(filters, name)) is not None
    }
    after = write_cursor(page.next_cursor)
    return ConsentsPage(
        lines=tuple(present_line(line, identity) for line in page.lines),
        more_url=f"{BASE}?{urlencode({**kept, 'after': after})}" if after and filters.number is None else None,
        cut=MOST_LOOKED_AT if page.is_cut else None,
        number=typed.get("number", "")[:40] if filters.number or not kept else "",
        seller=filters.seller or "",
        standings=tuple(Choice(str(word), said[0], word is filters.standing) for word, said in STANDINGS.items()),
        lacks=tuple(Choice(name, f"{name} {said}", name == filters.lacks) for name, said in ELEMENTS.items()),
        certificates=tuple(Choice(str(word), said[0], word is filters.certificate) for word, said in CERTIFICATES.items()),
        is_narrowed=bool(kept or filters.number),
        may_manage=identity.may(Permission.CONSENTS_MANAGE),
    )


def present_line(line: ConsentLine, identity: Identity) -> LineView:
    """Return one consent of the list."""
    row, reading = line.row, line.reading
    missing = [*reading.failed, *(["E3"] if reading.names_partners_only else [])]
    parts = [
        f"missing {', '.join(missing)}" if missing else "",
        f"unknown {', '.join(reading.unknown)}" if reading.unknown else "",
    ]
    return LineView(
        url=f"{BASE}/{row.id}",
        external_id=row.external_id,
        number=show_caller(row.number, identity),
        seller=row.seller or "nobody named",
        given_at=row.given_at,
        standing=STANDINGS[line.standing],
        missing="; ".join(filter(None, parts)),
        certificate=CERTIFICATES[line.certificate],
        expires_at=line.expires_at,
    )


def present_form(typed: Mapping[str, str], *, misfits: Sequence[Misfit] = (), problem: str | None = None) -> FormPage:
    """Return the form."""
    chosen = set(typed.get("channels", "").split(","))
    return FormPage(
        typed=typed,
        problem=problem or (f"{len(misfits)} fields do not fit." if misfits else None),
        problems={misfit.field: misfit.expected for misfit in misfits},
        acts=tuple(Choice(str(act), write_title(act), typed.get("act") == act) for act in ConsentAct),
        channels=tuple((name, write_title(name), name in chosen) for name in CHANNELS),
        flags=tuple((name, said, typed.get(name, "")) for name, said in FLAGS.items()),
        words=FIELD_WORDS,
    )


def present_imports(tasks: Sequence[TaskView], problem: str | None, max_bytes: int) -> ImportsPage:
    """Return the page of imports."""
    return ImportsPage(
        tasks=tuple(tasks),
        problem=problem,
        max_mb=max_bytes // 1_000_000,
        columns=tuple(
            (
                name,
                ", ".join(MORE_NAMES.get(name, ())),
                HINTS.get(name) or (f"{FLAGS[name]}: yes, no, or nothing" if name in FLAGS else FIELD_WORDS[name]),
                name in ("external_id", "number", "given_at"),
            )
            for name in FIELDS
        ),
    )


def present_import(task: TaskView) -> ImportPage:
    """Return what came of one file."""
    told = task.result or {}
    counts = (
        ("Rows", int(told.get("rows", 0)), "info"),
        ("New on record", int(told.get("recorded", 0)), "good"),
        ("Known before", int(told.get("known", 0)), "info"),
        ("Refused", int(told.get("refused", 0)), "critical" if told.get("refused") else "good"),
        ("Calls screened again", int(told.get("screened_again", 0)), "info"),
    )
    return ImportPage(
        title=task.title,
        counts=counts if task.result is not None else (),
        refused=tuple(told.get("first_refused", ())),
        refused_url=f"{BASE}/import/{task.id}/refused.csv" if told.get("has_refusals") else None,
        sha256=str(task.params.get("sha256", "")),
        is_done=task.result is not None,
    )


def _read_cursor(at: str, id_: str) -> tuple[datetime, str] | None:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, id_) if moment.tzinfo is not None and id_ else None


def _word(kind: Any, text: str | None) -> Any:
    try:
        return kind(text)
    except ValueError:
        return None
