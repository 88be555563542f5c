"""Limits of a server: sizes, numbers and times, and its responses beyond them."""

import socket
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from fake_every8d.gateway import Gateway
from fake_every8d.soap.endpoint import SoapCall
from fake_every8d.web.app import Application
from fake_every8d.web.body import LONGEST
from fake_every8d.web.exchange import Exchange
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.server import Server
from tests.waiting import wait_for
from tests.web.serving import DEADLINE
from tests.web.test_connection import CHUNKED, CLOSE, POST, get, head, read, responses

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@contextmanager
def serving(application: Application, limits: Limits | None = None) -> Iterator[Server]:
    server = Server(application, limits=limits or Limits())
    try:
        yield server
    finally:
        application.world.failures.clear()
        server.close()


def connect(server: Server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), DEADLINE)
    # Otherwise the second part of a request waits 40 ms for the first one's acknowledgement.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@pytest.fixture
def application(gateway: Gateway) -> Application:
    return Application(gateway)


class Waiting(Application):
    """An application whose every response waits until its client has gone."""

    waiting = 0
    gone = 0

    def read(self, environ: "WSGIEnvironment") -> Exchange:
        exchange = super().read(environ)
        exchange.waits = True
        return exchange

    def respond(self, exchange: Exchange) -> None:
        assert exchange.on_disconnect is not None
        over = threading.Event()
        exchange.on_disconnect(over.set)
        self.waiting += 1
        if over.wait(DEADLINE):
            self.gone += 1
        super().respond(exchange)


@pytest.mark.parametrize("hang_up", [socket.socket.close, lambda c: c.shutdown(socket.SHUT_WR)])
def test_handler_is_told_that_the_client_has_gone(
    gateway: Gateway, hang_up: Callable[[socket.socket], object]
) -> None:
    application = Waiting(gateway)
    with serving(application) as server, connect(server) as connection:
        connection.sendall(get())
        wait_for(lambda: application.waiting)
        assert application.gone == 0
        hang_up(connection)
        wait_for(lambda: application.gone)


@pytest.mark.parametrize("apart", [False, True], ids=["on the loop", "in a thread"])
def test_any_failure_is_a_500(
    gateway: Gateway, apart: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Application):
        def read(self, environ: "WSGIEnvironment") -> Exchange:
            exchange = super().read(environ)
            exchange.waits = apart
            return exchange

        def respond(self, exchange: Exchange) -> None:
            raise RuntimeError("oops")

    with serving(Failing(gateway)) as server, connect(server) as connection:
        connection.sendall(get())
        assert [response.status for response in responses(connection)] == [500]
    assert "oops" in caplog.text


def test_headers_are_limited_in_number(application: Application) -> None:
    limits = Limits(headers=10)
    with serving(application, limits) as server:
        for number, status in ((9, 200), (10, 431)):  # and the Host
            with connect(server) as connection:
                names = [f"X-{place}: x" for place in range(number - 1)]
                connection.sendall(get("/healthz", *names, CLOSE))
                assert [response.status for response in responses(connection)] == [status]


def test_long_heads_make_room_in_the_journal(application: Application) -> None:
    # 16 MiB are 419 of 40,000 bytes, and fewer with what else an entry takes.
    long = get("/" + "x" * 20_000, "X-Long: " + "x" * 20_000)
    with serving(application) as server, connect(server) as connection:
        for place in range(450):  # cut anywhere
            connection.sendall(long[: place * 90])
            connection.sendall(long[place * 90 :])
            with connection.makefile("rb") as stream:
                assert read(stream).status == 404
        assert 300 < len(application.world.journal.all()) < 419


