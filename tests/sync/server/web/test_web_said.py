"""What is refused, wrong in a file or deviating is told in the language of who asks."""

import csv
import io
import re
from collections.abc import Iterator

import httpx
import pytest

from sync.server.views.floor import DeviationLine
from sync.server.web.deviation_words import shown_facts, text_of
from tests.sync.server.server_parts import Server

PASSWORD = "four green bottles stand"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
TICKET = re.compile(r'name="ticket" value="([^"]+)"')
WRONG = b"material,name,unit,standard_cost\nX-1,,kg,dear\nX-2,Two,stone,1\n"
FAULTS = {
    "en": ["empty: what people call it", "'dear' is no amount: write digits, as 12.5",
           "'stone' is no base unit: write kg, g, l, m, pcs …"],
    "de": ["leer: wie man es nennt", "„dear“ ist keine Zahl: schreiben Sie Ziffern, etwa 12.5",
           "„stone“ ist keine Basiseinheit: schreiben Sie kg, g, l, m, pcs …"],
    "da": ["tom: hvad man kalder det", '"dear" er intet tal: skriv cifre, fx 12.5',
           '"stone" er ingen basisenhed: skriv kg, g, l, m, pcs …'],
}  # fmt: skip
REFUSED = {
    "en": "material &#39;NOWHERE&#39; is not defined: import it in materials.csv",
    "de": "Material „NOWHERE“ ist nicht angelegt: legen Sie es unter Materialien an",
    "da": "Materiale &#34;NOWHERE&#34; findes ikke: opret det under Materialer",
}
NO_FIT = {
    "en": "name and password do not fit",
    "de": "Name und Passwort passen nicht zusammen",
    "da": "Navn og adgangskode passer ikke sammen",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("said")) as running:
        fields = {"role": "administrator", "password": PASSWORD}
        running.client.put("/v1/people/eva", json=fields, headers=running.admin)
        yield running


