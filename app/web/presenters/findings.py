"""What does the board of findings show? Tiles, pictures, form, chips and rows, ready to print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import url_for

from app.access.identity import Identity
from app.access.masking import show_caller
from app.compliance.findings.board import Cell, FindingLine, FindingOrder, FindingPage, FindingStanding
from app.compliance.findings.decisions import Decision
from app.compliance.findings.families import FAMILIES, family_of, name_family
from app.compliance.findings.reach import as_seen_by
from app.compliance.rule_set import RuleSet
from app.money import Money
from app.vocabulary import Authority, FindingDecision, Outcome, Severity
from app.web.finding_filters import AGES, TOLD, AskedFindings
from app.web.formatting import write_count, write_title
from app.web.presenters.call_list import Chip, Choice, _choices

MOST_BARS = 10
UNKNOWN_STATE = "not known"
BAR_WIDTH = 100
OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.VIOLATION: "Violation",
    Outcome.REVIEW: "Needs your ear",
    Outcome.NEEDS_EVIDENCE: "Evidence missing",
}
DECISION_WORDS: Mapping[FindingDecision, str] = {
    FindingDecision.AGREE: "Agreed",
    FindingDecision.REFUSE: "Refused",
    FindingDecision.NEEDS_EVIDENCE: "Evidence asked for",
}
STANDING_WORDS: Mapping[FindingStanding, str] = {
    FindingStanding.OPEN: "Open",
    FindingStanding.DECIDED: "Decided",
    FindingStanding.AGREE: "Agreed",
    FindingStanding.REFUSE: "Refused",
    FindingStanding.NEEDS_EVIDENCE: "Evidence asked for",
    FindingStanding.ANY: "Open and decided",
}
AGE_WORDS = ("Up to 1 day", "2 to 7 days", "8 to 30 days", "More than 30 days")


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its words; ``url`` empty where it leads nowhere."""

    value: str
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a picture: the violations and the rest of it as widths of 0 to 100."""

    label: str
    count: str
    money: str
    url: str
    certain_width: float
    other_width: float
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Findings told apart by one thing, the most first; ``rest`` says what is not drawn."""

    id: str
    title: str
    bars: tuple[Bar, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding of the list."""

    url: str
    call_url: str
    external_id: str
    caller: str
    title: str
    rule: str
    outcome: str
    outcome_label: str
    severity: Severity
    started_at: datetime
    trade: str
    states: str
    money: str
    said: str
    is_quote: bool
    decision: str
    decision_look: str


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filters with what was typed and what does not fit."""

    typed: Mapping[str, str]
    problems: Mapping[str, str]
    rules: tuple[Choice, ...]
    families: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    authorities: tuple[Choice, ...]
    states: tuple[Choice, ...]
    publishers: tuple[Choice, ...]
    advertisers: tuple[Choice, ...]
    campaigns: tuple[Choice, ...]
    standings: tuple[Choice, ...]
    ages: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    more_in_use: int


@dataclass(frozen=True, slots=True)
class Board:
    """The whole page."""

    tiles: tuple[Tile, ...]
    pictures: tuple[Picture, ...]
    form: FilterForm
    chips: tuple[Chip, ...]
    rows: tuple[FindingRow, ...]
    summary: str
    order: str
    period: str
    older_url: str
    first_url: str
    next_url: str
    csv_url: str
    is_narrowed: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what can be chosen from, as (id, name); empty for an outside party that may not know."""

    publishers: Sequence[tuple[str, str]] = ()
    advertisers: Sequence[tuple[str, str]] = ()
    campaigns: Sequence[tuple[str, str]] = ()
    rules: Sequence[str] = ()


def present_board(
    cells: Sequence[Cell], page: FindingPage, asked: AskedFindings, identity: Identity, *, rules: RuleSet, names: Names
) -> Board:
    """Return the board."""
    typed = asked.typed
    form = _present_form(asked, rules, names)
    after = page.following.write() if page.following else ""
    filters = asked.filters
    return Board(
        tiles=_tiles(cells, asked),
        pictures=_pictures(cells, asked, rules, names, identity),
        form=form,
        chips=_chips(typed, form),
        rows=tuple(present_row(line, identity, rules, typed) for line in page.lines),
        summary=_summarise(cells, asked),
        order="The most money first, of equals the oldest" if filters.order is FindingOrder.MONEY else "Newest call first",
        period=f"Calls from {filters.starts_at:%d %b %Y} on" if "age" not in typed else "",
        older_url="" if "age" in typed else _address(typed, age="over-30", **{"from": None, "to": None}),
        first_url=_address(typed) if filters.after else "",
        next_url=_address(typed, after=after) if after else "",
        csv_url=url_for("findings.download") + _query(typed),
        is_narrowed=bool(typed),
    )


def present_row(line: FindingLine, identity: Identity, rules: RuleSet, typed: Mapping[str, str]) -> FindingRow:
    """Return one finding as a row, as the asker may see it."""
    seen = as_seen_by(line, identity)
    trade = (seen.campaign, seen.source) if identity.is_outside else (seen.publisher or "No publisher", seen.campaign)
    return FindingRow(
        url=url_for("findings.show", finding_id=line.id) + _query(typed),
        call_url=f"/calls/{line.call_id}#finding-{line.id}",
        external_id=line.external_id,
        caller=show_caller(line.caller_number, identity),
        title=title_of(line.rule, rules),
        rule=line.rule,
        outcome=str(line.outcome),
        outcome_label=OUTCOME_WORDS.get(line.outcome, write_title(line.outcome)),
        severity=line.severity,
        started_at=line.started_at,
        trade=" · ".join(part for part in trade if part),
        states=" or ".join(line.states),
        money=say_stake(line.stake_minor),
        said=seen.quote or seen.reason,
        is_quote=bool(seen.quote),
        decision=say_decision(line.decision),
        decision_look=str(line.decision.decision) if line.decision else "",
    )


def title_of(rule: str, rules: RuleSet) -> str:
    """Return a rule in plain words, with the state where it is judged state by state; an unknown one by its id."""
    found = rules.find(rule)
    if found is None:
        return rule
    state = rule.removeprefix(found.id).strip("-")
    return f"{found.title} ({'state not known' if state == 'UNKNOWN' else state})" if state else found.title


def say_stake(stake: tuple[int, int] | None) -> str:
    """Return the money at stake by law, least and most; empty where no law names any."""
    if stake is None:
        return ""
    least, most = (Money(amount) for amount in stake)
    return str(most) if least == most else f"{least} to {most}"


def say_decision(decision: Decision | None) -> str:
    """Return what people said of a finding."""
    return "" if decision is None else DECISION_WORDS[decision.decision]


def _tiles(cells: Sequence[Cell], asked: AskedFindings) -> tuple[Tile, ...]:
    typed, total = asked.typed, sum(cell.findings for cell in cells)
    word = {FindingStanding.OPEN: "open findings", FindingStanding.ANY: "findings"}.get(
        asked.filters.standing, f"findings: {STANDING_WORDS[asked.filters.standing].lower()}"
    )
    by_outcome = {outcome: sum(c.findings for c in cells if c.outcome is outcome) for outcome in TOLD}
    grave = sum(c.findings for c in cells if c.severity is Severity.CRITICAL)
    old = sum(c.findings for c in cells if c.age >= 2)
    least, most = sum(c.least_minor for c in cells), sum(c.most_minor for c in cells)
    tiles = [Tile(write_count(total), word)]
    tiles += [
        Tile(write_count(count), OUTCOME_WORDS[outcome].lower(), _address(typed, outcome=outcome))
        for outcome, count in by_outcome.items()
        if count or outcome is not Outcome.NEEDS_EVIDENCE
    ]
    tiles.append(Tile(write_count(grave), "critical", _address(typed, severity=Severity.CRITICAL)))
    tiles.append(Tile(write_count(old), "older than 7 days"))
    money = say_stake((least, most)) if most else "None named"
    return (*tiles, Tile(_round_money(money), "at stake by law, least to most"))


def _round_money(text: str) -> str:
    """Return amounts without their cents, which are all zero in statutes."""
    return text.replace(".00", "")


def _pictures(
    cells: Sequence[Cell], asked: AskedFindings, rules: RuleSet, names: Names, identity: Identity
) -> tuple[Picture, ...]:
    typed = asked.typed
    publishers = dict(names.publishers)
    by_rule = _picture(
        "rule", "By rule", _group(cells, lambda c: (c.rule,)), lambda rule: title_of(rule, rules), typed, asked.filters.rule
    )
    by_state = _picture(
        "state", "By state of the consumer", _group(cells, lambda c: c.states.split() or (UNKNOWN_STATE,)),
        lambda state: state.capitalize() if state == UNKNOWN_STATE else state, typed, asked.filters.state,
    )  # fmt: skip
    by_publisher = _picture(
        "publisher", "By publisher", _group(cells, lambda c: (c.publisher_id or "",)),
        lambda key: publishers.get(key, "No publisher"), typed, asked.filters.publisher_id,
    )  # fmt: skip
    ages = _group(cells, lambda c: (str(c.age),))
    widest = max((sum(c.findings for c in group) for group in ages.values()), default=0)
    keys = list(AGES)
    by_age = Picture(
        "age",
        "By age, days since the call",
        tuple(
            _bar(AGE_WORDS[place], ages.get(str(place), ()), widest,
                 _address(typed, age=key, **{"from": None, "to": None}), is_chosen=typed.get("age") == key)
            for place, key in enumerate(keys)
            if str(place) in ages or (place < len(keys) - 1 and "age" not in typed)
        ),
        "",
    )  # fmt: skip
    return (by_rule, by_state, by_age) if identity.is_outside else (by_rule, by_state, by_publisher, by_age)


def _group(cells: Iterable[Cell], keys: Callable[[Cell], Iterable[str]]) -> dict[str, list[Cell]]:
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        for key in keys(cell):
            groups.setdefault(key, []).append(cell)
    return groups


def _picture(
    name: str, title: str, groups: Mapping[str, Sequence[Cell]], say: Callable[[str], str], typed: Mapping[str, str],
    chosen: str | None,
) -> Picture:  # fmt: skip
    counts = {key: sum(cell.findings for cell in group) for key, group in groups.items()}
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    widest = counts[ordered[0]] if ordered else 0
    bars = tuple(
        _bar(say(key), groups[key], widest, _address(typed, **{name: key}) if key and key != UNKNOWN_STATE else "",
             is_chosen=key == chosen)
        for key in ordered[:MOST_BARS]
    )  # fmt: skip
    left = ordered[MOST_BARS:]
    rest = f"and {write_count(sum(counts[key] for key in left))} in {len(left)} more" if left else ""
    return Picture(name, title, bars, rest)


def _bar(label: str, cells: Sequence[Cell], widest: int, url: str, *, is_chosen: bool) -> Bar:
    total, certain = (
        sum(c.findings for c in cells),
        sum(c.findings for c in cells if c.outcome is Outcome.VIOLATION),
    )
    scale = BAR_WIDTH / widest if widest else 0.0
    money = sum(c.most_minor for c in cells)
    return Bar(
        label=label,
        count=write_count(total),
        money=_round_money(f"up to {Money(money)}") if money else "",
        url=url,
        certain_width=round(certain * scale, 2),
        other_width=round((total - certain) * scale, 2),
        is_chosen=is_chosen,
    )


def _present_form(asked: AskedFindings, rules: RuleSet, names: Names) -> FilterForm:
    typed = asked.typed
    known = sorted({*names.rules, *({asked.filters.rule} if asked.filters.rule else set())})
    families = sorted(
        {family_of(rule.id) for rule in rules.rules}, key=lambda f: list(FAMILIES).index(f) if f in FAMILIES else 99
    )
    # A finding may be in any state of the land, not only in those at hand.
    more = ("family", "severity", "authority", "state", "advertiser", "campaign", "least", "from", "to", "order")
    return FilterForm(
        typed=typed,
        problems=asked.problems,
        rules=_choices([(rule, f"{rule}: {title_of(rule, rules)}") for rule in known], typed.get("rule")),
        families=_choices([(family, name_family(family)) for family in families], typed.get("family")),
        outcomes=_choices([(word.value, OUTCOME_WORDS[word]) for word in TOLD], typed.get("outcome")),
        severities=_choices([(word.value, write_title(word)) for word in reversed(Severity)], typed.get("severity")),
        authorities=_choices([(word.value, _say_authority(word)) for word in Authority], typed.get("authority")),
        states=(),
        publishers=_choices(names.publishers, typed.get("publisher")),
        advertisers=_choices(names.advertisers, typed.get("advertiser")),
        campaigns=_choices(names.campaigns, typed.get("campaign")),
        standings=_choices(
            [(word.value, STANDING_WORDS[word]) for word in FindingStanding], typed.get("decision", str(FindingStanding.OPEN))
        ),
        ages=_choices(list(zip(AGES, AGE_WORDS, strict=True)), typed.get("age")),
        orders=_choices(
            [(FindingOrder.MONEY.value, "The most money first"), (FindingOrder.NEWEST.value, "Newest call first")],
            typed.get("order", str(FindingOrder.MONEY)),
        ),
        more_in_use=sum(name in typed for name in more),
    )


def _say_authority(word: Authority) -> str:
    return {"fcc": "FCC", "ftc": "FTC", "cms": "CMS"}.get(word.value.partition("_")[0], "") + (
        f" {word.value.partition('_')[2]}" if word.value[:3] in {"fcc", "ftc", "cms"} else write_title(word)
    )


def _chips(typed: Mapping[str, str], form: FilterForm) -> tuple[Chip, ...]:
    known: Mapping[str, tuple[str, tuple[Choice, ...]]] = {
        "rule": ("Rule", form.rules), "family": ("Rules", form.families), "outcome": ("Outcome", form.outcomes),
        "severity": ("Severity", form.severities), "authority": ("Force", form.authorities), "state": ("State", ()),
        "publisher": ("Publisher", form.publishers), "advertiser": ("Advertiser", form.advertisers),
        "campaign": ("Campaign", form.campaigns), "decision": ("Standing", form.standings), "from": ("From", ()),
        "to": ("To", ()), "age": ("Age", form.ages), "least": ("At stake from $", ()), "order": ("Order", form.orders),
    }  # fmt: skip
    chips = []
    for name, value in typed.items():
        if name in form.problems:
            continue
        label, choices = known[name]
        shown = next((choice.text for choice in choices if choice.is_chosen), value)
        chips.append(Chip(f"{label}: {shown}", _address(typed, **{name: None})))
    return tuple(chips)


def _summarise(cells: Sequence[Cell], asked: AskedFindings) -> str:
    total = sum(cell.findings for cell in cells)
    word = "finding" if total == 1 else "findings"
    standing = asked.filters.standing
    if standing is FindingStanding.OPEN:
        word = f"open {word}"
    return f"{write_count(total)} {word}" if total else f"No {word}"


def _address(typed: Mapping[str, str], **changes: str | None) -> str:
    return url_for("findings.list_findings") + _query(typed, **changes)


def _query(typed: Mapping[str, str], **changes: str | None) -> str:
    kept = {name: str(value) for name, value in {**typed, **changes}.items() if value}
    return f"?{urlencode(kept)}" if kept else ""