def test_a_body_in_tiny_chunks_takes_no_more_than_one_in_large_ones(
    application: Application,
) -> None:
    size = 256 * 1024
    with serving(application) as server, connect(server) as connection:
        tracemalloc.start()
        try:
            connection.sendall(head(CHUNKED, CLOSE) + b"2\r\n  \r\n" * (size // 2) + b"0\r\n\r\n")
            (response,) = responses(connection)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert "Data at the root level is invalid" in response.body  # as it was read to its end
    assert peak < 16 * size  # with an object for each chunk it was 40


def test_a_chunked_body_beyond_the_limit_is_refused_before_it_ends(
    application: Application,
) -> None:
    with serving(application) as server, connect(server) as connection:
        connection.sendall(head(CHUNKED) + b"%x\r\n" % (2 * LONGEST) + b" " * (LONGEST + 1))
        with connection.makefile("rb") as stream:
            assert read(stream).status == 413


def test_offers_to_upgrade_can_be_pipelined_in_any_number(application: Application) -> None:
    offer = get("/healthz", "Connection: Upgrade", "Upgrade: h2c")
    with serving(application) as server, connect(server) as connection:
        connection.sendall(offer * 2000 + get("/nowhere", CLOSE))
        assert [response.status for response in responses(connection)] == [200] * 2000 + [404]


def test_a_small_response_is_sent_at_once(application: Application) -> None:
    with serving(application) as server, connect(server) as connection:
        connection.sendall(get())
        assert connection.recv(1) == b"H"
        (accepted,) = server._service.connections
        own = accepted._transport.get_extra_info("socket")
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_head_that_does_not_come_is_a_408(application: Application) -> None:
    limits = Limits(head_seconds=0.05)
    with serving(application, limits) as server, connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert [response.status for response in responses(connection)] == [408]


@pytest.mark.parametrize("sent", [b"", get(), head("Content-Length: 10")])
def test_idle_connection_is_closed(application: Application, sent: bytes) -> None:
    limits = Limits(idle_seconds=0.05)
    with serving(application, limits) as server, connect(server) as connection:
        connection.sendall(sent)
        assert len(responses(connection)) == (sent == get())


def test_refused_connection_is_closed_in_the_end(application: Application) -> None:
    limits = Limits(linger_seconds=0.05)
    with serving(application, limits) as server, connect(server) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert [response.status for response in responses(connection)] == [400]
        wait_for(lambda: not server._service.connections)


def test_client_that_waits_for_a_response_meets_no_time_out(application: Application) -> None:
    limits = Limits(head_seconds=0.02, idle_seconds=0.02, linger_seconds=0.02)
    application.world.failures.add("getCredit", "delay", seconds=0.2)
    with serving(application, limits) as server, connect(server) as connection:
        connection.sendall(POST)
        assert [response.status for response in responses(connection)] == [200]


def test_failure_added_during_a_call_does_not_block_the_loop(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is taken once the call is read, and decides then where the call is executed."""
    at_once = application._soap.read

    def read_slowly(body: bytes, content_type: str | None, action: str | None) -> SoapCall:
        call = at_once(body, content_type, action)
        application.world.failures.add("getCredit", "delay", seconds=3600)
        return call

    monkeypatch.setattr(application._soap, "read", read_slowly)
    with serving(application) as server, connect(server) as delayed, connect(server) as other:
        delayed.sendall(POST)
        wait_for(lambda: server._service.threads == 1)
        assert application.world.failures.all() == []
        other.sendall(get("/healthz", CLOSE))
        assert [response.status for response in responses(other)] == [200]
        with connect(server) as test:
            test.sendall(b"DELETE /fake/failures HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert test.recv(12) == b"HTTP/1.1 204"
        with delayed.makefile("rb") as stream:
            assert read(stream).status == 200


def test_failures_can_be_ended_where_every_thread_waits_for_one(application: Application) -> None:
    application.world.failures.add("getCredit", "delay", seconds=3600, times=None)
    with serving(application, Limits(threads=1)) as server, connect(server) as delayed:
        delayed.sendall(POST)
        wait_for(lambda: server._service.threads == 1)
        with connect(server) as test:
            test.sendall(b"DELETE /fake/failures HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert test.recv(12) == b"HTTP/1.1 204"
        assert delayed.recv(12) == b"HTTP/1.1 200"


def test_healthz_does_not_touch_the_gateway(application: Application, gateway: Gateway) -> None:
    with serving(application) as server, connect(server) as connection, gateway._lock:
        connection.sendall(get("/healthz", CLOSE))
        assert [response.status for response in responses(connection)] == [200]


def test_connections_beyond_the_limit_are_told_so(application: Application) -> None:
    with serving(application, Limits(connections=2)) as server, ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(2)]
        for connection in held:
            connection.sendall(get())
            assert connection.recv(1) == b"H"
        with connect(server) as beyond:
            beyond.sendall(get())
            (response,) = responses(beyond)
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
            assert "2 connections" in response.body
        held[0].close()
        wait_for(lambda: len(server._service.connections) == 1)
        with connect(server) as again:
            again.sendall(get("/healthz", CLOSE))
            assert [response.status for response in responses(again)] == [200]


def test_connections_beyond_the_limit_wait(application: Application) -> None:
    limits = Limits(connections=1, refused=0)
    with serving(application, limits) as server, connect(server) as held:
        held.sendall(get())
        assert held.recv(1) == b"H"
        with connect(server) as waiting:
            waiting.sendall(get("/healthz", CLOSE))
            held.close()
            assert [response.status for response in responses(waiting)] == [200]


def test_requests_that_wait_beyond_the_limit_are_told_so(application: Application) -> None:
    application.world.failures.add("getCredit", "delay", seconds=3600, times=None)
    with serving(application, Limits(threads=1)) as server, connect(server) as held:
        held.sendall(POST)
        wait_for(lambda: server._service.threads == 1)
        with connect(server) as beyond:
            beyond.sendall(POST)
            (response,) = responses(beyond)
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        held.close()  # which is noticed
        wait_for(lambda: server._service.threads == 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of open files to lower")
def test_too_many_open_files_are_a_line_in_the_log_and_it_goes_on(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    import resource  # POSIX has it

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(application) as server, connect(server) as connection:
        connection.sendall(get())
        assert connection.recv(1) == b"H"
        with ExitStack() as stack:
            # More than what other tests may have left open, to be closed meanwhile.
            waiting = [stack.enter_context(socket.socket()) for _ in range(100)]
            lowest = waiting[-1].fileno() + 1
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
                for beyond in waiting:
                    beyond.settimeout(DEADLINE)
                    beyond.connect(("127.0.0.1", server.port))
                    beyond.sendall(get("/healthz", CLOSE))
                wait_for(lambda: caplog.records)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for beyond in waiting:
                assert [response.status for response in responses(beyond)] == [200]
    assert [record.exc_info for record in caplog.records] == [None]
