"""A request and its answer over a socket: unchanged bytes, limits on time and size."""

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LONGEST_ANSWER = 4 * 1024 * 1024
"""The limit on an answer with its head, in bytes; the platform's own are a few KiB."""

_USER_AGENT = "fake-every8d-compare"


class CannotCompare(Exception):
    """The platform cannot be asked at all. The text is a sentence that says why."""


class NoAnswer(CannotCompare):
    """A call was not answered; another call may be."""


class BadUrl(ValueError):
    """The URL cannot be an API's; the text says what is valid."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an API."""

    scheme: str
    host: str
    port: int
    path: str
    """The path, percent-encoded; the HTTP API's ends with a slash."""

    @classmethod
    def parse(cls, url: str) -> "Address":
        """The address in a URL. Raises `BadUrl`."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
            host = host and host.encode("idna").decode()
        except (ValueError, UnicodeError):
            host, port = None, None
        # A password in a URL would be shown with it, and is not needed.
        if (
            not host
            or parts.scheme not in ("http", "https")
            or parts.username is not None
            or parts.query
            or parts.fragment
            or not (parts.path.isascii() and parts.path.isprintable())
            or " " in parts.path
        ):
            raise BadUrl("must be like https://new.e8d.tw, without user, query or fragment")
        return cls(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), parts.path)

    @property
    def place(self) -> str:
        """Host and port, for people to read."""
        return f"{self.host} port {self.port}"

    @property
    def authority(self) -> str:
        """The Host header: the host, and the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        own = 443 if self.scheme == "https" else 80
        return host if self.port == own else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to an API, without the API's own path."""

    method: str
    target: bytes
    """The part of the request line after the API's path, such as `getCredit.ashx?UID=x`."""
    headers: tuple[tuple[str, str], ...] = ()
    """The headers besides Host, User-Agent, Content-Length and Connection."""
    body: bytes | None = None
    in_lower_case: bool = False
    """True if the API's path is written in lower case."""

    def encoded(self, address: Address) -> bytes:
        """The bytes of the request."""
        path = address.path.lower() if self.in_lower_case else address.path
        headers = [
            ("Host", address.authority),
            ("User-Agent", _USER_AGENT),
            *self.headers,
            *((("Content-Length", str(len(self.body))),) if self.body is not None else ()),
            ("Connection", "close"),
        ]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        return (
            f"{self.method} {path or '/'}".encode()
            + self.target
            + f" HTTP/1.1\r\n{head}\r\n".encode()
            + (self.body or b"")
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to a request."""

    status: int
    content_type: str
    """The Content-Type, unchanged; empty if there is none."""
    body: bytes
    location: str = ""
    """The target of a redirection."""


def ask(address: Address, request: Request, seconds: float) -> Answer:
    """Send a request over a new connection, and read the whole answer within `seconds`.

    Raises `NoAnswer` if the connection ends first, or the answer is not HTTP; `CannotCompare` if
    nobody answers, or not in time.
    """
    deadline = time.monotonic() + seconds
    place = address.place
    with _connection(address, seconds, deadline) as connection:
        stream = _Stream(connection, deadline)
        try:
            connection.sendall(request.encoded(address))
            response = http.client.HTTPResponse(stream, method=request.method)  # type: ignore[arg-type]
            response.begin()
            body = response.read()
        except TimeoutError:
            raise CannotCompare(
                f"{place} began to answer, but was not done after {seconds:g} s: it is too slow"
                if stream.received
                else f"{place} accepted the call, but did not answer within {seconds:g} s: it hangs"
            ) from None
        except _TooLong:
            raise CannotCompare(
                f"{place} answers with more than {LONGEST_ANSWER // 1024 // 1024} MiB: this is "
                "not the platform"
            ) from None
        except http.client.IncompleteRead:
            raise NoAnswer(f"{place} closed the connection in the middle of its answer") from None
        except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError):
            raise NoAnswer(f"{place} closed the connection without an answer") from None
        except (http.client.HTTPException, ValueError):
            raise NoAnswer(f"{place} does not answer in HTTP") from None
        except OSError as error:
            raise NoAnswer(f"{place} cannot be read: {error.strerror or 'unknown'}") from None
    return Answer(
        response.status,
        response.headers["Content-Type"] or "",
        body,
        response.headers["Location"] or "",
    )


def _connection(address: Address, seconds: float, deadline: float) -> socket.socket:
    host, place = address.host, address.place
    try:
        connection = socket.create_connection((host, address.port), seconds)
    except socket.gaierror:
        raise CannotCompare(f"{host}: there is no host of that name, or no network") from None
    except TimeoutError:
        raise CannotCompare(
            f"{place} cannot be reached within {seconds:g} s: a firewall may be in the way"
        ) from None
    except ConnectionRefusedError:
        raise CannotCompare(f"{place} refuses connections: nothing listens there") from None
    except OSError as error:
        raise CannotCompare(f"{place} cannot be reached: {error.strerror or 'unknown'}") from None
    if address.scheme == "http":
        return connection
    try:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    except BaseException as error:
        connection.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise CannotCompare(
                f"{host}: its certificate is not trusted: {error.verify_message}"
            ) from None
        if isinstance(error, TimeoutError):
            raise CannotCompare(
                f"{place} accepted the connection, but no TLS came within {seconds:g} s: it hangs"
            ) from None
        if isinstance(error, OSError):
            raise CannotCompare(f"{place} does not speak TLS: is the URL http://?") from None
        raise


class _TooLong(Exception):
    pass


class _Stream(io.RawIOBase):
    """A reader of a socket with one deadline: a socket's own time-out is for each read."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self.received = 0
        """The number of bytes received."""

    def makefile(self, mode: str) -> io.BufferedReader:
        """The file that `HTTPResponse` asks a socket for."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        self.received += count
        if self.received > LONGEST_ANSWER:
            raise _TooLong
        return count
