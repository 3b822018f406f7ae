"""How do two readings of a rule or phrase pack differ, in words? Field by field; phrases as lines that went and came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from app.compliance.editions.document import Difference
from app.compliance.editions.notation import compare_phrases
from app.compliance.editions.parameters import find_parameter
from app.compliance.editions.rule_form import write_parameter
from app.vocabulary import EditionPart
from app.web.formatting import write_title

PHRASES = frozenset({"phrases", "groups", "group_until_2026_09_30"})
LABELS = {
    "ask": "What it asks",
    "effective_from": "In force from",
    "effective_to": "In force until",
    "stake_minor": "Money at stake",
    "needs_digits_s": "Needs digits within",
    "window_s": "Window",
    "statement": "Claims only",
    "negated_inside": "May not stand for *",
    "needs_name": "Needs a name",
}
NOTHING = "–"
MISSING = object()


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field before and after, as text."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """What differs about one rule row or pack; ``kind``: new, gone, or changed."""

    part: EditionPart
    subject: str
    title: str
    kind: str
    fields: tuple[FieldView, ...]
    gone: tuple[str, ...]
    came: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Return what differs in a few words."""
        if self.kind != "changed":
            return self.kind
        said = [field.label.lower() for field in self.fields]
        if self.came:
            said.append(f"{_count_phrases(self.came)} added")
        if self.gone:
            said.append(f"{_count_phrases(self.gone)} removed")
        return ", ".join(said)


def present_differences(differences: Iterable[Difference]) -> tuple[DifferenceView, ...]:
    """Return differences in words, in their order."""
    return tuple(map(present_difference, differences))


def present_difference(difference: Difference) -> DifferenceView:
    """Return one difference in words."""
    before, after = difference.before, difference.after
    kind = "new" if before is None else "gone" if after is None else "changed"
    gone, came = compare_phrases(before, after) if difference.part is EditionPart.PACK else ((), ())
    shown = after or before or {}
    fields = [name for name in difference.fields if name not in PHRASES and name not in {"id", "version", "params"}]
    views = [FieldView(label_of(name), write_field(name, before), write_field(name, after)) for name in fields]
    if "params" in difference.fields:
        views += _compare_params(before or {}, after or {})
    return DifferenceView(
        part=difference.part,
        subject=difference.subject,
        title=str(shown.get("title") or shown.get("note") or ""),
        kind=kind,
        fields=tuple(views),
        gone=gone,
        came=came,
    )


def label_of(name: str) -> str:
    """Return a field's name as people read it."""
    return LABELS.get(name, write_title(name))


def write_field(name: str, row: Mapping[str, Any] | None) -> str:
    """Return a field of a row or pack as text; a dash where it says nothing."""
    value = (row or {}).get(name)
    if value in (None, "", [], {}):
        return NOTHING
    if name == "stake_minor":
        return write_stake(value)
    if name == "window_s":
        return f"{value[0]:g} to {value[1]:g} s"
    if name == "needs_digits_s":
        return f"{value:g} s"
    return write_value(value)


def write_value(value: Any) -> str:
    """Return any value of a rule or pack as text that people can read."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) and not any(isinstance(part, Mapping | list | tuple) for part in value):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping | list | tuple):
        written = yaml.safe_dump(value, default_flow_style=None, sort_keys=False, allow_unicode=True, width=100)
        return str(written).strip()
    return str(value)


def write_stake(stake: Any) -> str:
    """Return money at stake, in US cents least and most, as dollars; a dash where none is known."""
    if not stake:
        return NOTHING
    least, most = (f"${int(minor) / 100:,.2f}".removesuffix(".00") for minor in stake)
    return least if least == most else f"{least} to {most}"


def _count_phrases(lines: tuple[str, ...]) -> str:
    return "1 phrase" if len(lines) == 1 else f"{len(lines)} phrases"


def _compare_params(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldView]:
    old, new = before.get("params") or {}, after.get("params") or {}
    function = str((after or before).get("function"))
    views = []
    for name in sorted({*old, *new}):
        if old.get(name, MISSING) != new.get(name, MISSING):
            parameter = find_parameter(function, name)
            texts = (write_parameter(parameter, row.get(name)) if parameter is None else _say(row, name) for row in (old, new))
            views.append(FieldView(parameter.says if parameter else write_title(name), *texts))
    return views


def _say(params: Mapping[str, Any], name: str) -> str:
    return write_value(params[name]) if name in params else NOTHING
