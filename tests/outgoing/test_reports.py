"""Status reports on their way, to receivers of every kind: clauses R1, R2, R5, R6."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from http.server import HTTPServer
from pathlib import Path

import freezegun
import pytest
import trustme

from fake_every8d.gateway import Report, Status
from fake_every8d.outgoing import reports
from fake_every8d.outgoing.reports import Reporter
from tests.receiver import DEADLINE, Exchange, Receiver, refused_url, status
from tests.waiting import wait_for

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


def report_to(url: str, body: str | None = None) -> Report:
    """A report that GETs `url`, or POSTs `body` to it."""
    return Report(
        id=1, message_id=1, user_id="demo", at=datetime(2040, 3, 1), batch_id="", to="",
        status=Status.DELIVERED, text="", record_number="1",
        method="GET" if body is None else "POST", url=url, body=body,
    )  # fmt: skip


@pytest.fixture
def reporter() -> Iterator[Reporter]:
    with closing(Reporter()) as reporter:
        yield reporter


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds in all are a tenth of one here: for receivers that do not respond."""
    monkeypatch.setattr(reports, "TIMEOUT", 0.1)


@pytest.fixture
def brief_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second for a body is a tenth of one here."""
    monkeypatch.setattr(reports, "BODY_SECONDS", 0.1)


@contextmanager
def raw_receiver(respond: Callable[[socket.socket], object]) -> Iterator[str]:
    """The URL of a receiver of one request, whose response is up to `respond`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def receive() -> None:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionError):  # whoever has waited long enough is gone
                connection.recv(65_536)
                respond(connection)

        thread = threading.Thread(target=receive)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def drips(response: bytes, ended: threading.Event) -> Callable[[socket.socket], None]:
    """Send a response byte by byte, and nothing after it until the other side has gone."""

    def respond(connection: socket.socket) -> None:
        for at in range(len(response)):
            connection.sendall(response[at : at + 1])
            if ended.wait(0.01):
                return
        ended.wait(DEADLINE)

    return respond


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("sent", [0, 3, 20, ANSWER.index(b"\r\n\r\n")])
def test_r2_the_timeout_is_for_the_whole_response(reporter: Reporter, sent: int) -> None:
    """It is ten seconds in all, and not for each piece."""
    ended = threading.Event()
    with raw_receiver(drips(ANSWER[:sent], ended)) as url:
        with pytest.raises(OSError, match="timed out: no response within"):
            reporter(report_to(url))
        ended.set()


@pytest.mark.usefixtures("impatient")
def test_r2_the_timeout_holds_while_time_is_frozen(reporter: Reporter) -> None:
    ended = threading.Event()
    # Otherwise freezegun reads testcontainers' attributes, one of which looks for Docker.
    frozen = freezegun.freeze_time("2040-03-01", ignore=["testcontainers"])
    with frozen, raw_receiver(drips(ANSWER[:20], ended)) as url:
        with pytest.raises(OSError, match="timed out"):
            reporter(report_to(url))
        ended.set()


@pytest.mark.usefixtures("brief_body")
@pytest.mark.parametrize(
    "response",
    [
        b"Content-Length: 5\r\n\r\n",
        b"Content-Length: 5\r\n\r\nOK",
        b"Content-Length: -5\r\n\r\nOK",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nOK",
        b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nOK",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nno chunk",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nO",
        b"\r\nOK",
        b"",
    ],
)
@pytest.mark.parametrize("then", ["waits", "closes"])
def test_r2_any_body_with_status_200_is_success(
    reporter: Reporter, response: bytes, then: str
) -> None:
    """It need not come, be of the length that was said, or be what the headers say."""
    ended = threading.Event()

    def respond(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nServer: test\r\n" + response)
        if then == "waits" and response:
            ended.wait(DEADLINE)

    with raw_receiver(respond) as url:
        assert reporter(report_to(url)) == 200
        ended.set()


@pytest.mark.usefixtures("brief_body")
@pytest.mark.parametrize("framing", [b"", b"Content-Length: 1000000000000\r\n"])
def test_r2_an_endless_body_is_not_read_to_its_end(reporter: Reporter, framing: bytes) -> None:
    """The receiver finds itself hung up on."""
    hung_up = threading.Event()

    def respond(connection: socket.socket) -> None:
        connection.settimeout(DEADLINE)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
        with suppress(ConnectionError):
            while True:
                connection.sendall(b"x" * 65_536)
        hung_up.set()

    with raw_receiver(respond) as url:
        assert reporter(report_to(url)) == 200
        assert hung_up.wait(DEADLINE)


@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n" * 1000,
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 100_000 + b"\r\n\r\n",
    ],
)
def test_r2_response_that_is_not_http_is_an_error(reporter: Reporter, response: bytes) -> None:
    with (
        raw_receiver(lambda connection: connection.sendall(response)) as url,
        pytest.raises(OSError, match="did not respond in HTTP") as caught,
    ):
        reporter(report_to(url))
    assert len(str(caught.value)) < 200


def test_r2_a_response_that_never_begins_is_an_error(reporter: Reporter) -> None:
    """It is not read to the deadline: 256 KiB are enough, or 100 interim responses.

    From Python 3.14 on, its own HTTP client counts these.
    """

    def respond(connection: socket.socket) -> None:
        with suppress(ConnectionError):
            while True:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    with (
        raw_receiver(respond) as url,
        pytest.raises(OSError, match=r"it sends without end|more than 100 interim responses"),
    ):
        reporter(report_to(url))


