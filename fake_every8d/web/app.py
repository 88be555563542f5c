"""The application: routing each request to its API or page, and recording it (W1, W2, W6)."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    Unauthorized,
)
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_host, get_path_info

from fake_every8d import calls
from fake_every8d.advice import AdviceKind
from fake_every8d.calls import HTTP_PATH, SOAP_PATH
from fake_every8d.control.failures import cut_short
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.masking import Secrets
from fake_every8d.control.world import World
from fake_every8d.gateway import Gateway, InvalidInput
from fake_every8d.http_api import HttpEndpoint, HttpRequest, not_played
from fake_every8d.web import body
from fake_every8d.web.api import Api, refusal
from fake_every8d.web.api.guide import guide
from fake_every8d.web.api.operations import PREFIX
from fake_every8d.web.exchange import Exchange, Handler
from fake_every8d.web.guard import Guard, checked_public_url
from fake_every8d.web.static_files import INDEX, static_file

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from fake_every8d.soap import SoapEndpoint

_CA_PATH = PREFIX + "ca.pem"

_ALLOWED = "GET, HEAD, OPTIONS, TRACE"  # the methods that IIS allows for its files

_NOT_ALLOWED = """<!DOCTYPE html>
<html><head><title>405 - HTTP verb used to access this page is not allowed.</title></head>
<body><h1>Server Error</h1><h2>405 - HTTP verb used to access this page is not allowed.</h2>
<h3>The page you are looking for cannot be displayed because an invalid method (HTTP verb) was \
used to attempt access.</h3></body></html>
"""

_SOAP_PATH_LOWER = SOAP_PATH.lower()

_logger = logging.getLogger(__name__)


class Application:
    """EVERY8D over HTTP, around a gateway: each request is read, executed and recorded.

    `host` is the address listened on, and `api_token` the token for the JSON API and the page
    (see `Guard`). `public_url` is the URL for clients, if it differs from the Host header; it is
    the address in the WSDL. `log`, if given, is called after every request, except for successful
    reads of the JSON API and the page; `set_up` after every reset. Raises `InvalidInput` if
    `public_url` is not a URL.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        host: str = "127.0.0.1",
        public_url: str | None = None,
        api_token: str | None = None,
        log: Callable[[RecordedRequest], None] | None = None,
        set_up: Callable[[], object] | None = None,
    ) -> None:
        self._gateway = gateway
        self._http = HttpEndpoint(gateway.platform)
        self.world = World(gateway, set_up)
        """The world that both APIs work on, and the JSON API shows."""
        self.ca: bytes | None = None
        """The certificate of the CA that clients have to trust, in PEM."""
        self._public_url = public_url and checked_public_url(public_url)
        self._guard = Guard(host, public_url, api_token)
        self._made_soap: SoapEndpoint | None = None
        self._made_api: Api | None = None
        self._secrets = Secrets(gateway, api_token)
        self._log = log
        self._routes = Map(
            [
                Rule("/", endpoint=static_file, defaults={"name": INDEX}, methods=["GET"]),
                Rule(f"/page/{INDEX}", endpoint=_moved, defaults={"to": "/"}, methods=["GET"]),
                Rule("/page/<path:name>", endpoint=static_file, methods=["GET"]),
                Rule(PREFIX, endpoint=self._guide, methods=["GET"]),
                Rule(PREFIX[:-1], endpoint=_moved, defaults={"to": PREFIX}, methods=["GET"]),
                Rule("/healthz", endpoint=_health, methods=["GET"]),
                Rule(_CA_PATH, endpoint=self._ca, methods=["GET"]),
            ],
            merge_slashes=False,
            redirect_defaults=False,
        )

    # Each is made for its first request, because not everybody needs both: importing spyne takes a
    # third of a fake's start, and the routes of the JSON API some 10 ms. Cached properties would
    # make Python 3.11 slow to find any attribute.

    @property
    def _soap(self) -> "SoapEndpoint":
        if self._made_soap is None:
            from fake_every8d.soap import SoapEndpoint

            self._made_soap = SoapEndpoint(self._gateway.platform)
        return self._made_soap

    @property
    def _api(self) -> Api:
        if self._made_api is None:
            self._made_api = Api(self.world)
        return self._made_api

    def longest_body(self, environ: "WSGIEnvironment") -> int:
        """The limit on a request's body, in bytes, by its head."""
        if not _is_api(environ):
            return body.LONGEST
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("PUT", f"{PREFIX}snapshot"):
            return body.LONGEST_JSON
        try:
            self._guard.check(environ)
        except HTTPException:  # it is refused in any case
            return body.LONGEST_JSON
        return body.LONGEST_SNAPSHOT

    def begin(self, environ: "WSGIEnvironment") -> Exchange:
        """An exchange for a request that is known only by its environment."""
        return Exchange(environ, self._gateway.generation)

    def read(self, environ: "WSGIEnvironment") -> Exchange:
        """Find a request's handler, and choose the failure for it. Quick.

        `respond` then takes a while if the exchange `waits`. Never raises.
        """
        exchange = self.begin(environ)
        try:
            exchange.handler = self._route(exchange)
        except Exception as error:
            response = _refusal(environ, error)
            exchange.handler = lambda: response
        return exchange

    def refuse(self, exchange: Exchange, status: int, text: str, **headers: str) -> None:
        """Respond to a request without handling it. Never raises."""
        exchange.is_kept = True
        exchange.handler = lambda: _text(text, status, headers)
        self.respond(exchange)

    def respond(self, exchange: Exchange) -> None:
        """Handle a request, make the response, and record both. Never raises."""
        environ = exchange.environ
        try:
            response = exchange.handler()
        except Exception as error:
            response = _refusal(environ, error)
        del exchange.handler  # a reference cycle, which only the garbage collector would free
        if isinstance(response, calls.Response):
            exchange.status, content_type, sent = response
            exchange.headers = [("Content-Type", content_type), ("Content-Length", str(len(sent)))]
        else:
            exchange.status = response.status_code
            exchange.headers = response.get_wsgi_headers(environ).to_wsgi_list()
            sent = response.get_data()
        if exchange.strike is not None:
            sent = cut_short(exchange.strike.failure, sent)
        if environ["REQUEST_METHOD"] == "HEAD" or exchange.status in (204, 304):
            sent = b""
        exchange.sent = sent
        self._record(exchange)

    def _record(self, exchange: Exchange) -> None:
        """Log an exchange and keep it in the journal, unless it only read something."""
        environ, status = exchange.environ, exchange.status
        is_kept = exchange.is_kept
        if not is_kept:
            # The page and health checks ask again and again, and 401 and 403 only ask for a login.
            is_kept = status >= 400 and status not in (401, 403) and not _is_api(environ)
            looked = status < 400 and environ["REQUEST_METHOD"] in ("GET", "HEAD")
            if not is_kept and (looked or self._log is None):
                return
        record = RecordedRequest(
            environ,
            exchange.body,
            status,
            exchange.headers,
            exchange.sent,
            micros=self._gateway.clock.micros,
            milliseconds=(time.perf_counter() - exchange.begun) * 1000,
            call=exchange.call,
            parameters=self._parameters,
            failure=exchange.strike.failure.kind if exchange.strike else None,
            secrets=self._secrets,
        )
        if is_kept:
            self.world.journal.add(record, exchange.generation)
        if self._log is not None:
            self._log(record)

    def _route(self, exchange: Exchange) -> Handler:
        """Find a request's handler. Raises `HTTPException`."""
        environ = exchange.environ
        path = environ["PATH_INFO"]
        is_soap = path.lower().startswith(_SOAP_PATH_LOWER) and (
            len(path) == len(SOAP_PATH) or path[len(SOAP_PATH)] == "/"
        )
        tail = None if is_soap else self._http.tail(get_path_info(environ))
        name = self._http.name(tail) if tail else None
        exchange.is_kept = is_soap or name is not None
        self._guard.check_site(environ)
        body.check(environ)
        if is_soap:
            return self._to_soap(exchange)
        if name is not None:
            return self._to_http_api(exchange, name)
        if tail is not None:
            return partial(self._http_page, environ, tail)
        return self._to_json_api(exchange) if _is_api(environ) else self._to_page(environ)

    def _to_soap(self, exchange: Exchange) -> Handler:
        environ = exchange.environ
        method = environ["REQUEST_METHOD"]
        if len(environ["PATH_INFO"]) > len(SOAP_PATH):
            return partial(self._soap.unrecognized, get_path_info(environ)[len(SOAP_PATH) :])
        if method == "GET":
            return partial(self._soap.page, environ["QUERY_STRING"], self._url(environ) + SOAP_PATH)
        if method != "POST":
            raise _not_allowed()
        exchange.body = environ["wsgi.input"].read()
        call = self._soap.read(
            exchange.body, environ.get("CONTENT_TYPE"), environ.get("HTTP_SOAPACTION")
        )
        return self._to_call(exchange, call)

    def _to_http_api(self, exchange: Exchange, name: str) -> Handler:
        environ = exchange.environ
        if environ["REQUEST_METHOD"] not in ("GET", "POST"):
            raise _not_allowed()
        exchange.body = environ["wsgi.input"].read()
        return self._to_call(exchange, self._http.read(name, _http_request(environ, exchange.body)))

    def _to_call(self, exchange: Exchange, call: calls.Call) -> Handler:
        """Choose the failure for a call, which decides whether the rest takes time."""
        exchange.call = call
        if body.MORE_CAME in exchange.environ:
            call.advice.add(AdviceKind.MORE_CAME)
        exchange.strike = strike = self.world.failures.choose(call)
        exchange.waits = strike is not None and strike.waits
        return lambda: self.world.failures.execute(call, strike, exchange.on_disconnect)

    def _parameters(self, environ: "WSGIEnvironment", body: bytes) -> Mapping[str, Any]:
        """The parameters of a recorded call, which is read once more."""
        tail = self._http.tail(get_path_info(environ))
        if tail is not None and (name := self._http.name(tail)) is not None:
            return self._http.parameters(name, _http_request(environ, body))
        return self._soap.parameters(
            body, environ.get("CONTENT_TYPE"), environ.get("HTTP_SOAPACTION")
        )

    def _to_json_api(self, exchange: Exchange) -> Handler:
        self._guard.check(exchange.environ)
        exchange.waits, respond = self._api.read(exchange.environ)
        return lambda: respond(exchange.on_disconnect)

    def _to_page(self, environ: "WSGIEnvironment") -> Handler:
        # The rules name no host, so any Host header will do.
        adapter = self._routes.bind("", path_info=get_path_info(environ))
        handler, given = adapter.match(method=environ["REQUEST_METHOD"])
        # Health and the CA show no secrets, and are for clients that are still being set up.
        if handler not in (_health, self._ca):
            self._guard.check(environ)
        return partial(handler, environ, **given)

    def _http_page(self, environ: "WSGIEnvironment", tail: str) -> Response:
        """The HTTP API's page of operations; 404 below it."""
        if tail:
            return _text(_slashes(environ["PATH_INFO"]) or self._http.missing(tail), 404)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise _not_allowed()
        page = self._http.page(self._url(environ))
        return Response(page, content_type="text/html; charset=utf-8")

    def _ca(self, environ: "WSGIEnvironment") -> Response:
        if self.ca is None:
            return _text("There is no CA here: use serve --tls, or Tls in Python.", 404)
        return Response(self.ca, content_type="application/x-pem-file")

    def _guide(self, environ: "WSGIEnvironment") -> Response:
        return _text(guide(self._gateway.accounts(), self._url(environ), SOAP_PATH, HTTP_PATH), 200)

    def _url(self, environ: "WSGIEnvironment") -> str:
        """The public URL; else scheme, host and port as the client wrote them, or our own."""
        own = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        return self._public_url or f"{environ['wsgi.url_scheme']}://{get_host(environ) or own}"


