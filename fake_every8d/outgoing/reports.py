"""Status reports going out: a GET for each."""

import functools
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from fake_every8d.gateway.real_time import monotonic

TIMEOUT = 10.0
"""Seconds that a receiver has for its whole response (R2)."""

_BODY_LIMIT = 1 << 20  # bytes of a response, which nobody needs; we disconnect after more

_ESCAPE = re.compile("%..")


class _WholeResponse:
    """For a socket: its timeout is for all that is read from now on, not for each read."""

    _deadline: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else monotonic() + seconds
        super().settimeout(seconds)  # type: ignore[misc]

    def recv_into(self, *arguments: Any) -> int:
        if self._deadline is not None:
            left = self._deadline - monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            super().settimeout(left)  # type: ignore[misc]
        return int(super().recv_into(*arguments))  # type: ignore[misc]


class _Socket(_WholeResponse, socket.socket):
    pass


class _TLSSocket(_WholeResponse, ssl.SSLSocket):
    pass


class _AsDotNet:
    """For a connection: what the report adds to the URL is escaped in lower case, as .NET
    does it (R1); urllib3 would turn it into upper case.
    """

    def putrequest(self, method: str, url: str, *arguments: Any, **keywords: Any) -> None:
        base, name, values = url.rpartition("BatchID=")
        url = base + name + _ESCAPE.sub(lambda escape: escape[0].lower(), values)
        super().putrequest(method, url, *arguments, **keywords)  # type: ignore[misc]


class _ClosedWhileIdle(ConnectionError):
    """The receiver had closed a kept connection when it was used again."""


class _Kept:
    """For a connection: whether it broke off on its first request or on a later one (R5)."""

    _used = False

    def connect(self) -> None:
        self._used = False
        super().connect()  # type: ignore[misc]

    def request(self, *arguments: Any, **keywords: Any) -> None:
        with self._told_apart():
            super().request(*arguments, **keywords)  # type: ignore[misc]

    def getresponse(self) -> Any:
        with self._told_apart():
            response = super().getresponse()  # type: ignore[misc]
        self._used = True
        return response

    @contextmanager
    def _told_apart(self) -> Iterator[None]:
        try:
            yield
        except ConnectionError as error:
            if self._used:
                raise _ClosedWhileIdle from error
            raise


class _Connection(_AsDotNet, _Kept, HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _Socket(fileno=super()._new_conn().detach())


class _TLSConnection(_AsDotNet, _Kept, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        _load_certificates()
        super().__init__(*arguments, **keywords)


_tls = urllib3.util.ssl_.create_urllib3_context()
_tls.sslsocket_class = _TLSSocket


@functools.cache
def _load_certificates() -> None:
    """Once the first report goes out by HTTPS: it takes 20 ms, which few ever need."""
    _tls.load_default_certs()


_pool = urllib3.PoolManager(num_pools=50, maxsize=32, retries=False, ssl_context=_tls)
_pool.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def get(url: str) -> int:
    """GET a status report's URL and return the HTTP status; redirects are not followed.

    If the receiver has closed a kept connection, the request goes over a new one (R5).
    Raises `OSError`, whose text says why, if there was no complete response: the
    connection was refused or broke off, or time ran out.
    """
    try:
        return _get(url)
    except (OSError, urllib3.exceptions.HTTPError) as error:
        raise OSError(_in_words(urlsplit(url).netloc.rpartition("@")[2], error)) from error


def _in_words(place: str, error: BaseException) -> str:
    """What went wrong, without the names of classes."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case urllib3.exceptions.NewConnectionError():
                pass  # a timeout by class, whatever its cause
            case ConnectionRefusedError():
                return f"{place} refused the connection"
            case socket.gaierror():
                return f"{place} is not known: {cause.strerror}"
            case TimeoutError() | urllib3.exceptions.TimeoutError():
                return f"{place} timed out: no complete response within {TIMEOUT:g} s"
            case ssl.SSLError():
                return f"{place} failed in TLS: {cause.reason or cause}"
            case ConnectionError() | urllib3.exceptions.ProtocolError():
                return f"{place} closed the connection before the response was complete"
        cause = cause.__cause__ or cause.__context__
    return f"{place}: {error}"


def _get(url: str) -> int:
    response = None
    while response is None:
        try:
            response = _request(url)
        except urllib3.exceptions.ProtocolError as error:
            # That connection is no longer kept, so this loop ends.
            if not isinstance(error.args[-1], _ClosedWhileIdle):
                raise
    try:
        # The body is read, because a response that breaks off is an error, and because a
        # connection can be used again only after its last response has been read.
        left = _BODY_LIMIT
        while left > 0 and (chunk := response.read1(65_536)):
            left -= len(chunk)
    finally:
        if response.closed:
            response.release_conn()
        else:
            response.close()
    return response.status


def _request(url: str) -> urllib3.BaseHTTPResponse:
    return _pool.request(
        "GET",
        url,
        redirect=False,
        preload_content=False,
        timeout=TIMEOUT,  # not a total: urllib3 takes `time.monotonic` for that, maybe frozen
        headers={"User-Agent": "fake-every8d", "Accept-Encoding": "identity"},
    )


def close() -> None:
    """Close the connections that are kept open to receivers."""
    _pool.clear()
