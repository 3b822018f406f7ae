"""On what is measured? The recogniser on one core, the development audio, the threads of others, and the machine's load."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.settings import Settings, load_settings
from tests.bench.table import NotAtHand

ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def one_core_settings() -> Settings:
    """Return the settings in force with one thread of recognition, for both sides of a comparison."""
    return replace(load_settings(), asr_threads=1)


def find_corpus() -> Path:
    """Return the folder of the development audio.

    Raises
    ------
    NotAtHand
        If it is not where the setting says.
    """
    corpus = load_settings().audio_corpus
    if not (corpus / "manifest.csv").is_file():
        raise NotAtHand("the development audio; EARSHOT_AUDIO_CORPUS names the folder that holds its manifest.csv")
    return corpus


@contextmanager
def default_threads() -> Iterator[None]:
    """Let programs that are started meanwhile take as many threads as they do by themselves."""
    kept = {name: os.environ.pop(name) for name in ONE_CORE if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def describe_machine() -> str:
    """Return date, processor and load: figures of a busy machine are read with its load beside them."""
    load = os.getloadavg()
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({_processor()}), "
        f"load {load[0]:.1f} (1 min), {load[2]:.1f} (15 min)"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
