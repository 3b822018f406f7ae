"""What does a rule row look like as fields that people fill in, and which row do filled-in fields stand for?

Both ways lose nothing: a row written out and read back is the same row. Parameters are fields of their own: numbers, ticks,
choices and lists as such, tables as YAML. Whether the row fits is for the check of the edition; here only what cannot be read
at all is refused, by field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from app.compliance.editions.parameters import Parameter, ParameterKind, find_parameter, list_parameters
from app.errors import InvalidInput

TEXTS = {"title": 300, "ask": 500, "law": 4_000}
"""Fields of free text with the most letters they take."""

DEFAULTS = {"status": "in_force", "confidence": "high"}
"""What a row that does not say so has."""

PARAM = "param-"
LONGEST_CITATION = 300
MOST_CITATIONS = 40
LONGEST_TABLE = 8_000
DEEPEST_TABLE = 8
LARGEST_STAKE_MINOR = 10_000_000_000
K = ParameterKind


def parameters_of(row: Mapping[str, Any]) -> tuple[tuple[str, Parameter | None], ...]:
    """Return the parameters that a row can set: those it has, then those its function reads besides."""
    params, function = row.get("params") or {}, str(row.get("function"))
    names = dict.fromkeys((*params, *list_parameters(function)))
    return tuple((name, find_parameter(function, name)) for name in names)


def write_rule(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a rule row as text."""
    stake = row.get("stake_minor") or ("", "")
    citations = row.get("citations") or ()
    typed = {name: str(row.get(name) or "") for name in TEXTS}
    typed |= {
        "citations": "\n".join([citations] if isinstance(citations, str) else citations),
        "authority": str(row.get("authority", "")),
        "severity": str(row.get("severity", "")),
        "status": str(row.get("status", DEFAULTS["status"])),
        "confidence": str(row.get("confidence", DEFAULTS["confidence"])),
        "effective_from": str(row.get("effective_from") or ""),
        "effective_to": str(row.get("effective_to") or ""),
        "stake_least": _write_dollars(stake[0]),
        "stake_most": _write_dollars(stake[1]),
    }
    params = row.get("params") or {}
    for name, parameter in parameters_of(row):
        typed[PARAM + name] = write_parameter(parameter, params.get(name))
    return typed


