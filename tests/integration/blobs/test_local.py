"""What the folder adds: nothing half written, nothing outside the folder, nothing readable, damage seen."""

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.adapters.blobs_local import LocalBlobStore
from app.adapters.encryption import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES, KeyRing
from app.errors import BlobDamaged, InvalidInput, StorageFull

CONTENT = b"the caller says: I got your text. " * 8000


def _files(store_root: Path) -> list[str]:
    return sorted(str(p.relative_to(store_root)) for p in store_root.rglob("*") if p.is_file())


def test_the_stored_file_shows_nothing_of_the_content_and_of_its_key(local_store, tmp_path):
    local_store.put("a", [CONTENT])
    stored = (tmp_path / "blobs" / "a").read_bytes()
    assert len(stored) == HEADER_BYTES + len(CONTENT) + 16 * -(-len(CONTENT) // CHUNK_BYTES)
    assert b"caller" not in stored
    assert bytes(range(32)) not in stored


def test_the_same_content_twice_is_stored_as_different_bytes(local_store, tmp_path):
    local_store.put("a", [CONTENT])
    local_store.put("b", [CONTENT])
    a, b = ((tmp_path / "blobs" / name).read_bytes()[HEADER_BYTES:] for name in "ab")
    assert a != b


@pytest.mark.parametrize("offset", [0, 9, 17, 25, 35, 60, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + CHUNK_BYTES + 20, -1])
def test_a_flipped_bit_anywhere_is_seen(local_store, tmp_path, offset):
    local_store.put("a", [CONTENT])
    path = tmp_path / "blobs" / "a"
    stored = bytearray(path.read_bytes())
    stored[offset] ^= 0x10
    path.write_bytes(stored)
    with pytest.raises(BlobDamaged, match="blob a"):
        b"".join(local_store.open_range("a"))


@pytest.mark.parametrize(
    "keep", [0, 50, HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK_BYTES, HEADER_BYTES + 2 * SEALED_CHUNK_BYTES, -1]
)
def test_a_blob_that_was_cut_off_is_seen_even_by_a_range_that_does_not_reach_the_cut(local_store, tmp_path, keep):
    local_store.put("a", [CONTENT])
    path = tmp_path / "blobs" / "a"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BlobDamaged):
        local_store.open_range("a", 0, 10)


def test_chunks_in_another_order_or_from_another_blob_do_not_open(local_store, tmp_path):
    content = os.urandom(3 * CHUNK_BYTES)
    local_store.put("a", [content])
    path = tmp_path / "blobs" / "a"
    stored = path.read_bytes()
    header, body = stored[:HEADER_BYTES], stored[HEADER_BYTES:]
    first, second, third = (body[i * SEALED_CHUNK_BYTES : (i + 1) * SEALED_CHUNK_BYTES] for i in range(3))
    for order in (second + first + third, first + third + second, first + first + third):
        path.write_bytes(header + order)
        with pytest.raises(BlobDamaged):
            b"".join(local_store.open_range("a"))


def test_a_blob_laid_in_the_place_of_another_does_not_open(local_store, tmp_path):
    local_store.put("mine", [b"my call"])
    local_store.put("yours", [b"your ca"])
    (tmp_path / "blobs" / "mine").replace(tmp_path / "blobs" / "yours")
    with pytest.raises(BlobDamaged, match="yours"):
        local_store.open_range("yours")


def test_only_the_chunks_of_a_range_are_opened(local_store, tmp_path):
    local_store.put("a", [CONTENT])
    path = tmp_path / "blobs" / "a"
    stored = bytearray(path.read_bytes())
    stored[HEADER_BYTES + SEALED_CHUNK_BYTES + 5] ^= 1  # chunk 1
    path.write_bytes(stored)
    assert b"".join(local_store.open_range("a", 10, CHUNK_BYTES)) == CONTENT[10:CHUNK_BYTES]
    start = 2 * CHUNK_BYTES
    assert b"".join(local_store.open_range("a", start)) == CONTENT[start:]


def test_another_installations_key_opens_nothing_and_a_former_key_still_opens(tmp_path):
    old, new = bytes(32), bytes([1] * 32)
    LocalBlobStore(tmp_path, KeyRing(old)).put("a", [b"sound"])
    with pytest.raises(BlobDamaged, match="EARSHOT_BLOB_KEY") as caught:
        LocalBlobStore(tmp_path, KeyRing(new)).open_range("a")
    assert caught.value.code == "blob_key_unknown"
    rotated = LocalBlobStore(tmp_path, KeyRing(new, [old]))
    rotated.put("b", [b"later"])
    assert b"".join(rotated.open_range("a")) == b"sound"
    assert b"".join(LocalBlobStore(tmp_path, KeyRing(new)).open_range("b")) == b"later"


