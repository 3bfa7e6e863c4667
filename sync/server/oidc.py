"""The home of signing in by an OpenID provider (OpenID Connect Core 1.0, the code flow with PKCE).

The provider says who somebody is; what he may do stands in the accounts here. So a claim of the
identity token names an account, and who has none is not let in.

OidcError            somebody could not be let in by the provider; the message says why
├── ProviderGone     the provider cannot be reached, or answers what it must not
└── IdentityRefused  what came back is not what was asked for, or is not signed as it must be
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
import msgspec

from sync.server.config import is_loopback
from sync.server.errors import ServerError
from sync.server.wording import Said

REQUEST_SECONDS_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 262_144
DISCOVERED_SECONDS: Final = 3_600.0
KEYS_SECONDS_MIN: Final = 60.0
LEEWAY_SECONDS: Final = 60
TRY_SECONDS_MAX: Final = 600
TOKEN_BYTES: Final = 32
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
SCOPE: Final = "openid profile email"
DISCOVERY: Final = "/.well-known/openid-configuration"


class OidcError(ServerError):
    """See the tree at the top; `said` is the message in every language."""

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self.said = said


class ProviderGone(OidcError):  # noqa: N818 — named after what is met
    pass


class IdentityRefused(OidcError):  # noqa: N818
    pass


@dataclass(frozen=True, slots=True)
class Client:
    """What this server is to the provider; `claim` is the one that names the account."""

    issuer: str
    client_id: str
    secret: str = ""
    claim: str = "preferred_username"


class Try(msgspec.Struct, frozen=True):
    """One attempt, kept in the browser's cookie until it comes back."""

    state: str
    nonce: str
    verifier: str
    wanted: str = ""


class Metadata(msgspec.Struct, frozen=True):
    """What the provider tells of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Provider:
    """One provider, asked by one event loop. Every method may wait for it."""

    def __init__(self, client: Client, http: httpx.AsyncClient | None = None) -> None:
        self.client = client
        self._http = http or httpx.AsyncClient(timeout=REQUEST_SECONDS_MAX, trust_env=False)
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, jwt.PyJWKSet] | None = None

    async def ask(self, here: str, wanted: str) -> tuple[str, Try]:
        """Where the browser is sent, and what it keeps; `here` is where it comes back to.

        Raises `ProviderGone`.
        """
        metadata = await self._discovered()
        made = Try(_secret(), _secret(), _secret(), wanted)
        challenge = hashlib.sha256(made.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": here,
            "scope": SCOPE,
            "state": made.state,
            "nonce": made.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        sign = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{sign}{urlencode(query)}", made

    async def account(self, code: str, made: Try, here: str) -> str:
        """Whom the provider let in by this code: what the claim says. Raises `OidcError`."""
        metadata = await self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": here,
            "code_verifier": made.verifier,
        }
        told = await self._fetch("POST", metadata.token_endpoint, **self._signed(form, metadata))
        token = told.get("id_token")
        if not isinstance(token, str):
            raise IdentityRefused(Said("oidc.no_token"))
        claims = await self._verified(token, metadata, made.nonce)
        name = claims.get(self.client.claim)
        if not isinstance(name, str) or not name:
            known = ", ".join(sorted(claims))[:200]
            raise IdentityRefused(Said("oidc.no_claim", claim=self.client.claim, known=known))
        return name

    async def close(self) -> None:
        await self._http.aclose()

    def _signed(self, form: dict[str, str], metadata: Metadata) -> dict[str, Any]:
        """The form with who asks (OAuth 2.0, section 2.3.1)."""
        mine = {"client_id": self.client.client_id}
        if not self.client.secret:
            return {"data": {**form, **mine}}
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            return {"data": form, "auth": (self.client.client_id, self.client.secret)}
        return {"data": {**form, **mine, "client_secret": self.client.secret}}

    async def _verified(self, token: str, metadata: Metadata, nonce: str) -> dict[str, Any]:
        """The claims of an identity token (OpenID Connect Core, section 3.1.3.7)."""
        try:
            key = await self._key_of(token, metadata)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self.client.client_id,
                issuer=metadata.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as fault:
            raise IdentityRefused(Said("oidc.no_proof", why=str(fault))) from None
        if claims.get("nonce") != nonce:
            raise IdentityRefused(Said("oidc.other_try"))
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self.client.client_id) != self.client.client_id or (
            several and "azp" not in claims
        ):
            raise IdentityRefused(Said("oidc.other_program"))
        return claims

    async def _key_of(self, token: str, metadata: Metadata) -> jwt.PyJWK:
        """The key that the token names; keys are asked for again where it is not among them."""
        name = jwt.get_unverified_header(token).get("kid")
        for newest in (0.0, KEYS_SECONDS_MIN):
            found = [
                one
                for one in (await self._key_set(metadata, newest)).keys
                if name in (None, one.key_id) and one.public_key_use in (None, "sig")
            ]
            if found:
                return found[0]
        raise IdentityRefused(Said("oidc.unknown_key", key=str(name)[:60]))

    async def _key_set(self, metadata: Metadata, older_than: float) -> jwt.PyJWKSet:
        """The provider's keys; asked for again if they are older, 0 is an hour."""
        now, most = time.monotonic(), older_than or DISCOVERED_SECONDS
        if self._keys is None or now - self._keys[0] > most:
            told = await self._fetch("GET", metadata.jwks_uri)
            self._keys = (now, jwt.PyJWKSet.from_dict(told))
        return self._keys[1]

    async def _discovered(self) -> Metadata:
        now = time.monotonic()
        if self._metadata is None or now - self._metadata[0] > DISCOVERED_SECONDS:
            told = await self._fetch("GET", self.client.issuer.rstrip("/") + DISCOVERY)
            try:
                found = msgspec.convert(told, Metadata)
            except msgspec.ValidationError as fault:
                issuer = self.client.issuer
                raise ProviderGone(Said("oidc.none", issuer=issuer, why=str(fault))) from None
            if found.issuer.rstrip("/") != self.client.issuer.rstrip("/"):
                names = {"issuer": self.client.issuer, "itself": found.issuer[:200]}
                raise ProviderGone(Said("oidc.other_name", **names))
            self._metadata = (now, found)
        return self._metadata[1]

    async def _fetch(self, method: str, url: str, **parts: Any) -> dict[str, Any]:
        """What the provider answers, as JSON; raises `OidcError`."""
        if not is_safe(url):
            raise ProviderGone(Said("oidc.in_clear", url=url[:200]))
        try:
            answer = await self._http.request(method, url, **parts)
            told = msgspec.json.decode(answer.content[:ANSWER_BYTES_MAX])
        except (httpx.HTTPError, msgspec.DecodeError) as fault:
            why = (str(fault) or type(fault).__name__)[:200]
            raise ProviderGone(Said("oidc.silent", url=url[:200], why=why)) from None
        if not isinstance(told, dict):
            raise ProviderGone(Said("oidc.no_object", url=url[:200]))
        if answer.status_code != httpx.codes.OK:
            why = str(told.get("error_description") or told.get("error") or answer.status_code)
            raise IdentityRefused(Said("oidc.refused", why=why[:200]))
        return told


def _secret() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_safe(url: str) -> bool:
    """Whether what goes there is seen by nobody else on the way."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
