"""The lock, resets that void earlier calls, and waking waiters when something changes."""

import _thread
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from fake_every8d.real_time import monotonic

Returned = TypeVar("Returned")

ANYTHING = None
"""The topic of waiters for any change."""

# The least seconds between two looks of a waiter for any change: under load, something changes
# thousands of times a second.
_BETWEEN_LOOKS = 0.02


# A subclass of the C type: a signal's exception cannot come between taking it and the `with` block.
class Lock(_thread.RLock):  # type: ignore[misc]  # not final, whatever typeshed says
    """The gateway's lock, which also voids calls that began before a reset (X1).

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
        """True if there was a reset, of all or of the account, since that epoch."""
        return began < self.generation or began < self._accounts.get(user_id, 0)

    def as_of(
        self,
        began: int,
        user_id: str | None,
        refusal: Callable[[], Exception],
        action: Callable[[], Returned],
    ) -> Returned:
        """Do what was asked for in that epoch, about an account if any. Raises if it is void."""
        with self:
            if self.voids(began, user_id):
                raise refusal()
            return action()

    @contextmanager
    def new_generation(self) -> Iterator[int]:
        """Hold the lock during a reset; yields the generation that ends.

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
        """Void all calls read for an account so far."""
        self.epoch += 1
        self._accounts[user_id] = self.epoch


class Changes:
    """The count of changes, and the waiters for them. Safe from any thread.

    Whoever changes something names the topics that it concerns; only those who wait
    for one of them are woken, and look for themselves. It is nearly free while nobody waits. The
    gateway's lock guards `version`.
    """

    def __init__(self) -> None:
        self.version = 0
        """Grows with every change."""
        self._lock = threading.Lock()
        self._waiters: dict[Hashable, set[_Waiter]] = {}
        self._closed = False

    @property
    def awaited(self) -> bool:
        """True if anybody waits."""
        return bool(self._waiters)

    @property
    def topical(self) -> bool:
        """True if anybody waits for a particular topic, so that finding topics is worth it."""
        return len(self._waiters) > (ANYTHING in self._waiters)

    def count(self, changes: int = 1) -> int:
        """Count changes, and wake nobody. Returns the version after the last of them."""
        self.version += changes
        return self.version

    def announce(self) -> None:
        """Count a change without a particular message."""
        self.version += 1
        self.wake()

    def wake(self, *topics: Hashable) -> None:
        """Wake the waiters for one of the topics, or for anything.

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
        """Wait until `condition()` holds, at most `timeout` real seconds. Return whether it does.

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
                waiter.wait(min(asked + _BETWEEN_LOOKS, deadline) - monotonic())
            if waiter.ended:
                return False

    def announce_all(self) -> None:
        """Count a change of everything."""
        self.version += 1
        self.wake_all()

    def wake_all(self) -> None:
        """Wake every waiter."""
        with self._lock:
            for waiter in set().union(*self._waiters.values()):
                waiter.wake()

    def close(self) -> None:
        """End all waits, also future ones."""
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
        """Wait until it is woken, or was since the last wait; at most so many seconds."""
        self._asleep.acquire(timeout=min(max(seconds, 0), threading.TIMEOUT_MAX))

    def wake(self) -> None:
        with suppress(RuntimeError):  # it is awake already
            self._asleep.release()

    def end(self) -> None:
        """Wake it."""
        self.ended = True
        self.wake()
