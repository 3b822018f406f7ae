"""``earshot verify``: is a bundle what its house signed; is the audit trail unbroken?

A bundle is checked with the file alone: no settings, no database, no network.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import InvalidInput

TRAIL = "audit"
LARGEST_KEY_FILE = 10_000


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "verify",
        help="check a report's bundle offline, or that the audit trail was not altered",
        description="Checks every hash, the rows and the signature of a bundle, or walks the audit trail of this house. "
        "Exit code 0: it holds; 1: it does not, and the first place that differs is named; 2: wrong usage.",
        epilog="example: earshot verify consent.zip --key FINGERPRINT (or: earshot verify audit)",
    )
    parser.add_argument("what", metavar="BUNDLE|audit", help="a bundle such as consent.zip, or audit for the audit trail")
    parser.add_argument(
        "--key", metavar="FINGERPRINT|FILE", help="who must have signed it: a fingerprint, or a file with the public key"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Check; 1 when something does not hold."""
    if given.what == TRAIL:
        if given.key or given.json:
            raise InvalidInput("--key and --json go with a bundle, not with the audit trail")
        return _walk_trail()
    from app.reports.exports.verify import verify_bundle

    answer = verify_bundle(Path(given.what), _read_pin(given.key))
    if given.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
        return 0 if answer.holds else 1
    if not answer.holds:
        where = f"{answer.file}: " if answer.file else ""
        print(f"DOES NOT HOLD: {given.what}: {_plain(where)}{_plain(answer.problem)}")
        return 1
    told = answer.manifest
    by = told["made_by"]
    print(_plain(f"holds: {told['title']}, made {told['made_at']} by {by.get('name')} ({by.get('role')})"))
    print(f"key: {answer.fingerprint}{'' if answer.is_pinned else ' (not named by you)'}")
    print("".join(f"  proven: {_plain(line)}\n" for line in answer.proven), end="")
    print("".join(f"  not proven: {line}\n" for line in answer.not_proven), end="")
    return 0


def _plain(text: object) -> str:
    """Return a text that a bundle brought along so that it cannot steer the terminal."""
    return "".join(mark if mark.isprintable() else "?" for mark in str(text))


def _read_pin(text: str | None) -> str | None:
    from app.reports.exports.signing import parse_pin

    if text is None:
        return None
    path = Path(text)
    if not path.is_file():
        return parse_pin(text)
    if path.stat().st_size > LARGEST_KEY_FILE:
        raise InvalidInput(f"--key {text}: expected a file with a public key, this one is too large")
    return parse_pin(path.read_text(encoding="utf-8", errors="replace"))


def _walk_trail() -> int:
    """Walk the chain from its first event; 1 when a link does not hold."""
    from sqlalchemy import select

    from app.bootstrap import build
    from app.models.events import Event
    from app.outbox import find_chain_break
    from app.settings import load_settings

    with build(load_settings()).uow.read() as session:
        events = session.scalars(select(Event).order_by(Event.seq).execution_options(yield_per=1000))
        count = 0

        def counted() -> Iterator[Event]:
            nonlocal count
            for event in events:
                count += 1
                yield event

        broken = find_chain_break(counted())
    if broken:
        print(f"the audit trail is broken at event {broken.seq}: it {broken.problem}")
        return 1
    print(f"the audit trail holds: {count} events, each linked to the one before")
    return 0
