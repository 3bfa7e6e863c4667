"""The home of what operators read: one catalogue a language, and the sentences made of it.

TextsError(Exception)    a catalogue cannot be used; the message names the file and the entry
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any, Final

from kiosk.catalogues import FOLDER
from kiosk.catalogues import languages as languages
from kiosk.dialog import Kind, Notice
from kiosk.texts.forms import Forms

WORD_CHARS_MAX: Final = 12
LINE_COLUMNS_MAX: Final = 80
FACT_CHARS_MAX: Final = 40
FACT_CHARS_MIN: Final = 6
CODE_FACTS: Final = frozenset(
    (
        *("lot", "order", "badge", "serial", "material", "entry", "next_lot", "fetch_lot"),
        *("station", "code"),
    )
)
UNIT_FACTS: Final = frozenset(("unit", "output_unit", "label_unit", "container"))
DATE_FACTS: Final = frozenset(("expiry", "due"))
# Facts that are one of a few words: each has a label of its own.
WORD_FACTS: Final = frozenset(("command", "status", "layout"))
COMMAND_LABEL: Final = "command_{}"  # the word of a command, on screen and paper alike


class TextsError(Exception):
    """A language that is not there, or an entry that is not as it must be."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is shown: a big word, what happened, what to do now."""

    kind: Kind
    word: str
    what: str
    next: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One entry: templates of `str.format` with names of facts; `next` may be empty."""

    word: str
    what: str
    next: str


@dataclass(frozen=True, slots=True)
class Texts:
    """A language's catalogue. `terminal` is what the terminal says about itself."""

    language: str
    sentences: Mapping[str, Sentence]
    following: Mapping[str, str]
    labels: Mapping[str, str]
    forms: Forms = field(default_factory=Forms)
    terminal: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, language: str, folder: Path = FOLDER) -> "Texts":
        """The catalogue of a language code such as `en`; raises `TextsError`."""
        path = folder / f"{language}.toml"
        if not language.isalpha() or not path.is_file():
            raise TextsError(f"language {language!r}: there is {', '.join(languages(folder))}")
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise TextsError(f"{path.name}: {fault}") from None
        sentences = {
            key: _sentence(path.name, key, entry) for key, entry in found.get("say", {}).items()
        }
        try:
            forms = Forms.read(found.get("forms", {}))
        except ValueError as fault:
            raise TextsError(f"{path.name}: {fault}") from None
        return cls(
            language,
            sentences,
            found.get("next", {}),
            found.get("labels", {}),
            forms,
            found.get("terminal", {}),
        )

    def say(self, notice: Notice) -> Said:
        """A notice in words; an unknown key shows itself rather than nothing."""
        facts = _Facts({key: clean(self._told(key, value)) for key, value in notice.facts.items()})
        known = self.sentences.get(notice.text)
        if known is None:
            known = Sentence(notice.text.upper().replace("_", " "), notice.text, "")
        follow = self.following.get(notice.next, "") if notice.next else known.next
        tail = self._dropped(notice, facts)
        return Said(
            notice.kind,
            _fitted(known.word, facts, WORD_CHARS_MAX),
            _fitted(known.what, facts, LINE_COLUMNS_MAX - len(tail)) + tail,
            _fitted(follow, facts, LINE_COLUMNS_MAX),
        )

    def _dropped(self, notice: Notice, facts: "_Facts") -> str:
        """Behind the sentence: which question nobody answered, so that nothing of it was booked."""
        known = self.sentences.get(notice.dropped)
        if known is None:
            return ""
        word = _fitted(known.word, facts, WORD_CHARS_MAX)
        return f" · {self.label('dropped', dropped=word)}"

    def _told(self, key: str, fact: str) -> str:
        """A fact in the language: amounts, units, dates and words of ours; codes as they are."""
        if key in CODE_FACTS:
            return fact
        if key in UNIT_FACTS:
            return self.forms.unit(fact)
        if key in DATE_FACTS:
            return self.forms.of_iso(fact)
        if key in WORD_FACTS:
            return self.labels.get(f"{key}_{fact}", fact)
        return self.forms.told(fact)

    def command(self, typed: str) -> str:
        """A line that was typed; where it is a command's word in the language, the command."""
        word = typed.strip().upper()
        return self._commands.get(word, typed)

    @property
    def _commands(self) -> dict[str, str]:
        """Words of commands in capitals, as `labels` has them."""
        mark = COMMAND_LABEL.format("")
        return {
            word.upper(): key.removeprefix(mark)
            for key, word in self.labels.items()
            if key.startswith(mark)
        }

    def label(self, key: str, /, **facts: object) -> str:
        """A short word of the screen, filled with facts; the key itself where there is none.

        Facts stay whole: where they are shown, they are cut to their place and made safe.
        """
        template = self.labels.get(key)
        if template is None:
            return key.upper()
        told = {name: self._told(name, str(fact)) for name, fact in facts.items()}
        return template.format_map(_Facts(told))


def clean(text: str) -> str:
    """Foreign text for the screen: control characters out, cut to what a sentence holds."""
    plain = "".join(char if char.isprintable() else "·" for char in text)
    return _cut(plain, FACT_CHARS_MAX)


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _filled(template: str, facts: _Facts) -> str:
    """The sentence; where a fact is empty, no gap is left before the mark that follows it."""
    words = " ".join(template.format_map(facts).split())
    return words.replace(" :", ":").replace(" ,", ",").removesuffix(" ·")


def _fitted(template: str, facts: _Facts, columns: int) -> str:
    """The sentence in so many columns: its longest facts give way before its own words do."""
    named = sorted({name for _, name, _, _ in Formatter().parse(template) if name})
    facts = _Facts({name: facts[name] for name in named})
    line = _filled(template, facts)
    while len(line) > columns:
        longest = max(facts, key=lambda name: len(facts[name]), default="")
        if len(facts[longest]) <= FACT_CHARS_MIN:
            return _cut(line, columns)
        facts[longest] = _cut(facts[longest], len(facts[longest]) - 1)
        line = _filled(template, facts)
    return line


def _cut(text: str, columns: int) -> str:
    return text if len(text) <= columns else f"{text[: columns - 1].rstrip()}…"


def _sentence(name: str, key: str, entry: Any) -> Sentence:
    if not isinstance(entry, dict) or not {"word", "what"} <= entry.keys():
        raise TextsError(f"{name}: [say.{key}] wants word and what")
    return Sentence(str(entry["word"]), str(entry["what"]), str(entry.get("next", "")))
