"""A fake whose time stands still, and its HTTP API."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from fake_every8d import TAIPEI, FakeEvery8d, Settings
from tests.http_api.calls import Http

NewHttp = Callable[..., Http]


@pytest.fixture
def new_http() -> Iterator[NewHttp]:
    """Makes fakes, of any settings. In each it is 2040-03-01 12:00:00 in Taipei."""
    with ExitStack() as stack:

        def new(**settings: Any) -> Http:
            fake = stack.enter_context(FakeEvery8d(Settings(**settings)))
            fake.clock.freeze()
            fake.clock.travel_to(datetime(2040, 3, 1, 12, tzinfo=TAIPEI))
            return Http(fake)

        yield new


@pytest.fixture
def http(new_http: NewHttp) -> Http:
    """Of the account demo/demo, which has 1000 points and sends at home only."""
    return new_http()
