"""Could these digits be a card, a bank's routing number, a social security number or a Medicare number?

Arithmetic and shape only; whether somebody read such a number out is decided in :mod:`app.language.sensitive`.
"""

import re

# Positions 1 to 11 of a Medicare Beneficiary Identifier, letters without S L O I B Z (CMS format).
_LETTER = "[AC-HJKMNP-RT-Y]"
_MIXED = "[0-9AC-HJKMNP-RT-Y]"
_MBI = re.compile(rf"[1-9]{_LETTER}{_MIXED}\d{_LETTER}{_MIXED}\d{_LETTER}{{2}}\d{{2}}")
# Issuer ranges: Visa; Mastercard; American Express; Discover; Diners and JCB.
_CARD = re.compile(
    r"4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|6011|64[4-9]|65|3[568]",
)


def passes_luhn(digits: str) -> bool:
    """Say whether the digits pass the Luhn check (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return bool(digits) and total % 10 == 0


def is_card_number(digits: str) -> bool:
    """Say whether the digits are a possible card number: 13 to 19 of them, a known issuer, Luhn."""
    return 13 <= len(digits) <= 19 and has_issuer(digits) and passes_luhn(digits)


def has_issuer(digits: str) -> bool:
    """Say whether the digits begin as a card of a known issuer does."""
    return _CARD.match(digits) is not None


def is_routing_number(digits: str) -> bool:
    """Say whether nine digits pass the ABA check: 3(d1+d4+d7) + 7(d2+d5+d8) + (d3+d6+d9) is a multiple of ten."""
    if len(digits) != 9 or digits == "000000000":
        return False
    weights = (3, 7, 1) * 3
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 10 == 0


def is_social_security_number(digits: str) -> bool:
    """Say whether nine digits can have been issued: area not 000, 666 or 900 up, group not 00, serial not 0000."""
    if len(digits) != 9:
        return False
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def is_medicare_number(text: str) -> bool:
    """Say whether eleven characters have the shape of a Medicare Beneficiary Identifier; dashes do not count."""
    return _MBI.fullmatch(text.upper().replace("-", "")) is not None


def is_telephone_number(digits: str) -> bool:
    """Say whether ten digits, or eleven with a leading 1, follow the North American plan (area and exchange from 2 up)."""
    local = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
    return len(local) == 10 and local[0] in "23456789" and local[3] in "23456789"
