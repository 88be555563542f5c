"""Serving, from a thread of the test's own process."""

import errno
import gc
import socket
import threading
from pathlib import Path

import pytest
import urllib3

from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from fake_every8d.web.http.tls import Certificate
from tests.web.serving import DEADLINE


def test_it_listens_from_when_it_is_made_until_it_is_closed(gateway: Gateway) -> None:
    server = Server(Application(gateway))
    address = ("127.0.0.1", server.port)
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert urllib3.request("GET", f"{server.url}/healthz", timeout=DEADLINE).status == 200
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, DEADLINE)


def test_it_can_listen_on_ipv6(gateway: Gateway) -> None:
    server = Server(Application(gateway), "::1")
    assert server.url == f"http://[::1]:{server.port}"
    assert urllib3.request("GET", f"{server.url}/healthz", timeout=DEADLINE).status == 200
    server.close()


def test_a_port_that_is_taken_is_an_oserror(gateway: Gateway) -> None:
    server = Server(Application(gateway))
    with pytest.raises(OSError) as refused:  # noqa: PT011
        Server(Application(gateway), port=server.port)
    assert refused.value.errno == errno.EADDRINUSE
    server.close()


def test_a_certificate_that_is_not_there_is_an_oserror(gateway: Gateway, tmp_path: Path) -> None:
    certificate = Certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    with pytest.raises(FileNotFoundError):
        Server(Application(gateway), certificate=certificate)


def test_nothing_is_left_of_it(gateway: Gateway, recwarn: pytest.WarningsRecorder) -> None:
    before = threading.active_count()
    for _ in range(5):
        server = Server(Application(gateway))
        server.close()
    assert threading.active_count() == before
    del server
    gc.collect()
    assert [warning for warning in recwarn if warning.category is ResourceWarning] == []


def test_it_says_nothing(gateway: Gateway, capfd: pytest.CaptureFixture[str]) -> None:
    server = Server(Application(gateway))
    urllib3.request("GET", f"{server.url}/nowhere", timeout=DEADLINE)
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        connection.recv(1)
    server.close()
    assert capfd.readouterr() == ("", "")
