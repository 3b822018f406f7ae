"""Does a state table say what it must, and nothing else? Reads the YAML's objects into values; one error names all faults."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from app.compliance.place.holidays import DayAfter, Fixed, FromEaster, HolidayRule, Nth, Observance, TuesdayAfterFirstMonday
from app.compliance.place.state_rules import (
    DAY_S,
    Confidence,
    DayHours,
    FrequencyCap,
    HolidayLaw,
    HolidaySet,
    HoursRow,
    OpeningDisclosure,
    RecordingLaw,
    ReviewHours,
    StateRules,
    StateTable,
)
from app.compliance.place.zones import get_zone
from app.errors import InvalidInput

STATES = (
    "AK",
    "AL",
    "AR",
    "AZ",
    "CA",
    "CO",
    "CT",
    "DC",
    "DE",
    "FL",
    "GA",
    "HI",
    "IA",
    "ID",
    "IL",
    "IN",
    "KS",
    "KY",
    "LA",
    "MA",
    "MD",
    "ME",
    "MI",
    "MN",
    "MO",
    "MS",
    "MT",
    "NC",
    "ND",
    "NE",
    "NH",
    "NJ",
    "NM",
    "NV",
    "NY",
    "OH",
    "OK",
    "OR",
    "PA",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VA",
    "VT",
    "WA",
    "WI",
    "WV",
    "WY",
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = ("weekdays", "saturday", "sunday")
_GROUPS = {"entity", "subject", "number"}
_MOST_FAULTS_SHOWN = 20


class _Node:
    """One object of the file; each method takes a key and notes what is wrong under its path."""

    def __init__(self, data: Any, path: str, faults: list[str]) -> None:
        self.path, self.faults = path, faults
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        if not isinstance(data, Mapping):
            self.fault("", f"expected an object, got {data!r}")

    def fault(self, key: str, text: str) -> None:
        self.faults.append(f"{self.path}{'.' if key and self.path else ''}{key}: {text}")

    def only(self, required: str, optional: str = "") -> None:
        need, may = set(required.split()), set(optional.split())
        for key in sorted(need - set(self.data)):
            self.fault(key, "missing")
        for key in sorted(map(str, set(self.data) - need - may)):
            self.fault(key, "unknown key; see docs/place-and-time.md")

    def child(self, key: str) -> "_Node":
        return _Node(self.data.get(key), f"{self.path}.{key}" if self.path else key, self.faults)

    def text(self, key: str) -> str:
        value = self.maybe_text(key)
        if value is None and key in self.data:
            self.fault(key, "expected a text, got nothing")
        return value or ""

    def maybe_text(self, key: str) -> str | None:
        value = self.data.get(key)
        if value is not None and not isinstance(value, str):
            self.fault(key, f"expected a text, got {value!r}")
            return None
        return value

    def word(self, key: str, *allowed: str) -> str:
        value = self.data.get(key)
        if value not in allowed and key in self.data:
            self.fault(key, f"expected one of {', '.join(allowed)}, got {value!r}")
        return str(value) if value in allowed else allowed[0]

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, f"expected true or false, got {value!r}")
        return value is True

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            if key in self.data:
                self.fault(key, f"expected a whole number from {least} to {most}, got {value!r}")
            return least
        return value

    def day(self, key: str) -> date | None:
        value = self.data.get(key)
        try:
            return None if value is None else date.fromisoformat(str(value))
        except ValueError:
            self.fault(key, f"expected a day such as 2026-01-31, got {value!r}")
            return None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            if key in self.data:
                self.fault(key, f"expected a list of texts, got {value!r}")
            return ()
        return tuple(value)


def parse_state_rules(data: Any, *, version: str) -> StateTable:
    """Return the table; one error names every fault: states that are missing, keys that nobody reads, hours out of range."""
    faults: list[str] = []
    root = _Node(data, "", faults)
    root.only(
        "schema_version as_of conventions holiday_definitions holiday_sets multi_zone_area_codes non_geographic_codes "
        "territories_note states"
    )
    rules = _holiday_rules(root.child("holiday_definitions"))
    sets = {
        str(key): _holiday_set(str(key), root.child("holiday_sets").child(key), rules)
        for key in root.child("holiday_sets").data
    }
    states_node = root.child("states")
    for code in STATES:
        if code not in states_node.data:
            states_node.fault(code, "missing; every state and DC needs a row")
    states = {}
    for code in states_node.data:
        if code not in STATES:
            states_node.fault(str(code), "no state of the United States")
        else:
            states[str(code)] = _state(str(code), states_node.child(code), sets)
    split = {
        str(key): _split_code(root.child("multi_zone_area_codes").child(key))
        for key in root.child("multi_zone_area_codes").data
    }
    if faults:
        more = f"; and {len(faults) - _MOST_FAULTS_SHOWN} more" if len(faults) > _MOST_FAULTS_SHOWN else ""
        raise InvalidInput(
            f"the state table has {len(faults)} faults: {'; '.join(faults[:_MOST_FAULTS_SHOWN])}{more}", faults=faults
        )
    return StateTable(f"{root.text('as_of')}/{version}", states, sets, split)


def _state(code: str, node: _Node, sets: Mapping[str, HolidaySet]) -> StateRules:
    node.only(
        "name timezones calling_hours holidays automated_hours frequency_cap state_dnc emergency_ban area_code_presumption "
        "opening_disclosure citation confidence source recording_consent notes as_of",
        "calling_hours_before review_window",
    )
    citation = node.text("citation")
    hours = [_hours(node.child("calling_hours"), citation, basis=None)]
    if "calling_hours_before" in node.data:
        hours.append(_hours(node.child("calling_hours_before"), citation, basis=None))
        last, first = hours[1].effective_to, hours[0].effective_from
        if last is None or first is None or first - last != timedelta(days=1):
            node.fault("calling_hours_before", f"expected to end the day before calling_hours begin, got {last} and {first}")
    automated = (
        () if node.data.get("automated_hours") is None else (_hours(node.child("automated_hours"), "", basis="automated_rule"),)
    )
    dnc = node.child("state_dnc")
    dnc.only("kind citation")
    return StateRules(
        code=code,
        name=node.text("name"),
        zones=_zones(node),
        hours=tuple(hours),
        automated_hours=automated,
        review_hours=_review(node.child("review_window")) if node.data.get("review_window") is not None else None,
        holidays=_holiday_law(node.child("holidays"), sets),
        cap=_cap(node.child("frequency_cap")) if node.data.get("frequency_cap") is not None else None,
        dnc_kind=dnc.word("kind", "adopts_national", "own_list"),
        dnc_citation=dnc.maybe_text("citation"),
        has_emergency_ban=node.flag("emergency_ban"),
        has_area_code_presumption=node.flag("area_code_presumption"),
        opening=_opening(node.child("opening_disclosure")) if node.data.get("opening_disclosure") is not None else None,
        recording=_recording(node.child("recording_consent")),
        citation=citation,
        confidence=_confidence(node),
        source=node.text("source"),
        notes=node.maybe_text("notes"),
    )


def _hours(node: _Node, citation: str, *, basis: str | None) -> HoursRow:
    if basis is None:
        node.only("basis weekdays saturday sunday", "effective_from effective_to")
        basis = node.word("basis", "state_rule", "federal_default")
    else:
        node.only("weekdays saturday sunday citation", "holiday voice_only effective_from effective_to")
        citation = node.text("citation")
    weekdays, saturday, sunday = (_day_hours(node, day) for day in _DAYS)
    return HoursRow(
        basis=basis,
        weekdays=weekdays,
        saturday=saturday,
        sunday=sunday,
        citation=citation,
        holiday=_day_hours(node, "holiday"),
        has_holiday_hours="holiday" in node.data,
        is_voice_only=node.flag("voice_only"),
        effective_from=node.day("effective_from"),
        effective_to=node.day("effective_to"),
    )


def _day_hours(node: _Node, day: str) -> DayHours | None:
    if node.data.get(day) is None:
        return None
    inner = node.child(day)
    inner.only("start end")
    return _span(inner)


def _span(node: _Node) -> DayHours:
    start_s, end_s = (_clock_s(node, key) for key in ("start", "end"))
    if start_s >= end_s:
        node.fault("", f"expected a start before the end, got {node.data.get('start')!r} to {node.data.get('end')!r}")
    return DayHours(start_s, end_s)


def _clock_s(node: _Node, key: str) -> int:
    value = str(node.data.get(key))
    hours, _, minutes = value.partition(":")
    if (
        len(value) == 5
        and hours.isdigit()
        and minutes.isdigit()
        and int(minutes) < 60
        and int(hours) * 3600 + int(minutes) * 60 <= DAY_S
    ):
        return int(hours) * 3600 + int(minutes) * 60
    node.fault(key, f"expected a time such as 08:00, got {node.data.get(key)!r}")
    return 0


def _review(node: _Node) -> ReviewHours:
    node.only("start end why")
    return ReviewHours(_span(node), node.text("why"))


def _cap(node: _Node) -> FrequencyCap:
    node.only(
        "max window_hours group_by texts_count scope citation", "automated_only exempt_relationship_months effective_from"
    )
    group_by = node.texts("group_by")
    if not set(group_by) <= _GROUPS:
        node.fault("group_by", f"expected {', '.join(sorted(_GROUPS))}, got {', '.join(group_by)}")
    months = node.whole("exempt_relationship_months", 1, 120) if "exempt_relationship_months" in node.data else None
    return FrequencyCap(
        most=node.whole("max", 1, 100),
        window_s=node.whole("window_hours", 1, 24 * 31) * 3600,
        group_by=group_by,
        does_count_texts=node.flag("texts_count"),
        is_automated_only=node.flag("automated_only"),
        exempt_relationship_months=months,
        effective_from=node.day("effective_from"),
        scope=node.text("scope"),
        citation=node.text("citation"),
    )


def _holiday_law(node: _Node, sets: Mapping[str, HolidaySet]) -> HolidayLaw:
    node.only("rule set citation exemption")
    rule = node.word("rule", "none", "prohibited", "restricted_hours_automated_only")
    name = node.maybe_text("set")
    if (name is None) is not (rule == "none") or (name is not None and name not in sets):
        node.fault("set", f"expected the name of a holiday set, or nothing with rule none; got {name!r} with rule {rule}")
    return HolidayLaw(rule, name, node.maybe_text("citation"), node.maybe_text("exemption"))


def _holiday_set(name: str, node: _Node, rules: Mapping[str, HolidayRule]) -> HolidaySet:
    node.only("days observance confidence", "county_only proclaimed federal_observed_days notes")
    observance = node.child("observance")
    observance.only("saturday sunday")
    counties = node.child("county_only") if "county_only" in node.data else None
    county_only = {str(key): counties.texts(key) for key in counties.data} if counties else {}
    named = (*node.texts("days"), *county_only)
    for holiday in named:
        if holiday not in rules:
            node.fault("days", f"no holiday definition for {holiday!r}")
    return HolidaySet(
        id=name,
        days={holiday: rules[holiday] for holiday in named if holiday in rules},
        saturday=cast(Observance, observance.word("saturday", "none", "previous_friday", "next_monday")),
        sunday=cast(Observance, observance.word("sunday", "none", "previous_friday", "next_monday")),
        county_only=county_only,
        is_federal_observance_doubtful="federal_observed_days" in node.data
        and node.word("federal_observed_days", "review") == "review",
        confidence=_confidence(node),
        notes=node.maybe_text("notes"),
    )


def _holiday_rules(node: _Node) -> dict[str, HolidayRule]:
    rules: dict[str, HolidayRule] = {}
    for name in node.data:
        rule = _holiday_rule(node.child(name), rules)
        if rule is None:
            node.fault(
                str(name),
                "expected one of fixed, nth_weekday, last_weekday, easter_offset_days, day_after (of a holiday above), "
                f"first_tuesday_after_first_monday; got {node.data[name]!r}",
            )
        else:
            rules[str(name)] = rule
    return rules


def _holiday_rule(node: _Node, known: Mapping[str, HolidayRule]) -> HolidayRule | None:
    rule: HolidayRule | None = None
    try:
        match dict(node.data):
            case {"fixed": str(day)}:
                when = date.fromisoformat(f"2000-{day}")
                rule = Fixed(when.month, when.day)
            case {"nth_weekday": {"n": int(n), "weekday": str(weekday), "month": int(month)}} if (
                1 <= n <= 4 and 1 <= month <= 12
            ):
                rule = Nth(n, _WEEKDAYS.index(weekday), month)
            case {"last_weekday": {"weekday": str(weekday), "month": int(month)}} if 1 <= month <= 12:
                rule = Nth(-1, _WEEKDAYS.index(weekday), month)
            case {"easter_offset_days": int(days)}:
                rule = FromEaster(days)
            case {"first_tuesday_after_first_monday": {"month": int(month)}} if 1 <= month <= 12:
                rule = TuesdayAfterFirstMonday(month, node.data.get("years") == "even")
            case {"day_after": str(other)} if other in known:
                rule = DayAfter(known[other])
    except ValueError:  # a day or weekday that does not exist
        return None
    return rule


def _opening(node: _Node) -> OpeningDisclosure:
    node.only("within_seconds what citation")
    within_s = None if node.data.get("within_seconds") is None else node.whole("within_seconds", 1, 600)
    return OpeningDisclosure(within_s, node.text("what"), node.text("citation"))


def _recording(node: _Node) -> RecordingLaw:
    node.only("statute_party treat_as citation confidence source form notes")
    return RecordingLaw(
        statute_party=node.word("statute_party", "one", "all", "mixed"),
        treat_as=node.word("treat_as", "one", "all"),
        citation=node.text("citation"),
        confidence=_confidence(node),
        form=node.maybe_text("form"),
        notes=node.maybe_text("notes"),
    )


def _split_code(node: _Node) -> tuple[str, tuple[str, ...]]:
    node.only("state timezones library_single_zone note")
    return node.word("state", *STATES), _zones(node)


def _zones(node: _Node) -> tuple[str, ...]:
    names = node.texts("timezones")
    for name in names:
        try:
            get_zone(name)
        except InvalidInput as error:
            node.fault("timezones", error.message)
    return names


def _confidence(node: _Node) -> Confidence:
    return cast(Confidence, node.word("confidence", "high", "medium", "low"))
