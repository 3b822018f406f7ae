"""Evidence in words: nothing a rule kept is hidden, moments tell both clocks, unknown is left out."""

from app.web.navigation import find_section
from app.web.presenters.evidence import lay_out, say_moment, say_value


def test_a_moment_tells_its_own_clock_and_utc() -> None:
    assert say_moment("2026-11-23T07:59:59-05:00") == "Mon 23 Nov 2026, 07:59:59 (UTC-05:00; 12:59:59 UTC)"
    assert say_moment("2026-11-23T12:59:59Z") == "Mon 23 Nov 2026, 12:59:59 UTC"


def test_values_are_said_as_people_say_them() -> None:
    assert say_value(None) == ""
    assert say_value(value=True) == "yes"
    assert say_value(1.50) == "1.5"
    assert say_value(["FL", None, "GA"]) == "FL, GA"
    assert say_value({"max_days": 31, "unknown": None}) == "Max days: 31"


def test_what_has_no_words_is_shown_by_its_own_name_and_unknown_is_left_out() -> None:
    items = lay_out({"of_a_new_rule": 3, "nothing": None, "hits": [{"quote": "x"}], "delay_s": 2.0})
    assert [(item.label, item.text) for item in items] == [("Of a new rule", "3"), ("Delay, seconds", "2")]


def test_lists_of_things_are_tables_without_empty_columns_and_long_ones_say_how_many_more() -> None:
    (item,) = lay_out({"attempts": [{"at": "2026-11-23T12:00:00Z", "subject": None, "n": n} for n in range(60)]})
    assert item.table is not None
    assert item.table.heads == ("At", "N")
    assert (len(item.table.rows), item.table.rest) == (50, 10)


def test_the_longest_section_that_fits_is_current() -> None:
    assert find_section("/compliance") == "/compliance"
    assert find_section("/compliance/findings/1") == "/compliance"
    assert find_section("/compliance/lists/x") == "/compliance/lists"
    assert find_section("/compliances") is None
    assert find_section("/") == "/"
    assert find_section("/elsewhere") is None
