"""Connections to receivers and SMTP servers: one deadline, and errors in words."""

import http.client
import io
import socket
import ssl
from typing import Any

from fake_every8d.gateway.outbox import NoResponse, NoResponseReason
from fake_every8d.real_time import monotonic


class Reader(io.RawIOBase):
    """A reader with one deadline for all reads together.

    `socket.makefile` gives each read the whole time, so a trickle of bytes would never end.
    Raises `TimeoutError`, and `OSError` after more than `most` bytes.
    """

    def __init__(self, connection: socket.socket, deadline: float, most: int) -> None:
        self._connection = connection
        self.deadline = deadline
        self.most = most

    def makefile(self, mode: str) -> io.BufferedReader:
        """The file that `http.client` and `smtplib` ask a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.most <= 0:
            raise OSError("it sends without end")
        self._connection.settimeout(left(self.deadline))
        count = self._connection.recv_into(buffer)
        self.most -= count
        return count


def left(deadline: float) -> float:
    """Seconds until the deadline. Raises `TimeoutError` if it has passed."""
    seconds: float = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def no_response(place: str, error: BaseException, seconds: float) -> NoResponse:
    """The error for a peer that did not respond within so many seconds, and why."""
    reason: NoResponseReason | None = None
    match error:
        case ConnectionRefusedError():
            reason, words = "refused", "refused the connection"
        case socket.gaierror():
            reason, words = "unknown_host", f"is not known: {error.strerror}"
        case TimeoutError():
            reason, words = "timeout", f"timed out: no response within {seconds:g} s"
        case ssl.SSLCertVerificationError():
            reason, words = "tls", f"failed in TLS: {error.verify_message}"
        case ssl.SSLError():
            reason, words = "tls", f"failed in TLS: {error.reason or error}"
        case ConnectionError():
            reason, words = "closed", "closed the connection before it had responded"
        case http.client.HTTPException():
            reason, words = "not_http", f"did not respond in HTTP: {str(error)[:100]}"
        case _:
            words = f"failed: {error}"
    return NoResponse(f"{place} {words}", reason)
