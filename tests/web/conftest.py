from collections.abc import Iterator
from contextlib import closing

import pytest

from fake_every8d.control.journal import RecordedRequest
from fake_every8d.gateway import Account, Gateway, Settings
from fake_every8d.outgoing.reports import Reporter
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from tests.web.serving import Served


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with closing(Reporter()) as reporter:
        gateway = Gateway(Settings(accounts=(Account("demo", "s3cret"),)), report=reporter)
        yield gateway
        gateway.close()


@pytest.fixture
def records() -> list[RecordedRequest]:
    """The log so far."""
    return []


@pytest.fixture
def url(gateway: Gateway, records: list[RecordedRequest]) -> Iterator[str]:
    """A served application."""
    server = Server(Application(gateway, log=records.append))
    yield server.url
    server.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A process that serves, for tests that do not change it."""
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture(params=["thread", "serve"])
def any_url(request: pytest.FixtureRequest) -> str:
    """Served by each of the servers in turn."""
    if request.param == "thread":
        served_by_threads: str = request.getfixturevalue("url")
        return served_by_threads
    served: Served = request.getfixturevalue("served")
    return served.url
