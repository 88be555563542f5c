"""Reading requests from the bytes of a connection."""

import re
from collections import deque
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from fake_every8d.web.app import MAX_BODY, SOAP_PATH
from fake_every8d.web.http.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


_REQUEST_LINE = re.compile(rb"[\r\n]*[^\n]*")
_NO_ASCII = re.compile(rb"[\x80-\xff]")


class Refusal(Exception):
    """What came is no request that an application could be given; nothing is read after it."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Request:
    """A request that is being read; once `handed_over`, one to be handled."""

    __slots__ = (
        "body", "environ", "expects_continue", "handed_over", "head_bytes", "headers",
        "in_head", "in_line", "keep_alive", "target",
    )  # fmt: skip

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self.environ = environ
        self.target = b""
        self.body = bytearray()
        self.in_head = True
        self.in_line = True  # the request line
        self.head_bytes = 0  # not counting the chunk in which the request began
        self.headers = 0
        self.expects_continue = False
        self.keep_alive = False
        self.handed_over = False


class RequestReader:
    """Reads one connection's requests; each one's environment begins as a copy of `environ`."""

    def __init__(self, environ: "WSGIEnvironment", limits: Limits) -> None:
        self._environ = environ
        self._limits = limits
        self._parser = HttpRequestParser(self)
        self.request: Request | None = None
        """The request that is being read."""
        self.complete: deque[Request] = deque()
        """The requests to be handled, in order."""

    def close(self) -> None:
        """Read no more."""
        del self._parser  # a reference cycle, which only the garbage collector would free

    def feed(self, data: bytes) -> None:
        """Read on. Raises `Refusal`; requests that were complete before it can be handled."""
        before, at = self.request, 0
        try:
            while at < len(data):
                end = self._end_of_part(data, at)
                self._read(data[at:end])
                at = end
        except HttpParserError as error:
            if isinstance(error.__context__, Refusal):
                raise error.__context__ from None
            raise _malformed(str(error)) from None
        request = self.request
        if request is not None and request is before and request.in_head:
            request.head_bytes += len(data)
            if request.head_bytes > self._limits.head_bytes:
                raise Refusal(
                    "431 Request Header Fields Too Large",
                    f"A request line and headers may have {self._limits.head_bytes} bytes: "
                    "what is longer goes into the body.",
                )

    def _end_of_part(self, data: bytes, start: int) -> int:
        """Where a part of the data ends that is of one request only: a head, a line, a body."""
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
        """Read a head, a line or less of one, or of a body."""
        if (self.request is None or self.request.in_line) and not part.isascii():
            part = _with_ascii_target(part)
        ends_line = part.endswith(b"\n")
        while part:
            try:
                self._parser.feed_data(part)
                break
            except HttpParserUpgrade as upgrade:
                if self._parser.get_method() == b"CONNECT":
                    raise Refusal(
                        "501 Not Implemented", "This is no proxy: call a URL of its own."
                    ) from None
                (read,) = upgrade.args
                part = self._without_upgrade() + part[read:]
        if self.request is not None and ends_line:
            self.request.in_line = False

    def end(self) -> None:
        """The client has closed its side. Raises `Refusal` in the middle of a request."""
        if self.request is not None:
            raise _malformed("it breaks off")

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
            raise Refusal(
                "431 Request Header Fields Too Large",
                f"A request may have {self._limits.headers} header lines.",
            )
        if key := _key(name):
            text = value.decode("latin-1")
            before = request.environ.get(key)
            request.environ[key] = text if before is None else f"{before},{text}"

    def on_headers_complete(self) -> None:
        request, parser = self.request, self._parser
        assert request is not None
        request.in_head = False
        if parser.should_upgrade():
            return
        path, _, query = request.target.partition(b"?")
        if not path.startswith(b"/"):  # a whole URL, as clients send it to a proxy
            path = urlsplit(path).path or b"/"
        if b"%" in path:
            path = unquote_to_bytes(path)
        environ = request.environ
        environ["REQUEST_METHOD"] = parser.get_method().decode()
        environ["PATH_INFO"] = path.decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")
        environ["SERVER_PROTOCOL"] = f"HTTP/{parser.get_http_version()}"
        if int(environ.get("CONTENT_LENGTH", 0)) > MAX_BODY:
            self._hand_over(request)
        elif environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            request.expects_continue = environ["SERVER_PROTOCOL"] == "HTTP/1.1"

    def on_body(self, data: bytes) -> None:
        request = self.request
        assert request is not None
        if not request.handed_over:
            request.body += data
            if len(request.body) > MAX_BODY:
                self._hand_over(request)

    def on_message_complete(self) -> None:
        request, parser = self.request, self._parser
        assert request is not None
        if parser.should_upgrade():
            return
        if not request.handed_over:
            request.keep_alive = parser.should_keep_alive()
            self._hand_over(request)
        self.request = None

    def _hand_over(self, request: Request) -> None:
        """Queue a request to be handled: it is complete, or too long to be read to its end."""
        request.environ["wsgi.input"] = BytesIO(request.body)
        request.body = bytearray()
        request.expects_continue = False
        request.handed_over = True
        self.complete.append(request)

    def _without_upgrade(self) -> bytes:
        """The request's head once more, without its offer to upgrade to another protocol.

        Java's own client offers HTTP/2 with its first request, and sends the body after it.
        The parser would take that body for the other protocol. A server may ignore the offer,
        and this one does.
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
    """The part, what is not ASCII in its first line percent-encoded.

    Old clients put their text into a URL as it is; the parser refuses that.
    """
    line = _REQUEST_LINE.match(part)
    assert line is not None
    encoded = _NO_ASCII.sub(lambda byte: b"%%%02X" % ord(byte[0]), line[0])
    return encoded + part[line.end() :]


def _malformed(reason: str) -> Refusal:
    """The refusal of what is not HTTP/1.1."""
    return Refusal(
        "400 Bad Request",
        f"This is no request of HTTP/1.1 ({reason}): one is a line such as "
        f"POST {SOAP_PATH} HTTP/1.1, headers, an empty line, and the body that they announce.",
    )


@lru_cache(maxsize=256)
def _key(name: bytes) -> str:
    """WSGI's name for a header; empty if `_` for `-` would make it pass for another header."""
    if b"_" in name:
        return ""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
