"""HTTP/1.1 on the wire: framing, the order of responses, upgrades, refusals, and closing."""

import gc
import http.client
import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from io import BufferedReader
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from tests.waiting import wait_for
from tests.web.serving import DEADLINE, ENDPOINT

CLOSE = "Connection: close"
EXPECT = "Expect: 100-continue"
# As java.net.http.HttpClient makes its first request.
H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")

ENVELOPE = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<getCredit xmlns="http://tempuri.org/"/></s:Body></s:Envelope>'
)


def get(target: str = "/healthz", *headers: str, version: str = "1.1") -> bytes:
    lines = [f"GET {target} HTTP/{version}", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


def head(*headers: str, version: str = "1.1") -> bytes:
    """The request line and headers before a body."""
    lines = [f"POST {ENDPOINT} HTTP/{version}", "Host: localhost", "Content-Type: text/xml"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


LENGTH = f"Content-Length: {len(ENVELOPE)}"
POST = head(LENGTH) + ENVELOPE
CHUNKS = b"%x\r\n%s\r\n0\r\n" % (len(ENVELOPE), ENVELOPE)
CHUNKED = "Transfer-Encoding: chunked"


class Response(NamedTuple):
    status: int
    headers: Message
    body: str


def read(stream: BufferedReader) -> Response:
    """The next response."""
    line = stream.readline()
    headers = http.client.parse_headers(stream)
    body = stream.read(int(headers.get("Content-Length", 0)))
    return Response(int(line.split()[1]), headers, body.decode())


def responses(connection: socket.socket) -> list[Response]:
    """All of them, until the connection is closed."""
    with connection.makefile("rb") as stream:
        found = []
        while stream.peek(1):
            found.append(read(stream))
        return found


def connect(fake: FakeEvery8d) -> socket.socket:
    url = urlsplit(fake.url)
    connection = socket.create_connection((url.hostname, url.port), DEADLINE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if url.scheme == "http":
        return connection
    context = ssl.create_default_context(cafile=fake.ca_file)
    return context.wrap_socket(connection, server_hostname="localhost")


def ask(fake: FakeEvery8d, *pieces: bytes, half_close: bool = False) -> list[Response]:
    with connect(fake) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return responses(connection)


def delayed(fake: FakeEvery8d, *data: bytes) -> socket.socket:
    """A connection whose first request waits in a thread until `fake.clear_failures()`."""
    fake.add_failure("getCredit", "delay", seconds=3600)
    connection = connect(fake)
    connection.sendall(b"".join([POST, *data]))
    wait_for(lambda: not fake.failures, DEADLINE)
    return connection


def no_request_waits() -> bool:
    return all(thread.name != "fake-every8d-request" for thread in threading.enumerate())


@pytest.fixture
def fake() -> Iterator[FakeEvery8d]:
    with FakeEvery8d() as fake:
        yield fake


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def either(request: pytest.FixtureRequest) -> Iterator[FakeEvery8d]:
    with FakeEvery8d(tls=request.param) as fake:
        yield fake


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"nonsense\r\n\r\n", 400, "(Invalid method encountered). Expected a request line such as"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "Not a valid HTTP/1.1 request"),
        (head(LENGTH, CHUNKED) + CHUNKS, 400, "Not a valid HTTP/1.1 request"),
        (get("http://[::1/"), 400, "Not a valid HTTP/1.1 request"),
        (
            b"CONNECT x:443 HTTP/1.1\r\n\r\n",
            501,
            "CONNECT is not supported; only http:// targets can",
        ),
        (get("/", f"X: {'x' * 1_000_000}"), 431, "headers are limited to 65536 bytes"),
    ],
)
def test_malformed_request_gets_an_error_and_is_disconnected(
    fake: FakeEvery8d, data: bytes, status: int, sentence: str
) -> None:
    (response,) = ask(fake, data)
    assert response.status == status
    assert sentence in response.body
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Connection"] == "close"


def test_a_head_that_does_not_end_is_refused(fake: FakeEvery8d) -> None:
    (response,) = ask(fake, get()[:-2] + b"X: ", *[b"x" * 1000] * 100)
    assert response.status == 431


@pytest.mark.parametrize("data", [b"GET / HTT", get()[:-1], POST[:-1], head(CHUNKED) + CHUNKS[:-1]])
def test_a_request_that_breaks_off_is_told_so(fake: FakeEvery8d, data: bytes) -> None:
    (response,) = ask(fake, data, half_close=True)
    assert response.status == 400
    assert "(it is incomplete)" in response.body


def test_a_body_that_was_refused_may_break_off(fake: FakeEvery8d) -> None:
    too_long = head(f"Content-Length: {11 * 1024 * 1024}")
    (response,) = ask(fake, too_long, b"<", half_close=True)
    assert response.status == 413


