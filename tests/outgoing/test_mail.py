"""Copies by e-mail on their way, to SMTP servers that misbehave: clause S7."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import pytest

from fake_every8d.gateway import Email
from fake_every8d.outgoing import mail
from fake_every8d.outgoing.mail import Mailer
from tests.receiver import DEADLINE

Talk = Callable[[socket.socket], object]
"""The bytes that a server sends on a connection."""


def copy(content: str = "hello", to: str = "roger@example.com") -> Email:
    return Email(
        id=1, message_id=1, user_id="demo", at=datetime(2040, 3, 1), to=to, subject="",
        text=content,
    )  # fmt: skip


@contextmanager
def smtp_server(talk: Talk) -> Iterator[Mailer]:
    """A mailer to a server that takes one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            connection.settimeout(DEADLINE)
            with connection, suppress(OSError):  # whoever has waited long enough is gone
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Mailer(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(DEADLINE)
        assert not thread.is_alive()


def in_turn(*replies: bytes) -> Talk:
    """Say the first, and the next after each line or, after DATA's, after the whole mail."""

    def talk(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        for reply in replies:
            connection.sendall(reply + b"\r\n")
            if reply.startswith(b"354"):
                while lines.readline() not in (b".\r\n", b""):
                    pass
            elif not lines.readline():
                return

    return talk


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty seconds in all are a fifth of one here."""
    assert mail.TIMEOUT == 30
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("said", [b"", b"220 hello\r\n", b"220 hello\r\n250-localhost\r\n"])
def test_s7_a_server_that_dribbles_has_one_deadline(said: bytes) -> None:
    """For all that it says, and not for each piece: banner, greeting, and so on."""
    ended = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(said)
        while not ended.wait(0.02):
            connection.sendall(b"2")

    with smtp_server(talk) as mailer:
        with pytest.raises(OSError, match="timed out: no response within"):
            mailer(copy())
        ended.set()


@pytest.mark.usefixtures("impatient")
def test_s7_server_that_does_not_read_is_an_error() -> None:
    ended = threading.Event()
    greet = in_turn(b"220 hello", b"250 localhost", b"250 ok", b"250 ok")

    def talk(connection: socket.socket) -> None:
        greet(connection)
        connection.sendall(b"354 go on\r\n")
        ended.wait(DEADLINE)

    with smtp_server(talk) as mailer:
        with pytest.raises(OSError, match="timed out"):
            mailer(copy("x" * 20_000_000))
        ended.set()


@pytest.mark.parametrize(
    "flood", [b"x" * 65_536, b"250-" + b"x" * 65_532, b"250-again\r\n" * 5_000]
)
@pytest.mark.parametrize("said", [b"", b"220 hello\r\n"])
def test_s7_a_server_that_floods_is_hung_up_on(said: bytes, flood: bytes) -> None:
    """It is not read to the deadline, and what it says is not collected."""
    hung_up = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(said)
        try:
            while True:
                connection.sendall(flood)
        except ConnectionError:
            hung_up.set()

    with smtp_server(talk) as mailer:
        with pytest.raises(OSError, match=r"it (sends without end|does not speak SMTP)$"):
            mailer(copy())
        assert hung_up.wait(DEADLINE)


TAKEN = (b"220 hello", b"250 localhost", b"250 ok", b"250 ok", b"354 go on", b"250 taken")


@pytest.mark.parametrize("farewell", [b"221 bye", b"500 what?", b"bye", b""])
def test_s7_error_after_acceptance_does_not_matter(farewell: bytes) -> None:
    with smtp_server(in_turn(*TAKEN, *[farewell] * bool(farewell))) as mailer:
        assert mailer(copy()) == 250


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        ([b"554 no"], 554),
        ([*TAKEN[:2], b"452 full"], 452),
        ([*TAKEN[:3], b"550 nobody"], 550),
        ([*TAKEN[:5], b"552 too much"], 552),
    ],
)
def test_s7_the_code_of_a_refusal_is_the_servers(replies: list[bytes], code: int) -> None:
    with smtp_server(in_turn(*replies, b"250 ok", b"221 bye")) as mailer:
        assert mailer(copy()) == code


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([b"HTTP/1.1 400 Bad Request"], "failed: it does not speak SMTP"),
        ([*TAKEN[:3], b"what?"], "failed: it does not speak SMTP"),
        ([], "closed the connection before it had responded"),
        (TAKEN[:3], "closed the connection before it had responded"),
    ],
)
def test_s7_invalid_response_is_an_error_in_words(replies: list[bytes], words: str) -> None:
    with (
        smtp_server(in_turn(*replies)) as mailer,
        pytest.raises(OSError, match=rf"^127\.0\.0\.1:[0-9]+ {words}$"),
    ):
        mailer(copy())
