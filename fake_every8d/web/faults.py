"""Failures on demand: what goes wrong with the next calls, and how."""

import itertools
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypedDict, get_args

from lxml import etree

from fake_every8d.calls import Call, Response
from fake_every8d.gateway import InvalidInput, NotFound

Kind = Literal["result", "soap_fault", "http_error", "delay", "disconnect", "truncate", "garbage"]
Effect = Literal["before", "after"]

ANY = "*"
"""Stands for every operation."""

_HUNG_UP = "The client hung up while its call was delayed: nothing has taken place."

_GARBAGE = b"\x00\xff<html><p>This is not the answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that was asked for. `kind` says which of the fields count.

    - `result`: the operation answers the string `result` instead of its own;
    - `soap_fault`: a SOAP fault with `reason` as its text;
    - `http_error`: the HTTP `status` (400 to 599) with `body` as plain text;
    - `delay`: `seconds` of real time pass, then the call goes on as usual;
    - `disconnect`: the connection is closed without an answer;
    - `truncate`: it is closed in the middle of the answer;
    - `garbage`: an answer with status 200 that is not XML.

    `effect` says whether the operation has taken place when that happens: `"before"` it,
    so that it never does, or `"after"` it, so that the caller was charged and does not
    know. For a delay it says on which side of the operation time passes. A client that hangs
    up ends it; what was to come after it never does.
    """

    operation: str
    """Such as `sendSMS`, or `*` for all."""
    kind: Kind
    times: int | None = 1
    """How many more calls it befalls; None for all, until it is removed."""
    effect: Effect = "before"
    result: str = ""
    reason: str = "Server was unable to process request. ---> Timeout expired."
    status: int = 503
    body: str = ""
    seconds: float = 0
    id: int = 0


class FaultSettings(TypedDict, total=False):
    """What can be told of a `Fault` besides its operation and kind."""

    times: int | None
    effect: Effect
    result: str
    reason: str
    status: int
    body: str
    seconds: float


class Faults:
    """The failures that are waiting to happen. Safe from any thread.

    Raises `InvalidInput` for one that makes no sense; `operations` are the names that do.
    """

    def __init__(self, operations: Collection[str]) -> None:
        self._operations = operations
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: list[Fault] = []
        self._clearings = 0
        self._delays: set[threading.Event] = set()
        self.version = 0
        """Grows with every change."""

    @property
    def pending(self) -> bool:
        """Whether there is any."""
        return bool(self._faults)

    def add(self, operation: str, kind: str, **settings: Any) -> Fault:
        """Let a failure befall the next calls; the settings are the fields of `Fault`."""
        fault = self._checked(operation, kind, settings)
        with self._lock:
            fault = replace(fault, id=next(self._ids))
            self._faults.append(fault)
            self.version += 1
        return fault

    def all(self) -> list[Fault]:
        """Those still waiting, oldest first."""
        with self._lock:
            return list(self._faults)

    def remove(self, fault_id: int) -> None:
        """Raises `NotFound`."""
        with self._lock:
            left = [fault for fault in self._faults if fault.id != fault_id]
            if len(left) == len(self._faults):
                raise NotFound(f"there is no fault {fault_id}")
            self._faults = left
            self.version += 1

    def clear(self) -> None:
        """Remove all, and let what is being delayed go on at once."""
        with self._lock:
            self._faults = []
            self.version += 1
            self._clearings += 1
            delays, self._delays = self._delays, set()
        for over in delays:
            over.set()

    def take(self, operation: str) -> Fault | None:
        """The failure that befalls this call of an operation, the oldest first."""
        if not self.pending:  # as nearly always, and no lock is needed to tell
            return None
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.operation in (ANY, operation):
                    self.version += 1
                    if fault.times == 1:
                        del self._faults[place]
                    elif fault.times is not None:
                        self._faults[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def befall(
        self,
        call: Call,
        on_disconnect: Callable[[Callable[[], None]], object] | None = None,
    ) -> tuple[Response, Fault | None]:
        """Execute a call and answer it, in the way of the failure that befalls it, if any.

        What that does to the connection is left to `cut_short`. `on_disconnect` is given a
        function to call if the client goes away, which ends a delay.
        """
        clearing = self._clearings
        fault = self.take(call.operation) if call.operation else None
        if fault is None:
            call.execute()
            return call.answer(), None
        if (
            fault.kind == "delay"
            and fault.effect == "before"
            and not self._delay(fault.seconds, clearing, on_disconnect)
        ):
            return call.fail(_HUNG_UP), fault
        if fault.kind == "delay" or fault.effect == "after":
            call.execute()
            response = call.answer()
        else:
            response = call.answer("")  # something to be spoilt
        match fault.kind:
            case "delay":
                if fault.effect == "after":
                    self._delay(fault.seconds, clearing, on_disconnect)
            case "result":
                response = call.answer(fault.result)
            case "soap_fault":
                response = call.fail(fault.reason)
            case "http_error":
                response = response._replace(
                    status=fault.status,
                    content_type="text/plain; charset=utf-8",
                    body=fault.body.encode(),
                )
            case "garbage":
                response = response._replace(body=_GARBAGE)
        return response, fault

    def _delay(
        self,
        seconds: float,
        clearing: int,
        on_disconnect: Callable[[Callable[[], None]], object] | None,
    ) -> bool:
        """Let time pass, until failures are cleared or the client has gone. Whether it is there."""
        over = threading.Event()
        with self._lock:
            if clearing != self._clearings:
                return True
            self._delays.add(over)
        if on_disconnect is not None:
            on_disconnect(over.set)
        timed_out = not over.wait(seconds)
        with self._lock:
            self._delays.discard(over)
            return timed_out or clearing != self._clearings

    def _checked(self, operation: str, kind: str, settings: dict[str, Any]) -> Fault:
        names = [field.name for field in fields(Fault) if field.name != "id"]
        if unknown := set(settings) - set(names):
            raise InvalidInput(
                f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(names)}"
            )
        if operation not in (ANY, *self._operations):
            known = ", ".join(self._operations)
            raise InvalidInput(f"there is no operation {operation!r}; there are {known}, and *")
        if kind not in get_args(Kind):
            raise InvalidInput(f"kind must be one of {', '.join(get_args(Kind))}; not {kind!r}")
        fault = Fault(operation, kind, **settings)  # type: ignore[arg-type]  # checked above
        if fault.effect not in get_args(Effect):
            raise InvalidInput(f"effect must be before or after, not {fault.effect!r}")
        if fault.times is not None and not _whole(fault.times, 1):
            raise InvalidInput(f"times must be 1 or more, or None for ever; not {fault.times!r}")
        if not _whole(fault.status, 400) or fault.status > 599:
            raise InvalidInput(f"status must be an HTTP error, 400 to 599; not {fault.status!r}")
        if not isinstance(fault.seconds, int | float) or not 0 <= fault.seconds <= 3600:
            raise InvalidInput(f"seconds must be 0 to 3600, not {fault.seconds!r}")
        if fault.kind == "delay" and not fault.seconds:
            raise InvalidInput("a delay takes seconds, such as seconds=2")
        for name in ("result", "reason", "body"):
            text = getattr(fault, name)
            if not isinstance(text, str) or not _xml_can_carry(text):
                raise InvalidInput(f"{name} must be text that XML can carry, not {text!r}")
        return fault


def _whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _xml_can_carry(text: str) -> bool:
    try:
        etree.Element("text").text = text
    except ValueError:
        return False
    return True


def cut_short(fault: Fault, body: bytes) -> bytes:
    """What is sent of an answer before it breaks off; the same `body` if it does not."""
    if fault.kind == "disconnect":
        return b""
    return body[: len(body) // 2] if fault.kind == "truncate" else body


def break_off(sent: bytes) -> Iterator[bytes]:
    """The body of an answer that breaks off after `sent`: the connection is closed."""
    yield sent
    raise ConnectionAbortedError("closed, as was asked for")