def test_responses_come_in_the_order_of_the_requests(fake: FakeEvery8d) -> None:
    """Also if the first has to wait, the last is not HTTP, and the client ends its side."""
    with delayed(fake, get(), get("/nowhere"), b"nonsense\r\n\r\n") as connection:
        fake.clear_failures()  # before it ends its side, which while delayed means that it is gone
        connection.shutdown(socket.SHUT_WR)
        first, *others = responses(connection)
        assert "getCreditResult" in first.body
        assert [response.status for response in others] == [200, 404, 400]


def test_a_continue_comes_after_the_responses_before_it(fake: FakeEvery8d) -> None:
    with delayed(fake, head(LENGTH, EXPECT, CLOSE)) as connection:
        fake.clear_failures()
        with connection.makefile("rb") as stream:
            assert [read(stream).status for _ in range(2)] == [200, 100]
            connection.sendall(ENVELOPE)
            assert read(stream).status == 200


def test_http_1_0_has_no_continue_and_is_kept_alive_if_it_asks_for_it(fake: FakeEvery8d) -> None:
    kept = get("/healthz", "Connection: Keep-Alive", version="1.0")
    first, second = ask(fake, kept, head(LENGTH, EXPECT, version="1.0"), ENVELOPE)
    assert (first.status, first.headers["Connection"]) == (200, "keep-alive")
    assert (second.status, second.headers["Connection"]) == (200, "close")


@pytest.mark.parametrize(
    ("target", "status", "path"),
    [
        ("http://localhost/healthz?x=http://y", 200, None),
        ("http://localhost", 200, None),
        ("/%68ealthz", 200, None),
        ("/nowhere/%E7%9F%AD?%E4", 404, "/nowhere/短"),
        ("/%FF%00", 404, "/\ufffd\0"),
        ("//localhost/healthz", 404, "//localhost/healthz"),
    ],
)
def test_targets(fake: FakeEvery8d, target: str, status: int, path: str | None) -> None:
    (response,) = ask(fake, get(target, CLOSE))
    assert response.status == status
    assert [request.path for request in fake.requests] == ([] if path is None else [path])


def test_repeated_headers_are_joined_but_no_trailers(fake: FakeEvery8d) -> None:
    headers = ("X-A: 1", "x-a: 2", "X_A: 3", "Content_Length: 1", CHUNKED, CLOSE)
    (response,) = ask(fake, head(*headers) + CHUNKS + b"X-A: 4\r\n\r\n")
    assert response.status == 200
    assert fake.requests[0].headers["X-A"] == "1,2"


EXCHANGES = {
    head(LENGTH, *H2C) + ENVELOPE + get("/healthz", CLOSE): [200, 200],
    head(CHUNKED, *H2C) + CHUNKS + b"\r\n" + get("/healthz", CLOSE): [200, 200],
    head(LENGTH, "Connection: close, Upgrade", "Upgrade: h2c") + ENVELOPE: [200],
    get("/healthz", "Connection: Upgrade", "Upgrade: websocket") + get("/x", CLOSE): [200, 404],
    get() + POST + b"\r\n" + get("/nowhere") + b"nonsense": [200, 200, 404, 400],
}


@pytest.mark.parametrize("data", EXCHANGES)
def test_offers_to_upgrade_are_ignored(fake: FakeEvery8d, data: bytes) -> None:
    assert [response.status for response in ask(fake, data)] == EXCHANGES[data]
    one_by_one = (data[i : i + 1] for i in range(len(data)))
    assert [response.status for response in ask(fake, *one_by_one)] == EXCHANGES[data]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.sampled_from(list(EXCHANGES)), cuts=st.sets(st.integers(1, 700), max_size=20))
def test_requests_may_arrive_in_any_pieces(fake: FakeEvery8d, data: bytes, cuts: set[int]) -> None:
    pieces = [data[start:end] for start, end in pairwise([0, *sorted(cuts), len(data)])]
    assert [response.status for response in ask(fake, *pieces)] == EXCHANGES[data]


CHINESE = ENVELOPE.replace(b"<getCredit", "<!-- 測試 -->\n<getCredit".encode())
RAW = "GET /raw/%s?MSG=測試&X=%%41 HTTP/1.%d\r\nHost: 本機\r\nX-Name: 王\r\n\r\n"
RAW_TARGETS = b"".join(
    [
        (RAW % ("一", 1)).encode(),
        b"\r\n" + head(f"Content-Length: {len(CHINESE)}") + CHINESE,
        (RAW % ("二", 1)).encode(),
        head(CHUNKED) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(CHINESE), CHINESE),
        "GET http://api.e8d.tw/raw/三?MSG=測試&X=%41 HTTP/1.0\r\n\r\n".encode(),
    ]
)
"""Requests with bytes outside ASCII in their targets, and some in headers and bodies."""


