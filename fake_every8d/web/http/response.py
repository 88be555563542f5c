"""Responses: a WSGI application's, as the bytes of HTTP/1.1."""

import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from fake_every8d.web.http.request import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_CLOSE = "Connection: close\r\n"
_KEEP_ALIVE = "Connection: keep-alive\r\n"  # without it, HTTP/1.0 closes

_logger = logging.getLogger(__name__)


class Response(NamedTuple):
    """What is sent for a request."""

    data: bytes
    last: bool
    """Whether the connection is closed after it."""


def sentence(status: str, text: str, *fields: str) -> Response:
    """A connection's last response: a status line, and one sentence of plain text."""
    body = f"{text}\n".encode()
    head = (f"{field}\r\n" for field in (*fields, f"Content-Length: {len(body)}"))
    content_type = "Content-Type: text/plain; charset=utf-8\r\n"
    return Response(_head(status, content_type + "".join(head), _CLOSE) + body, last=True)


def respond(app: "WSGIApplication", request: Request) -> Response:
    """Have an application handle a request. Never raises: an exception becomes a 500."""
    try:
        return _respond(app, request)
    except Exception:
        _logger.exception("%s failed", request.target.decode("latin-1"))
        return sentence("500 Internal Server Error", "The fake failed; its log says why.")


def _respond(app: "WSGIApplication", request: Request) -> Response:
    body: list[bytes] = []
    head: list[tuple[str, str]] = []
    status = ""

    # Annotations in quotes, so that they are not evaluated again for each request.
    def start_response(
        now: str, headers: "list[tuple[str, str]]", exc_info: object = None
    ) -> "Callable[[bytes], object]":
        nonlocal status, head
        status, head = now, headers
        return body.append

    chunks = app(request.environ, start_response)
    last = not request.keep_alive
    try:
        body.extend(chunks)
    except ConnectionAbortedError:  # the response is meant to break off here
        last = True
        if not any(body):
            return Response(b"", last)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    if last:
        connection = _CLOSE
    else:
        connection = _KEEP_ALIVE if request.environ["SERVER_PROTOCOL"] == "HTTP/1.0" else ""
    fields = "".join([f"{name}: {value}\r\n" for name, value in head])
    return Response(_head(status, fields, connection) + b"".join(body), last)


def _head(status: str, fields: str, connection: str) -> bytes:
    stamp = _stamp(int(time.time()))
    return f"HTTP/1.1 {status}\r\n{fields}{stamp}{connection}\r\n".encode("latin-1")


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    return f"Server: fake-every8d\r\nDate: {formatdate(second, usegmt=True)}\r\n"
