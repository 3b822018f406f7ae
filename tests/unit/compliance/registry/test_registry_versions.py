"""Which version was in force, and how old it was, by the clock of the safe harbour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.compliance.registry.versions import (
    ListName,
    ListVersion,
    age_days,
    find_in_force,
    freshness,
    judge_age,
    parse_area_codes,
    parse_list_name,
    version_from_json,
    version_to_json,
)
from app.errors import InvalidInput
from app.vocabulary import Freshness, ListKind

NATIONAL = ListName(ListKind.NATIONAL)


def version(name: str, obtained: str, areas: tuple[int, ...] | None = (305,), **more: object) -> ListVersion:
    at = datetime.fromisoformat(obtained).replace(tzinfo=UTC)
    values: dict[str, object] = {
        "id": name, "list_name": NATIONAL, "obtained_at": at, "loaded_at": at, "loaded_by": "ann", "san": "1", "source": "",
        "source_version": None, "area_codes": areas, "is_change": False, "bases": (), "files": (), "count": 1,
        "area_counts": {305: 1}, "added": 0, "deleted": 0, "disagreements": 0, "data_file": "numbers.set", "data_bytes": 1,
        "data_sha256": "0" * 64, "data_crc": 0, "tool": "t",
    }  # fmt: skip
    return ListVersion(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "age", "state"),
    [("2026-11-22", 31, Freshness.DUE), ("2026-11-23", 32, Freshness.STALE), ("2026-11-14", 23, Freshness.FRESH)],
)
def test_a_list_obtained_on_22_october_may_be_used_until_22_november(call: str, age: int, state: Freshness) -> None:
    """Case 8 of the rule sheet: 31 days pass, 32 do not."""
    at = datetime.fromisoformat(f"{call}T17:00:00-05:00")
    row = freshness([version("v", "2026-10-22T15:00:00")], at, lambda _: (ZoneInfo("America/New_York"),))[0]
    assert (row.age_days, row.state, row.days_left) == (age, state, 31 - age)


def test_days_are_counted_by_the_calendar_of_the_called_party() -> None:
    obtained = datetime(2026, 10, 22, 2, 0, tzinfo=UTC)  # still the 21st in New York
    call = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert age_days(obtained, call) == 31
    assert age_days(obtained, call, ZoneInfo("America/New_York")) == 32
    rows = freshness(
        [version("v", obtained.replace(tzinfo=None).isoformat())], call, lambda _: (UTC, ZoneInfo("America/New_York"))
    )
    assert rows[0].state is Freshness.STALE


def test_lists_without_a_known_limit_do_not_grow_stale() -> None:
    assert judge_age(ListKind.LITIGATOR, 4000) == (Freshness.FRESH, None)


def test_each_area_code_has_its_own_newest_version() -> None:
    old = version("old", "2026-10-01T00:00:00", (212, 305))
    new = version("new", "2026-11-01T00:00:00", (305,))
    at = datetime(2026, 11, 5, tzinfo=UTC)
    assert {area: v.id for area, v in find_in_force([new, old], at).items()} == {212: "old", 305: "new"}
    assert {area: v.id for area, v in find_in_force([new, old], at - timedelta(days=20)).items()} == {212: "old", 305: "old"}
    assert find_in_force([new, old], datetime(2026, 9, 1, tzinfo=UTC)) == {}
    assert [(row.area, row.age_days) for row in freshness([old, new], at)] == [(212, 35), (305, 4)]


def test_a_version_of_all_area_codes_takes_the_place_of_those_of_single_ones() -> None:
    single, whole = version("single", "2026-10-01T00:00:00"), version("whole", "2026-11-01T00:00:00", None)
    assert find_in_force([single, whole], datetime(2026, 11, 5, tzinfo=UTC)) == {None: whole}


def test_a_withdrawn_version_was_in_force_until_then() -> None:
    gone = version("gone", "2026-10-01T00:00:00", withdrawn_at=datetime(2026, 10, 10, tzinfo=UTC))
    assert find_in_force([gone], datetime(2026, 10, 9, tzinfo=UTC)) == {305: gone}
    assert find_in_force([gone], datetime(2026, 10, 10, tzinfo=UTC)) == {}


def test_a_manifest_reads_back_and_notices_a_change() -> None:
    data = version_to_json(version("v", "2026-10-01T00:00:00"))
    assert version_from_json(data) == version("v", "2026-10-01T00:00:00")
    with pytest.raises(ValueError, match="hash"):
        version_from_json(data | {"obtained_at": "2026-11-01T00:00:00+00:00"})


@pytest.mark.parametrize("name", ["national", "state:FL", "internal", "litigator", "reassigned"])
def test_list_names_read_back(name: str) -> None:
    assert str(parse_list_name(name)) == name


@pytest.mark.parametrize("name", ["", "state", "state:XX", "state:", "national:FL", "federal", "state:FL:GA"])
def test_other_list_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="expected national, state:XX"):
        parse_list_name(name)


def test_area_codes_are_three_digits() -> None:
    assert parse_area_codes("305, 212;305") == (212, 305)
    for wrong in ("", "112", "30", "305,x"):
        with pytest.raises(InvalidInput, match="three digits"):
            parse_area_codes(wrong)
