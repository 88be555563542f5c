"""The lock, resets that end what began before them, and waking those who wait for a change."""

import _thread
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from fake_every8d.real_time import monotonic

Returned = TypeVar("Returned")

ANYTHING = None
"""The topic of those who wait for whatever there is."""

# Those who wait for anything look again after this many seconds at the earliest: under load,
# something changes thousands of times a second.
_GRAIN = 0.02


# Of the C type, because a signal's exception cannot come between its being taken and a `with`.
class Lock(_thread.RLock):  # type: ignore[misc]  # not final, whatever typeshed says
    """The gateway's lock, which knows what began before a reset, and so is void (X1).

    A request notes the `epoch` in which it was read, and is carried out `as_of` that: with
    the lock held, and not at all if there was a reset in between.
    """

    def __init__(self) -> None:
        self.epoch = 0
        """Grows with every reset, of one account too, and with every restore."""
        self.generation = 0
        """The epoch in which this world begins."""
        self._accounts: dict[str | None, int] = {}  # when each was last reset alone

    def voids(self, began: int, user_id: str | None = None) -> bool:
        """Whether there was a reset, of all or of the account, since that epoch."""
        return began < self.generation or began < self._accounts.get(user_id, 0)

    def as_of(
        self,
        began: int,
        user_id: str | None,
        refusal: Callable[[], Exception],
        action: Callable[[], Returned],
    ) -> Returned:
        """Do what was asked for in that epoch, about an account if any; raises if it is void."""
        with self:
            if self.voids(began, user_id):
                raise refusal()
            return action()

    @contextmanager
    def new_generation(self) -> Iterator[int]:
        """Hold the lock while the world begins anew; yields the generation that ends.

        Requests that are read meanwhile still belong to the old one.
        """
        with self:
            ended, self.generation = self.generation, self.epoch + 1
            try:
                yield ended
            finally:
                self._accounts.clear()
                self.epoch = self.generation

    def end_epoch_of(self, user_id: str) -> None:
        """Make void what was read for an account so far."""
        self.epoch += 1
        self._accounts[user_id] = self.epoch


class Changes:
    """What has changed, counted, and who waits for that; safe from any thread.

    Whoever changes something names the topics that it concerns; only those who wait
    for one of them are woken, and look for themselves. Where nobody waits that costs
    next to nothing. The gateway's lock guards `version`.
    """

    def __init__(self) -> None:
        self.version = 0
        """Grows with every change."""
        self._lock = threading.Lock()
        self._waiters: dict[Hashable, set[_Waiter]] = {}
        self._closed = False

    @property
    def awaited(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiters)

    @property
    def topical(self) -> bool:
        """Whether anybody waits for something in particular, so that topics are worth finding."""
        return len(self._waiters) > (ANYTHING in self._waiters)

    def count(self, changes: int = 1) -> int:
        """Count changes, and wake nobody. Returns the version after the last of them."""
        self.version += changes
        return self.version

    def announce(self) -> None:
        """Count a change that is about no message in particular."""
        self.version += 1
        self.wake()

    def wake(self, *topics: Hashable) -> None:
        """Have those who wait for one of the topics, or for anything, look again.

        What they are to see has been changed before. Never blocks.
        """
        if self._waiters:
            for topic in (*topics, ANYTHING):
                for waiter in tuple(self._waiters.get(topic, ())):
                    waiter.wake()

    def wait_for(
        self,
        condition: Callable[[], bool],
        timeout: float,
        topic: Hashable = ANYTHING,
        on_wait: Callable[[Callable[[], None]], object] | None = None,
    ) -> bool:
        """Wait until `condition()` holds, `timeout` real seconds at the most; whether it does.

        It is called at once, whenever `topic` has changed, and when the time is up; no lock
        is held meanwhile. See `Gateway.wait_for`.
        """
        deadline = monotonic() + timeout
        waiter = _Waiter()
        while True:
            with self._registered(waiter, topic):  # first, so that no change is missed
                asked = monotonic()
                if condition():
                    return True
                if self._closed or asked >= deadline:
                    return False
                if on_wait is not None:
                    on_wait(waiter.end)
                    on_wait = None
                waiter.wait(deadline - monotonic())
            if topic is ANYTHING and not waiter.ended:
                waiter.wait(min(asked + _GRAIN, deadline) - monotonic())
            if waiter.ended:
                return False

    def announce_all(self) -> None:
        """Count a change that is about everything."""
        self.version += 1
        self.wake_all()

    def wake_all(self) -> None:
        """Have everybody look again."""
        with self._lock:
            for waiter in set().union(*self._waiters.values()):
                waiter.wake()

    def close(self) -> None:
        """End all waits, those to come too."""
        self._closed = True
        self.wake_all()

    @contextmanager
    def _registered(self, waiter: "_Waiter", topic: Hashable) -> Iterator[None]:
        with self._lock:
            self._waiters.setdefault(topic, set()).add(waiter)
        try:
            yield
        finally:
            with self._lock:
                waiters = self._waiters[topic]
                waiters.discard(waiter)
                if not waiters:
                    del self._waiters[topic]


class _Waiter:
    """A thread that waits to be woken."""

    def __init__(self) -> None:
        # A lock that anybody may release: unlike an Event's `set`, that never blocks.
        self._asleep = threading.Lock()
        self._asleep.acquire()
        self.ended = False

    def wait(self, seconds: float) -> None:
        """Until it is woken, or was since it last waited; at most so many seconds."""
        self._asleep.acquire(timeout=min(max(seconds, 0), threading.TIMEOUT_MAX))

    def wake(self) -> None:
        with suppress(RuntimeError):  # it is awake already
            self._asleep.release()

    def end(self) -> None:
        """Let it wait no longer."""
        self.ended = True
        self.wake()
