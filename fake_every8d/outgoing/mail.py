"""Sending copies by e-mail to an SMTP server."""

import smtplib
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any
from urllib.parse import urlsplit

from fake_every8d.gateway import Email, InvalidInput
from fake_every8d.outgoing.connections import Reader, left, no_response
from fake_every8d.real_time import monotonic

TIMEOUT = 30.0
"""The limit on a whole delivery, in seconds."""

_MOST_READ = 1 << 16  # bytes of all the server's replies


class Mailer:
    """A client that hands copies by e-mail to an SMTP server, such as `smtp://127.0.0.1:1025` (S7).

    Raises `InvalidInput` for a URL that does not name an SMTP server.
    """

    def __init__(self, smtp_url: str) -> None:
        try:
            parts = urlsplit(smtp_url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme != "smtp":
            raise InvalidInput(
                f"{smtp_url!r} is not the URL of an SMTP server, such as smtp://host:25",
                field="smtp_url",
            )
        self._host = host
        self._port = port or smtplib.SMTP_PORT

    def __call__(self, email: Email) -> int:
        """Hand an e-mail over, and return the server's reply code.

        Raises `NoResponse` if there is none.
        """
        message = EmailMessage(policy=SMTPUTF8)
        message["From"] = "EVERY8D <fake-every8d@localhost>"
        message["To"] = email.to
        message["Subject"] = " ".join(email.subject.split())
        message["Date"] = email.at
        message.set_content(email.text, cte="base64")
        try:
            return self._hand_over(message, email.to)
        except OSError as error:
            # smtplib reports any error of a read as a lost connection.
            gone = isinstance(error, smtplib.SMTPServerDisconnected)
            cause = (error.__context__ or ConnectionError()) if gone else error
            raise no_response(f"{self._host}:{self._port}", cause, TIMEOUT) from error

    def _hand_over(self, message: EmailMessage, to: str) -> int:
        server = None
        said: bytes | str
        try:
            server = _Server(self._host, self._port)
            server.send_message(message, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, said = refusal.recipients[to]
        except smtplib.SMTPResponseException as refusal:
            code, said = refusal.smtp_code, refusal.smtp_error
        else:
            code, said = Email.SUCCESS, b""
        finally:
            if server is not None:
                with suppress(OSError):  # the server has answered for the copy already
                    server.quit()
                server.close()
        # smtplib has -1 for a missing code, and text instead of bytes for too long a line.
        if code < 0 or isinstance(said, str):
            raise OSError("it does not speak SMTP")
        return code


class _Server(smtplib.SMTP):
    """A connection for one delivery, with one deadline for all replies."""

    def __init__(self, host: str, port: int) -> None:
        self._deadline = monotonic() + TIMEOUT
        # Without a name, smtplib asks DNS for ours, which takes seconds on macOS.
        super().__init__(host, port, local_hostname="localhost", timeout=TIMEOUT)

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(left(self._deadline))
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            assert self.sock is not None
            self.file = Reader(self.sock, self._deadline, _MOST_READ).makefile("rb")
        return super().getreply()
