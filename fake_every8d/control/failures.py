"""Failures on demand: making the next calls fail."""

import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any, Literal, NamedTuple, TypedDict, get_args

from fake_every8d.calls import Call, OperationName, Response
from fake_every8d.control.forms import (
    COUNT,
    PROBABILITY,
    TEXT,
    XML_TEXT,
    Form,
    one_of,
    or_null,
    seconds,
    whole,
)
from fake_every8d.gateway import Clock, InvalidInput, NotFound, PlatformError, numbers
from fake_every8d.gateway.changes import Lock
from fake_every8d.gateway.clock import to_datetime, to_micros
from fake_every8d.gateway.errors import UNFORESEEN, changed_by

FailureKind = Literal[
    "result", "soap_fault", "http_error", "delay", "disconnect", "truncate", "garbage"
]
FailureEffect = Literal["before", "after"]
FailureOperation = Literal[OperationName, "*"]
"""The calls that fail: those of an operation, by either API, or `*` for all."""

SENDS = ("sendSMS", "sendMessage", "sendSMS4FilterMessage", "sendParamSMS")
"""The operations that send to numbers."""

ANY: FailureOperation = "*"
"""The wildcard for every operation."""

MOST_CALLS = 100_000
"""The highest rate, in calls per second."""

_THROTTLED = 429
"""The status of an `http_error` with a `rate`, unless it is given."""

_HUNG_UP = "The client hung up while its call was delayed: the operation was not executed."

_MERSENNE_TWISTER = Random.VERSION

_MOST_GONE = 1_000  # kept failures that wait no longer

_UNFORESEEN = str(PlatformError(*UNFORESEEN))

_GARBAGE = b"\x00\xff<html><p>This is not the answer"


@changed_by("every8d.remove_failure(failure) and every8d.add_failure(…)")
@dataclass(frozen=True, slots=True)
class Failure:
    """A failure on demand. Its `kind` decides what the client gets:

    - `result`: the string `result` instead of the operation's own
    - `soap_fault`: a SOAP fault with `reason` as its text
    - `http_error`: HTTP `status` (400 to 599), with `body` as plain text
    - `delay`: the usual response, `seconds` of real time later
    - `disconnect`: no response: the connection is closed
    - `truncate`: half a response, then the connection is closed
    - `garbage`: a response with status 200 that is not XML

    With the `effect` `"before"`, the call fails and its operation is not executed. With
    `"after"`, the operation is executed first: the client was charged and does not know it. A
    delay is before or after the operation. If the client hangs up, the delay ends, and nothing
    more of the call happens.

    The calls that fail can be narrowed down: to those of an account (`user_id`), those that send
    to a number (`to`), those after the first `skip`, to one in `every` so many, to a
    `probability`, or to those that exceed a `rate`. If several are given, all of them apply.

    `times` and `happened` go on counting after it was returned, also once it no longer waits.
    """

    operation: FailureOperation
    """The operation, such as `sendSMS`, or `*` for all."""
    kind: FailureKind
    """The kind, which decides what the client gets."""
    times: int | None = field(default=1, compare=False)
    """The number of calls still to fail; None for all, until the failure is removed."""
    effect: FailureEffect = "before"
    """`before` or `after` the operation; a call that fails before does not execute it."""
    result: str = ""
    """The operation's result, for the kind `result`."""
    reason: str = "Server was unable to process request. ---> Timeout expired."
    """The text of a `soap_fault`."""
    status: int = 503
    """The status of an `http_error`: 400 to 599."""
    body: str = ""
    """The body of an `http_error`, as plain text."""
    seconds: float = 0
    """The length of a `delay`, in real seconds."""
    user_id: str | None = None
    """The account to limit it to."""
    to: str | None = None
    """The number to limit it to: calls that send to it. In any spelling; kept as `+886…`."""
    skip: int = 0
    """The number of such calls that go through first."""
    every: int = 1
    """The interval between failing calls: 3 for every third such call after the skipped ones."""
    rate: int | None = None
    """The number of such calls per second, in the fake's time, above which calls fail."""
    probability: float | None = None
    """The probability that a call fails: above 0, at most 1. Needs a `seed`, to be repeatable."""
    seed: int | None = None
    """The seed of the `probability`."""
    happened: int = field(default=0, compare=False)
    """The number of calls that have failed so far."""
    id: int = 0
    """The ID, from 1."""

    def _count(self) -> None:
        # Only `Failures` counts: users cannot set anything.
        object.__setattr__(self, "happened", self.happened + 1)
        object.__setattr__(self, "times", self.times and self.times - 1)

    @property
    def breaks_off(self) -> bool:
        """True if the connection is closed before the end of the response."""
        return self.kind in ("disconnect", "truncate")


