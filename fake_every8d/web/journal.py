"""The last requests, as received and answered, with advice."""

import itertools
import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from werkzeug.http import parse_options_header

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
_ENTRY_BYTES = 2_048  # about what an entry takes besides what came in and went out


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that reached the fake, and what it was answered.

    Passwords are masked. Headers have the names that HTTP gives them (`Content-Type`).
    """

    id: int
    at: datetime
    """When it was answered, in the fake's time."""
    method: str
    path: str
    query: str
    """What followed the question mark in the URL."""
    headers: Mapping[str, str]
    body: bytes
    status: int
    """Of the HTTP response."""
    response_headers: Mapping[str, str]
    response_body: bytes
    operation: str | None
    """The SOAP operation, if it came to that."""
    user_id: str | None
    """Whose account it was about, if that is known."""
    result: str | None
    """In short, what the operation answered."""
    milliseconds: float
    """How long the answer took, in real time."""
    advice: tuple[str, ...]
    """What production would do here that people do not expect, a sentence each."""
    fault: str | None
    """The kind of the failure on demand that befell it."""

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
        self._entries: deque[RecordedRequest] = deque()
        self._bytes = 0
        self.version = 0
        """Grows with every change."""
        self.epoch = object()
        """Another one after each `clear`."""

    def add(self, record: Callable[[int], RecordedRequest], epoch: object) -> RecordedRequest:
        """Keep the request that `record` makes of an ID; the oldest go for it.

        `epoch` is that in which the request came in: one that was under way when the
        journal was cleared is not kept (X1).
        """
        with self._lock:
            entry = record(next(self._ids))
            if epoch is not self.epoch:
                return entry
            self._entries.append(entry)
            self.version += 1
            self._bytes += _size(entry)
            while len(self._entries) > self._max_entries or (
                self._bytes > self._max_bytes and len(self._entries) > 1
            ):
                self._bytes -= _size(self._entries.popleft())
            return entry

    def all(self) -> list[RecordedRequest]:
        """Those kept, oldest first."""
        with self._lock:
            return list(self._entries)

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


def _size(entry: RecordedRequest) -> int:
    return (
        len(entry.path)
        + len(entry.query)
        + sum(map(len, entry.headers.values()))
        + len(entry.body)
        + len(entry.response_body)
        + _ENTRY_BYTES
    )


def _decoded(body: bytes, headers: Mapping[str, str]) -> str:
    encoding: str = json.detect_encoding(body)
    if encoding == "utf-8":
        _, options = parse_options_header(headers.get("Content-Type"))
        encoding = options.get("charset", encoding)
    try:
        return body.decode(encoding, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")
