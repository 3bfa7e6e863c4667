"""The home of the running server: one process on one data folder, until SIGTERM or SIGINT."""

import logging
import os
import resource
import signal
import socket
from dataclasses import replace
from types import FrameType
from typing import Final

import uvicorn

from sync.server.app import create_app
from sync.server.config import ServerConfig
from sync.server.folder import Address, DataFolder, FolderError
from sync.server.hub import Hub
from sync.server.patience import patient
from sync.server.services import open_services
from sync.server.tls import CIPHERS, credentials_of

GRACE_SECONDS: Final = 3
KEEP_ALIVE_SECONDS: Final = 75
BACKLOG_CONNECTIONS: Final = 1_024
FILES_COUNT_SPARE: Final = 128
_log: Final = logging.getLogger("kiosk-server")


def serve(config: ServerConfig, folder: DataFolder) -> None:
    """Serve until told to stop; says where in `server.json` and, once ready, on standard output."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    listener = _listener(config)
    tls = credentials_of(config)
    # What was left open is decided by now: codes for stations are to say the same.
    services = open_services(replace(config, tls="off") if tls is None else config)
    url = _url(config.host, listener, secure=tls is not None)
    address = Address(url, os.getpid(), tls.pin if tls else "")
    hub = Hub()
    web = uvicorn.Config(
        create_app(services, hub),
        http=patient(config.limits),
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ciphers=CIPHERS,
        limit_concurrency=_connections(config.limits.connections),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(config.trusted_proxy),
        forwarded_allow_ips=config.trusted_proxy,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
        ws="none",
    )
    try:
        _Server(web, folder, address, hub).run(sockets=[listener])
    finally:
        folder.forget_address()
        services.close()
        listener.close()


class _Server(uvicorn.Server):
    """Uvicorn that says when it is ready, and ends long polls and streams as soon as it is told."""

    def __init__(self, web: uvicorn.Config, folder: DataFolder, address: Address, hub: Hub) -> None:
        super().__init__(web)
        self._folder = folder
        self._address = address
        self._hub = hub

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._folder.say_address(self._address.url, self._address.pin)
            print(f"READY {self._address.url}", flush=True)

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """The signal is not raised again afterwards: ending when told to is success."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self._hub.stop()


def _listener(config: ServerConfig) -> socket.socket:
    try:
        kind = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        # With its protocol named, asyncio sends answers at once instead of gathering them (Nagle).
        listener = socket.socket(*kind[:3])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(kind[4])
        listener.listen(BACKLOG_CONNECTIONS)
    except OSError as fault:
        raise FolderError(
            f"{config.host}:{config.port}: {fault.strerror or fault};"
            " give another --host or --port (0 takes any that is free)"
        ) from None
    return listener


def _connections(wanted: int) -> int:
    """How many connections at once: as wanted, or as the system gives files for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_COUNT_SPARE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            _log.warning(
                "%d connections at once, not %d: raise the limit of open files (ulimit -n) to %d",
                max(1, soft - FILES_COUNT_SPARE),
                wanted,
                needed,
            )
            return max(1, soft - FILES_COUNT_SPARE)
    return wanted


def _url(host: str, listener: socket.socket, *, secure: bool) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http{'s' if secure else ''}://{shown}:{listener.getsockname()[1]}"
