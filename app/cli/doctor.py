"""``earshot doctor``: is everything there that Earshot needs, and does it answer?"""

import argparse
import shutil
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.schema import current_revision, newest_revision
from app.bootstrap import Services, build
from app.cli.database_trouble import describe_database_trouble
from app.errors import EarshotError
from app.settings import load_settings

LEAST_FREE_BYTES = 2 * 1024**3


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("doctor", help="check that everything needed is there", epilog="example: earshot doctor")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Make every check and say how it went; 1 when one failed."""
    services = build(load_settings())
    checks: tuple[tuple[str, Callable[[Services], str]], ...] = (
        ("database", _check_database),
        ("queue", _check_queue),
        ("recordings", _check_blobs),
        ("speech model", _check_model),
        ("disk", _check_disk),
    )
    failed = 0
    for name, check in checks:
        try:
            print(f"ok      {name}: {check(services)}")
        except (EarshotError, OSError, ImportError, SQLAlchemyError) as error:
            failed += 1
            print(f"FAILED  {name}: {describe_database_trouble(error) or error}")
    return 1 if failed else 0


def _check_database(services: Services) -> str:
    with services.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        revision = current_revision(connection)
    if revision != newest_revision():
        raise EarshotError(f"its schema is at revision {revision}, expected {newest_revision()}; run `earshot migrate`")
    return f"{services.engine.dialect.name}, schema revision {revision}"


def _check_queue(services: Services) -> str:
    services.queue.ping()
    return f"{len(services.queue.workers())} workers"


def _check_blobs(services: Services) -> str:
    services.blobs.stat("doctor/none")
    return services.settings.resolved_blob_url


def _check_model(services: Services) -> str:
    identity = services.transcriber.identity
    return f"{identity.model}, {identity.compute_type}, weights {identity.sha256[:12]}"


def _check_disk(services: Services) -> str:
    folder = services.settings.data_dir.resolve()
    free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    if free < LEAST_FREE_BYTES:
        raise EarshotError(f"{free / 1024**3:.1f} GiB free under {folder}; at least 2 GiB are needed")
    return f"{free / 1024**3:.0f} GiB free"
