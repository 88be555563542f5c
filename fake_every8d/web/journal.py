"""The last requests, as received and answered, with advice."""

import itertools
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

MAX_ENTRIES = 1_000
MAX_BYTES = 32 * 1024 * 1024

_PASSWORD = (
    r"(<(?:[^\s<>/:]+:)?password(?:\s[^<>]*)?(?<!/)>).*?(?=</(?:[^\s<>/:]+:)?password\s*>|\Z)"
)
_FLAGS = re.DOTALL | re.IGNORECASE
_PASSWORD_TEXT = re.compile(_PASSWORD, _FLAGS)
_PASSWORD_BYTES = re.compile(_PASSWORD.encode(), _FLAGS)
_ENTRY_BYTES = 2_048  # about what an entry takes besides its bodies


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
        return _decoded(self.body)

    @property
    def response_text(self) -> str:
        """The response's body as text."""
        return _decoded(self.response_body)


class Journal:
    """The last requests, bounded in number and in bytes. Safe from any thread."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._entries: deque[RecordedRequest] = deque()
        self._bytes = 0

    def add(self, record: Callable[[int], RecordedRequest]) -> RecordedRequest:
        """Keep the request that `record` makes of an ID; the oldest go for it."""
        with self._lock:
            entry = record(next(self._ids))
            self._entries.append(entry)
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
            self._bytes = 0


def masked(body: bytes) -> bytes:
    """A request's body without the password in it."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16", "replace")
        return _PASSWORD_TEXT.sub(r"\1********", text).encode("utf-16")
    # In every other encoding that the service reads, ASCII stands for itself.
    if b"assword" not in body and b"ASSWORD" not in body:
        return body
    return _PASSWORD_BYTES.sub(rb"\1********", body)


def _size(entry: RecordedRequest) -> int:
    return len(entry.body) + len(entry.response_body) + _ENTRY_BYTES


def _decoded(body: bytes) -> str:
    utf16 = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    return body.decode("utf-16" if utf16 else "utf-8-sig", "replace")
