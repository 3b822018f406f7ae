"""Numbers are read from what people and switches write, and shown as people read them."""

import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.phone import area_code, describe, mask, parse_nanp, parse_number

NANP_DIGITS = st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    ["2125550123", "12125550123", "+12125550123", "(212) 555-0123", "+1 (212) 555-0123", "212.555.0123", "1-212-555-0123",
     "212\u00a0555\u20110123", " 2125550123 "],
)  # fmt: skip
def test_usual_spellings_of_a_number_are_one_number(text: str) -> None:
    assert parse_nanp(text) == "+12125550123"


@pytest.mark.parametrize(
    "text",
    ["", "911", "1125550123", "2120550123", "+2125550123", "22125550123", "21255501234", "212555012", "+442079460000",
     "212555O123", "２１２５５５０１２３", "2125550123x5", "2125550123\n1", "2" * 100_000],
)  # fmt: skip
def test_what_is_not_shaped_like_a_north_american_number_is_none(text: str) -> None:
    assert parse_nanp(text) is None


@given(NANP_DIGITS, st.sampled_from(["{}", "1{}", "+1{}", "+1 {}", "({0})"]))
def test_every_number_of_the_shape_is_found_and_agrees_with_phonenumbers(digits: str, form: str) -> None:
    number = parse_nanp(form.format(digits))
    assert number == f"+1{digits}"
    reference = phonenumbers.parse(digits, "US")
    assert number == phonenumbers.format_number(reference, phonenumbers.PhoneNumberFormat.E164)


@given(st.text(max_size=60))
def test_reading_never_raises_and_answers_e164_or_nothing(text: str) -> None:
    number = parse_number(text)
    assert number is None or (number.startswith("+") and number[1:].isdigit() and len(number) <= 18)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("+44 20 7946 0000", "+442079460000"), ("011 44 20 7946 0000", "+442079460000"), ("+52 55 5555 0000", "+525555550000"),
     ("+4", None), ("+44 20 7946 0000 ext 5", None), ("+1 212 555", None), ("sip:anna@example.com", None)],
)  # fmt: skip
def test_foreign_numbers_need_their_country_code(text: str, expected: str | None) -> None:
    assert parse_number(text) == expected


def test_numbers_are_shown_as_people_write_them() -> None:
    assert describe("+12125550123") == "(212) 555-0123"
    assert describe("+442079460000") == "+44 20 7946 0000"
    assert describe("anonymous") == "anonymous"


def test_a_masked_number_shows_its_last_four_digits_and_no_others() -> None:
    assert mask("+12125550123") == "(•••) •••-0123"
    assert mask("+442079461234") == "+••••••••1234"


@given(NANP_DIGITS)
def test_masking_hides_area_code_and_exchange(digits: str) -> None:
    assert [c for c in mask(f"+1{digits}") if c.isdigit()] == list(digits[-4:])


def test_area_code_of_a_foreign_number_is_none() -> None:
    assert area_code("+12125550123") == "212"
    assert area_code("+442079460000") is None


def test_reading_north_american_numbers_does_not_import_the_library() -> None:
    code = "import sys; from app.phone import parse_number; parse_number('2125550123'); sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
