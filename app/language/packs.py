"""Which phrases matter, to which rule, and how may each be read? The phrase packs as checked values.

:func:`load_pack_document` is the only function of this package that reads a file: the data shipped beside it. A draft edited
elsewhere goes through the same :func:`parse_packs` and gets the same errors.
"""

import hashlib
import itertools
import json
import math
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, TypeVar

import yaml

from app.errors import InvalidInput
from app.language.normalise import ARTICLES, FILLERS, spoken_words
from app.language.words import word_set
from app.vocabulary import PackKind, Severity, Speaker

_Word = TypeVar("_Word", PackKind, Severity, Speaker)
_MARKS = ("never_alone", "question", "age", "needs_yes", "decisive")
# What a phrase may ask of the machine; the shipped phrases stay far below. A draft that asks for more is refused, not run.
LONGEST_PHRASE = 160  # letters
MOST_GAPS = 3  # of `*` and `{n}` in one phrase
MOST_CHOICES = 32  # wordings that the alternatives of one phrase multiply to
MOST_PHRASES = 5_000  # in all packs
MOST_WORDINGS = (
    8_000  # that the phrases of all packs make with their alternatives: each takes about half a millisecond to lay out
)
# Letters, digits and what is written among them in speech; signs of regular expressions are none of it.
_NOT_SAID = re.compile(r"[^\w\s'’.,&%$/:#@!?*{}()|-]", re.ASCII)
_SHORT = reprlib.Repr()
_SHORT.maxlevel = 2
_SHORT.maxstring = 60
_PACK_KEYS = word_set(
    "id rule kind speaker severity note negators negated_inside statement needs_digits_s needs_name window_s groups "
    "group_until_2026_09_30 phrases"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing people say, with its marks.

    ``group`` is the part of a required text that it proves (None: the pack has no parts); -1 is the part asked for only until
    2026-09-30.
    """

    say: str
    never_alone: bool = False
    question: bool = False
    age: bool = False
    needs_yes: bool = False
    decisive: bool = False
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """Phrases that speak for one rule; ``speaker`` is None when either party may say them."""

    id: str
    rule: str
    kind: PackKind
    speaker: Speaker | None
    severity: Severity
    phrases: tuple[Phrase, ...]
    note: str = ""
    negators: tuple[str, ...] = ()
    negated_inside: tuple[str, ...] = ()
    statement: bool = False
    needs_digits_s: float | None = None
    needs_name: bool = False
    window_s: tuple[float, float] | None = None
    groups: int = 0


@dataclass(frozen=True, slots=True)
class PhrasePacks:
    """All packs of one version, in the order of the file."""

    version: int
    as_of: str
    packs: tuple[Pack, ...]
    meant_together: frozenset[frozenset[str]] = frozenset()

    def get(self, pack_id: str) -> Pack:
        """Return the pack with this id.

        Raises
        ------
        KeyError
            If no pack has it.
        """
        for pack in self.packs:
            if pack.id == pack_id:
                return pack
        raise KeyError(pack_id)


def load_packs() -> PhrasePacks:
    """Return the packs shipped with the product."""
    return parse_packs(load_pack_document())


def load_pack_document() -> dict[str, Any]:
    """Read the document of the packs shipped with the product."""
    text = resources.files("app.language").joinpath("data", "phrases.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def name_packs(document: Mapping[str, Any]) -> str:
    """Return the version of a document of packs: its number and the hash of its content; equal packs have an equal name."""
    content = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return f"{document.get('version')}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def parse_packs(data: Any) -> PhrasePacks:
    """Check a document of packs and return it as values.

    Raises
    ------
    InvalidInput
        Naming every pack and phrase that does not fit, with what was expected and what came.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("packs"), list):
        raise InvalidInput(f"Phrase packs: expected a mapping with a list `packs`, got {_kind_of(data)}")
    problems: list[str] = []
    packs: list[Pack] = []
    for number, item in enumerate(data["packs"], start=1):
        pack = _parse_pack(item, f"pack {number}", problems)
        if pack is not None:
            packs.append(pack)
    ids = [pack.id for pack in packs]
    problems += [
        f"{name}: expected each pack id once, got it {ids.count(name)} times"
        for name in sorted(set(ids))
        if ids.count(name) > 1
    ]
    count = sum(len(pack.phrases) for pack in packs)
    if count > MOST_PHRASES:
        problems.append(f"packs: expected at most {MOST_PHRASES} phrases in all, got {count}")
    wordings = sum(_count_wordings(phrase.say) for pack in packs for phrase in pack.phrases)
    if wordings > MOST_WORDINGS:
        problems.append(f"packs: expected alternatives that make at most {MOST_WORDINGS:,} wordings in all, got {wordings:,}")
    together: set[frozenset[str]] = set()
    pairs = data.get("meant_together") or ()
    if not isinstance(pairs, list | tuple):
        problems.append(f"meant_together: expected a list of pairs, got {_kind_of(pairs)}")
        pairs = ()
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(name, str) and name in ids for name in pair):
            problems.append(f"meant_together: expected two ids of packs in this file, got {_show(pair)}")
        else:
            together.add(frozenset(map(str, pair)))
    as_of = data.get("as_of", "")
    if not isinstance(as_of, str | date):
        problems.append(f"as_of: expected a date, got {_kind_of(as_of)}")
    version = data.get("version")
    if not isinstance(version, int):
        problems.append(f"version: expected a whole number, got {_show(version)}")
    if problems:
        raise InvalidInput("Phrase packs do not fit:\n  " + "\n  ".join(problems), problems=problems)
    assert isinstance(version, int)
    return PhrasePacks(version, str(as_of), tuple(packs), frozenset(together))


