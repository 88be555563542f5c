"""Sending status reports: a GET or a POST for each.

It uses a socket and the response reader of `http.client`. A whole HTTP client does too much for R1
and R2 (proxies, redirects, escapes in upper case, reading a body to its end), and has no deadline
for a whole response. Workers share the kept connections, since a worker ends as soon as it has
nothing to do.
"""

import functools
import http.client
import socket
import ssl
import threading
from contextlib import closing, suppress
from typing import NamedTuple, Self
from urllib.parse import quote, urlsplit

from fake_every8d.gateway import Report
from fake_every8d.outgoing.connections import Reader, left, no_response
from fake_every8d.real_time import monotonic

TIMEOUT = 10.0
"""The limit on a receiver's response, in seconds (R2)."""

_MOST_KEPT = 32  # connections: as many reports as one account has under way at once
_MOST_READ = 1 << 18  # bytes of a response
MOST_OF_BODY = 1 << 16  # bytes of a body to read, so that its connection can be kept …
BODY_SECONDS = 1.0  # … and how long that may take
_LEFT_ALONE = "%/:?#[]@!$&'()*+,;=~"  # in a URL; what else is not a letter is escaped

_Place = tuple[str, str | None, int | None]  # scheme, host, port


class Request(NamedTuple):
    """The HTTP request of a report (R1, R6)."""

    method: str
    target: str
    """The URL's path and query, in ASCII."""
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, report: Report) -> Self:
        """The request of this report."""
        url = urlsplit(report.url)
        target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
        headers = [
            ("Host", url.netloc.rpartition("@")[2].rstrip(":")),
            ("User-Agent", "fake-every8d"),
            ("Accept-Encoding", "identity"),
        ]
        body = (report.body or "").encode("ascii")
        if report.body is not None:
            headers += [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Content-Length", str(len(body))),
            ]
        return cls(report.method, quote(target, _LEFT_ALONE, errors="replace"), headers, body)

    def __bytes__(self) -> bytes:
        """The bytes on the wire."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


class Reporter:
    """A client that sends status reports to their receivers, from any thread.

    User and password in a URL are not sent, as in .NET.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[_Place, socket.socket]] = []  # the last used come last
        self._most_kept = _MOST_KEPT
        self._lock = threading.Lock()

    def __call__(self, report: Report) -> int:
        """Send a report, and return the HTTP status; redirects are not followed (R2).

        If the receiver has closed a kept connection, the report goes over a new one (R5).
        Raises `NoResponse`.
        """
        url = urlsplit(report.url)
        place = url.scheme, url.hostname, url.port
        request = bytes(Request.of(report))
        deadline = monotonic() + TIMEOUT
        try:
            if kept := self._take(place):
                with suppress(ConnectionError, ssl.SSLError):
                    return self._exchange(place, kept, request, deadline)
            return self._exchange(place, _connect(place, deadline), request, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise no_response(url.netloc.rpartition("@")[2], error, TIMEOUT) from error

    def close(self) -> None:
        """Close all kept connections, and keep none from now on."""
        with self._lock:
            self._most_kept = 0
            self._close_surplus()

    def _exchange(
        self, place: _Place, connection: socket.socket, request: bytes, deadline: float
    ) -> int:
        """Send a request, return the response's status, and keep or close the connection."""
        keep = False
        try:
            connection.settimeout(left(deadline))
            connection.sendall(request)
            source = Reader(connection, deadline, _MOST_READ)
            # Closed in any case: Python 3.14 and later warn of one that is collected open.
            with closing(http.client.HTTPResponse(source)) as response:  # type: ignore[arg-type]
                response.begin()
                # Only the status counts, not the body (R2).
                source.deadline = min(deadline, monotonic() + BODY_SECONDS)
                with suppress(OSError, http.client.HTTPException):
                    response.read(MOST_OF_BODY)
                    keep = response.isclosed() and not response.will_close
                return response.status
        finally:
            if keep:
                with self._lock:
                    self._kept.append((place, connection))
                    self._close_surplus()
            else:
                connection.close()

    def _take(self, place: _Place) -> socket.socket | None:
        with self._lock:
            for kept in reversed(self._kept):
                if kept[0] == place:
                    self._kept.remove(kept)
                    return kept[1]
        return None

    def _close_surplus(self) -> None:
        while len(self._kept) > self._most_kept:
            self._kept.pop(0)[1].close()


def _connect(place: _Place, deadline: float) -> socket.socket:
    scheme, host, port = place
    secure = scheme == "https"
    connection = socket.create_connection((host, port or (443 if secure else 80)), left(deadline))
    if not secure:
        return connection
    try:
        connection.settimeout(left(deadline))
        return _tls().wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


@functools.cache
def _tls() -> ssl.SSLContext:
    """The context for HTTPS, made for the first such report: that takes 20 ms."""
    return ssl.create_default_context()
