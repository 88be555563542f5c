"""The last requests, as received and answered, with advice."""

import itertools
import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from werkzeug.datastructures import EnvironHeaders
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_path_info

from fake_every8d.calls import Call
from fake_every8d.gateway.clock import to_datetime

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_ENTRIES = 1_000
MAX_BYTES = 32 * 1024 * 1024

_MASK = r"\1********"
_FLAGS = re.DOTALL | re.IGNORECASE
_ELEMENT = (  # up to its end tag, or to the end of what came
    r"(<(?:[^\s<>/:]+:)?password(?:\s[^<>]*)?(?<!/)>)"
    r"(?:[^<]++|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(?!/(?:[^\s<>/:]+:)?password\s*>))*+"
)
_ELEMENT_TEXT = re.compile(_ELEMENT, _FLAGS)
_ELEMENT_BYTES = re.compile(_ELEMENT.encode(), _FLAGS)
_FIELD = r"((?:^|[?&\s])password=)[^&\s]*"
_FIELD_TEXT = re.compile(_FIELD, _FLAGS)
_FIELD_BYTES = re.compile(_FIELD.encode(), _FLAGS)
_ENTRY_BYTES = 4_096  # about what one takes besides what came in and went out

_SPELT = {"Soapaction": "SOAPAction"}
_SECRET = ("Authorization", "Proxy-Authorization", "Cookie")


class RecordedRequest:
    """A request that reached the fake, and what it was answered.

    Passwords are masked. Headers have the names that HTTP gives them (`Content-Type`).
    """

    # One is made at each request, so that what takes time is worked out when somebody looks.
    __slots__ = (
        "_advice", "_body", "_environ", "_fault", "_id", "_micros", "_milliseconds", "_operation",
        "_response_body", "_response_headers", "_result", "_status", "_user_id",
    )  # fmt: skip

    def __init__(
        self,
        environ: "WSGIEnvironment",
        body: bytes,
        status: int,
        response_headers: list[tuple[str, str]],
        response_body: bytes,
        *,
        micros: int,
        milliseconds: float,
        call: Call | None = None,
        fault: str | None = None,
    ) -> None:
        self._id = 0
        self._environ = environ
        self._body = body
        self._status = status
        self._response_headers = response_headers
        self._response_body = response_body
        self._micros = micros
        self._milliseconds = milliseconds
        self._fault = fault
        # Not the call itself, which holds all that came with it.
        self._operation = call.operation if call else None
        self._user_id = call.user_id if call else None
        self._result = call.result if call else None
        self._advice = tuple(call.advice) if call else ()

    def __repr__(self) -> str:
        return f"<{self.operation or f'{self.method} {self.path}'}: {self.result or self.status}>"

    @property
    def id(self) -> int:
        """Its place among those that the journal was given, from 1."""
        return self._id

    @property
    def at(self) -> datetime:
        """When it was answered, in the fake's time."""
        return to_datetime(self._micros)

    @property
    def micros(self) -> int:
        """The same, in microseconds since 1970, as the gateway counts them."""
        return self._micros

    @property
    def method(self) -> str:
        return str(self._environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        return get_path_info(self._environ)

    @property
    def query(self) -> str:
        """What followed the question mark in the URL."""
        return masked_query(self._environ.get("QUERY_STRING", ""))

    @property
    def headers(self) -> Mapping[str, str]:
        return {
            _SPELT.get(name, name): "********" if name in _SECRET else value
            for name, value in EnvironHeaders(self._environ)
        }

    @property
    def body(self) -> bytes:
        return masked(self._body)

    @property
    def status(self) -> int:
        """Of the HTTP response."""
        return self._status

    @property
    def response_headers(self) -> Mapping[str, str]:
        return dict(self._response_headers)

    @property
    def response_body(self) -> bytes:
        return self._response_body

    @property
    def operation(self) -> str | None:
        """The operation, if it came to that."""
        return self._operation

    @property
    def user_id(self) -> str | None:
        """Whose account it was about, if that is known."""
        return self._user_id

    @property
    def result(self) -> str | None:
        """In short, what the operation answered."""
        return self._result

    @property
    def milliseconds(self) -> float:
        """How long the answer took, in real time."""
        return self._milliseconds

    @property
    def advice(self) -> tuple[str, ...]:
        """What production would do here that people do not expect, a sentence each."""
        return self._advice

    @property
    def fault(self) -> str | None:
        """The kind of the failure on demand that befell it."""
        return self._fault

    @property
    def text(self) -> str:
        """The request's body as text."""
        return _decoded(self.body, self.headers)

    @property
    def response_text(self) -> str:
        """The response's body as text."""
        return _decoded(self.response_body, self.response_headers)


class Journal:
    """The last requests, bounded in number and in bytes. Safe from any thread."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._entries: deque[tuple[RecordedRequest, int]] = deque()  # and their sizes
        self._bytes = 0
        self.version = 0
        """Grows with every change."""
        self.epoch = object()
        """Another one after each `clear`."""

    def add(self, request: RecordedRequest, epoch: object) -> None:
        """Keep a request, and give it its ID; the oldest go for it.

        `epoch` is that in which the request came in: one that was under way when the
        journal was cleared is not kept (X1).
        """
        with self._lock:
            if epoch is not self.epoch:
                return
            request._id = next(self._ids)
            size = _size(request)
            self._entries.append((request, size))
            self.version += 1
            self._bytes += size
            while len(self._entries) > self._max_entries or (
                self._bytes > self._max_bytes and len(self._entries) > 1
            ):
                self._bytes -= self._entries.popleft()[1]

    def all(self) -> list[RecordedRequest]:
        """Those kept, oldest first."""
        with self._lock:
            return [request for request, _ in self._entries]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.version += 1
            self._bytes = 0
            self.epoch = object()


def masked(body: bytes) -> bytes:
    """A request's body without the password in it, be it XML or a form."""
    encoding = json.detect_encoding(body)  # told from the first bytes, as for XML
    if not encoding.startswith("utf-8"):
        text, found = _ELEMENT_TEXT.subn(_MASK, body.decode(encoding, "replace"))
        return text.encode(encoding) if found else body
    # In every other encoding that the service reads, ASCII stands for itself.
    if b"<" in body:
        return _ELEMENT_BYTES.sub(_MASK.encode(), body)
    return _FIELD_BYTES.sub(_MASK.encode(), body)


def masked_query(query: str) -> str:
    """A URL's query without the password in it."""
    return _FIELD_TEXT.sub(_MASK, query)


def _size(request: RecordedRequest) -> int:
    """About how many bytes it takes in memory."""
    told = sum([len(value) for value in request._environ.values() if value.__class__ is str])
    return told + len(request._body) + len(request._response_body) + _ENTRY_BYTES


def _decoded(body: bytes, headers: Mapping[str, str]) -> str:
    encoding: str = json.detect_encoding(body)
    if encoding == "utf-8":
        _, options = parse_options_header(headers.get("Content-Type"))
        encoding = options.get("charset", encoding)
    try:
        return body.decode(encoding, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")
