"""What do the pages of rules show? Each rule with its law, dates, money, what was found lately and what people said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.compliance.editions.counts import RuleCounts
from app.compliance.editions.document import EditionDocument, subject_of
from app.compliance.editions.drafts import DraftFacts
from app.compliance.editions.history import ReleaseNews, Step
from app.compliance.editions.parameters import find_parameter, packs_named_by
from app.compliance.editions.service import PublicationFacts
from app.compliance.findings.families import family_of, name_family
from app.errors import NotFound
from app.vocabulary import Authority, RuleStatus, Severity
from app.web.formatting import write_title
from app.web.presenters.call_list import Choice
from app.web.presenters.differences import DifferenceView, present_differences, write_stake, write_value

DAYS_COUNTED = 30
STANDINGS = ("in force", "coming", "past", *(str(status) for status in RuleStatus if status is not RuleStatus.IN_FORCE))
ICONS = {"in force": "circle-check", "coming": "clock", "past": "undo-2"}
LOOKS = {"in force": "state-good", "coming": "state-running", "past": "state-waiting"}
AUTHORITIES = {
    Authority.STATUTE: "Statute",
    Authority.FCC_RULE: "FCC rule",
    Authority.FCC_ORDER: "FCC order",
    Authority.FTC_RULE: "FTC rule",
    Authority.CMS_RULE: "CMS rule",
    Authority.CASE: "Case law",
    Authority.STATE: "State law",
    Authority.STANDARD: "Standard",
    Authority.CONTRACT: "Contract",
    Authority.POLICY: "Policy",
}
FILTERS = ("q", "authority", "severity", "status")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a row binds on a day, in a word with its look."""

    word: str
    icon: str
    look: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in the list, in the row that holds today."""

    id: str
    title: str
    ask: str
    citations: str
    dates: str
    authority: str
    severity: str
    confidence: str
    standing: Standing
    stake: str
    counts: RuleCounts
    agreed: str
    next_change: str


@dataclass(frozen=True, slots=True)
class FamilyView:
    """Rules of one family."""

    key: str
    title: str
    rules: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True)
class RulesPage:
    """The list of rules with its filter."""

    families: tuple[FamilyView, ...]
    shown: int
    total: int
    text: str
    authorities: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    is_narrowed: bool
    publication: PublicationFacts | None
    news: int
    days: int = DAYS_COUNTED


@dataclass(frozen=True, slots=True)
class RowView:
    """One dated row of a rule."""

    subject: str
    version: int
    dates: str
    standing: Standing
    holds_today: bool
    severity: str
    confidence: str
    law: str
    note: str


@dataclass(frozen=True, slots=True)
class PackLink:
    """A phrase pack that a rule has to do with; ``is_there`` False: it was taken out."""

    id: str
    why: str
    phrases: int
    is_there: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """One change of a rule or pack in the course of publications."""

    at: datetime
    edition: int
    edition_id: str
    title: str
    by: str
    reason: str
    is_roll_back: bool
    is_first: bool
    differences: tuple[DifferenceView, ...]


@dataclass(frozen=True, slots=True)
class RulePage:
    """One rule with everything about it."""

    line: RuleLine
    family: str
    law: str
    citations: tuple[str, ...]
    function: str
    parameters: tuple[tuple[str, str], ...]
    rows: tuple[RowView, ...]
    packs: tuple[PackLink, ...]
    steps: tuple[StepView, ...]
    drafts: tuple[DraftFacts, ...]
    subject: str
    findings_url: str
    days: int = DAYS_COUNTED


def present_rules(
    document: EditionDocument,
    today: date,
    typed: Mapping[str, str],
    counts: Mapping[str, RuleCounts],
    publication: PublicationFacts | None,
    news: ReleaseNews | None,
) -> RulesPage:
    """Return the page of rules that fit the filter."""
    rows = rows_by_rule(document)
    lines = [present_line(rule, rows[rule], today, counts.get(rule, RuleCounts())) for rule in rows]
    fitting = [line for line in lines if _fits(line, rows[line.id], today, typed)]
    families: dict[str, list[RuleLine]] = {}
    for line in fitting:
        families.setdefault(family_of(line.id), []).append(line)
    return RulesPage(
        families=tuple(FamilyView(key, name_family(key), tuple(rules)) for key, rules in families.items()),
        shown=len(fitting),
        total=len(lines),
        text=typed.get("q", ""),
        authorities=choose_authority(typed.get("authority")),
        severities=_choices(map(str, Severity), typed.get("severity")),
        statuses=_choices(STANDINGS, typed.get("status")),
        is_narrowed=any(typed.values()),
        publication=publication,
        news=0 if news is None else len(news.differences) + len(news.changed_here_too),
    )


def present_rule(
    document: EditionDocument,
    rule_id: str,
    today: date,
    counts: RuleCounts,
    steps: Sequence[Step],
    names: Mapping[str, str],
    drafts: Sequence[DraftFacts],
) -> RulePage:
    """Return the page of one rule. Raises NotFound."""
    rows = rows_by_rule(document).get(rule_id)
    if rows is None:
        raise NotFound(f"there is no rule {rule_id} in force", rule=rule_id)
    holding = row_of_day(rows, today)
    params = holding.get("params") or {}
    return RulePage(
        line=present_line(rule_id, rows, today, counts),
        family=name_family(family_of(rule_id)),
        law=str(holding.get("law", "")),
        citations=tuple(citations_of(holding)),
        function=str(holding.get("function")),
        parameters=tuple((_say_parameter(holding, name), write_value(value)) for name, value in params.items()),
        rows=tuple(_present_row(row, today, row is holding) for row in rows),
        packs=_packs_of(document, rule_id, rows),
        steps=present_steps(steps, names),
        drafts=tuple(drafts),
        subject=subject_of(holding),
        findings_url=f"/compliance?rule={rule_id}",
    )


def present_steps(steps: Sequence[Step], names: Mapping[str, str]) -> tuple[StepView, ...]:
    """Return the history of a rule or pack, newest first."""
    return tuple(
        StepView(
            at=step.publication.published_at,
            edition=step.publication.edition.number,
            edition_id=step.publication.edition.id,
            title=step.publication.edition.title,
            by=names.get(step.publication.published_by, step.publication.published_by),
            reason=step.publication.reason,
            is_roll_back=step.publication.is_roll_back,
            is_first=step.is_first,
            differences=present_differences(step.differences),
        )
        for step in steps
    )


def rows_by_rule(document: EditionDocument) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each rule, the latest first."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(document.rules, key=lambda row: (family_of(str(row["id"])), str(row["id"]))):
        rows.setdefault(str(row["id"]), []).append(row)
    return {
        rule: sorted(own, key=lambda r: (_day(r, "effective_from"), int(r["version"])), reverse=True)
        for rule, own in rows.items()
    }


def row_of_day(rows: Sequence[Mapping[str, Any]], day: date) -> Mapping[str, Any]:
    """Return the row by which a call of a day is judged, as :meth:`app.compliance.rule_set.RuleSet.on` chooses."""
    return max(rows, key=lambda row: (_binds(row, day), _is_dated(row, day), _day(row, "effective_from"), int(row["version"])))


def standing_of(row: Mapping[str, Any], day: date) -> Standing:
    """Return whether a row binds on a day."""
    status = str(row.get("status", RuleStatus.IN_FORCE))
    word = status
    if status == RuleStatus.IN_FORCE:
        starts, ends = _day(row, "effective_from"), _day(row, "effective_to")
        word = "coming" if day.isoformat() < starts else "past" if ends and ends < day.isoformat() else "in force"
    return Standing(word, ICONS.get(word, "circle-alert"), LOOKS.get(word, "state-waiting"))


def citations_of(row: Mapping[str, Any]) -> list[str]:
    """Return the sources of a row."""
    cited = row.get("citations") or ()
    return [cited] if isinstance(cited, str) else [str(source) for source in cited]


def write_dates(row: Mapping[str, Any]) -> str:
    """Return from when to when a row is dated."""
    starts, ends = _day(row, "effective_from"), _day(row, "effective_to")
    if starts and ends:
        return f"{starts} to {ends}"
    return f"from {starts}" if starts else f"until {ends}" if ends else "no dates"


def present_line(rule_id: str, rows: Sequence[Mapping[str, Any]], today: date, counts: RuleCounts) -> RuleLine:
    """Return a rule as one line, in the row that holds today."""
    row = row_of_day(rows, today)
    coming = [other for other in rows if _day(other, "effective_from") > max(today.isoformat(), _day(row, "effective_from"))]
    return RuleLine(
        id=rule_id,
        title=str(row.get("title", "")),
        ask=str(row.get("ask") or ""),
        citations="; ".join(citations_of(row)),
        dates=write_dates(row),
        authority=AUTHORITIES[Authority(row["authority"])],
        severity=str(row.get("severity", "")),
        confidence=str(row.get("confidence", "high")),
        standing=standing_of(row, today),
        stake=write_stake(row.get("stake_minor")),
        counts=counts,
        agreed=f"{counts.agreed} of {counts.decided} agreed" if counts.decided else "nobody decided",
        next_change=f"changes on {_day(coming[-1], 'effective_from')}" if coming else "",
    )


def _present_row(row: Mapping[str, Any], today: date, holds_today: bool) -> RowView:
    return RowView(
        subject=subject_of(row),
        version=int(row["version"]),
        dates=write_dates(row),
        standing=standing_of(row, today),
        holds_today=holds_today,
        severity=str(row.get("severity", "")),
        confidence=str(row.get("confidence", "high")),
        law=str(row.get("law", "")),
        note=write_title(str(row.get("status", RuleStatus.IN_FORCE))),
    )


def _packs_of(document: EditionDocument, rule_id: str, rows: Sequence[Mapping[str, Any]]) -> tuple[PackLink, ...]:
    packs = {str(pack["id"]): pack for pack in document.packs["packs"]}
    named = dict.fromkeys(name for row in rows for name in packs_named_by(row))
    speaking = {name for name, pack in packs.items() if pack.get("rule") == rule_id}
    links = []
    for name in [*named, *sorted(speaking - set(named))]:
        why = "the rule listens for it" if name in named else "it speaks for the rule"
        if name in named and name in speaking:
            why = "the rule listens for it, and it speaks for the rule"
        pack = packs.get(name)
        links.append(PackLink(name, why, count_phrases(pack) if pack else 0, pack is not None))
    return tuple(links)


def count_phrases(pack: Mapping[str, Any]) -> int:
    """Return how many phrases a pack has, those of its parts included."""
    groups = sum(len(group) for group in pack.get("groups") or ())
    return len(pack.get("phrases") or ()) + groups + len(pack.get("group_until_2026_09_30") or ())


def _say_parameter(row: Mapping[str, Any], name: str) -> str:
    parameter = find_parameter(str(row.get("function")), name)
    return parameter.says if parameter else write_title(name)


def _fits(line: RuleLine, rows: Sequence[Mapping[str, Any]], today: date, typed: Mapping[str, str]) -> bool:
    text = typed.get("q", "").casefold()
    said = " ".join([line.id, line.title, line.ask, line.citations, *(str(row.get("law", "")) for row in rows)]).casefold()
    if not all(word in said for word in text.split()):
        return False
    if typed.get("authority") and typed["authority"] != row_of_day(rows, today).get("authority"):
        return False
    if typed.get("severity") and typed["severity"] != line.severity:
        return False
    return not typed.get("status") or any(standing_of(row, today).word == typed["status"] for row in rows)


def choose_authority(chosen: str | None) -> tuple[Choice, ...]:
    """Return the options of a select of where a rule's force comes from."""
    return tuple(Choice(str(authority), name, str(authority) == chosen) for authority, name in AUTHORITIES.items())


def _choices(words: Any, chosen: str | None) -> tuple[Choice, ...]:
    return tuple(Choice(word, write_title(word), word == chosen) for word in words)


def _binds(row: Mapping[str, Any], day: date) -> bool:
    return standing_of(row, day).word == "in force"


def _is_dated(row: Mapping[str, Any], day: date) -> bool:
    ends = _day(row, "effective_to")
    return _day(row, "effective_from") <= day.isoformat() and (not ends or day.isoformat() <= ends)


def _day(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")
