"""The log keeps every byte and stays bounded; the terminal shows what a person must know."""

import pytest

from app.adapters import child_output
from app.adapters.child_output import ChildLog, terminal_line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("earshot: all 12 sample calls analysed", "all 12 sample calls analysed"),
        ('{"event": "job done", "level": "info"}', None),
        ('{"event": "disk nearly full", "level": "warning", "free_mb": 12}', "web: warning: disk nearly full free_mb=12"),
        (
            '{"event": "chore failed", "level": "error", "exception": "Traceback...\\nValueError: no such call"}',
            "web: error: chore failed ValueError: no such call",
        ),
        (
            "[2026-11-22 10:00:00 +0000] [12] [ERROR] Worker failed to boot.",
            "web: [2026-11-22 10:00:00 +0000] [12] [ERROR] Worker failed to boot.",
        ),
        ("[12] [INFO] Booting worker", None),
        ("12:M 22 Nov 2026 # WARNING Memory overcommit must be enabled! Without it...", None),
        ("12:M 22 Nov 2026 # WARNING: something else", "web: 12:M 22 Nov 2026 # WARNING: something else"),
        ('{"level": broken ERROR', 'web: {"level": broken ERROR'),
        ('["a list"]', None),
        ("", None),
    ],
)
def test_the_terminal_shows_notices_warnings_and_errors_only(line, shown):
    assert terminal_line("web", line) == shown


def test_lines_are_whole_however_the_bytes_arrive(tmp_path):
    log = ChildLog(tmp_path / "log" / "web.log")
    text = "one\ntwo é\n\nthree"
    lines = [line for byte in text.encode() for line in log.write(bytes([byte]))]
    assert lines == ["one", "two é", ""]
    assert log.write(b" and more\n") == ["three and more"]
    assert list(log.last_lines) == ["one", "two é", "three and more"]
    assert log.path.read_text() == text + " and more\n"
    log.close()


def test_a_full_log_is_kept_once_and_begun_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(child_output, "MAX_LOG_BYTES", 100)
    log = ChildLog(tmp_path / "web.log")
    for number in range(30):
        log.write(f"line {number:04d}\n".encode())
    log.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["web.log", "web.log.1"]
    kept = (tmp_path / "web.log.1").read_text() + (tmp_path / "web.log").read_text()
    assert kept.endswith("line 0029\n")
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
