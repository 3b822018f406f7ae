"""The house of ``house.py``, fresh for each test."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.intake.house import House, make_row, open_house


@pytest.fixture
def house(sqlite_engine: Engine) -> House:
    """Two campaigns, a source, tracking numbers, and a store in memory."""
    return open_house(sqlite_engine)


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """Make the cells of a good row."""
    return make_row
