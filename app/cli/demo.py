"""``earshot demo``: run everything with the sample calls, their campaigns, parties and users."""

import argparse
import sys
from typing import Any

from app.adapters.child_output import NOTICE
from app.adapters.processes import environment_for, run_up
from app.adapters.supervisor import ChildSpec
from app.bootstrap import build
from app.cli.up import say
from app.demo import load_demo, read_sign_ins, wait_until_analysed
from app.settings import load_settings

AFTER_THE_PAGES = 3


def register(subparsers: Any) -> None:
    """Add the commands."""
    demo = subparsers.add_parser(
        "demo",
        help="run everything with the sample calls",
        description="Like `up`, with a made-up network whose sample calls are analysed. A second run keeps the data.",
        epilog="example: earshot demo",
    )
    demo.set_defaults(run=run)
    load = subparsers.add_parser("load-demo", help="take the sample calls in and wait until they are analysed")
    load.set_defaults(run=run_load)


def run(given: argparse.Namespace) -> int:
    """Run everything; the sample calls are loaded once the pages answer."""
    settings = load_settings()
    say("Starting Earshot ...")
    loader = ChildSpec(
        "demo",
        (sys.executable, "-m", "app.cli", "load-demo"),
        tier=AFTER_THE_PAGES,
        environ=environment_for(settings),
        runs_once=True,
        is_needed=False,
    )
    return run_up(settings, say=say, extra=(loader,))


def run_load(given: argparse.Namespace) -> int:
    """Load the demo world and tell how it goes; each line is shown at the terminal of `earshot demo`."""
    settings = load_settings()
    services = build(settings)

    def tell(text: str) -> None:
        print(NOTICE + text, flush=True)

    load_demo(services)
    address = settings.data_dir.resolve() / "run" / "address"
    tell(f"Earshot is on {address.read_text().strip() if address.exists() else 'not running; start it with `earshot up`'}")
    tell("Sign in as one of:")
    for email, role, password in read_sign_ins(settings):
        tell(f"  {email:28} {role:12} {password}")
    total = wait_until_analysed(services, on_progress=lambda done, of: tell(f"{done} of {of} sample calls analysed"))
    tell(f"all {total} sample calls analysed")
    return 0
