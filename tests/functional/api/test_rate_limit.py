"""Requests are counted for all processes together where the queue's server can be reached, and in each process where not."""

from pathlib import Path

import pytest

from app.adapters.embedded_valkey import EmbeddedValkey
from app.errors import TooManyRequests
from app.web.api.rate_limit import RateLimit


def test_two_processes_share_one_count_in_the_queues_server(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        first, second = RateLimit(3, server.url), RateLimit(3, server.url)
        first.count("token:a")
        second.count("token:a")
        first.count("token:a")
        with pytest.raises(TooManyRequests) as caught:
            second.count("token:a")
        assert 1 <= caught.value.details["retry_after_s"] <= 60
        second.count("token:b")


def test_a_server_that_goes_away_stops_no_request(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        limit = RateLimit(2, server.url)
        limit.count("token:a")
    limit.count("token:a")
    limit.count("token:a")
    with pytest.raises(TooManyRequests):
        limit.count("token:a")


@pytest.mark.parametrize("url", [None, "unix:///nowhere/valkey.sock", "redis://127.0.0.1:1/0", "gopher://x"])
def test_without_a_server_each_process_counts_its_own(url: str | None) -> None:
    limit = RateLimit(1, url)
    limit.count("token:a")
    with pytest.raises(TooManyRequests):
        limit.count("token:a")
