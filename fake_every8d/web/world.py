"""Everything at once: gateway, failures and journal, and how they begin anew."""

from collections.abc import Callable

from fake_every8d.gateway import Account, Gateway
from fake_every8d.web.faults import Faults
from fake_every8d.web.journal import Journal


class World:
    """A gateway, the failures on demand in front of it, and the requests that came.

    `set_up` is called after every reset.
    """

    def __init__(self, gateway: Gateway, set_up: Callable[[], None]) -> None:
        self.gateway = gateway
        self.faults = Faults(gateway.clock)
        """Failures on demand."""
        self.journal = Journal()
        """The last requests to both APIs, and to paths that do not exist."""
        self._set_up = set_up

    def reset(self) -> None:
        """Return to the initial state; failures on demand and the journal are cleared (X1)."""
        self.faults.clear()
        self.gateway.reset()
        self.journal.clear(self.gateway.generation)
        self._set_up()
        self.faults.settle()

    def reset_account(self, user_id: str) -> Account:
        """Return one account to its initial state. Raises `NotFound`.

        What is limited to it among the failures goes, too, and its requests in the journal.
        """
        account = self.gateway.reset_account(user_id)
        self.faults.reset_account(user_id)
        self.journal.forget(user_id)
        return account
