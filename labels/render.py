"""One door: template name and values -> the bytes that a printer takes, every symbol read back.

A template is the name of one that we ship, of one in the caller's own folder, which goes first, or
the path of a .toml file. That folder is named in the call, or by `use` for the whole process.
Raises the LabelError tree of `primitives`. What draws and reads symbols is imported at first use.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from labels import fonts, languages, layout, proof, symbols, template_read
from labels.primitives import Layout, TemplateError, ValueRefusedError
from labels.template import Template, Values

Language: TypeAlias = languages.Language
PreviewForm: TypeAlias = languages.PreviewForm
TEMPLATES = Path(__file__).parent / "templates"
TEMPLATES_KEPT_MAX = 64
TEMPLATE_BYTES_MAX = 256 * 1024
_JOB = re.compile(r"[A-Za-z0-9._-]{1,64}")


class _Own:
    """The folder that `use` named."""

    folder: Path | None = None


def use(folder: Path | None) -> None:
    """From now on the templates of `folder` go before those we ship, where a call names no other.

    It need not be there yet.
    """
    _Own.folder = folder


def render(
    template_name: str,
    values: Values,
    language: Language,
    dpi: int,
    job: str,
    folder: Path | None = None,
) -> bytes:
    """One label, or all pages of a document, in `language`; `job` is the id that the bytes name."""
    if _JOB.fullmatch(job) is None:
        raise ValueRefusedError("job", job, "wants 1 to 64 of A-Z a-z 0-9 . _ -")
    pages = lay_out_pages(template_name, values, dpi, folder)
    return languages.write(pages, language, job)


def preview(
    template_name: str,
    values: Values,
    dpi: int,
    form: PreviewForm,
    folder: Path | None = None,
    columns: int = languages.PREVIEW_COLUMNS,
) -> bytes:
    """All pages as a picture; `columns` are those of a terminal, for text in UTF-8."""
    return languages.preview(lay_out_pages(template_name, values, dpi, folder), form, columns)


def lay_out(template_name: str, values: Values, dpi: int, folder: Path | None = None) -> Layout:
    """The placed label of one record, of a document its first page. Raises LabelError."""
    return lay_out_pages(template_name, values, dpi, folder)[0]


def lay_out_pages(
    template_name: str, values: Values, dpi: int, folder: Path | None = None
) -> tuple[Layout, ...]:
    """The placed pages of one record, their symbols read back. Raises LabelError."""
    template = load(template_name, dpi, folder)
    return layout.pages(template, values, dpi, symbols.build, fonts)


def kind_of(template_name: str, folder: Path | None = None) -> str:
    """What printers choose by: "batch", "unit", "traveller" … Raises TemplateError."""
    return read(template_name, folder).kind


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The templates that there are, those of the caller's own among them."""
    folder = folder or _Own.folder
    found = {path.stem for path in TEMPLATES.glob("*.toml")}
    return tuple(sorted(found | {path.stem for path in folder.glob("*.toml")} if folder else found))


def load(name: str, dpi: int, folder: Path | None = None) -> Template:
    """A template, proved for a head of `dpi` the first time and again once its file changed."""
    path = path_of(name, folder)
    return _proved(path, _stamp(path), dpi)


def read(name: str, folder: Path | None = None) -> Template:
    """A template as it is written, not yet proved for a head. Raises TemplateError."""
    path = path_of(name, folder)
    return _read(path, _stamp(path))


def path_of(name: str, folder: Path | None = None) -> Path:
    """Where a template is, whether it is there or not."""
    if name.endswith(".toml"):
        return Path(name)
    folder = folder or _Own.folder
    own = folder / f"{name}.toml" if folder is not None else None
    return own if own is not None and own.is_file() else TEMPLATES / f"{name}.toml"


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when the file does; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(TEMPLATES_KEPT_MAX)
def _proved(path: Path, stamp: tuple[int, int], dpi: int) -> Template:
    template = _read(path, stamp)
    proof.prove(template, dpi, symbols.build, fonts)
    return template


@lru_cache(TEMPLATES_KEPT_MAX)
def _read(path: Path, stamp: tuple[int, int]) -> Template:
    if stamp[1] > TEMPLATE_BYTES_MAX:
        raise TemplateError(str(path), "file", f"has more than {TEMPLATE_BYTES_MAX} bytes")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        near = get_close_matches(path.stem, names(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        reason = f"is not there{hint} (templates that come with this: {', '.join(names())})"
        raise TemplateError(str(path), "file", reason) from error
    except OSError as error:
        raise TemplateError(str(path), "file", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise TemplateError(str(path), "file", "cannot be read: it is not UTF-8", line) from error
    return template_read.parse(text, str(path))
