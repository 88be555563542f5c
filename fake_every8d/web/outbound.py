"""What goes out: the GET of a status report, and an e-mail to an SMTP server."""

import smtplib
import time
from email.message import EmailMessage
from email.policy import SMTPUTF8
from urllib.parse import urlsplit

import urllib3

from fake_every8d.gateway import Email, InvalidInput

TIMEOUT = 10.0
"""Seconds that a receiver has for its whole answer (R2)."""

_BODY_LIMIT = 1 << 20  # of an answer that nobody reads; one byte more and the connection is dropped

_pool = urllib3.PoolManager(num_pools=50, maxsize=8, retries=False)


def get(url: str) -> int:
    """GET a status report's URL and return the HTTP status; redirects are not followed.

    Raises if there is no whole answer: refused, broken off, or not there in time.
    """
    deadline = _now() + TIMEOUT
    response = _pool.request(
        "GET",
        url,
        redirect=False,
        preload_content=False,
        timeout=TIMEOUT,  # and no total, which urllib3 would take `time.monotonic` for
        headers={"User-Agent": "fake-every8d", "Accept-Encoding": "identity"},
    )
    try:
        # The body is read, since an answer that breaks off is an error, and a
        # connection can only be used again when its last answer has been read.
        read = 0
        while chunk := response.read1(65536):
            read += len(chunk)
            if read > _BODY_LIMIT:
                response.close()
                break
            if _now() > deadline:
                raise TimeoutError(f"the answer was not complete after {TIMEOUT:g} s")
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return response.status


def _now() -> float:
    # freezegun stops, or drives on, `time.monotonic`.
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Mailer:
    """Hands copies by e-mail to an SMTP server, such as `smtp://localhost:1025` (S7).

    Raises `InvalidInput` for a URL that is not one of an SMTP server.
    """

    def __init__(self, smtp_url: str) -> None:
        parts = urlsplit(smtp_url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme != "smtp" or not parts.hostname or port == -1:
            raise InvalidInput(f"an SMTP server is named like smtp://host:25, not {smtp_url!r}")
        self._host = parts.hostname
        self._port = port or 25

    def __call__(self, email: Email) -> int:
        """Hand it over and return the server's reply code. Raises if there is none."""
        message = EmailMessage(policy=SMTPUTF8)
        message["From"] = "EVERY8D <fake-every8d@localhost>"
        message["To"] = email.to
        message["Subject"] = " ".join(email.subject.split())
        message["Date"] = email.at
        message.set_content(email.content, cte="base64")
        try:
            with smtplib.SMTP(self._host, self._port, timeout=TIMEOUT) as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            return next(iter(refusal.recipients.values()))[0]
        except smtplib.SMTPResponseException as refusal:
            return int(refusal.smtp_code)
        return 250
