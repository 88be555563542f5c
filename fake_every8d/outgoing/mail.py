"""Copies by e-mail going out, to an SMTP server."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTPUTF8
from urllib.parse import urlsplit

from fake_every8d.gateway import Email, InvalidInput

TIMEOUT = 10.0
"""Seconds that the server has for each of its replies."""


class Mailer:
    """Hands copies by e-mail to an SMTP server, such as `smtp://127.0.0.1:1025` (S7).

    Raises `InvalidInput` for a URL that does not name an SMTP server.
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
        """Hand an e-mail over, and return the server's reply code. Raises if there is none."""
        message = EmailMessage(policy=SMTPUTF8)
        message["From"] = "EVERY8D <fake-every8d@localhost>"
        message["To"] = email.to
        message["Subject"] = " ".join(email.subject.split())
        message["Date"] = email.at
        message.set_content(email.content, cte="base64")
        try:
            with smtplib.SMTP(
                self._host,
                self._port,
                local_hostname="localhost",  # else smtplib asks DNS for it: seconds, on macOS
                timeout=TIMEOUT,
            ) as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            return next(iter(refusal.recipients.values()))[0]
        except smtplib.SMTPResponseException as refusal:
            return int(refusal.smtp_code)
        return 250
