"""``earshot ...``: the same services from the shell. Each command parses, calls one service, and answers.

Exit codes: 0 done, 2 wrong usage or settings, 3 some items failed, 1 anything else that went wrong.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from app import __version__
from app.errors import EarshotError, InvalidInput

# Command -> the module of this package that holds it; only that module is imported, so that each command starts fast.
COMMANDS = {
    "up": "up",
    "worker": "up",
    "scheduler": "up",
    "demo": "demo",
    "load-demo": "demo",
    "ingest": "ingest",
    "analyze": "analyze",
    "asr": "asr",
    "verify": "audit",
    "users": "users",
    "settings": "settings",
    "doctor": "doctor",
    "migrate": "database",
    "voice": "voice",
    "dnc": "dnc",
    "language": "language",
    "screen": "screen",
    "backtest": "backtest",
    "export": "export",
    "signing-key": "export",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="earshot", description="Compliance and call-quality review for pay-per-call networks."
    )
    parser.add_argument("--version", action="version", version=f"earshot {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    words = sys.argv[1:] if argv is None else list(argv)
    first = next((word for word in words if not word.startswith("-")), "")
    for module in [COMMANDS[first]] if first in COMMANDS else sorted(set(COMMANDS.values())):
        importlib.import_module(f"app.cli.{module}").register(subparsers)
    given = parser.parse_args(words)
    try:
        return int(given.run(given))
    except InvalidInput as error:
        print(f"earshot: {error.message}", file=sys.stderr)
        return 2
    except EarshotError as error:
        print(f"earshot: {error.message}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing more to say
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # the shell's boundary
        # Imported here, because it brings SQLAlchemy along, which most commands need and `--help` does not.
        told = importlib.import_module("app.cli.database_trouble").describe_database_trouble(error)
        if told is None:
            raise
        print(f"earshot: {told}", file=sys.stderr)
        return 1