def read_rule(typed: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with what the fields say in place of its own.

    Raises
    ------
    InvalidInput
        If a field cannot be read; the details name it.
    """
    new: dict[str, Any] = {}
    for name, most in TEXTS.items():
        new[name] = " ".join(typed.get(name, "").split())
        if len(new[name]) > most:
            raise InvalidInput(f"{name}: expected at most {most:,} letters, got {len(new[name]):,}", field=name)
    if not new["title"]:
        raise InvalidInput("title: expected what is wrong when the rule is broken, in a few words", field="title")
    new["citations"] = _read_citations(typed.get("citations", ""))
    for name in ("authority", "severity", "status", "confidence"):
        new[name] = typed.get(name, "").strip()
    for name in ("effective_from", "effective_to"):
        new[name] = _read_day(typed, name)
    new["stake_minor"] = _read_stake(typed)
    new["params"] = _read_parameters(typed, row)
    return _settle(row, new)


def read_table(text: str, field: str) -> Any:
    """Return what YAML or JSON says: plain words, numbers, lists and names with values.

    Raises
    ------
    InvalidInput
        If it cannot be read, is too long or too deep, or refers to itself; the message tells the line.
    """
    name = field.removeprefix(PARAM)
    if len(text) > LONGEST_TABLE:
        raise InvalidInput(f"{name}: expected at most {LONGEST_TABLE:,} letters, got {len(text):,}", field=field)
    try:
        # References are refused before they are followed: a few lines of them could stand for gigabytes.
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                raise InvalidInput(
                    f"{name}: line {token.start_mark.line + 1}: expected plain values, without & * or !", field=field
                )
        return _as_plain(yaml.safe_load(text), 0, name, field)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise InvalidInput(f"{name}: {line}expected YAML or JSON: {error.problem}", field=field) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidInput(f"{name}: expected YAML or JSON: {str(error)[:200]}", field=field) from None


def write_parameter(parameter: Parameter | None, value: Any) -> str:
    """Return a parameter's value as the text of its field; a parameter that is not set is empty."""
    kind = parameter.kind if parameter else K.TABLE
    if value is None:
        return ""
    if kind is K.FLAG:
        return "1" if value else "0"
    if kind in (K.WORDS, K.PACKS, K.STATES) and isinstance(value, list | tuple):
        return "\n".join(map(str, value)) if kind is not K.STATES else ", ".join(map(str, value))
    if kind is K.TABLE:
        return str(yaml.safe_dump(value, default_flow_style=None, sort_keys=False, allow_unicode=True, width=100)).strip()
    return str(value)


def _read_parameters(typed: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, parameter in parameters_of(row):
        text = typed.get(PARAM + name, "").strip()
        if text:
            params[name] = _read_parameter(name, parameter, text)
        elif (row.get("params") or {}).get(name) == []:
            params[name] = []
    return params


def _read_parameter(name: str, parameter: Parameter | None, text: str) -> Any:
    kind, field = (parameter.kind if parameter else K.TABLE), PARAM + name
    if kind is K.FLAG:
        return text == "1"
    if kind is K.WHOLE:
        if not re.fullmatch(r"\d{1,9}", text):
            raise InvalidInput(f"{name}: expected a whole number, got {text[:40]!r}", field=field)
        return int(text)
    if kind is K.NUMBER:
        if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", text):
            raise InvalidInput(f"{name}: expected a number such as 30 or 0.8, got {text[:40]!r}", field=field)
        return float(text) if "." in text else int(text)
    if kind in (K.WORDS, K.PACKS, K.STATES):
        return [word for part in re.split(r"[,\n]", text) if (word := part.strip())]
    return read_table(text, field) if kind is K.TABLE else text


def _settle(row: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with the new fields; what it did not say, and still is as if it did not, is left unsaid."""
    settled = dict(row)
    for name, value in new.items():
        shown = _as_said(name, row)
        if value == shown and name in row:
            continue
        if value in ("", None, {}) or (name not in row and value == shown):
            settled.pop(name, None)
        else:
            settled[name] = value
    return settled


def _as_said(name: str, row: Mapping[str, Any]) -> Any:
    """Return a field as a filled-in form would say it."""
    value = row.get(name, DEFAULTS.get(name, {} if name == "params" else "" if name in TEXTS else None))
    if name in TEXTS:
        return " ".join(str(value or "").split())
    if name == "citations" and isinstance(value, str):
        return [value]
    return str(value) if isinstance(value, date) else value


def _read_citations(text: str) -> list[str]:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if not lines:
        raise InvalidInput("citations: expected at least one, one a line", field="citations")
    if len(lines) > MOST_CITATIONS or any(len(line) > LONGEST_CITATION for line in lines):
        raise InvalidInput(
            f"citations: expected at most {MOST_CITATIONS} lines of {LONGEST_CITATION} letters", field="citations"
        )
    return lines


def _read_day(typed: Mapping[str, str], name: str) -> str | None:
    text = typed.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidInput(
            f"{name.replace('_', ' ')}: expected a day such as 2026-01-31, got {text[:40]!r}", field=name
        ) from None


def _read_stake(typed: Mapping[str, str]) -> list[int] | None:
    least, most = (_read_dollars(typed, name) for name in ("stake_least", "stake_most"))
    if least is None and most is None:
        return None
    if least is None or most is None or least > most:
        raise InvalidInput("money at stake: expected least and most, the least first, or neither", field="stake_least")
    return [least, most]


def _read_dollars(typed: Mapping[str, str], name: str) -> int | None:
    text = typed.get(name, "").strip().replace(",", "").removeprefix("$")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}(?:\.\d{2})?", text):
        raise InvalidInput(f"money at stake: expected US dollars such as 500 or 43.50, got {text[:40]!r}", field=name)
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int(cents or 0)


def _write_dollars(minor: Any) -> str:
    if minor in ("", None):
        return ""
    whole, cents = divmod(int(minor), 100)
    return f"{whole}.{cents:02d}" if cents else str(whole)


def _as_plain(value: Any, depth: int, name: str, field: str) -> Any:
    """Return a value as JSON holds it: names are texts, days are written out."""
    if depth > DEEPEST_TABLE:
        raise InvalidInput(f"{name}: expected at most {DEEPEST_TABLE} levels", field=field)
    if isinstance(value, Mapping):
        return {str(key): _as_plain(part, depth + 1, name, field) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_plain(part, depth + 1, name, field) for part in value]
    return value.isoformat() if isinstance(value, date) else value
