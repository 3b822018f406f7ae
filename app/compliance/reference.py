"""Which tables do rules look things up in? Loads the packaged ones and names their versions."""

from __future__ import annotations

from functools import cache

from app.compliance.case import Reference
from app.compliance.place.state_rules import load_state_rules
from app.compliance.place.zones import TZDB_VERSION


@cache
def load_reference() -> Reference:
    """Return the packaged tables."""
    states = load_state_rules()
    return Reference(versions={"state_rules": states.version, "tzdb": TZDB_VERSION}, states=states)
