"""Does this token ask too often? Counts requests a minute, in the queue's server if it can be reached, else here."""

import math
import time

import structlog
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from app.errors import TooManyRequests

log = structlog.get_logger()


class RateLimit:
    """At most so many requests a minute for each key."""

    def __init__(self, per_minute: int, queue_url: str | None) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = _connect(queue_url)

    def count(self, key: str) -> None:
        """Count a request. Raises TooManyRequests with the seconds after which to come back."""
        for limiter in (self._shared, self._here):
            if limiter is None:
                continue
            try:
                if limiter.hit(self._item, "api", key):
                    return
                reset_at = limiter.get_window_stats(self._item, "api", key).reset_time
            except StorageError as error:
                log.warning("rate limits are counted in this process only", error=str(error))
                self._shared = None
                continue
            wait_s = max(1, math.ceil(reset_at - time.time()))
            raise TooManyRequests(
                f"expected at most {self._item.amount} requests a minute for one token, got more; come back in {wait_s} s",
                retry_after_s=wait_s,
            )


def _connect(queue_url: str | None) -> MovingWindowRateLimiter | None:
    if not queue_url:
        return None
    url = f"redis+{queue_url}" if queue_url.startswith("unix:") else queue_url
    try:
        storage = storage_from_string(url, wrap_exceptions=True)
        if isinstance(storage, Storage) and storage.check():
            return MovingWindowRateLimiter(storage)
    except Exception as error:
        log.warning("rate limits are counted in this process only", error=str(error))
    return None
