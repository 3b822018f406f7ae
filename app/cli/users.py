"""``earshot users``: who may sign in?"""

import argparse
import getpass
import sys
from typing import Any

from sqlalchemy import select

from app.access.passwords import Passwords
from app.access.users import add_user, list_users
from app.bootstrap import build
from app.errors import NotFound
from app.models.parties import Party
from app.settings import load_settings
from app.vocabulary import Role

ACTOR = "cli"


def register(subparsers: Any) -> None:
    """Add the commands."""
    parser = subparsers.add_parser(
        "users", help="list people who may sign in, or add one", epilog="example: earshot users list"
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    kinds.add_parser("list", help="list everybody").set_defaults(run=run_list)
    add = kinds.add_parser(
        "add",
        help="add a person; the password is asked for, or read from standard input",
        epilog="example: earshot users add --email ann@example.com --name Ann --role reviewer",
    )
    add.add_argument("--email", required=True)
    add.add_argument("--name", required=True)
    add.add_argument("--role", required=True, choices=[str(role) for role in Role])
    add.add_argument("--party", metavar="ID", help="external id of the advertiser, agency or publisher the person belongs to")
    add.set_defaults(run=run_add)


def run_list(given: argparse.Namespace) -> int:
    """Print everybody."""
    with build(load_settings()).uow.read() as session:
        for user in list_users(session):
            print(f"{user.email:36} {user.role:12} {user.name}")
    return 0


def run_add(given: argparse.Namespace) -> int:
    """Add one person."""
    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    services = build(load_settings())
    with services.uow.begin(ACTOR) as work:
        party_id = None
        if given.party:
            party_id = work.session.scalar(select(Party.id).where(Party.external_id == given.party))
            if party_id is None:
                raise NotFound(f"there is no party {given.party!r}")
        add_user(
            work,
            Passwords(),
            email=given.email,
            name=given.name,
            role=Role(given.role),
            password=password,
            party_id=party_id,
        )
    print(f"{given.email} may now sign in as {given.role}")
    return 0
