"""The journal: the last requests, with their responses and advice."""

import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from fake_every8d.advice import Advice, AdviceText
from fake_every8d.calls import Call
from fake_every8d.control import masking
from fake_every8d.control.readable import decoded, encoding_of
from fake_every8d.gateway.clock import to_datetime
from fake_every8d.gateway.errors import names_its_attributes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_ENTRIES = 1_000
MAX_BYTES = 16 * 1024 * 1024

HEAD_BYTES = "fake_every8d.head_bytes"
"""The key of a WSGI environment: the number of bytes of the request line and headers."""

_READ = BytesIO()

_ENTRY_BYTES = 4_096  # the approximate size of an entry besides its headers and bodies
_PAIR_BYTES = 200  # the approximate size of a header besides its name and value

_SPELT = {"Soapaction": "SOAPAction"}
_CONTENT = ("CONTENT_TYPE", "CONTENT_LENGTH")  # the headers that have no HTTP_ in WSGI


@names_its_attributes
class RecordedRequest:
    """A request that reached the fake, and its response.

    Secrets are hidden: passwords, tokens, API keys. Headers have their usual names
    (`Content-Type`).
    """

    # It is made for every request, so slow work is left until somebody looks.
    __slots__ = (
        "_advice", "_began", "_body", "_environ", "_failure", "_id", "_micros", "_milliseconds",
        "_operation", "_parameters", "_response_body", "_response_headers", "_result", "_secrets",
        "_status", "_taken", "_user_id",
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
        parameters: "Callable[[WSGIEnvironment, bytes], Mapping[str, Any]] | None" = None,
        failure: str | None = None,
        secrets: masking.Secrets | None = None,
    ) -> None:
        self._id = 0
        self._environ = environ
        environ["wsgi.input"] = _READ  # the old one holds the body a second time
        self._body = body
        self._status = status
        self._response_headers = response_headers
        self._response_body = response_body
        self._micros = micros
        self._milliseconds = milliseconds
        self._failure = failure
        self._secrets = secrets
        # Not the call itself, which holds everything that it read.
        self._began: int | None = None
        self._operation: str | None = None
        self._user_id: str | None = None
        self._result: str | None = None
        self._advice: Advice | None = None
        self._taken: Sequence[str] = ()
        self._parameters = None
        if call is not None:
            self._parameters = parameters
            self._began = call.began
            self._operation = call.operation
            self._user_id = call.user_id
            self._result = call.result
            self._advice = call.advice
            self._taken = call.secrets

    def _hidden(self) -> Collection[str]:
        """Values to hide wherever they occur; values under secret names are hidden anyway."""
        return self._secrets.besides(self._taken) if self._secrets else self._taken

    def _masked(self, text: str) -> str:
        return masking.masked(text, self._hidden())

    def _masked_advice(self, text: AdviceText) -> AdviceText:
        hidden = self._hidden()
        values = {name: masking.masked(value, hidden) for name, value in text.values.items()}
        return text if values == text.values else AdviceText(text.kind, values)

    def _masked_headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {
            name: masking.MASK if masking.is_secret(name) else self._masked(value)
            for name, value in headers
        }

    def __repr__(self) -> str:
        return f"<{self.operation or f'{self.method} {self.path}'}: {self.result or self.status}>"

    @property
    def id(self) -> int:
        """The number among all requests of the journal, from 1."""
        return self._id

    @property
    def at(self) -> datetime:
        """The time of the response, in the fake's time."""
        return to_datetime(self._micros)

    @property
    def micros(self) -> int:
        """`at`, in microseconds since 1970."""
        return self._micros

    @property
    def method(self) -> str:
        """The method, such as POST."""
        return str(self._environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The URL's path, percent-decoded."""
        path: str = self._environ.get("PATH_INFO", "")  # WSGI has its bytes as Latin-1
        return self._masked(path.encode("latin-1").decode(errors="replace"))

    @property
    def query(self) -> str:
        """The part of the URL after the question mark."""
        return self._masked(self._environ.get("QUERY_STRING", ""))

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers."""
        named = [
            (name.removeprefix("HTTP_").replace("_", "-").title(), value)
            for name, value in self._environ.items()
            if name.startswith("HTTP_") or (name in _CONTENT and value)
        ]
        return self._masked_headers([(_SPELT.get(name, name), value) for name, value in named])

    @property
    def body(self) -> bytes:
        """The request's body; `text` has it decoded."""
        return masking.masked_body(self._body, self._environ.get("CONTENT_TYPE"), self._hidden())

    @property
    def status(self) -> int:
        """The status of the HTTP response."""
        return self._status

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The response's headers."""
        return self._masked_headers(self._response_headers)

    @property
    def response_body(self) -> bytes:
        """The sent part of the response's body; `response_text` has it decoded."""
        return masking.masked_body(self._response_body, self._response_type, self._hidden())

    @property
    def operation(self) -> str | None:
        """The operation that was called; None if none was."""
        return self._operation

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the call, decoded and with secrets hidden: by SOAP's names, or as a
        query, a form or JSON spells them; empty if no call can be read."""
        # Read again each time, so that no second copy is kept.
        read = self._parameters(self._environ, self._body) if self._parameters else {}
        try:
            params: Mapping[str, Any] = _masked_values(read, self._hidden())
        except RecursionError:  # of JSON in JSON in JSON
            return {}
        return params

    @property
    def user_id(self) -> str | None:
        """The user ID of its account, if known."""
        user_id = self._user_id
        if user_id is None or (self._secrets and self._secrets.has_account(user_id)):
            return user_id
        return self._masked(user_id)

    @property
    def result(self) -> str | None:
        """The operation's result, in short."""
        # A result is never a secret, but a fault may quote the request.
        return self._masked(self._result) if self._result and ":" in self._result else self._result

    @property
    def milliseconds(self) -> float:
        """The time that the response took, in real milliseconds."""
        return self._milliseconds

    @property
    def advice(self) -> tuple[AdviceText, ...]:
        """Warnings about production's behaviour: sentences, each with `code` and `values` for
        programs."""
        return tuple([self._masked_advice(text) for text in self._advice or ()])

    @property
    def serious_advice(self) -> tuple[AdviceText, ...]:
        """The part of the advice that is about something lost or misbilled."""
        serious = self._advice.serious_advice if self._advice else ()
        return tuple([self._masked_advice(text) for text in serious])

    @property
    def failure(self) -> str | None:
        """The kind of the failure on demand that it met, if any."""
        return self._failure

    @property
    def text(self) -> str:
        """The request's body as text."""
        body = self.body
        return decoded(body, encoding_of(body, self._environ.get("CONTENT_TYPE")))

    @property
    def response_text(self) -> str:
        """The response's body as text."""
        body = self.response_body
        return decoded(body, encoding_of(body, self._response_type))

    @property
    def _response_type(self) -> str | None:
        return next(
            (value for name, value in self._response_headers if name == "Content-Type"), None
        )


class Journal:
    """The last requests, bounded in number and in bytes. Safe from any thread.

    `changed`, which must not block, is called after every change.
    """

    def __init__(
        self,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._changed = changed
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._ids = count(1)
        self._entries: deque[tuple[RecordedRequest, int]] = deque()  # with their sizes
        self._bytes = 0
        self.version = 0
        """Grows with every change."""
        self._generation = 0
        # The epoch before which requests are no longer kept, by user ID.
        self._forgotten: dict[str | None, int] = {}

    def _count_change(self) -> None:
        self.version += 1
        self._changed()

    def add(self, request: RecordedRequest, generation: int) -> None:
        """Keep a request, and give it its ID; the oldest ones make room for it.

        `generation` is the gateway's when the request arrived. A request that was under way
        during a reset, of all or of its account, is not kept (X1).
        """
        began = generation if request._began is None else request._began
        with self._lock:
            if began < self._generation or began < self._forgotten.get(request._user_id, 0):
                return
            request._id = next(self._ids)
            size = _size(request)
            self._entries.append((request, size))
            self._count_change()
            self._bytes += size
            while len(self._entries) > self._max_entries or (
                self._bytes > self._max_bytes and len(self._entries) > 1
            ):
                self._bytes -= self._entries.popleft()[1]

    def all(self) -> list[RecordedRequest]:
        """The kept requests, oldest first."""
        with self._lock:
            return [request for request, _ in self._entries]

    def forget(self, user_id: str, epoch: int = 0) -> None:
        """Forget an account's requests, also those still under way from epochs before `epoch`."""
        with self._lock:
            self._forgotten[user_id] = epoch
            left = [entry for entry in self._entries if entry[0]._user_id != user_id]
            self._entries = deque(left)
            self._bytes = sum(size for _, size in left)
            self._count_change()

    def clear(self, generation: int = 0) -> None:
        """Forget all requests, also those still under way from generations before `generation`."""
        with self._lock:
            self._entries.clear()
            self._count_change()
            self._bytes = 0
            self._generation = max(self._generation, generation)


def _masked_values(read: Any, hidden: Collection[str]) -> Any:
    texts: dict[str, None] = {}

    def without_secrets(value: Any) -> Any:
        match value:
            case str():
                texts[value] = None
            case dict():
                texts.update(dict.fromkeys(value))
                return {
                    name: masking.MASK if masking.is_secret(name) else without_secrets(each)
                    for name, each in value.items()
                }
            case list():
                return [without_secrets(each) for each in value]
        return value

    def replaced(value: Any) -> Any:
        match value:
            case str():
                return shown.get(value, value)
            case dict():
                return {shown[name]: replaced(each) for name, each in value.items()}
            case list():
                return [replaced(each) for each in value]
        return value

    kept = without_secrets(read)
    shown = dict(zip(texts, masking.masked_values([*texts], hidden), strict=True))
    return replaced(kept)


def _size(request: RecordedRequest) -> int:
    """The approximate memory of an entry, in bytes."""
    environ, headers = request._environ, request._response_headers
    size: int = _ENTRY_BYTES + len(request._body) + len(request._response_body)
    size += environ.get(HEAD_BYTES, 0) + (len(environ) + len(headers)) * _PAIR_BYTES
    size += sum(map(len, chain.from_iterable(headers)))
    texts = [request._user_id, request._result, *request._taken]
    for advice in request._advice or ():
        texts += (advice, *advice.values.values())
    return size + sum(map(sys.getsizeof, texts))
