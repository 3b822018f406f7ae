"""Which edition does a file of rules and phrases make? Reads YAML or JSON written elsewhere and lays it over what is in force.

A file names only what shall differ: ``rules`` holds rows (one of the same id and version is replaced, another added), ``packs``
a list of packs, by id. In a whole edition ``packs`` is a document with its own list ``packs``; it replaces everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from app.compliance.editions.document import Change, EditionDocument, apply_changes, find_problems, subject_of
from app.errors import InvalidInput
from app.vocabulary import EditionPart

LARGEST_BYTES = 5_000_000
DEEPEST = 30
TOP = frozenset({"rules", "packs", "version", "as_of", "meant_together"})


def read_ruleset(path: Path, in_force: EditionDocument) -> EditionDocument:
    """Return the edition that a file makes of the one in force.

    Raises
    ------
    InvalidInput
        If the file cannot be read or its rules or packs do not fit; the message names every problem.
    """
    name = path.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: expected a file of rules and packs, it cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_BYTES:
        raise InvalidInput(f"{name}: expected at most {LARGEST_BYTES:,} bytes, got {len(content):,}")
    return parse_ruleset(content, in_force, name=name)


def parse_ruleset(content: bytes, in_force: EditionDocument, *, name: str = "ruleset") -> EditionDocument:
    """Return the edition that the content of a file makes. Raises as :func:`read_ruleset` does."""
    data = _read_yaml(content, name)
    if not isinstance(data, dict) or not (data.keys() & {"rules", "packs"}):
        raise InvalidInput(f"{name}: expected `rules:` with rows, `packs:` with phrase packs, or both, got {_kind(data)}")
    problems = [f"{key}: expected only {', '.join(sorted(TOP))} here" for key in sorted(set(data) - TOP)]
    rules = _read_items(data.get("rules"), "rules", problems)
    packs = data.get("packs")
    is_whole = isinstance(packs, dict)
    if isinstance(packs, dict):
        pack_list = _read_items(packs.get("packs"), "packs.packs", problems)
    else:
        pack_list = _read_items(packs, "packs", problems)
    problems += [
        f"rules, row {at}: lacks `id` or `version`" for at, row in enumerate(rules, 1) if not {"id", "version"} <= {*row}
    ]
    problems += [f"packs, pack {at}: lacks `id`" for at, pack in enumerate(pack_list, 1) if "id" not in pack]
    problems += _find_doubles("rules", [subject_of(row) for row in rules])
    problems += _find_doubles("packs", [str(pack.get("id")) for pack in pack_list])
    if problems:
        raise _refuse(name, problems)
    if is_whole:
        made = EditionDocument(tuple(rules) if "rules" in data else in_force.rules, dict(packs or {}))
    else:
        changes = [Change(EditionPart.RULE, subject_of(row), row) for row in rules]
        changes += [Change(EditionPart.PACK, str(pack["id"]), pack) for pack in pack_list]
        parts = in_force.parts()
        made = apply_changes(in_force, [c for c in changes if parts.get((c.part, c.subject)) != c.content])
        if "meant_together" in data:
            made = EditionDocument(made.rules, {**made.packs, "meant_together": data["meant_together"]})
    found = find_problems(made)
    if found:
        raise _refuse(name, list(found))
    return made


def _read_yaml(content: bytes, name: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
        # Aliases make a few lines stand for millions of rows; nobody needs them here.
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise InvalidInput(f"{name}: expected every value written out, got an alias (*{event.anchor})")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise InvalidInput(f"{name}: expected at most {DEEPEST} levels, got more")
        return _as_json(yaml.safe_load(text))
    except UnicodeDecodeError:
        raise InvalidInput(f"{name}: expected a text file (YAML or JSON in UTF-8), got something else") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InvalidInput(f"{name}{where}: expected YAML or JSON: {why}") from None


def _read_items(value: Any, where: str, problems: list[str]) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        problems.append(f"{where}: expected a list, got {_kind(value)}")
        return []
    wrong = [
        f"{where}, item {at}: expected a mapping, got {_kind(v)}" for at, v in enumerate(value, 1) if not isinstance(v, dict)
    ]
    problems += wrong
    return [item for item in value if isinstance(item, dict)]


def _find_doubles(where: str, names: list[str]) -> list[str]:
    return [f"{where}: {name} stands {names.count(name)} times" for name in sorted(set(names)) if names.count(name) > 1]


def _refuse(name: str, problems: list[str]) -> InvalidInput:
    return InvalidInput(f"{name}: {len(problems)} problems:\n  " + "\n  ".join(problems), problems=problems)


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
