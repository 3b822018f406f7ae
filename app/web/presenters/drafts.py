"""What do the pages of drafts show? Changes, what stands against publishing, and forms that keep what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.compliance.editions.document import EditionDocument, subject_of
from app.compliance.editions.drafts import DraftCheck, DraftFacts, ExampleResult
from app.compliance.editions.parameters import ParameterKind
from app.compliance.editions.rule_form import PARAM, parameters_of
from app.compliance.editions.second_look import ChangedBy, SecondLook
from app.compliance.editions.service import EditionFacts
from app.compliance.rule_set import CONFIDENCES
from app.errors import InvalidInput
from app.vocabulary import DraftState, PackKind, RuleStatus, Severity, Speaker
from app.web.formatting import write_title
from app.web.presenters.call_list import Choice
from app.web.presenters.differences import DifferenceView, present_difference
from app.web.presenters.packs import SPEAKERS, ExampleView, present_examples, titles_of_rules
from app.web.presenters.rules import choose_authority

STATE_LOOKS = {
    DraftState.OPEN: ("state-running", "clock"),
    DraftState.PUBLISHED: ("state-good", "circle-check"),
    DraftState.DISCARDED: ("state-waiting", "x"),
}


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in the list."""

    draft: DraftFacts
    by: str
    look: str
    icon: str


@dataclass(frozen=True, slots=True)
class DraftsPage:
    """The list of drafts, and the form to begin one."""

    drafts: tuple[DraftLine, ...]
    title: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change of a draft, with who made it."""

    view: DifferenceView
    by: str
    at: datetime | None
    edit_url_subject: str


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One draft with everything that matters before it is published."""

    draft: DraftFacts
    base: EditionFacts
    by: str
    look: str
    icon: str
    is_open: bool
    changes: tuple[ChangeView, ...]
    problems: tuple[str, ...]
    failing: tuple[ExampleView, ...]
    example_count: int
    is_base_in_force: bool
    is_ready: bool
    lacks_second_look: bool
    back_test_id: str | None
    back_test_state: str
    has_older_back_test: bool
    packs: tuple[Choice, ...]
    rules: tuple[Choice, ...]
    reason: str
    problem: str | None
    edition: EditionFacts | None


@dataclass(frozen=True, slots=True)
class PackForm:
    """A pack's fields with what was typed, and what did not fit."""

    draft: DraftFacts
    pack: str | None
    typed: Mapping[str, str]
    rules: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    speakers: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    problems: tuple[str, ...]
    wrong_field: str
    examples: tuple[ExampleView, ...]
    example_kinds: tuple[Choice, ...]
    example_speakers: tuple[Choice, ...]
    example_text: str
    example_problem: str | None


