"""What every blob store promises, the stand-in included."""

import os
from datetime import UTC, datetime

import pytest

from app.adapters.encryption import CHUNK_BYTES
from app.errors import InvalidInput, NotFound
from app.ports import BlobStat

CONTENT = os.urandom(3 * CHUNK_BYTES + 1234)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, len(CONTENT)])
def test_what_was_put_comes_back_whole_and_its_size_is_told(store, size):
    content = CONTENT[:size]
    pieces = [content[at : at + 10_007] for at in range(0, size, 10_007)]
    assert store.put("recordings/ab/one", pieces) == BlobStat("recordings/ab/one", size)
    assert store.stat("recordings/ab/one") == BlobStat("recordings/ab/one", size)
    assert b"".join(store.open_range("recordings/ab/one")) == content


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (0, None),
        (5, 5),
        (9, 3),
        (CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (CHUNK_BYTES, 2 * CHUNK_BYTES),
        (100, 3 * CHUNK_BYTES),
        (len(CONTENT) - 1, None),
        (len(CONTENT) - 10, len(CONTENT) + 10_000),
        (len(CONTENT), None),
        (len(CONTENT) + 5, len(CONTENT) + 9),
    ],
)
def test_a_range_gives_the_same_bytes_as_slicing_the_content(store, start, end):
    store.put("a", [CONTENT])
    assert b"".join(store.open_range("a", start, end)) == CONTENT[start:end]


def test_a_negative_range_is_refused(store):
    store.put("a", [b"sound"])
    with pytest.raises(InvalidInput, match="range"):
        b"".join(store.open_range("a", -3))


def test_the_first_content_of_a_key_stays(store):
    store.put("a", [b"first"])
    assert store.put("a", [b"another one"]) == BlobStat("a", 5)
    assert b"".join(store.open_range("a")) == b"first"


def test_a_deleted_blob_is_gone_and_deleting_it_again_is_no_error(store):
    store.put("a/b", [b"sound"])
    store.delete("a/b")
    store.delete("a/b")
    assert store.stat("a/b") is None
    assert list(store.keys()) == []
    with pytest.raises(NotFound, match="a/b"):
        store.open_range("a/b")


def test_a_key_freed_by_deletion_takes_new_content(store):
    store.put("a", [b"first"])
    store.delete("a")
    store.put("a", [b"second"])
    assert b"".join(store.open_range("a")) == b"second"


def test_keys_are_listed_sorted_and_by_prefix_that_need_not_end_at_a_slash(store):
    keys = ["rec/ab/2", "rec/ab/1", "rec-a/1", "rec/abc/1", "rec.b", "z", "recording"]
    for key in keys:
        store.put(key, [b"x"])
    assert list(store.keys()) == sorted(keys)
    for prefix in ("rec", "rec/", "rec/ab", "rec/ab/", "rec/ab/1", "rec-", "no/such", "z"):
        assert list(store.keys(prefix)) == sorted(k for k in keys if k.startswith(prefix)), prefix


def test_a_put_whose_source_fails_leaves_nothing_behind(store):
    def failing():
        yield CONTENT
        raise RuntimeError("the sender went away")

    with pytest.raises(RuntimeError, match="went away"):
        store.put("a", failing())
    assert store.stat("a") is None
    assert list(store.keys()) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../../up",
        "a/..",
        ".",
        "a//b",
        "a/",
        ".hidden",
        "a/.incoming/x",
        "a\\b",
        "a\0b",
        "a\nb",
        "é",
        "x" * 600,
    ],
)
def test_a_key_that_could_leave_the_store_is_refused_everywhere(store, key):
    for use in (
        lambda: store.put(key, [b"x"]),
        lambda: store.open_range(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(InvalidInput, match="blob key"):
            use()


def test_a_reader_that_is_dropped_early_does_no_harm(store):
    store.put("a", [CONTENT])
    store.open_range("a")
    next(store.open_range("a"))
    assert datetime.now(UTC)
    assert b"".join(store.open_range("a", 0, 4)) == CONTENT[:4]
