"""An endpoint over a gateway whose time stands still."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import pytest

from fake_every8d import FakeEvery8d
from fake_every8d.gateway import TAIPEI, Gateway
from fake_every8d.soap import SoapEndpoint


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """It is 2040-03-01 12:00:00 in Taipei. The account is demo/demo, with 1000 points."""
    with closing(Gateway(report=lambda report: 200)) as gateway:
        gateway.clock.freeze()
        gateway.clock.travel_to(datetime(2040, 3, 1, 12, tzinfo=TAIPEI))
        yield gateway


@pytest.fixture
def endpoint(gateway: Gateway) -> SoapEndpoint:
    return SoapEndpoint(gateway.platform)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of a fake."""
    with FakeEvery8d() as fake:
        yield fake.url
