"""Loading, scrubbing and checking against real files: the FTC's shapes, wrong shapes, change lists, moments, damage."""

import csv
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.compliance.registry.service import NumberLists, make_request
from app.compliance.registry.store import ListStore
from app.errors import InvalidInput, InvalidTransition, ListDamaged, NotFound
from app.ports import NumberRegistry
from tests.fakes import FrozenClock

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
MIAMI = [3_052_000_000 + 7 * at for at in range(500)]
YORK = [2_122_000_000 + 11 * at for at in range(300)]
Load = Callable[..., Any]


@pytest.fixture
def lists(tmp_path: Path) -> NumberLists:
    return NumberLists(tmp_path / "data", FrozenClock(NOW))


@pytest.fixture
def load(lists: NumberLists, tmp_path: Path) -> Load:
    counter = iter(range(1000))

    def loads(
        content: str | bytes | Path, name: str = "national", obtained: str = "2026-11-20T12:00:00+00:00", **more: Any
    ) -> Any:
        path = content if isinstance(content, Path) else tmp_path / f"list{next(counter)}.txt"
        if isinstance(content, str):
            path.write_text(content, "utf-8")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        version, _ = lists.load(make_request(name, datetime.fromisoformat(obtained), (path,), loaded_by="ann", **more))
        return version

    return loads


def flat(numbers: Sequence[int]) -> str:
    return "".join(f"{n // 10**7},{n % 10**7:07d}\n" for n in numbers)


def plain(numbers: Sequence[int]) -> str:
    return "".join(f"{n}\r\n" for n in numbers)


def quoted(numbers: Sequence[int]) -> str:
    return "area_code,number\n" + "".join(f'"{n // 10**7}","{n % 10**7:07d}"\n' for n in numbers)


