"""The GET of a status report, against receivers that take their time (R2)."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from fake_every8d.outgoing import reports

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.fixture
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """A receiver that sends so many bytes of its response, one now and then, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = threading.Event()

        def response() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                for place in range(request.param):
                    with suppress(ConnectionError):  # whoever has waited long enough is gone
                        connection.sendall(ANSWER[place : place + 1])
                    if gone.wait(0.01):
                        return
                gone.wait(30)

        thread = threading.Thread(target=response)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        gone.set()
        thread.join()


@pytest.mark.parametrize("dripping", [3, 20, len(ANSWER) - 1], indirect=True)
def test_r2_the_timeout_is_for_the_whole_response(
    dripping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds in all, not for each piece; here it is a tenth of one."""
    monkeypatch.setattr(reports, "TIMEOUT", 0.1)
    with pytest.raises(OSError, match="timed out: no complete response within"):
        reports.get(dripping)


@pytest.fixture
def closing(request: pytest.FixtureRequest) -> Iterator[str]:
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


@pytest.mark.parametrize("closing", [(1, 2, 1)], indirect=True)
def test_r5_a_kept_connection_that_was_closed_is_no_attempt(closing: str) -> None:
    assert [reports.get(closing) for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("closing", [(1, 0)], indirect=True)
def test_r5_a_new_one_that_is_closed_is(closing: str) -> None:
    assert reports.get(closing) == 200
    with pytest.raises(OSError, match="closed the connection before the response was complete"):
        reports.get(closing)
