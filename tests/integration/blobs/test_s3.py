"""What the bucket adds: large blobs in parts, full and unreachable stores told apart, addresses checked."""

import http.server
import os
import threading
import time

import obstore
import pytest

from app.adapters import blobs_s3
from app.adapters.blobs_s3 import S3BlobStore
from app.adapters.encryption import CHUNK_BYTES, KeyRing
from app.errors import BlobDamaged, InvalidInput, StorageFull

RING = KeyRing(bytes(range(32)))


def test_a_large_blob_goes_up_in_parts_and_still_never_replaces_another(s3_store, monkeypatch):
    monkeypatch.setattr(blobs_s3, "SINGLE_REQUEST_BYTES", 1024 * 1024)
    monkeypatch.setattr(blobs_s3, "PART_BYTES", 5 * 1024 * 1024)
    content = os.urandom(7 * 1024 * 1024)
    s3_store.put("big", [content])
    assert b"".join(s3_store.open_range("big", 6_000_000, 6_000_010)) == content[6_000_000:6_000_010]
    assert b"".join(s3_store.open_range("big")) == content
    assert list(s3_store.keys()) == ["big"]
    # A second writer that did not see the first one's blob when it began.
    monkeypatch.setattr(s3_store, "stat", lambda key: None)
    s3_store.put("big", [os.urandom(7 * 1024 * 1024)])
    assert b"".join(s3_store.open_range("big")) == content
    assert [item["path"] for batch in obstore.list(s3_store._store) for item in batch] == ["big"]


def test_a_small_blob_of_a_late_second_writer_does_not_replace_the_first(s3_store, monkeypatch):
    s3_store.put("a", [b"first"])
    monkeypatch.setattr(s3_store, "stat", lambda key: None)
    s3_store.put("a", [b"second"])
    assert b"".join(s3_store.open_range("a")) == b"first"


def test_damage_in_the_bucket_is_seen(s3_store):
    s3_store.put("a", [bytes(2 * CHUNK_BYTES)])
    stored = bytearray(bytes(obstore.get(s3_store._store, "a").bytes()))
    stored[-1] ^= 1
    obstore.put(s3_store._store, "a", bytes(stored))
    assert b"".join(s3_store.open_range("a", 0, CHUNK_BYTES)) == bytes(CHUNK_BYTES)
    with pytest.raises(BlobDamaged):
        b"".join(s3_store.open_range("a"))
    obstore.put(s3_store._store, "a", bytes(stored[: CHUNK_BYTES + 300]))
    with pytest.raises(BlobDamaged, match="cut off"):
        s3_store.open_range("a", 0, 5)


def test_a_bucket_that_answers_that_it_is_full_is_storage_full():
    class Full(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(404)
            self.end_headers()

        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b"<Error><Code>XMinioStorageFull</Code><Message>no free drive</Message></Error>"
            self.send_response(507)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Full)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        client = {
            "endpoint": f"http://127.0.0.1:{server.server_port}",
            "region": "us-east-1",
            "access_key_id": "t",
            "secret_access_key": "t",
        }
        with pytest.raises(StorageFull, match="no room for a"):
            S3BlobStore("s3://calls", RING, client=client).put("a", [b"sound"])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_store_that_does_not_answer_is_a_connection_error_within_seconds():
    client = {"endpoint": "http://127.0.0.1:9", "region": "us-east-1", "access_key_id": "t", "secret_access_key": "t"}
    store = S3BlobStore("s3://calls", RING, client=client)
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="s3://calls did not serve a"):
        store.stat("a")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "/folder", "https://calls"])
def test_an_address_without_a_bucket_is_refused(url):
    with pytest.raises(InvalidInput, match="expected s3://bucket"):
        S3BlobStore(url, RING)