@pytest.fixture(scope="module")
def eva(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        answer = client.post("/signin", data={"account": "eva", "password": PASSWORD, "next": "/"})
        assert answer.status_code == 303
        yield client


def token_of(client: httpx.Client) -> str:
    found = CSRF.search(client.get("/orders/new").text)
    assert found
    return found[1]


@pytest.mark.parametrize("language", FAULTS)
def test_faults_of_a_file_are_shown_and_had_as_a_file(eva: httpx.Client, language: str) -> None:
    headers, csrf = {"Accept-Language": language}, token_of(eva)
    files = {"files": ("materials.csv", WRONG, "text/csv")}
    shown = eva.post("/import/check", data={"csrf": csrf}, files=files, headers=headers)
    assert shown.status_code == 422
    ticket = TICKET.search(shown.text)
    assert ticket
    for _ in range(2):
        form = {"csrf": csrf, "ticket": ticket[1]}
        answer = eva.post("/import/faults", data=form, headers=headers)
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert rows[0] == ["file", "line", "cell", "column", "text"]
        assert [row[4] for row in rows[1:]] == FAULTS[language]
        assert [tuple(row[1:4]) for row in rows[1:]] == [
            ("2", "", "name"), ("2", "", "standard_cost"), ("3", "", "unit"),
        ]  # fmt: skip


def test_a_ticket_of_nobody_gives_no_faults(eva: httpx.Client) -> None:
    form = {"csrf": token_of(eva), "ticket": "nobody"}
    assert eva.post("/import/faults", data=form).status_code == 409


@pytest.mark.parametrize("language", REFUSED)
def test_what_is_refused_is_told_in_the_readers_language(eva: httpx.Client, language: str) -> None:
    form = {"csrf": token_of(eva), "material": "NOWHERE", "quantity": "5"}
    answer = eva.post("/orders/new", data=form, headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert REFUSED[language] in answer.text


def test_a_program_is_refused_in_english_whatever_it_accepts(server: Server) -> None:
    headers = {**server.admin, "Accept-Language": "de"}
    order = {"material": "NOWHERE", "quantity": "5"}
    answer = server.client.post("/v1/orders", json=order, headers=headers)
    assert answer.json()["detail"].startswith("material 'NOWHERE' is not defined")


@pytest.mark.parametrize("language", NO_FIT)
def test_who_may_not_sign_in_is_told_so_in_the_own_language(server: Server, language: str) -> None:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as stranger:
        form = {"account": "nobody", "password": "wrong wrong wrong", "next": ""}
        answer = stranger.post("/signin", data=form, headers={"Accept-Language": language})
    assert answer.status_code == 403
    assert NO_FIT[language] in answer.text


def line(name: str, /, **facts: str) -> DeviationLine:
    return DeviationLine(
        name, "", "note", "open", "t", "", "P-1", "", "", "MIX-1", "", "", "", facts, "", 1
    )


ENDED = {"sentence": "ended_twice", "order": "P-1", "operation": "10", "first_station": "A",
         "second_station": "B", "counted": "1200.5 KG are counted twice: check the count."}  # fmt: skip
SENTENCES = [
    (
        line("over_issue", order="P-1", issued="1200.5 KG", need="12 KG", name="Flour"),
        "P-1 used 1\u202f200.5 KG of Flour and needs 12 KG: check the amounts.",
        "P-1 verbrauchte 1\u202f200,5 KG Flour und braucht 12 KG: prüfen Sie die Mengen.",
    ),
    (
        line("already_ended", order="P-1", status="closed"),
        (
            "MIX-1 booked on P-1 after it was closed and had not heard of that: accepted as late."
            " Check it, and reopen the order if work goes on."
        ),
        (
            "MIX-1 buchte auf P-1, als er schon abgeschlossen war, und wusste nichts davon: als"
            " verspätet angenommen. Prüfen Sie es, und öffnen Sie den Auftrag wieder, wenn"
            " weitergearbeitet wird."
        ),
    ),
    (
        line("lot_expired", lot="L-7", name="Milk", order="P-1", expiry="2026-12-03"),
        (
            "Lot L-7 of Milk was past its use-by day Thu 3 Dec 2026 when it was used for P-1: decide on"
            " what was made."
        ),
        (
            "Charge L-7 von Milk war über ihr Datum Do 3. Dez 2026, als sie für P-1 verbraucht wurde:"
            " entscheiden Sie über das Gefertigte."
        ),
    ),
    (
        line("already_ended", **ENDED, good="2400.5 KG", planned="1200 KG"),
        (
            "Both A and B finished operation 10 of P-1 without knowing of each other. 1\u202f200.5 KG are"
            " counted twice: check the count."
        ),
        (
            "A und B beendeten beide Arbeitsgang 10 von P-1, ohne voneinander zu wissen. 1\u202f200,5 KG"
            " sind doppelt gezählt: prüfen Sie die Zahl."
        ),
    ),
    (
        line("already_ended", **ENDED, good="1200 KG", planned="1200 KG"),
        (
            "Both A and B finished operation 10 of P-1 without knowing of each other. 1\u202f200 KG of"
            " 1\u202f200 KG are reported: check the count."
        ),
        (
            "A und B beendeten beide Arbeitsgang 10 von P-1, ohne voneinander zu wissen. 1\u202f200 KG"
            " von 1\u202f200 KG sind gemeldet: prüfen Sie die Zahl."
        ),
    ),
]


@pytest.mark.parametrize(("told", "english", "german"), SENTENCES)
def test_a_deviation_is_told_with_its_facts(told: DeviationLine, english: str, german: str) -> None:
    assert (text_of(told, "en"), text_of(told, "de")) == (english, german)


def test_a_fact_that_is_no_amount_stays_as_it_is() -> None:
    facts = {"value": "n/a", "lowest": "–", "status": "odd", "expiry": "soon", "counted": "2 of 3"}
    assert shown_facts(facts, "de") == facts
