"""How a person wants the pages: language and theme, kept in cookies for a year."""

from typing import Final
from urllib.parse import urlsplit

from litestar import post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from sync.server.web.entry import PUBLIC, AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, form_of
from sync.server.web.frame import LANGUAGE_COOKIE, THEME_COOKIE, THEMES
from sync.server.web.texts import LANGUAGES

COOKIE_SECONDS: Final = 365 * 86_400


@post("/look", opt={"right": PUBLIC}, request_max_body_size=FORM_BYTES_MAX)
async def look(request: AnyRequest) -> Redirect:
    """Keep what was chosen, and go back."""
    form = await form_of(request)
    chosen = ((LANGUAGE_COOKIE, LANGUAGES), (THEME_COOKIE, THEMES))
    cookies = [
        Cookie(name, value=form[name], max_age=COOKIE_SECONDS, httponly=True, samesite="lax")
        for name, known in chosen
        if form[name] in known
    ]
    return Redirect(own_path(form["back"]), status_code=303, cookies=cookies)


def own_path(written: str) -> str:
    """A path of this server; the front page for anything that may lead elsewhere."""
    parts = urlsplit(written.replace("\\", "/"))
    is_own = written.startswith("/") and not written.startswith("//") and not parts.netloc
    return written if is_own and written.isprintable() else "/"


routes: Final = (look,)
