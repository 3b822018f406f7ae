"""Earshot: compliance and call-quality review for pay-per-call networks."""

__version__ = "0.1.0"
