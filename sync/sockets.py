"""The home of the sockets under TLS: up with a peer who is there, or closed."""

import socket
import ssl
from typing import Any


class TlsSocket(ssl.SSLSocket):
    """A socket that is connected when it exists.

    The library makes one that speaks no TLS of a connection that the peer has ended before the
    handshake, and loses it unclosed where the peer reset it. Not for sockets that listen.
    """

    def getpeername(self) -> Any:
        """The peer's address; raises OSError and closes this where there is no peer any more."""
        try:
            return super().getpeername()
        except OSError as fault:
            self.close()
            # Another error than ENOTCONN, with which the library would go on without a peer.
            raise ConnectionResetError("the peer has ended the connection") from fault


def over_connected(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, whose sockets are `TlsSocket`."""
    context.sslsocket_class = TlsSocket
    return context


def shut(held: socket.socket) -> None:
    """Wake who reads from it or writes to it in another thread; raises OSError.

    Below TLS: an `SSLSocket` that is shut down goes on in plain text for a moment.
    """
    socket.socket.shutdown(held, socket.SHUT_RDWR)
