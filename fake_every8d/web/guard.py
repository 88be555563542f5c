"""Who may look inside: the right Host, and the right token if there is one."""

import hmac
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.datastructures import Authorization, WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Browsers ask for a password when they are offered Basic. The realm has a blank in it so
# that it is quoted, as RFC 7617 wants it.
_CHALLENGES = [
    WWWAuthenticate("basic", {"realm": "fake EVERY8D", "charset": "UTF-8"}),
    WWWAuthenticate("bearer", {"realm": "fake EVERY8D"}),
]


class Guard:
    """Decides whether a request may see the JSON API and the page.

    While `host`, which is listened on, is a loopback address, only a loopback name or
    the public URL's host will do as the request's Host: a web page from elsewhere can
    have a name of its own point to 127.0.0.1, but it cannot give another as the Host.
    With a `token`, each request has to bring it: as a Bearer, or as the password of
    HTTP's Basic authentication, which browsers ask for.
    """

    def __init__(self, host: str, public_url: str | None = None, token: str | None = None) -> None:
        self._hosts: set[str | None] | None = None
        if _is_loopback(host):
            self._hosts = {host.lower()}
            if public_url is not None:
                self._hosts.add(urlsplit(public_url).hostname)
        self._token = token and token.encode()

    def check(self, environ: "WSGIEnvironment") -> None:
        """Raises `Forbidden` or `Unauthorized`."""
        host = environ.get("HTTP_HOST", "")
        if self._hosts is not None and not self._known(host):
            raise Forbidden(
                "While this listens on a loopback address only, it answers as localhost or "
                f"127.0.0.1, not as {host!r}. If that name is yours, give it as --public-url."
            )
        if self._token and not hmac.compare_digest(_token(environ), self._token):
            raise Unauthorized(
                "This takes the API token: as Authorization: Bearer …, or as the password of "
                "Basic authentication.",
                www_authenticate=_CHALLENGES,
            )

    def _known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        assert self._hosts is not None
        return name in self._hosts or name == "localhost" or _is_loopback_address(name or "")


def _token(environ: "WSGIEnvironment") -> bytes:
    given = Authorization.from_header(environ.get("HTTP_AUTHORIZATION"))
    if given is None:
        return b""
    if given.type == "basic":
        return (given.password or "").encode()
    # WSGI hands over a header's bytes as if they were Latin-1.
    return (given.token or "").encode("latin-1")


def _is_loopback(host: str) -> bool:
    """Whether listening on `host` is listening on loopback addresses only."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False  # nobody can listen on it either
    return all(_is_loopback_address(str(address[0])) for _, _, _, _, address in found)


def _is_loopback_address(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
