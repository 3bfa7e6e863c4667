"""Signing in and out. Until somebody has an account, this machine's own browser makes the first."""

from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from sync.server.auth import RIGHT, SECURE_COOKIE, session_cookie
from sync.server.people import By, SignInRefused
from sync.server.sign_ins import SESSION_HOURS_MAX, SignedIn
from sync.server.web.entry import (
    PUBLIC,
    AnyRequest,
    ForeignForm,
    Kept,
    visitor,
)
from sync.server.web.forms import FORM_BYTES_MAX, Form, form_of
from sync.server.web.frame import link, services_of, show_plain
from sync.server.web.look import own_path
from sync.server.web.origin import same_origin

FRONT: Final = "/today"


@get("/signin", opt={RIGHT: PUBLIC})
async def ask(request: AnyRequest) -> Response[str]:
    """The form; where nobody has an account yet, how the first is made."""
    known = await services_of(request).people.exist()
    return sign_in_page(request, Form(), request.query_params.get("next", ""), known=known)


@post("/signin", opt={RIGHT: PUBLIC}, request_max_body_size=FORM_BYTES_MAX)
async def sign_in(request: AnyRequest) -> Response[str] | Redirect:
    """Begin a session, and go where one wanted to."""
    if not same_origin(request):
        raise ForeignForm("origin", Kept())
    form = await form_of(request)
    try:
        signed = await services_of(request).sign_ins.sign_in(
            form["account"], form["password"], address_of(request)
        )
    except SignInRefused as refusal:
        kept = Form({"account": form["account"]}, refusal.said, "password")
        status = 429 if refusal.wait_seconds else 403
        return sign_in_page(request, kept, form["next"], status)
    return let_in(request, signed, form["next"])


@post("/signout", opt={RIGHT: "look"}, request_max_body_size=FORM_BYTES_MAX)
async def sign_out(request: AnyRequest) -> Redirect:
    """End the session here and on the server."""
    name = session_cookie(request)
    token = request.cookies.get(name, "")
    if token:
        await services_of(request).sign_ins.sign_out(token, by_of(request))
    gone = Cookie(name, value="", max_age=0, httponly=True, secure=name == SECURE_COOKIE)
    return Redirect("/signin", status_code=303, cookies=[gone])


def let_in(request: AnyRequest, signed: SignedIn, wanted: str) -> Redirect:
    """To where somebody wanted to go, with his session."""
    name = session_cookie(request)
    cookie = Cookie(
        name,
        value=signed.token,
        max_age=SESSION_HOURS_MAX * 3600,
        httponly=True,
        samesite="lax",
        secure=name == SECURE_COOKIE,
    )
    return Redirect(own_path(wanted) if wanted else FRONT, status_code=303, cookies=[cookie])


def sign_in_page(
    request: AnyRequest, form: Form, wanted: str, status: int = 200, *, known: bool = True
) -> Response[str]:
    """The page that asks who it is; where nobody is `known`, it says how the first one is made."""
    issuer = services_of(request).config.oidc_issuer
    provider = urlsplit(issuer).hostname or issuer
    return show_plain(
        request, "office/sign_in.html", status,
        form=form, wanted=wanted, known=known, provider=provider,
    )  # fmt: skip


def asked_to_sign_in(request: AnyRequest) -> Redirect:
    """Where somebody is sent who is not signed in, and comes back from."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = path if request.method == "GET" and path != "/" else ""
    return Redirect(link("/signin", next=back), status_code=303)


def address_of(request: AnyRequest) -> str:
    return request.client.host if request.client else ""


def by_of(request: AnyRequest) -> By:
    """The visitor, as the audit tells of him."""
    return By(visitor(request).account, address_of(request))


routes: Final = (ask, sign_in, sign_out)