def _parse_pack(item: Any, where: str, problems: list[str]) -> Pack | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("id"), str):
        problems.append(f"{where}: expected a mapping with an `id`, got {_kind_of(item)}")
        return None
    where = item["id"]
    before = len(problems)
    unknown = sorted(set(map(str, item)) - _PACK_KEYS)
    if unknown:
        problems.append(f"{where}: expected only {', '.join(sorted(_PACK_KEYS))}; got {', '.join(unknown)}")
    if not isinstance(item.get("rule"), str):
        problems.append(f"{where}: expected a rule id in `rule`, got {_show(item.get('rule'))}")
    note = item.get("note", "")
    if not isinstance(note, str):
        problems.append(f"{where}: note: expected a text, got {_kind_of(note)}")
    kind = _one_of(PackKind, item.get("kind"), f"{where}: kind", problems)
    severity = _one_of(Severity, item.get("severity"), f"{where}: severity", problems)
    speaker = None if item.get("speaker") == "any" else _one_of(Speaker, item.get("speaker"), f"{where}: speaker", problems)
    phrases = _parse_phrases(item.get("phrases"), f"{where}: phrases", None, problems)
    groups = item.get("groups") or []
    if not isinstance(groups, list):
        problems.append(f"{where}: groups: expected a list of lists of phrases, got {_kind_of(groups)}")
        groups = []
    negators = _parse_words(item.get("negators"), f"{where}: negators", problems)
    negated_inside = _parse_words(item.get("negated_inside"), f"{where}: negated_inside", problems)
    for number, group in enumerate(groups):
        phrases += _parse_phrases(group, f"{where}: groups[{number}]", number, problems)
    if item.get("group_until_2026_09_30"):
        phrases += _parse_phrases(item["group_until_2026_09_30"], f"{where}: group_until_2026_09_30", -1, problems)
    window = _parse_window(item.get("window_s"), f"{where}: window_s", problems)
    digits = item.get("needs_digits_s")
    if digits is not None and (not isinstance(digits, int | float) or digits <= 0):
        problems.append(f"{where}: needs_digits_s: expected seconds above 0, got {_show(digits)}")
    if len(problems) > before or kind is None or severity is None:
        return None
    return Pack(
        id=where,
        rule=item["rule"],
        kind=kind,
        speaker=speaker,
        severity=severity,
        phrases=tuple(phrases),
        note=note,
        negators=negators,
        negated_inside=negated_inside,
        statement=bool(item.get("statement", False)),
        needs_digits_s=None if digits is None else float(digits),
        needs_name=bool(item.get("needs_name", False)),
        window_s=window,
        groups=len(groups),
    )


