"""How long may a conversation with a host take? Sockets on which no single wait, and not all of them together, is too long.

A host may answer a byte at a time for ever; the standard library's limits are for each wait only. Shared by everything that
speaks to hosts outside.
"""

import io
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float], socket.socket]


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How long and how far: ``idle_s`` for each wait, ``total_s`` for everything, redirects included."""

    idle_s: float = 20.0
    total_s: float = 900.0
    redirects: int = 3


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses of a host, as the system's resolver gives them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def dial(ip: str, port: int, wait_s: float) -> socket.socket:
    """Connect to an IP address. Raises OSError."""
    return socket.create_connection((ip, port), timeout=wait_s)


class Patience:
    """How long may the next wait take?"""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits
        self._ends_at = time.monotonic() + limits.total_s

    def next_wait_s(self) -> float:
        """Return the longest time to wait now. Raises TimeoutError when none is left."""
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"not done within {self._limits.total_s:g} s")
        return min(self._limits.idle_s, left_s)


class Line:
    """A socket in the shape that ``http.client`` asks for, of which each wait is limited.

    ``http.client`` closes its connection as soon as it has the headers; the socket stays open until the fetch ends.
    """

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock, self._patience = sock, patience

    def sendall(self, data: Any) -> None:
        """Send the request."""
        self._sock.settimeout(self._patience.next_wait_s())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what is read from."""
        return io.BufferedReader(_Wire(self._sock, self._patience))

    def close(self) -> None:
        """Do nothing."""


class _Wire(io.RawIOBase):
    """What comes in over a socket; no single wait is longer than is allowed."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        super().__init__()
        self._sock, self._patience = sock, patience

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for bytes."""
        self._sock.settimeout(self._patience.next_wait_s())
        return self._sock.recv_into(buffer)


def resolve_within(resolve: Resolve, host: str, port: int, patience: Patience) -> Sequence[str]:
    """Ask the resolver in a thread of its own: it cannot be told how long to wait. Raises OSError."""
    found: list[Sequence[str]] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            found.append(resolve(host, port))
        except (OSError, UnicodeError) as error:
            failed.append(OSError(f"the name cannot be resolved: {error}"))

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(patience.next_wait_s())
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError("the name was not resolved in time")
    return found[0]
