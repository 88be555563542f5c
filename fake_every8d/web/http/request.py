"""Reading requests from the bytes of a connection."""

import re
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from fake_every8d.calls import SOAP_PATH
from fake_every8d.control.journal import HEAD_BYTES
from fake_every8d.web.body import CUT_AT, MORE_CAME
from fake_every8d.web.http.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


_REQUEST_LINE = re.compile(rb"[\r\n]*[^\n]*")
_METHOD = re.compile(rb"[A-Za-z]{1,20}")
_NO_ASCII = re.compile(rb"[\x80-\xff]")
_PERCENT = ord("%")  # `b"%" in data` would try b"%" as a number first, which takes longer


class Refusal(Exception):
    """The input is not a usable request; reading stops."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers
        self.environ: WSGIEnvironment | None = None
        """The request's environment, as far as it is known; None for anything but a request."""


class Request:
    """A request being read; once `handed_over`, it is to be handled."""

    __slots__ = (
        "body", "environ", "expects_continue", "handed_over", "headers", "in_head", "in_line",
        "keep_alive", "longest_body", "seen_at", "target",
    )  # fmt: skip

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self.environ = environ
        self.target = b""
        self.body = bytearray()
        self.longest_body = 0
        self.in_head = True
        self.in_line = True  # the request line
        self.headers = 0
        self.expects_continue = False
        self.keep_alive = False
        self.handed_over = False
        self.seen_at: float | None = None
        """The time at which a check of the limits first found it, in the loop's time."""


