"""The stores under test: a folder, a bucket on a local S3 server, and the stand-in that other tests use."""

import logging
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.blobs_local import LocalBlobStore
from app.adapters.blobs_s3 import S3BlobStore
from app.adapters.encryption import KeyRing
from tests.fakes import MemoryBlobStore

RING = KeyRing(bytes(range(32)))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Address of an S3 server in this process, on loopback, with the bucket ``calls``."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/calls", method="PUT")).close()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_store(s3_endpoint: str) -> S3BlobStore:
    """A store below a prefix of its own."""
    client = {"endpoint": s3_endpoint, "region": "us-east-1", "access_key_id": "test", "secret_access_key": "test"}
    return S3BlobStore(f"s3://calls/{os.urandom(6).hex()}", RING, client=client)


@pytest.fixture
def local_store(tmp_path: Path) -> LocalBlobStore:
    """A store in a fresh folder."""
    return LocalBlobStore(tmp_path / "blobs", RING)


@pytest.fixture(params=["local", "s3", "memory"])
def store(request: pytest.FixtureRequest):
    """Each implementation of the port in turn."""
    return MemoryBlobStore() if request.param == "memory" else request.getfixturevalue(f"{request.param}_store")
