"""How are the vendors of consent certificates asked? One request each over TLS, to one host that is written here.

TrustedForm (API 4.0): a POST to the certificate at cert.trustedform.com with ``match_lead``, ``retain`` and ``insights``;
whoever sent it elsewhere would give the account's key away, so the host never comes from outside: a certificate that is said
to lie anywhere else is refused before anything is connected. LeadiD (TCPA Guardian): a query at api.leadid.com. No redirect is
followed, no proxy is used, and neither time nor size is without a limit.
"""

import base64
import http.client
import json
import re
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote, urlencode

import app as earshot
from app.adapters.patience import Dial, FetchLimits, Line, Patience, Resolve, dial, resolve_host, resolve_within
from app.compliance.certificates import TRUSTEDFORM_HOST, check_id
from app.compliance.consent_records.certificate_link import LEADID, TRUSTEDFORM, refuse_foreign_address
from app.compliance.consent_records.vendor_answers import LARGEST_ANSWER_BYTES
from app.compliance.facts import Certificate
from app.errors import InvalidInput
from app.intake.fetching_address import WebAddress, parse_address
from app.ports import CertificateQuestion, CertificateVendor, VendorAnswer
from app.settings import Settings

TRUSTEDFORM_BASE = f"https://{TRUSTEDFORM_HOST}"
LEADID_BASE = "https://api.leadid.com"
LIMITS = FetchLimits(idle_s=5.0, total_s=10.0, redirects=0)
PROPERTIES = (
    "age_seconds", "bot_detected", "created_at", "domain", "expires_at", "form_input_method", "is_framed", "is_masked",
    "page_url", "parent_page_url", "seconds_on_page",
)  # fmt: skip


def build_vendors(settings: Settings) -> dict[str, CertificateVendor]:
    """Return those vendors for which credentials are set, by kind."""
    vendors: dict[str, CertificateVendor] = {}
    if settings.trustedform_api_key:
        vendors[TRUSTEDFORM] = TrustedFormVendor(settings.trustedform_api_key)
    if settings.leadid_account_code and settings.leadid_audit_key:
        vendors[LEADID] = LeadIdVendor(settings.leadid_account_code, settings.leadid_audit_key)
    return vendors


class Asker:
    """Sends one request to a base address and reads the answer, within limits.

    Parameters
    ----------
    base
        Scheme and host, such as ``https://cert.trustedform.com``; tests give a server of their own.
    trust
        Which certificates are believed; None: those of the system.
    """

    def __init__(
        self,
        base: str,
        *,
        limits: FetchLimits = LIMITS,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_host,
        dial: Dial = dial,
    ) -> None:
        self._base, self._limits, self._trust = parse_address(base), limits, trust
        self._resolve, self._dial = resolve, dial

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> VendorAnswer:
        """Return the answer as it came. Raises InvalidInput when it is too large, ConnectionError when there is none."""
        patience = Patience(self._limits)
        try:
            with ExitStack() as stack:
                return self._ask(method, target, headers, body, patience, stack)
        except ssl.SSLCertVerificationError as error:
            raise ConnectionError(f"{self._base.place}: its certificate cannot be trusted: {error.verify_message}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) and not error.args else str(error)
            raise ConnectionError(f"{self._base.place}: {reason[:200] or type(error).__name__}") from None

    def _ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        patience: Patience,
        stack: ExitStack,
    ) -> VendorAnswer:
        connection = http.client.HTTPConnection(self._base.host, self._base.port)
        connection.default_port = 443 if self._base.scheme == "https" else 80
        connection.sock = self._connect(self._base, patience, stack)
        connection.putrequest(method, target, skip_accept_encoding=True)
        sent = {
            "User-Agent": f"Earshot/{earshot.__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
            **({"Content-Length": str(len(body))} if body is not None else {}),
        }
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        stack.callback(response.close)
        return VendorAnswer(response.status, self._read(response, patience))

    def _connect(self, address: WebAddress, patience: Patience, stack: ExitStack) -> Line:
        failure: OSError = OSError("the name has no address")
        for ip in resolve_within(self._resolve, address.host, address.port, patience):
            try:
                plain = stack.enter_context(self._dial(ip, address.port, patience.next_wait_s()))
            except OSError as error:
                failure = error
                continue
            if address.scheme == "http":
                return Line(plain, patience)
            plain.settimeout(patience.next_wait_s())
            trust = self._trust or ssl.create_default_context()
            return Line(stack.enter_context(trust.wrap_socket(plain, server_hostname=address.host)), patience)
        raise failure

    def _read(self, response: http.client.HTTPResponse, patience: Patience) -> bytes:
        pieces: list[bytes] = []
        left = LARGEST_ANSWER_BYTES
        while piece := response.read1(64 * 1024):
            patience.next_wait_s()
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                raise InvalidInput(
                    f"expected an answer of at most {LARGEST_ANSWER_BYTES // 1000} kB from {self._base.place}, got more",
                    code="too_large",
                )
        if response.length:
            raise ConnectionError(f"{self._base.place}: the answer was cut off")
        return b"".join(pieces)


