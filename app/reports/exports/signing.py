"""Who vouches for a report? Ed25519 (RFC 8032): the house signs with a key of its own, anybody checks with its public half."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from app.errors import InvalidInput

ALGORITHM = "Ed25519"
KEY_BYTES, SIGNATURE_BYTES = 32, 64


@dataclass(frozen=True)
class Signer:
    """Holds the private key of a house; the seed are its 32 bytes."""

    _key: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, seed: bytes) -> Signer:
        """Return the signer of a key."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def public_pem(self) -> str:
        """The public half as other tools read it."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key, 64 hexadecimal digits: what people compare."""
        return fingerprint_of(self.public_key)

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 bytes; the same content has the same one."""
        return self._key.sign(content)


def fingerprint_of(public_key: bytes) -> str:
    """Return the SHA-256 of a public key's 32 bytes, hex."""
    return hashlib.sha256(public_key).hexdigest()


def group_digits(fingerprint: str) -> str:
    """Return a fingerprint in groups of four, as it is read aloud."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def is_signed_by(public_key: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether the signature is that key's over that content."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_pin(text: str) -> str:
    """Return the fingerprint meant: given as such, in groups or not, or as a public key (PEM, hex or base64).

    A bare 64 hexadecimal digits are a fingerprint. Raises InvalidInput.
    """
    text = text.strip()
    if text.startswith("-----BEGIN"):
        return fingerprint_of(_read_pem(text))
    digits = re.sub(r"[\s:]", "", text).lower().removeprefix("sha256")
    if re.fullmatch(r"[0-9a-f]{64}", digits):
        return digits
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) == KEY_BYTES:
        return fingerprint_of(raw)
    raise InvalidInput("--key: expected a fingerprint of 64 hexadecimal digits, or a file with a public key of Ed25519 (PEM)")


def _read_pem(text: str) -> bytes:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"--key: the file holds no public key that can be read ({error})") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput("--key: expected a public key of Ed25519, the file holds one of another kind")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
