"""What may be set in a rule, in plain words, and does what somebody set fit? One table of parameters.

A rule's function reads its parameters without asking twice, so that a wrong one would stop every screening: it is refused here,
before a draft can be published. A parameter that this table does not know must have the shape that it ships with.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from re import _parser  # type: ignore[attr-defined] # the only way to see a pattern's parts
from typing import Any

from app.compliance.rule_set import load_rule_rows
from app.language.sensitive import SensitiveKind
from app.vocabulary import Channel, LegVoice, Outcome, Severity

MOST_ITEMS = 400
LONGEST_WORD = 200
LONGEST_PATTERN = 600
LARGEST_NUMBER = 100_000
WAYS_OF_OPEN_REPEAT = 1_000
MOST_WAYS = 1e9
STATE = re.compile(r"[A-Z]{2}")


class ParameterKind(StrEnum):
    """What a parameter's value is; not stored, so no word of the trade."""

    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    DAY = "day"
    CHOICE = "choice"
    WORDS = "words"
    PACKS = "packs"
    PACK = "pack"
    STATES = "states"
    PATTERN = "pattern"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it says to people, and what its value must be; ``choices`` empty: any word."""

    name: str
    says: str
    kind: ParameterKind
    choices: tuple[str, ...] = ()
    least: float = 0


K = ParameterKind
_OUTCOMES = tuple(str(outcome) for outcome in (Outcome.VIOLATION, Outcome.REVIEW, Outcome.NEEDS_EVIDENCE))

_KNOWN = (
    Parameter("any_speaker", "Words count whoever said them, also when the party is not known", K.FLAG),
    Parameter("below", "A speaker below this age, in years, is a child", K.WHOLE, least=1),
    Parameter("benefits", "Phrases that show that benefits are being discussed", K.PACKS),
    Parameter("business_days", "Business days allowed to act on the request", K.WHOLE),
    Parameter("business_days_from", "First day from which business days count instead of calendar days", K.DAY),
    Parameter("channels", "Channels that the words point to", K.WORDS, tuple(map(str, Channel))),
    Parameter("consent_exempt", "States where a consumer's consent lifts the rule", K.STATES),
    Parameter("context_too", "Words that are context only count as well", K.FLAG),
    Parameter("cost", "Phrases that tell what it costs", K.PACKS),
    Parameter("critical_states", "States where a breach is critical", K.STATES),
    Parameter("days", "Days that the rule looks back, or that may pass", K.WHOLE),
    Parameter("default_days", "Days in which a second call is a duplicate, where the campaign does not say", K.WHOLE),
    Parameter("disclaimer", "Phrases that make up the disclaimer", K.PACK),
    Parameter("disguised", "Phrases that hide what the call is for", K.PACKS),
    Parameter("exempt", "What lifts the rule, by state", K.TABLE),
    Parameter("for_machines", "Whether the rule is about calls on which a machine speaks", K.FLAG),
    Parameter("former_days", "Calendar days that were allowed before business days counted", K.WHOLE),
    Parameter("grace_s", "Seconds after the talk begins in which the notice may still come", K.NUMBER),
    Parameter("groups", "Parts of the text that must be said", K.WHOLE, least=1),
    Parameter("hours", "Hours within which the request must be on the list", K.NUMBER),
    Parameter("kinds", "Kinds of numbers of people that the rule is about", K.WORDS, tuple(map(str, SensitiveKind))),
    Parameter("least_score", "Least score of the voice detector, 0 to 1", K.NUMBER),
    Parameter("least_seconds_on_page", "Least time on the form's page, in seconds", K.NUMBER),
    Parameter("max_lead_age_days", "Oldest lead that may be called, in days, where the campaign does not say", K.WHOLE),
    Parameter("means_outbound", "The words mean that somebody called the consumer first", K.FLAG),
    Parameter("means_transfer", "The words mean that the call was handed over", K.FLAG),
    Parameter("message_codes", "Signs of a message that is played, as the voice detector names them", K.WORDS),
    Parameter("misrepresentation", "The words are about a claim that may be untrue", K.FLAG),
    Parameter("months", "Months that a purchase lets the seller call, by state", K.TABLE),
    Parameter("most_calls", "Calls from one number that are still usual", K.WHOLE, least=1),
    Parameter("must_record", "Trades in which calls must be recorded", K.WORDS),
    Parameter("notice_on_recording", "States where the notice must be on the recording itself", K.STATES),
    Parameter("one", "Outcome by one clear hit", K.CHOICE, _OUTCOMES),
    Parameter("outcome", "Outcome when it is found", K.CHOICE, _OUTCOMES),
    Parameter("pack", "Phrases that the rule listens for", K.PACK),
    Parameter("packs", "Phrases that the rule listens for", K.PACKS),
    Parameter("payment", "Phrases with which payment is taken", K.PACKS),
    Parameter("proclaimed", "Days that a state closed by proclamation, by state", K.TABLE),
    Parameter("refusals", "Phrases that only refuse the offer and ask for nothing", K.WORDS),
    Parameter("required", "What must be said, by phrase pack", K.TABLE),
    Parameter("rest_days", "Days that a number must have rested before it is given out again", K.WHOLE),
    Parameter("review_in", "Trades in which a hit is for a person to judge", K.WORDS),
    Parameter("says", "What the text must say, as a pattern", K.PATTERN),
    Parameter("scopes", "How far the revocation must reach", K.WORDS),
    Parameter("soft_packs", "Phrases that may be such a request", K.PACKS),
    Parameter("softened_by", "Phrases after which a hit is for a person to judge", K.PACKS),
    Parameter("states", "States that the rule is about", K.STATES),
    Parameter("stop_within_s", "Seconds within which recording must stop", K.NUMBER),
    Parameter("transfer_packs", "Phrases of an agent who hands the caller over", K.PACKS),
    Parameter("two", "Outcome by two clear hits", K.CHOICE, _OUTCOMES),
    Parameter("unasked_days", "Days after which a number may have a new owner", K.WHOLE),
    Parameter("unless", "What lifts the rule when the text says it, as a pattern", K.PATTERN),
    Parameter("verticals", "Trades that the rule is about", K.WORDS),
    Parameter("voices", "Voices that the rule is about", K.WORDS, tuple(map(str, LegVoice))),
    Parameter("voices_within_s", "Seconds in which the voices must be heard", K.NUMBER),
    Parameter("within_s", "Seconds within which it must be said", K.NUMBER),
    Parameter("years", "Years that the request lasts", K.WHOLE, least=1),
)
_BY_NAME = {parameter.name: parameter for parameter in _KNOWN}
# Rules that use a name in a sense or kind of their own.
_BY_FUNCTION = {
    ("list_age", "days"): Parameter("days", "Days for which a copy of the list may be used", K.WHOLE),
    ("repeat_caller", "days"): Parameter("days", "Days in which calls from one number are counted", K.WHOLE, least=1),
    ("hidden_transfer", "voices"): Parameter("voices", "Different voices on our side that show a transfer", K.WHOLE, least=2),
    ("state_autodial", "states"): Parameter("states", "How grave it is, by state", K.TABLE),
}
_OUTCOME_OR_SEVERITY = {("state_autodial", "states"): tuple(map(str, Severity))}


def find_parameter(function: str, name: str) -> Parameter | None:
    """Return what is known of a parameter of a rule function; None: only the shape it ships with is known."""
    return _BY_FUNCTION.get((function, name)) or _BY_NAME.get(name)


def list_parameters(function: str) -> tuple[str, ...]:
    """Return the names that rows with this function may set, those that ship first."""
    return tuple(_shipped(function))


def find_parameter_problems(row: Mapping[str, Any], packs: frozenset[str]) -> list[str]:
    """Return what does not fit in a rule row's parameters.

    ``packs`` are the ids that it may name: of the edition, and of the release, because a rule whose pack was taken out
    hears nothing and harms nobody, while a name that never was is a slip of the pen.
    """
    function, params = str(row.get("function")), row.get("params") or {}
    name = f"{row.get('id')}"
    if not isinstance(params, Mapping):
        return [f"{name}: params: expected names with values, got {type(params).__name__}"]
    shipped = _shipped(function)
    if not shipped and not params:
        return []
    problems = [f"{name}: {key}: the function {function} reads no such parameter" for key in params if key not in shipped]
    problems += [f"{name}: {key}: the function {function} needs it" for key in _needed(function) if key not in params]
    for key, value in params.items():
        if key not in shipped:
            continue
        parameter = find_parameter(function, key)
        flaw = _find_flaw(parameter, value, packs) if parameter and parameter.kind is not K.TABLE else ""
        if not flaw and (parameter is None or parameter.kind is K.TABLE):
            flaw = _find_table_flaw(function, key, value, shipped[key], packs)
        if flaw:
            problems.append(f"{name}: {key}: {flaw}")
    return problems


def packs_named_by(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of phrase packs that a rule row's parameters name, in their order."""
    return tuple(dict.fromkeys(_walk_packs(row.get("params") or {})))