@dataclass(frozen=True, slots=True)
class ParameterField:
    """One parameter as a field; ``shape``: number, flag, choice, list, table or text."""

    name: str
    field: str
    says: str
    shape: str
    value: str
    choices: tuple[Choice, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class RuleForm:
    """A rule row's fields with what was typed, and what did not fit; ``is_later``: a new dated version is being added."""

    draft: DraftFacts
    subject: str
    title: str
    function: str
    is_later: bool
    version: int
    typed: Mapping[str, str]
    authorities: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    confidences: tuple[Choice, ...]
    parameters: tuple[ParameterField, ...]
    problems: tuple[str, ...]
    wrong_field: str


def present_drafts(
    drafts: Sequence[DraftFacts], names: Mapping[str, str], title: str = "", problem: str | None = None
) -> DraftsPage:
    """Return the list of drafts, open ones first."""
    ordered = sorted(drafts, key=lambda draft: draft.state is not DraftState.OPEN)
    lines = (DraftLine(draft, names.get(draft.opened_by, draft.opened_by), *STATE_LOOKS[draft.state]) for draft in ordered)
    return DraftsPage(tuple(lines), title, problem)


def present_draft(
    draft: DraftFacts,
    base: EditionFacts,
    edition: EditionFacts | None,
    document: EditionDocument,
    check: DraftCheck,
    look: SecondLook,
    changed: Mapping[tuple[str, str], ChangedBy],
    names: Mapping[str, str],
    *,
    actor: str,
    reason: str = "",
    problem: str | None = None,
) -> DraftPage:
    """Return the page of a draft."""
    titles = titles_of_rules(document)
    task = look.back_test
    return DraftPage(
        draft=draft,
        base=base,
        by=names.get(draft.opened_by, draft.opened_by),
        look=STATE_LOOKS[draft.state][0],
        icon=STATE_LOOKS[draft.state][1],
        is_open=draft.state is DraftState.OPEN,
        changes=tuple(_present_change(d, changed, names) for d in check.differences),
        problems=check.problems,
        failing=present_examples(check.failing),
        example_count=len(check.examples),
        is_base_in_force=check.is_base_in_force,
        is_ready=check.is_ready,
        lacks_second_look=look.is_missing_for(actor),
        back_test_id=task.id if task else None,
        back_test_state=str(task.state) if task else "",
        has_older_back_test=look.has_older_back_test,
        packs=tuple(Choice(name, f"{name} · {titles.get(rule, rule)}", False) for name, rule in _packs_of(document)),
        rules=tuple(
            Choice(subject_of(row), f"{row['id']} version {row['version']} · {row.get('title')}", False)
            for row in sorted(document.rules, key=lambda row: (str(row["id"]), int(row["version"])))
        ),
        reason=reason,
        problem=problem,
        edition=edition,
    )


def present_pack_form(
    draft: DraftFacts,
    document: EditionDocument,
    pack_id: str | None,
    typed: Mapping[str, str],
    examples: Sequence[ExampleResult] = (),
    refusal: InvalidInput | None = None,
    example: Mapping[str, str] | None = None,
    example_problem: str | None = None,
) -> PackForm:
    """Return the form of a pack; ``pack_id`` None: a new one."""
    titles, example = titles_of_rules(document), example or {}
    rules = dict(sorted(titles.items()))
    if typed.get("rule") and typed["rule"] not in rules:
        rules[typed["rule"]] = "not a rule of this edition"
    speakers = [str(Speaker.CALLER), str(Speaker.AGENT), "any"]
    return PackForm(
        draft=draft,
        pack=pack_id,
        typed=typed,
        rules=tuple(Choice(rule, f"{rule} · {title}", rule == typed.get("rule")) for rule, title in rules.items()),
        kinds=_choices(PackKind, typed.get("kind")),
        speakers=tuple(Choice(word, write_title(SPEAKERS[word]), word == typed.get("speaker")) for word in speakers),
        severities=_choices(Severity, typed.get("severity")),
        problems=problems_of(refusal),
        wrong_field=str(refusal.details.get("field", "phrases")) if refusal else "",
        examples=present_examples(examples),
        example_kinds=tuple(
            Choice(value, text, value == example.get("kind"))
            for value, text in (("must_fire", "must fire at"), ("must_not_fire", "must keep quiet at"))
        ),
        example_speakers=tuple(
            Choice(str(word), said, str(word) == example.get("speaker"))
            for word, said in (
                (Speaker.CALLER, "the caller"),
                (Speaker.AGENT, "our side"),
                (Speaker.UNKNOWN, "nobody knows who"),
            )
        ),
        example_text=example.get("text", ""),
        example_problem=example_problem,
    )


def present_rule_form(
    draft: DraftFacts,
    row: Mapping[str, Any],
    typed: Mapping[str, str],
    *,
    is_later: bool = False,
    version: int,
    refusal: InvalidInput | None = None,
) -> RuleForm:
    """Return the form of a rule row."""
    return RuleForm(
        draft=draft,
        subject=subject_of(row),
        title=f"{row['id']} version {version}",
        function=str(row.get("function")),
        is_later=is_later,
        version=version,
        typed=typed,
        authorities=choose_authority(typed.get("authority")),
        severities=_choices(Severity, typed.get("severity")),
        statuses=_choices(RuleStatus, typed.get("status")),
        confidences=_choices(CONFIDENCES, typed.get("confidence")),
        parameters=tuple(_present_parameter(name, parameter, typed) for name, parameter in parameters_of(row)),
        problems=problems_of(refusal),
        wrong_field=str(refusal.details.get("field", "")) if refusal else "",
    )


def problems_of(refusal: InvalidInput | None) -> tuple[str, ...]:
    """Return what does not fit, one sentence each."""
    if refusal is None:
        return ()
    listed = refusal.details.get("problems")
    return tuple(map(str, listed)) if listed else (refusal.message,)


def _present_change(difference: Any, changed: Mapping[tuple[str, str], ChangedBy], names: Mapping[str, str]) -> ChangeView:
    who = changed.get((str(difference.part), difference.subject))
    return ChangeView(
        view=present_difference(difference),
        by=names.get(who.actor, who.actor) if who else "",
        at=who.at if who else None,
        edit_url_subject="" if difference.after is None else difference.subject,
    )


def _present_parameter(name: str, parameter: Any, typed: Mapping[str, str]) -> ParameterField:
    kind = parameter.kind if parameter else ParameterKind.TABLE
    shape, hint = _SHAPES[kind]
    value = typed.get(PARAM + name, "")
    choices: tuple[Choice, ...] = ()
    if kind is ParameterKind.CHOICE:
        choices = _choices(parameter.choices, value)
    elif kind is ParameterKind.FLAG:
        choices = tuple(Choice(word, text, word == value) for word, text in (("1", "yes"), ("0", "no")))
    elif parameter and parameter.choices:
        hint += f" Among: {', '.join(parameter.choices)}."
    return ParameterField(name, PARAM + name, parameter.says if parameter else write_title(name), shape, value, choices, hint)


_LIST = ("list", "One a line.")
_SHAPES = {
    ParameterKind.WHOLE: ("number", "A whole number."),
    ParameterKind.NUMBER: ("number", "A number such as 30 or 0.8."),
    ParameterKind.FLAG: ("choice", ""),
    ParameterKind.CHOICE: ("choice", ""),
    ParameterKind.DAY: ("day", ""),
    ParameterKind.WORDS: _LIST,
    ParameterKind.PACKS: ("list", "Ids of phrase packs, one a line."),
    ParameterKind.STATES: ("text", "Two capital letters each, with commas between."),
    ParameterKind.PACK: ("text", "The id of a phrase pack."),
    ParameterKind.PATTERN: ("table", "A regular expression without nested repeats; upper and lower case are alike."),
    ParameterKind.TABLE: ("table", "YAML or JSON, such as UT: {express_consent: true}."),
}


def _packs_of(document: EditionDocument) -> list[tuple[str, str]]:
    return sorted((str(pack["id"]), str(pack["rule"])) for pack in document.packs["packs"])


def _choices(words: Any, chosen: str | None) -> tuple[Choice, ...]:
    return tuple(Choice(str(word), write_title(str(word)), str(word) == chosen) for word in words)
