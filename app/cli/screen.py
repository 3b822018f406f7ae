"""``earshot screen``: holds calls against the rules from their facts alone, one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.errors import EarshotError, InvalidInput, NotFound

SOME_FAILED = 3
DIFFERS = 4


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "screen",
        help="hold calls against the rules from their facts alone; no database (but for --replay)",
        epilog="example: earshot screen facts.jsonl --all",
    )
    parser.add_argument(
        "path", type=Path, nargs="?", metavar="FACTS.jsonl", help="one JSON object of facts per line; - reads standard input"
    )
    parser.add_argument(
        "--replay", metavar="CALL", help="judge a call of this house again from the facts kept with its screening, and compare"
    )
    parser.add_argument("--all", action="store_true", help="print passes and rules that do not apply as well")
    parser.add_argument("--as-of", metavar="TIME", help="also judge what has happened since, such as expiry, at this moment")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Screen every line; a malformed one is told and the rest goes on."""
    if (given.path is None) == (given.replay is None):
        raise InvalidInput("expected either FACTS.jsonl or --replay CALL")
    if given.replay is not None:
        return _replay(given.replay)
    from app.compliance.reference import load_reference
    from app.compliance.rule_set import load_rule_set
    from app.language.matching import compile_packs
    from app.language.packs import load_packs
    from app.reports.screen import Screener

    screener = Screener(
        rules=load_rule_set(),
        packs=compile_packs(load_packs()),
        reference=load_reference(),
        as_of=_moment(given.as_of),
        tells_all=given.all,
    )
    failed = 0
    for number, line in _lines(given.path):
        try:
            answer = screener.screen_line(line, item=f"{given.path} line {number}")
        except EarshotError as error:
            failed += 1
            answer = {"line": number, "error": {"code": error.code, "message": error.message, "details": error.details}}
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    return SOME_FAILED if failed else 0


def _replay(call_id: str) -> int:
    """Judge a call's screening again and print what differs; the exit code tells whether it is the same."""
    from app.bootstrap import build
    from app.compliance.replay import replay_call
    from app.settings import load_settings

    services = build(load_settings())
    with services.uow.read() as session:
        replay = replay_call(session, call_id)
    print(json.dumps(replay.to_json(), ensure_ascii=False))
    return 0 if replay.is_same else DIFFERS


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if str(path) == "-":
        yield from ((number, line) for number, line in enumerate(sys.stdin, 1) if line.strip())
        return
    if not path.is_file():
        raise NotFound(f"{path}: expected a file with one JSON object per line, there is no such file", code="no_such_file")
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise InvalidInput(f"--as-of: expected an ISO 8601 time with offset, such as 2026-11-23T13:00:00Z, got {text!r}")
    return at
