"""The pin of a server's key: nobody else is told a byte of the code or the token."""

import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.enrolment import enrol
from sync.line import Line, ServerAddressError, ServerRefused, ServerUnproved
from sync.pinning import (
    ALPHABET,
    CHECK_CHARS,
    CODE_CHARS,
    PinnedContext,
    UnprovedError,
    check_of,
    pin_of,
    plain_code,
    split_code,
    with_check,
)
from sync.server.tls import own_credentials
from tests.sync.impostor import Impostor

CODES = st.text(ALPHABET, min_size=CODE_CHARS, max_size=CODE_CHARS)
PINS = st.binary(min_size=32, max_size=32).map(bytes.hex)
PIN, OTHER = "ab" * 32, "cd" * 32


@given(CODES, PINS)
def test_a_code_with_its_check_is_read_back_however_it_is_typed(code: str, pin: str) -> None:
    shown = with_check(code, pin)
    assert shown == f"{code}-{check_of(code, pin)}"
    for typed in (shown, shown.lower(), shown.replace("-", ""), f"{shown[:5]}-{shown[5:]}"):
        assert split_code(typed) == (code, check_of(code, pin))
    sloppy = shown.replace("0", "o").replace("1", "l")
    assert split_code(sloppy) == (code, check_of(code, pin))
    assert len(check_of(code, pin)) == CHECK_CHARS
    assert set(check_of(code, pin)) <= set(ALPHABET)


@given(CODES, CODES, PINS, PINS)
def test_a_check_is_of_one_code_and_one_key(one: str, two: str, pin: str, other: str) -> None:
    same = (one, pin) == (two, other)
    assert (check_of(one, pin) == check_of(two, other)) is same


def test_the_check_as_it_is_for_ever() -> None:
    assert check_of("K7QM2XWD4N", PIN) == check_of("k7qm-2xwd4n", PIN) == "VEDJ8G5N"
    assert with_check("K7QM2XWD4N", "") == "K7QM2XWD4N"


@pytest.mark.parametrize("code", ["K7", "K7QM2XWD4N", "k7qm2-xwd4n"])
def test_a_code_without_a_check_stays_as_it_is(code: str) -> None:
    assert split_code(code) == (code, "")


@pytest.mark.parametrize("length", [11, 17, 19, 40])
def test_a_part_of_a_code_goes_nowhere(length: int) -> None:
    with pytest.raises(ValueError, match=f"10 or 18 characters, not {length}"):
        split_code("7" * length)


@given(st.binary(max_size=200))
def test_noise_is_no_certificate(noise: bytes) -> None:
    with pytest.raises(ValueError):
        pin_of(noise)


def test_look_alikes_are_read_as_crockford_says() -> None:
    assert plain_code("oO-iI lL") == "001111"


def test_the_right_key_is_enough_whatever_the_name(tmp_path: Path) -> None:
    with Impostor(tmp_path / "right") as server:
        line = Line(server.url, "t0ken", pin=server.credentials.pin)
        assert line.send("GET", "/healthz") == b"{}"
        line.hang_up()
    assert b"authorization: bearer t0ken" in server.heard.lower()


def test_another_key_hears_nothing_of_the_token(tmp_path: Path) -> None:
    with Impostor(tmp_path / "evil") as evil:
        line = Line(evil.url, "t0ken", pin=PIN)
        for _ in range(3):
            with pytest.raises(ServerUnproved, match="not the server of the enrolment"):
                line.send("POST", "/v1/token")
        line.hang_up()
    assert (evil.heard, evil.greeted) == (b"", 3)


def test_another_key_hears_nothing_of_the_code(tmp_path: Path) -> None:
    with Impostor(tmp_path / "evil") as evil:
        code = with_check("K7QM2XWD4N", PIN)
        with pytest.raises(ServerUnproved):
            enrol(evil.url, code, origin="", machine="m")
    assert (evil.heard, evil.greeted) == (b"", 1)


def test_the_code_of_one_key_is_told_to_that_key_without_its_check(tmp_path: Path) -> None:
    with Impostor(tmp_path / "right") as server:
        code = with_check("K7QM2XWD4N", server.credentials.pin)
        with pytest.raises(Exception, match="not from a kiosk server"):
            enrol(server.url, code, origin="", machine="m")
    assert b'"code":"K7QM2XWD4N"' in server.heard


def test_a_code_with_a_check_is_not_sent_in_clear() -> None:
    code = with_check("K7QM2XWD4N", PIN)
    with pytest.raises(ServerAddressError, match="https:// only"):
        enrol("http://127.0.0.1:1", code, origin="", machine="m")
    with pytest.raises(ServerAddressError, match="10 or 18"):
        enrol("http://127.0.0.1:1", code[:-1], origin="", machine="m")


def test_a_pinned_station_does_not_speak_in_clear() -> None:
    with pytest.raises(ServerAddressError, match="enrolled over TLS: want https"):
        Line("http://127.0.0.1:1", "t0ken", pin=PIN)


def test_without_a_pin_the_machine_s_authorities_count(tmp_path: Path) -> None:
    with Impostor(tmp_path / "unknown") as server:
        line = Line(server.url, "t0ken")
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
            line.send("GET", "/healthz")
        line.hang_up()
    assert server.heard == b""


def test_tls_without_a_socket_is_refused() -> None:
    context = PinnedContext(lambda pin: pin == OTHER)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(UnprovedError):
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())


class Two:
    """A token, and one before it."""

    def __init__(self) -> None:
        self.current = "new"
        self.settled: list[str] = []

    def other(self, refused: str) -> str:
        return {"new": "old"}.get(refused, "")

    def settle(self, accepted: str) -> None:
        self.settled.append(accepted)


@pytest.mark.parametrize(("known", "settled"), [("new", []), ("old", ["old"]), ("none", [])])
def test_where_a_token_is_refused_another_is_tried(known: str, settled: list[str]) -> None:
    import httpx

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["authorization"].endswith(known) else 401)

    tokens = Two()
    line = Line("http://server", tokens, httpx.MockTransport(answer))
    if known == "none":
        with pytest.raises(ServerRefused, match="401"):
            line.send("POST", "/", content=b"body")
    else:
        line.send("POST", "/", content=b"body")
    assert tokens.settled == settled
    line.hang_up()


def test_the_own_key_is_kept_when_the_certificate_is_made_anew(tmp_path: Path) -> None:
    first = own_credentials(tmp_path, ("localhost",))
    again = own_credentials(tmp_path, ("localhost",))
    assert (again.pin, first.certificate.read_bytes()) == (
        first.pin,
        again.certificate.read_bytes(),
    )
    before = first.certificate.read_bytes()
    more = own_credentials(tmp_path, ("localhost", "plant.example", "10.0.0.9"))
    assert more.pin == first.pin
    assert more.certificate.read_bytes() != before
    more.certificate.unlink()
    assert own_credentials(tmp_path, ("localhost",)).pin == first.pin
    assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}
