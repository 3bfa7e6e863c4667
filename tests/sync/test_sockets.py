"""TLS over connections that end at the wrong moment: nothing is lost unclosed or said in clear."""

import gc
import select
import socket
import ssl
import struct
import warnings
from collections.abc import Iterator

import pytest

from sync.sockets import TlsSocket, over_connected, shut

RESET_AT_CLOSE = struct.pack("ii", 1, 0)
WAIT_SECONDS = 5.0


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of a TCP connection, the client's first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with client, server:
        yield client, server


def client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return over_connected(context)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_peer_that_reset_before_the_handshake_leaves_no_socket(
    ends: tuple[socket.socket, socket.socket], said: bytes
) -> None:
    client, server = ends
    server.sendall(said)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    server.close()
    hung_up = select.poll()
    hung_up.register(client, select.POLLHUP)
    assert hung_up.poll(WAIT_SECONDS * 1000)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(ConnectionResetError):
            client_context().wrap_socket(client)
        gc.collect()
    assert told == []


def test_a_line_shut_before_the_handshake_is_closed(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    client, server = ends
    shut(client)
    server.close()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(OSError, match=r"EOF|reset|ended|peer|Broken pipe"):
            client_context().wrap_socket(client)
        gc.collect()
    assert told == []


def test_what_is_shut_under_tls_still_speaks_only_tls(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    client, server = ends
    held = client_context().wrap_socket(client, do_handshake_on_connect=False)
    with held:
        assert isinstance(held, TlsSocket)
        shut(held)
        with pytest.raises(OSError, match=r"EOF|closed|Broken pipe|violation"):
            held.sendall(b"Authorization: secret")
    server.settimeout(WAIT_SECONDS)
    assert b"secret" not in server.recv(4096)
