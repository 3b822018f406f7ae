"""A secret is made once, kept where only the owner reads it, and never replaced."""

import stat
import subprocess
import sys

import pytest

from app.adapters.secrets import load_or_make_secret
from app.errors import EarshotError, InvalidInput


def test_a_secret_is_made_once_and_readable_by_the_owner_alone(tmp_path):
    first = load_or_make_secret(tmp_path / "var", "blob_key")
    assert len(first) == 32
    assert load_or_make_secret(tmp_path / "var", "blob_key") == first
    assert load_or_make_secret(tmp_path / "var", "secret_key") != first
    folder = tmp_path / "var" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {"blob_key": 0o600, "secret_key": 0o600}


def test_processes_that_start_at_once_get_the_same_secret(tmp_path):
    program = (
        "import sys; from pathlib import Path; from app.adapters.secrets import load_or_make_secret; sys.stdin.readline();"
        f"print(load_or_make_secret(Path({str(tmp_path)!r}), 'key').hex())"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate()[0] for process in processes}
    assert len(answers) == 1
    assert [p.name for p in (tmp_path / "secrets").iterdir()] == ["key"]


def test_a_given_secret_is_used_and_nothing_is_kept(tmp_path):
    assert load_or_make_secret(tmp_path, "key", given="ab" * 32) == bytes([0xAB] * 32)
    assert load_or_make_secret(tmp_path, "key", given="a long sentence") == b"a long sentence"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_kept_secret_that_others_can_read_or_write_is_refused(tmp_path, mode):
    load_or_make_secret(tmp_path, "key")
    (tmp_path / "secrets" / "key").chmod(mode)
    with pytest.raises(EarshotError, match="chmod 600") as caught:
        load_or_make_secret(tmp_path, "key")
    assert caught.value.code == "secret_unsafe"


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31])
def test_a_damaged_secret_is_told_and_never_replaced(tmp_path, content):
    load_or_make_secret(tmp_path, "key")
    path = tmp_path / "secrets" / "key"
    path.write_text(content)
    with pytest.raises(EarshotError, match="restore") as caught:
        load_or_make_secret(tmp_path, "key")
    assert caught.value.code == "secret_damaged"
    assert path.read_text() == content


def test_a_secrets_name_cannot_lead_elsewhere(tmp_path):
    with pytest.raises(InvalidInput):
        load_or_make_secret(tmp_path, "../key")