class RequestReader:
    """A reader of one connection's requests; their environments begin as a copy of `environ`.

    `longest_body` returns the limit on a request's body, in bytes. A longer body is cut, and the
    application refuses the request.
    """

    def __init__(
        self,
        environ: "WSGIEnvironment",
        limits: Limits,
        longest_body: "Callable[[WSGIEnvironment], int]",
    ) -> None:
        self._environ = environ
        self._limits = limits
        self._longest_body = longest_body
        self._parser = HttpRequestParser(self)
        self._sent = b""
        """The received part of a request, at least of its first line."""
        self._head_bytes = 0  # of the request, so far
        self.request: Request | None = None
        """The request being read."""
        self.complete: deque[Request | Refusal] = deque()
        """The requests to handle, in order, and perhaps a refusal to send after them."""
        self.refused = False
        """True if there is a refusal, after which nothing is read."""

    def close(self) -> None:
        """Read no more."""
        del self._parser  # a reference cycle that only the garbage collector would free

    def feed(self, data: bytes) -> None:
        """Read more bytes."""
        at = 0
        try:
            while at < len(data):
                end = self._end_of_part(data, at)
                self._read(data[at:end])
                at = end
            self._check_head()
        except Refusal as refusal:
            self.refuse(refusal)
        except HttpParserError as error:
            raised = error.__context__  # by a method that the parser has called
            self.refuse(raised if isinstance(raised, Refusal) else _malformed(str(error)))

    def end(self) -> None:
        """End reading, as the client has closed its side, perhaps within a request."""
        if self.request is not None:
            self.refuse(_malformed("it is incomplete"))

    def refuse(self, refusal: Refusal) -> None:
        """Read no further, and send this after the responses before it."""
        self.refused = True
        refusal.environ = self._known()
        last = self.complete[-1] if self.complete else None
        if isinstance(last, Request) and refusal.environ is None:
            last.environ[MORE_CAME] = True
        self.complete.append(refusal.with_traceback(None))

    def _check_head(self) -> None:
        """Raise `Refusal` if the head is too long already."""
        request = self.request
        if request is None or not request.in_head or self._head_bytes <= self._limits.head_bytes:
            return
        raise Refusal(
            431,
            f"Request line and headers are limited to {self._limits.head_bytes} bytes: send longer "
            "data in the body.",
        )

    def _known(self) -> "WSGIEnvironment | None":
        """The environment of the request being read, by its first line."""
        method, _, target = self._sent.lstrip().partition(b"\n")[0].partition(b" ")
        is_connect = method == b"CONNECT"  # its target is a host and a port
        if not _METHOD.fullmatch(method) or not (
            is_connect or target.lstrip().startswith((b"/", b"http"))
        ):
            return None
        target, blank, version = target.strip().rpartition(b" ")
        if not version.startswith(b"HTTP/"):  # it has not come yet, or was never sent
            target += blank + version
        environ = self._environ.copy() if self.request is None else self.request.environ
        environ["REQUEST_METHOD"] = method.decode()
        try:
            path, query = (target.decode("latin-1"), "") if is_connect else _path_and_query(target)
        except ValueError:  # not a URL
            return None
        environ["PATH_INFO"], environ["QUERY_STRING"] = path, query
        environ[HEAD_BYTES] = self._head_bytes
        return environ

    def _end_of_part(self, data: bytes, start: int) -> int:
        """The end of the next part that belongs to one request only: a head, a line, a body."""
        request = self.request
        if request is None:
            blank_line = data.find(b"\r\n\r\n", start)
            if blank_line >= 0:
                return blank_line + 4
        elif request.handed_over:
            return len(data)
        elif not request.in_head and "CONTENT_LENGTH" in request.environ:
            length = int(request.environ["CONTENT_LENGTH"])
            return min(start + length - len(request.body), len(data))
        return data.find(b"\n", start) + 1 or len(data)

    def _read(self, part: bytes) -> None:
        """Read a head, a line or a part of one, or a part of a body."""
        request = self.request
        if request is not None and not request.in_head:
            self._parser.feed_data(part)
            return
        if request is None:
            self._sent = b""
            self._head_bytes = 0
        self._head_bytes += len(part)
        if request is None or request.in_line:
            self._sent += part
            if not part.isascii():
                part = _with_ascii_target(part)
        ends_line = part.endswith(b"\n")
        while part:
            try:
                self._parser.feed_data(part)
                break
            except HttpParserUpgrade as upgrade:
                if self._parser.get_method() == b"CONNECT":
                    raise Refusal(
                        501, "CONNECT is not supported; only http:// targets can be proxied."
                    ) from None
                (read,) = upgrade.args
                part = self._without_upgrade() + part[read:]
        if self.request is not None and ends_line:
            self.request.in_line = False

    # Called by the parser

    def on_message_begin(self) -> None:
        self.request = Request(self._environ.copy())

    def on_url(self, url: bytes) -> None:
        assert self.request is not None
        self.request.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        request = self.request
        assert request is not None
        if not request.in_head:  # a trailer, which nothing here needs
            return
        request.headers += 1
        if request.headers > self._limits.headers:
            raise Refusal(431, f"A request may have {self._limits.headers} header lines.")
        if key := _key(name):
            environ, text = request.environ, value.decode("latin-1")
            environ[key] = f"{environ[key]},{text}" if key in environ else text

    def on_headers_complete(self) -> None:
        request, parser = self.request, self._parser
        assert request is not None
        request.in_head = False
        if parser.should_upgrade():
            return
        environ = request.environ
        environ["REQUEST_METHOD"] = parser.get_method().decode()
        environ["PATH_INFO"], environ["QUERY_STRING"] = _path_and_query(request.target)
        environ["SERVER_PROTOCOL"] = f"HTTP/{parser.get_http_version()}"
        environ[HEAD_BYTES] = self._head_bytes
        request.longest_body = self._longest_body(environ)
        if int(environ.get("CONTENT_LENGTH", 0)) > request.longest_body:
            self._cut(request)
        elif "HTTP_EXPECT" in environ and environ["HTTP_EXPECT"].lower() == "100-continue":
            request.expects_continue = environ["SERVER_PROTOCOL"] == "HTTP/1.1"

    def on_body(self, data: bytes) -> None:
        request = self.request
        assert request is not None
        if not request.handed_over:
            request.body += data
            if len(request.body) > request.longest_body:
                self._cut(request)

    def on_message_complete(self) -> None:
        request, parser = self.request, self._parser
        assert request is not None
        if parser.should_upgrade():
            return
        if not request.handed_over:
            request.keep_alive = parser.should_keep_alive()
            self._hand_over(request)
        self.request = None
        self._sent = b""

    def _cut(self, request: Request) -> None:
        """Hand over a request whose body is too long, before its end, to be refused."""
        request.environ[CUT_AT] = request.longest_body
        request.body = bytearray()
        self._hand_over(request)

    def _hand_over(self, request: Request) -> None:
        """Queue a request to be handled."""
        request.environ["wsgi.input"] = BytesIO(request.body)
        request.body = bytearray()
        request.expects_continue = False
        request.handed_over = True
        self.complete.append(request)

    def _without_upgrade(self) -> bytes:
        """The request's head again, without its offer to upgrade to another protocol.

        Java's own client offers HTTP/2 with its first request, and sends the body after it. The
        parser would treat that body as the other protocol. A server may ignore the offer, and
        this one does.
        """
        request = self.request
        assert request is not None
        method, version = self._parser.get_method(), self._parser.get_http_version()
        self._parser = HttpRequestParser(self)
        fields = [
            f"{key.removeprefix('HTTP_').replace('_', '-')}: {value}\r\n"
            for key, value in request.environ.items()
            if key.startswith(("HTTP_", "CONTENT_")) and key != "HTTP_UPGRADE"
        ]
        head = f"HTTP/{version}\r\n{''.join(fields)}\r\n".encode("latin-1")
        return b" ".join((method, request.target, head))


def _with_ascii_target(part: bytes) -> bytes:
    """The part with its first line in ASCII: other characters percent-encoded.

    Old clients put unencoded text into a URL, which the parser refuses.
    """
    line = _REQUEST_LINE.match(part)
    assert line is not None
    encoded = _NO_ASCII.sub(lambda byte: b"%%%02X" % ord(byte[0]), line[0])
    return encoded + part[line.end() :]


def _path_and_query(target: bytes) -> tuple[str, str]:
    """A target's path, percent-decoded, and its query, in WSGI's form: bytes as Latin-1."""
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/"):  # a whole URL, as clients send it to a proxy
        path = urlsplit(path).path or b"/"
    if _PERCENT in path:
        path = unquote_to_bytes(path)
    return path.decode("latin-1"), query.decode("latin-1")


def _malformed(reason: str) -> Refusal:
    """The refusal of input that is not HTTP/1.1."""
    return Refusal(
        400,
        f"Not a valid HTTP/1.1 request ({reason}). Expected a request line such as "
        f"POST {SOAP_PATH} HTTP/1.1, headers, an empty line, and the body.",
    )


@lru_cache(maxsize=256)
def _key(name: bytes) -> str:
    """WSGI's name for a header; empty if its `_` would make it look like another header."""
    if b"_" in name:
        return ""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
