"""What does a carrier's answer on a caller's number mean? One reading of the vendors' dialects of STIR/SHAKEN.

Attestation: A, the carrier knows the customer and that they may use the number; B, it knows the customer; C, the call came
through a gateway. Vendors write it differently (Telnyx and Twilio as a suffix of verstat, Bandwidth beside it); a header that
is missing is not a check that failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSTAT = re.compile(
    r"(?:^|;|\bverstat=)\s*(TN-Validation-Passed|TN-Validation-Failed|No-TN-Validation)(?:-([ABC]))?\b", re.IGNORECASE
)

PLAIN_PASS_MEANS_A = frozenset({"telnyx"})
"""Vendors whose plain "passed" says full attestation (Telnyx's developer documentation)."""


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """What is known of who may use the caller's number; None where nobody says."""

    is_validated: bool | None
    attestation: str | None
    vendor: str | None
    raw: str | None


def read_caller_identity(verstat: str | None, vendor: str | None = None, indicator: str | None = None) -> CallerIdentity:
    """Return the meaning of a verstat value or a whole P-Asserted-Identity header, with the vendor's separate indicator."""
    name = vendor.casefold() if vendor else None
    level = indicator.strip().upper() if indicator and indicator.strip().upper() in ("A", "B", "C") else None
    found = _VERSTAT.search(verstat) if verstat else None
    if found is None:
        return CallerIdentity(None, level, name, verstat)
    word, suffix = found[1].casefold(), found[2].upper() if found[2] else None
    if word == "no-tn-validation":
        return CallerIdentity(None, level or suffix, name, verstat)
    is_validated = word == "tn-validation-passed"
    if suffix is None and level is None and is_validated and name in PLAIN_PASS_MEANS_A:
        suffix = "A"
    return CallerIdentity(is_validated, suffix or level, name, verstat)
