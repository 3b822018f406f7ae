"""How is a recording got from a web address? By the standard library, over a connection that can lead to no other place.

A host is resolved once, every answer is judged, and the connection goes to the judged address itself, so that a name that
answers differently a moment later changes nothing. A redirect is a new address and is judged anew. No proxy, no cookie and no
password is used; certificates are checked against the system's store.
"""

import http.client
import ipaddress
import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote, urljoin

import app as earshot
from app.adapters.patience import Dial, FetchLimits, Line, Patience, Resolve, dial, resolve_host, resolve_within
from app.errors import AudioUnreadable, InvalidInput
from app.intake.fetching_address import WebAddress, check_may_be_fetched, is_public, parse_address, refuse_inside
from app.ports import FetchedRecording

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# The host says "not now" (RFC 9110 section 15, RFC 6585 section 4): asking again later may help.
NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})
_PAGE = re.compile(r"text/(html|xml|css|csv)|application/(json|xml|xhtml\+xml|pdf|zip)|image/.*")


class HttpRecordingFetcher:
    """Gets recordings over HTTPS (``ports.RecordingFetcher``).

    Parameters
    ----------
    allowed_hosts
        Hosts that may be inside, and may speak plain HTTP on any port.
    trust
        Which certificates are believed; None: those of the system.
    resolve, dial
        How names become addresses and addresses connections; given by tests that stand in for a name server.
    """

    def __init__(
        self,
        allowed_hosts: frozenset[str] = frozenset(),
        *,
        limits: FetchLimits | None = None,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_host,
        dial: Dial = dial,
    ) -> None:
        self._allowed_hosts, self._limits, self._trust = allowed_hosts, limits or FetchLimits(), trust
        self._resolve, self._dial = resolve, dial

    @contextmanager
    def fetch(self, address: str, *, max_bytes: int) -> Iterator[FetchedRecording]:
        """Open what lies at the address."""
        patience = Patience(self._limits)
        target = parse_address(address)
        with ExitStack() as stack:
            for _ in range(self._limits.redirects + 1):
                hop = stack.enter_context(ExitStack())
                response = self._ask(target, patience, hop)
                if response.status not in REDIRECTS:
                    _check_answer(response, target, max_bytes)
                    yield _Body(response, target, patience, max_bytes)
                    return
                target = _follow(target, response.getheader("Location"))
                hop.close()
        raise InvalidInput(
            f"expected a recording after at most {self._limits.redirects} redirects, got another one to {target.place}; "
            "send the address where it lies",
            code="too_many_redirects",
        )

    def _ask(self, address: WebAddress, patience: Patience, stack: ExitStack) -> http.client.HTTPResponse:
        check_may_be_fetched(address, self._allowed_hosts)
        with _told(address, patience):
            line = self._connect(address, patience, stack)
            connection = http.client.HTTPConnection(address.host, address.port)
            connection.default_port = 443 if address.scheme == "https" else 80  # which Host then need not name
            connection.sock = line
            connection.putrequest("GET", address.target, skip_accept_encoding=True)
            for name, value in (
                ("User-Agent", f"Earshot/{earshot.__version__}"),
                ("Accept", "audio/*, application/octet-stream;q=0.9, */*;q=0.1"),
                ("Accept-Encoding", "identity"),
                ("Connection", "close"),
            ):
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            stack.callback(response.close)
            return response

    def _connect(self, address: WebAddress, patience: Patience, stack: ExitStack) -> Line:
        ips = resolve_within(self._resolve, address.host, address.port, patience)
        if address.host not in self._allowed_hosts and not all(is_public(ipaddress.ip_address(ip)) for ip in ips):
            raise refuse_inside(address)
        failure: OSError = OSError("the name has no address")
        for ip in ips:
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


class _Body:
    """The bytes of an answer (``ports.FetchedRecording``)."""

    def __init__(self, response: http.client.HTTPResponse, address: WebAddress, patience: Patience, max_bytes: int) -> None:
        self._response, self._address, self._patience, self._max_bytes = response, address, patience, max_bytes
        self._announced = response.length
        self._byte_count = 0

    @property
    def filename(self) -> str:
        """The name in Content-Disposition, or the last part of the path."""
        named = self._response.headers.get_filename()
        return named or unquote(self._address.path.rpartition("/")[2]) or "recording"

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; the answer is cut off as soon as it is too large."""
        with _told(self._address, self._patience):
            self._patience.next_wait_s()
            piece = self._response.read1(size)
        self._byte_count += len(piece)
        if self._byte_count > self._max_bytes:
            raise _too_large(self._max_bytes)
        if not piece and self._announced is not None and self._byte_count < self._announced:
            raise ConnectionError(
                f"{self._address.place} announced {self._announced} bytes and sent {self._byte_count}: it was cut off"
            )
        return piece


@contextmanager
def _told(address: WebAddress, patience: Patience) -> Iterator[None]:
    """Turn what can go wrong on the way into refusals (asking again is no use) and ConnectionError (it may be)."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise InvalidInput(
            f"expected a certificate of {address.host} that can be trusted, got one that cannot: {error.verify_message}; "
            "have the host mend it",
            code="certificate_refused",
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) and not error.args else str(error)
        kind = "" if isinstance(error, OSError) else f"{type(error).__name__}: "
        raise ConnectionError(f"{address.place}: {kind}{reason[:200]}") from None


def _check_answer(response: http.client.HTTPResponse, address: WebAddress, max_bytes: int) -> None:
    status = response.status
    if status in NOT_NOW:
        raise ConnectionError(f"{address.place} answered {status}")
    if status != 200:
        raise InvalidInput(
            f"expected a recording, {address.place} answered {status}; see whether it lies there, then replay",
            code="fetch_refused",
            status=status,
        )
    media = response.headers.get_content_type() if response.getheader("Content-Type") else ""
    if _PAGE.fullmatch(media):
        raise AudioUnreadable(
            f"expected a recording, {address.place} sent {media}; send the address of the audio itself", code="not_audio"
        )
    if response.getheader("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise InvalidInput(f"expected the recording as it is, {address.place} sent it compressed", code="fetch_refused")
    if response.length is not None and response.length > max_bytes:
        raise _too_large(max_bytes)


def _follow(address: WebAddress, location: str | None) -> WebAddress:
    """Return the address that a redirect names."""
    if not location:
        raise InvalidInput(f"expected a recording, {address.place} redirects to nowhere", code="fetch_refused")
    return parse_address(urljoin(address.whole, location.strip()) if "\\" not in location else location)


def _too_large(max_bytes: int) -> InvalidInput:
    return InvalidInput(
        f"expected at most {max_bytes // 1_000_000} MB, got more; raise EARSHOT_MAX_UPLOAD_MB, then replay", code="too_large"
    )
