"""How do days get into somebody's own calendar? As a file of all-day events (RFC 5545)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LONGEST_LINE = 75  # octets, RFC 5545 section 3.1


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day with what is to be done by its end; ``uid`` is the same whenever the file is made again."""

    uid: str
    day: date
    summary: str
    description: str
    remind_days: int = 3


def write_calendar(days: Iterable[CalendarDay], now: datetime, name: str) -> str:
    """Return the file: one event a day, with a reminder some days ahead."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Earshot//Number lists//EN", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", f"X-WR-CALNAME:{_escape(name)}"]
    for each in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escape(each.uid)}",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{each.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escape(each.summary)}",
            f"DESCRIPTION:{_escape(each.description)}",
            "TRANSP:TRANSPARENT",
            *("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escape(each.summary)}", f"TRIGGER:-P{each.remind_days}D"),
            "END:VALARM",
            "END:VEVENT",
        ]
    return "".join(f"{_fold(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _escape(text: str) -> str:
    """Return text as a value (section 3.3.11)."""
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\r", "").replace("\n", "\\n")


def _fold(line: str) -> str:
    """Break a line that is too long; no letter is cut."""
    parts, part, size = [], "", 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > LONGEST_LINE:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + octets
    return "\r\n".join([*parts, part])