def kinds() -> dict[str, str]:
    """Every kind, and what the client gets: the list in the docstring of `Failure`."""
    return dict(re.findall(r"^ *- `(\w+)`: (.+)$", Failure.__doc__ or "", re.MULTILINE))


class FailureSettings(TypedDict, total=False):
    """The settings of a `Failure`, besides its operation and kind."""

    times: int | None
    effect: FailureEffect
    result: str
    reason: str
    status: int
    body: str
    seconds: float
    user_id: str | None
    to: str | None
    skip: int
    every: int
    rate: int | None
    probability: float | None
    seed: int | None


class _Waiting:
    """A failure, and its memory of the calls that it could apply to."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        self.seen = 0
        self.random = Random(failure.seed)
        self.passed: deque[int] = deque(maxlen=failure.rate)
        """The times at which the last calls went through, in the fake's µs."""

    def is_about(self, call: Call) -> bool:
        failure = self.failure
        if failure.operation not in (ANY, call.operation):
            return False
        return failure.user_id in (None, call.user_id) and (
            failure.to is None
            or failure.to in [numbers.parse(mobile).e164 for mobile in call.mobiles()]
        )

    def state(self) -> "FailureState":
        return FailureState(
            replace(self.failure),
            self.seen,
            () if self.failure.seed is None else self.random.getstate()[1],
            tuple([to_datetime(at) for at in self.passed]),
        )

    def strikes(self, now: int) -> bool:
        """True if the next call that it could apply to fails."""
        failure = self.failure
        self.seen += 1
        turn = self.seen - failure.skip
        if turn <= 0 or turn % failure.every:
            return False
        if failure.probability is not None and self.random.random() >= failure.probability:
            return False
        if failure.rate is None:
            return True
        if len(self.passed) == failure.rate and self.passed[0] > now - 1_000_000:
            return True
        self.passed.append(now)
        return False


@dataclass(frozen=True, slots=True)
class FailureState:
    """A failure and its memory, as values."""

    failure: Failure
    seen: int
    random: tuple[int, ...]
    passed: tuple[datetime, ...]

    def waiting(self) -> _Waiting:
        """The failure again, in this state."""
        waiting = _Waiting(replace(self.failure))
        waiting.seen = self.seen
        waiting.passed.extend(map(to_micros, self.passed))
        if self.random:
            waiting.random.setstate((_MERSENNE_TWISTER, self.random, None))
        return waiting


@dataclass(frozen=True, slots=True)
class FailuresState:
    """The failures still to happen, as values."""

    next_id: int
    waiting: tuple[FailureState, ...]


class Strike(NamedTuple):
    """A failure chosen for a call that is still to be executed."""

    failure: Failure
    clearings: int
    """The number of times that failures had been cleared by then; another time ends a delay."""

    @property
    def waits(self) -> bool:
        """True if time passes while the call is executed."""
        return self.failure.kind == "delay"


