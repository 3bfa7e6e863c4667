"""The home of the commands' way to a running server: REST with the data folder's admin token.

AdminError       the server did not do it; the message is its own word or names the next step
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

import httpx

from sync.drawings import path_of
from sync.pinning import pinned
from sync.server.errors import ServerError
from sync.server.folder import address_of
from sync.server.keys import admin_token_of

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 600.0


class AdminError(ServerError):
    """What was asked of the running server was not done; `problem` is its problem document."""

    def __init__(self, message: str, problem: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = problem or {}


class AdminClient:
    """Speaks to the server that holds a data folder."""

    def __init__(self, data: Path, url: str) -> None:
        """`url` is where the folder's server serves; raises `KeyFileError` without its token.

        Over TLS nobody but the server that wrote the folder's address is told the token.
        """
        self.url = url
        address = address_of(data)
        pin = address.pin if address else ""
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {admin_token_of(data)}"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
            verify=pinned(pin) if pin else url.startswith("https:"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        """The JSON answer; raises `AdminError`."""
        return self._answered(lambda: self._client.get(path)).json()

    def post(self, path: str, body: object) -> Any:
        """The JSON answer; raises `AdminError`."""
        return self._answered(lambda: self._client.post(path, json=body)).json()

    def put(self, path: str, body: object) -> Any:
        """The JSON answer; raises `AdminError`."""
        return self._answered(lambda: self._client.put(path, json=body)).json()

    def put_drawing(self, name: str, body: bytes) -> None:
        """Store a drawing; raises `AdminError`."""
        self._answered(lambda: self._client.put(path_of(name), content=body))

    def lines(self, path: str, body: object) -> Iterator[bytes]:
        """The lines that a work tells, which a post began; raises `AdminError`."""
        try:
            with self._client.stream("POST", path, json=body) as answer:
                if answer.is_error:
                    answer.read()
                    raise _told(answer)
                yield from (line.encode() for line in answer.iter_lines())
        except httpx.TransportError as fault:
            raise self._unreached(fault) from None

    def stream(self, path: str) -> Iterator[bytes]:
        """The answer piece by piece; raises `AdminError`."""
        try:
            with self._client.stream("GET", path) as answer:
                if answer.is_error:
                    answer.read()
                    raise _told(answer)
                yield from answer.iter_bytes()
        except httpx.TransportError as fault:
            raise self._unreached(fault) from None

    def _answered(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            answer = ask()
        except httpx.TransportError as fault:
            raise self._unreached(fault) from None
        if answer.is_error:
            raise _told(answer)
        return answer

    def _unreached(self, fault: httpx.TransportError) -> AdminError:
        return AdminError(f"{self.url}: {fault}; the server has ended or hangs: look at its log")


def _told(answer: httpx.Response) -> AdminError:
    try:
        problem = answer.json()
        return AdminError(str(problem.get("detail") or problem.get("title")), problem)
    except (ValueError, AttributeError):
        return AdminError(f"{answer.url}: status {answer.status_code}; read the server's log")
