"""Which tables do rules look things up in? Loads the packaged ones and names their versions."""

from __future__ import annotations

from functools import cache

from app.compliance.case import Reference


@cache
def load_reference() -> Reference:
    """Return the packaged tables."""
    return Reference()
