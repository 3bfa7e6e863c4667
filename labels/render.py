"""One door: template name and values -> the bytes that a printer takes, every symbol read back.

Raises the LabelError tree of `primitives`. What draws and reads symbols is imported at first use.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from labels import pdf, proof, symbols, template, zpl
from labels.layout import place
from labels.primitives import Layout, TemplateError, ValueRefusedError
from labels.template import Template

Language = Literal["zpl", "pdf"]
TEMPLATES = Path(__file__).parent / "templates"
TEMPLATES_KEPT_MAX = 64
_JOB = re.compile(r"[A-Za-z0-9._-]{1,64}")


def render(
    template_name: str, values: Mapping[str, str], language: Language, dpi: int, job: str
) -> bytes:
    """One label in `language`; `job` is the id that the bytes name. Raises LabelError."""
    if _JOB.fullmatch(job) is None:
        raise ValueRefusedError("job", job, "wants 1 to 64 of A-Z a-z 0-9 . _ -")
    layout = lay_out(template_name, values, dpi)
    match language:
        case "zpl":
            return zpl.write(layout, job)
        case "pdf":
            return pdf.write(layout, job)


def lay_out(template_name: str, values: Mapping[str, str], dpi: int) -> Layout:
    """The placed label of one record, its symbols read back. Raises LabelError."""
    return place(load(template_name, dpi), values, dpi, symbols.build)


@lru_cache(TEMPLATES_KEPT_MAX)
def load(name: str, dpi: int) -> Template:
    """A template that we ship, or the path of a .toml file, proved for a head of `dpi`.

    Kept after the first time. Raises TemplateError.
    """
    path = Path(name) if name.endswith(".toml") else TEMPLATES / f"{name}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        shipped = ", ".join(sorted(file.stem for file in TEMPLATES.glob("*.toml")))
        reason = f"cannot be read ({error}); templates that come with this: {shipped}"
        raise TemplateError(str(path), "file", reason) from error
    read = template.parse(text, str(path))
    proof.prove(read, dpi, symbols.build)
    return read
