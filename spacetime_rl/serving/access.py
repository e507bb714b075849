"""Who may connect: addresses, the token, and where requests of web pages come from."""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from spacetime_rl.errors import UsageError
from spacetime_rl.formats.http_header import fits_header

TOKEN = "SPACETIME_SERVE_TOKEN"  # the environment variable that holds the token
_LEAST_TOKEN = 16  # characters
_LOCAL = "localhost"


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server listens, and what it demands."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    made_token: bool = False  # the user does not know it yet

    @property
    def url(self) -> str:
        """The address of the WebSocket."""
        return f"{'ws' if self.tls is None else 'wss'}://{_bracketed(self.host)}:{self.port}"

    def refuses(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """The HTTP status and the reason for which a request is refused; None for one that is let in."""
        if self.token is not None:
            given = headers.get("Authorization", "").removeprefix("Bearer ").strip()
            sent, wanted = (text.encode(errors="surrogateescape") for text in (given, self.token))
            if not hmac.compare_digest(sent, wanted):
                return 401, "the header `Authorization: Bearer TOKEN` is missing or wrong; the server printed its token"
        host = headers.get("Host", "")
        # A page from elsewhere must not reach a server on this machine, under whatever name its own address resolves.
        if self.token is None and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return 403, f"the header `Host: {host[:80]}` is not this machine's loopback address"
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, f"requests of web pages of {origin[:80]} are not answered"
        return None


def make_access(host: str, port: int, make_token: bool, cert: Path | None, key: Path | None) -> Access:
    """Check where a user wants to listen. Raises UsageError for an address beyond loopback without a token."""
    given = os.environ.get(TOKEN) or None
    token = given or (secrets.token_urlsafe(24) if make_token else None)
    if token is not None and len(token) < _LEAST_TOKEN:
        raise UsageError(f"{TOKEN}: expected at least {_LEAST_TOKEN} characters, found {len(token)}")
    if token is not None and not fits_header(token):
        raise UsageError(f"{TOKEN}: expected letters, digits and signs of ASCII, as games repeat it in a header")
    if token is None and not is_loopback(host):
        raise UsageError(
            f"serve --host {host}: other machines could connect without a token; add --token, which makes one and "
            f"prints it, or set {TOKEN}"
        )
    if (cert is None) != (key is None):
        raise UsageError("serve: --tls-cert and --tls-key belong together: name both files, in PEM format, or neither")
    tls = make_tls(cert, key) if cert and key else None
    return Access(host, port, token, tls, made_token=token is not None and given is None)


def make_tls(cert: Path, key: Path) -> ssl.SSLContext:
    """A server's TLS settings with a certificate and its key, both in PEM files. Raises UsageError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"serve: --tls-cert {cert}, --tls-key {key}: {error}") from error
    return context


def choose_port(access: Access) -> int:
    """The port to listen at: for 0, one that is free now. Raises UsageError where nobody can listen at the address."""
    family = socket.AF_INET6 if ":" in access.host else socket.AF_INET
    try:
        with socket.create_server((access.host, access.port), family=family) as probe:
            return int(probe.getsockname()[1])
    except (OSError, UnicodeError) as error:
        raise cannot_listen(access, error) from error


def cannot_listen(access: Access, error: Exception) -> UsageError:
    """Nobody can listen at the address."""
    why = getattr(error, "strerror", None) or error
    return UsageError(f"serve: cannot listen at {access.host}:{access.port}: {why}; name another --port or --host")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    if host == _LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
