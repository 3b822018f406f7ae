"""What does the name of a recording say about its call? Patterns such as ``{started_at:%Y%m%d-%H%M%S}_{caller}.{ext}``.

A pattern is compiled to a regular expression in which each field takes characters of its own class and a bounded number of
them, and a free-text field stops before the character that follows it: matching takes linear time whatever the name.
"""

import re
from dataclasses import dataclass

from app.errors import InvalidInput

LONGEST_PATTERN, LONGEST_NAME = 300, 255
DEFAULT_PATTERNS = (
    "{started_at:%Y%m%d-%H%M%S}_{caller}_{tracking_number}_{external_id}.{ext}",
    "{started_at:%Y%m%d-%H%M%S}_{caller}_{tracking_number}.{ext}",
    "{started_at:%Y%m%dT%H%M%SZ}_{caller}_{tracking_number}_{external_id}.{ext}",
    "{started_at:%Y-%m-%dT%H-%M-%SZ}_{caller}_{external_id}.{ext}",
    "{started_at:%s}_{caller}_{external_id}.{ext}",
)
_DIRECTIVES = {
    "Y": ("year", "[0-9]{4}"), "m": ("month", "[0-9]{2}"), "d": ("day", "[0-9]{2}"), "H": ("hour", "[0-9]{2}"),
    "M": ("minute", "[0-9]{2}"), "S": ("second", "[0-9]{2}"), "z": ("offset", "Z|[+-][0-9]{4}"), "s": ("epoch", "[0-9]{10}"),
}  # fmt: skip
_NUMBER = r"\+?[0-9]{3,15}|anonymous|unknown"
_CLASSES = {"caller": _NUMBER, "tracking_number": _NUMBER, "ext": "[A-Za-z0-9]{1,8}", "zip": "[0-9]{5}", "state": "[A-Za-z]{2}"}
_FREE = ("external_id", "campaign", "ad", "source", "sender")
_TOKEN = re.compile(r"\{(?P<name>[a-z_]{1,40})(?::(?P<form>[^{}]{1,60}))?\}")


@dataclass(frozen=True, slots=True)
class FilenamePattern:
    """A pattern that was understood; ``read`` applies it."""

    text: str
    expression: re.Pattern[str]
    is_utc: bool

    def read(self, filename: str) -> dict[str, str] | None:
        """Return the fields that the name carries, with ``started_at`` as a row has it; None when it does not fit."""
        match = self.expression.fullmatch(filename) if len(filename) <= LONGEST_NAME else None
        if match is None:
            return None
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        fields = {name: value for name, value in found.items() if name not in _PARTS}
        started_at = _join_time(found, self.is_utc)
        return fields | ({"started_at": started_at} if started_at else {})


_PARTS = {part for part, _ in _DIRECTIVES.values()}


def compile_pattern(text: str) -> FilenamePattern:
    """Understand a pattern.

    Fields: ``external_id campaign ad source sender caller tracking_number zip state ext`` and ``started_at`` with its form in
    ``%Y %m %d %H %M %S %z %s``; a form that ends in a literal ``Z`` is UTC.

    Raises
    ------
    InvalidInput
        Naming the part that is not understood.
    """
    if not 1 <= len(text) <= LONGEST_PATTERN or "/" in text or "\\" in text:
        raise _refuse(text, f"a pattern of 1 to {LONGEST_PATTERN} characters for a file name without folders")
    pieces: list[str] = []
    names: list[str] = []
    position = 0
    is_utc = False
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            if text[position] in "{}":
                raise _refuse(text, f"a field such as {{caller}} at character {position + 1}")
            pieces.append(re.escape(text[position]))
            position += 1
            continue
        position = token.end()
        name, form = token["name"], token["form"]
        following = text[position : position + 1]
        if name in names or (following == "{" and name != "started_at"):
            raise _refuse(text, f"{{{name}}} once, with a character between it and the next field")
        names.append(name)
        if name == "started_at":
            expression, is_utc = _compile_time(text, form)
            pieces.append(expression)
        else:
            pieces.append(_compile_field(text, name, form, following))
    if not names:
        raise _refuse(text, "at least one field such as {external_id}")
    return FilenamePattern(text, re.compile("".join(pieces)), is_utc)


def read_filename(filename: str, patterns: tuple[FilenamePattern, ...]) -> dict[str, str] | None:
    """Return what the first pattern that fits reads from the name."""
    for pattern in patterns:
        fields = pattern.read(filename)
        if fields is not None:
            return fields
    return None


def _compile_field(text: str, name: str, form: str | None, following: str) -> str:
    if form:
        raise _refuse(text, f"no form behind {{{name}}}; only {{started_at}} has one")
    if name in _FREE:
        stop = re.escape(following) if following else ""
        return f"(?P<{name}>[^{stop}\\x00-\\x1f/\\\\]{{1,200}})"
    if name not in _CLASSES:
        raise _refuse(text, f"one of {', '.join(sorted((*_FREE, *_CLASSES, 'started_at')))} instead of {{{name}}}")
    return f"(?P<{name}>{_CLASSES[name]})"


def _compile_time(text: str, form: str | None) -> tuple[str, bool]:
    if not form:
        raise _refuse(text, "the form of the time, such as {started_at:%Y%m%d-%H%M%S}")
    pieces: list[str] = []
    parts: list[str] = []
    position = 0
    while position < len(form):
        if form[position] != "%":
            pieces.append(re.escape(form[position]))
            position += 1
            continue
        part, expression = _DIRECTIVES.get(form[position + 1 : position + 2], ("", ""))
        if not part or part in parts:
            raise _refuse(text, f"each of {', '.join('%' + d for d in _DIRECTIVES)} at most once in the time")
        parts.append(part)
        pieces.append(f"(?P<{part}>{expression})")
        position += 2
    if parts != ["epoch"] and not {"year", "month", "day", "hour", "minute"} <= set(parts):
        raise _refuse(text, "at least %Y %m %d %H %M (or %s alone) in the time")
    return "".join(pieces), form.endswith("Z")


def _join_time(found: dict[str, str], is_utc: bool) -> str | None:
    if "epoch" in found:
        return found["epoch"]
    if "year" not in found:
        return None
    offset = "Z" if is_utc else found.get("offset", "")
    day = f"{found['year']}-{found['month']}-{found['day']}"
    return f"{day}T{found['hour']}:{found['minute']}:{found.get('second', '00')}{offset}"


def _refuse(text: str, expected: str) -> InvalidInput:
    return InvalidInput(f"file name pattern: expected {expected}, got {text[:80]!r}", code="bad_pattern")
