"""Gateway, failures and journal together: how they start over, and how they are kept."""

from collections.abc import Callable

from fake_every8d.control.failures import Failures
from fake_every8d.control.journal import Journal
from fake_every8d.control.snapshot import Document, Snapshot, document, read
from fake_every8d.gateway import Account, Gateway


class World:
    """A gateway, the failures on demand in front of it, and the requests that came.

    `set_up`, if given, sets outcomes and adds failures that hold again after a reset.
    """

    def __init__(self, gateway: Gateway, set_up: Callable[[], object] | None = None) -> None:
        self.gateway = gateway
        self.failures = Failures(
            gateway.clock, changed=lambda: gateway.wake(Failures), lock=gateway.lock
        )
        """Failures on demand."""
        self.journal = Journal(changed=lambda: gateway.wake(Journal))
        """The last requests to both APIs, and to paths that do not exist."""
        self._set_up = set_up

    def set_up(self) -> None:
        """Bring it to its initial state: at first, and after every reset."""
        if self._set_up is not None:
            self._set_up()
        self.failures.settle()

    # A reset, of one account too, and a restore are one instant: gateway and failures share one
    # lock, and requests that were read before it is given back belong to the old world (X1).

    def reset(self) -> None:
        """Return to the initial state; failures on demand and the journal are cleared (X1)."""

        def set_up() -> None:
            self.failures.clear()
            self.journal.clear(self.gateway.generation)
            self.set_up()

        self.gateway.reset(set_up)

    def reset_account(self, user_id: str) -> Account:
        """Return one account to its initial state. Raises `NotFound`.

        Failures that are limited to it, and its requests in the journal, go too.
        """

        def also() -> None:
            self.failures.reset_account(user_id)
            self.journal.forget(user_id, self.gateway.epoch)

        return self.gateway.reset_account(user_id, also)

    def snapshot(self) -> Document:
        """All but the journal, as a JSON document to be put back with `restore`."""
        return document(Snapshot(self.gateway.state(), self.failures.state()))

    def restore(self, given: Document) -> None:
        """Return to a snapshot. Raises `Conflict` or `InvalidInput`; then nothing changes."""
        snapshot = read(given)
        self.gateway.restore(snapshot.gateway, lambda: self.failures.restore(snapshot.failures))
