"""Which certificate is meant? Reads an address or an id as it stands on a lead into the facts that the rules check.

What looks forged is kept as it came: a wrong shape or a look-alike host is evidence, and nothing is fetched here.
"""

from __future__ import annotations

import re
from typing import Any

from app.compliance.certificates import TRUSTEDFORM_HOST
from app.errors import InvalidInput
from app.intake.fetching_address import PORTS, WebAddress, parse_address

TRUSTEDFORM, LEADID = "trustedform", "leadid"
VENDORS = (TRUSTEDFORM, LEADID)
LONGEST_LINK = 500
_UUID_LIKE = re.compile(r"[0-9a-f]{6,12}(?:-[0-9a-f]{2,8}){3}-[0-9a-f]{8,16}", re.IGNORECASE)
_HEX_LIKE = re.compile(r"[0-9a-f]{24,80}", re.IGNORECASE)


def read_certificate_link(text: str, kind: str | None = None) -> dict[str, Any]:
    """Return ``kind``, ``id`` and, of an address, ``host`` and ``url``; ``kind`` is guessed from the shape when not given.

    Raises
    ------
    InvalidInput
        When it is neither an address nor an id; the message never repeats it.
    """
    if kind is not None and kind not in VENDORS:
        raise InvalidInput(f"expected {' or '.join(VENDORS)} as the certificate's vendor", field="certificate_kind")
    if not text or len(text) > LONGEST_LINK or not text.isprintable() or any(mark.isspace() for mark in text):
        raise _bad()
    if "://" not in text:
        found = kind or _guess_kind(text)
        return {"id": text} | ({"kind": found} if found else {})
    try:
        address = parse_address(text)
    except InvalidInput:
        raise _bad() from None
    id_ = address.path.rstrip("/").rpartition("/")[2]
    found = kind or _kind_of_host(address.host) or _guess_kind(id_)
    port = "" if address.port == PORTS[address.scheme] else f":{address.port}"
    url = f"{address.scheme}://{address.host}{port}{address.path}"
    return {"id": id_ or None, "host": address.host, "url": url} | ({"kind": found} if found else {})


def refuse_foreign_address(certificate: dict[str, Any]) -> None:
    """Refuse a TrustedForm certificate that lies anywhere but at its vendor's host: who asked there would give its key away.

    Raises
    ------
    InvalidInput
        With code ``foreign_host``. A certificate given by its id alone lies at its vendor's host by definition.
    """
    url, host = certificate.get("url"), certificate.get("host")
    address = _take_apart(url) if url else None
    is_theirs = host in (None, TRUSTEDFORM_HOST) and (
        address is None or (address.host, address.scheme, address.port) == (TRUSTEDFORM_HOST, "https", PORTS["https"])
    )
    if (url and address is None) or not is_theirs:
        raise InvalidInput(
            f"expected a certificate at https://{TRUSTEDFORM_HOST}, got one that is said to lie elsewhere; nobody was asked",
            code="foreign_host",
            host=host,
        )


def _take_apart(url: str) -> WebAddress | None:
    try:
        return parse_address(url)
    except InvalidInput:
        return None


def _kind_of_host(host: str) -> str | None:
    if "trustedform" in host:
        return TRUSTEDFORM
    return LEADID if "leadid" in host or "jornaya" in host else None


def _guess_kind(id_: str) -> str | None:
    if _UUID_LIKE.fullmatch(id_):
        return LEADID
    return TRUSTEDFORM if _HEX_LIKE.fullmatch(id_) else None


def _bad() -> InvalidInput:
    return InvalidInput(
        f"expected the certificate's address (https://{TRUSTEDFORM_HOST}/...) or its id, at most {LONGEST_LINK} characters "
        "without blanks",
        field="certificate",
    )
