"""The home of the server's TLS key and certificate: its own, or the customer's files.

The own key is made at the first start and kept, so that a renewed certificate has the same pin;
stations trust that pin and nothing else. Who replaces the key enrols every station again.

TlsError     a certificate or key cannot be used; the message names the file and the next step
"""

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.pinning import pin_of
from sync.server.config import ServerConfig, is_address, is_loopback
from sync.server.errors import ServerError
from sync.server.keys import kept, write_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, GeneralName

KEY: Final = "tls.key"
CERTIFICATE: Final = "tls.crt"
CERTIFICATE_DAYS: Final = 20 * 365
RENEW_DAYS: Final = 60
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 — read, not listened on


class TlsError(ServerError):
    """TLS cannot begin."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the server proves itself by; `pin` is of its key, whoever signed the certificate."""

    certificate: Path
    key: Path
    pin: str


def credentials_of(config: ServerConfig) -> Credentials | None:
    """What this server serves TLS with, made where it is its own; nothing where TLS is off.

    Raises `TlsError` or `KeyFileError`.
    """
    match config.tls_mode:
        case "own":
            return own_credentials(config.data, names_of(config.host))
        case "files":
            certificate, key = config.data / config.certificate, config.data / config.key
            return _usable(certificate, key)
        case "off":
            return None


def station_pin(config: ServerConfig) -> str:
    """The pin that stations get: of the own key only; the customer's files may be renewed freely.

    Where a command works without the server, the key that it once made tells that it has TLS.
    """
    undecided = not config.tls and not config.trusted_proxy and not config.certificate
    made = undecided and (config.data / KEY).exists()
    if config.tls_mode != "own" and not made:
        return ""
    return own_credentials(config.data, names_of(config.host)).pin


def own_credentials(data: Path, names: Sequence[str]) -> Credentials:
    """The data folder's key and a certificate for at least `names`, made or renewed as needed.

    Raises `TlsError` or `KeyFileError`.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    path = data / CERTIFICATE
    key = _own_key(data / KEY)
    if not _serves(path, key, names):
        made = _signed(key, names)
        write_secret(path, made.public_bytes(Encoding.PEM).decode("ascii").strip())
    return _usable(path, data / KEY)


def names_of(host: str) -> tuple[str, ...]:
    """What this machine may be called: by the name and addresses that it knows of itself."""
    names = [host] if host not in _ANY_ADDRESS else []
    names += [*LOCAL_NAMES]
    if not is_loopback(host):
        own = socket.gethostname()
        names += [own, socket.getfqdn()]
        with suppress(OSError):  # no resolver knows this machine: its name must do
            names += [str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(own, None)]
    return tuple(dict.fromkeys(name for name in names if name and name not in _ANY_ADDRESS))


def _own_key(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = kept(path, _new_key)
    try:
        key = load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TlsError(
            f"{path}: no key of this server; put it back from the backup, or delete it and enrol"
            " every station again"
        )
    return key


def _new_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.decode("ascii").strip()


def _serves(path: Path, key: "EllipticCurvePrivateKey", names: Sequence[str]) -> bool:
    """Whether the certificate there is of this key, for all names, and not soon at its end."""
    from cryptography import x509

    try:
        held = x509.load_pem_x509_certificate(path.read_bytes())
        said = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    end = datetime.now(UTC) + timedelta(days=RENEW_DAYS)
    wanted = {_general(name) for name in names}
    return (
        held.public_key() == key.public_key()
        and held.not_valid_after_utc > end
        and wanted <= set(said)
    )


def _signed(key: "EllipticCurvePrivateKey", names: Sequence[str]) -> "Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "floor-kiosk server")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(map(_general, names)), critical=False)
        .sign(key, SHA256())
    )


def _general(name: str) -> "GeneralName":
    from cryptography import x509

    if is_address(name):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name.encode("idna").decode("ascii") if not name.isascii() else name)


def _usable(certificate: Path, key: Path) -> Credentials:
    """The pair, if TLS can begin with it; a key under a password is not asked for."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
        held = load_pem_x509_certificate(certificate.read_bytes())
        pin = pin_of(held.public_bytes(Encoding.DER))
    except (OSError, ValueError) as fault:
        raise TlsError(
            f"{certificate} and {key}: {fault}; want a certificate in PEM and its key without a"
            " password"
        ) from None
    return Credentials(certificate, key, pin)
