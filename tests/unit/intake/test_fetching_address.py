"""An address leads to the public network or is refused, however it is written."""

import ipaddress
import socket
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.intake.fetching_address import check_may_be_fetched, is_public, parse_address, parse_allowed_hosts

NOBODY: frozenset[str] = frozenset()
# Taken from the registries by hand, one address of each block, and what cloud machines ask for their secrets.
INSIDE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.19.0.1", "198.51.100.7", "203.0.113.9",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "11.0.0.1", "223.255.255.255", "2606:4700::1111"]


def code_of(address: str, allowed: frozenset[str] = NOBODY) -> str:
    try:
        check_may_be_fetched(parse_address(address), allowed)
    except InvalidInput as error:
        return error.code
    return "fetched"


def in_brackets(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


@pytest.mark.parametrize("ip", INSIDE)
def test_an_inside_address_is_refused(ip: str) -> None:
    assert not is_public(ipaddress.ip_address(ip))
    assert code_of(f"https://{in_brackets(ip)}/a.wav") == "address_inside"


@pytest.mark.parametrize("ip", OUTSIDE)
def test_a_public_address_is_fetched(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))
    assert code_of(f"https://{in_brackets(ip)}/a.wav") == "fetched"


def write_oddly(ip: int, form: str) -> str:
    """Write an IPv4 address in a form that resolvers know (inet_aton) or that readers confuse."""
    a, b, c, d = ip.to_bytes(4)
    dotted = f"{a}.{b}.{c}.{d}"
    return {
        "decimal": str(ip),
        "hex": hex(ip),
        "HEX": hex(ip).upper(),
        "octal": f"0{ip:o}",
        "two parts": f"{a}.{ip & 0xFFFFFF}",
        "three parts": f"{a}.{b}.{ip & 0xFFFF}",
        "hex parts": f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        "octal parts": f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        "mixed": f"0x{a:x}.{ip & 0xFFFFFF}",
        "padded": f"{a:03}.{b:03}.{c:03}.{d:03}",
        "dot": dotted + ".",
        "mapped": f"[::ffff:{dotted}]",
        "mapped hex": f"[::ffff:{ip >> 16:x}:{ip & 0xFFFF:x}]",
        "compatible": f"[::{dotted}]",
        "nat64": f"[64:ff9b::{dotted}]",
        "6to4": f"[2002:{ip >> 16:x}:{ip & 0xFFFF:x}::]",
        "percent": quote(dotted).replace(".", "%2e"),
        "full width": "".join(chr(ord(m) + 0xFEE0) if m.isdigit() else m for m in dotted),
        "ideographic dots": dotted.replace(".", "。"),
        "tab": dotted[:3] + "\t" + dotted[3:],
        "port twice": f"{dotted}:443:443",
        "user": f"8.8.8.8@{dotted}",
        "backslash": f"8.8.8.8\\@{dotted}",
        "zone": f"[fe80::{dotted}%25eth0]",
        "blank": f" {dotted}",
    }[form]


FORMS = [
    "decimal", "hex", "HEX", "octal", "two parts", "three parts", "hex parts", "octal parts", "mixed", "padded", "dot",
    "mapped", "mapped hex", "compatible", "nat64", "6to4", "percent", "full width", "ideographic dots", "tab",
    "port twice", "user", "backslash", "zone", "blank",
]  # fmt: skip
inside_v4 = st.sampled_from([ip for ip in INSIDE if ":" not in ip]).map(lambda ip: int(ipaddress.IPv4Address(ip)))


@given(ip=inside_v4 | st.integers(0x7F000000, 0x7FFFFFFF) | st.integers(0x0A000000, 0x0AFFFFFF), form=st.sampled_from(FORMS))
@example(ip=2130706433, form="decimal")
@example(ip=0x7F000001, form="mixed")
def test_no_way_of_writing_an_inside_address_gets_through(ip: int, form: str) -> None:
    assert code_of(f"https://{write_oddly(ip, form)}/a.wav") in ("bad_address", "address_inside")


@given(host=st.from_regex(r"[0-9a-fxA-FX.]{1,24}", fullmatch=True))
@example(host="0x7f.1")
@example(host="127.1")
@example(host="0")
def test_a_host_that_the_resolver_reads_as_a_number_is_written_plainly_or_refused(host: str) -> None:
    """The second way is the C library itself: what inet_aton reads is an address, and only the plain form passes."""
    try:
        read = ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return  # a name, not a number: another test's affair
    code = code_of(f"https://{host}/")
    assert code in ("bad_address", "address_inside") or (code == "fetched" and is_public(read) and host == str(read))


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused_in_order(text: str) -> None:
    assert code_of("https://" + text) in ("fetched", "bad_address", "address_inside", "address_not_allowed")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://recordings.example.com/a.wav?sig=x%2Fy#t=1", "fetched"),
        ("HTTPS://Recordings.Example.COM./a.wav", "fetched"),
        ("https://recordings.example.com:443", "fetched"),
        ("https://xn--bcher-kva.example/a.wav", "fetched"),
        ("http://recordings.example.com/a.wav", "address_not_allowed"),
        ("https://recordings.example.com:8443/a.wav", "address_not_allowed"),
        ("https://me:secret@recordings.example.com/a.wav", "bad_address"),
        ("https://@recordings.example.com/a.wav", "bad_address"),
        ("https://bücher.example/a.wav", "bad_address"),
        ("https:///a.wav", "bad_address"),
        ("https://-a.example/", "bad_address"),
        ("https://a..example/", "bad_address"),
        ("https://a.example:0/", "bad_address"),
        ("https://a.example:65536/", "bad_address"),
        ("https://[::1/", "bad_address"),
        ("https://a.example/a b.wav", "bad_address"),
        ("https://a.example/\r\nHost: b", "bad_address"),
        ("ftp://a.example/a.wav", "bad_address"),
        ("file:///etc/passwd", "bad_address"),
        ("gopher://a.example/", "bad_address"),
        ("a.wav", "bad_address"),
        ("", "bad_address"),
        ("https://a.example/" + "a" * 2000, "bad_address"),
    ],
)
def test_which_addresses_are_fetched(address: str, code: str) -> None:
    assert code_of(address) == code


def test_a_named_host_may_be_inside_and_speak_plainly() -> None:
    allowed = parse_allowed_hosts("Media.Internal, 10.0.0.5,[::1]")
    for address in ("http://media.internal:9000/a.wav", "http://10.0.0.5/a.wav", "https://[0::1]:8443/a.wav"):
        assert code_of(address, allowed) == "fetched"
    for address in ("http://x.media.internal/a.wav", "https://10.0.0.6/a.wav", "http://media.internal.example.com/a.wav"):
        assert code_of(address, allowed) != "fetched"


def test_what_is_told_of_an_address_holds_no_query() -> None:
    address = parse_address("https://A.example/x/y.wav?X-Sig=geheim#z")
    assert (address.place, address.without_query) == ("a.example:443", "https://a.example:443/x/y.wav")
    assert (address.target, address.whole) == ("/x/y.wav?X-Sig=geheim", "https://a.example:443/x/y.wav?X-Sig=geheim")