def xml(numbers: Sequence[int]) -> str:
    areas = sorted({n // 10**7 for n in numbers})
    inner = "".join(
        f"<ac val='{area}'>" + "".join(f"<ph val='{n % 10**7:07d}'/>" for n in numbers if n // 10**7 == area) + "</ac>"
        for area in areas
    )
    return f"<?xml version='1.0'?>\n<list type='full' level='state' val='FL'>{inner}</list>\n"


def xml_of_elements(numbers: Sequence[int]) -> str:
    rows = "".join(f"<row><areacode>{n // 10**7}</areacode><phone>{n % 10**7:07d}</phone></row>\n" for n in numbers)
    return f"<registry>\n{rows}</registry>"


def zipped(path: Path, *texts: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, text in enumerate(texts):
            archive.writestr(f"part{at}.txt", text)
    return path


def scrub(lists: NumberLists, tmp_path: Path, text: str | bytes, **more: Any) -> tuple[Any, list[dict[str, str]]]:
    source, out = tmp_path / "leads.csv", tmp_path / "report.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    report = lists.scrub(source, out, **more)
    with out.open(newline="", encoding="utf-8") as file:
        return report, list(csv.DictReader(file))


@pytest.mark.parametrize("shape", [flat, plain, quoted, xml, xml_of_elements])
@pytest.mark.parametrize("packing", ["bare", "zip", "bom", "utf-16"])
def test_full_lists_of_all_shapes_hold_the_same_numbers(
    lists: NumberLists, load: Load, tmp_path: Path, shape: Callable[[Sequence[int]], str], packing: str
) -> None:
    text = shape([*MIAMI, *YORK])
    contents: dict[str, Any] = {
        "bare": text,
        "zip": zipped(tmp_path / "l.zip", shape(MIAMI), shape(YORK)),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "utf-16": text.replace("version='1.0'", "version='1.0' encoding='utf-16'").encode("utf-16"),
    }
    version = load(contents[packing], san="10-1")
    assert version.count == 800
    assert version.area_codes == (212, 305)
    assert version.area_counts == {212: 300, 305: 500}
    assert lists.store.open_set(version).numbers_of(305).tolist() == MIAMI


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("hello\nworld\n", "expected a list of numbers"),
        (b"\x00\x01\x02" * 50, "a binary file"),
        (b"%PDF-1.4 305,5551234", "a binary file"),
        ("<!DOCTYPE html><html>Sign in</html>", "a web page"),
        ("", "the file is empty"),
        ("\n \n", "blank lines"),
        ("305,5551234,A,2026-11-01\n305,5551235\n305,5551236\n", "a mixture"),
        ("name,phone\nAnn,305-555-1234\nBob,305-555-1235\n", "with further columns"),
        (xml(MIAMI)[:-40], "cut off or damaged"),
        ("<!DOCTYPE l [<!ENTITY a 'x'>]><l><ph val='3055551234'/></l>", "document type declaration"),
        ("<list type='change'><ac val='305'><ph val='5551234'/></ac></list>", "do not say A or D"),
        (b"\x1f\x8b\x08\x00aaaa", "unpack it first"),
        (flat(MIAMI[:40]) + "305,55512\n" * 2, "2 of 42 rows (4.8%) are no entries"),
    ],
)
def test_files_in_the_wrong_shape_are_refused_and_nothing_is_kept(
    lists: NumberLists, load: Load, content: str | bytes, wanted: str
) -> None:
    with pytest.raises(InvalidInput, match=wanted.replace("(", r"\(").replace(")", r"\)")):
        load(content)
    assert lists.store.versions() == []
    assert [path for path in lists.store.root.iterdir() if path.name != ".lock"] == []


def test_archives_that_are_cut_off_locked_nested_or_bombs_are_refused(load: Load, tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", flat(MIAMI))
    with pytest.raises(InvalidInput, match="cut off or damaged"):
        load(whole.read_bytes()[:-30])
    broken = bytearray(whole.read_bytes())
    broken[60] ^= 0xFF
    with pytest.raises(InvalidInput, match="cut off or damaged"):
        load(bytes(broken))
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as archive:
        archive.write(whole, "inner.zip")
    with pytest.raises(InvalidInput, match="archive inside the archive"):
        load(tmp_path / "nested.zip")
    with pytest.raises(InvalidInput, match="packs at most 200 times"):
        load(zipped(tmp_path / "bomb.zip", "305,5551234\n" * 3_000_000))
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(InvalidInput, match="archive is empty"):
        load(tmp_path / "empty.zip")
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(tmp_path / "nowhere.txt")


def test_one_row_in_a_hundred_that_is_garbage_is_listed_and_the_rest_loaded(lists: NumberLists, load: Load) -> None:
    rows = flat(MIAMI).splitlines()
    rows[100:100] = ["305,555", "not a number", "112,5551234", "305,1551234", "305,55512345"]
    version = load("\n".join(rows))
    assert version.count == 500
    assert version.files[0].garbage_count == 5
    with (lists.store.root / version.id / "garbage.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert [(row["line"], row["text"]) for row in listed] == [(str(101 + at), rows[100 + at]) for at in range(5)]


def test_a_share_of_garbage_can_be_allowed(load: Load) -> None:
    text = flat(MIAMI[:9]) + "oops\n"
    with pytest.raises(InvalidInput, match="1 of 10 rows"):
        load(text)
    assert load(text, most_garbage=0.1).count == 9


def test_numbers_outside_the_stated_area_codes_are_refused(load: Load) -> None:
    with pytest.raises(InvalidInput, match=r"mixed area codes: expected only 305 as stated, got 300 numbers of 212"):
        load(flat([*MIAMI, *YORK]), area_codes=(305,))
    assert load(flat(MIAMI), area_codes=(305, 786)).area_codes == (305, 786)


def change(added: Sequence[int], deleted: Sequence[int], day: str = "2026-11-10") -> str:
    rows = [f"{n // 10**7},{n % 10**7:07d},A,{day}T10:00:00" for n in added]
    return "\n".join(rows + [f"{n // 10**7},{n % 10**7:07d},D,{day}T10:00:00" for n in deleted]) + "\n"


@pytest.mark.parametrize("shape", ["flat", "moment first", "xml"])
def test_a_change_list_makes_a_new_version_and_leaves_the_old_one(lists: NumberLists, load: Load, shape: str) -> None:
    base = load(flat([*MIAMI, *YORK]), obtained="2026-11-01T12:00:00+00:00")
    added, deleted = [3_059_000_001, 3_059_000_002], MIAMI[:3]
    texts = {
        "flat": change(added, deleted),
        "moment first": "".join(
            f"305,{n % 10**7},2026-11-10 10:00:00,{c}\n" for c, ns in (("A", added), ("D", deleted)) for n in ns
        ),
        "xml": "<list type='change'><ac val='305'>"
        + "".join(
            f"<ph val='{n % 10**7}' ch='{c}' ts='2026-11-10T10:00:00'/>" for c, ns in (("A", added), ("D", deleted)) for n in ns
        )
        + "</ac></list>",
    }
    version = load(texts[shape])
    assert (version.bases, version.added, version.deleted, version.area_codes) == ((base.id,), 2, 3, (305,))
    assert lists.store.open_set(version).numbers_of(305).tolist() == sorted({*MIAMI, *added} - {*deleted})
    assert lists.store.open_set(base).numbers_of(305).tolist() == MIAMI
    # Of 212 nothing was said: the older version stays in force for it.
    assert {row.area: row.version.id for row in lists.freshness()} == {212: base.id, 305: version.id}


def test_stated_area_codes_are_renewed_by_a_change_list_even_without_changes_in_them(lists: NumberLists, load: Load) -> None:
    load(flat([*MIAMI, *YORK]), obtained="2026-11-01T12:00:00+00:00")
    version = load(change([3_059_000_001], []), area_codes=(212, 305))
    assert version.count == 801
    assert {row.version.id for row in lists.freshness()} == {version.id}


@pytest.mark.parametrize(
    ("content", "obtained", "wanted"),
    [
        (change(MIAMI[:5], []), "2026-11-20", "5 of 5 changes add numbers that are on it"),
        (change([], [3_059_999_999]), "2026-11-20", "delete numbers that are not"),
        (change([4_042_000_000], []), "2026-11-20", "no version of the list national covers area code 404"),
        (change([3_059_000_001], [], "2026-09-01"), "2026-11-20", "belongs to an older version"),
        (change([3_059_000_001], [], "2026-11-30"), "2026-11-20", "after it was obtained"),
        (change([3_059_000_001], []), "2026-10-20", "was obtained before"),
    ],
)
def test_a_change_list_that_does_not_apply_is_refused(
    lists: NumberLists, load: Load, content: str, obtained: str, wanted: str
) -> None:
    load(flat(MIAMI), obtained="2026-11-01T12:00:00+00:00")
    with pytest.raises(InvalidInput, match=wanted):
        load(content, obtained=f"{obtained}T12:00:00+00:00")
    assert len(lists.store.versions()) == 1


def test_a_change_list_without_a_base_asks_for_a_full_list(load: Load) -> None:
    with pytest.raises(InvalidInput, match="load a full list first"):
        load(change(MIAMI[:3], []))


def test_one_disagreement_in_more_than_a_thousand_changes_is_borne(load: Load) -> None:
    load(flat(MIAMI), obtained="2026-11-01T12:00:00+00:00")
    new = [3_059_000_000 + at for at in range(1500)]
    version = load(change([*new, MIAMI[0]], []))
    assert (version.added, version.disagreements) == (1500, 1)


def test_the_last_change_of_a_number_counts(lists: NumberLists, load: Load) -> None:
    load(flat(MIAMI), obtained="2026-11-01T12:00:00+00:00")
    version = load("305,9000001,A,2026-11-05\n305,9000001,D,2026-11-06\n305,9000002,A,2026-11-05\n")
    assert lists.store.open_set(version).numbers_of(305).tolist() == [*MIAMI, 3_059_000_002]


def test_full_and_change_lists_do_not_make_one_version(lists: NumberLists, load: Load, tmp_path: Path) -> None:
    load(flat(MIAMI), obtained="2026-11-01T12:00:00+00:00")
    with pytest.raises(InvalidInput, match="cannot be loaded as one version"):
        load(zipped(tmp_path / "both.zip", flat(YORK), change([3_059_000_001], [])))


def test_loading_the_same_files_again_changes_nothing(lists: NumberLists, load: Load) -> None:
    assert load(flat(MIAMI)).id == load(flat(MIAMI)).id
    assert len(lists.store.versions()) == 1


@pytest.mark.parametrize(
    ("obtained", "wanted"), [("2026-11-25T00:00:00+00:00", "not in the future"), ("1980-01-01T00:00:00+00:00", "after 1991")]
)
def test_impossible_moments_are_refused(load: Load, obtained: str, wanted: str) -> None:
    with pytest.raises(InvalidInput, match=wanted):
        load(flat(MIAMI), obtained=obtained)


def test_the_state_of_a_number_at_any_moment(lists: NumberLists, load: Load) -> None:
    first = load(flat(MIAMI[:10]), obtained="2026-09-01T12:00:00+00:00")
    second = load(flat(MIAMI[:20]), obtained="2026-10-01T12:00:00+00:00")
    third = load(flat(MIAMI[:30]), obtained="2026-10-20T12:00:00+00:00")
    number = f"+1{MIAMI[15]}"
    told = {}
    for day in ("2026-08-15", "2026-09-15", "2026-10-15", "2026-11-01"):
        state = lists.check(number, datetime.fromisoformat(f"{day}T12:00:00+00:00"))
        national = next((a for a in state.answers if a["list"] == "national"), {})
        told[day] = (state.outcome, national.get("version"), national.get("listed_since"), national.get("not_listed_on"))
    assert told == {
        "2026-08-15": ("unknown", None, None, None),
        "2026-09-15": ("allowed", first.id, None, None),
        "2026-10-15": ("blocked", second.id, second.obtained_at.isoformat(), first.obtained_at.isoformat()),
        "2026-11-01": ("blocked", third.id, second.obtained_at.isoformat(), first.obtained_at.isoformat()),
    }


def test_what_was_loaded_later_is_said_to_be(lists: NumberLists, load: Load) -> None:
    load(flat(MIAMI), obtained="2026-10-01T12:00:00+00:00")
    state = lists.check(str(MIAMI[0]), datetime(2026, 10, 15, tzinfo=UTC))
    assert state.answers[0]["is_loaded_later"] is True
    assert lists.check(str(MIAMI[0])).answers[0]["is_loaded_later"] is False


def test_a_list_that_is_too_old_blocks_but_clears_nobody(lists: NumberLists, load: Load) -> None:
    load(flat(MIAMI), obtained="2026-10-21T16:00:00+00:00", san="1")
    assert lists.check(str(MIAMI[0])).outcome == "blocked"
    state = lists.check(str(MIAMI[0] + 1))
    assert (state.outcome, state.answers[0]["answer"]) == ("unknown", "unknown")
    assert "32 days old, at most 31 are allowed" in state.reason
    assert any("clears no number" in warning for warning in state.warnings)


def test_an_area_code_that_is_not_covered_is_unknown(lists: NumberLists, load: Load) -> None:
    load(flat(MIAMI))
    state = lists.check("212 555 0123")
    assert (state.outcome, state.reason) == ("unknown", "the list national does not cover area code 212")


def test_nothing_loaded_is_said_and_allows_nobody(lists: NumberLists, load: Load, tmp_path: Path) -> None:
    state = lists.check("3055550123")
    assert (state.outcome, state.reason) == ("unknown", "no national registry was loaded")
    assert state.warnings[0].startswith("0 scrubbed")
    report, rows = scrub(lists, tmp_path, "3055550123\n")
    assert (report.warnings[0][:10], rows[0]["national"], rows[0]["outcome"]) == ("0 scrubbed", "unknown", "unknown")
    load(flat(MIAMI), "litigator", source="Acme")
    assert lists.warnings()[0].startswith("0 scrubbed against the national registry")


def test_internal_requests_speak_from_their_own_date_on(lists: NumberLists, load: Load) -> None:
    load(flat([*MIAMI, *YORK]))
    asked, later, plain_number = (f"305-900-000{at}" for at in range(3))
    load(
        f"phone,requested_at,action\n{asked},2026-06-01T10:00:00Z,\n{asked},2026-10-01,D\n{later},2026-11-01,add\n", "internal"
    )
    load(f"{plain_number}\n", "internal", "2026-11-10T12:00:00+00:00")
    at = lambda number, day: next(  # noqa: E731
        a for a in lists.check(number, datetime.fromisoformat(f"{day}T12:00:00+00:00")).answers if a["list"] == "internal"
    )
    assert at(asked, "2026-05-30")["answer"] == "not_listed"
    assert at(asked, "2026-06-02") | {"version": ""} == {
        "list": "internal", "answer": "listed", "version": "", "obtained_at": "2026-11-20T12:00:00+00:00", "age_days": None,
        "san": None, "requested_at": "2026-06-01T10:00:00+00:00",
    }  # fmt: skip
    assert at(asked, "2026-10-02")["answer"] == "not_listed"
    assert at(later, "2026-11-02")["answer"] == "listed"
    assert at(plain_number, "2026-11-11")["requested_at"] == "2026-11-10T12:00:00+00:00"
    assert lists.check(later).reason == "the person asked us not to call"


def test_answers_of_the_reassigned_database_carry_their_dates(lists: NumberLists, load: Load) -> None:
    load(flat(MIAMI))
    load("3059000001,2025-03-01,yes\n3059000002,2025-03-01,no\n3059000003,2019-03-01,no_data\n", "reassigned")
    outcomes = {n: lists.check(f"305900000{n}") for n in range(1, 5)}
    assert [outcomes[n].outcome for n in range(1, 5)] == ["blocked", "allowed", "allowed", "allowed"]
    assert "had no data" in outcomes[3].note
    told = next(a for a in outcomes[1].answers if a["list"] == "reassigned")
    assert (told["query_answer"], told["since"], told["queried_at"]) == (
        "yes", "2025-03-01T00:00:00+00:00", "2026-11-20T12:00:00+00:00",
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="yes, no or no_data"):
        load("3059000001,2025-03-01\n", "reassigned")


def test_lists_of_litigators_stand_side_by_side_by_source(lists: NumberLists, load: Load) -> None:
    load(flat(YORK))
    load("2129000001\n", "litigator", source="Acme", source_version="7")
    load("2129000002\n", "litigator", source="Other")
    load("2129000003\n", "litigator", "2026-11-21T12:00:00+00:00", source="Acme")
    assert [lists.check(f"212900000{n}").outcome for n in (1, 2, 3)] == ["allowed", "blocked", "blocked"]
    assert lists.check("2129000003").reason == "on the list litigator (Acme)"
    with pytest.raises(InvalidInput, match="litigators only"):
        make_request("national", NOW, (), source="Acme")


def test_a_state_list_speaks_for_its_state_and_missing_ones_are_noted(lists: NumberLists, load: Load) -> None:
    load(flat([*MIAMI, *YORK]) + "4072000000\n")
    assert "FL keeps a list of its own" in lists.check("3059000001").note
    load(flat([3_059_000_002]), "state:FL")
    assert lists.check("3059000001").outcome == "allowed"
    assert lists.check("3059000001").note == ""
    assert lists.check("3059000002").reason == "on the list state:FL"
    assert lists.check("4079000001").reason == "the list state:FL does not cover area code 407"  # Orlando is in Florida too
    assert lists.check("2129000001").outcome == "allowed"


def test_the_scrub_report_keeps_every_row(lists: NumberLists, load: Load, tmp_path: Path) -> None:
    version = load(flat(MIAMI), san="10-1")
    load("phone,requested_at\n3059000009,2026-11-01\n", "internal")
    text = (
        '\ufeff"Name, full";Phone;Note\r\n"Ann ""A""";(305) 200-0000;"two\r\nlines"\r\nBob;+1 305.900.0001;\r\n'
        'Cid;none;x\r\nDee;305-900-0009;"\r\nEve;2125550123;last\r\nshort\r\n'
    )
    report, rows = scrub(lists, tmp_path, text.encode())
    assert [(row["Name, full"], row["valid"], row["national"], row["internal"], row["outcome"]) for row in rows[:3]] == [
        ('Ann "A"', "yes", "listed", "not_listed", "blocked"),
        ("Bob", "yes", "not_listed", "not_listed", "allowed"),
        ("Cid", "no", "unknown", "unknown", "unknown"),
    ]
    assert rows[0]["Note"] == "two\r\nlines"
    assert (rows[0]["national_version"], rows[0]["national_age_days"], rows[0]["number"]) == (version.id, "2", f"+1{MIAMI[0]}")
    assert rows[2]["reason"] == "it is no North American telephone number"
    assert "never closed" in rows[3]["reason"]
    assert rows[4]["reason"] == "the list national does not cover area code 212"
    assert [row["line"] for row in rows] == ["2", "4", "5", "6", "7", "8"]
    assert (report.rows, report.invalid, dict(report.outcomes)) == (6, 3, {"allowed": 1, "blocked": 1, "unknown": 1})
    kept = json.loads(next((lists.store.root / "scrubs").glob("*.json")).read_text())
    assert (kept["rows"], kept["report"]["sha256"]) == (6, report.report_sha256)
    assert {row["version"] for row in kept["lists"]} == {v.id for v in lists.store.versions()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_files_of_numbers_come_in_many_encodings(lists: NumberLists, load: Load, tmp_path: Path, encoding: str) -> None:
    load(flat(MIAMI))
    _, rows = scrub(lists, tmp_path, "Kunde,Tel\nJosé,305-200-0000\nZoë,305-900-0001\n".encode(encoding))
    assert [(row["Kunde"], row["outcome"]) for row in rows] == [("José", "blocked"), ("Zoë", "allowed")]


def test_the_column_is_found_by_name_content_or_as_stated(lists: NumberLists, load: Load, tmp_path: Path) -> None:
    load(flat(MIAMI))
    text = f"7,{MIAMI[0]},3059000001\n8,{MIAMI[1]},3059000001\n"
    for column, outcome in ((None, "blocked"), ("2", "blocked"), ("3", "allowed")):
        _, rows = scrub(lists, tmp_path, text, column=column)
        assert {row["outcome"] for row in rows} == {outcome}
    _, rows = scrub(lists, tmp_path, f"id,home,work\n1,{MIAMI[0]},3059000001\n", column="work")
    assert rows[0]["outcome"] == "allowed"
    for column in ("4", "fax", "0"):
        with pytest.raises(InvalidInput, match="there is no column"):
            scrub(lists, tmp_path, text, column=column)
    with pytest.raises(InvalidInput, match="no column with telephone numbers"):
        scrub(lists, tmp_path, "name,city\nAnn,Rome\n")


def test_a_report_never_replaces_its_source(lists: NumberLists, tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("3055550123\n")
    with pytest.raises(InvalidInput, match="would replace"):
        lists.scrub(path, path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        lists.scrub(tmp_path / "gone.csv", tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


def test_damaged_files_are_told_and_never_read_as_not_listed(load: Load, tmp_path: Path) -> None:
    version = load(flat(MIAMI))
    internal = load("3059000009\n", "internal")
    for damaged, name in ((version, "numbers.set"), (internal, "entries.npy"), (version, "manifest.json")):
        path = tmp_path / "data" / "number-lists" / damaged.id / name
        whole = path.read_bytes()
        for content in (whole[: len(whole) // 2], whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], b""):
            path.write_bytes(content)
            lists = NumberLists(tmp_path / "data", FrozenClock(NOW))
            with pytest.raises(ListDamaged, match="damaged"):
                lists.check(str(MIAMI[0]))
            with pytest.raises(ListDamaged, match="damaged"):
                scrub(lists, tmp_path, "3055550123\n")
        path.write_bytes(whole)
    assert NumberLists(tmp_path / "data", FrozenClock(NOW)).check(str(MIAMI[0])).outcome == "blocked"


def test_the_file_of_another_version_is_noticed(load: Load, tmp_path: Path) -> None:
    one, two = load(flat(MIAMI)), load(flat(YORK))
    root = tmp_path / "data" / "number-lists"
    (root / one.id / "numbers.set").write_bytes((root / two.id / "numbers.set").read_bytes())
    lists = NumberLists(tmp_path / "data", FrozenClock(NOW))
    with pytest.raises(ListDamaged, match="another version"):
        lists.check(str(MIAMI[0]))
    assert [bool(problem) for _, problem in sorted(lists.verify(), key=lambda item: item[0] != one.id)] == [True, False]


def test_a_withdrawn_version_no_longer_speaks(lists: NumberLists, load: Load) -> None:
    version = load(flat(MIAMI))
    assert lists.withdraw(version.id, "wrong account").withdrawn_at == NOW
    assert lists.check(str(MIAMI[0])).outcome == "unknown"
    assert lists.check(str(MIAMI[0]), NOW - timedelta(hours=1)).outcome == "blocked"
    with pytest.raises(InvalidTransition, match="already"):
        lists.withdraw(version.id, "again")
    with pytest.raises(NotFound, match="no list version"):
        lists.withdraw("national-x", "why")
    with pytest.raises(InvalidInput, match="was withdrawn: wrong account"):
        load(flat(MIAMI))


def test_facts_of_a_call_carry_what_the_lists_say(lists: NumberLists, load: Load) -> None:
    registry: NumberRegistry = lists  # the port is kept
    version = load(flat(MIAMI), obtained="2026-10-01T12:00:00+00:00", san="10-1")
    load("3059000001,2025-03-01,no\n", "reassigned")
    facts = registry.dnc_facts(f"+1{MIAMI[0]}", NOW, scrubbed_at=NOW)
    assert facts["national"] == {
        "listed": True, "obtained_at": "2026-10-01T12:00:00+00:00", "scrubbed_at": NOW.isoformat(), "san": "10-1",
        "area_codes": ["305"], "version": version.id,
    }  # fmt: skip
    assert lists.dnc_facts("+13059000001", NOW)["national"]["listed"] is False
    assert lists.dnc_facts("+13059000001", NOW)["reassigned"]["answer"] == "no"
    assert lists.dnc_facts("+12125550123", NOW)["national"]["listed"] is None
    assert lists.dnc_facts("+442079460000", NOW) == {}


def test_facts_carry_requests_and_answers_as_of_the_moment(lists: NumberLists, load: Load) -> None:
    load("phone,requested_at,action\n3059000001,2026-06-01,A\n3059000001,2026-10-01,D\n", "internal")
    load("3059000001,2026-11-01\n", "internal", "2026-11-21T12:00:00+00:00")
    load(
        "phone,since,answer,queried_at\n3059000001,2025-01-01,no,2026-02-01\n3059000001,2025-01-01,yes,2026-08-01\n",
        "reassigned",
    )
    load("3059000001\n", "litigator", source="Acme")
    load("3059000001\n", "state:FL")
    asked = {
        day: lists.dnc_facts("+13059000001", datetime.fromisoformat(f"{day}T12:00:00+00:00"))["internal"]["requested_at"]
        for day in ("2026-05-30", "2026-06-02", "2026-10-02", "2026-11-02")
    }
    assert asked == {
        "2026-05-30": None,
        "2026-06-02": "2026-06-01T00:00:00+00:00",
        "2026-10-02": None,
        "2026-11-02": "2026-11-01T00:00:00+00:00",
    }
    answers = [lists.dnc_facts("+13059000001", datetime(2026, month, 2, tzinfo=UTC))["reassigned"] for month in (1, 3, 9)]
    assert [answer and answer["answer"] for answer in answers] == [None, "no", "yes"]
    facts = lists.dnc_facts("+13059000001", NOW)
    assert (facts["litigator"]["listed"], facts["litigator"]["source"], facts["state"]["FL"]["listed"]) == (True, "Acme", True)
    assert "national" not in facts


def test_a_process_that_was_there_before_sees_what_others_load_and_withdraw(load: Load, tmp_path: Path) -> None:
    first = load(flat(MIAMI))
    os.utime(tmp_path / "data" / "number-lists", (1, 1))  # long ago, so that the folder's time is relied on
    reader = NumberLists(tmp_path / "data", FrozenClock(NOW))
    assert reader.check(str(MIAMI[0])).outcome == reader.check(str(MIAMI[0])).outcome == "blocked"
    second = load(flat(MIAMI[1:]), obtained="2026-11-21T12:00:00+00:00")
    assert reader.check(str(MIAMI[0])).outcome == "allowed"
    NumberLists(tmp_path / "data", FrozenClock(NOW)).withdraw(second.id, "mistake")
    assert reader.check(str(MIAMI[0])).outcome == "blocked"
    assert {version.id for version in reader.store.versions()} == {first.id, second.id}


def test_versions_outlive_the_process(load: Load, tmp_path: Path) -> None:
    version = load(flat(MIAMI), san="10-1")
    assert ListStore(tmp_path / "data").versions() == [version]


def test_a_call_is_told_when_its_number_was_last_scrubbed_and_by_which_version(
    lists: NumberLists, load: Load, tmp_path: Path
) -> None:
    used = load(flat(MIAMI), san="10-1", obtained="2026-10-25T12:00:00+00:00")
    scrub(lists, tmp_path, "phone\n3059000001\nnobody\n")
    later = NOW + timedelta(days=5)
    newer = load(flat([*MIAMI, 3_059_000_001]), san="10-1", obtained="2026-11-22T14:00:00+00:00")
    told = lists.dnc_facts("+13059000001", later)["national"]
    # What that scrub used counts for its age; what a newer version lists is no less true.
    assert (told["scrubbed_at"], told["listed"]) == (NOW.isoformat(), True)
    assert told["version"] in {used.id, newer.id}
    assert lists.dnc_facts("+13059000002", later)["national"]["scrubbed_at"] is None
    assert lists.dnc_facts("+13059000001", NOW - timedelta(seconds=1))["national"]["scrubbed_at"] is None
    assert lists.dnc_facts("+13059000001", NOW + timedelta(days=93))["national"]["scrubbed_at"] is None


def test_a_scrub_with_an_old_version_clears_nothing_that_came_later(lists: NumberLists, load: Load, tmp_path: Path) -> None:
    old = load(flat(MIAMI), san="10-1", obtained="2026-10-25T12:00:00+00:00")
    scrub(lists, tmp_path, "phone\n3059000001\n")
    load(flat(MIAMI), san="10-1", obtained="2026-11-23T12:00:00+00:00")
    told = lists.dnc_facts("+13059000001", NOW + timedelta(days=5))["national"]
    assert (told["version"], told["obtained_at"]) == (old.id, "2026-10-25T12:00:00+00:00")
