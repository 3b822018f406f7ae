"""The rules of the house that a linter does not know."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for folder in ("app", "workers", "sample_audio", "migrations") for p in (ROOT / folder).rglob("*.py"))
OURS = [p for p in SOURCES if "versions" not in p.parts and p.read_text("utf-8").strip()]
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "handle", "process"}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_import_contracts_hold() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout[-4000:]


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_says_what_question_it_answers(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} has no module docstring"


def test_public_functions_and_classes_have_docstrings() -> None:
    missing = []
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Module):
                missing += [
                    f"{path.relative_to(ROOT)}: {item.name}"
                    for item in node.body
                    if isinstance(item, ast.FunctionDef | ast.ClassDef)
                    and not item.name.startswith("_")
                    and not ast.get_docstring(item)
                    and "migrations" not in path.parts
                ]
    assert missing == []


def test_no_module_has_a_vague_name() -> None:
    assert [p for p in SOURCES if p.stem in VAGUE_NAMES] == []


def test_only_the_unit_of_work_commits() -> None:
    committing = [
        p.name
        for p in SOURCES
        if p.parts[-2] != "versions" and re.search(r"\.commit\(|session\.begin\(\)", p.read_text("utf-8"))
    ]
    assert committing == ["unit_of_work.py"]


def test_only_settings_read_the_environment() -> None:
    reading = {str(p.relative_to(ROOT)) for p in SOURCES if re.search(r"os\.environ|os\.getenv", p.read_text("utf-8"))}
    # Children get an environment made for them; that is writing, not reading.
    assert reading <= {"app/settings.py", "app/adapters/supervisor.py", "app/adapters/embedded_valkey.py"}


def test_nothing_is_built_when_modules_are_imported() -> None:
    code = "import app.web.factory, workers.jobs, sys; print([m for m in HEAVY if m in sys.modules])"
    heavy = ["numba", "scipy", "librosa", "onnxruntime", "ctranslate2", "faster_whisper", "av", "sklearn"]
    found = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {heavy}; {code}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_nothing_tracked_names_a_machine_or_a_mirror() -> None:
    # Put together here, so that this file does not name what it looks for.
    forbidden = [
        re.compile(pattern)
        for pattern in ("/" + r"work/(main|shared)", "/" + r"root/", r"\bhttps?://[\w.-]*(mirror|proxy|nexus|artifactory)")
    ]
    offending = []
    for path in tracked_files():
        try:
            content = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        offending += [f"{path.relative_to(ROOT)}: {p.pattern}" for p in forbidden if p.search(content)]
    assert offending == []


def test_lock_files_carry_hashes_and_no_addresses() -> None:
    for name in ("requirements/run.lock", "requirements/dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")


def test_committed_sample_audio_stays_small() -> None:
    audio = [p for p in (ROOT / "sample_audio").rglob("*") if p.suffix in {".wav", ".mp3", ".ogg", ".flac", ".m4a"}]
    assert len(audio) >= 24
    assert sum(p.stat().st_size for p in audio) < 15_000_000
