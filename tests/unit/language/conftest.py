"""The shipped packs, made ready once for all tests of this folder."""

import pytest

from app.language.matching import PackSet, compile_packs
from app.language.packs import load_packs


@pytest.fixture(scope="session")
def packs() -> PackSet:
    return compile_packs(load_packs())