def _walk_packs(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [value] if value.startswith("PH-") else []
    if isinstance(value, Mapping):
        return [name for pair in value.items() for part in pair for name in _walk_packs(part)]
    return [name for part in value for name in _walk_packs(part)] if isinstance(value, list | tuple) else []


@cache
def _rows_by_function() -> dict[str, list[Mapping[str, Any]]]:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in load_rule_rows():
        rows.setdefault(str(row["function"]), []).append(row)
    return rows


@cache
def _shipped(function: str) -> dict[str, Any]:
    """Return the parameters of all packaged rows with a function, each with one value it ships with."""
    found: dict[str, Any] = {}
    for row in _rows_by_function().get(function, ()):
        for key, value in (row.get("params") or {}).items():
            found.setdefault(key, value)
    return found


@cache
def _needed(function: str) -> frozenset[str]:
    """Return the parameters that every packaged row with a function has."""
    rows = [frozenset(row.get("params") or {}) for row in _rows_by_function().get(function, ())]
    return frozenset.intersection(*rows) if rows else frozenset()


def _find_flaw(parameter: Parameter, value: Any, packs: frozenset[str]) -> str:  # noqa: PLR0911 - one return per kind
    kind = parameter.kind
    if kind in (K.WHOLE, K.NUMBER):
        return _find_number_flaw(parameter, value)
    if kind is K.FLAG:
        return "" if isinstance(value, bool) else f"expected true or false, got {_show(value)}"
    if kind is K.DAY:
        return "" if is_day(value) else f"expected a day such as 2026-01-31, got {_show(value)}"
    if kind is K.PATTERN:
        return find_pattern_flaw(value)
    if kind in (K.CHOICE, K.PACK):
        allowed = parameter.choices or tuple(sorted(packs))
        if isinstance(value, str) and value in allowed:
            return ""
        what = "the id of a phrase pack" if kind is K.PACK else f"one of {', '.join(allowed)}"
        return f"expected {what}, got {_show(value)}"
    return _find_list_flaw(parameter, value, packs)


def _find_number_flaw(parameter: Parameter, value: Any) -> str:
    is_number = isinstance(value, int) or (isinstance(value, float) and parameter.kind is K.NUMBER)
    if is_number and not isinstance(value, bool) and parameter.least <= value <= LARGEST_NUMBER:
        return ""
    what = "a whole number" if parameter.kind is K.WHOLE else "a number"
    return f"expected {what} from {parameter.least:g} to {LARGEST_NUMBER:,}, got {_show(value)}"


def _find_list_flaw(parameter: Parameter, value: Any, packs: frozenset[str]) -> str:
    if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
        return f"expected a list of at most {MOST_ITEMS} words, got {_show(value)}"
    for item in value:
        if not isinstance(item, str) or not 0 < len(item) <= LONGEST_WORD:
            return f"expected words of at most {LONGEST_WORD} letters, got {_show(item)}"
        if parameter.kind is K.PACKS and item not in packs:
            return f"there is no phrase pack {item}"
        if parameter.kind is K.STATES and not STATE.fullmatch(item):
            return f"expected states of two capital letters, got {_show(item)}"
        if parameter.choices and item not in parameter.choices:
            return f"expected words among {', '.join(parameter.choices)}; got {_show(item)}"
    return ""


def _find_table_flaw(function: str, key: str, value: Any, shipped: Any, packs: frozenset[str]) -> str:
    words = _OUTCOME_OR_SEVERITY.get((function, key))
    if words and isinstance(value, Mapping) and any(item not in words for item in value.values()):
        return f"expected words among {', '.join(words)}, got {_show(value)}"
    missing = [name for name in _walk_packs(value) if name not in packs]
    if missing:
        return f"there is no phrase pack {missing[0]}"
    return _find_shape_flaw(value, shipped)


def _find_shape_flaw(value: Any, shipped: Any) -> str:  # noqa: PLR0911 - one return per shape
    """Return where a value has another shape than what ships; the keys of a table may be others of the same kind."""
    if isinstance(shipped, Mapping):
        if not isinstance(value, Mapping) or len(value) > MOST_ITEMS:
            return f"expected names with values, as in {_show(shipped)}; got {_show(value)}"
        shapes = list(shipped.values())
        are_states = all(STATE.fullmatch(str(name)) for name in shipped)
        for name, part in value.items():
            if not isinstance(name, str) or (are_states and not STATE.fullmatch(name)):
                return f"expected {'states of two capital letters' if are_states else 'words'} as names, got {_show(name)}"
            like = [shipped[name]] if name in shipped else shapes
            flaws = [_find_shape_flaw(part, shape) for shape in like]
            if flaws and all(flaws):
                return f"{name}: {flaws[0]}"
        return ""
    if isinstance(shipped, list | tuple):
        if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
            return f"expected a list, as in {_show(shipped)}; got {_show(value)}"
        flaws = [flaw for part in value if shipped and (flaw := _find_shape_flaw(part, shipped[0]))]
        return flaws[0] if flaws else ""
    if isinstance(shipped, date) or is_day(shipped):
        return "" if is_day(value) else f"expected a day such as 2026-01-31, got {_show(value)}"
    return _find_leaf_flaw(value, shipped)


def _find_leaf_flaw(value: Any, shipped: Any) -> str:
    if isinstance(shipped, bool):
        return "" if isinstance(value, bool) else f"expected true or false, got {_show(value)}"
    if isinstance(shipped, int | float):
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER
        return "" if is_number else f"expected a number from 0 to {LARGEST_NUMBER:,}, got {_show(value)}"
    is_word = isinstance(value, str) and len(value) <= LONGEST_WORD
    return "" if is_word else f"expected a text of at most {LONGEST_WORD} letters, got {_show(value)}"


def is_day(value: Any) -> bool:
    """Tell whether a value is a day, also written as 2026-01-31."""
    if isinstance(value, date):
        return True
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def find_pattern_flaw(pattern: Any) -> str:
    """Return why a pattern may not be used, or an empty text: it must compile, and no text may keep it busy.

    Counted is in how many ways the pattern can be tried at one place of a text: a repeat without end stands for
    ``WAYS_OF_OPEN_REPEAT``. The patterns that ship stay below a tenth of ``MOST_WAYS``.
    """
    if not isinstance(pattern, str) or not 0 < len(pattern) <= LONGEST_PATTERN:
        return f"expected a pattern of at most {LONGEST_PATTERN} letters"
    try:
        parsed = _parser.parse(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        return f"expected a pattern that can be read: {error}"
    if _log_ways(list(parsed)) > math.log(MOST_WAYS):
        return "repeats inside repeats, or too many of them, could keep the search busy for hours; write it with fewer"
    return ""


def _log_ways(parts: Iterable[Any]) -> float:
    """Return the logarithm of an upper bound of the ways in which parts, one after the other, can be tried at one place."""
    return sum(_log_ways_of_part(str(kind), what) for kind, what in parts)


def _log_ways_of_part(name: str, what: Any) -> float:
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, body = what
        inner = _log_ways(list(body))
        if most == _parser.MAXREPEAT:
            is_letter = len(body) == 1 and str(body[0][0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY")
            return math.log(WAYS_OF_OPEN_REPEAT) if is_letter else math.inf
        return math.log(most - least + 1) + int(most) * inner
    if name == "BRANCH":
        return _log_ways_of_choices([list(branch) for branch in what[1]])
    if name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return _log_ways(list(what[-1]))
    if name == "ATOMIC_GROUP":
        return _log_ways(list(what))
    return math.inf if name in ("GROUPREF", "GROUPREF_EXISTS") else 0.0


def _log_ways_of_choices(branches: Sequence[Sequence[Any]]) -> float:
    """Return the same for alternatives: at one place only those can be tried that begin with the letter that stands there."""
    by_letter: dict[Any, float] = {}
    anywhere = 0.0
    for branch in branches:
        ways = math.exp(min(_log_ways(branch), 500.0))
        if branch and str(branch[0][0]) == "LITERAL":
            by_letter[branch[0][1]] = by_letter.get(branch[0][1], 0.0) + ways
        else:
            anywhere += ways
    return math.log(anywhere + max(by_letter.values(), default=0.0))


def _show(value: Any) -> str:
    return repr(value)[:80]
