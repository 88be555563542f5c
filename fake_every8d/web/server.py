"""What serves the application: in a thread for tests, in the foreground for `serve`.

One server for both, on one event loop, and not a library's: on two cores Granian lost most of
a call's time to threads that hand Python's lock to one another, and with a single thread let
a caller that stalls stall all; uvicorn was slower, too; Werkzeug's takes a thread and
a connection for each call. The parser of HTTP is httptools', all the rest asyncio's.
"""

import asyncio
import gc
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Literal

from fake_every8d.gateway import Gateway, Settings
from fake_every8d.web import outbound
from fake_every8d.web.app import SOAP_PATH, Application
from fake_every8d.web.connection import Connection
from fake_every8d.web.log import Log, json_line, text_line, write
from fake_every8d.web.tls import Certificate

LogFormat = Literal["text", "json"]
"""How `serve` writes its lines: for people, or a JSON object each."""

_BACKLOG = 1024  # connections that wait until they are accepted, as when a load test begins

_BUFFER = 256 * 1024  # bytes that are read at once

_MOMENT = 0.02  # seconds

_PATIENCE = 1.0  # seconds that answers which are under way get when it is stopped


class _Loop(asyncio.SelectorEventLoop):
    def time(self) -> float:
        """Seconds that pass even if a suite has frozen Python's clocks."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)


class Server:
    """An application served by HTTP/1.1 on an event loop, with a certificate by HTTPS.

    Listens from when it is made; port 0 takes any free one. Raises `OSError` if it cannot.
    """

    def __init__(
        self,
        app: Application,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
    ) -> None:
        self._app = app
        self._tls = certificate.context() if certificate else None
        self._listener = _listen(host, port)
        address, self.port = self._listener.getsockname()[:2]
        self.url = _url(host, self.port, certificate)
        """Scheme, host and port; no slash at the end."""
        self._environ = {
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
        self._connections: set[Connection] = set()
        self._loop = _Loop()
        self._stopping = asyncio.Event()

    def run(self) -> None:
        """Serve until `stop` is called."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def stop(self) -> None:
        """Listen no longer; answers under way are still given, but not waited for for long.

        Safe from any thread, and in a signal's handler.
        """
        with suppress(RuntimeError):  # it has stopped already
            self._loop.call_soon_threadsafe(self._stopping.set)

    def later(self, action: Callable[[], None]) -> None:
        """Do something on the event loop, a moment from now. Safe from any thread."""
        with suppress(RuntimeError):  # it has stopped
            self._loop.call_soon_threadsafe(self._loop.call_later, _MOMENT, action)

    async def _serve(self) -> None:
        buffer = memoryview(bytearray(_BUFFER))
        server = await self._loop.create_server(
            lambda: Connection(self._app, self._environ, self._connections, buffer),
            sock=self._listener,
            ssl=self._tls,
            backlog=1,  # tried for at once; with more, the last try is in vain, and costs
        )
        self._listener.listen(_BACKLOG)
        await self._stopping.wait()
        # One that is accepted and not made yet would be lost sight of when the server closes.
        self._loop.remove_reader(self._listener)
        await asyncio.sleep(0)
        server.close()
        deadline = self._loop.time() + _PATIENCE
        under_way = True
        while under_way and self._loop.time() < deadline:
            await asyncio.sleep(0.001)  # in which one that was just accepted is made
            under_way = True in [connection.finish() for connection in [*self._connections]]
        for connection in [*self._connections]:
            connection.abort()  # with TLS, one that is finished waits for the caller's goodbye
        await asyncio.sleep(0)  # in which they are lost


class ThreadServer(Server):
    """One that runs in a thread of its own, from when it is made."""

    def __init__(
        self,
        app: Application,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(app, host, port, certificate)
        self._thread = threading.Thread(target=self.run, name="fake-every8d-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and wait for it."""
        self.stop()
        self._thread.join()


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    public_url: str | None,
    log_format: LogFormat,
    smtp_url: str | None = None,
    api_token: str | None = None,
    certificate: Certificate | None = None,
) -> None:
    """Serve a gateway until SIGINT or SIGTERM.

    Writes where everything is and then a line per request to standard output. Copies by
    e-mail go to `smtp_url`, if that is given; the JSON API and the page ask for
    `api_token`, if there is one; with a certificate it speaks HTTPS. Raises `OSError` if
    it cannot listen.
    """
    # A locale that cannot write 預約 is no reason to fail.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    gateway = Gateway(
        settings,
        get=outbound.get,
        mail=outbound.Mailer(smtp_url) if smtp_url else None,
    )
    app = Application(
        gateway,
        host=host,
        public_url=public_url,
        api_token=api_token,
        log=lambda record: log.add(record),
    )
    server = Server(app, host, port, certificate)
    log = Log(json_line if log_format == "json" else text_line, server.later)
    # What is kept is never garbage, and grows: Python's own rhythm looks through it too often.
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    write(_announcement(server.url, public_url, settings, log_format))
    server.run()
    log.write()


def _announcement(
    url: str, public_url: str | None, settings: Settings, log_format: LogFormat
) -> str:
    """Where everything is."""
    endpoint = (public_url or url) + SOAP_PATH
    accounts = {account.user_id: f"{account.credit:f}" for account in settings.accounts}
    if log_format == "json":
        ready = {"ready": url, "endpoint": endpoint, "wsdl": f"{endpoint}?WSDL"}
        return json.dumps(ready | {"accounts": accounts}, ensure_ascii=False)
    points = ", ".join(f"{who} ({credit} points)" for who, credit in accounts.items())
    return (
        "fake-every8d is ready; Ctrl-C ends it\n"
        f"  endpoint  {endpoint}\n"
        f"  WSDL      {endpoint}?WSDL\n"
        f"  page      {url}/\n"
        f"  accounts  {points}"
    )


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `OSError`, or `OverflowError` for a port out of range."""
    # Of a port out of range, getaddrinfo would make another one.
    family, _, _, _, address = socket.getaddrinfo(
        host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server((address[0], port), family=family, backlog=_BACKLOG)


def _url(host: str, port: int, certificate: Certificate | None) -> str:
    """A URL that one can call: where it listens everywhere, the one of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "http" if certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