def raw_targets_are_read(fake: FakeEvery8d, *pieces: bytes) -> None:
    fake.reset()
    assert [response.status for response in ask(fake, *pieces)] == [404, 200, 404, 200, 404]
    requests = fake.requests
    assert [request.path for request in requests if request.method == "GET"] == [
        "/raw/一", "/raw/二", "/raw/三",
    ]  # fmt: skip
    assert {request.query for request in requests if request.method == "GET"} == {
        "MSG=%E6%B8%AC%E8%A9%A6&X=%41"
    }
    assert [request.body for request in requests if request.method == "POST"] == [CHINESE] * 2


def test_h3_raw_bytes_in_a_target_are_read(
    fake: FakeEvery8d,
) -> None:
    raw_targets_are_read(fake, RAW_TARGETS)
    raw_targets_are_read(fake, *[RAW_TARGETS[i : i + 1] for i in range(len(RAW_TARGETS))])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.sets(st.integers(1, len(RAW_TARGETS) - 1), max_size=20))
def test_h3_the_same_in_any_pieces(fake: FakeEvery8d, cuts: set[int]) -> None:
    ends = [0, *sorted(cuts), len(RAW_TARGETS)]
    raw_targets_are_read(fake, *[RAW_TARGETS[start:end] for start, end in pairwise(ends)])


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("give_up", [socket.socket.close, reset])
def test_nobody_hears_of_a_client_that_gives_up(
    either: FakeEvery8d,
    give_up: Callable[[socket.socket], None],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    give_up(delayed(either))
    either.clear_failures()
    wait_for(no_request_waits, DEADLINE)
    assert [response.status for response in ask(either, get("/healthz", CLOSE))] == [200]
    either.stop()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_slow_reader_does_not_block_others(fake: FakeEvery8d) -> None:
    with connect(fake) as connection:
        connection.sendall(get(f"{ENDPOINT}?WSDL") * 1500 + get("/nowhere", CLOSE))  # 20 MB back
        assert [response.status for response in ask(fake, get("/healthz", CLOSE))] == [200]
        assert all(request.status == 200 for request in fake.requests)
        assert [response.status for response in responses(connection)] == [200] * 1500 + [404]


def test_a_response_under_way_is_sent_though_the_server_stops(either: FakeEvery8d) -> None:
    with delayed(either) as connection:
        either.stop()
        assert [response.status for response in responses(connection)] == [200]


def test_a_response_that_takes_long_is_not_waited_for(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fake_every8d.web.http.server._STOP_SECONDS", 0.1)
    application = Application(gateway)
    application.world.failures.add("getCredit", "delay", seconds=3600)
    server = Server(application)
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as connection:
        connection.sendall(POST)
        wait_for(lambda: not application.world.failures.all(), DEADLINE)
        server.close()
        assert connection.recv(1) == b""
    application.world.failures.clear()
    wait_for(no_request_waits, DEADLINE)


@pytest.mark.parametrize(
    ("sent", "awaited"),
    [(b"", b""), (b"GET", b""), (get(), b""), (get(), b"H"), (get("/healthz", CLOSE), b"H")],
)
def test_nothing_is_left_of_its_connections(
    either: FakeEvery8d,
    sent: bytes,
    awaited: bytes,
    recwarn: pytest.WarningsRecorder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with connect(either) as connection:
        connection.sendall(sent)
        assert connection.recv(len(awaited)) == awaited
        either.stop()
    gc.collect()
    assert list(recwarn) == []
    assert caplog.records == []


def test_it_can_be_closed_twice(gateway: Gateway) -> None:
    server = Server(Application(gateway))
    server.close()
    server.close()


def test_it_starts_answers_and_stops_while_time_is_frozen() -> None:
    # Otherwise freezegun reads testcontainers' attributes, one of which looks for Docker.
    with freeze_time("2001-02-03 04:05:06", ignore=["testcontainers"]) as time:
        fake = FakeEvery8d().start()
        (response,) = ask(fake, get("/healthz", CLOSE))
        assert response.headers["Date"] == "Sat, 03 Feb 2001 04:05:06 GMT"
        with delayed(fake) as connection:
            time.move_to("1999-12-31 23:59:59")
            fake.stop()
            assert [response.status for response in responses(connection)] == [200]


def test_asyncio_finds_no_failure_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    with FakeEvery8d() as fake, delayed(fake, get()) as connection:
        fake.clear_failures()
        assert connection.recv(1) == b"H"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
