"""HTTP/1.1 on a connection: requests in, the application's answers out, in their order."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from werkzeug.wrappers import Response

from fake_every8d.web.app import MAX_BODY, SOAP_PATH, Application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

MAX_HEAD = 64 * 1024
"""The longest request line with headers that is sure to be read, in bytes."""

_LINGER = 5  # seconds in which a caller closes that was told to, and cannot be made to by TLS

_CLOSE = "Connection: close\r\n"
_KEEP_ALIVE = "Connection: keep-alive\r\n"  # HTTP/1.0 takes its absence for the opposite


class _Answer(NamedTuple):
    data: bytes
    last: bool
    """Whether the connection is closed after it."""


class Connection(asyncio.BufferedProtocol):
    """Reads requests and has a WSGI application answer them.

    What takes no time, as nearly every SOAP call does, is answered on the event loop; what
    may wait, in a thread of its own, so that nobody else has to. `environ` is what every
    request's environment begins with. `others` are the connections that are open; this one
    is among them while it is. `buffer` is for what comes in, and only until that is read:
    all connections of a loop can share it.
    """

    _busy = False  # with a request that is being answered in a thread
    _full = False  # of answers that the caller does not read
    _finishing = False
    _deaf = False  # for the rest of what was refused
    _reading = False  # a request that has begun
    _in_head = True
    _head_size = 0
    _size = 0  # of the body
    _expecting = False  # the caller, a "100 Continue"

    def __init__(
        self,
        app: Application,
        environ: "WSGIEnvironment",
        others: set["Connection"],
        buffer: memoryview,
    ) -> None:
        self._app = app
        self._common = environ
        self._others = others
        self._buffer = buffer
        self._parser = HttpRequestParser(self)
        self._queue: deque[tuple[WSGIEnvironment, str] | _Answer] = deque()
        self._environ = environ  # of the request that is being read
        self._body: list[bytes] = []

    def finish(self) -> bool:
        """Close, after an answer that is under way. Whether there is one still."""
        self._finishing = True
        if not self._busy:
            self._close()
        return self._busy or self._transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close, whatever is under way."""
        self._transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._others.add(self)

    # A buffer: without it, asyncio allocates 256 KiB to read a request of a few hundred bytes.
    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._receive(self._buffer[:nbytes])

    def _receive(self, data: bytes | memoryview) -> None:
        if self._deaf:
            return
        before = self._environ
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            if self._parser.get_method() != b"CONNECT":
                (read,) = upgrade.args
                return self._receive(self._without_upgrade() + bytes(data[read:]))
            self._refuse("501 Not Implemented", "This is no proxy: call a URL of its own.")
        except HttpParserError as error:
            self._refuse_malformed(str(error))
        if self._in_head and self._environ is before:  # the piece it began in does not count
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._refuse(
                    "431 Request Header Fields Too Large",
                    f"A request line and headers may have {MAX_HEAD} bytes: "
                    "what is longer goes into the body.",
                )
        self._answer_next()

    def eof_received(self) -> None:
        if self._reading and not self._deaf:
            self._refuse_malformed("it breaks off")
            self._answer_next()

    def pause_writing(self) -> None:
        self._full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._full = False
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        del self._parser  # which refers to this

    # What the parser calls

    def on_message_begin(self) -> None:
        self._reading = self._in_head = True
        self._head_size = 0
        self._url = b""
        self._environ = self._common.copy()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = _key(name)
        if self._in_head and key:  # trailers tell nothing that matters here
            text = value.decode("latin-1")
            before = self._environ.get(key)
            self._environ[key] = text if before is None else f"{before},{text}"

    def on_headers_complete(self) -> None:
        self._in_head = False
        environ, parser = self._environ, self._parser
        if parser.should_upgrade():
            return
        path, _, query = self._url.partition(b"?")
        if not path.startswith(b"/"):  # as a proxy is asked
            path = urlsplit(path).path or b"/"
        if b"%" in path:
            path = unquote_to_bytes(path)
        environ["REQUEST_METHOD"] = parser.get_method().decode()
        environ["PATH_INFO"] = path.decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")
        environ["SERVER_PROTOCOL"] = f"HTTP/{parser.get_http_version()}"
        if int(environ.get("CONTENT_LENGTH", 0)) > MAX_BODY:
            self._queue.append((environ, _CLOSE))
        elif environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            self._expecting = environ["SERVER_PROTOCOL"] == "HTTP/1.1"

    def on_body(self, data: bytes) -> None:
        if self._size <= MAX_BODY:
            self._body.append(data)
            self._size += len(data)

    def on_message_complete(self) -> None:
        environ, parser = self._environ, self._parser
        self._reading = self._expecting = False
        if not parser.should_upgrade():
            environ["wsgi.input"] = BytesIO(b"".join(self._body))
            # Let go of it: a connection may be kept for long.
            self._environ, self._body, self._size = self._common, [], 0
            kept = _KEEP_ALIVE if environ["SERVER_PROTOCOL"] == "HTTP/1.0" else ""
            self._queue.append((environ, kept if parser.should_keep_alive() else _CLOSE))

    def _without_upgrade(self) -> bytes:
        """The head of the request again, but for the offer to speak something else after it.

        The parser takes what follows such an offer for the other protocol, while Java's own
        client makes it with its first request, whose body does follow. Nothing else is
        spoken here, so that it may as well not have been made.
        """
        method, version = self._parser.get_method(), self._parser.get_http_version()
        self._parser = HttpRequestParser(self)
        fields = [
            f"{key.removeprefix('HTTP_').replace('_', '-')}: {value}\r\n"
            for key, value in self._environ.items()
            if key.startswith(("HTTP_", "CONTENT_")) and key != "HTTP_UPGRADE"
        ]
        head = f"HTTP/{version}\r\n{''.join(fields)}\r\n".encode("latin-1")
        return b" ".join((method, self._url, head))

    # Answering

    @property
    def _free(self) -> bool:
        return not (self._busy or self._full or self._deaf or self._transport.is_closing())

    def _answer_next(self) -> None:
        while self._queue and self._free:
            request = self._queue.popleft()
            if isinstance(request, _Answer):
                self._send(request)
            elif self._app.may_wait(request[0]):
                self._busy = True
                self._transport.pause_reading()
                threading.Thread(
                    target=self._answer_apart,
                    args=(asyncio.get_running_loop(), *request),
                    name="fake-every8d-request",
                    daemon=True,
                ).start()
            else:
                self._send(_answer(self._app, *request))
        if self._expecting and self._free:
            self._expecting = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answer_apart(
        self, loop: asyncio.AbstractEventLoop, environ: "WSGIEnvironment", connection: str
    ) -> None:
        answer = _answer(self._app, environ, connection)
        with suppress(RuntimeError):  # the loop has ended, and the connection with it
            loop.call_soon_threadsafe(self._answered, answer)

    def _answered(self, answer: _Answer) -> None:
        self._busy = False
        self._send(answer)
        self._go_on()

    def _go_on(self) -> None:
        if not (self._busy or self._full):
            self._transport.resume_reading()
            self._answer_next()

    def _refuse_malformed(self, reason: str) -> None:
        self._refuse(
            "400 Bad Request",
            f"This is no request of HTTP/1.1 ({reason}): one is a line such as "
            f"POST {SOAP_PATH} HTTP/1.1, headers, an empty line, and the body that they announce.",
        )

    def _refuse(self, status: str, sentence: str) -> None:
        """Answer, in its turn, what is no request that the application could be given."""
        refusal = Response(f"{sentence}\n", status)
        self._queue.append(_answer(refusal, {"REQUEST_METHOD": "GET"}, _CLOSE))

    def _send(self, answer: _Answer) -> None:
        self._transport.write(answer.data)
        if self._finishing or (answer.last and not self._reading):
            self._close()
        elif answer.last:
            # A caller whose connection is closed while it still sends is told of that, and
            # may not see the answer: it is left to close, and what it sends is passed over.
            self._deaf = True
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                asyncio.get_running_loop().call_later(_LINGER, self._close)

    def _close(self) -> None:
        if not self._transport.is_closing():  # with TLS, to close twice is to lose hold of it
            self._transport.close()


