"""Gateways whose time stands still."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Any

import pytest

from fake_every8d.gateway import TAIPEI, Account, Email, Gateway, Report, Settings, outbox
from fake_every8d.outgoing.reports import Reporter
from tests.receiver import Receiver

NewGateway = Callable[..., Gateway]


@pytest.fixture
def new_gateway() -> Iterator[NewGateway]:
    """Makes gateways. In each it is 2040-03-01 12:00:00 in Taipei, and time stands still.

    Give it the accounts, if not the usual one, and any of the settings.
    """
    with ExitStack() as stack:
        reporter = stack.enter_context(closing(Reporter()))

        def new(
            *accounts: Account,
            report: Callable[[Report], int] | None = None,
            mail: Callable[[Email], int] | None = None,
            **settings: Any,
        ) -> Gateway:
            if accounts:
                settings["accounts"] = accounts
            gateway = Gateway(Settings(**settings), report=report or reporter, mail=mail)
            stack.enter_context(closing(gateway))
            gateway.clock.freeze()
            gateway.clock.travel_to(datetime(2040, 3, 1, 12, tzinfo=TAIPEI))
            return gateway

        yield new


@pytest.fixture
def gateway(new_gateway: NewGateway) -> Gateway:
    """A gateway with the account demo/demo, which has 1000 points and sends at home only."""
    return new_gateway()


@pytest.fixture
def reporting(new_gateway: NewGateway, receiver: Receiver) -> Gateway:
    """A gateway whose account demo has its reports sent to `receiver`."""
    return new_gateway(Account("demo", "demo", report_url=receiver.url))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset waits only briefly for receivers that do not respond."""
    monkeypatch.setattr(outbox, "_DRAIN_SECONDS", 0.05)
