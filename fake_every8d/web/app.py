"""The WSGI application: who answers which request (clauses W1, W2, W6)."""

import logging
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response
from werkzeug.wsgi import (
    ClosingIterator,
    get_content_length,
    get_host,
    get_input_stream,
    get_path_info,
)

from fake_every8d.gateway import Gateway
from fake_every8d.soap import SoapAnswer, SoapEndpoint
from fake_every8d.web import documentation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SOAP_PATH = "/API21/SOAP/SMS.asmx"
"""Where EVERY8D's service lives; found in any case, as IIS finds it (W1)."""

MAX_BODY = 10 * 1024 * 1024
"""The longest request body that is read, in bytes."""

_SOAP_PATH_LOWER = SOAP_PATH.lower()

# So much of a body that nobody wants is read all the same: a client that is still
# sending when its connection is closed reports a reset, and not the answer.
_DRAINED = 256 * 1024 * 1024

_OWNERS_KEPT = 100_000

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request and what came of it, for a log. Holds no password and no session key."""

    at: datetime
    """When it was answered, in the machine's own time zone."""
    method: str
    path: str
    status: int
    """Of the HTTP response."""
    milliseconds: float
    operation: str | None = None
    """The SOAP operation, if it was one."""
    account: str | None = None
    """The user ID, if it is known."""
    result: str | None = None
    """In short, what the operation answered."""
    advice: tuple[str, ...] = ()
    """What the caller may not expect, a sentence each."""


class Application:
    """EVERY8D over HTTP: a WSGI application around a gateway.

    `public_url` is where callers reach it, if that is not where they say they do; the
    WSDL gives it as the address. `log`, if given, is called after every request.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        public_url: str | None = None,
        log: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        self._soap = SoapEndpoint(gateway)
        self._public_url = public_url and public_url.rstrip("/")
        self._log = log
        self._owners: dict[str, str] = {}  # who has opened which session, for the log
        self._routes = Map(
            [
                Rule("/", endpoint=lambda: redirect(SOAP_PATH), methods=["GET"]),
                Rule("/healthz", endpoint=_health, methods=["GET"]),
            ],
            merge_slashes=False,
        )

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request: the WSGI interface. Never raises."""
        begun = time.perf_counter()
        answer: SoapAnswer | None = None
        try:
            if environ["PATH_INFO"].lower() != _SOAP_PATH_LOWER:
                response = self._route(environ)
            elif environ["REQUEST_METHOD"] == "POST":
                answer = self._soap.handle(
                    _read_body(environ),
                    environ.get("CONTENT_TYPE"),
                    environ.get("HTTP_SOAPACTION"),
                )
            else:
                response = self._describe(environ)
        except HTTPException as error:
            response = _refusal(error)
        except Exception:
            _logger.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            response = _text("The fake failed; its log says why.", 500)
        body: Iterable[bytes]
        if answer is not None:
            status = answer.status
            start_response(
                _STATUS_LINES[status],
                [
                    ("Content-Type", answer.content_type),
                    ("Content-Length", str(len(answer.body))),
                ],
            )
            body = [answer.body]
        else:
            status = response.status_code
            body = ClosingIterator(response(environ, start_response), lambda: _drain(environ))
        if self._log is not None:
            self._log(
                RequestRecord(
                    at=datetime.now().astimezone(),
                    method=environ["REQUEST_METHOD"],
                    path=_short(get_path_info(environ)) or "",
                    status=status,
                    milliseconds=(time.perf_counter() - begun) * 1000,
                    operation=answer.operation if answer else None,
                    account=_short(self._account(answer)) if answer else None,
                    result=_short(answer.result) if answer else None,
                    advice=answer.advice if answer else (),
                )
            )
        return body

    def _account(self, answer: SoapAnswer) -> str | None:
        """Whose call it was, as far as is known."""
        key = answer.session_key
        if answer.user_id is None:
            return self._owners.get(key) if key else None
        if key:
            if len(self._owners) >= _OWNERS_KEPT:
                self._owners.clear()
            self._owners[key] = answer.user_id
        return answer.user_id

    def _route(self, environ: "WSGIEnvironment") -> Response:
        # Rules name no host, so that any Host header does.
        adapter = self._routes.bind("", path_info=get_path_info(environ))
        handler, _ = adapter.match(method=environ["REQUEST_METHOD"])
        response: Response = handler()
        return response

    def _describe(self, environ: "WSGIEnvironment") -> Response:
        """The endpoint, looked at: its pages and its WSDL."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET", "HEAD", "POST"])
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        asked = {key.lower(): value for key, value in query}
        base = self._public_url or _base_url(environ)
        endpoint = base + SOAP_PATH
        if "wsdl" in asked:
            return Response(self._soap.wsdl(endpoint), content_type="text/xml; charset=utf-8")
        operations = self._soap.operations
        name = asked.get("op")
        if name is None:
            return _html(documentation.overview(operations, endpoint))
        if name not in operations:
            return _html(documentation.overview(operations, endpoint), 404)
        _, _, address = endpoint.partition("://")
        host, slash, path = address.partition("/")
        return _html(documentation.operation(name, operations[name], host, slash + path))


def _read_body(environ: "WSGIEnvironment") -> bytes:
    """The request's body. Raises `RequestEntityTooLarge` as soon as it is too long."""
    expected = get_content_length(environ)
    if expected is not None and expected > MAX_BODY:
        raise RequestEntityTooLarge
    # The stream ends at its limit without a word, so that one byte more tells.
    body = get_input_stream(environ, max_content_length=MAX_BODY + 1).read()
    if len(body) > MAX_BODY:
        raise RequestEntityTooLarge
    if expected is not None and len(body) < expected:
        raise ClientDisconnected
    return body


def _drain(environ: "WSGIEnvironment") -> None:
    """Read what is left of the body, unless the server does that by itself."""
    # A caller that expects "100 Continue" has the refusal and sends nothing more.
    if environ.get("wsgi.input_terminated") and "HTTP_EXPECT" not in environ:
        left = _DRAINED
        with suppress(OSError):
            while left > 0 and (chunk := environ["wsgi.input"].read(65_536)):
                left -= len(chunk)


def _base_url(environ: "WSGIEnvironment") -> str:
    """Scheme, host and port as the caller wrote them; our own if it did not."""
    own = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{get_host(environ) or own}"


def _refusal(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return _text(f"There is nothing here. The SOAP service is at {SOAP_PATH}.", 404)
    if isinstance(error, RequestEntityTooLarge):
        return _text(f"The request is too long: {MAX_BODY} bytes are read.", 413)
    return Response.force_type(error.get_response())


def _health() -> Response:
    return Response('{"status":"ok"}', content_type="application/json")


def _html(page: str, status: int = 200) -> Response:
    return Response(page, status, content_type="text/html; charset=utf-8")


def _text(line: str, status: int) -> Response:
    return Response(line + "\n", status, content_type="text/plain; charset=utf-8")


def _short(text: str | None) -> str | None:
    """What a caller sent, fit for a line of a log."""
    return text and _UNPRINTABLE.sub(" ", text[:200])
