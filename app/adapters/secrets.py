"""Which secret is in force? The one given by a setting, or one that is made once and kept in DATA_DIR.

A kept secret lies as hex in ``DATA_DIR/secrets/<name>`` (folder 0700, file 0600). It is never replaced: a damaged or
readable-by-others file is an error, because a new key would make every recording under the old one unreadable.
"""

import os
import re
import secrets
import stat
from pathlib import Path

from app.errors import EarshotError, InvalidInput


def load_or_make_secret(data_dir: Path, name: str, *, given: str = "", byte_count: int = 32) -> bytes:
    """Return the secret: ``given`` when it is not empty (hex of the right length, else its UTF-8 bytes), or the kept one.

    Several processes may ask at once for a secret that does not exist yet: all get the same one.

    Raises
    ------
    EarshotError
        ``secret_unsafe`` or ``secret_damaged`` when the kept file cannot be trusted.
    """
    if given:
        return _bytes_of(given, byte_count)
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise InvalidInput(f"expected a secret's name in small letters, got {name!r}")
    folder = data_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        _keep_new(path, secrets.token_bytes(byte_count))
    return _read(path, byte_count)


def _bytes_of(given: str, byte_count: int) -> bytes:
    try:
        decoded = bytes.fromhex(given)
    except ValueError:
        return given.encode()
    return decoded if len(decoded) == byte_count else given.encode()


def _keep_new(path: Path, secret: bytes) -> None:
    """Write beside the name and link it there: the link fails when another process was first, and nobody reads half a key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _read(path: Path, byte_count: int) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise EarshotError(
            f"{path} can be read or written by others (mode {mode:04o}, expected 0600); "
            f"if nobody else can have seen it, run: chmod 600 {path}",
            code="secret_unsafe",
        )
    text = path.read_text().strip()
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != byte_count:
        raise EarshotError(
            f"{path} should hold {2 * byte_count} hexadecimal digits but holds {len(text)} characters that are not such; "
            "restore the file from a backup (a new key could not open what the old one locked)",
            code="secret_damaged",
        )
    return secret


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