def test_a_link_that_leads_out_of_the_folder_is_refused(local_store, tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_bytes(b"secret")
    (tmp_path / "blobs" / "inside").symlink_to(tmp_path / "outside")
    for use in (
        lambda: local_store.put("inside/y", [b"x"]),
        lambda: local_store.open_range("inside/x"),
        lambda: local_store.delete("inside/x"),
    ):
        with pytest.raises(InvalidInput, match="leads out"):
            use()
    assert [p.name for p in (tmp_path / "outside").iterdir()] == ["x"]


def test_a_full_disk_is_storage_full_and_leaves_nothing(tmp_path):
    """Really full: a file system of one MiB, mounted inside a user namespace of the test's own."""
    program = f"""
import os, sys
from pathlib import Path
from app.adapters.blobs_local import LocalBlobStore
from app.adapters.encryption import KeyRing
from app.errors import StorageFull
root = Path({str(tmp_path)!r}) / "small"
store = LocalBlobStore(root, KeyRing(bytes(32)))
store.put("fits", [bytes(100_000)])
try:
    store.put("too/big", (bytes(100_000) for _ in range(50)))
except StorageFull as error:
    print("FULL", error.code, store.stat("too/big"), sorted(p.name for p in root.rglob("*") if p.is_file()))
store.put("after", [bytes(100_000)])
print("AFTER", sum(len(p) for p in store.open_range("after")))
"""
    if shutil.which("unshare") is None:
        pytest.skip("this machine has no unshare(1) to make a user namespace with")
    (tmp_path / "small").mkdir()
    mount = f'mount -t tmpfs -o size=1m tmpfs {tmp_path}/small && exec {sys.executable} -c "$PROGRAM"'
    outcome = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
        env={**os.environ, "PROGRAM": program},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in outcome.stderr or "mount:" in outcome.stderr:
        pytest.skip(f"this machine lets nobody mount in a user namespace: {outcome.stderr.strip()}")
    assert outcome.stdout.splitlines() == ["FULL storage_full None ['fits']", "AFTER 100000"], outcome.stderr


def test_a_disk_that_fills_while_writing_is_storage_full_and_leaves_nothing(local_store, tmp_path):
    """The source itself meets the limit of /dev/full, the kernel's own full disk; any errno of that kind counts."""

    def source():
        yield CONTENT
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    with pytest.raises(StorageFull, match="send it again") as caught:
        local_store.put("a", source())
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert _files(tmp_path / "blobs") == []


def test_of_many_writers_of_one_key_exactly_one_wins_and_readers_see_it_whole(local_store, tmp_path):
    contents = [bytes([n]) * 300_000 for n in range(8)]
    threads = [threading.Thread(target=local_store.put, args=("a", [c[:150_000], c[150_000:]])) for c in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert b"".join(local_store.open_range("a")) in contents
    assert _files(tmp_path / "blobs") == ["a"]


def test_what_a_killed_writer_left_is_removed_and_a_living_writers_draft_is_not(tmp_path):
    root = tmp_path / "blobs"
    writer = (
        "import sys, time; from pathlib import Path; from app.adapters.blobs_local import LocalBlobStore;"
        "from app.adapters.encryption import KeyRing\n"
        "def slow():\n  yield bytes(200_000)\n  print('writing', flush=True)\n  time.sleep(60)\n"
        f"LocalBlobStore(Path({str(root)!r}), KeyRing(bytes(32))).put('a', slow())"
    )
    writers = [subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for process in writers:
            assert process.stdout.readline() == "writing\n"
        writers[0].kill()
        writers[0].wait()
        drafts = list((root / ".incoming").iterdir())
        assert len(drafts) == 2
        long_ago = time.time() - 3600
        for draft in drafts:
            os.utime(draft, (long_ago, long_ago))
        LocalBlobStore(root, KeyRing(bytes(32))).put("b", [b"x"])
        assert len(list((root / ".incoming").iterdir())) == 1
    finally:
        for process in writers:
            process.kill()
            process.wait()
            process.stdout.close()
