"""Several processes at once, processes that are killed, and disks that are full: no half version is ever seen."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.compliance.registry.service import NumberLists, make_request
from tests.fakes import FrozenClock

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
LOAD = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from app.adapters.clock import SystemClock
    from app.compliance.registry.service import NumberLists, make_request
    from app.errors import StorageFull
    {before}
    data, day, path = sys.argv[1:]
    request = make_request("national", datetime(2026, 11, int(day), tzinfo=UTC), (Path(path),), loaded_by="ann")
    try:
        print(NumberLists(Path(data), SystemClock()).load(request)[0].id)
    except StorageFull as error:
        print("FULL", error.message)
"""


def start(data: Path, day: int, path: Path, before: str = "") -> subprocess.Popen[str]:
    code = textwrap.dedent(LOAD).replace("{before}", before)
    command = [sys.executable, "-c", code, str(data), str(day), str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def write_list(path: Path, count: int) -> Path:
    numbers = 3_052_000_000 + np.arange(count) * 3
    path.write_text("".join(f"{n}\n" for n in numbers.tolist()))
    return path


def test_loads_at_once_are_both_kept(tmp_path: Path) -> None:
    path = write_list(tmp_path / "l.txt", 20_000)
    loads = [start(tmp_path / "data", day, path) for day in (10, 11, 12)]
    ids = {load.communicate(timeout=120)[0].strip() for load in loads}
    versions = NumberLists(tmp_path / "data", FrozenClock(NOW)).store.versions()
    assert {version.id for version in versions} == ids
    assert [version.count for version in versions] == [20_000] * 3


def test_the_same_load_twice_at_once_makes_one_version(tmp_path: Path) -> None:
    path = write_list(tmp_path / "l.txt", 20_000)
    loads = [start(tmp_path / "data", 10, path) for _ in range(2)]
    assert len({load.communicate(timeout=120)[0].strip() for load in loads}) == 1
    assert len(NumberLists(tmp_path / "data", FrozenClock(NOW)).store.versions()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["hash_file", "NumberSetWriter.write", "store._sync_folder", "Path.rename"])
def test_a_load_killed_at_any_moment_leaves_nothing_half(tmp_path: Path, moment: str) -> None:
    """The process stops dead when it comes to the named step; the next load clears up and goes through."""
    path = write_list(tmp_path / "l.txt", 5_000)
    stop = {
        "hash_file": "import app.compliance.registry.loading as m; m.hash_file = stop",
        "NumberSetWriter.write": "from app.compliance.registry.number_set_file import NumberSetWriter as m; m.write = stop",
        "store._sync_folder": "import app.compliance.registry.store as m; m._sync_folder = stop",
        "Path.rename": "Path.rename = stop",
    }[moment]
    before = f"import os, signal\ndef stop(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n{stop}"
    killed = start(tmp_path / "data", 10, path, before)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    lists = NumberLists(tmp_path / "data", FrozenClock(NOW))
    assert lists.store.versions() == []
    assert lists.check("3055550123").warnings[0].startswith("0 scrubbed")
    lists.load(make_request("national", datetime(2026, 11, 11, tzinfo=UTC), (path,), loaded_by="ann"))
    assert [p.name for p in lists.store.root.iterdir() if p.name.startswith(".")] == [".lock"]
    assert lists.check("3052000003").outcome == "blocked"


def test_readers_go_on_while_a_list_is_loaded(tmp_path: Path) -> None:
    lists = NumberLists(tmp_path / "data", FrozenClock(NOW))
    path = write_list(tmp_path / "l.txt", 200_000)
    lists.load(make_request("national", datetime(2026, 11, 1, tzinfo=UTC), (path,), loaded_by="ann"))
    load = start(tmp_path / "data", 12, path)
    deadline = time.monotonic() + 120
    seen = set()
    while load.poll() is None and time.monotonic() < deadline:
        state = NumberLists(tmp_path / "data", FrozenClock(NOW)).check("3052000003")
        seen.add(state.outcome)
    load.communicate()
    assert seen == {"blocked"}


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    """The limit on the size of files stands in for a full disk: the system call fails in the middle of writing."""
    path = write_list(tmp_path / "l.txt", 300_000)
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))"
    load = start(tmp_path / "data", 10, path, limit)
    out, error = load.communicate(timeout=120)
    assert out.startswith("FULL there is no room for the list"), error
    root = tmp_path / "data" / "number-lists"
    assert [p.name for p in root.iterdir()] == [".lock"]
    assert os.access(root, os.W_OK)
