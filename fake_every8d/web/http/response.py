"""Encoding responses in HTTP/1.1."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from fake_every8d.web.app import Application
from fake_every8d.web.exchange import Exchange

_CLOSE = "Connection: close\r\n"
_KEEP_ALIVE = "Connection: keep-alive\r\n"  # HTTP/1.0 closes without it

_STATUS_LINES = {status: f"{status} Unknown" for status in range(400, 600)} | {
    status.value: f"{status.value} {status.phrase}" for status in HTTPStatus
}

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class EncodedResponse:
    """The bytes to send for a request."""

    data: bytes
    last: bool
    """True if the connection is closed after the response."""


def sentence(status: int, text: str, headers: Mapping[str, str] | None = None) -> EncodedResponse:
    """A connection's last response: a status, and one sentence of plain text."""
    body = f"{text}\n".encode()
    own = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": len(body)}
    fields = [*(headers or {}).items(), *own.items()]
    return EncodedResponse(_head(status, fields, _CLOSE) + body, last=True)


def respond(app: Application, exchange: Exchange, *, keep_alive: bool) -> EncodedResponse:
    """Let the application respond. Never raises: an exception becomes a 500."""
    try:
        app.respond(exchange)
    except Exception:  # raised by `log`
        _logger.exception("%s failed", exchange.environ["PATH_INFO"])
        return sentence(500, "The fake failed; its log says why.")
    return encoded(exchange, keep_alive=keep_alive)


def encoded(exchange: Exchange, *, keep_alive: bool) -> EncodedResponse:
    """The response of an exchange, encoded."""
    last = not keep_alive
    if exchange.breaks_off:
        last = True
        if not exchange.sent:
            return EncodedResponse(b"", last)
    if last:
        connection = _CLOSE
    else:
        connection = _KEEP_ALIVE if exchange.environ["SERVER_PROTOCOL"] == "HTTP/1.0" else ""
    head = _head(exchange.status, exchange.headers, connection)
    return EncodedResponse(head + exchange.sent, last)


def _head(status: int, headers: Iterable[tuple[str, object]], connection: str) -> bytes:
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
    stamp = _stamp(int(time.time()))
    return f"HTTP/1.1 {_STATUS_LINES[status]}\r\n{fields}{stamp}{connection}\r\n".encode("latin-1")


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    return f"Server: fake-every8d\r\nDate: {formatdate(second, usegmt=True)}\r\n"
