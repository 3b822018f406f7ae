"""Numbers that nobody else may hear."""

import pytest

from app.language.matching import PackSet
from app.language.sensitive import SensitiveKind, SensitiveSpan, find_sensitive
from app.language.spotting import spot
from app.vocabulary import Speaker
from tests.unit.language.said import Line, utter

ONES = "one one one one one one one"


def find(packs: PackSet, *lines: Line) -> list[SensitiveSpan]:
    utterances = utter(*lines)
    return list(find_sensitive(utterances, spot(utterances, packs, duration_s=utterances[-1].span.end_s)))


def kinds(packs: PackSet, *lines: Line) -> list[SensitiveKind]:
    return [item.kind for item in find(packs, *lines)]


def test_a_card_read_in_two_breaths_with_expiry_and_code(packs: PackSet) -> None:
    lines: list[Line] = [
        ("a", "What's your card number?"), ("c", "four " + ONES), ("a", "mm-hmm"), ("c", "one " + ONES),
        ("a", "and the expiration date"), ("c", "oh four twenty seven"),
        ("a", "and the three digits on the back"), ("c", "three two one"),
    ]  # fmt: skip
    card, expiry, code = find(packs, *lines)
    said = utter(*lines)
    assert [card.kind, expiry.kind, code.kind] == [SensitiveKind.CARD, SensitiveKind.CARD_EXPIRY, SensitiveKind.CARD_CODE]
    assert (card.length, expiry.length, code.length) == (16, 4, 3)
    assert card.span.start_s == said[1].span.start_s
    assert card.span.end_s == pytest.approx(said[3].span.end_s)
    assert code.span.start_s == said[7].span.start_s


def test_the_read_back_of_the_other_party_is_found_too(packs: PackSet) -> None:
    found = find(packs, ("c", "my card number is 4111 1111 1111 1111"), ("a", "that's four one one one"))
    assert [(item.kind, item.speaker) for item in found] == [
        (SensitiveKind.CARD, Speaker.CALLER),
        (SensitiveKind.CARD, Speaker.AGENT),
    ]


def test_digits_are_told_by_length_and_never_by_value(packs: PackSet) -> None:
    (item,) = find(packs, ("c", "my card number is 4111 1111 1111 1111"))
    assert "4111" not in repr(item)
    assert "1111" not in repr(item)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("c", "security code is three two one")], [SensitiveKind.CARD_CODE]),
        ([("c", "my routing number is zero two one zero zero zero zero two one")], [SensitiveKind.BANK]),
        ([("c", "my social security number is five one two two four six seven eight nine")], [SensitiveKind.SOCIAL_SECURITY]),
        ([("a", "what's the last four of your social"), ("c", "six seven eight nine")], [SensitiveKind.SOCIAL_SECURITY]),
        ([("a", "what's your medicare number"), ("c", "one e g four t e five m k seven three")], [SensitiveKind.MEDICARE]),
        ([("a", "what's your medicare number"), ("c", "1EG4-TE5-MK73")], [SensitiveKind.MEDICARE]),
        ([("a", "what's your date of birth"), ("c", "april twenty first nineteen fifty two")], [SensitiveKind.BIRTH_DATE]),
        ([("a", "what's your date of birth"), ("c", "04/21/1952")], [SensitiveKind.BIRTH_DATE]),
        ([("c", "nine hundred forty five six seven eight nine one")], []),
        ([("c", "my number is three oh five five five five oh one two three")], []),
        ([("c", "four one one one one one two")], []),
        ([("c", "double four seven triple nine")], []),
        ([("c", "i was there in april twenty first nineteen fifty two")], []),
        ([("a", "my zip is 90210 and I have 2 cars and 16 windows")], []),
        ([("a", "what's your card number?")], []),
    ],
)
def test_a_number_is_sensitive_by_its_check_and_its_context(
    packs: PackSet, lines: list[Line], expected: list[SensitiveKind]
) -> None:
    assert kinds(packs, *lines) == expected
