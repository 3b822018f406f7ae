"""May a recording be fetched from this address? Reads web addresses strictly and tells the public network from the inside.

An address comes from outside and Earshot stands inside: without these rules a sender could let it read what only Earshot can
reach. Addresses are taken apart by one strict pattern, never mended. A host is judged twice: by its name here, and by every
address that its name resolves to when it is connected to (``adapters.recording_fetcher``), so that no spelling and no change
of the name's answer leads inside. What is not known to be public is inside.
"""

import ipaddress
import re
from dataclasses import dataclass, field

from app.errors import InvalidInput

LONGEST_ADDRESS = 2000
PORTS = {"https": 443, "http": 80}
_SHAPE = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# A last label of digits, or 0x and digits, makes resolvers read the whole name as an IPv4 address (URL Standard, section 3.5).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# IPv4 blocks that are not ordinary public hosts: IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771), reserved
# (RFC 1112 section 4), and the one cloud metadata service that has a public address (Azure, 168.63.129.16).
INSIDE_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
        ),
    )
)  # fmt: skip
# The only IPv6 block of public hosts, and what within it is something else or stands for an IPv4 address: IANA IPv6
# Special-Purpose Address Registry (2001::/23 holds Teredo, 2002::/16 is 6to4). Mapped IPv4 and NAT64 lie outside of it.
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
INSIDE_V6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address taken apart; ``host`` in small letters without brackets, ``path`` begins with a slash."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    query: str | None = field(repr=False)

    @property
    def place(self) -> str:
        """Host and port, for messages and logs: they never hold path or query, which may be a key to the recording."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def without_query(self) -> str:
        """The address without what stands behind the question mark."""
        return f"{self.scheme}://{self.place}{self.path}"

    @property
    def target(self) -> str:
        """What the host is asked for: path and query."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    @property
    def whole(self) -> str:
        """The whole address, without a fragment."""
        return f"{self.scheme}://{self.place}{self.target}"


def is_web_address(text: str) -> bool:
    """Say whether a cell of a call log is an address to fetch from and not the name of a file."""
    return text.strip().casefold().startswith(("http://", "https://"))


def parse_address(text: str) -> WebAddress:
    """Take an address apart.

    Raises
    ------
    InvalidInput
        With code ``bad_address``; the message never repeats the address.
    """
    if len(text) > LONGEST_ADDRESS or not text.isascii() or any(ord(mark) <= 0x20 or ord(mark) == 0x7F for mark in text):
        raise _bad(f"at most {LONGEST_ADDRESS} ASCII characters without blanks; write others as %XX and hosts as xn--")
    shape = _SHAPE.fullmatch(text)
    if shape is None or "\\" in text:
        raise _bad("https://host/path")
    if "@" in shape["authority"]:
        raise _bad(
            "an address without user name and password; keys belong behind the question mark, where they are kept encrypted"
        )
    authority = _AUTHORITY.fullmatch(shape["authority"])
    if authority is None:
        raise _bad("a host name or address, and perhaps a port, between // and /")
    scheme = shape["scheme"].lower()
    port = int(authority["port"] or PORTS[scheme])
    if not 0 < port < 65536:
        raise _bad("a port from 1 to 65535")
    return WebAddress(scheme, _parse_host(authority["host"].lower()), port, shape["path"] or "/", shape["query"])


def parse_allowed_hosts(text: str) -> frozenset[str]:
    """Return the hosts of a list separated by commas, in the form of ``WebAddress.host``."""
    return frozenset(_parse_host(host.strip().lower()) for host in text.split(",") if host.strip())


def check_may_be_fetched(address: WebAddress, allowed_hosts: frozenset[str]) -> None:
    """Refuse what need not be resolved to be refused.

    Raises
    ------
    InvalidInput
        With code ``address_not_allowed`` (plain HTTP, another port) or ``address_inside``.
    """
    if address.host in allowed_hosts:
        return
    if address.scheme != "https" or address.port != PORTS["https"]:
        raise InvalidInput(
            f"expected https on port 443, got {address.scheme} on port {address.port}; have the host named in "
            "EARSHOT_FETCH_ALLOW_HOSTS if it must be so",
            code="address_not_allowed",
        )
    try:
        literal = ipaddress.ip_address(address.host)
    except ValueError:
        return
    if not is_public(literal):
        raise refuse_inside(address)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether this is an ordinary host of the public network."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in INSIDE_V4)
    return address in PUBLIC_V6 and not any(address in block for block in INSIDE_V6)


def refuse_inside(address: WebAddress) -> InvalidInput:
    """Return the refusal of a host that is inside."""
    return InvalidInput(
        f"expected a host on the public network, got {address.place}, which is not; have it named in "
        "EARSHOT_FETCH_ALLOW_HOSTS if recordings lie there",
        code="address_inside",
    )


def _parse_host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise _bad("an IPv6 address between brackets") from None
    name = host.removesuffix(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise _bad("a host name of letters, digits, hyphens and dots")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise _bad("an IPv4 address as four decimal numbers") from None
    return name


def _bad(expected: str) -> InvalidInput:
    return InvalidInput(f"expected the address of a recording: {expected}", code="bad_address")
