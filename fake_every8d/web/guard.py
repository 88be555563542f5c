"""Access control: the right Host, and the right token if there is one."""

import hmac
import re
import socket
from base64 import b64decode
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.exceptions import Forbidden, Unauthorized

from fake_every8d.gateway import InvalidInput

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Browsers ask for a password when they are offered Basic. It is text, since werkzeug before 2.3,
# which Flask 2.2 uses, has another class for it.
_CHALLENGES: Any = ('Basic realm="fake EVERY8D", charset=UTF-8', 'Bearer realm="fake EVERY8D"')


# Headers that only browsers send: over plain HTTP, they leave the Sec-Fetch headers out.
_BROWSERS = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE", "HTTP_ACCEPT_LANGUAGE")

# No text that is read as an IP address, such as 2130706433 or 0x7f000001.
_SINGLE_LABEL = re.compile(r"(?!0x|[0-9]+$)[a-z0-9_-]+", re.ASCII)

# Top-level names that nobody can register (RFC 2606, 6761, 6762; ICANN has reserved .internal).
_RESERVED = ("localhost", "local", "internal", "test")


def checked_public_url(url: str) -> str:
    """The URL of a server for clients, without a slash at its end. Raises `InvalidInput`."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and not parts.query
        valid = valid and parts.port != 0  # which raises for an invalid port
    except ValueError:
        valid = False
    if not valid:
        raise InvalidInput(
            f"public_url must be like https://sms.example.com, not {url!r}", field="public_url"
        )
    return url.rstrip("/")


class Guard:
    """The check of whether a request may use the platform, the JSON API and the page.

    A page of another site may use nothing: with an image, a form or a fetch, it could send SMS
    and lock accounts.

    The Host header is checked against DNS rebinding: a web page from elsewhere can let its own
    name point to this machine and read everything here, but the Host is then that name. If
    `host`, the address listened on, is a loopback address, the Host must be a loopback name or
    address. Otherwise it may also be any IP address, and any name that a stranger cannot have in
    the DNS: one without a dot (such as a compose service's), one under a reserved domain, or this
    machine's own. Any other name is accepted only from clients other than browsers. The public
    URL's host is always accepted.

    Against CSRF, a request that changes something must not come from a page of another origin.
    With a `token`, each request has to bring it: as a Bearer token, or as the password of
    Basic authentication, which browsers ask for.
    """

    def __init__(self, host: str, public_url: str | None = None, token: str | None = None) -> None:
        self._loopback_only = is_loopback(host)
        self._names: set[str | None] = {"localhost"}
        if self._loopback_only:
            self._names.add(host.lower())
        else:
            self._names.add(socket.gethostname().lower())
        public = urlsplit(public_url or "")
        if public.hostname:
            self._names.add(public.hostname)
        self._public_name = public.hostname
        self._public_host = public.netloc.lower()
        self._token = (token or "").strip().encode()

    def check_site(self, environ: "WSGIEnvironment") -> None:
        """Refuse every request by a page of another site. Raises `Forbidden`.

        Browsers mark such requests with Sec-Fetch-Site, or at least with an Origin. Ports make no
        difference, and the names of this machine's loopback addresses are one site.
        """
        mark, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
        if mark != "cross-site" and (mark is not None or not origin):
            return
        page = origin or environ.get("HTTP_REFERER", "")
        name, host = _host_name(page.partition("://")[2]), _host_name(environ.get("HTTP_HOST", ""))
        if name and (
            (mark is None and name in (host, self._public_name))
            or (_is_loopback_name(name) and _is_loopback_name(host))
        ):
            return
        raise Forbidden(
            f"A page of another site ({page or 'of unknown address'}) may use nothing here: it "
            "could send SMS. Type the address, or open that page at this host."
        )

    def check(self, environ: "WSGIEnvironment") -> None:
        """Refuse a request that may not use the JSON API and the page.

        Raises `Forbidden` or `Unauthorized`.
        """
        host = environ.get("HTTP_HOST", "")
        if not self._known(host, environ):
            raise Forbidden(
                f"Host {host!r} is not allowed (DNS rebinding protection). Use localhost or "
                "127.0.0.1"
                + ("" if self._loopback_only else ", or any IP address")
                + ", or pass --public-url if the name is yours."
            )
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not self._own_page(environ):
            raise Forbidden(
                "A page of another origin may not change anything here "
                f"(Origin: {environ.get('HTTP_ORIGIN', 'none')})."
            )
        if self._token and not hmac.compare_digest(_token(environ), self._token):
            raise Unauthorized(
                "The API token is missing or wrong: send it as Authorization: Bearer …, or as the "
                "password of Basic authentication.",
                www_authenticate=_CHALLENGES,
            )

    def _known(self, host: str, environ: "WSGIEnvironment") -> bool:
        name = _host_name(host)
        if name in self._names or _is_loopback_address(name):
            return True
        if self._loopback_only:
            return False
        return (
            _is_address(name)
            or _SINGLE_LABEL.fullmatch(name) is not None
            or name.rpartition(".")[2] in _RESERVED
            or not _is_browser(environ)
        )

    def _own_page(self, environ: "WSGIEnvironment") -> bool:
        """True if the request comes from one of our pages, or from no page."""
        if environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin"):
            return False
        origin: str | None = environ.get("HTTP_ORIGIN")
        if origin is None:
            return True
        asked = origin.partition("://")[2].lower()
        return bool(asked) and asked in (environ.get("HTTP_HOST", "").lower(), self._public_host)


def _host_name(netloc: str) -> str:
    """The host in `host:port/…`, in lower case; empty if there is none."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_browser(environ: "WSGIEnvironment") -> bool:
    return any(name in environ for name in _BROWSERS) or environ.get(
        "HTTP_USER_AGENT", ""
    ).startswith("Mozilla/")


def _token(environ: "WSGIEnvironment") -> bytes:
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        # WSGI decodes a header's bytes as Latin-1.
        return rest.strip().encode("latin-1")
    if scheme.lower() != "basic":
        return b""
    try:
        return b64decode(rest, validate=True).partition(b":")[2].strip()
    except ValueError:
        return b""


def is_loopback(host: str) -> bool:
    """True if `host` has only loopback addresses."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False  # nor can anything listen on it
    return all(_is_loopback_address(str(address[0])) for _, _, _, _, address in found)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback_name(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost") or _is_loopback_address(name)


def _is_loopback_address(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
