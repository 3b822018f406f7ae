"""Can this number be a consumer's, and where was it issued? Checks of North American numbers and our own table of area codes.

The table (``data/area_codes.tsv``) names every zone of a split area code; ``phonenumbers`` is asked only of numbers of other
countries. Where a number was issued is not where its owner is: see :mod:`app.compliance.place.candidates`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

_NANP = re.compile(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})")
# NANPA keeps 37X, 96X and N9X for the growth of the plan, and these for more toll-free numbers (47 CFR 52.101 ff.).
_RESERVED = re.compile(r"37[0-9]|96[0-9]|[2-9]9[0-9]|822|88[0-7]|889")


class NumberCheck(StrEnum):
    """What a number is worth as the number of a consumer in the United States."""

    OK = "ok"
    INVALID = "invalid"
    FICTIONAL = "fictional"
    NON_GEOGRAPHIC = "non_geographic"
    UNASSIGNED_NPA = "unassigned_npa"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class AreaCode:
    """One area code: kind ``state``, ``territory``, ``foreign`` or a non-geographic kind; region and zones where known."""

    npa: str
    kind: str
    region: str | None
    zones: tuple[str, ...]
    source: str

    @property
    def is_geographic(self) -> bool:
        """Tell whether the code names a place in the United States."""
        return self.kind in ("state", "territory")


def nanp_check(e164: str) -> NumberCheck:
    """Return what the number can be, judged by its digits alone.

    Stricter than ``phonenumbers``: N11 is no exchange code in any area code (ATIS-0300051), and 555-0100 to 555-0199 is kept
    for fiction. The country is +1 or the number is foreign.
    """
    if not e164.startswith("+1"):
        return _foreign_check(e164)
    match = _NANP.fullmatch(e164)
    if match is None:
        return NumberCheck.INVALID
    npa, exchange, line = match.groups()
    if npa[0] in "01" or npa[1:] == "11" or exchange[0] in "01" or exchange[1:] == "11" or _RESERVED.fullmatch(npa):
        return NumberCheck.INVALID
    if exchange == "555" and line.startswith("01"):
        return NumberCheck.FICTIONAL
    return _kind_check(find_area_code(npa))


def find_area_code(npa: str) -> AreaCode | None:
    """Return what the table says of three digits; None for a code that nobody was given."""
    return _table().get(npa)


def area_code_of(e164: str) -> AreaCode | None:
    """Return the area code of a number, where the number can be one."""
    match = _NANP.fullmatch(e164)
    return find_area_code(match[1]) if match else None


@lru_cache(maxsize=1)
def _table() -> dict[str, AreaCode]:
    text = resources.files(__package__).joinpath("data", "area_codes.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {npa: AreaCode(npa, kind, region or None, tuple(zones.split()), source) for npa, kind, region, zones, source in rows}


def _kind_check(code: AreaCode | None) -> NumberCheck:
    if code is None:
        return NumberCheck.UNASSIGNED_NPA
    if code.kind == "foreign":
        return NumberCheck.FOREIGN
    return NumberCheck.OK if code.is_geographic else NumberCheck.NON_GEOGRAPHIC


def _foreign_check(e164: str) -> NumberCheck:
    import phonenumbers  # its metadata is large; most processes never meet a foreign number

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return NumberCheck.INVALID
    return NumberCheck.FOREIGN if phonenumbers.is_possible_number(number) else NumberCheck.INVALID
