"""The WSGI application: it brings each request to its API or page (clauses W1, W2, W6)."""

import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

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
from fake_every8d.control.failures import Failure, break_off, cut_short
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.masking import Secrets
from fake_every8d.control.world import World
from fake_every8d.gateway import Gateway
from fake_every8d.http_api import PATH as HTTP_PATH
from fake_every8d.http_api import HttpEndpoint, not_played
from fake_every8d.http_api import Request as HttpRequest
from fake_every8d.soap import SoapEndpoint
from fake_every8d.web.api import Api, refusal
from fake_every8d.web.api.guide import guide
from fake_every8d.web.api.operations import PREFIX
from fake_every8d.web.body import read_body
from fake_every8d.web.guard import Guard, checked_public_url
from fake_every8d.web.pages import INDEX, static_file

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SOAP_PATH = "/API21/SOAP/SMS.asmx"
"""The path of EVERY8D's SOAP service; its case does not matter, as with IIS (W1)."""

MAX_BODY = 10 * 1024 * 1024
"""The longest request body that is read, in bytes."""

ON_DISCONNECT = "fake_every8d.on_disconnect"
"""Key in the environment of a request that is handled in a thread: a function that takes a
callback without arguments. The callback must not block. It is called once, on the event loop, if
the client goes away before it has its response."""

_PROMPT_BODY = 64 * 1024  # bytes, some 500 recipients: a longer body takes a while to read

_CA_PATH = PREFIX + "ca.pem"

_ALLOWED = "GET, HEAD, OPTIONS, TRACE"  # those of IIS's own files, whatever the path takes

_NOT_ALLOWED = """<!DOCTYPE html>
<html><head><title>405 - HTTP verb used to access this page is not allowed.</title></head>
<body><h1>Server Error</h1><h2>405 - HTTP verb used to access this page is not allowed.</h2>
<h3>The page you are looking for cannot be displayed because an invalid method (HTTP verb) was \
used to attempt access.</h3></body></html>
"""

_SOAP_PATH_LOWER = SOAP_PATH.lower()

_STATUS_LINES = {status: f"{status} Unknown" for status in range(400, 600)} | {
    status.value: f"{status.value} {status.phrase}" for status in HTTPStatus
}

_logger = logging.getLogger(__name__)