@pytest.fixture
def closing_receiver(request: pytest.FixtureRequest) -> Iterator[str]:
    """A receiver that responds to so many requests on each of its connections in turn.

    It reads the next request on that connection, and closes the connection.
    """
    answered: Sequence[int] = request.param
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections: list[socket.socket] = []

        def response() -> None:
            for count in answered:
                connection, _ = listener.accept()
                connections.append(connection)
                with connection:
                    for _ in range(count):
                        connection.recv(65_536)
                        connection.sendall(ANSWER)
                    connection.recv(65_536)

        thread = threading.Thread(target=response, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with suppress(OSError):  # it may be closed already
            connections[-1].shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("body", [None, "BatchID=1"])
@pytest.mark.parametrize("closing_receiver", [(1, 2, 1)], indirect=True)
def test_r5_a_kept_connection_that_was_closed_is_no_attempt(
    reporter: Reporter, closing_receiver: str, body: str | None
) -> None:
    report = report_to(closing_receiver, body)
    assert [reporter(report) for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("closing_receiver", [(1, 0)], indirect=True)
def test_r5_a_new_one_that_is_closed_is(reporter: Reporter, closing_receiver: str) -> None:
    assert reporter(report_to(closing_receiver)) == 200
    with pytest.raises(OSError, match="closed the connection before it had responded"):
        reporter(report_to(closing_receiver))


def test_r5_a_bounded_number_of_connections_is_kept(reporter: Reporter, receiver: Receiver) -> None:
    """And nothing is said about those that are not, on standard error or in a log."""
    all_there = threading.Barrier(40)
    others = {*threading.enumerate()}  # some perhaps of receivers before this one

    def respond(request: object) -> Callable[..., None]:
        all_there.wait(DEADLINE)
        return status(200)

    def open_connections() -> int:
        threads = {*threading.enumerate()} - others
        return sum("process_request" in thread.name for thread in threads)

    receiver.respond = respond
    with ThreadPoolExecutor(40) as pool:
        assert [*pool.map(reporter, [report_to(receiver.url)] * 40)] == [200] * 40
    wait_for(lambda: open_connections() == 32)
    reporter.close()
    wait_for(lambda: open_connections() == 0)


def test_r1_a_url_is_called_as_it_is_written(reporter: Reporter, receiver: Receiver) -> None:
    """Only what cannot stand in a request is escaped."""
    reporter(report_to(f'{receiver.url}/../簡訊/%e5%a5%BD?a="<b>"&RM=%2b886&q=~!*()'))
    (request,) = receiver.requests
    assert request.path == "/report/../%E7%B0%A1%E8%A8%8A/%e5%a5%BD"
    assert request.query == "a=%22%3Cb%3E%22&RM=%2b886&q=~!*()"


def test_r1_user_and_password_of_a_url_stay_here(reporter: Reporter, receiver: Receiver) -> None:
    place = receiver.url.removeprefix("http://").removesuffix("/report")
    reporter(report_to(f"http://user:secret@{place}/"))
    (request,) = receiver.requests
    assert request.headers["Host"] == place
    assert "Authorization" not in request.headers
    with refused_url() as url, pytest.raises(OSError, match="refused") as caught:
        reporter(report_to(url.replace("http://", "http://user:secret@")))
    assert "secret" not in str(caught.value)


def test_r1_a_proxy_is_not_asked(
    reporter: Reporter, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused_url() as nobody:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, nobody)
        assert reporter(report_to(receiver.url)) == 200


def test_r6_a_post_is_a_form(reporter: Reporter, receiver: Receiver) -> None:
    reporter(report_to(f"{receiver.url}?key=a", "BatchID=1&SM=%e5%a5%bd"))
    (request,) = receiver.requests
    assert (request.method, request.query) == ("POST", "key=a")
    assert request.body == b"BatchID=1&SM=%e5%a5%bd"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_r1_an_address_in_ipv6(reporter: Reporter) -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    seen: list[bytes] = []

    def receive() -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(connection.recv(65_536))
            connection.sendall(ANSWER)

    with listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=receive)
        thread.start()
        assert reporter(report_to(f"http://[::1]:{port}/report?a")) == 200
        thread.join()
    assert seen[0].startswith(f"GET /report?a HTTP/1.1\r\nHost: [::1]:{port}\r\n".encode())


@pytest.fixture
def https_receiver(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a receiver by HTTPS, and the file of the CA that it goes by."""
    with Receiver() as receiver:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca_file := tmp_path / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        handler = type("SecureExchange", (Exchange,), {"receiver": receiver})
        with HTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False) as server:
            server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who trusts it not
            server.server_bind()
            server.server_activate()
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
            )
            thread.start()
            yield f"https://localhost:{server.server_port}/report", ca_file
            server.shutdown()
            thread.join()


@pytest.fixture
def fresh_tls() -> Iterator[None]:
    """Certificates are read once; here they are read anew, and forgotten."""
    reports._tls.cache_clear()
    yield
    reports._tls.cache_clear()


@pytest.mark.usefixtures("fresh_tls")
def test_r1_https_goes_by_the_cas_of_the_system(
    https_receiver: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_FILE` names others, as everywhere in Python."""
    url, ca_file = https_receiver
    with closing(Reporter()) as reporter:
        with pytest.raises(OSError, match=r"localhost:[0-9]+ failed in TLS: .*issuer"):
            reporter(report_to(url))
        reports._tls.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        assert reporter(report_to(url)) == 200
        assert reporter(replace(report_to(url), id=2)) == 200  # over the kept connection


@pytest.mark.usefixtures("fresh_tls", "impatient")
def test_r2_a_handshake_that_hangs_is_an_error(reporter: Reporter) -> None:
    ended = threading.Event()
    with raw_receiver(lambda connection: ended.wait(DEADLINE)) as url:
        with pytest.raises(OSError, match="timed out"):
            reporter(report_to(url.replace("http:", "https:")))
        ended.set()
