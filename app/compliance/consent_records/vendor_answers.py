"""What does a vendor's answer say of a certificate? Reads it as it came and joins it to what was known; nothing is fetched.

TrustedForm's answers are those of its API 4.0 (``match_lead.result``, ``retain.results``, ``insights.properties`` and
``.scans``) and of the versions before it (``fingerprints``, ``scans``, ``cert``); LeadiD's those of TCPA Guardian (``audit``
with ``authentic``, ``reason``, ``data_integrity``, ``lead_age`` and ``lead_duration``). What is not said stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.compliance.certificates import phone_prints
from app.compliance.consent_records.certificate_link import LEADID, TRUSTEDFORM
from app.errors import InvalidInput

LARGEST_ANSWER_BYTES = 256_000
DEEPEST = 40
TEN_YEARS = timedelta(days=3652)
_MATCH, _MISMATCH = 1, 0


@dataclass(frozen=True, slots=True)
class AnswerReading:
    """What one answer says; None: it does not say. ``problem`` is why the vendor answered nothing of use."""

    phone_match: bool | None = None
    created_at: str | None = None
    expires_at: str | None = None
    retained_at: str | None = None
    kept_until: str | None = None
    bot_detected: bool | None = None
    seconds_on_page: float | None = None
    page_url: str | None = None
    page_host: str | None = None
    scan: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def parse_answer(content: bytes) -> Mapping[str, Any]:
    """Return an answer as the JSON object that it must be.

    Raises
    ------
    InvalidInput
        When it is too large, no JSON, nested too deeply, or no object.
    """
    if len(content) > LARGEST_ANSWER_BYTES:
        raise InvalidInput(f"expected an answer of at most {LARGEST_ANSWER_BYTES // 1000} kB, got more", code="too_large")
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text that could be kept
    except (ValueError, RecursionError):
        raise InvalidInput("expected the vendor's answer as JSON, got something else") from None
    if not isinstance(value, dict) or not value:
        raise InvalidInput("expected the vendor's answer as a JSON object, got an empty or another value")
    if _depth(value) > DEEPEST:
        raise InvalidInput("expected the vendor's answer as JSON, got one that is nested too deeply")
    return value


def read_answer(
    kind: str, answer: Mapping[str, Any], *, number: str, asked_at: datetime, seller: str | None = None
) -> AnswerReading:
    """Return what an answer says of a certificate and the number it is shown for.

    Parameters
    ----------
    kind
        ``trustedform`` or ``leadid``.
    number
        E.164, which the vendor's hashes and lists are compared with.
    asked_at
        When it was answered: a certificate that the vendor keeps counts as kept from then on.
    seller
        Whose name the scans of the page's text are looked through for.
    """
    if kind == TRUSTEDFORM:
        return _read_trustedform(answer, number, asked_at, seller)
    if kind == LEADID:
        return _read_leadid(answer, asked_at)
    raise InvalidInput(f"expected an answer of {TRUSTEDFORM} or {LEADID}, got one of another vendor", field="vendor")


def merge_answer(certificate: Mapping[str, Any], reading: AnswerReading) -> dict[str, Any]:
    """Return the certificate's facts with what an answer says; the day from which it was kept stays the first known."""
    told = {
        f.name: value
        for f in fields(AnswerReading)
        if f.name not in ("answer", "problem") and (value := getattr(reading, f.name)) is not None
    }
    if certificate.get("retained_at"):
        told.pop("retained_at", None)
    merged = {**certificate, **told}
    if reading.answer:
        merged["answer"] = {**(certificate.get("answer") or {}), **reading.answer}
    return merged


def _read_trustedform(answer: Mapping[str, Any], number: str, asked_at: datetime, seller: str | None) -> AnswerReading:
    match, insights = _inner(answer, "match_lead"), _inner(answer, "insights")
    properties = {**_inner(answer, "cert"), **_inner(insights, "properties")}
    kept = _inner(_inner(answer, "retain"), "results")
    prints, page = _inner(answer, "fingerprints"), _text(properties.get("page_url"))
    phone = _flag(_inner(match, "result").get("phone_match"))
    is_kept = bool(kept) and str(answer.get("outcome", "success")) == "success"
    raw = {
        name: part
        for name, part in (
            ("outcome", _text(answer.get("outcome"))),
            ("reason", _text(answer.get("reason"))),
            (
                "fingerprints",
                {key: _prints(prints[key]) for key in ("matching", "non_matching") if isinstance(prints.get(key), list)},
            ),
        )
        if isinstance(part, str | dict) and part
    }
    found = any((match, insights, kept, prints, _inner(answer, "cert"), "created_at" in answer, "token" in answer))
    return AnswerReading(
        phone_match=_match_prints(prints, number) if phone is None else phone,
        created_at=_moment(properties.get("created_at") or answer.get("created_at")),
        expires_at=_moment(properties.get("expires_at") or answer.get("expires_at")),
        retained_at=asked_at.isoformat() if is_kept else None,
        kept_until=_moment(kept.get("expires_at")) if is_kept else None,
        bot_detected=_flag(properties.get("bot_detected")),
        seconds_on_page=_seconds(properties.get("seconds_on_page")),
        page_url=page,
        page_host=_host(page) or _text(properties.get("domain")),
        scan=_read_scans(_inner(insights, "scans") or _inner(answer, "scans"), seller),
        answer=raw,
        problem=None if found else _text(answer.get("reason")) or _text(answer.get("message")) or "it names nothing we know",
    )


