"""The folder of kept stage results: whole or not at all, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.adapters.stage_cache import FolderStageCache

KEY = "words-0123456789abcdef"


def test_what_was_stored_is_loaded_by_another_process(tmp_path: Path) -> None:
    FolderStageCache(tmp_path).store(KEY, {"words": [{"text": "é", "start_s": 0.1}]})
    assert FolderStageCache(tmp_path).load(KEY) == {"words": [{"text": "é", "start_s": 0.1}]}


def test_what_was_never_stored_is_none(tmp_path: Path) -> None:
    assert FolderStageCache(tmp_path / "not-made-yet").load(KEY) is None


def test_the_last_result_of_a_key_stands_and_no_draft_stays(tmp_path: Path) -> None:
    cache = FolderStageCache(tmp_path)
    cache.store(KEY, {"n": 1})
    cache.store(KEY, {"n": 2})
    assert cache.load(KEY) == {"n": 2}
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_result_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    cache = FolderStageCache(tmp_path)
    cache.store(KEY, {"n": 1})
    with pytest.raises(TypeError):
        cache.store(KEY, {"n": object()})
    assert cache.load(KEY) == {"n": 1}


@pytest.mark.parametrize("damage", [b"", b"no gzip", b"\x1f\x8b\x08\x00torn"])
def test_a_torn_file_is_as_good_as_none(tmp_path: Path, damage: bytes) -> None:
    cache = FolderStageCache(tmp_path)
    cache.store(KEY, {"n": 1})
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.write_bytes(damage)
    assert cache.load(KEY) is None
    cache.store(KEY, {"n": 2})
    assert cache.load(KEY) == {"n": 2}


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b-12345678", "short", "x" * 129, "words 12345678"])
def test_a_key_is_never_a_path(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="a stage key has"):
        FolderStageCache(tmp_path).store(key, {})


def test_what_nobody_asked_for_is_deleted_and_what_is_used_stays(tmp_path: Path) -> None:
    moment = [1_000_000.0]
    cache = FolderStageCache(tmp_path, kept_s=100.0, now=lambda: moment[0])
    cache.store(KEY, {"n": 1})
    cache.store(KEY + "-old", {"n": 2})
    moment[0] += 80
    assert cache.load(KEY) == {"n": 1}
    moment[0] += 80
    assert cache.prune() == 1
    assert cache.load(KEY) == {"n": 1}
    assert cache.load(KEY + "-old") is None
