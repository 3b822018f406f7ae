"""``earshot ...``: the same services from the shell. Each command parses, calls one service, and answers.

Exit codes: 0 done, 2 wrong usage or settings, 3 some items failed, 1 anything else that went wrong.
"""

import argparse
import sys
from collections.abc import Sequence

from app import __version__
from app.cli import analyze, audit, database, demo, doctor, ingest, settings, up, users
from app.errors import EarshotError, InvalidInput

COMMANDS = (up, demo, ingest, analyze, audit, users, settings, doctor, database)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="earshot", description="Compliance and call-quality review for pay-per-call networks."
    )
    parser.add_argument("--version", action="version", version=f"earshot {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(subparsers)
    given = parser.parse_args(argv)
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
