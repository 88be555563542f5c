"""The HTTP server: the application on an event loop in a thread of its own.

Tests and `serve` use this server. It is our own for these reasons. Uvicorn was slower, took 200 ms
to stop, and could not cut a connection on demand, send an early 413, or take Java's offers of
HTTP/2. Granian's threads spent most of a call's time waiting for the GIL. Werkzeug's server takes a
thread and a connection for each call. httptools parses HTTP; the rest is asyncio.
"""

import asyncio
import logging
import socket
import ssl
import sys
import threading
from contextlib import ExitStack, nullcontext, suppress
from io import BytesIO

from fake_every8d import real_time
from fake_every8d.web.app import Application
from fake_every8d.web.http.connection import Connection, Service
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.tls import Certificate

_BACKLOG = 1024  # connections that may wait to be accepted, such as when a load test begins

_BUFFER = 256 * 1024  # bytes read at a time

_HANDSHAKE = b"\x16"  # the first byte of TLS, which no HTTP request begins with

_STOP_SECONDS = 1.0
"""The time that stopping waits for responses under way."""

_CHECK_SECONDS = 1.0
"""The time between two checks of the time limits; less if a limit is shorter."""

_RETRY_SECONDS = 0.1
"""The time before accepting again after too many connections or open files."""

_logger = logging.getLogger(__name__)


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        """Seconds that pass even if a suite has frozen Python's clocks."""
        return float(real_time.monotonic())


