"""How long must somebody who got the password wrong wait? Longer after each failure, pure arithmetic over past failures.

Nobody is locked out for good, so that guessing cannot be used to keep a colleague away. One guesser at one address gets
about 310 guesses a day on one account (played through in the tests); a password of twelve characters withstands that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Patience:
    """So many failures are free; then the wait starts at one second and doubles."""

    free: int


SAME_PERSON_AND_ADDRESS = Patience(free=5)
SAME_PERSON = Patience(free=20)  # from many addresses
SAME_ADDRESS = Patience(free=50)  # many people behind one office address, or one guesser trying many names


def wait_needed(failures: Sequence[datetime], now: datetime, patience: Patience) -> timedelta:
    """Return how long to wait from ``now`` before the next attempt is looked at; zero when it may be made at once."""
    recent = [at for at in failures if now - at < WINDOW]
    beyond = len(recent) - patience.free
    if beyond < 0:
        return timedelta(0)
    wait = min(timedelta(seconds=2 ** min(beyond, 10)), LONGEST_WAIT)
    return max(max(recent) + wait - now, timedelta(0))