class Failures:
    """The failures still to happen. Safe from any thread.

    `changed`, which must not block, is called after every change. With the gateway's `lock`,
    failures and gateway are reset in one instant.
    """

    def __init__(
        self,
        clock: Clock,
        changed: Callable[[], object] = lambda: None,
        lock: Lock | None = None,
    ) -> None:
        self._clock = clock
        self._changed = changed
        self._lock = lock or Lock()
        self._next_id = 1
        self._waiting: list[_Waiting] = []
        self._initial: list[Failure] = []
        self._gone: deque[Failure] = deque(maxlen=_MOST_GONE)
        self._clearings = 0
        self._delays: set[threading.Event] = set()
        self.version = 0
        """Grows with every change."""

    def _count_change(self) -> None:
        self.version += 1
        self._changed()

    def add(self, operation: str, kind: str, **settings: Any) -> Failure:
        """Add the failure that `checked` returns. Raises `InvalidInput`."""
        failure = checked(operation, kind, **settings)
        with self._lock:
            failure = replace(failure, id=self._next_id)
            self._next_id += 1
            self._waiting.append(_Waiting(failure))
            self._count_change()
        return failure

    def all(self) -> list[Failure]:
        """The failures still to happen, oldest first."""
        with self._lock:
            return [waiting.failure for waiting in self._waiting]

    def get(self, failure_id: int) -> Failure:
        """A failure, also one of the last 1,000 that wait no longer. Raises `NotFound`."""
        with self._lock:
            for failure in (*[waiting.failure for waiting in self._waiting], *self._gone):
                if failure.id == failure_id:
                    return failure
        raise _not_found(failure_id)

    def remove(self, failure_id: int) -> None:
        """Remove a failure. Raises `NotFound`."""
        with self._lock:
            for waiting in self._waiting:
                if waiting.failure.id == failure_id:
                    self._let_go(waiting)
                    self._count_change()
                    return
        raise _not_found(failure_id)

    def _let_go(self, waiting: _Waiting) -> None:
        self._waiting.remove(waiting)
        self._gone.appendleft(waiting.failure)

    def clear(self) -> None:
        """Remove all failures; delayed calls go on at once."""
        with self._lock:
            for waiting in [*self._waiting]:
                self._let_go(waiting)
            self._count_change()
            self._clearings += 1
            delays, self._delays = self._delays, set()
        for over in delays:
            over.set()

    def state(self) -> FailuresState:
        """The state of all failures, for `restore`."""
        with self._lock:
            waiting = tuple([waiting.state() for waiting in self._waiting])
            return FailuresState(self._next_id, waiting)

    def restore(self, state: FailuresState) -> None:
        """Return to a state."""
        self.clear()
        with self._lock:
            self._gone.clear()  # they are of another world, whose IDs may come again
            self._waiting = [each.waiting() for each in state.waiting]
            self._next_id = state.next_id
            self._count_change()

    def keep_as_initial(self) -> None:
        """Remember the present failures as those to return to when an account is reset."""
        self._initial = [replace(failure) for failure in self.all()]

    def reset_account(self, user_id: str) -> None:
        """Return the failures that are limited to an account to the initial ones."""
        with self._lock:
            self._waiting = [
                waiting for waiting in self._waiting if waiting.failure.user_id != user_id
            ] + [
                _Waiting(replace(failure))
                for failure in self._initial
                if failure.user_id == user_id
            ]
            self._count_change()

    def choose(self, call: Call) -> Strike | None:
        """Choose the failure for this call, if any: of several, the oldest.

        It counts as happened, whether or not the call is then executed.
        """
        if not self._waiting or call.operation is None:  # the usual case, without the lock
            return None
        now = self._clock.micros
        # Before taking the lock, because reading a call's numbers may take a while.
        about = [waiting for waiting in [*self._waiting] if waiting.is_about(call)]
        with self._lock:
            for waiting in about:
                if (
                    waiting not in self._waiting
                    or self._lock.voids(call.began, waiting.failure.user_id)
                    or not waiting.strikes(now)
                ):
                    continue
                self._count_change()
                failure = waiting.failure
                if failure.times == 1:
                    self._let_go(waiting)
                failure._count()
                return Strike(failure, self._clearings)
        return None

    def execute(
        self,
        call: Call,
        strike: Strike | None,
        on_disconnect: Callable[[Callable[[], None]], object] | None = None,
    ) -> Response:
        """Execute a call with the failure chosen for it, if any, and return the response.

        Only a `strike` that `waits` takes time. `cut_short` then does what the failure does to
        the connection. `on_disconnect` is given a function that ends a delay, to be called if the
        client goes away.
        """
        if strike is None:
            call.execute()
            return call.respond()
        failure = strike.failure
        if (
            failure.kind == "delay"
            and failure.effect == "before"
            and not self._delay(strike, on_disconnect)
        ):
            return call.fail(_HUNG_UP)
        if failure.kind == "delay" or failure.effect == "after":
            call.execute()
            response = call.respond()
        else:
            # The contents are replaced below, or cut in half.
            response = call.respond(_UNFORESEEN if failure.kind == "truncate" else "")
        match failure.kind:
            case "delay":
                if failure.effect == "after":
                    self._delay(strike, on_disconnect)
            case "result":
                response = call.respond(failure.result)
            case "soap_fault":
                response = call.fail(failure.reason)
            case "http_error":
                response = response._replace(
                    status=failure.status,
                    content_type="text/plain; charset=utf-8",
                    body=failure.body.encode(),
                )
            case "garbage":
                response = response._replace(body=_GARBAGE)
        return response

    def _delay(
        self,
        strike: Strike,
        on_disconnect: Callable[[Callable[[], None]], object] | None,
    ) -> bool:
        """Wait until failures are cleared or the client goes. Return False if it has gone."""
        over = threading.Event()
        with self._lock:
            if strike.clearings != self._clearings:
                return True
            self._delays.add(over)
        if on_disconnect is not None:
            on_disconnect(over.set)
        timed_out = not over.wait(strike.failure.seconds)
        with self._lock:
            self._delays.discard(over)
            return timed_out or strike.clearings != self._clearings


