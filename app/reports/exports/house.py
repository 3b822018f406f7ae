"""In which state of the house is a report made? Rules in force, tables, lists, and how far the audit trail goes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import app as earshot
from app.compliance.editions.document import packaged_document
from app.compliance.editions.service import find_edition_of, find_publication
from app.compliance.reference import load_reference
from app.models.events import Event
from app.outbox import GENESIS
from app.reports.exports.contract import Used

PLACE = "app.compliance.place"
PLACE_TABLES = ("area_codes", "zip_codes")


@dataclass(frozen=True, slots=True)
class HouseFacts:
    """What a manifest says of the house beside the report itself; ready for JSON."""

    generator: str
    rules_in_force: Mapping[str, Any]
    reference: Mapping[str, str]
    audit_trail: Mapping[str, Any]


def load_house_facts(session: Session) -> HouseFacts:
    """Return the state of the house at this moment."""
    head = session.execute(select(Event.seq, Event.hash).order_by(Event.seq.desc()).limit(1)).first()
    return HouseFacts(
        generator=f"Earshot {earshot.__version__}",
        rules_in_force=_describe_rules(session),
        reference={**load_reference().versions, **{name: _hash_table(name) for name in PLACE_TABLES}},
        audit_trail={"seq": head.seq, "hash": head.hash} if head else {"seq": 0, "hash": GENESIS},
    )


def describe_used(session: Session, used: Used) -> dict[str, Any]:
    """Return which versions made the screenings that a report rests on, with the editions that hold them."""
    versions = {name: sorted(values) for name, values in sorted(used.screenings.items())}
    editions = {}
    for rule_set in versions.get("rule_set", ()):
        for packs in versions.get("phrase_packs", ()):
            found = find_edition_of(session, {"rule_set": rule_set, "phrase_packs": packs})
            if found is not None:
                editions[found.number] = {"number": found.number, "title": found.title, "sha256": found.sha256}
    return {
        "count": used.screening_count,
        "without_facts": used.without_facts,
        "versions": versions,
        "editions": [editions[number] for number in sorted(editions)],
    }


def _describe_rules(session: Session) -> dict[str, Any]:
    publication = find_publication(session)
    if publication is None:
        document = packaged_document()
        return {"rule_set": document.rule_set, "phrase_packs": document.packs_version, "edition": None, "since": None}
    edition = publication.edition
    return {
        "rule_set": edition.rule_set,
        "phrase_packs": edition.packs,
        "edition": {"number": edition.number, "title": edition.title, "sha256": edition.sha256},
        "since": _write(publication.published_at),
    }


@cache
def _hash_table(name: str) -> str:
    """Return the SHA-256 of a packaged table that has no version of its own."""
    return "sha256:" + hashlib.sha256(resources.files(PLACE).joinpath("data", f"{name}.tsv").read_bytes()).hexdigest()


def _write(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
