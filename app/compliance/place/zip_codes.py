"""Which state, county and time zones does a ZIP code lie in? Our own table, read on first use.

``data/zip_codes.tsv`` is made by ``scripts/place_tables.py`` from GeoNames (CC BY 4.0) and the ``zipcodes`` package (MIT).
Where the two disagree, both counties or both zones are kept. ZIP codes of the armed forces abroad have no place and are not in
it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

_ZIP = re.compile(r"([0-9]{5})(?:-?[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """Where the mail of a ZIP code goes: one state or territory, its counties (mostly one), its zones (mostly one)."""

    state: str
    counties: tuple[str, ...]
    zones: tuple[str, ...]


def find_zip(zip_code: str) -> ZipPlace | None:
    """Return the place of a ZIP or ZIP+4 code; None where the text is none or no table knows it."""
    match = _ZIP.fullmatch(zip_code.strip())
    return _table().get(match[1]) if match else None


def plain_county(name: str) -> str:
    """Return a county's name for comparing: ``St. Mary Parish`` and ``Saint Mary`` are one."""
    plain = re.sub(r"[^a-z ]", "", name.lower().replace("saint ", "st "))
    plain = re.sub(r" (city and borough|census area|municipality|county|parish|borough)$", "", plain.strip())
    return plain.replace(" ", "")


@lru_cache(maxsize=1)
def _table() -> dict[str, ZipPlace]:
    text = resources.files(__package__).joinpath("data", "zip_codes.tsv").read_text("utf-8")
    table: dict[str, ZipPlace] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            state, counties, zones, codes = line.split("\t")
            place = ZipPlace(state, tuple(counties.split("|")) if counties else (), tuple(zones.split()))
            table.update(dict.fromkeys(_expand(codes.split()), place))
    return table


def _expand(ranges: Iterable[str]) -> Iterable[str]:
    for item in ranges:
        if len(item) == 5:
            yield item
        else:
            first, last = item.split("-")
            yield from (f"{number:05d}" for number in range(int(first), int(last) + 1))
