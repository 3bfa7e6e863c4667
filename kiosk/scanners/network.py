"""The fixed scanner on the network: a TCP connection to `host:port`, made anew when it is lost."""

from __future__ import annotations

import errno
import socket
import time
from typing import TYPE_CHECKING, Final

from kiosk.scanners import ReconnectingScanner, delivery
from kiosk.scanners.framing import Framer
from kiosk.scanners.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kiosk.scanners.framing import Frame, Garbage

CONNECT_WAIT_S: Final = 3.0
NETWORK_GAP_S: Final = 0.5  # one packet sent again is no end of a code
ALIVE_IDLE_S: Final = 10
ALIVE_EVERY_S: Final = 5
ALIVE_PROBES: Final = 3
READ_BYTES_MAX: Final = 4096
PORT_MAX: Final = 65_535

_EXPLAINED = {
    errno.ECONNREFUSED: "refuses the connection: is it set to listen on this port?",
    errno.EHOSTUNREACH: "cannot be reached: check its cable and address",
    errno.ENETUNREACH: "cannot be reached: check its cable and address",
    errno.ETIMEDOUT: "does not answer: check its power, cable and address",
    errno.ECONNRESET: "hung up",
}


def address_of(port: str) -> tuple[str, int]:
    """Host and port number of `host:9004` or `[2001:db8::7]:9004`; raises ValueError."""
    host, colon, number = port.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and number.isascii() and number.isdigit()):
        raise ValueError("want host:port such as 10.0.0.7:9004")
    if not 0 < int(number) <= PORT_MAX:
        raise ValueError(f"want a port from 1 to {PORT_MAX}")
    return host, int(number)


class NetworkScanner(ReconnectingScanner):
    """One fixed reader; `gap` is the silence in seconds after which a code without end is torn."""

    def __init__(
        self,
        port: str,
        *,
        name: str = "",
        gap: float = NETWORK_GAP_S,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        super().__init__(name or port, pause=pause)
        self._port = port
        self._address = address_of(port)
        self._gap = gap

    def _session(self) -> None:
        framer = Framer(self._gap)
        with socket.create_connection(self._address, timeout=CONNECT_WAIT_S) as link:
            _keep_alive(link)
            self._report(up=True)
            try:
                self._pump(link, framer)
            finally:
                self._hand_on(framer.close(time.monotonic()))

    def _pump(self, link: socket.socket, framer: Framer) -> None:
        """Read until stopped."""
        patience = Patience(self._gap)
        while not self._stopped.is_set():
            if patience.ready(link):
                data = link.recv(READ_BYTES_MAX)
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "hung up")
                self._hand_on(framer.feed(data, patience.at))
            elif patience.is_silent():
                self._hand_on(framer.feed(b"", patience.at))

    def _hand_on(self, found: Iterable[Frame | Garbage]) -> None:
        for one in found:
            self._deliver(delivery(one, self.name))

    def _explain(self, fault: Exception) -> str:
        if isinstance(fault, TimeoutError):
            return f"{self._port}: {_EXPLAINED[errno.ETIMEDOUT]}"
        if isinstance(fault, socket.gaierror):
            return f"{self._port}: no such host: check the name"
        number = getattr(fault, "errno", None)
        return f"{self._port}: {_EXPLAINED.get(number or 0) or str(fault)}"


def _keep_alive(link: socket.socket) -> None:
    """A reader that lost its power without a word is found within half a minute."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", ALIVE_IDLE_S),
        ("TCP_KEEPINTVL", ALIVE_EVERY_S),
        ("TCP_KEEPCNT", ALIVE_PROBES),
    ):
        if hasattr(socket, option):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
