"""Delivering reports and e-mails, with retries."""

import enum
import itertools
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import ClassVar, Generic, Literal, TypeVar

from fake_every8d.gateway.changes import Lock
from fake_every8d.gateway.clock import Clock, to_datetime, to_micros
from fake_every8d.gateway.errors import names_its_attributes
from fake_every8d.real_time import monotonic

_logger = logging.getLogger(__name__)

ATTEMPTS = 11
"""The default number of attempts: one, and the platform's ten retries (R2, R8)."""

_DRAIN_SECONDS = 1.0
_NO_THREAD_MICROS = 1_000_000  # until the next try, at the earliest


class ReportState(enum.Enum):
    """The state of an `Outgoing`."""

    WAITING = "waiting"
    """The item is under way, or waits for its turn or its next attempt."""
    DELIVERED = "delivered"
    """The other side has accepted it."""
    GIVEN_UP = "given_up"
    """All its attempts have failed."""
    KEPT = "kept"
    """No delivery: there is no server, or no address."""


NoResponseReason = Literal[
    "refused", "unknown_host", "timeout", "tls", "closed", "not_http", "raised"
]  # fmt: skip
"""The reason why there was no response, for programs."""


class NoResponse(OSError):
    """The other side gave no response. The text says why, and `reason` is for programs."""

    def __init__(self, message: str, reason: NoResponseReason | None) -> None:
        super().__init__(message)
        self.reason = reason


@names_its_attributes
@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to deliver something (R4)."""

    number: int
    """The number, from 1."""
    at: datetime
    """The time of the attempt, in the fake's time."""
    status_code: int | None
    """The status code of the response: HTTP's, or SMTP's reply code."""
    error: str | None
    """The reason why there was no response, for people."""
    seconds: float
    """The time that it took, in real seconds."""
    reason: NoResponseReason | None = None
    """The same as `error` for programs; None if a status code came back, or for other reasons."""


@names_its_attributes
@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An item that goes out on behalf of a message: a report or an e-mail."""

    SUCCESS: ClassVar[int]
    """The status code that means success; every other one is an error."""

    id: int
    """The number, from 1."""
    message_id: int
    """The message that it is about."""
    user_id: str
    """The account of that message."""
    at: datetime
    """The time of its event, in the fake's time."""
    max_attempts: int = ATTEMPTS
    """The number of attempts after which it is given up (R8)."""
    attempts: tuple[Attempt, ...] = ()
    """The attempts so far, oldest first."""
    state: ReportState = ReportState.WAITING
    """`waiting`, `delivered`, `given_up`, or `kept` for a copy that no server takes."""
    next_attempt_at: datetime | None = None
    """The time of the next attempt, if it has failed and still waits; in the fake's time."""


Item = TypeVar("Item", bound=Outgoing)


@dataclass(frozen=True, slots=True, eq=False)
class Retry(Generic[Item]):
    """The timer's action for the next attempt at `item`."""

    outbox: "Outbox[Item]"
    item: Item

    def __call__(self, due: int) -> None:
        self.outbox.start(self.item)

    @property
    def message_id(self) -> int:
        return self.item.message_id


