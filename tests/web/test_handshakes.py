"""TLS handshakes that fail are told, and those that stall are bounded (W11, W13)."""

import gc
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.server import Server
from fake_every8d.web.http.tls import Certificate, Tls, certificate
from tests.waiting import wait_for
from tests.web.test_connection import CLOSE, get, responses
from tests.web.test_limits import connect


@pytest.fixture(scope="module")
def made() -> Iterator[Certificate]:
    with certificate(Tls(), "127.0.0.1") as made:
        yield made


@contextmanager
def serving(gateway: Gateway, made: Certificate, limits: Limits) -> Iterator[Server]:
    server = Server(Application(gateway), certificate=made, limits=limits)
    try:
        yield server
    finally:
        server.close()


def client_hello() -> bytes:
    """The first bytes of a TLS handshake."""
    outgoing = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), outgoing, server_hostname="localhost"
    )
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def statuses(server: Server, made: Certificate) -> list[int]:
    trusting = ssl.create_default_context(cafile=made.ca)
    with trusting.wrap_socket(connect(server), server_hostname="localhost") as connection:
        connection.sendall(get("/healthz", CLOSE))
        return [response.status for response in responses(connection)]


def warning(caplog: pytest.LogCaptureFixture) -> str:
    """The one that there is, once there is one."""
    (record,) = wait_for(lambda: caplog.records)
    return record.getMessage()


def test_a_client_that_does_not_trust_the_certificate_is_told_of(
    gateway: Gateway, made: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(gateway, made, Limits()) as server:
        with ssl.create_default_context().wrap_socket(
            connect(server), server_hostname="localhost", do_handshake_on_connect=False
        ) as connection:
            with pytest.raises(ssl.SSLCertVerificationError):
                connection.do_handshake()
            # Before it closes: on Windows, that may discard what it has sent.
            assert warning(caplog).startswith(
                "TLS handshake failed: the client does not trust the certificate ("
            )
        assert statuses(server, made) == [200]


def test_a_handshake_that_stalls_ends(
    gateway: Gateway, made: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(handshake_seconds=0.05)
    with serving(gateway, made, limits) as server, connect(server) as connection:
        connection.sendall(client_hello()[:-1])
        assert connection.recv(1) == b""
        assert warning(caplog) == "TLS handshake failed: it took more than 0.05 s"


def test_a_client_that_hangs_up_in_the_handshake_is_told_of(
    gateway: Gateway, made: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(gateway, made, Limits()) as server:
        with connect(server) as connection:
            connection.sendall(client_hello()[:-1])
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        assert warning(caplog) == "TLS handshake failed: the client hung up"


def test_one_that_only_looks_whether_the_port_is_open_is_not(
    gateway: Gateway, made: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(gateway, made, Limits()) as server:
        for _ in range(3):
            connect(server).close()
        assert statuses(server, made) == [200]
    assert caplog.records == []


def test_handshakes_beyond_the_limit_wait_and_take_no_memory(
    gateway: Gateway, made: Certificate
) -> None:
    def begun() -> int:
        return sum(isinstance(each, ssl.SSLObject) for each in gc.get_objects())

    hello = client_hello()
    gc.collect()
    before = begun()
    with serving(gateway, made, Limits(handshakes=2)) as server, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(server)).sendall(hello)
        wait_for(lambda: len(server._connecting) == 20)
        wait_for(lambda: begun() == before + 2)
        # Those without TLS do not wait for them.
        with connect(server) as plain:
            plain.sendall(get("/healthz", CLOSE))
            assert [response.status for response in responses(plain)] == [200]
        assert begun() == before + 2
        stack.close()
        assert statuses(server, made) == [200]


def test_a_connection_that_is_over_takes_no_memory(
    gateway: Gateway, made: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even until the collector comes, which it seldom does: asyncio's buffers are large."""

    def protocols() -> int:
        return sum(isinstance(each, SSLProtocol) for each in gc.get_objects())

    with serving(gateway, made, Limits()) as server:
        gc.collect()
        before = protocols()
        gc.disable()
        try:
            for _ in range(3):
                with connect(server) as connection:
                    connection.sendall(client_hello()[:3])
                assert statuses(server, made) == [200]
            wait_for(lambda: len(caplog.records) == 3)
            wait_for(lambda: protocols() <= before)
        finally:
            gc.enable()
