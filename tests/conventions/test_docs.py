"""What the code offers, the documentation names: a setting, event or job without a line in the docs fails here."""

import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest

from app import vocabulary
from app.compliance.rule_set import load_rule_set
from app.settings import PREFIX, Settings
from app.vocabulary import EventKind, JobName

DOCS = Path(__file__).parents[2] / "docs"
ENUMS = [v for v in vars(vocabulary).values() if isinstance(v, type) and issubclass(v, StrEnum) and v is not StrEnum]


def test_every_setting_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text("utf-8")
    assert [f.name for f in fields(Settings) if f"`{PREFIX}{f.name.upper()}`" not in text] == []


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(rf"`({PREFIX}[A-Z0-9_]+)`", (DOCS / "configuration.md").read_text("utf-8")))
    assert named - {PREFIX + f.name.upper() for f in fields(Settings)} == set()


def test_every_job_is_documented() -> None:
    text = (DOCS / "jobs.md").read_text("utf-8")
    assert [str(job) for job in JobName if f"`{job}`" not in text] == []


def test_every_event_is_documented() -> None:
    text = (DOCS / "audit-trail.md").read_text("utf-8")
    assert [str(kind) for kind in EventKind if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("enum", ENUMS, ids=lambda e: e.__name__)
def test_the_glossary_explains_every_shared_word(enum: type[StrEnum]) -> None:
    text = (DOCS / "glossary.md").read_text("utf-8")
    missing = [str(word) for word in enum if f"`{word}`" not in text]
    if enum in (EventKind, JobName):
        return  # they have pages of their own
    assert missing == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(DOCS.parent)} -> {target}")
    assert broken == []


def test_every_rule_is_documented() -> None:
    text = (DOCS / "rules.md").read_text("utf-8")
    assert [rule.id for rule in load_rule_set().rules if f"`{rule.id}`" not in text] == []
