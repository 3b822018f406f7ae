"""Which sections are there besides the table of promises? Each measures once in a run, however many ask for it."""

from functools import cache
from importlib import import_module

SECTIONS = ("backtest", "fingerprint", "place", "registry", "screening", "spotting")
"""Modules beside this one whose ``run`` returns Markdown, in the order in which they are printed."""

ONLY_WHEN_NAMED = {"speed": "listening"}
"""The seconds behind the throughput rows: the same measurement again, so not part of a whole run."""


@cache
def section_text(name: str) -> str:
    """Measure a section, once, and return its Markdown."""
    return str(import_module(f"tests.bench.{ONLY_WHEN_NAMED.get(name, name)}").run())
