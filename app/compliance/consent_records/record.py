"""What does a record of consent hold? Reads it from a form, a row or JSON, every field checked, nothing guessed.

The least that can be proved later (docs/consents.md): whose number, which seller, the text exactly as it was shown, where and
how it was agreed to, when, and the certificate. What nobody states stays unknown and never counts as given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.compliance.consent_records.certificate_link import LONGEST_LINK, VENDORS, read_certificate_link
from app.errors import InvalidInput
from app.intake.values import is_blank, parse_moment, parse_text
from app.models.base import canonical_json
from app.phone import parse_nanp
from app.vocabulary import ConsentAct

LONGEST_TEXT = 20_000
CHANNELS = ("call", "automated_call", "text", "email")
FLAGS: Mapping[str, str] = {
    "written": "in writing",
    "signed": "signed by the person",
    "names_seller": "names the seller",
    "automated_calls": "for automated or recorded calls",
    "names_number": "names the number",
    "conspicuous": "clear and conspicuous",
    "discloses_calls": "says that signing allows such calls",
    "not_condition": "not a condition of a purchase",
}
"""What the sender states of the text, each yes, no, or left out where nobody knows."""

SHOWN_FIELDS = (
    "person", "text", "page_url", "form_version", "act", "ip", "user_agent", "session_id", "purpose", "channels", "rendering",
    "esign_basis",
)  # fmt: skip
CERTIFICATE_FIELDS = (
    "certificate", "certificate_kind", "certificate_created_at", "certificate_retained_at", "certificate_expires_at",
    "certificate_submission_detected", "certificate_phone_match",
)  # fmt: skip
FIELDS = ("external_id", "number", "seller", "given_at", "source", *SHOWN_FIELDS, *FLAGS, *CERTIFICATE_FIELDS)
_YES = frozenset({"1", "true", "yes", "y", "on", "t"})
_NO = frozenset({"0", "false", "no", "n", "off", "f"})


@dataclass(frozen=True, slots=True)
class Misfit:
    """A field that does not fit: what was expected, and what came."""

    field: str
    expected: str
    got: str


class RecordRefused(InvalidInput):
    """A record of consent with fields that do not fit; ``misfits`` names each."""

    code = "consent_refused"

    def __init__(self, misfits: tuple[Misfit, ...]) -> None:
        said = "; ".join(f"{misfit.field}: {misfit.expected}" for misfit in misfits)
        problems = [{"field": misfit.field, "expected": misfit.expected} for misfit in misfits]
        super().__init__(f"{len(misfits)} fields do not fit: {said}", problems=problems)
        self.misfits = misfits


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One consent as it was collected; ``source`` is the external id of the call source that collected it.

    ``elements`` holds what is stated of the text, by the names of the rules; ``shown`` everything that was shown and done.
    """

    external_id: str
    number: str
    given_at: datetime
    seller: str | None = None
    elements: Mapping[str, Any] = field(default_factory=dict)
    certificate: Mapping[str, Any] | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None

    @property
    def text_sha256(self) -> str | None:
        """Return the SHA-256 (hex) of the text as shown, in UTF-8; None where nobody gives the text."""
        text = self.shown.get("text")
        return hashlib.sha256(text.encode()).hexdigest() if text is not None else None

    @property
    def sha256(self) -> str:
        """Return the SHA-256 (hex) of everything that was sent: the same content has the same hash."""
        content = {
            "external_id": self.external_id,
            "number": self.number,
            "given_at": self.given_at.isoformat(),
            "seller": self.seller,
            "elements": dict(self.elements),
            "certificate": dict(self.certificate) if self.certificate else None,
            "shown": dict(self.shown),
            "source": self.source,
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def read_record(cells: Mapping[str, Any]) -> ConsentRecord:
    """Return the record that cells (see :data:`FIELDS`) hold; blank ones are unknown.

    Raises
    ------
    RecordRefused
        With every field that does not fit.
    """
    reader = _Cells(cells)
    external_id = reader.take("external_id", parse_text, is_needed=True)
    number = reader.take("number", _parse_number, is_needed=True)
    given_at = reader.take("given_at", parse_moment, is_needed=True)
    seller = reader.take("seller", parse_text)
    shown = {
        "person": reader.take("person", parse_text),
        "text": reader.take("text", _parse_shown_text),
        "page_url": reader.take("page_url", _parse_page),
        "form_version": reader.take("form_version", parse_text),
        "act": reader.take("act", _parse_act),
        "ip": reader.take("ip", lambda value: parse_text(value, longest=60)),
        "user_agent": reader.take("user_agent", lambda value: parse_text(value, longest=1000)),
        "session_id": reader.take("session_id", parse_text),
        "purpose": reader.take("purpose", lambda value: parse_text(value, longest=500)),
        "channels": reader.take("channels", _parse_channels),
        "rendering": reader.take("rendering", lambda value: parse_text(value, longest=500)),
        "esign_basis": reader.take("esign_basis", lambda value: parse_text(value, longest=500)),
    }
    stated = {name: reader.take(name, _parse_names_seller if name == "names_seller" else _parse_flag) for name in FLAGS}
    certificate = _read_certificate(reader)
    source = reader.take("source", parse_text)
    reader.refuse_misfits()
    return ConsentRecord(
        external_id=external_id,
        number=number,
        given_at=given_at,
        seller=seller,
        elements={("number" if name == "names_number" else name): value for name, value in stated.items() if value is not None},
        certificate=certificate,
        shown={name: value for name, value in shown.items() if value is not None},
        source=source,
    )


class _Cells:
    """Takes fields one by one and remembers those that do not fit."""

    def __init__(self, cells: Mapping[str, Any]) -> None:
        self._cells = cells
        self._misfits: list[Misfit] = []

    def take(self, name: str, parse: Callable[[Any], Any], *, is_needed: bool = False) -> Any:
        """Return a field's value, or None where it is blank or does not fit."""
        value = self._cells.get(name)
        # Of a text even "none" is what was shown.
        if value is None or value in ("", []) or (name != "text" and is_blank(value)):
            if is_needed:
                self._misfits.append(Misfit(name, "expected a value, which every consent needs", ""))
            return None
        try:
            return parse(value)
        except (ValueError, InvalidInput) as error:
            said = error.message if isinstance(error, InvalidInput) else str(error)
            self._misfits.append(Misfit(name, said, str(value)[:200]))
            return None

    def refuse_misfits(self) -> None:
        """Raise RecordRefused when anything did not fit."""
        if self._misfits:
            raise RecordRefused(tuple(self._misfits))


def _read_certificate(reader: _Cells) -> dict[str, Any] | None:
    kind = reader.take("certificate_kind", _parse_vendor)
    found = reader.take("certificate", lambda value: read_certificate_link(parse_text(value, longest=LONGEST_LINK), kind))
    told = {
        **{
            name: reader.take(f"certificate_{name}", _parse_moment_text) for name in ("created_at", "retained_at", "expires_at")
        },
        "submission_detected": reader.take("certificate_submission_detected", _parse_flag),
        "phone_match": reader.take("certificate_phone_match", _parse_flag),
    }
    known = {name: value for name, value in told.items() if value is not None}
    return None if found is None and not known else {**(found or {}), **known}


def _parse_number(value: Any) -> str:
    is_digits = isinstance(value, int) and not isinstance(value, bool)
    number = parse_nanp(str(value)) if isinstance(value, str) or is_digits else None
    if number is None:
        raise ValueError("expected a North American number such as +1 212 555 0123")
    return number


def _parse_shown_text(value: Any) -> str:
    """Return a text to the letter: its hash proves what was shown, so nothing is trimmed or mended."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ValueError(f"expected the text as it was shown, at most {LONGEST_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("expected the text as it was shown, got halves of characters") from None
    if "\x00" in value or not value.strip():
        raise ValueError("expected the text as it was shown, got blanks or NUL characters")
    return value


def _parse_page(value: Any) -> str:
    text = parse_text(value, longest=2000)
    try:
        parts = urlsplit(text)
        is_page = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_page = False
    if not is_page:
        raise ValueError("expected the page's address, https://...")
    return text


def _parse_act(value: Any) -> str:
    text = parse_text(value).casefold().replace(" ", "_").replace("-", "_")
    try:
        return str(ConsentAct(text))
    except ValueError:
        raise ValueError(f"expected one of {', '.join(ConsentAct)}") from None


def _parse_channels(value: Any) -> list[str]:
    items = value if isinstance(value, list) else str(value).replace("|", ",").replace(";", ",").split(",")
    words = sorted({str(item).strip().casefold().replace(" ", "_") for item in items if str(item).strip()})
    if not words or set(words) - set(CHANNELS):
        raise ValueError(f"expected some of {', '.join(CHANNELS)}")
    return words


def _parse_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("expected yes or no, or nothing where it is not known")


def _parse_names_seller(value: Any) -> bool | str:
    return "partners" if str(value).strip().casefold() == "partners" else _parse_flag_or_partners(value)


def _parse_flag_or_partners(value: Any) -> bool:
    try:
        return _parse_flag(value)
    except ValueError:
        raise ValueError("expected yes, no, or partners where the text speaks of partners and lists none") from None


def _parse_vendor(value: Any) -> str:
    word = parse_text(value).casefold()
    if word not in VENDORS:
        raise ValueError(f"expected {' or '.join(VENDORS)}")
    return word


def _parse_moment_text(value: Any) -> str:
    return parse_moment(value).isoformat()
