"""Is a consent certificate what it claims to be? Shape, host, dates and match, from what was stored; nothing is fetched here.

TrustedForm (ActiveProspect's documentation): the id of a web certificate is 40 hexadecimal digits, mobile ids are longer; an
unretained certificate expires three days after it was made, ninety when the form was seen to be sent. Jornaya LeadiD: a UUID;
an answer ``authentic: 0, reason: 2`` means that the look-ups are used up, not that the token is false.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

from app.compliance.facts import Certificate

TRUSTEDFORM_HOST = "cert.trustedform.com"
UNSENT_LIFE = timedelta(days=3)
SENT_LIFE = timedelta(days=90)
LOOKUPS_USED_UP = 2

_WEB_ID = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_MOBILE_ID = re.compile(r"[A-Za-z0-9_-]{48,256}={0,2}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IdShape:
    """Whether an id has the shape of its vendor's ids, and what was expected."""

    is_right: bool
    expected: str


def check_id(certificate: Certificate) -> IdShape | None:
    """Return whether the id has its vendor's shape; None for a vendor nobody knows or an id nobody gives."""
    if certificate.id is None:
        return None
    if certificate.kind == "trustedform":
        is_right = bool(_WEB_ID.fullmatch(certificate.id) or _MOBILE_ID.fullmatch(certificate.id))
        return IdShape(is_right, "40 hexadecimal digits, or the longer id of a mobile form")
    if certificate.kind == "leadid":
        return IdShape(bool(_UUID.fullmatch(certificate.id)), "a UUID of 36 characters")
    return None


def check_host(certificate: Certificate) -> bool | None:
    """Tell whether the certificate lies at its vendor's host and nowhere else; None where no host is given."""
    if certificate.host is None or certificate.kind != "trustedform":
        return None
    return certificate.host.rstrip(".").casefold() == TRUSTEDFORM_HOST


def expiry_of(certificate: Certificate) -> datetime | None:
    """Return when the proof is lost unless it is retained; None where it is kept, or its age is not known."""
    if certificate.retained_at is not None:
        return None
    if certificate.expires_at is not None:
        return certificate.expires_at
    if certificate.created_at is None or certificate.kind != "trustedform":
        return None
    return certificate.created_at + (SENT_LIFE if certificate.is_submission_detected else UNSENT_LIFE)


def matches_phone(certificate: Certificate, number: str | None) -> bool | None:
    """Tell whether the form was filled in with the number that was called; None where the vendor does not say."""
    if certificate.phone_match is not None:
        return certificate.phone_match
    prints, match = certificate.answer.get("fingerprints"), certificate.answer.get("match_lead")
    if isinstance(match, Mapping) and isinstance(match.get("phone"), bool):
        return bool(match["phone"])
    if not isinstance(prints, Mapping) or number is None:
        return None
    ours = phone_prints(number)
    if ours & _texts(prints.get("non_matching")):
        return False
    return True if ours & _texts(prints.get("matching")) else None


def phone_prints(number: str) -> frozenset[str]:
    """Return the hashes that a vendor may have made of a number: of its ten digits and of its international form."""
    digits = "".join(letter for letter in number if letter.isdecimal())
    ten = digits[-10:]
    forms = {ten, f"1{ten}", f"+1{ten}"}
    return frozenset(hash_(form.encode()).hexdigest() for form in forms for hash_ in (_sha1, sha256))


def are_lookups_used_up(certificate: Certificate) -> bool:
    """Tell whether a LeadiD answer says only that no look-ups are left."""
    audit = _audit(certificate)
    return _is_zero(audit.get("authentic")) and str(audit.get("reason")) == str(LOOKUPS_USED_UP)


def is_disowned(certificate: Certificate) -> bool:
    """Tell whether the vendor says that the token is not authentic, for another reason than used-up look-ups."""
    return _is_zero(_audit(certificate).get("authentic")) and not are_lookups_used_up(certificate)


def _audit(certificate: Certificate) -> Mapping[str, Any]:
    inner = certificate.answer.get("audit")
    return inner if isinstance(inner, Mapping) else certificate.answer


def _is_zero(value: object) -> bool:
    return value is False or str(value) == "0"


def _texts(value: object) -> frozenset[str]:
    return frozenset(str(item).casefold() for item in value) if isinstance(value, list | tuple) else frozenset()


def _sha1(data: bytes) -> Any:
    return sha1(data, usedforsecurity=False)