class _Lane:
    """A pool of a few daemon threads, which end when nothing is left to do.

    Not a `ThreadPoolExecutor`: the interpreter waits for its threads at exit, and would
    so wait for a receiver that hangs.
    """

    def __init__(self, name: str, width: int) -> None:
        self._name = name
        self._width = width
        self._workers = 0
        self._jobs: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job. One caller at a time. Raises `RuntimeError` if there are no threads."""
        with self._lock:
            self._jobs.append(job)
            if self._workers == self._width:
                return
            self._workers += 1
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._workers -= 1
                if not self._workers:  # else the running threads get to it
                    self._jobs.pop()
                    raise

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._workers -= 1
                    return
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # the thread goes on with the others
                _logger.exception("an attempt to hand something over failed")


class Outbox(Generic[Item]):
    """Items on their way out: one message's in order, all others side by side (R3).

    `way_of(item)`, asked with the gateway's lock held, is the function that hands it over: it
    returns the status code of the response, or raises. It is called without the lock, on a thread
    of the item's account, so that a receiver that hangs holds up nobody else. With `awaited`, a
    moving clock waits for the response.
    `changed(item)` is called after each attempt.
    """

    def __init__(
        self,
        clock: Clock,
        lock: Lock,
        way_of: Callable[[Item], Callable[[Item], int]],
        changed: Callable[[Item], None],
        *,
        retry_seconds: float,
        awaited: bool,
        width: int,
    ) -> None:
        self._clock = clock
        self._lock = lock
        self._way_of = way_of
        self._changed = changed
        self.retry_seconds = retry_seconds
        self._awaited = awaited
        self._width = width
        self._idle = threading.Condition(lock)
        # The number of items under way, by generation and account.
        self._under_way: Counter[tuple[int, str]] = Counter()
        self.clear()

    @property
    def _retry_micros(self) -> int:
        return round(self.retry_seconds * 1e6)

    def all(self) -> list[Item]:
        """Every item, in no order."""
        return [*itertools.chain.from_iterable(self._items.values())]

    def items_of(self, message_ids: Iterable[int]) -> list[Item]:
        """The items of these messages, in no order."""
        return [item for id in message_ids for item in self._items.get(id, ())]

    def next_id(self) -> int:
        self.upcoming_id += 1
        return self.upcoming_id - 1

    def add(self, item: Item) -> None:
        """Send `item` off, after the same message's earlier ones; or just keep it."""
        items = self._items.setdefault(item.message_id, [])
        ready = all(other.state is not ReportState.WAITING for other in items)
        items.append(item)
        if item.state is ReportState.WAITING and ready:
            self.start(item)

    def restore(self, items: Iterable[Item], upcoming_id: int) -> None:
        """Return to a state with these items.

        Waiting items are tried at their time; items that were under way go out once more.
        """
        self.clear()
        self.upcoming_id = upcoming_id
        for item in items:
            self._items.setdefault(item.message_id, []).append(item)
        for of_message in self._items.values():
            first = next((item for item in of_message if item.state is ReportState.WAITING), None)
            if first is not None and first.next_attempt_at is not None:
                self._clock.call_at(to_micros(first.next_attempt_at), Retry(self, first))
            elif first is not None:
                self.start(first)

    def forget(self, message_ids: Iterable[int]) -> None:
        """Drop the items of messages that are no longer kept."""
        if self._items:
            for id in message_ids:
                self._items.pop(id, None)

    def forget_all_of(self, user_id: str) -> None:
        """Drop the items of an account; those under way leave no trace."""
        for id in [id for id, items in self._items.items() if items[0].user_id == user_id]:
            del self._items[id]
        self._lanes.pop(user_id, None)

    def clear(self) -> None:
        """Forget everything (X1); items under way leave no trace in a new generation."""
        self.upcoming_id = 1
        """The next ID to give out."""
        self._items: dict[int, list[Item]] = {}
        self._lanes: dict[str, _Lane] = {}

    def drain(self, generation: int, user_id: str | None = None) -> None:
        """Wait for the requests of a generation, or of an account, that have gone out already.

        They cannot be called back. When this returns, a receiver that responds within a second has
        had all of them.
        """

        def drained() -> bool:
            return not any(
                began == generation and user_id in (None, whose) for began, whose in self._under_way
            )

        with self._idle:
            self._idle.wait_for(drained, _DRAIN_SECONDS)

    def start(self, item: Item) -> None:
        """Try to hand `item` over now."""
        hold = self._clock.hold() if self._awaited else None
        lane = self._lanes.get(item.user_id)
        if lane is None:
            name = f"fake-every8d-{type(item).__name__.lower()}"
            lane = self._lanes[item.user_id] = _Lane(name, self._width)
        now, generation = self._clock.micros, self._lock.generation
        try:
            lane.submit(partial(self._attempt, item, now, hold, generation))
        except RuntimeError as no_thread:  # no attempt: nothing was sent
            _logger.warning("a report or an e-mail has to wait: %s", no_thread)
            if hold is not None:
                self._clock.release(hold)
            again = now + max(self._retry_micros, _NO_THREAD_MICROS)
            self._clock.call_at(again, Retry(self, item))

    def _attempt(self, item: Item, at: int, hold: object, generation: int) -> None:
        counted = generation, item.user_id
        with self._lock:
            if not self._keeps(item, generation):
                if hold is not None:
                    self._clock.release(hold)
                return
            self._under_way[counted] += 1
            deliver = self._way_of(item)  # a reset from now on does not change it
        status_code, error, reason = None, None, None
        started = monotonic()
        try:
            status_code = deliver(item)
        except BaseException as failure:  # whatever goes wrong out there is the attempt's result
            error = str(failure) or type(failure).__name__
            reason = failure.reason if isinstance(failure, NoResponse) else None
        seconds = monotonic() - started
        number = len(item.attempts) + 1
        attempt = Attempt(number, to_datetime(at), status_code, error, seconds, reason)
        with self._lock:
            try:
                if self._keeps(item, generation):
                    self._record(item, attempt, at)
            finally:  # else a moving clock, or a reset, would wait for it for ever
                self._under_way[counted] -= 1
                if not self._under_way[counted]:
                    del self._under_way[counted]
                    self._idle.notify_all()
                if hold is not None:
                    self._clock.release(hold)

    def _keeps(self, item: Item, generation: int) -> bool:
        return generation == self._lock.generation and item in self._items.get(item.message_id, ())

    def _record(self, item: Item, attempt: Attempt, at: int) -> None:
        if attempt.status_code == item.SUCCESS:
            state = ReportState.DELIVERED
        elif attempt.number >= item.max_attempts:
            state = ReportState.GIVEN_UP
        else:
            state = ReportState.WAITING
        retry = at + self._retry_micros if state is ReportState.WAITING else None
        tried = replace(
            item,
            attempts=(*item.attempts, attempt),
            state=state,
            next_attempt_at=None if retry is None else to_datetime(retry),
        )
        items = self._items[item.message_id]
        items[items.index(item)] = tried
        if retry is not None:
            self._clock.call_at(retry, Retry(self, tried))
        else:
            following = next((other for other in items if other.state is ReportState.WAITING), None)
            if following is not None:
                self.start(following)
        self._changed(tried)
