"""Servers that stand for the platform: a fake whose answers are changed on the way, and others."""

import http.client
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from email.message import Message
from types import TracebackType
from typing import IO, Any, Self

from fake_every8d import FakeEvery8d

TOO_LATE = 30  # seconds


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    target: str
    headers: Message
    head: bytes
    body: bytes


@dataclass(frozen=True)
class Response:
    """An answer that is to be given."""

    status: int
    content_type: str
    body: bytes
    headers: str = ""

    def encoded(self) -> bytes:
        head = (
            f"HTTP/1.1 {self.status} Whatever\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n{self.headers}Connection: close\r\n\r\n"
        )
        return head.encode() + self.body


class Server:
    """Calls a function for each request, with what writes the answer."""

    def __init__(self, answer: Callable[[Received, IO[bytes]], Any]) -> None:
        self.received: list[Received] = []
        self.released = threading.Event()
        """Set when it stops: whoever hangs waits for this."""
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                first = self.rfile.readline(65536)
                head = first
                if not first.endswith(b" HTTP/1.1\r\n"):  # such as TLS
                    self.wfile.write(b"what is that?\n")
                    return
                while head[-4:] != b"\r\n\r\n":
                    line = self.rfile.readline(65536)
                    if not line:  # whoever asked has gone
                        return
                    head += line
                method, target, _ = first.decode("latin-1").split(" ")
                lines = head.partition(b"\r\n")[2]
                headers = http.client.parse_headers(_Lines(lines))
                body = self.rfile.read(int(headers["Content-Length"] or 0))
                request = Received(method, target, headers, head, body)
                server.received.append(request)
                with suppress(OSError):  # whoever asked has gone
                    answer(request, self.wfile)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Lines:
    def __init__(self, data: bytes) -> None:
        self._lines = iter(data.splitlines(keepends=True))

    def readline(self, _: int) -> bytes:
        return next(self._lines, b"")


def relayed(fake: FakeEvery8d, request: Received) -> Response:
    """The answer of a fake to a request."""
    host, _, port = fake.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=TOO_LATE)
    connection.connect()
    connection.sock.sendall(request.head + request.body)
    response = http.client.HTTPResponse(connection.sock, method=request.method)
    response.begin()
    answer = Response(response.status, response.headers["Content-Type"] or "", response.read())
    connection.close()
    return answer


def in_front_of(fake: FakeEvery8d, change: Callable[[Received, Response], Response]) -> Server:
    """A server that answers as the fake does, but for a change."""

    def answer(request: Received, out: IO[bytes]) -> None:
        response = change(request, relayed(fake, request))
        body = b"" if request.method == "HEAD" else response.body
        out.write(with_body(response, body).encoded())

    return Server(answer)


def always(response: Response) -> Server:
    """A server that answers the same to everything."""
    return Server(lambda _, out: out.write(response.encoded()))


def with_body(response: Response, body: bytes) -> Response:
    return replace(response, body=body)
