"""The small network behind every test of the pages."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.functional.world import World, make_world


@pytest.fixture
def world(sqlite_engine: Engine, tmp_path: Path) -> World:
    """The application with users and calls."""
    return make_world(sqlite_engine, tmp_path)