class Server:
    """An application served over HTTP/1.1; with a certificate, over HTTPS too (W11).

    Each port then speaks both; with a `tls_port` there are two. It serves from its construction
    until `close`. Port 0 takes any free one. Raises `OSError` if it cannot listen.
    """

    def __init__(
        self,
        app: Application,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        tls_port: int | None = None,
    ) -> None:
        self._tls = certificate.context() if certificate else None
        # A second 0 is another free port; otherwise the same number is the same port.
        ports = [port] if tls_port is None or tls_port == port != 0 else [port, tls_port]
        self._listeners = listen(host, ports)
        address, self.port = self._listeners[0].getsockname()[:2]
        self.plain_url = _url("http", host, self.port)
        """The URL by http: scheme, host and port; no slash at the end."""
        self.url = self.plain_url
        """The same URL, by https if there is a certificate."""
        if certificate:
            self.url = _url("https", host, self._listeners[-1].getsockname()[1])
        self._environ = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": address,
            "wsgi.version": (1, 0),
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        self._service = Service(app, limits, memoryview(bytearray(_BUFFER)))
        # Accepted connections whose scheme is not known yet, or in the TLS handshake.
        self._connecting: set[asyncio.Task[None]] = set()
        self._handshakes = asyncio.Semaphore(limits.handshakes)
        self._refused = False  # whether the system refused the last attempt to accept
        self._loop = _Loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="fake-every8d-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Responses under way get a second to finish."""
        with suppress(RuntimeError):  # it is closed already
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        limits, connections = self._service.limits, self._service.connections
        self._listen_again()
        pause = min(_CHECK_SECONDS, limits.head_seconds, limits.idle_seconds, limits.linger_seconds)
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            now = self._loop.time()
            for connection in [*connections]:
                connection.check_limits(now)
            self._service.notices.flush()
        self._pause_listening()
        for listener in self._listeners:
            listener.close()
        await asyncio.sleep(0)  # lets these tasks begin, which close their sockets
        for task in self._connecting:
            task.cancel()
        deadline = self._loop.time() + _STOP_SECONDS
        under_way = True
        while under_way and self._loop.time() < deadline:
            await asyncio.sleep(0.001)  # lets the cancelled tasks close their sockets
            under_way = True in [connection.stop() for connection in [*connections]]
        for connection in [*connections]:
            connection.abort()  # with TLS, closing waits for the client's close
        await asyncio.sleep(0)  # lets connection_lost be called

    def _listen_again(self) -> None:
        if not self._stopping.is_set():
            for listener in self._listeners:
                self._loop.add_reader(listener, self._accept, listener)

    def _pause_listening(self) -> None:
        for listener in self._listeners:
            self._loop.remove_reader(listener)

    def _accept(self, listener: socket.socket) -> None:
        """Accept a connection, or let new ones wait for a while."""
        limits = self._service.limits
        if len(self._service.connections) + len(self._connecting) < (
            limits.connections + limits.refused
        ):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # usually too many open files
                if not self._refused:
                    _logger.warning("%s: new connections wait until others close", error.strerror)
                self._refused = True
            else:
                self._refused = False
                task = self._loop.create_task(self._connect(connection))
                self._connecting.add(task)
                task.add_done_callback(self._connecting.discard)
                return
        self._pause_listening()
        self._loop.call_later(_RETRY_SECONDS, self._listen_again)

    async def _connect(self, accepted: socket.socket) -> None:
        environ = self._environ | {"wsgi.url_scheme": "http"}
        tls = None
        try:
            accepted.setblocking(False)
            # asyncio does this only for a socket that names its protocol.
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            environ["SERVER_PORT"] = str(accepted.getsockname()[1])
            if self._tls is not None and await self._first_byte(accepted) == _HANDSHAKE:
                tls = self._tls
                environ["wsgi.url_scheme"] = "https"
        except (OSError, asyncio.CancelledError):  # the client has gone, or sends nothing
            accepted.close()
            return
        seconds = self._service.limits.handshake_seconds
        try:
            async with self._handshakes if tls else nullcontext():
                await self._loop.connect_accepted_socket(
                    lambda: Connection(self._service, environ),
                    accepted,
                    ssl=tls,
                    ssl_handshake_timeout=seconds if tls else None,
                )
        except OSError as error:  # the client has gone, or the TLS handshake failed
            accepted.close()
            # Its frames hold asyncio's buffers, 256 KiB each, in a reference cycle.
            error.__traceback__ = None
            if tls:
                self._service.notices.add(f"TLS handshake failed: {_reason(error, seconds)}")

    async def _first_byte(self, accepted: socket.socket) -> bytes:
        """The first byte from a client, which can be read again; empty if it sends nothing.

        Raises `TimeoutError`, an `OSError`, if the client is idle for too long.
        """
        readable = asyncio.Event()
        self._loop.add_reader(accepted, readable.set)
        try:
            await asyncio.wait_for(readable.wait(), self._service.limits.idle_seconds)
        finally:
            self._loop.remove_reader(accepted)
        return accepted.recv(1, socket.MSG_PEEK)


def _reason(error: OSError, seconds: float) -> str:
    """The reason why a TLS handshake failed, usually with the remedy."""
    if not isinstance(error, ssl.SSLError):
        is_late = isinstance(error, ConnectionAbortedError)
        return f"it took more than {seconds:g} s" if is_late else "the client hung up"
    reason = error.reason or str(error)
    if any(word in reason for word in ("UNKNOWN_CA", "CERTIFICATE")):
        return f"the client does not trust the certificate ({reason}); /fake/ca.pem is the CA"
    return reason


def listen(host: str, ports: list[int]) -> list[socket.socket]:
    """Open listening sockets. Raises `OSError`, or `OverflowError` for a port out of range."""
    # Without the port: getaddrinfo would wrap one that is out of range.
    family, _, _, _, address = socket.getaddrinfo(
        host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with ExitStack() as opened:
        listeners = []
        for port in ports:
            listener = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
            if sys.platform == "win32":  # SO_REUSEADDR would share a port in use there
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], port))
            listener.listen(_BACKLOG)
            listener.setblocking(False)
            listeners.append(listener)
        opened.pop_all()
    return listeners


def _url(scheme: str, host: str, port: int) -> str:
    """A URL for clients: the loopback address for a server that listens on all addresses."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
