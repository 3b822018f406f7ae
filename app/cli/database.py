"""``earshot migrate``: bring the database up to date."""

import argparse
from typing import Any

from app.adapters.database import open_database
from app.adapters.schema import migrate
from app.settings import load_settings


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("migrate", help="bring the database up to date", epilog="example: earshot migrate")
    parser.add_argument("--to", default="head", metavar="REVISION", help="another revision than the newest")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Migrate and say where the schema stands."""
    engine = open_database(load_settings().resolved_database_url)
    print(f"database schema is at revision {migrate(engine, given.to)}")
    return 0