def _answer(app: "WSGIApplication", environ: "WSGIEnvironment", connection: str) -> _Answer:
    """Call the application. An answer of it that breaks off is the connection's last."""
    body: list[bytes] = []
    head: list[tuple[str, str]] = []
    status = ""

    # In quotes, or these types would be made anew for each request.
    def start_response(
        now: str, headers: "list[tuple[str, str]]", exc_info: object = None
    ) -> "Callable[[bytes], object]":
        nonlocal status, head
        status, head = now, headers
        return body.append

    answer = app(environ, start_response)
    last = connection is _CLOSE
    try:
        body.extend(answer)
    except ConnectionAbortedError:
        last = True
        if not any(body):
            return _Answer(b"", last)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    fields = "".join([f"{name}: {value}\r\n" for name, value in head])
    lines = f"HTTP/1.1 {status}\r\n{fields}{_stamp(int(time.time()))}{connection}\r\n"
    return _Answer(lines.encode("latin-1") + b"".join(body), last)


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    return f"Server: fake-every8d\r\nDate: {formatdate(second, usegmt=True)}\r\n"


@lru_cache(maxsize=256)
def _key(name: bytes) -> str:
    """What WSGI calls a header; empty for one that would be mistaken for another."""
    if b"_" in name:
        return ""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
