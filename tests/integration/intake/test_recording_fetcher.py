"""Recordings are got from real servers, and nothing leads the fetcher inside, keeps it waiting or fills the disk."""

import io
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.adapters.recording_fetcher import FetchLimits, HttpRecordingFetcher
from app.errors import EarshotError
from tests.integration.intake import recording_hosts as hosts
from tests.integration.intake.recording_hosts import RECORDING, Authority, RecordingHost, make_authority, serve

PUBLIC = "93.184.215.14"
LOOPBACK = frozenset({"127.0.0.1"})
SHORT = FetchLimits(idle_s=0.3, total_s=1.0)


class Net:
    """A name server with prepared answers, and a wire on which every address is this machine; notes who was connected to."""

    def __init__(self, *answers: Sequence[str], port: int = 0) -> None:
        self.answers, self.port, self.asked, self.dialled = list(answers), port, 0, list[str]()

    def resolve(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0)

    def dial(self, ip: str, _port: int, wait_s: float) -> socket.socket:
        self.dialled.append(ip)
        return socket.create_connection(("127.0.0.1", self.port), timeout=wait_s)

    def fetcher(self, authority: Authority | None = None, **options: object) -> HttpRecordingFetcher:
        trust = authority.trust() if authority else None
        return HttpRecordingFetcher(trust=trust, resolve=self.resolve, dial=self.dial, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that the fetcher is told to believe."""
    return make_authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def host() -> Iterator[RecordingHost]:
    """A host with one path for each way to answer."""
    answers: dict[str, hosts.Answer] = {
        "/a.wav": hosts.recording,
        "/named": lambda h: h.give(RECORDING, Content_Disposition="attachment; filename*=UTF-8''anruf%20%C3%BC.wav"),
        "/html": lambda h: h.give(b"<!doctype html><p>sign in", Content_Type="text/html; charset=utf-8"),
        "/gzip": lambda h: h.give(RECORDING, Content_Encoding="gzip"),
        "/announced": lambda h: h.give(b"", Content_Length=str(10**9)),
        "/nowhere": hosts.status(302),
        "/odd": hosts.redirect("https://exa\\mple.com/"),
    }
    for name in ("hang", "hang_in_the_middle", "cut_off", "drip_headers", "drip_body", "a_gigabyte"):
        answers[f"/{name}"] = getattr(hosts, name)
    answers |= {f"/status/{code}": hosts.status(code) for code in (204, 206, 401, 403, 404, 410, 429, 500, 503)}
    answers |= {f"/hop/{n}": hosts.redirect(f"/hop/{n - 1}" if n > 1 else "../a.wav", 301 + n % 3) for n in range(1, 6)}
    answers["/loop"] = hosts.redirect("/loop")
    with serve(answers) as running:
        yield running


def fetch(fetcher: HttpRecordingFetcher, address: str, *, max_bytes: int = 1_000_000) -> tuple[str, bytes]:
    content = io.BytesIO()
    with fetcher.fetch(address, max_bytes=max_bytes) as answer:
        while piece := answer.read(65536):
            content.write(piece)
        return answer.filename, content.getvalue()


def refusal(fetcher: HttpRecordingFetcher, address: str, **options: int) -> str:
    with pytest.raises(EarshotError) as raised:
        fetch(fetcher, address, **options)
    assert "geheim" not in raised.value.message
    return raised.value.code


def plain(limits: FetchLimits = SHORT) -> HttpRecordingFetcher:
    return HttpRecordingFetcher(LOOPBACK, limits=limits)


def test_a_recording_is_got_whole_with_its_name(host: RecordingHost) -> None:
    assert fetch(plain(), f"{host.address}/a.wav?sig=x%2Fy") == ("a.wav", RECORDING)
    assert fetch(plain(), f"{host.address}/named") == ("anruf ü.wav", RECORDING)
    path, headers = host.asked[0]
    assert path == "/a.wav?sig=x%2Fy"
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert (headers["host"], headers["accept-encoding"]) == (f"127.0.0.1:{host.port}", "identity")


def test_a_host_that_is_not_named_in_the_list_is_not_even_asked(host: RecordingHost) -> None:
    nobody = HttpRecordingFetcher(limits=SHORT)
    assert refusal(nobody, f"{host.address}/a.wav") == "address_not_allowed"
    assert refusal(nobody, "https://127.0.0.1/a.wav") == refusal(nobody, "https://localhost/a.wav") == "address_inside"
    assert host.asked == []


def test_three_redirects_are_followed_and_a_fourth_is_not(host: RecordingHost) -> None:
    assert fetch(plain(), f"{host.address}/hop/3")[1] == RECORDING
    assert refusal(plain(), f"{host.address}/hop/4") == "too_many_redirects"
    assert refusal(plain(), f"{host.address}/loop") == "too_many_redirects"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://localhost:{port}/a.wav", "address_not_allowed"),
        ("https://localhost/a.wav", "address_inside"),
        ("//localhost/a.wav", "address_not_allowed"),
        ("https://169.254.169.254/latest/meta-data/", "address_inside"),
        ("https://[::ffff:127.0.0.1]/", "address_inside"),
        ("https://2130706433/", "bad_address"),
        ("https://0x7f.1/", "bad_address"),
        ("file:///etc/passwd", "bad_address"),
        ("https://u:p@127.0.0.1/", "bad_address"),
    ],
)
def test_a_redirect_inside_is_not_followed(to: str, code: str) -> None:
    with serve({"/a.wav": hosts.recording}) as inside, serve({}) as door:
        door.answers["/go"] = hosts.redirect(to.format(port=inside.port))
        assert refusal(plain(), f"{door.address}/go") == code
        assert inside.asked == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("html", "not_audio"),
        ("gzip", "fetch_refused"),
        ("nowhere", "fetch_refused"),
        ("odd", "bad_address"),
        *((f"status/{code}", "fetch_refused") for code in (204, 206, 401, 403, 404, 410)),
    ],
)
def test_what_is_no_recording_is_refused_for_good(host: RecordingHost, path: str, code: str) -> None:
    assert refusal(plain(), f"{host.address}/{path}?sig=geheim") == code


@pytest.mark.parametrize("path", ["status/429", "status/500", "status/503", "cut_off"])
def test_what_may_go_better_later_is_told_apart(host: RecordingHost, path: str) -> None:
    with pytest.raises(ConnectionError, match=rf"^127\.0\.0\.1:{host.port}") as raised:
        fetch(plain(), f"{host.address}/{path}?sig=geheim")
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("path", ["hang", "hang_in_the_middle", "drip_headers", "drip_body"])
def test_no_host_keeps_the_fetcher_waiting(host: RecordingHost, path: str) -> None:
    started_at = time.monotonic()
    with pytest.raises(ConnectionError):
        fetch(plain(), f"{host.address}/{path}")
    assert time.monotonic() - started_at < SHORT.total_s + SHORT.idle_s + 1.0


def test_a_gigabyte_is_cut_off_as_soon_as_it_is_too_large(host: RecordingHost) -> None:
    assert refusal(plain(FetchLimits()), f"{host.address}/a_gigabyte") == "too_large"
    assert host.given < 50_000_000  # what the kernel's buffers hold, and not the gigabyte
    assert refusal(plain(), f"{host.address}/announced") == "too_large"


def test_a_host_that_does_not_listen_is_a_connection_error() -> None:
    with serve({}) as gone:
        address = gone.address
    with pytest.raises(ConnectionError):
        fetch(plain(), f"{address}/a.wav")


def test_a_certificate_of_the_host_is_believed_and_its_name_is_asked_for(authority: Authority) -> None:
    with serve({"/a.wav": hosts.recording}, authority.issue("rec.example")) as host:
        net = Net([PUBLIC], port=host.port)
        assert fetch(net.fetcher(authority), "https://rec.example/a.wav") == ("a.wav", RECORDING)
        assert (net.dialled, host.asked[0][1]["host"]) == ([PUBLIC], "rec.example")


@pytest.mark.parametrize("fault", ["another name", "expired", "unknown authority"])
def test_a_wrong_certificate_is_refused_for_good(authority: Authority, tmp_path: Path, fault: str) -> None:
    issuer = make_authority(tmp_path) if fault == "unknown authority" else authority
    name = "other.example" if fault == "another name" else "rec.example"
    with serve({"/a.wav": hosts.recording}, issuer.issue(name, days=-1 if fault == "expired" else 2)) as host:
        assert refusal(Net([PUBLIC], port=host.port).fetcher(authority), "https://rec.example/a.wav") == "certificate_refused"
        assert host.asked == []


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%lo", "::ffff:10.0.0.1"])
def test_a_name_with_one_inside_address_among_its_answers_is_refused(inside: str) -> None:
    for answer in ([inside, PUBLIC], [PUBLIC, inside]):
        net = Net(answer)
        assert refusal(net.fetcher(), "https://rec.example/a.wav") == "address_inside"
        assert net.dialled == []


def test_a_name_is_resolved_once_and_its_judged_address_is_connected_to(authority: Authority) -> None:
    with serve({"/a.wav": hosts.recording}, authority.issue("rec.example")) as host:
        net = Net([PUBLIC], ["127.0.0.1"], port=host.port)
        assert fetch(net.fetcher(authority), "https://rec.example/a.wav")[1] == RECORDING
        assert (net.asked, net.dialled) == (1, [PUBLIC])


def test_the_next_address_of_a_name_is_tried_when_the_first_is_dead(authority: Authority) -> None:
    with serve({"/a.wav": hosts.recording}, authority.issue("rec.example")) as host:
        net = Net([PUBLIC, "1.1.1.1"], port=host.port)

        def dial(ip: str, port: int, wait_s: float) -> socket.socket:
            if ip == PUBLIC:
                raise ConnectionRefusedError("nobody there")
            return net.dial(ip, port, wait_s)

        fetcher = HttpRecordingFetcher(trust=authority.trust(), resolve=net.resolve, dial=dial)
        assert fetch(fetcher, "https://rec.example/a.wav")[1] == RECORDING


def test_a_name_server_that_hangs_or_knows_nothing_is_a_connection_error() -> None:
    stop = threading.Event()

    def hang(_host: str, _port: int) -> Sequence[str]:
        stop.wait(10)
        return []

    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    for resolve in (hang, unknown, lambda _host, _port: []):
        with pytest.raises(ConnectionError, match=r"rec\.example:443"):
            fetch(HttpRecordingFetcher(limits=SHORT, resolve=resolve), "https://rec.example/a.wav")
    stop.set()
