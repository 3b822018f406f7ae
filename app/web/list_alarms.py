"""What must officers know of the do-not-call lists on every page? That none is loaded, or which area codes run out and when."""

from dataclasses import dataclass

from flask import Flask, request

from app.access.guard import find_identity
from app.access.permissions import Permission
from app.compliance.list_clocks import ListClock, ListClocks, read_clocks
from app.compliance.registry.service import NumberLists
from app.errors import ListDamaged
from app.unit_of_work import UnitOfWork
from app.web.formatting import write_count

SHOWN_AREAS = 8
NONE_LOADED = "0 scrubbed: no list is loaded, so no number was held against anything"
NO_NATIONAL = "0 scrubbed against the national registry: it is not loaded, so no number can be allowed"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A line at the top of a page: ``look`` is problem or warn."""

    look: str
    text: str


def register_list_alarms(app: Flask, uow: UnitOfWork, lists: NumberLists) -> None:
    """Offer ``list_alarms()`` to templates: the alarms of this page for the one who asks."""

    def list_alarms() -> tuple[Alarm, ...]:
        identity = find_identity()
        is_place = request.path == "/" or request.path.startswith("/compliance")
        if not is_place or identity is None or not identity.may(Permission.LISTS_MANAGE):
            return ()
        try:
            with uow.read() as session:
                return present_alarms(read_clocks(session, lists))
        except ListDamaged as error:
            return (Alarm("problem", error.message),)

    app.context_processor(lambda: {"list_alarms": list_alarms})


def present_alarms(clocks: ListClocks) -> tuple[Alarm, ...]:
    """Return the alarms, the worst first."""
    if not clocks.is_anything_loaded:
        return (Alarm("problem", NONE_LOADED),)
    missing = () if clocks.is_national_loaded else (Alarm("problem", NO_NATIONAL),)
    return missing + tuple(Alarm("problem" if each.days_left <= 1 else "warn", say(each)) for each in clocks.running_out)


def say(clock: ListClock) -> str:
    """Return a clock in words: where, which list, until when, and what goes there."""
    name = f"the list of {clock.list_name.state}" if clock.list_name.state else f"the {clock.list_name.kind} list"
    where = say_areas(clock.areas)
    day = f"{clock.last_day.day} {clock.last_day:%b}"
    if clock.days_left < 0:
        ago = f"{-clock.days_left} day{'s' if clock.days_left != -1 else ''} ago"
        text = f"{where}: {name} ran out on {day}, {ago}, and clears no number"
    else:
        left = {0: "today is the last day", 1: "1 day left"}.get(clock.days_left, f"{clock.days_left} days left")
        text = f"{where}: {name} runs out on {day}, {left}"
    calls = round(clock.calls_a_day)
    return f"{text}; {write_count(calls)} calls a day come from there" if calls else text


def say_areas(areas: tuple[int, ...]) -> str:
    """Return area codes in words, the first few by name."""
    if not areas:
        return "All area codes"
    shown = ", ".join(map(str, areas[:SHOWN_AREAS]))
    more = f" and {len(areas) - SHOWN_AREAS} more" if len(areas) > SHOWN_AREAS else ""
    return f"Area code{'s' if len(areas) > 1 else ''} {shown}{more}"
