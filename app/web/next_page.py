"""Where to after signing in? Only to a page of ours: an address from outside could lead anywhere."""

from urllib.parse import urlsplit


def safe_next(target: str | None, fallback: str) -> str:
    """Return the wanted path when it is a plain path of this site, else the fallback.

    Refused are other hosts (``//evil``, ``https://evil``), what browsers read as such (backslashes, control characters), and
    the sign-in pages themselves.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/signin", "/signout")):
        return fallback
    if "\\" in target or any(ord(letter) < 0x21 for letter in target):
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target
