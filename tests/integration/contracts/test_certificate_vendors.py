"""What every vendor of certificates keeps to, the scripted one of the tests included; what the real ones send, and where."""

import base64
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.adapters.certificate_vendors import Asker, LeadIdVendor, TrustedFormVendor, build_vendors
from app.adapters.patience import FetchLimits
from app.compliance.consent_records.vendor_answers import LARGEST_ANSWER_BYTES
from app.errors import InvalidInput
from app.ports import CertificateQuestion, CertificateVendor, VendorAnswer
from app.settings import Settings, load_settings
from tests.fakes import ScriptedCertificateVendor
from tests.integration.intake.recording_hosts import make_authority

IDS = {"trustedform": "eb9fc4dd9bed9ad451a5648946cf4bf09b5bb947", "leadid": "a1c2860f-25ea-4937-bc78-222d8c227789"}
CONTENT = b'{"outcome": "success"}'
LIMITS = FetchLimits(idle_s=0.5, total_s=1.0, redirects=0)
Script = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Notes what was asked and answers as the test says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        host: Host = self.server.host  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        host.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.close_connection = True
        host.script(self)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def give(self, content: bytes = CONTENT, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(content))} | told).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@dataclass
class Host:
    """A server on loopback and what it was asked."""

    script: Script
    port: int = 0
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def serve(script: Script = Handler.give, context: Any = None) -> Iterator[Host]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *args: None  # type: ignore[method-assign,assignment]
    server.host = host = Host(script, server.server_port)  # type: ignore[attr-defined]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_vendor(kind: str, host: Host, **options: Any) -> CertificateVendor:
    asker = Asker(f"http://127.0.0.1:{host.port}", limits=LIMITS, **options)
    return TrustedFormVendor("key", asker=asker) if kind == "trustedform" else LeadIdVendor("lac", "lak", asker=asker)


def question(kind: str, /, **certificate: Any) -> CertificateQuestion:
    known = {"kind": kind, "id": IDS[kind]} | certificate
    return CertificateQuestion(known, "+15125551234", seller="Acme Inc.", reference="lead-1", source="src-1")


@pytest.fixture(params=["scripted trustedform", "scripted leadid", "trustedform", "leadid"])
def asked_vendor(request: pytest.FixtureRequest) -> Iterator[tuple[CertificateVendor, Callable[[], int]]]:
    """A vendor, and how often it was really asked."""
    name = str(request.param)
    if name.startswith("scripted"):
        scripted = ScriptedCertificateVendor(name.partition(" ")[2], VendorAnswer(200, CONTENT))
        yield scripted, lambda: len(scripted.questions)
        return
    with serve() as host:
        yield make_vendor(name, host), lambda: len(host.asked)


def test_an_answer_comes_back_as_it_came(asked_vendor: tuple[CertificateVendor, Callable[[], int]]) -> None:
    vendor, count = asked_vendor
    answer = vendor.look_up(question(vendor.kind))
    assert (answer.status, answer.content) == (200, CONTENT)
    assert count() == 1
    assert CONTENT.decode() not in repr(answer)


def test_what_may_not_be_asked_is_refused_before_anybody_is(asked_vendor: tuple[CertificateVendor, Callable[[], int]]) -> None:
    vendor, count = asked_vendor
    other = "leadid" if vendor.kind == "trustedform" else "trustedform"
    wrong = [{"kind": other}, {"id": IDS[vendor.kind][:-1]}, {"id": None}, {"id": "../../secret"}]
    if vendor.kind == "trustedform":
        wrong += [
            {"host": "cert.trustedform.com.evil.example"},
            {"url": "https://cert.trustedform.com.evil.example/x", "host": "cert.trustedform.com"},
            {"url": "http://cert.trustedform.com/x", "host": "cert.trustedform.com"},
        ]
    for certificate in wrong:
        with pytest.raises(InvalidInput):
            vendor.look_up(question(vendor.kind, **certificate))
    assert count() == 0


