"""The home of how deviations are said: their names, and their sentences in the reader's language.

English stands with the rules (`sentences`), other languages in `texts/sentences.*.toml`.
"""

from sync.server.sentences import SENTENCES, UNKNOWN, sentence
from sync.server.views.floor import DeviationLine
from sync.server.web.texts import DEFAULT, has_text, translator
from sync.server.wording import catalogue

AREA = "sentences"


def text_of(line: DeviationLine, language: str) -> str:
    """What happened and what to do."""
    if language == DEFAULT:
        return line.text
    own = catalogue(language)
    told = {name: own.get(f"{AREA}.{name}", english) for name, english in SENTENCES.items()}
    unknown = own.get(f"{AREA}.unknown", UNKNOWN)
    words = (own.get(f"{AREA}.a_station", ""), own.get(f"{AREA}.somebody", ""))
    return sentence(
        line.name,
        {"order": own.get(f"{AREA}.an_order", ""), **line.facts},
        station=line.station or words[0],
        who=line.operator or words[1],
        told=told,
        unknown=unknown,
    )


def name_of(name: str, language: str) -> str:
    """`over_issue` as people say it."""
    key = f"deviations.name.{name}"
    return translator(language)(key) if has_text(key) else name.replace("_", " ")
