"""Which keys may a blob have? Relative paths that cannot leave the store, whatever was typed into them."""

import re

from app.errors import InvalidInput

MAX_KEY_LENGTH = 512
# Each part starts with a letter, digit, underscore or hyphen: "..", "." and hidden files cannot be written.
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._=-]{0,199}(/[A-Za-z0-9_-][A-Za-z0-9._=-]{0,199})*")


def check_key(key: str) -> str:
    """Return the key when it is one.

    Raises
    ------
    InvalidInput
        Naming the key and what one looks like.
    """
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise InvalidInput(
            f"expected a blob key such as recordings/ab/abc123 (letters, digits, . _ = - and /, at most {MAX_KEY_LENGTH}), "
            f"got {key[:80]!r}"
        )
    return key
