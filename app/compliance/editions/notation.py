"""How are phrases written down by people? One a line, with marks behind a bar; and back again without loss.

    i got a text
    what's your number | never alone, question
    [part 1]
    we do not offer every plan

A bar inside parentheses parts alternatives, ``(a|the) card``; the first one outside parts the phrase from its marks. Whether a
phrase makes sense is not asked here: that is for :func:`app.language.packs.parse_packs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import InvalidInput

MARKS = {
    "never alone": "never_alone",
    "question": "question",
    "age": "age",
    "needs yes": "needs_yes",
    "decisive": "decisive",
}
"""Marks as people write them, and as packs have them."""

WHAT_MARKS_MEAN = {
    "never_alone": "never alone: noted, but no finding rests on it",
    "question": "question: noted as a question, no finding rests on it",
    "age": "age: does not count before a unit of time or distance",
    "needs_yes": "needs yes: counts once the other party agrees within 6 seconds",
    "decisive": "decisive: one hit is enough where others need two",
}
LONGEST_TEXT = 200_000
UNTIL = "until 2026-09-30"
_PART = re.compile(r"\[\s*(?:part\s+(\d{1,2})|(until 2026-09-30))\s*\]", re.IGNORECASE)
_NAMES = {name: mark for mark, name in MARKS.items()}

Phrase = str | dict[str, Any]


@dataclass(frozen=True, slots=True)
class WrittenPhrases:
    """The phrases of a pack: those of the pack, of each part of a required text, and of the part that is asked only until
    2026-09-30."""

    phrases: list[Phrase] = field(default_factory=list)
    groups: list[list[Phrase]] = field(default_factory=list)
    until: list[Phrase] = field(default_factory=list)


def write_pack_phrases(pack: Mapping[str, Any]) -> str:
    """Return all phrases of a pack as lines."""
    lines = [write_phrase(phrase) for phrase in pack.get("phrases") or ()]
    for number, group in enumerate(pack.get("groups") or (), start=1):
        lines += ["", f"[part {number}]", *(write_phrase(phrase) for phrase in group)]
    if pack.get("group_until_2026_09_30"):
        lines += ["", f"[{UNTIL}]", *(write_phrase(phrase) for phrase in pack["group_until_2026_09_30"])]
    return "\n".join(lines)


def write_phrase(phrase: Any) -> str:
    """Return a phrase with its marks as one line."""
    if not isinstance(phrase, Mapping):
        return str(phrase)
    marks = [_NAMES.get(str(name), str(name)) for name, is_set in phrase.items() if name != "say" and is_set]
    return f"{phrase.get('say')} | {', '.join(marks)}" if marks else str(phrase.get("say"))


def read_pack_phrases(text: str) -> WrittenPhrases:
    """Return the phrases that lines stand for; empty lines are passed over.

    Raises
    ------
    InvalidInput
        Naming every line whose marks are not known, or whose part comes out of turn.
    """
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"phrases: expected at most {LONGEST_TEXT:,} letters, got {len(text):,}", field="phrases")
    written, problems = WrittenPhrases(), list[str]()
    into = written.phrases
    for number, typed in enumerate(text.splitlines(), start=1):
        line = " ".join(typed.split())
        if not line:
            continue
        if line.startswith("["):
            heading = _PART.fullmatch(line)
            if heading is None or (heading[1] and int(heading[1]) != len(written.groups) + 1):
                wanted = f"[part {len(written.groups) + 1}] or [{UNTIL}] on a line of its own"
                problems.append(f"line {number}: expected {wanted}, got {line[:60]!r}")
            elif heading[1]:
                written.groups.append([])
                into = written.groups[-1]
            else:
                into = written.until
            continue
        phrase, flaw = _read_line(line)
        if flaw:
            problems.append(f"line {number}: {flaw}")
        else:
            into.append(phrase)
    if problems:
        raise InvalidInput("phrases: " + "; ".join(problems), field="phrases", problems=problems)
    return written


def compare_phrases(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines that went and the lines that came; a phrase whose marks changed is in both."""
    old, new = (_all_lines(pack) for pack in (before, after))
    return tuple(line for line in old if line not in set(new)), tuple(line for line in new if line not in set(old))


def read_words(text: str) -> list[str]:
    """Return words that are written one a line or with commas between them."""
    return [word for part in re.split(r"[,\n]", text) if (word := " ".join(part.split()))]


def _all_lines(pack: Mapping[str, Any] | None) -> Sequence[str]:
    if pack is None:
        return ()
    lines = [write_phrase(phrase) for phrase in pack.get("phrases") or ()]
    for number, group in enumerate(pack.get("groups") or (), start=1):
        lines += [f"[part {number}] {write_phrase(phrase)}" for phrase in group]
    return [*lines, *(f"[{UNTIL}] {write_phrase(phrase)}" for phrase in pack.get("group_until_2026_09_30") or ())]


def _read_line(line: str) -> tuple[Phrase, str]:
    say, marks = _part(line)
    if marks is None:
        return say, ""
    named: list[str] = [mark for part in marks.split(",") if (mark := " ".join(part.lower().split()))]
    unknown = [name for name in named if name not in MARKS]
    if unknown or not named or not say:
        got = unknown[0] if unknown else ("no words" if not say else "none")
        return say, f"expected words, and behind the bar marks among {', '.join(MARKS)}; got {got[:60]!r}"
    return {"say": say, **{MARKS[name]: True for name in _in_order(named)}}, ""


def _in_order(named: Iterable[str]) -> list[str]:
    return [name for name in MARKS if name in set(named)]


def _part(line: str) -> tuple[str, str | None]:
    depth = 0
    for at, letter in enumerate(line):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth <= 0:
            return line[:at].strip(), line[at + 1 :]
    return line, None
