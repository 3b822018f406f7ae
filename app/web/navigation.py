"""Which pages may this person open? The links of the side bar; a page that does not exist yet has no link."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, request, url_for

from app.access.guard import find_identity, find_mark
from app.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Place:
    """One page that the side bar can lead to; ``section`` marks the link as current on all pages below it.

    Of sections that lie within each other, the longest that fits is current.
    """

    endpoint: str
    label: str
    icon: str
    section: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the side bar, ready to show."""

    label: str
    icon: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links under one heading; the first group has none."""

    heading: str
    links: tuple[Link, ...]


PLACES = (
    Place("dashboard.show", "Overview", "layout-dashboard", "/"),
    Place("queue.show", "Review queue", "list-checks", "/queue"),
    Place("calls.list_calls", "Calls", "phone-call", "/calls"),
    Place("clusters.list_clusters", "Same audio", "file-audio", "/clusters"),
    Place("disputes.list_disputes", "Disputes", "scale", "/disputes"),
    Place("campaigns.list_campaigns", "Campaigns", "megaphone", "/campaigns", "Trade"),
    Place("sources.list_sources", "Call sources", "radio-tower", "/sources", "Trade"),
    Place("upload_page.show", "Upload", "upload", "/upload", "Intake"),
    Place("intake.show", "Intake", "inbox", "/intake", "Intake"),
    Place("findings.list_findings", "Findings", "flag", "/compliance", "Findings"),
    Place("patterns.show", "Patterns of sources", "timer", "/compliance/patterns", "Findings"),
    Place("scorecards.show", "Publisher scorecards", "chart-column", "/compliance/scorecards", "Findings"),
    Place("exports.show", "Reports", "hash", "/compliance/reports", "Findings"),
    Place("rules.list_rules", "Rules", "gavel", "/compliance/rules", "Rules"),
    Place("packs.list_packs", "Phrases", "quote", "/compliance/packs", "Rules"),
    Place("drafts.list_all", "Drafts", "file-pen", "/compliance/drafts", "Rules"),
    Place("editions.show", "Editions", "rotate-ccw", "/compliance/editions", "Rules"),
    Place("backtests.list_backtests", "Back-tests", "gauge", "/compliance/backtests", "Rules"),
    Place("notices.show", "Do-not-call notices", "bell", "/notices", "Consumers"),
    Place("numbers.show", "State of a number", "phone-off", "/compliance/numbers", "Consumers"),
    Place("number_lists.show", "Number lists", "shield-check", "/compliance/lists", "Consumers"),
    Place("scrubs.show", "Scrubs", "filter", "/compliance/scrubs", "Consumers"),
    Place("consents.show", "Consents", "circle-check", "/compliance/consents", "Consumers"),
    Place("opt_outs.show", "Opt-outs", "user-x", "/compliance/opt-outs", "Consumers"),
    Place("privacy.show", "Privacy requests", "user", "/compliance/privacy", "Consumers"),
    Place("audit.show", "Audit trail", "scroll-text", "/audit", "Administration"),
    Place("workers.show", "Workers and jobs", "cpu", "/admin/workers", "Administration"),
    Place("users.show", "Users", "users", "/admin/users", "Administration"),
    Place("tokens.show", "API tokens", "key-round", "/admin/tokens", "Administration"),
    Place("settings.show", "Settings", "sliders-horizontal", "/admin/settings", "Administration"),
)


def build_navigation(app: Flask) -> Sequence[LinkGroup]:
    """Return the links that exist in this app and that the one who asks may open."""
    groups: dict[str, list[Link]] = {}
    current = find_section(request.path)
    for place in PLACES:
        if _may_open(app, place.endpoint):
            link = Link(place.label, place.icon, url_for(place.endpoint), place.section == current)
            groups.setdefault(place.group, []).append(link)
    return [LinkGroup(heading, tuple(links)) for heading, links in groups.items()]


def _may_open(app: Flask, endpoint: str) -> bool:
    needed = find_mark(app.view_functions.get(endpoint))
    identity = find_identity()
    return isinstance(needed, Permission) and identity is not None and identity.may(needed)


def find_section(path: str) -> str | None:
    """Return the section a page belongs to: the longest that the path lies in."""
    fits = [place.section for place in PLACES if path == place.section or path.startswith(place.section.rstrip("/") + "/")]
    return max((section for section in fits if section != "/" or path == "/"), key=len, default=None)
