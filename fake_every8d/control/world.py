"""Gateway, failures and journal together: resetting, saving and restoring them."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from fake_every8d.control.failures import Failures
from fake_every8d.control.journal import Journal
from fake_every8d.control.snapshot import Document, Snapshot, document, read
from fake_every8d.gateway import Account, Gateway, NotFound, Settings


class World:
    """A gateway, the failures on demand in front of it, and the journal of requests.

    `set_up`, if given, sets outcomes and adds failures that hold again after a reset.
    """

    def __init__(self, gateway: Gateway, set_up: Callable[[], object] | None = None) -> None:
        self.gateway = gateway
        self.failures = Failures(
            gateway.clock, changed=lambda: gateway.wake(Failures), lock=gateway.lock
        )
        """Failures on demand."""
        self.journal = Journal(changed=partial(gateway.wake, Journal))
        """The last requests to both APIs, and to paths that do not exist."""
        self._set_up = set_up

    def set_up(self) -> None:
        """Set outcomes and failures: at first, and after every reset."""
        if self._set_up is not None:
            self._set_up()
        self.failures.keep_as_initial()

    def check_account(self, user_id: str) -> None:
        """Raise `NotFound` for a user ID that no account has, or had when it called or sent."""
        try:
            self.gateway.account(user_id)
        except NotFound:
            called = (request.user_id for request in self.journal.all())
            sent = (batch.user_id for batch in self.gateway.batches())
            if user_id not in called and user_id not in sent:
                raise

    # A reset, also of one account, and a restore are one instant: gateway and failures share a
    # lock, and a request that was read before the lock is released belongs to the old world (X1).

    def reset(
        self,
        *,
        settings: Settings | None = None,
        now: datetime | None = None,
        keep_sessions: bool | None = None,
    ) -> None:
        """Return to the initial state; failures on demand and the journal are cleared (X1).

        The parameters are those of `Gateway.reset`.
        """

        def set_up() -> None:
            self.failures.clear()
            self.journal.clear(self.gateway.generation)
            self.set_up()

        self.gateway.reset(set_up, settings=settings, now=now, keep_sessions=keep_sessions)

    def reset_account(self, user_id: str) -> Account:
        """Return one account to its initial state. Raises `NotFound`.

        Its failures return to the initial ones, and its requests leave the journal.
        """

        def also() -> None:
            self.failures.reset_account(user_id)
            self.journal.forget(user_id, self.gateway.epoch)

        return self.gateway.reset_account(user_id, also)

    def snapshot(self) -> Document:
        """Everything except the journal, as a JSON document for `restore`."""
        with _uncollected():
            return document(Snapshot(self.gateway.state(), self.failures.state()))

    def restore(self, given: Document) -> None:
        """Return to a snapshot. Raises `Conflict` or `InvalidInput`, and then changes nothing."""
        snapshot = read(given)
        self.gateway.restore(snapshot.gateway, lambda: self.failures.restore(snapshot.failures))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make very many values without reference cycles, while the garbage collector is off.

    For 100,000 messages it would look four times, and block every thread for 0.1 s each time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