def _parse_words(value: Any, where: str, problems: list[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(word, str) and spoken_words(word) for word in value):
        return tuple(value)
    problems.append(f"{where}: expected a list of words, got {_kind_of(value)}")
    return ()


def _parse_phrases(items: Any, where: str, group: int | None, problems: list[str]) -> list[Phrase]:
    if not isinstance(items, Sequence) or isinstance(items, str) or not items:
        problems.append(f"{where}: expected a list of phrases, got {_kind_of(items)}")
        return []
    phrases: list[Phrase] = []
    said: set[str] = set()
    for number, item in enumerate(items, start=1):
        fields = {"say": item} if isinstance(item, str) else item
        if not isinstance(fields, Mapping) or not isinstance(fields.get("say"), str) or not fields["say"].strip():
            problems.append(f"{where}, phrase {number}: expected words, or a mapping with `say`, got {_show(item)}")
            continue
        say = fields["say"]
        wrong = sorted(set(map(str, fields)) - {"say", *_MARKS})
        if wrong:
            problems.append(f"{where}, phrase {_show(say)}: expected marks among {', '.join(_MARKS)}; got {', '.join(wrong)}")
        flaw = _find_flaw(say)
        if flaw:
            problems.append(f"{where}, phrase {_show(say)}: {flaw}")
        if say in said:
            problems.append(f"{where}, phrase {_show(say)}: expected each phrase once")
        said.add(say)
        phrases.append(Phrase(say, **{mark: bool(fields.get(mark, False)) for mark in _MARKS}, group=group))
    return phrases


def _find_flaw(say: str) -> str:  # noqa: PLR0911 - one return per flaw
    """Return what is wrong with the pattern of a phrase, or an empty text."""
    if len(say) > LONGEST_PHRASE:
        return f"expected at most {LONGEST_PHRASE} letters, got {len(say)}"
    strange = _NOT_SAID.search(say)
    if strange:
        return f"expected words as people say them, got {strange[0]!r}; regular expressions are not read"
    if not re.fullmatch(r"[^()|]*(?:\([^()]*\)[^()|]*)*", say):
        return "expected alternatives as (one|other), with both parentheses and none inside another"
    choices = _count_wordings(say)
    if choices > MOST_CHOICES:
        return f"expected alternatives that make at most {MOST_CHOICES} wordings, got {choices}"
    parts = say.split()
    if parts[0] in ("*", "{n}") or parts[-1] in ("*", "{n}"):
        return "expected a word at both ends, got * or {n} there"
    if sum(part in ("*", "{n}") for part in parts) > MOST_GAPS:
        return f"expected at most {MOST_GAPS} of * and {{n}}"
    if any(a in ("*", "{n}") and b in ("*", "{n}") for a, b in itertools.pairwise(parts)):
        return "expected a word between two of * and {n}"
    bad = [part for part in parts if ("*" in part and part != "*") or (("{" in part or "}" in part) and part != "{n}")]
    if bad:
        return f"expected * and {{n}} as words of their own, got {bad[0]!r}"
    for stretch in re.split(r"\s(?:\*|\{n\})\s", re.sub(r"[()|]", " ", say)):
        words = [word for part in stretch.split() for word in spoken_words(part)]
        if all(word in ARTICLES or word in FILLERS for word in words):
            return "expected a word that is more than an article at both ends and between two of * and {n}"
    return ""


def _count_wordings(say: str) -> int:
    """Return how many wordings the alternatives of a phrase make."""
    return math.prod(inside.count("|") + 1 for inside in re.findall(r"\(([^()]*)\)", say))


def _parse_window(value: Any, where: str, problems: list[str]) -> tuple[float, float] | None:
    if value is None:
        return None
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(v, int | float) for v in value)
        and 0 <= value[0] < value[1]
    ):
        return (float(value[0]), float(value[1]))
    problems.append(f"{where}: expected [from, to] in seconds with 0 <= from < to, got {_show(value)}")
    return None


def _one_of(kind: type[_Word], value: Any, where: str, problems: list[str]) -> _Word | None:
    try:
        return kind(value if isinstance(value, str) else "")
    except ValueError:
        allowed = ", ".join(member.value for member in kind)
        problems.append(f"{where}: expected one of {allowed}{', any' if kind is Speaker else ''}; got {_show(value)}")
        return None


def _kind_of(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {_show(value)}"[:80]


def _show(value: Any) -> str:
    """Write a value that did not fit, shortened: a draft may hold anything, also lists that hold themselves."""
    return _SHORT.repr(value)[:LONGEST_PHRASE]
