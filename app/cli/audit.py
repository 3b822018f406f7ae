"""``earshot verify audit``: is the audit trail unbroken?"""

import argparse
from typing import Any

from sqlalchemy import select

from app.bootstrap import build
from app.models.events import Event
from app.outbox import find_chain_break
from app.settings import load_settings


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "verify", help="check that the audit trail was not altered", epilog="example: earshot verify audit"
    )
    parser.add_argument("what", choices=["audit"])
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Walk the chain from its first event; 1 when a link does not hold."""
    with build(load_settings()).uow.read() as session:
        events = session.scalars(select(Event).order_by(Event.seq).execution_options(yield_per=1000))
        count = 0

        def counted() -> Any:
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