class Application:
    """EVERY8D over HTTP: a WSGI application around a gateway.

    `host` is the address listened on, and `api_token` what the JSON API and the page ask for
    (see `Guard`). `public_url` is where clients reach it, if the Host header does not say so;
    the WSDL gives it as the address. `log`, if given, is called after every request, except
    for successful reads of the JSON API and the page; `set_up` after every reset. Raises
    `InvalidInput` for a `public_url` that is none.
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
        self._soap = SoapEndpoint(gateway.platform)
        self._http = HttpEndpoint(gateway.platform)
        self.world = World(gateway, set_up)
        """What both APIs work on, and the JSON API shows."""
        self.ca: bytes | None = None
        """The certificate of the CA that clients have to trust, in PEM."""
        self._public_url = public_url and checked_public_url(public_url)
        self._guard = Guard(host, public_url, api_token)
        self._api = Api(self.world)
        self._secrets = Secrets(gateway, api_token)
        # Calls that may hold the gateway's lock for a second: until they are done, no request
        # that needs the lock is handled on the event loop.
        self._lengthy: set[calls.Call] = set()
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

    def may_wait(self, environ: "WSGIEnvironment") -> bool:
        """Whether this request may take a while, so that other clients should not wait for it."""
        return (
            self.world.failures.pending
            or bool(self._lengthy)
            or _is_api(environ)
            or "HTTP_TRANSFER_ENCODING" in environ
            or int(environ.get("CONTENT_LENGTH") or 0) > _PROMPT_BODY
        )

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Handle a request: the WSGI interface.

        Never raises; but a body that is meant to break off raises `ConnectionAbortedError` at
        that point.
        """
        begun = time.perf_counter()
        generation = self._gateway.generation
        path = environ["PATH_INFO"]
        is_soap = path.lower().startswith(_SOAP_PATH_LOWER) and (
            len(path) == len(SOAP_PATH) or path[len(SOAP_PATH)] == "/"
        )
        place = None if is_soap else self._http.place(get_path_info(environ))
        http_name = self._http.name(place) if place else None
        request_body = b""
        platform_response: calls.Response | None = None
        call: calls.Call | None = None
        failure: Failure | None = None
        try:
            if http_name:
                if environ["REQUEST_METHOD"] not in ("GET", "POST"):
                    raise _not_allowed()
                request_body = read_body(environ, MAX_BODY)
                call = self._http.read(
                    http_name,
                    HttpRequest(
                        environ["QUERY_STRING"].encode("latin-1"),
                        environ.get("CONTENT_TYPE", ""),
                        environ.get("HTTP_AUTHORIZATION", ""),
                        request_body,
                        environ.get("HTTP_CONTENT_ENCODING", ""),
                    ),
                )
                platform_response, failure = self._execute(call, environ, len(request_body))
            elif place is not None:
                response = self._http_page(environ, place)
            elif not is_soap:
                response = self._route(environ)
            elif len(path) > len(SOAP_PATH):
                platform_response = self._soap.unrecognized(
                    get_path_info(environ)[len(SOAP_PATH) :]
                )
            elif environ["REQUEST_METHOD"] == "POST":
                request_body = read_body(environ, MAX_BODY)
                call = self._soap.read(
                    request_body, environ.get("CONTENT_TYPE"), environ.get("HTTP_SOAPACTION")
                )
                platform_response, failure = self._execute(call, environ, len(request_body))
            elif environ["REQUEST_METHOD"] == "GET":
                address = (self._public_url or _base_url(environ)) + SOAP_PATH
                platform_response = self._soap.page(environ.get("QUERY_STRING", ""), address)
            else:
                raise _not_allowed()
        except HTTPException as error:
            response = _refusal(error, path)
        except Exception:
            _logger.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            response = _text("The fake failed; its log says why.", 500)
        if platform_response is None:
            status = response.status_code
            headers = response.get_wsgi_headers(environ).to_wsgi_list()
            body = response.get_data()
        else:
            status = platform_response.status
            body = platform_response.body
            headers = [
                ("Content-Type", platform_response.content_type),
                ("Content-Length", str(len(body))),
            ]
        sent = body if failure is None else cut_short(failure, body)
        # The page and health checks ask again and again: neither is recorded.
        looked = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        kept = is_soap or http_name is not None or (status == 404 and not _is_api(environ))
        if kept or (self._log is not None and (status >= 400 or not looked)):
            record = RecordedRequest(
                environ,
                request_body,
                status,
                headers,
                sent,
                micros=self._gateway.clock.micros,
                milliseconds=(time.perf_counter() - begun) * 1000,
                call=call,
                failure=failure.kind if failure else None,
                secrets=self._secrets,
            )
            if kept:
                self.world.journal.add(record, generation)
            if self._log is not None:
                self._log(record)
        if platform_response is None:
            return response(environ, start_response)
        start_response(_STATUS_LINES[status], headers)
        # An empty body is the same whether it is cut short or not.
        return break_off(sent) if failure is not None and failure.breaks_off else [body]

    def _execute(
        self, call: calls.Call, environ: "WSGIEnvironment", length: int
    ) -> tuple[calls.Response, Failure | None]:
        """Execute a call whose body is `length` bytes long, with a failure if there is one."""
        on_disconnect = environ.get(ON_DISCONNECT)
        if length <= _PROMPT_BODY:
            return self.world.failures.execute(call, on_disconnect)
        self._lengthy.add(call)
        try:
            return self.world.failures.execute(call, on_disconnect)
        finally:
            self._lengthy.discard(call)

    def _route(self, environ: "WSGIEnvironment") -> Response:
        if _is_api(environ) and environ["PATH_INFO"] not in (PREFIX, _CA_PATH):
            try:
                self._guard.check(environ)
            except HTTPException as error:
                return refusal(error)
            return self._api.respond(environ, environ.get(ON_DISCONNECT))
        # The rules name no host, so any Host header will do.
        adapter = self._routes.bind("", path_info=get_path_info(environ))
        handler, given = adapter.match(method=environ["REQUEST_METHOD"])
        # Neither tells what is secret, and both are for clients that are still being set up.
        if handler not in (_health, self._ca):
            self._guard.check(environ)
        response: Response = handler(environ, **given)
        return response

    def _http_page(self, environ: "WSGIEnvironment", place: str) -> Response:
        """The HTTP API's page, which lists its operations; 404 below it."""
        if place:
            return _text(_slashes(environ["PATH_INFO"]) or self._http.missing(place), 404)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise _not_allowed()
        page = self._http.page(self._public_url or _base_url(environ))
        return Response(page, content_type="text/html; charset=utf-8")

    def _ca(self, environ: "WSGIEnvironment") -> Response:
        if self.ca is None:
            return _text("There is no CA here: one is made by serve --tls, and Tls in Python.", 404)
        return Response(self.ca, content_type="application/x-pem-file")

    def _guide(self, environ: "WSGIEnvironment") -> Response:
        address = self._public_url or _base_url(environ)
        return _text(guide(self._gateway.accounts(), address, SOAP_PATH, HTTP_PATH), 200)


def _is_api(environ: "WSGIEnvironment") -> bool:
    path: str = environ["PATH_INFO"]
    return path.startswith(PREFIX)


def _base_url(environ: "WSGIEnvironment") -> str:
    """Scheme, host and port as the client wrote them; our own if it did not."""
    own = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{get_host(environ) or own}"


def _not_allowed() -> MethodNotAllowed:
    """What IIS says of a method that the platform does not take (W10)."""
    response = Response(_NOT_ALLOWED, 405, {"Allow": _ALLOWED}, content_type="text/html")
    return MethodNotAllowed(response=response)


def _slashes(path: str) -> str | None:
    """A sentence for a path that has two slashes in a row; no comma, as H1 has it (W12)."""
    if "//" not in path:
        return None
    return (
        "-404 There are two slashes in a row in this path: as a rule the base URL ends in one and "
        "what follows begins with one. Leave one of them out."
    )


def _refusal(error: HTTPException, path: str) -> Response:
    if isinstance(error, NotFound):
        nothing = (
            f"There is nothing here: SOAP is at {SOAP_PATH} and the HTTP API under {HTTP_PATH}"
        )
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


def _text(text: str, status: int) -> Response:
    return Response(text + "\n", status, content_type="text/plain; charset=utf-8")
