"""Which telephone number is meant? Reads, shows and masks numbers; E.164 is the only form that is stored.

Numbers of the North American Numbering Plan take a path without any library (a translation and one expression, about a
microsecond); everything else goes to ``phonenumbers``, which is imported when first needed. Whether a number is in service,
or where its owner lives, is not told here.
"""

import re
from functools import lru_cache

# What people and switches put between digits: spaces (also no-break and thin), brackets, hyphens, dots, slashes.
_PUNCTUATION = dict.fromkeys(map(ord, " \t\u00a0\u2009\u202f()[]-\u2010\u2011\u2012\u2013./"))
# Area code and exchange code both start with 2 to 9 (NANP, ATIS-0300051 section 4).
_NANP = re.compile(r"(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")
_NANP_E164 = re.compile(r"\+1([2-9][0-9]{2})([2-9][0-9]{2})([0-9]{4})")
_LONGEST_INPUT = 40
DOT = "\u2022"


def parse_nanp(text: str) -> str | None:
    """Return the North American number in E.164 (``+12125550123``), or None when the text is not shaped like one.

    Accepted with or without country code 1 and the usual punctuation; only the shape is checked, not whether the area code
    is in use. A plus sign must be followed by the country code.
    """
    if len(text) > _LONGEST_INPUT:
        return None
    match = _NANP.fullmatch(text.translate(_PUNCTUATION))
    return f"+1{match[1]}" if match else None


def parse_number(text: str) -> str | None:
    """Return any country's number in E.164; None when it is not a possible number.

    Foreign numbers need their country code (``+44...``, or ``011 44...`` as dialled from the United States).
    """
    return parse_nanp(text) or _parse_foreign(text)


def describe(e164: str) -> str:
    """Return the number as people write it: ``(212) 555-0123``, or ``+44 20 7946 0000`` for other countries."""
    match = _NANP_E164.fullmatch(e164)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else _describe_foreign(e164)


def mask(e164: str) -> str:
    """Return the number with only its last four digits shown, for parties who may not see whose it is."""
    match = _NANP_E164.fullmatch(e164)
    if match:
        return f"({DOT * 3}) {DOT * 3}-{match[3]}"
    return f"+{DOT * max(0, len(e164) - 5)}{e164[-4:]}"


def area_code(e164: str) -> str | None:
    """Return the three digits of the area code of a North American number."""
    match = _NANP_E164.fullmatch(e164)
    return match[1] if match else None


def _parse_foreign(text: str) -> str | None:
    stripped = text.strip()
    # Without a country code the home country would be guessed, which parse_nanp has ruled out already.
    if not 6 <= len(stripped) <= _LONGEST_INPUT or not stripped.startswith(("+", "011")) or not stripped.isascii():
        return None
    import phonenumbers

    try:
        number = phonenumbers.parse(stripped, "US")
    except phonenumbers.NumberParseException:
        return None
    if number.country_code == 1 or number.extension or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def _describe_foreign(e164: str) -> str:
    import phonenumbers

    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
