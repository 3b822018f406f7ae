"""What does the list of calls show? Rows, filter form, chips and page links, ready to print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import url_for

from app.access.identity import Identity
from app.access.masking import show_caller
from app.compliance.rule_texts import find_rule_text
from app.vocabulary import AnalysisState, Channel, Disposition, Severity, Verdict
from app.web.call_list.filters import ANY_FLAG, NO, NO_FLAG, NOT_REVIEWED, YES, CallFilters, write_query
from app.web.call_list.query import CallLine, CallPage
from app.web.call_list.search import split_marks
from app.web.formatting import write_length, write_title, write_word
from app.web.presenters.score import ScoreView, present_score

FLAGS_SHOWN = 2
LIVE_STATES = frozenset({AnalysisState.WAITING, AnalysisState.RUNNING})


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force, and the address of the list without it."""

    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag with its plain title."""

    rule: str
    title: str
    severity: Severity
    is_certain: bool


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """Where the analysis of a call stands; ``percent`` while it runs, ``reason`` when it failed."""

    call_id: str
    state: AnalysisState
    percent: int | None
    stage: str
    reason: str | None
    score: ScoreView | None
    flags: tuple[FlagView, ...]
    more_flags: int
    is_screened: bool


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call of the list."""

    url: str
    external_id: str
    started_at: datetime
    caller: str
    campaign: str
    source: str
    channel: str
    length: str
    length_note: str
    disposition: str
    analysis: AnalysisView
    verdict: str | None
    verdict_tone: str
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class LivePart:
    """The calls whose analysis is still going on, and where to ask for news; nothing to poll when the address is None."""

    url: str | None


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filter form with what was typed; a filter that this person has no use for has no choices."""

    typed: Mapping[str, str]
    problems: Mapping[str, str]
    campaigns: tuple[Choice, ...]
    sources: tuple[Choice, ...]
    states: tuple[Choice, ...]
    flags: tuple[Choice, ...]
    severities: tuple[Choice, ...]
    rules: tuple[Choice, ...]
    dispositions: tuple[Choice, ...]
    recordings: tuple[Choice, ...]
    verdicts: tuple[Choice, ...]
    more_in_use: int


@dataclass(frozen=True, slots=True)
class CallListPage:
    """The whole page."""

    form: FilterForm
    chips: tuple[Chip, ...]
    rows: tuple[CallRow, ...]
    newer_url: str | None
    older_url: str | None
    live: LivePart
    is_narrowed: bool
    summary: str


def present_call_list(
    page: CallPage,
    filters: CallFilters,
    identity: Identity,
    *,
    campaigns: Sequence[tuple[str, str]],
    sources: Sequence[tuple[str, str]],
    rules: Sequence[str],
) -> CallListPage:
    """Return the page of calls with its form."""
    form = _present_form(filters, campaigns, sources, rules)
    rows = tuple(present_call(line, identity) for line in page.lines)
    return CallListPage(
        form=form,
        chips=_present_chips(filters, form),
        rows=rows,
        newer_url=write_query(filters.typed, after=page.newer.write()) if page.newer else None,
        older_url=write_query(filters.typed, before=page.older.write()) if page.older else None,
        live=present_live([row.analysis for row in rows]),
        is_narrowed=filters.is_narrowed,
        summary=_summarise(page),
    )


def present_call(line: CallLine, identity: Identity) -> CallRow:
    """Return one call as a row."""
    seconds, note = (line.connected_s, "") if line.connected_s is not None else (line.recorded_s, "recorded")
    return CallRow(
        url=f"/calls/{line.id}",
        external_id=line.external_id,
        started_at=line.started_at,
        caller=show_caller(line.caller_number, identity),
        campaign=line.campaign or "No campaign",
        source=line.source or "No source",
        channel=_say_channel(line.channel),
        length=write_length(seconds),
        length_note=note if seconds is not None else "",
        disposition=write_title(line.disposition) if line.disposition else "",
        analysis=present_analysis(line),
        verdict=write_title(line.verdict) if line.verdict else None,
        verdict_tone="good" if line.verdict is Verdict.GOOD else "",
        snippet=split_marks(line.snippet) if line.snippet else (),
    )


def present_analysis(line: CallLine) -> AnalysisView:
    """Return where the analysis of a call stands and what came of it."""
    flags = tuple(_present_flag(flag.rule, flag.severity, is_certain=flag.outcome == "violation") for flag in line.flags)
    standing = line.standing
    return AnalysisView(
        call_id=line.id,
        state=standing.state,
        percent=round(100 * standing.progress) if standing.state is AnalysisState.RUNNING else None,
        stage=write_title(standing.stage) if standing.stage else "",
        reason=standing.error_message if standing.state is AnalysisState.FAILED else None,
        score=present_score(line.score),
        flags=flags[:FLAGS_SHOWN],
        more_flags=max(0, len(flags) - FLAGS_SHOWN),
        is_screened=line.score is not None,
    )


def present_live(analyses: Sequence[AnalysisView]) -> LivePart:
    """Return what the page keeps asking about."""
    waiting = [analysis.call_id for analysis in analyses if analysis.state in LIVE_STATES]
    return LivePart(url_for("calls.live", calls=",".join(waiting)) if waiting else None)


def _present_flag(rule: str, severity: Severity, *, is_certain: bool) -> FlagView:
    return FlagView(rule, find_rule_text(rule).title, severity, is_certain)


def _present_form(
    filters: CallFilters, campaigns: Sequence[tuple[str, str]], sources: Sequence[tuple[str, str]], rules: Sequence[str]
) -> FilterForm:
    typed = filters.typed
    more = ("state", "flags", "severity", "rule", "disposition", "recording", "verdict", "source")
    return FilterForm(
        typed=typed,
        problems=filters.problems,
        campaigns=_choices(campaigns, typed.get("campaign")),
        sources=_choices(sources, typed.get("source")),
        states=_choose_word(AnalysisState, typed.get("state")),
        flags=_choices([(ANY_FLAG, "With a flag"), (NO_FLAG, "Screened, without a flag")], typed.get("flags")),
        severities=_choose_word(Severity, typed.get("severity")),
        rules=_choices([(rule, f"{rule}: {find_rule_text(rule).title}") for rule in rules], typed.get("rule")),
        dispositions=_choose_word(Disposition, typed.get("disposition")),
        recordings=_choices([(YES, "With a recording"), (NO, "Without a recording")], typed.get("recording")),
        verdicts=_choices(
            [(NOT_REVIEWED, "Not reviewed"), *((word.value, write_title(word)) for word in Verdict)], typed.get("verdict")
        ),
        more_in_use=sum(name in typed for name in more),
    )


def _choices(options: Sequence[tuple[str, str]], chosen: str | None) -> tuple[Choice, ...]:
    return tuple(Choice(value, text, value == chosen) for value, text in options)


def _choose_word(kind: type[StrEnum], chosen: str | None) -> tuple[Choice, ...]:
    return _choices([(word.value, write_title(word)) for word in kind], chosen)


def _present_chips(filters: CallFilters, form: FilterForm) -> tuple[Chip, ...]:
    names = {
        "q": ("Words", ()), "campaign": ("Campaign", form.campaigns), "source": ("Source", form.sources), "from": ("From", ()),
        "to": ("To", ()), "state": ("Analysis", form.states), "flags": ("Flags", form.flags),
        "severity": ("Worst flag", form.severities), "rule": ("Rule", form.rules),
        "disposition": ("Ended", form.dispositions), "recording": ("Recording", form.recordings),
        "verdict": ("Verdict", form.verdicts),
    }  # fmt: skip
    chips = []
    for name, value in filters.typed.items():
        if name in filters.problems:
            continue
        label, choices = names[name]
        shown = next((choice.text for choice in choices if choice.is_chosen), value)
        chips.append(Chip(f"{label}: {shown}", write_query(filters.typed, **{name: None})))
    return tuple(chips)


def _summarise(page: CallPage) -> str:
    if not page.lines:
        return "No calls"
    count = len(page.lines)
    is_all = page.newer is None and page.older is None
    return f"{count} call{'s' if count != 1 else ''}" + ("" if is_all else " on this page")


def _say_channel(channel: Channel | None) -> str:
    return write_word(channel).capitalize() if channel else ""