def _http_request(environ: "WSGIEnvironment", body: bytes) -> HttpRequest:
    return HttpRequest(
        environ["QUERY_STRING"].encode("latin-1"),
        environ.get("CONTENT_TYPE", ""),
        environ.get("HTTP_AUTHORIZATION", ""),
        body,
        environ.get("HTTP_CONTENT_ENCODING", ""),
    )


def _is_api(environ: "WSGIEnvironment") -> bool:
    """True if a request is for the JSON API, except its guide and the CA."""
    path: str = environ["PATH_INFO"]
    return path.startswith(PREFIX) and path not in (PREFIX, _CA_PATH)


def _not_allowed() -> MethodNotAllowed:
    """IIS's response to a method that the platform does not take (W10)."""
    response = Response(_NOT_ALLOWED, 405, {"Allow": _ALLOWED}, content_type="text/html")
    return MethodNotAllowed(response=response)


def _slashes(path: str) -> str | None:
    """The error for a path with two slashes in a row; without a comma (H1, W12)."""
    if "//" not in path:
        return None
    return (
        "-404 This path has two slashes in a row: usually the base URL ends with one and the rest "
        "begins with one. Leave one of them out."
    )


def _refusal(environ: "WSGIEnvironment", error: Exception) -> Response:
    """The response to a refused request, or to one that made the fake fail."""
    if _is_api(environ) and isinstance(error, HTTPException | InvalidInput):
        return refusal(error)
    if not isinstance(error, HTTPException):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        _logger.error("%s %s failed", method, path, exc_info=error)
        return _text("The fake failed; its log says why.", 500)
    if isinstance(error, NotFound):
        nothing = (
            f"Nothing is here: the SOAP API is at {SOAP_PATH} and the HTTP API under {HTTP_PATH}"
        )
        path = environ["PATH_INFO"]
        return _text(_slashes(path) or not_played(path) or nothing, 404)
    if isinstance(error, RequestEntityTooLarge):
        return _text(str(error.description), 413)
    response = Response.force_type(error.get_response())
    if isinstance(error, Forbidden | Unauthorized):
        response.data = f"{error.description}\n".encode()
        response.content_type = "text/plain; charset=utf-8"
    return response


def _moved(environ: "WSGIEnvironment", to: str) -> Response:
    return Response(status=308, headers={"Location": to})


def _health(environ: "WSGIEnvironment") -> Response:
    return Response('{"status":"ok"}', content_type="application/json")


def _text(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text + "\n", status, headers, content_type="text/plain; charset=utf-8")