class TrustedFormVendor:
    """Asks TrustedForm (``ports.CertificateVendor``)."""

    kind = TRUSTEDFORM

    def __init__(self, api_key: str, *, asker: Asker | None = None) -> None:
        self._authorization = "Basic " + base64.b64encode(f"API:{api_key}".encode()).decode("ascii")
        self._asker = asker or Asker(TRUSTEDFORM_BASE)

    def look_up(self, question: CertificateQuestion) -> VendorAnswer:
        """Have the certificate matched with the number, kept if it is asked for, and told of."""
        id_ = check_question(question, self.kind)
        asked: dict[str, Any] = {
            "match_lead": {"phone": question.number[-10:]},
            "insights": {"properties": list(PROPERTIES)},
        }
        if question.is_kept:
            asked["retain"] = {
                name: value for name, value in (("reference", question.reference), ("vendor", question.source)) if value
            }
        if question.seller:
            asked["insights"]["scans"] = {"required": [question.seller]}
        headers = {"Authorization": self._authorization, "Content-Type": "application/json", "Api-Version": "4.0"}
        return self._asker.ask("POST", f"/{quote(id_, safe='')}", headers, json.dumps(asked).encode())


class LeadIdVendor:
    """Asks LeadiD (``ports.CertificateVendor``). It keeps what it kept: there is nothing to retain by a query."""

    kind = LEADID

    def __init__(self, account_code: str, audit_key: str, *, asker: Asker | None = None) -> None:
        self._account_code, self._audit_key = account_code, audit_key
        self._asker = asker or Asker(LEADID_BASE)

    def look_up(self, question: CertificateQuestion) -> VendorAnswer:
        """Have the token audited and the number compared with what was typed."""
        id_ = check_question(question, self.kind)
        asked = {
            "lac": self._account_code,
            "id": id_,
            "lak": self._audit_key,
            # The provider code names who sent the lead, in letters and digits.
            "lpc": re.sub(r"[^A-Za-z0-9]", "", question.source)[:50] or "direct",
            "data": f"phone1;{question.number[-10:]}",
            "format": "json",
        }
        body = urlencode(asked).encode()  # in the body: a query string ends up in logs on the way
        return self._asker.ask("POST", "/SingleQuery", {"Content-Type": "application/x-www-form-urlencoded"}, body)


def check_question(question: CertificateQuestion, kind: str) -> str:
    """Return the certificate's id, or refuse what may not be asked, or would be in vain. Raises InvalidInput."""
    certificate = question.certificate
    id_ = certificate.get("id")
    if certificate.get("kind") != kind or not isinstance(id_, str):
        raise InvalidInput(f"expected a certificate of {kind}, got another vendor's", field="certificate")
    shape = check_id(Certificate(kind=kind, id=id_))
    if shape is None or not shape.is_right:
        expected = shape.expected if shape else "an id"
        raise InvalidInput(f"expected {expected}, got an id of another shape; nobody was asked", code="bad_certificate_id")
    if kind == TRUSTEDFORM:
        refuse_foreign_address(dict(certificate))
    return id_
