"""What serves the application: threads in a test, a process of its own for `serve`."""

import gc
import json
import multiprocessing
import os
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from werkzeug.serving import WSGIRequestHandler, make_server

from fake_every8d.gateway import Gateway, Settings
from fake_every8d.web import outbound
from fake_every8d.web.app import SOAP_PATH, Application
from fake_every8d.web.journal import RecordedRequest
from fake_every8d.web.tls import Certificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LogFormat = Literal["text", "json"]
"""How `serve` writes its lines: for people, or a JSON object each."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 300  # characters of what a caller sent, in a line of the log


class ThreadServer:
    """A WSGI application served by threads of this process, for tests.

    Listens from when it is made, with a certificate by HTTPS; port 0 takes any free one.
    Raises `OSError` if it cannot.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
    ) -> None:
        # Left to bind by itself, Werkzeug ends the process when it cannot.
        with _listen(host, port) as listener:
            address, self.port = listener.getsockname()[:2]
            self._server = make_server(
                address,
                self.port,
                app,
                threaded=True,
                request_handler=_QuietHandler,
                fd=listener.fileno(),
            )
        if certificate is not None:
            self._server.ssl_context = context = certificate.context()
            # The handshake is left to each request's thread: here a caller that stalls in
            # the middle of it would stall all, as it would if Werkzeug did this.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = _url(host, self.port, certificate)
        """Scheme, host and port; no slash at the end."""
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},  # in seconds: so long may `close` take
            name="fake-every8d-http",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Answers under way are still given."""
        self._server.shutdown()
        self._thread.join()


class _QuietHandler(WSGIRequestHandler):
    # Head and body of an answer are two writes; the second must not wait until the
    # caller has acknowledged the first.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        pass


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
) -> int:
    """Serve a gateway in a process of its own, until SIGINT or SIGTERM.

    Writes where everything is and then a line per request to standard output. Copies by
    e-mail go to `smtp_url`, if that is given; the JSON API and the page ask for
    `api_token`, if there is one; with a certificate it speaks HTTPS. Returns the exit
    code: 0, or 1 if that process died. Raises `OSError` if it cannot listen.
    """
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, SSLProtocols

    # Granian would share a port with another process of ours that has it already.
    with _listen(host, port) as listener:
        address, port = listener.getsockname()[:2]
    server = Granian(
        "fake-every8d",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,  # also by TLS, so that connections break off as told
        websockets=False,
        workers=1,
        # More than one, or a caller that stalls in the middle of a request stalls all.
        blocking_threads=8,
        workers_kill_timeout=1,
        log_enabled=False,
        ssl_cert=certificate.chain if certificate else None,
        ssl_key=certificate.key if certificate else None,
        ssl_protocol_min=SSLProtocols.tls12,  # what old .NET and Java speak
    )
    worker = _Worker(
        settings=settings,
        url=_url(host, port, certificate),
        host=host,
        address=(address, port),
        public_url=public_url,
        log_format=log_format,
        smtp_url=smtp_url,
        api_token=api_token,
    )
    with suppress(SystemExit):
        server.serve(target_loader=worker, wrap_loader=False)
    # A signal may reach both processes, and this one see the other end before it has
    # seen the signal: what counts is whether there was one.
    if server.interrupt_signal:
        return 0
    print("fake-every8d: the process that serves has died", file=sys.stderr)
    return 1


@dataclass(frozen=True, slots=True)
class _Worker:
    """Makes the application, in the process that serves it."""

    settings: Settings
    url: str
    host: str
    address: tuple[str, int]
    public_url: str | None
    log_format: LogFormat
    smtp_url: str | None
    api_token: str | None

    def __call__(self) -> Application:
        # What is kept is never garbage, and grows: Python's own rhythm looks through it too often.
        gc.freeze()
        gc.set_threshold(10_000, 50, 50)
        os.setsid()  # Ctrl-C is for the supervisor alone, which ends this process
        # A locale that cannot write 預約 is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        threading.Thread(target=_end_with_parent, daemon=True).start()
        threading.Thread(target=self._announce, daemon=True).start()
        gateway = Gateway(
            self.settings,
            get=outbound.get,
            mail=outbound.Mailer(self.smtp_url) if self.smtp_url else None,
        )
        return Application(
            gateway,
            host=self.host,
            public_url=self.public_url,
            api_token=self.api_token,
            log=self._log,
        )

    def _announce(self) -> None:
        """Say where everything is, as soon as it is there."""
        while True:
            try:
                socket.create_connection(self.address, timeout=1).close()
                break
            except OSError:
                time.sleep(0.01)
        endpoint = (self.public_url or self.url) + SOAP_PATH
        accounts = {account.user_id: f"{account.credit:f}" for account in self.settings.accounts}
        if self.log_format == "json":
            ready = {"ready": self.url, "endpoint": endpoint, "wsdl": f"{endpoint}?WSDL"}
            _write(json.dumps(ready | {"accounts": accounts}, ensure_ascii=False))
        else:
            points = ", ".join(f"{who} ({credit} points)" for who, credit in accounts.items())
            _write(
                "fake-every8d is ready; Ctrl-C ends it\n"
                f"  endpoint  {endpoint}\n"
                f"  WSDL      {endpoint}?WSDL\n"
                f"  page      {self.url}/\n"
                f"  accounts  {points}"
            )

    def _log(self, record: RecordedRequest) -> None:
        _write(json_line(record) if self.log_format == "json" else text_line(record))


def text_line(record: RecordedRequest) -> str:
    """A request as a line for people, without a password or a whole session key."""
    return "  ".join(
        [
            f"{record.at:%Y-%m-%d %H:%M:%S}",
            _plain(record.operation or f"{record.method} {record.path}"),
            _plain(record.user_id or "-"),
            _plain(str(record.status) if record.result is None else record.result),
            f"{record.milliseconds:.1f} ms",
            *([f"· fault: {record.fault}"] if record.fault else []),
            *[f"· {_plain(advice)}" for advice in record.advice],
        ]
    )


def json_line(record: RecordedRequest) -> str:
    """A request as a JSON object in one line, without a password or a whole session key."""
    fields = {
        "time": record.at.isoformat(timespec="milliseconds"),
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "milliseconds": round(record.milliseconds, 3),
        "operation": record.operation,
        "account": record.user_id,
        "result": record.result,
        "advice": record.advice,
        "fault": record.fault,
    }
    return json.dumps(fields, ensure_ascii=False)


def _plain(text: str) -> str:
    """What a caller sent, fit for a line of a log."""
    return _UNPRINTABLE.sub(" ", text[:_LONGEST])


def _write(lines: str) -> None:
    # Nobody may be reading any more, and that is no reason to fail a request.
    with suppress(OSError):
        sys.stdout.write(lines + "\n")
        sys.stdout.flush()


def _end_with_parent() -> None:
    """Do not outlive the supervisor, if it is killed, and keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `OSError`, or `OverflowError` for a port out of range."""
    # Of a port out of range, getaddrinfo would make another one.
    family, _, _, _, address = socket.getaddrinfo(
        host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return socket.create_server((address[0], port), family=family, backlog=128)


def _url(host: str, port: int, certificate: Certificate | None) -> str:
    """A URL that one can call: where it listens everywhere, the one of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "http" if certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
