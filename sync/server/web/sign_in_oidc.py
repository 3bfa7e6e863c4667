"""Signing in by an OpenID provider: out to it, and back with its word."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.response import Redirect

from sync.server.auth import RIGHT, SECURE_COOKIE, session_cookie
from sync.server.oidc import TRY_SECONDS_MAX, Client, IdentityRefused, OidcError, Provider, Try
from sync.server.people import SignInRefused
from sync.server.web.entry import PUBLIC, AnyRequest
from sync.server.web.forms import Form
from sync.server.web.frame import services_of
from sync.server.web.sign_in import address_of, let_in, sign_in_page
from sync.server.wording import Said

PATH: Final = "/signin/provider"
BACK: Final = "/signin/provider/back"
COOKIE: Final = "provider-try"
WANTED_CHARS_MAX: Final = 500
CODE_CHARS_MAX: Final = 4_096
PROVIDER: Final = "oidc_provider"


@get(PATH, opt={RIGHT: PUBLIC})
async def out(request: AnyRequest) -> Response[str] | Redirect:
    """To the provider; the browser keeps by what it will be known when it comes back."""
    provider, wanted = provider_of(request), request.query_params.get("next", "")
    if provider is None:
        return Redirect("/signin", status_code=303)
    try:
        url, made = await provider.ask(_here(request), wanted[:WANTED_CHARS_MAX])
    except OidcError as fault:
        return sign_in_page(request, Form({}, fault.said), wanted, 502)
    kept = urlsafe_b64encode(msgspec.json.encode(made)).decode()
    return Redirect(url, status_code=303, cookies=[_cookie(request, kept, TRY_SECONDS_MAX)])


@get(BACK, opt={RIGHT: PUBLIC})
async def back(request: AnyRequest) -> Response[str] | Redirect:
    """Begin a session for whom the provider let in."""
    provider, query = provider_of(request), request.query_params
    if provider is None:
        return Redirect("/signin", status_code=303)
    made = _kept(request.cookies.get(COOKIE, ""))
    try:
        if made is None or not hmac.compare_digest(
            made.state.encode(), str(query.get("state", "")).encode()
        ):
            raise IdentityRefused(Said("oidc.not_begun"))
        if error := query.get("error_description") or query.get("error"):
            raise IdentityRefused(Said("oidc.refused", why=str(error)[:200]))
        code = str(query.get("code", ""))[:CODE_CHARS_MAX]
        account = await provider.account(code, made, _here(request))
        signed = await services_of(request).sign_ins.enter(
            account, address_of(request), provider.client.issuer
        )
    except (OidcError, SignInRefused) as fault:
        status = 403 if isinstance(fault, IdentityRefused | SignInRefused) else 502
        answer = sign_in_page(request, Form({}, fault.said), made.wanted if made else "", status)
        answer.set_cookie(_cookie(request, "", 0))
        return answer
    answer = let_in(request, signed, made.wanted)
    answer.set_cookie(_cookie(request, "", 0))
    return answer


def provider_of(request: AnyRequest) -> Provider | None:
    """The provider of this server's configuration."""
    config, state = services_of(request).config, request.app.state
    if not config.oidc_issuer:
        return None
    found: Provider | None = state.get(PROVIDER)
    if found is None:
        client = Client(
            config.oidc_issuer, config.oidc_client_id, config.oidc_secret, config.oidc_claim
        )
        found = state[PROVIDER] = Provider(client)
    return found


def _here(request: AnyRequest) -> str:
    """Where the provider sends the browser back to; it knows this address and no other."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}{BACK}"


def _kept(cookie: str) -> Try | None:
    try:
        return msgspec.json.decode(urlsafe_b64decode(cookie), type=Try)
    except (ValueError, msgspec.DecodeError):
        return None


def _cookie(request: AnyRequest, value: str, seconds: int) -> Cookie:
    return Cookie(
        COOKIE,
        value=value,
        path=PATH,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=session_cookie(request) == SECURE_COOKIE,
    )


routes: Final = (out, back)
