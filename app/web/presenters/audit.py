"""What does the audit page show? Events in plain words, the filter, and the outcome of the check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from app.vocabulary import EventKind
from app.web.audit_trail import AuditLine, AuditPage, ChainCheck
from app.web.formatting import write_count, write_title
from app.web.presenters.call_list import Choice

SHORT_HASH = 12


@dataclass(frozen=True, slots=True)
class EventView:
    """One event."""

    seq: int
    at: datetime
    what: str
    actor: str
    subject: str
    subject_id: str
    subject_url: str
    details: tuple[tuple[str, str], ...]
    hash: str
    short_hash: str


@dataclass(frozen=True, slots=True)
class CheckView:
    """What the check of the chain found."""

    holds: bool
    text: str


@dataclass(frozen=True, slots=True)
class AuditTrailPage:
    """The whole page."""

    events: tuple[EventView, ...]
    kinds: tuple[Choice, ...]
    subject_types: tuple[Choice, ...]
    subject_id: str
    is_narrowed: bool
    older_url: str | None
    check_url: str
    check: CheckView | None


def present_audit(page: AuditPage, typed: Mapping[str, str], types: Sequence[str], check: ChainCheck | None) -> AuditTrailPage:
    """Return the page."""
    kept = {name: value for name, value in typed.items() if value}
    older = {**kept, "before": str(page.older_than)} if page.older_than else None
    return AuditTrailPage(
        events=tuple(map(_present_event, page.lines)),
        kinds=tuple(Choice(kind.value, _say_kind(kind), kind.value == typed["kind"]) for kind in EventKind),
        subject_types=tuple(Choice(name, write_title(name), name == typed["subject_type"]) for name in types),
        subject_id=typed["subject_id"],
        is_narrowed=bool(kept),
        older_url=f"/audit?{urlencode(older)}" if older else None,
        check_url=f"/audit?{urlencode({**kept, 'check': '1'})}",
        check=_present_check(check) if check else None,
    )


def _present_event(line: AuditLine) -> EventView:
    subject = urlencode({"subject_type": line.subject_type, "subject_id": line.subject_id})
    return EventView(
        seq=line.seq,
        at=line.at,
        what=_say_kind(line.kind),
        actor=line.actor,
        subject=write_title(line.subject_type),
        subject_id=line.subject_id,
        subject_url=f"/audit?{subject}",
        details=tuple((write_title(name), str(value)) for name, value in line.payload.items() if value is not None),
        hash=line.hash,
        short_hash=line.hash[:SHORT_HASH],
    )


def _say_kind(kind: EventKind) -> str:
    """Say a kind of event: ``call.recorded`` as Call recorded."""
    area, _, what = kind.value.partition(".")
    words = what if area == "access" else f"{area} {what}"
    return write_title(words.replace(".", " "))


def _present_check(check: ChainCheck) -> CheckView:
    if check.broken is None:
        return CheckView(True, f"All {write_count(check.event_count)} events were checked: the trail is whole and unaltered.")
    return CheckView(False, f"The trail does not hold from event {check.broken.seq} on: it {check.broken.problem}.")
