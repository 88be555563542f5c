"""The HTTP server: it runs the application on an event loop in a thread of its own.

Tests and `serve` use the same server, and it is ours, for these reasons. Uvicorn was slower,
took 200 ms to stop, and could not do all that a platform to test against must do: cut a
connection on demand, send an early 413, take Java's offers of HTTP/2. Granian's threads spent
most of a call's time waiting for the GIL. Werkzeug's server takes a thread and a connection
for each call. HTTP is parsed by httptools; the rest is asyncio.
"""

import asyncio
import logging
import socket
import sys
import threading
from contextlib import suppress
from io import BytesIO

from fake_every8d.gateway import real_time
from fake_every8d.web.app import Application
from fake_every8d.web.http.connection import Connection, Service
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.tls import Certificate

_BACKLOG = 1024  # connections that may wait to be accepted, as when a load test begins

_BUFFER = 256 * 1024  # bytes read at a time

_STOP_SECONDS = 1.0
"""How long stopping waits for responses that are under way."""

_CHECK_SECONDS = 1.0
"""Between two checks of the time limits; less where a limit is shorter."""

_RETRY_SECONDS = 0.1
"""Before accepting is tried again after there were too many connections or open files."""

_logger = logging.getLogger(__name__)


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        """Seconds, which pass even if a suite has frozen Python's clocks."""
        return float(real_time.monotonic())


class Server:
    """An application served over HTTP/1.1; with a certificate, over HTTPS.

    It serves from its construction until `close`. Port 0 takes any free one. Raises `OSError`
    if it cannot listen.
    """

    def __init__(
        self,
        app: Application,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> None:
        self._tls = certificate.context() if certificate else None
        self._listener = _listen(host, port)
        self._listener.setblocking(False)
        address, self.port = self._listener.getsockname()[:2]
        self.url = _url(host, self.port, certificate)
        """Scheme, host and port; no slash at the end."""
        environ = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": address,
            "SERVER_PORT": str(self.port),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.url.partition(":")[0],
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        self._service = Service(app, environ, limits, memoryview(bytearray(_BUFFER)))
        self._connecting: set[asyncio.Task[None]] = set()  # accepted; maybe in the TLS handshake
        self._refused = False  # whether the system refused the last attempt to accept
        self._loop = _Loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="fake-every8d-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Responses that are under way get a second to finish."""
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
        self._loop.remove_reader(self._listener)
        self._listener.close()
        await asyncio.sleep(0)  # lets these tasks begin: else nobody closes their sockets
        for task in self._connecting:
            task.cancel()
        deadline = self._loop.time() + _STOP_SECONDS
        under_way = True
        while under_way and self._loop.time() < deadline:
            await asyncio.sleep(0.001)  # lets the cancelled tasks close their sockets
            under_way = True in [connection.stop() for connection in [*connections]]
        for connection in [*connections]:
            connection.abort()  # with TLS, a mere close waits for the client's
        await asyncio.sleep(0)  # lets connection_lost be called

    def _listen_again(self) -> None:
        if not self._stopping.is_set():
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Accept a connection, or let new ones wait for a while."""
        limits = self._service.limits
        if len(self._service.connections) + len(self._connecting) < (
            limits.connections + limits.refused
        ):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # there are too many open files, as a rule
                if not self._refused:
                    _logger.warning("%s: new connections wait until others close", error.strerror)
                self._refused = True
            else:
                self._refused = False
                task = self._loop.create_task(self._connect(connection))
                self._connecting.add(task)
                task.add_done_callback(self._connecting.discard)
                return
        self._loop.remove_reader(self._listener)
        self._loop.call_later(_RETRY_SECONDS, self._listen_again)

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            accepted.setblocking(False)
            # By itself, asyncio does this only for a socket that names its protocol.
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                lambda: Connection(self._service), accepted, ssl=self._tls
            )
        except OSError:  # the client has gone, or the TLS handshake failed
            accepted.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `OSError`, or `OverflowError` for a port out of range."""
    # Without the port: getaddrinfo would turn one out of range into another.
    family, _, _, _, address = socket.getaddrinfo(
        host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # where SO_REUSEADDR would share a port that is in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address[0], port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _url(host: str, port: int, certificate: Certificate | None) -> str:
    """A URL that clients can use: for one that listens on all addresses, the loopback one."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "http" if certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
