"""Drawings at the server: what can be one, who may put and read it, and what a phone's link opens."""

import base64
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from sync.drawings import (
    DRAWING_BYTES_MAX,
    PDF,
    PNG,
    DrawingError,
    Reference,
    checked_file,
    checked_name,
    reference,
)
from sync.server.database import Database, sqlite_url
from sync.server.drawings import DAY_MS, LINK_DAYS, Drawing, Links, drawings, file_of, put_drawing
from sync.server.keys import Signer
from tests.sync.server.server_parts import Server, kiosk_server

CHECK: Final = ("check", "text", "lowest", "highest", "unit")
NOW: Final = 1_795_000_000_000


def png(wide: int = 2, high: int = 2, shade: int = 255) -> bytes:
    """A grey PNG, whose head may say more than there is."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    head = wide.to_bytes(4) + high.to_bytes(4) + bytes((8, 0, 0, 0, 0))
    rows = (b"\x00" + bytes((shade,)) * min(wide, 64)) * min(high, 64)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shaft.pdf", Reference("shaft.pdf")),
        ("shaft.pdf#page=2", Reference("shaft.pdf", 2)),
        ("Welle 20.png#page=0", Reference("Welle 20.png", 1)),
        ("shaft.pdf#page=99999", Reference("shaft.pdf", 1)),
        ("https://plm/x.pdf#page=2", Reference(url="https://plm/x.pdf#page=2")),
        ("", None),
        (" #page=2", None),
    ],
)
def test_what_a_routing_names(written: str, meant: Reference | None) -> None:
    assert reference(written) == meant


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "drawing a.png: the file is empty: export it again"),
        (b"GIF89a", "drawing a.png: neither PNG nor PDF: save it as one of them"),
        (png()[:20], "drawing a.png: a PNG without its head: export it again"),
        (
            b"%PDF-" + bytes(DRAWING_BYTES_MAX),
            "drawing a.png: 8388613 bytes, 8388608 fit: export it smaller",
        ),
        (
            png(60_000, 10),
            "drawing a.png: 60000 x 10 pixels, a side has 1 to 20000: scale it",
        ),
        (
            png(19_000, 19_000),
            "drawing a.png: 19000 x 19000 pixels, 50000000 fit: scale it down",
        ),
        (png(0, 5), "drawing a.png: 0 x 5 pixels, a side has 1 to 20000: scale it"),
    ],
)
def test_a_file_that_is_no_drawing_is_told_in_words(body: bytes, told: str) -> None:
    with pytest.raises(DrawingError) as fault:
        checked_file("a.png", body)
    assert str(fault.value) == told


def test_what_can_be_a_drawing() -> None:
    assert (checked_file("a.png", png()), checked_file("a.pdf", b"%PDF-1.7")) == (PNG, PDF)
    assert checked_name("Welle 20 – Rev. C.pdf") == "Welle 20 – Rev. C.pdf"


@pytest.mark.parametrize("name", ["", ".hidden", "../x.png", "a\\b", "a#b", "a\nb", " a", "x" * 81])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(DrawingError):
        checked_name(name)


def put(database: Database, name: str, body: bytes) -> Drawing:
    return database.write_now(lambda conn: put_drawing(conn, name, PNG, body, NOW))


def test_a_file_is_stored_once_and_goes_with_its_last_name(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "ledger.sqlite"))
    body = png(shade=1) + bytes(100_000)
    for name in ("a.png", "b.png"):
        put(database, name, body)
    digest = hashlib.sha256(body).hexdigest()

    def parts() -> int:
        asked = "SELECT count(*) FROM drawing_part"
        return int(database.read_now(lambda conn: conn.exec_driver_sql(asked).scalar_one()))

    assert parts() == 4
    assert database.read_now(lambda conn: file_of(conn, digest)) == body
    put(database, "a.png", png())
    assert parts() == 5
    put(database, "b.png", png())
    assert parts() == 1
    assert [one.name for one in database.read_now(drawings)] == ["a.png", "b.png"]
    database.close()


def test_a_link_opens_its_file_until_its_day(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "ledger.sqlite"))
    links, others = Links(Signer(bytes(32))), Links(Signer(b"\x01" * 32))
    made = [put(database, f"{n}.png", png(shade=n)) for n in range(3)]
    code = links.path(made[1].digest, NOW).removeprefix("/D/")
    late = NOW + (LINK_DAYS + 1) * DAY_MS

    def opened(by: Links, code: str, now: int = NOW) -> str:
        found = database.read_now(lambda conn: by.linked(conn, code, now))
        return found.name if found else ""

    later = "Z" + code[1:]
    assert opened(links, code) == opened(links, code, NOW + LINK_DAYS * DAY_MS) == "1.png"
    assert [opened(links, code, late), opened(others, code), opened(links, later, late)] == [""] * 3
    assert [opened(links, one) for one in ("", "!" * 13, code[:-1], code.lower())] == [""] * 4
    database.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


def test_the_office_puts_stations_read_and_strangers_get_nothing(server: Server) -> None:
    client, station = server.client, server.enrol()
    path, body = "/v1/drawings/shaft%20A.png", png()
    digest = hashlib.sha256(body).hexdigest()
    told = [
        client.put(path, content=body).status_code,
        client.put(path, content=body, headers=station.headers).status_code,
        client.get(path, headers=station.headers).status_code,
        client.put(path, content=body, headers=server.admin).status_code,
        client.get(path).status_code,
        client.get(path, headers={"Authorization": "Bearer none"}).status_code,
        client.get("/v1/drawings", headers=station.headers).status_code,
        client.delete(path, headers=station.headers).status_code,
    ]
    assert told == [401, 401, 404, 200, 401, 401, 401, 401]
    got = client.get(path, headers=station.headers)
    assert (got.content, got.headers["content-type"], got.headers["etag"]) == (
        body,
        PNG,
        f'"{digest}"',
    )
    again = client.get(path, headers={**station.headers, "If-None-Match": f'"{digest}"'})
    assert (again.status_code, again.content) == (304, b"")
    listed = client.get("/v1/drawings", headers=server.admin).json()
    line = {"name": "shaft A.png", "digest": digest, "media": PNG, "bytes": len(body)}
    assert listed == {"items": [line]}
    link = again.links["alternate"]["url"]
    phone = client.get(link)
    assert (phone.content, phone.headers["content-type"]) == (body, PNG)
    assert client.get(f"{link}/2").headers["location"] == f"{link}#page=2"
    assert client.get(f"{link[:-1]}{'0' if link[-1] != '0' else '1'}").status_code == 404
    assert client.delete(path, headers=server.admin).status_code == 204
    assert [client.get(one, headers=server.admin).status_code for one in (path, link)] == [404] * 2


def test_what_is_no_drawing_is_refused_in_words(server: Server) -> None:
    def refused(name: str, body: bytes) -> tuple[int, str]:
        answer = server.client.put(f"/v1/drawings/{name}", content=body, headers=server.admin)
        return answer.status_code, str(answer.json()["detail"])

    assert refused("a.png", b"") == (400, "drawing a.png: the file is empty: export it again")
    assert (
        refused("a.png", b"MZ")[1] == "drawing a.png: neither PNG nor PDF: save it as one of them"
    )
    assert refused(".a", png())[0] == 400
    assert refused("a.pdf", b"%PDF-" + bytes(DRAWING_BYTES_MAX))[0] == 413


def test_a_folder_is_imported_by_command_while_the_server_runs_and_alone(
    server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "drawings"
    folder.mkdir()
    (folder / "hub.png").write_bytes(png())
    (folder / "shaft.pdf").write_bytes(b"%PDF-1.4 shaft")
    (folder / "readme.txt").write_text("no drawing")
    running = kiosk_server("import", "--data", str(server.data), "drawings", str(folder))
    alone = kiosk_server("import", "--data", str(tmp_path / "other"), "drawings", str(folder))
    assert (running.returncode, alone.returncode) == (0, 0), running.stderr + alone.stderr
    assert running.stdout == alone.stdout == "OK  2 drawings: hub.png, shaft.pdf\n"
    got = server.client.get("/v1/drawings/shaft.pdf", headers=server.admin)
    assert (got.content, got.headers["content-type"]) == (b"%PDF-1.4 shaft", PDF)
    (folder / "hub.png").write_bytes(b"")
    bad = kiosk_server("import", "--data", str(server.data), "drawings", str(folder))
    assert bad.returncode == 1
    assert "drawing hub.png: the file is empty: export it again; nothing was stored" in bad.stderr
    none = kiosk_server("import", "--data", str(server.data), "drawings", str(tmp_path / "no"))
    assert (none.returncode, "name a folder of drawings" in none.stderr) == (1, True)


def imported(server: Server, checks: str) -> dict[str, Any] | str:
    """What an import makes of a cell of checks: the operation, or what it says of the cell."""
    head = "material,operation,work_center,name,checks,drawing"
    files = {
        "materials.csv": "material,name,unit\nSHAFT,Shaft,pcs\n",
        "work_centers.csv": "work_center,name\nTURN,Lathe\n",
        "routings.csv": f'{head}\nSHAFT,10,TURN,Turn,"{checks}",shaft.pdf#page=2\n',
    }
    coded = {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
    answer = server.client.post("/v1/import", json={"files": coded}, headers=server.admin).json()
    if not answer["ok"]:
        return str(answer["problems"][0]["text"])
    routings = [
        one["event"] for one in server.exported() if one["event"]["type"] == "RoutingDefined"
    ]
    found: dict[str, Any] = routings[-1]["operations"][0]
    return found


def test_checks_and_drawing_come_by_import(server: Server) -> None:
    told = imported(
        server, "Seat = 19,98..20.02 mm; Runout = ..0.01 mm; Torque=-5.. Nm;Colour = .."
    )
    assert isinstance(told, dict), told
    assert told["drawing"] == "shaft.pdf#page=2"
    assert [tuple(one.get(name, "") for name in CHECK) for one in told["checks"]] == [
        ("Seat", "Seat", "19.98", "20.02", "MMT"),
        ("Runout", "Runout", "", "0.01", "MMT"),
        ("Torque", "Torque", "-5", "", "Nm"),
        ("Colour", "Colour", "", "", ""),
    ]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Seat 20", "'Seat 20' is no check: write Diameter = 19.98..20.02 mm"),
        ("Seat = 2..1", "'Seat = 2..1': write the lower limit first"),
    ],
)
def test_a_check_that_cannot_be_read_is_told(server: Server, cell: str, said: str) -> None:
    assert imported(server, cell) == said
