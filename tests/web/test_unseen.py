"""Requests that the server refuses before any API sees them, in journal and log (W13)."""

import logging
from collections.abc import Iterator

import pytest

from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.log import json_line, text_line
from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.body import LONGEST
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.notices import Notices
from fake_every8d.web.http.server import Server
from tests.waiting import wait_for
from tests.web.serving import ENDPOINT
from tests.web.test_connection import CHUNKED, POST, get, head, responses
from tests.web.test_limits import connect

Entry = tuple[str, str, str, int]


class Fake:
    """A server with tight limits, its journal and its log."""

    def __init__(self, gateway: Gateway, logged: list[RecordedRequest]) -> None:
        self.logged = logged
        self.application = Application(gateway, log=logged.append)
        self.server = Server(self.application, limits=Limits(head_seconds=0.05, threads=1))

    def send(self, *data: bytes, half_close: bool = False) -> int:
        """Returns the status of the last response."""
        with connect(self.server) as connection:
            for piece in data:
                connection.sendall(piece)
            if half_close:
                connection.shutdown(1)
            return responses(connection)[-1].status

    @property
    def entries(self) -> list[Entry]:
        kept = self.application.world.journal.all()
        assert kept == self.logged
        return [(each.method, each.path, each.query, each.status) for each in kept]


@pytest.fixture
def fake(gateway: Gateway, records: list[RecordedRequest]) -> Iterator[Fake]:
    fake = Fake(gateway, records)
    yield fake
    fake.application.world.failures.clear()
    fake.server.close()


BLANK = b"GET /API21/HTTP/sendSMS.ashx?MSG=hello world&PWD=s3cret HTTP/1.0\r\nHost: x\r\n\r\n"
"""As PHP's file_get_contents sends a URL with a blank in it."""


def test_a_blank_in_a_url_is_seen(fake: Fake) -> None:
    assert fake.send(BLANK) == 400
    assert fake.entries == [
        ("GET", "/API21/HTTP/sendSMS.ashx", "MSG=hello world&PWD=********", 400)
    ]
    (request,) = fake.application.world.journal.all()
    assert request.operation is None
    assert "Not a valid HTTP/1.1 request" in request.response_text
    for line in (text_line(request), json_line(request)):
        assert "/API21/HTTP/sendSMS.ashx" in line
        assert "s3cret" not in line


@pytest.mark.parametrize("cut", [1, 3, 40, 45, len(BLANK) - 1])
def test_request_in_pieces_is_seen(fake: Fake, cut: int) -> None:
    """As much of it as there was when it turned out to be wrong."""
    assert fake.send(BLANK[:cut], BLANK[cut:]) == 400
    ((method, path, query, status),) = fake.entries
    assert (method, path, status) == ("GET", "/API21/HTTP/sendSMS.ashx", 400)
    assert query.startswith("MSG=hello")


@pytest.mark.parametrize(
    ("data", "entry"),
    [
        (get("/a?b", f"X: {'x' * 100_000}"), ("GET", "/a", "b", 431)),
        (get("/%E7%9F%AD", *["X: x"] * 101), ("GET", "/短", "", 431)),
        (b"GET http://x/a?b HTTP/1.1\r\nX\r\n\r\n", ("GET", "/a", "b", 400)),
        (b"get / HTTP/1.1\r\n\r\n", ("get", "/", "", 400)),
        (b"GET /a HTTP/1.1\r\n", ("GET", "/a", "", 408)),
        (head(CHUNKED) + b"x\r\n", ("POST", ENDPOINT, "", 400)),
        (head(f"Content-Length: {LONGEST + 1}"), ("POST", ENDPOINT, "", 413)),
        (b"CONNECT /x HTTP/1.1\r\n\r\n", ("CONNECT", "/x", "", 501)),
        (b"CONNECT api.e8d.tw:443 HTTP/1.1\r\n\r\n", ("CONNECT", "api.e8d.tw:443", "", 501)),
    ],
)
def test_refused_request_is_seen(fake: Fake, data: bytes, entry: Entry) -> None:
    assert fake.send(data) == entry[-1]
    assert fake.entries == [entry]


def test_request_that_breaks_off_is_seen(fake: Fake) -> None:
    assert fake.send(POST[:-1], half_close=True) == 400
    assert fake.entries == [("POST", ENDPOINT, "", 400)]


def test_call_without_a_free_thread_is_seen(fake: Fake) -> None:
    fake.application.world.failures.add("getCredit", "delay", seconds=3600, times=None)
    with connect(fake.server) as held:
        held.sendall(POST)
        wait_for(lambda: fake.server._service.threads == 1)
        assert fake.send(POST) == 503
        (request,) = fake.application.world.journal.all()
        assert (request.operation, request.status, request.failure) == ("getCredit", 503, "delay")
        assert "DELETE /fake/failures" in request.response_text


@pytest.mark.parametrize(
    "data", [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET x"]
)
def test_malformed_request_is_logged(
    fake: Fake, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert fake.send(data, half_close=True) == 400
    assert fake.entries == []
    (record,) = caplog.records
    assert record.getMessage().startswith("HTTP 400: Not a valid HTTP/1.1 request (")


def test_such_lines_are_few(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    for _ in range(1000):
        notices.add("HTTP 400")
    notices.flush()
    notices.flush()
    assert [record.getMessage() for record in caplog.records] == ["HTTP 400"] * 20 + [
        "… and 980 more like this one"
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/", 405), ("PUT", "/x", 404)])
def test_a_call_of_what_does_not_exist_is_seen(
    fake: Fake, method: str, path: str, status: int
) -> None:
    assert fake.send(f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()) == status
    assert fake.entries == [(method, path, "", status)]
