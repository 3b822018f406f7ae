"""``earshot settings``: which settings are there, and what is in force?"""

import argparse
import json
from typing import Any

from app.settings import describe_settings, load_settings


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("settings", help="list every setting", epilog="example: earshot settings --json")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print every setting with its value, default, unit and help."""
    rows = describe_settings(load_settings())
    if given.json:
        print(json.dumps(rows, indent=1))
        return 0
    for row in rows:
        unit = f" {row['unit']}" if row["unit"] else ""
        print(f"{row['name']}={row['value']}\n    {row['help']} Default: {row['default'] or '(empty)'}{unit}")
    return 0
