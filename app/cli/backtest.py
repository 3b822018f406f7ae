"""``earshot backtest``: what would change if past calls were judged by a file of rules and phrases, or by a draft."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "backtest",
        help="try rules and phrases on past calls beside those in force; nothing is changed",
        description="Judges the calls of the last days by RULESET and by the edition in force, and tells what differs.",
        epilog="example: earshot backtest text-wording.yaml --days 30",
    )
    parser.add_argument(
        "ruleset",
        metavar="RULESET",
        help="a YAML or JSON file with `rules:`, `packs:` or both (whole, or only what differs), or the id of a draft",
    )
    parser.add_argument("--days", type=int, default=30, help="calls of the last so many days, 1 to 365 (default: 30)")
    parser.add_argument("--limit", type=int, help="at most so many calls, the newest")
    parser.add_argument("--processes", type=int, help="processes that judge (default: one per core)")
    parser.add_argument("--flips", type=Path, metavar="FILE.csv", help="write every flip to this file")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Judge and print."""
    from app.adapters.database import open_database
    from app.adapters.process_death import die_with_parent
    from app.bootstrap import build
    from app.cli.progress import ProgressLine
    from app.compliance.editions.service import load_document_in_force
    from app.errors import InvalidInput
    from app.learning.backtest_run import Window, Workforce, run_backtest
    from app.learning.backtest_service import check_extent, say_days
    from app.learning.backtest_words import render_report
    from app.settings import load_settings

    check_extent(given.days, given.limit)
    if given.processes is not None and given.processes < 1:
        raise InvalidInput(f"--processes: expected 1 or more, got {given.processes}")
    services = build(load_settings())
    line = ProgressLine("backtest")

    def tell(done: int, total: int | None, note: str) -> None:
        line.update(note, done / total if total else 0.0)

    workforce = Workforce(
        services.settings.resolved_database_url, open_database, begin=die_with_parent, processes=given.processes
    )  # fmt: skip
    window = Window.last(given.days, services.clock.now(), given.limit)
    with services.uow.read() as session:
        before = load_document_in_force(session)
        after = _load(session, given.ruleset, before)
        flips = given.flips.open("w", encoding="utf-8", newline="") if given.flips else None
        try:
            result = run_backtest(
                session, before, after, window, on_progress=tell, workforce=workforce, flips_to=flips
            )  # fmt: skip
        finally:
            line.clear()
            if flips is not None:
                flips.close()
    if given.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(render_report(result, f"Back-test of {given.ruleset} beside what is in force, {say_days(given.days)}"))
    return 0


def _load(session: Any, ruleset: str, before: Any) -> Any:
    """Return the document of a file, or of a draft where there is no such file."""
    from app.compliance.editions.drafts import draft_document
    from app.errors import InvalidInput, NotFound
    from app.learning.backtest_ruleset import read_ruleset

    path = Path(ruleset)
    if path.exists():
        return read_ruleset(path, before)
    try:
        return draft_document(session, ruleset)
    except NotFound:
        raise InvalidInput(
            f"RULESET: expected a file or the id of a draft; there is neither a file nor a draft {ruleset!r}"
        ) from None
