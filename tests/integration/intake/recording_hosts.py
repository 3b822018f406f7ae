"""Web servers on this machine that give recordings, or misbehave, and certificates of an authority of their own."""

import contextlib
import datetime
import http.server
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.intake.house import wav

Answer = Callable[["Handler"], None]
RECORDING = wav(2)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as its server's table says."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        """Answer, and note who asked what."""
        host = self.server.host
        host.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.close_connection = True
        with contextlib.suppress(OSError):
            host.answers[self.path.partition("?")[0]](self)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def give(self, content: bytes = b"", status: int = 200, **headers: str) -> None:
        """Send an answer; ``Content_Type`` stands for ``Content-Type``."""
        self.send_response(status)
        sent = {"Content-Length": str(len(content))} | {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@dataclass
class RecordingHost:
    """A server on loopback: what it answers under which path, what it was asked, and how many bytes it gave away."""

    answers: dict[str, Answer]
    port: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    given: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """The plain address of this host, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    host: RecordingHost

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: clients that hang up are what the tests are about."""


@contextlib.contextmanager
def serve(answers: dict[str, Answer], context: ssl.SSLContext | None = None) -> Iterator[RecordingHost]:
    """Run a host until the block ends."""
    server = _Server(("127.0.0.1", 0), Handler)
    server.host = host = RecordingHost(answers, server.server_port)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def recording(handler: Handler) -> None:
    """Give a recording."""
    handler.give(RECORDING, Content_Type="audio/wav")


def redirect(to: str, status: int = 302) -> Answer:
    """Send elsewhere."""
    return lambda handler: handler.give(status=status, Location=to)


def status(code: int) -> Answer:
    """Answer with a status and nothing else."""
    return lambda handler: handler.give(status=code)


def hang(handler: Handler) -> None:
    """Take the request and say nothing."""
    handler.server.host.stop.wait(30)


def hang_in_the_middle(handler: Handler) -> None:
    """Give half a recording and stop."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(RECORDING)))
    handler.end_headers()
    handler.wfile.write(RECORDING[: len(RECORDING) // 2])
    handler.server.host.stop.wait(30)


def cut_off(handler: Handler) -> None:
    """Give half a recording and hang up."""
    handler.give(RECORDING[: len(RECORDING) // 2], Content_Length=str(len(RECORDING)))


def drip_headers(handler: Handler) -> None:
    """Send a header that never ends, a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.host.stop.wait(0.05):
        handler.wfile.write(b"a")


def drip_body(handler: Handler) -> None:
    """Send an endless recording, a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nRIFF")
    while not handler.server.host.stop.wait(0.05):
        handler.wfile.write(b"\x00")


def a_gigabyte(handler: Handler) -> None:
    """Send 1 GB in chunks, without announcing how much it is."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = bytes(100_000)
    for _ in range(10_000):
        handler.wfile.write(b"186a0\r\n" + piece + b"\r\n")
        handler.server.host.given += len(piece)
    handler.wfile.write(b"0\r\n\r\n")


@dataclass(frozen=True)
class Authority:
    """A certificate authority that only a test believes."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    folder: Path

    def trust(self) -> ssl.SSLContext:
        """Return a client's context that believes this authority alone."""
        return ssl.create_default_context(cadata=self.certificate.public_bytes(serialization.Encoding.PEM).decode())

    def issue(self, name: str, *, days: int = 2) -> ssl.SSLContext:
        """Return a server's context with a certificate for a host, expired when ``days`` is negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        try:
            subject: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            subject = x509.DNSName(name)
        certificate = (
            _builder(name, self.certificate.subject, key, ends)
            .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"{name}-{time.monotonic_ns()}.pem"
        plain = serialization.NoEncryption()
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def make_authority(folder: Path) -> Authority:
    """Found an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder("test authority", name, key, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate, folder)


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, ends: datetime.datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - datetime.timedelta(days=30))
        .not_valid_after(ends)
    )
