"""What do the rules read of a consent on record? Its row in the shape of the facts (``docs/screening-facts.md``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.compliance.facts import ConsentFacts
from app.compliance.facts_json import read_facts
from app.models.screening import Consent
from app.vocabulary import OptOutScope

CERTIFICATE_FACTS = (
    "kind", "id", "host", "created_at", "retained_at", "expires_at", "phone_match", "submission_detected", "answer",
)  # fmt: skip
SCOPE_FACTS = {OptOutScope.SELLER: "seller", OptOutScope.EVERYBODY: "all"}


def describe_consent(row: Consent) -> dict[str, Any]:
    """Return a consent as JSON facts; what is not known is None or left out."""
    certificate, shown, revocation = row.certificate or {}, row.shown or {}, row.revocation or {}
    scope = revocation.get("scope")
    return {
        "id": row.external_id,
        "elements": _describe_elements(row),
        "given_at": _write(row.given_at),
        "revoked_at": _write(row.revoked_at),
        "revocation_scope": SCOPE_FACTS[OptOutScope(scope)] if scope else None,
        "oral": True if shown.get("act") == "spoken" else None,
        "certificate": {name: certificate[name] for name in CERTIFICATE_FACTS if certificate.get(name) is not None} or None,
        "page_host": certificate.get("page_host") or _host(shown.get("page_url")),
        "bot_detected": certificate.get("bot_detected"),
        "seconds_on_page": certificate.get("seconds_on_page"),
        "scan": certificate.get("scan"),
    }


def read_row(row: Consent) -> ConsentFacts:
    """Return a consent as the rules read it."""
    return read_facts({"consents": [describe_consent(row)]})[0].consents[0]


def _describe_elements(row: Consent) -> dict[str, Any]:
    """Return the elements; a text that names "the seller" names the one on the consent's record, not whoever calls today."""
    named = row.elements.get("names_seller")
    return {**row.elements, "names_seller": row.seller if named is True and row.seller else named}


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:
        return None


def _write(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
