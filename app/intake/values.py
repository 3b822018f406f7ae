"""What does one cell of a call log say? Readers for moments, seconds, amounts, numbers and words.

Each returns a value, or raises ``ValueError`` with what was expected; the caller adds the field, the line and what came.
Nothing is guessed: a time without a zone is read only when the zone was stated.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, TypeVar

from app.money import Money, parse_money
from app.phone import parse_number

# What exports write where nothing is known.
BLANK = frozenset({"", "-", "--", "n/a", "null", "none", "-no value-", "no value", "undefined", "unknown"})
WITHHELD = frozenset({"anonymous", "restricted", "private", "unavailable", "withheld", "blocked", "unknown caller"})
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_CALL_S = 7 * 24 * 3600.0
US_FORMATS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M")
# Beyond this an epoch is milliseconds: as seconds it would be the year 5138, as milliseconds 1973.
EPOCH_MS_FROM = 100_000_000_000
US_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC "
    "SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP"
)
CA_PROVINCES = "AB BC MB NB NL NS NT NU ON PE QC SK YT"
STATES = frozenset(f"{US_STATES} {CA_PROVINCES}".split())

Word = TypeVar("Word", bound=StrEnum)


def is_blank(value: Any) -> bool:
    """Say whether a cell holds nothing, or a word that stands for nothing."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in BLANK)


def parse_text(value: Any, *, longest: int = 200) -> str:
    """Read a short text without control characters."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("expected text")
    text = str(value).strip()
    if not text or len(text) > longest:
        raise ValueError(f"expected 1 to {longest} characters")
    if not text.isprintable():
        raise ValueError("expected text without control characters")
    return text


def parse_moment(value: Any, zone: tzinfo | None = None) -> datetime:
    """Read a moment: ISO 8601 with offset, seconds or milliseconds since 1970, or a local time when the zone is stated."""
    if isinstance(value, datetime):
        return _in_utc(value, zone)
    number = _find_number(value)
    if number is not None:
        return _from_epoch(number)
    if not isinstance(value, str):
        raise ValueError("expected a time such as 2026-11-23T13:00:00Z")
    text = value.strip()
    if len(text) < 12 or len(text) > 40:  # a bare date is no moment
        raise ValueError("expected a time such as 2026-11-23T13:00:00Z")
    return _in_utc(_read_local(text), zone)


def parse_seconds(value: Any) -> float:
    """Read a duration: seconds, or ``[h:]mm:ss``."""
    number = _find_number(value)
    if number is None and isinstance(value, str):
        match = re.fullmatch(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{2}(?:\.[0-9]{1,6})?)", value.strip())
        if match:
            number = int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    if number is None or not 0 <= number <= LONGEST_CALL_S:
        raise ValueError("expected seconds from 0 to 604800, or mm:ss")
    return float(number)


def parse_amount(value: Any, currency: str) -> Money:
    """Read an amount of money in whole units: ``12.50``."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("expected an amount such as 12.50")
    try:
        amount = parse_money(str(value), currency)
    except (ValueError, OverflowError):
        raise ValueError("expected an amount with at most two decimals, such as 12.50") from None
    return Money(_check_minor(amount.amount_minor), currency)


def parse_minor(value: Any, currency: str) -> Money:
    """Read an amount of money in minor units: ``1250``."""
    text = str(value).strip()
    if isinstance(value, bool | float) or not re.fullmatch(r"-?[0-9]{1,16}", text):
        raise ValueError("expected a whole number of cents")
    return Money(_check_minor(int(text)), currency)


def parse_currency(value: Any) -> str:
    """Read an ISO 4217 code."""
    text = str(value).strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("expected a currency code such as USD")
    return text


def parse_party_number(value: Any) -> tuple[str | None, str | None]:
    """Read a telephone number; return it in E.164 and, when it is no dialable number, what was sent instead.

    A withheld number is (None, None). Robocalls come from numbers that cannot exist, so digits that are no number do not make
    the row wrong: they are kept as sent.
    """
    text = str(value).strip()
    if text.casefold() in WITHHELD:
        return None, None
    number = None if isinstance(value, bool) else parse_number(text)
    if number is None and (not re.search(r"[0-9]{3}", text) or len(text) > 40 or not text.isprintable()):
        raise ValueError("expected a telephone number such as +12125550123")
    return number, None if number else text


def parse_state(value: Any) -> str:
    """Read a two-letter code of a state, territory or Canadian province."""
    text = str(value).strip().upper().removeprefix("US-").removeprefix("CA-")
    if text not in STATES:
        raise ValueError("expected a two-letter state code such as FL")
    return text


def parse_zip(value: Any) -> str:
    """Read a ZIP code; ZIP+4 is cut to five digits, and leading zeros that a spreadsheet ate are put back."""
    text = "" if isinstance(value, bool | float) else str(value).strip()
    match = re.fullmatch(r"([0-9]{3,5})(?:-[0-9]{4})?", text)
    if not match:
        raise ValueError("expected a ZIP code of five digits")
    return match[1].zfill(5)


def parse_word(value: Any, kind: type[Word], also: Mapping[str, Word]) -> Word:
    """Read a word of the vocabulary, or one that a sender uses for it."""
    text = re.sub(r"[\s_-]+", "_", str(value).strip().casefold())
    try:
        return also[text] if text in also else kind(text)
    except ValueError:
        raise ValueError(f"expected one of {', '.join(kind)}") from None


def _find_number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,9})?", text):
            return None
        return float(text) if "." in text else int(text)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _from_epoch(number: float | int) -> datetime:
    seconds = number / 1000 if number >= EPOCH_MS_FROM else number
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError("expected a time between 1990 and 2100") from None
    return _in_utc(moment, None)


def _read_local(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in US_FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is put on by the caller, who has to know it
        except ValueError:
            continue
    raise ValueError("expected a time such as 2026-11-23T13:00:00Z")


def _in_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("expected a time with its offset from UTC (…Z or …-05:00), or state the time zone of the log")
        moment = _with_zone(moment, zone)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a time between 1990 and 2100") from None
    if not EARLIEST <= moment < LATEST:
        raise ValueError("expected a time between 1990 and 2100")
    return moment


def _with_zone(local: datetime, zone: tzinfo) -> datetime:
    """Put a zone on a wall-clock time, unless the clock showed that time twice or never on the day of its change."""
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise ValueError("expected a time with its offset: on that day the clocks of the stated zone were changed at this hour")
    return first


def _check_minor(amount_minor: int) -> int:
    if abs(amount_minor) >= 10**12:
        raise ValueError("expected an amount below ten thousand million")
    return amount_minor
