"""Is this the right password? argon2id, with a bound on how many are checked at once.

Each check takes 64 MiB and a tenth of a second or more, so unbounded sign-ins would exhaust the machine.
"""

import threading
from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.errors import InvalidInput, TooManyRequests

SHORTEST = 12  # NIST SP 800-63B section 5.1.1.2 asks for at least 8; no rules about kinds of characters, as it advises
LONGEST = 200
CHECKS_AT_ONCE = 2
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """The outcome of a check; ``new_hash`` is set when the password was right but its hash has outdated parameters."""

    is_right: bool
    new_hash: str | None = None


class Passwords:
    """Hashes and checks passwords, at most ``at_once`` at a time in this process."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = CHECKS_AT_ONCE) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._places = threading.BoundedSemaphore(at_once)

    def hash(self, password: str) -> str:
        """Return the hash to keep.

        Raises
        ------
        InvalidInput
            If the password is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise InvalidInput(
                f"expected a password of {SHORTEST} to {LONGEST} characters, got {len(password)}", field="password"
            )  # fmt: skip
        self._take_place()
        try:
            return self._hasher.hash(password)
        finally:
            self._places.release()

    def check(self, password: str, kept_hash: str | None) -> PasswordCheck:
        """Say whether the password goes with the hash. Without a hash (no such user) the same time is spent for nothing.

        Raises
        ------
        TooManyRequests
            If no place became free within a few seconds.
        """
        if len(password) > LONGEST:
            password, kept_hash = password[:LONGEST], None
        self._take_place()
        try:
            self._hasher.verify(kept_hash or self._nobodys_hash, password)
        except (VerificationError, InvalidHashError):
            return PasswordCheck(is_right=False)
        else:
            if kept_hash is None:
                return PasswordCheck(is_right=False)
            is_outdated = self._hasher.check_needs_rehash(kept_hash)
            return PasswordCheck(is_right=True, new_hash=self._hasher.hash(password) if is_outdated else None)
        finally:
            self._places.release()

    @cached_property
    def _nobodys_hash(self) -> str:
        return self._hasher.hash("nobody has this password")

    def _take_place(self) -> None:
        if not self._places.acquire(timeout=PATIENCE_S):
            raise TooManyRequests("many people are signing in just now; try again in a few seconds", retry_after_s=5)