def _read_scans(scans: Mapping[str, Any], seller: str | None) -> dict[str, Any] | None:
    """Return what was looked for in the page's text and found or not; ``seller_found`` when the seller's name was."""
    told = {**scans, **_inner(scans, "result")}
    kept: dict[str, Any] = {
        name: [str(term)[:200] for term in told[name]][:50]
        for name in ("required_found", "required_not_found", "forbidden_found", "forbidden_not_found")
        if isinstance(told.get(name), list)
    }
    if seller is not None:
        name = seller.casefold()
        if any(name in term.casefold() for term in kept.get("required_found", ())):
            kept["seller_found"] = True
        elif any(name == term.casefold() for term in kept.get("required_not_found", ())):
            kept["seller_found"] = False
    return kept or None


def _prints(values: list[object]) -> list[str]:
    return [str(value)[:200] for value in values[:100]]


def _match_prints(prints: Mapping[str, Any], number: str) -> bool | None:
    ours = phone_prints(number)
    if ours & _texts(prints.get("non_matching")):
        return False
    return True if ours & _texts(prints.get("matching")) else None


def _read_leadid(answer: Mapping[str, Any], asked_at: datetime) -> AnswerReading:
    audit = {**answer, **_inner(answer, "audit")}
    raw = {name: _word(audit[name]) for name in ("authentic", "reason") if isinstance(audit.get(name), int | str)}
    passed, failed = _labels(audit.get("data_integrity_passed")), _labels(audit.get("data_integrity_failed"))
    phone: bool | None = None
    if "phone" in failed:
        phone = False
    elif "phone" in passed:
        phone = True
    elif _code(audit.get("data_integrity")) in (_MATCH, _MISMATCH):
        # The phone is all that is asked about, so the verdict over all that was asked is the verdict over the phone.
        phone = _code(audit.get("data_integrity")) == _MATCH
    age_s = _number(audit.get("lead_age"), TEN_YEARS)
    error = answer.get("error")
    said = _text(error.get("message")) if isinstance(error, Mapping) else _text(error)
    if not raw and said is None:
        said = "it names no audit"
    return AnswerReading(
        phone_match=phone,
        created_at=None if age_s is None else (asked_at - timedelta(seconds=age_s)).isoformat(),
        seconds_on_page=_seconds(audit.get("lead_duration")),
        answer={"audit": raw} if raw else {},
        problem=said,
    )


def _word(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)[:200]


def _labels(value: object) -> frozenset[str]:
    """Return field labels without their numbers: phone1 as phone."""
    items: Iterable[object] = (
        value.replace("|", ",").split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
    )
    return frozenset(str(item).strip().casefold().rstrip("0123456789") for item in items)


def _code(value: object) -> int | None:
    if isinstance(value, bool):
        return int(value)
    text = str(value).strip()
    return int(text) if text in ("0", "1", "2", "3") else None


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).casefold()) if isinstance(value, str) else None


def _text(value: object) -> str | None:
    """Return a text; TrustedForm writes "null" for no reason."""
    text = value.strip()[:500] if isinstance(value, str) else ""
    return None if text in ("", "null") else text


def _seconds(value: object) -> float | None:
    return _number(value, timedelta(days=7))


def _number(value: object, most: timedelta) -> float | None:
    """Return seconds from 0 up to a limit beyond which they are no answer."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= most.total_seconds() else None


def _moment(value: object) -> str | None:
    """Return a moment with its offset as text that the facts' reader takes; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return at.isoformat() if at.tzinfo is not None else None


def _host(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _texts(value: object) -> frozenset[str]:
    return frozenset(str(item).casefold() for item in value) if isinstance(value, list | tuple) else frozenset()


def _depth(value: object) -> int:
    """Return how deeply lists and objects are nested, without recursion of our own."""
    deepest = 0
    open_: list[tuple[object, int]] = [(value, 1)]
    while open_:
        item, depth = open_.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth)
            open_ += [(inner, depth + 1) for inner in (item.values() if isinstance(item, dict) else item)]
    return deepest


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
