"""Broken templates, each made from a shipped one: refused with file, line, field and reason."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from labels import fonts, proof, render, symbols, template_read
from labels.primitives import TemplateError


class Broken(NamedTuple):
    """What is changed in a template (first occurrence), and what the refusal says.

    `line` is how the line begins that it names, `reason` what stands in its reason.
    """

    template: str
    old: str
    new: str
    field: str
    line: str
    reason: str


TABLE = Path(__file__).with_name("broken_templates.jsonl")
BROKEN = [Broken(*json.loads(line)) for line in TABLE.read_text(encoding="utf-8").splitlines()]


def test_there_are_a_hundred_of_them() -> None:
    assert len({(one.template, one.old, one.new) for one in BROKEN}) >= 100


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: f"{one.field}-{one.reason}"[:60])
def test_a_broken_template_is_refused_where_it_is_broken(broken: Broken) -> None:
    whole = (render.TEMPLATES / f"{broken.template}.toml").read_text(encoding="utf-8")
    assert broken.old in whole
    text = whole.replace(broken.old, broken.new, 1)
    with pytest.raises(TemplateError) as caught:
        proof.prove(template_read.parse(text, "own.toml"), 203, symbols.build, fonts)
    error = caught.value
    named = text.split("\n")[error.line - 1].strip()
    assert (error.file, error.field) == ("own.toml", broken.field)
    assert named.startswith(broken.line), (error.line, named)
    assert broken.reason in error.reason
    assert str(error) == f"own.toml:{error.line}: {error.field}: {error.reason}"