def test_trustedform_gets_the_match_the_keeping_and_the_key() -> None:
    with serve() as host:
        make_vendor("trustedform", host).look_up(question("trustedform"))
    [(path, headers, body)] = host.asked
    assert path == f"/{IDS['trustedform']}"
    assert headers["authorization"] == "Basic " + base64.b64encode(b"API:key").decode()
    assert (headers["api-version"], headers["content-type"]) == ("4.0", "application/json")
    asked = json.loads(body)
    assert asked["match_lead"] == {"phone": "5125551234"}
    assert asked["retain"] == {"reference": "lead-1", "vendor": "src-1"}
    assert asked["insights"]["scans"] == {"required": ["Acme Inc."]}


def test_nothing_is_kept_at_the_vendor_that_nobody_wants_kept() -> None:
    with serve() as host:
        vendor = make_vendor("trustedform", host)
        vendor.look_up(CertificateQuestion({"kind": "trustedform", "id": IDS["trustedform"]}, "+15125551234", is_kept=False))
    assert "retain" not in json.loads(host.asked[0][2])


def test_leadid_gets_codes_token_and_number_in_the_body() -> None:
    with serve() as host:
        make_vendor("leadid", host).look_up(question("leadid"))
    [(path, _, body)] = host.asked
    assert path == "/SingleQuery"
    fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert fields == {
        "lac": "lac", "id": IDS["leadid"], "lak": "lak", "lpc": "src1", "data": "phone1;5125551234", "format": "json",
    }  # fmt: skip


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_redirect_is_an_answer_and_never_followed(status: int) -> None:
    with serve() as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/steal"
        with serve(lambda handler: handler.give(status=status, Location=target)) as host:
            answer = make_vendor("trustedform", host).look_up(question("trustedform"))
    assert answer.status == status
    assert elsewhere.asked == []


def test_an_answer_too_large_is_cut_off() -> None:
    with (
        serve(lambda handler: handler.give(b"x" * (LARGEST_ANSWER_BYTES + 1))) as host,
        pytest.raises(InvalidInput, match="256 kB"),
    ):
        make_vendor("trustedform", host).look_up(question("trustedform"))


def hang(handler: Handler) -> None:
    time.sleep(3)


def drip(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(30):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.parametrize("script", [hang, drip])
def test_a_vendor_that_takes_its_time_is_given_up(script: Script) -> None:
    with serve(script) as host:
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            make_vendor("leadid", host).look_up(question("leadid"))
        assert time.monotonic() - began < 2.5


def test_a_cut_off_answer_and_a_closed_door_are_no_answers() -> None:
    with (
        serve(lambda handler: handler.give(CONTENT, Content_Length="500")) as host,
        pytest.raises(ConnectionError),
    ):
        make_vendor("trustedform", host).look_up(question("trustedform"))
    with pytest.raises(ConnectionError):
        make_vendor("trustedform", host).look_up(question("trustedform"))


def test_over_tls_only_a_trusted_certificate_for_the_host_is_believed(tmp_path: Path) -> None:
    ours, theirs = make_authority(tmp_path), make_authority(tmp_path)
    for authority, is_believed in ((ours, True), (theirs, False)):
        with serve(context=authority.issue("vendor.example")) as host:
            asker = Asker(
                f"https://vendor.example:{host.port}",
                limits=LIMITS,
                trust=ours.trust(),
                resolve=lambda name, port: ["127.0.0.1"],
            )
            vendor = TrustedFormVendor("key", asker=asker)
            if is_believed:
                assert vendor.look_up(question("trustedform")).status == 200
            else:
                with pytest.raises(ConnectionError, match="cannot be trusted"):
                    vendor.look_up(question("trustedform"))
                assert host.asked == []


def test_only_vendors_with_credentials_can_be_asked(tmp_path: Path) -> None:
    assert build_vendors(Settings(data_dir=tmp_path)) == {}
    both = Settings(data_dir=tmp_path, trustedform_api_key="k", leadid_account_code="a", leadid_audit_key="b")
    assert set(build_vendors(both)) == {"trustedform", "leadid"}


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"EARSHOT_LEADID_ACCOUNT_CODE": "a"}, "both or none"),
        ({"EARSHOT_TRUSTEDFORM_API_KEY": "a\r\nX-Evil: 1"}, "printable ASCII"),
        ({"EARSHOT_TRUSTEDFORM_API_KEY": "a b"}, "printable ASCII"),
    ],
)
def test_credentials_that_do_not_fit_are_refused_at_the_start(environ: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        load_settings(environ)
