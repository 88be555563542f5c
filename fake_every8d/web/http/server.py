"""What serves the application, on an event loop in a thread of its own.

One server for tests and for `serve`, and not a library's. Uvicorn was slower, took 200 ms
to stop, and left open what a platform that is to be tested against must do: a connection cut
on demand, an early 413, Java's offers of HTTP/2. Granian's threads spent most of a call's time
on the GIL; Werkzeug's server takes a thread and a connection for each call. The parser of HTTP
is httptools', all the rest asyncio's.
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

_BACKLOG = 1024  # connections that wait until they are accepted, as when a load test begins

_BUFFER = 256 * 1024  # bytes that are read at once

_STOP_SECONDS = 1.0
"""What responses that are under way get when it is stopped."""

_LOOK_SECONDS = 1.0
"""Between two looks at who has taken too long; less where the limits are shorter."""

_RETRY_SECONDS = 0.1
"""After which accepting is tried again, if there were too many connections or open files."""

_logger = logging.getLogger(__name__)


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        """Seconds that pass even if a suite has frozen Python's clocks."""
        return float(real_time.monotonic())


class Server:
    """An application served by HTTP/1.1, with a certificate by HTTPS.

    Listens and serves from when it is made until it is closed; port 0 takes any free one.
    Raises `OSError` if it cannot.
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
        self._connecting: set[asyncio.Task[None]] = set()  # accepted, and with TLS shaking hands
        self._refused = False  # by the system, at the last try to accept
        self._loop = _Loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="fake-every8d-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no longer; responses under way are still given, but not waited for for long."""
        with suppress(RuntimeError):  # it is closed already
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        limits, connections = self._service.limits, self._service.connections
        self._listen_again()
        pause = min(_LOOK_SECONDS, limits.head_seconds, limits.idle_seconds, limits.linger_seconds)
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            now = self._loop.time()
            for connection in [*connections]:
                connection.look_at_time(now)
        self._loop.remove_reader(self._listener)
        self._listener.close()
        await asyncio.sleep(0)  # in which they begin, or nobody would close what was accepted
        for task in self._connecting:
            task.cancel()
        deadline = self._loop.time() + _STOP_SECONDS
        under_way = True
        while under_way and self._loop.time() < deadline:
            await asyncio.sleep(0.001)  # in which those that are being made are closed
            under_way = True in [connection.stop() for connection in [*connections]]
        for connection in [*connections]:
            connection.abort()  # with TLS, one that is closed waits for the client's goodbye
        await asyncio.sleep(0)  # in which they are lost

    def _listen_again(self) -> None:
        if not self._stopping.is_set():
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Accept a connection, or leave those that come to wait for a while."""
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
            # Of itself, asyncio does that only for a socket that names its protocol.
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                lambda: Connection(self._service), accepted, ssl=self._tls
            )
        except OSError:  # the client has gone, or TLS came to nothing
            accepted.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `OSError`, or `OverflowError` for a port out of range."""
    # Of a port out of range, getaddrinfo would make another one.
    family, _, _, _, address = socket.getaddrinfo(
        host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there, the other option would share a port in use
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
    """A URL that one can call: where it listens everywhere, the one of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "http" if certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