def _not_found(failure_id: int) -> NotFound:
    return NotFound(f"there is no failure {failure_id}", field="failure_id", reason="unknown")


FAILURE = Form(
    {
        "operation": one_of(*get_args(FailureOperation)),
        "kind": one_of(*get_args(FailureKind)),
        "times": or_null(whole(1)),
        "effect": one_of(*get_args(FailureEffect)),
        "result": XML_TEXT,
        "reason": XML_TEXT,
        "status": whole(400, 599),
        "body": XML_TEXT,
        "seconds": seconds(3600),
        "user_id": or_null(TEXT),
        "to": or_null(TEXT),
        "skip": COUNT,
        "every": whole(1),
        "rate": or_null(whole(1, MOST_CALLS)),
        "probability": or_null(PROBABILITY),
        "seed": or_null(COUNT),
    },
    required=("operation", "kind"),
)
"""The settings of a failure."""

SETTING_OF: Mapping[str, FailureKind] = {
    "result": "result",
    "reason": "soap_fault",
    "status": "http_error",
    "body": "http_error",
    "seconds": "delay",
}
"""The kind that has the setting; of any other kind, it can only have one of its `defaults`."""


def defaults(setting: str) -> list[Any]:
    """The values of a setting that is not given."""
    default = getattr(Failure(ANY, "delay"), setting)
    return [default, _THROTTLED] if setting == "status" else [default]


def checked(operation: str, kind: str, **settings: Any) -> Failure:
    """The failure with these settings; some defaults depend on other settings.

    `times` is 1 by default, but unlimited with `every`, `rate` or `probability`. With a `rate`,
    the default `status` is 429. Raises `InvalidInput` for settings that make no sense, or belong
    to another kind, unless they are at their defaults.
    """
    asked = FAILURE.read({"operation": operation, "kind": kind, **settings})
    given: dict[str, Any] = {}
    if any(asked.get(name) is not None for name in ("every", "rate", "probability")):
        given["times"] = None
    if asked.get("rate") is not None:
        given["status"] = _THROTTLED
    failure = Failure(**given | asked)
    for name, whose in SETTING_OF.items():
        if failure.kind != whose and getattr(failure, name) not in defaults(name):
            raise InvalidInput(f"{name} is a setting of {whose}, not of {failure.kind}", field=name)
    if failure.kind == "delay" and not failure.seconds:
        raise InvalidInput(
            "seconds is missing: a delay needs it, such as seconds=2",
            field="seconds",
            reason="missing",
        )
    if failure.kind == "result" and "result" not in asked:
        raise InvalidInput(
            'result is missing: the kind result needs it, such as result="-99, busy"; it may be '
            "empty",
            field="result",
            reason="missing",
        )
    if failure.to is not None and failure.operation not in (ANY, *SENDS):
        raise InvalidInput(
            f"to matches no call of {failure.operation}, which sends to no number; "
            f"{', '.join(SENDS)} do",
            field="to",
        )
    if (failure.probability is None) != (failure.seed is None):
        raise InvalidInput(
            "probability and seed are given together, so that every run is the same: such as "
            "probability=0.1, seed=1",
            field="seed" if failure.seed is None else "probability",
            reason="missing",
        )
    return failure if failure.to is None else replace(failure, to=numbers.valid(failure.to))


def cut_short(failure: Failure, body: bytes) -> bytes:
    """The part of a response's body to send: all of it, unless the failure breaks it off."""
    if failure.kind == "disconnect":
        return b""
    return body[: len(body) // 2] if failure.kind == "truncate" else body
