"""A receiver of status reports: a real HTTP server on a free port that responds as it is told."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qsl

DEADLINE = 10.0
"""Seconds after which a test that waits for something gives up."""


@dataclass(frozen=True)
class Request:
    """A GET or POST as it came in."""

    path: str
    query: str
    """As it was on the wire, still percent-encoded."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def params(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded, in their order."""
        return parse_qsl(self.query, keep_blank_values=True)

    def __getitem__(self, name: str) -> str:
        return dict(self.params)[name]


class Exchange(BaseHTTPRequestHandler):
    """One connection, whose requests go to the receiver that it came in at."""

    protocol_version = "HTTP/1.1"
    receiver: ClassVar["Receiver"]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(path, query, self.command, dict(self.headers), body)
        self.receiver._received(request, self)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


Response = Callable[[Exchange], None]
"""A receiver's way to respond to a request."""


def status(code: int, **headers: str) -> Response:
    """Respond with that HTTP status, those headers and no body."""

    def respond(exchange: Exchange) -> None:
        exchange.send_response(code)
        for name, value in headers.items():
            exchange.send_header(name, value)
        if code != 204:
            exchange.send_header("Content-Length", "0")
        exchange.end_headers()

    return respond


OK = status(200)


def close_without_response(exchange: Exchange) -> None:
    """Close the connection before a single byte."""
    exchange.close_connection = True


def break_off(exchange: Exchange) -> None:
    """Say 200 and announce 100 bytes, send 5, and close."""
    exchange.close_connection = True
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")


class Drip:
    """Say 200 at once, and then a byte of the body now and then, until nobody listens."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        exchange.close_connection = True
        exchange.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not self._stopped.wait(0.02):
            exchange.wfile.write(b"x")

    def release(self) -> None:
        self._stopped.set()


class Hang:
    """Take the request, and respond with 200 only when released."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        """Set when a request hangs."""
        self._released = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        self.reached.set()
        self._released.wait()
        OK(exchange)

    def release(self) -> None:
        self._released.set()

    def wait_until_reached(self) -> None:
        assert self.reached.wait(DEADLINE), "no request came"


def in_turn(*responses: Response) -> Callable[[Request], Response]:
    """One response for each request, and 200 when they have run out."""
    left = iter(responses)
    return lambda request: next(left, OK)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up on a hanging receiver."""


class Receiver:
    """Takes status reports at `url`, keeps them in `requests`, and responds with 200.

    `respond` decides otherwise: it is called with the request, and returns how to
    respond. It runs before the response, on a thread of the receiver, so it can look at the
    fake's clock or call the fake back.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.respond: Callable[[Request], Response] = lambda request: OK
        self._arrived = threading.Condition()
        self._hanging: list[Hang | Drip] = []
        handler = type("ReceiverExchange", (Exchange,), {"receiver": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/report"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for hanging in self._hanging:
            hanging.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hang(self) -> Hang:
        """A response that waits until it is released, by the receiver's end at the latest."""
        hang = Hang()
        self._hanging.append(hang)
        return hang

    def drip(self) -> Drip:
        """A response that comes drop by drop, until the receiver's end at the latest."""
        drip = Drip()
        self._hanging.append(drip)
        return drip

    def wait_for(self, count: int) -> list[Request]:
        """The requests, as soon as there are so many."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.requests) >= count, DEADLINE)
            assert arrived, f"{len(self.requests)} requests came, not {count}"
            return list(self.requests)

    def _received(self, request: Request, exchange: Exchange) -> None:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        self.respond(request)(exchange)


@contextmanager
def refused_url() -> Iterator[str]:
    """A URL at a port that is taken, so that nobody else gets it, but refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/report"
