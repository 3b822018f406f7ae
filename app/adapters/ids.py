"""Which identifier does a new record get? A ULID: 48 bits of milliseconds, 80 random bits, in Crockford base 32.

Ids made by one source strictly rise, also inside one millisecond and when the clock is set back. The step inside a
millisecond is random, so that an id cannot be guessed from its neighbour and two processes that were forked in the same
millisecond do not make the same one. Format: https://github.com/ulid/spec.
"""

import secrets
import threading
from datetime import UTC, datetime

from app.errors import InvalidInput
from app.ports import Clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH = 26
RANDOM_BITS = 80
STEP_BITS = 40
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


class UlidSource:
    """Makes rising ULIDs (``ports.IdSource``); safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def new_id(self) -> str:
        """Return a new id that sorts after every id this source has made."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            if now_ms > self._last >> RANDOM_BITS:
                self._last = now_ms << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
            else:
                self._last += 1 + secrets.randbits(STEP_BITS)
            return _encode(self._last)


def ulid_time(ulid: str) -> datetime:
    """Return the moment, to the millisecond and in UTC, at which the id was made.

    Raises
    ------
    InvalidInput
        When the text is not a ULID.
    """
    if len(ulid) != ID_LENGTH or ulid[:1] > "7" or any(letter not in _VALUES for letter in ulid):
        raise InvalidInput(f"expected an id of {ID_LENGTH} characters from {ALPHABET}, got {ulid!r}", id=ulid)
    number = 0
    for letter in ulid[:10]:
        number = number << 5 | _VALUES[letter]
    # Seconds and milliseconds apart: one float division would lose the last millisecond of late dates.
    seconds, milliseconds = divmod(number, 1000)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    except (ValueError, OverflowError):
        raise InvalidInput(f"the id {ulid!r} carries a date after the year 9999", id=ulid) from None


def _encode(number: int) -> str:
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (ID_LENGTH - 1), -1, -5))
