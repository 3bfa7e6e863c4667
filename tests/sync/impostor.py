"""Somebody else at the server's address: TLS with a key of his own, and an ear for what comes."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Final, Self

from sync.server.tls import Credentials, own_credentials

ACCEPT_SECONDS: Final = 0.05


class Impostor:
    """Listens on 127.0.0.1; `heard` is all that he was told, `greeted` how often he was called."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        folder.mkdir(exist_ok=True)
        self.credentials: Credentials = own_credentials(folder, ("127.0.0.1", "localhost"))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.credentials.certificate, self.credentials.key)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(ACCEPT_SECONDS)
        self.port = self._listener.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self.heard = b""
        self.greeted = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ending.set()
        self._thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                caller, _ = self._listener.accept()
            except TimeoutError:
                continue
            with caller:
                self.greeted += 1
                caller.settimeout(2.0)
                self._hear(caller)

    def _hear(self, caller: socket.socket) -> None:
        try:
            with self._context.wrap_socket(caller, server_side=True) as safe:
                while piece := safe.recv(65_536):
                    self.heard += piece
                    safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except OSError:
            return  # he was not believed
