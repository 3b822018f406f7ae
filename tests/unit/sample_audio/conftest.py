"""Reads the manifest, the demo world and the audio once for all tests of the sample calls."""

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[3] / "sample_audio"
MANIFEST: dict[str, Any] = yaml.safe_load((FOLDER / "manifest.yaml").read_text(encoding="utf-8"))
CALLS: list[dict[str, Any]] = MANIFEST["calls"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for ``entry`` one run per sample call."""
    if "entry" in metafunc.fixturenames:
        metafunc.parametrize("entry", CALLS, ids=[call["id"] for call in CALLS])


@pytest.fixture(scope="session")
def calls() -> list[dict[str, Any]]:
    return CALLS


@pytest.fixture(scope="session")
def world() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "world.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def history() -> list[dict[str, str]]:
    with (FOLDER / "history.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
