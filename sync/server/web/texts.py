"""The home of what the office's pages say: one TOML an area and language, English where one lacks.

`t("orders.title")` is the text `title` of `texts/orders.en.toml`; values stand in braces.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from sync.server.wording import ENGLISH, catalogue

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "da": "Dansk"}
DEFAULT: Final = ENGLISH
Translate = Callable[..., str]


@cache
def translator(language: str) -> Translate:
    """What gives texts in a language; raises KeyError for a key that is in none."""
    own, english = catalogue(language), catalogue(DEFAULT)

    def translate(key: str, /, **values: Any) -> str:
        text = own.get(key) or english[key]
        return text.format(**values) if values else text

    return translate


def has_text(key: str) -> bool:
    """Whether there is such a text: for keys made of what the ledger says."""
    return key in catalogue(DEFAULT)


def language_of(cookie: str, accepted: str) -> str:
    """The language chosen, else the first accepted (RFC 9110, 12.5.4) that we speak."""
    if cookie in LANGUAGES:
        return cookie
    wanted = (part.partition(";")[0].strip().lower()[:2] for part in accepted.split(","))
    return next((one for one in wanted if one in LANGUAGES), DEFAULT)
