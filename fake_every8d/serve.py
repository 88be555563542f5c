"""The `serve` process: a `FakeEvery8d`, its log, the garbage collector, and signals that end it."""

import gc
import importlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fake_every8d.calls import HTTP_PATH, SOAP_PATH
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.log import LogFormat, Writer, json_line, text_line
from fake_every8d.control.readable import printable
from fake_every8d.fake import FakeEvery8d
from fake_every8d.gateway import InvalidInput, Settings
from fake_every8d.web.guard import is_loopback
from fake_every8d.web.http.tls import Tls

_OPEN = (
    "Anybody who can reach this machine can read and change everything here: give --api-token, or "
    "listen on 127.0.0.1."
)


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    public_url: str | None,
    log_format: LogFormat,
    smtp_url: str | None = None,
    api_token: str | None = None,
    tls: Tls | None = None,
    ca_file: str | None = None,
    set_up: Callable[[FakeEvery8d], None] | None = None,
) -> None:
    """Serve a fake until SIGINT or SIGTERM.

    It writes the addresses and then a line per request to standard output, and errors to
    standard error. It serves even if nobody reads them. Copies by e-mail go to `smtp_url`, if
    given. The JSON API and the page ask for `api_token`, if given. With `tls`, it serves HTTPS
    too, and copies the CA to `ca_file`, if given. `set_up` is as for `FakeEvery8d`. Raises
    `OSError` if it cannot listen, and `InvalidInput` if `tls` or `ca_file` is wrong.
    """
    is_json = log_format == "json"
    line = json_line if is_json else text_line
    with (
        Writer(sys.stderr, _dropped) as errors,
        # JSON is UTF-8, whatever the locale.
        Writer(
            sys.stdout, _dropped_json if is_json else _dropped, "utf-8" if is_json else None
        ) as output,
    ):
        logging.basicConfig(stream=errors, format="%(message)s")

        def log(record: RecordedRequest) -> None:
            output.write(line(record) + "\n")

        fake = FakeEvery8d(
            settings,
            host=host,
            port=port,
            public_url=public_url,
            smtp_url=smtp_url,
            api_token=api_token,
            tls=tls or False,
            log=log,
            set_up=set_up,
        )
        with _signals() as asked_to_end, fake:
            if ca_file:
                try:
                    Path(ca_file).write_bytes(fake.ca_file.read_bytes())
                except OSError as error:
                    raise InvalidInput(f"--tls-ca-file {ca_file}: {error.strerror}") from error
            output.write(_announcement(fake, public_url, log_format) + "\n")
            if not (api_token or is_loopback(host)):
                output.write((json.dumps({"warning": _OPEN}) if is_json else _OPEN) + "\n")
            # Now that the start is over: otherwise the first request by SOAP would wait for it.
            importlib.import_module("fake_every8d.soap")
            # Many messages are kept, and none is garbage: collecting as often as Python does by
            # default would slow down every call. With these thresholds, the collector looks at new
            # objects often, and hardly ever at old ones, which takes long.
            gc.freeze()
            gc.set_threshold(10_000, 5, 500)
            asked_to_end.recv(1)


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """A socket that becomes readable when the process is asked to end."""
    # On Windows, Ctrl-C does not wake a thread that waits for a lock or a selector. It does
    # wake one that reads from a socket.
    asked, wakeup = socket.socketpair()
    with asked, wakeup:
        wakeup.setblocking(False)
        signal.set_wakeup_fd(wakeup.fileno())
        ends = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            ends.append(signal.SIGBREAK)  # Ctrl-Break
        for number in ends:
            signal.signal(number, lambda *_: None)
        try:
            yield asked
        finally:
            signal.set_wakeup_fd(-1)


def _dropped(count: int) -> str:
    return f"{count} log lines dropped: the output was not being read\n"


def _dropped_json(count: int) -> str:
    return json.dumps({"dropped": count}) + "\n"


def _announcement(fake: FakeEvery8d, public_url: str | None, log_format: LogFormat) -> str:
    """The addresses and the accounts, for the beginning of the log."""
    url, plain_url, edition = fake.url, fake.plain_url, str(fake.settings.edition)
    base = public_url or url
    endpoint = base + SOAP_PATH
    accounts = {account.user_id: f"{account.credit:f}" for account in fake.settings.accounts}
    if log_format == "json":
        ready = {"ready": url, "endpoint": endpoint, "wsdl": f"{endpoint}?WSDL"}
        ready |= {"http_api": base + HTTP_PATH, "edition": edition}
        if plain_url != url:
            ready["plain"] = plain_url
        line = json.dumps(ready | {"accounts": accounts}, ensure_ascii=False)
        return line if line.isprintable() else json.dumps(json.loads(line))
    points = ", ".join(f"{printable(who)} ({credit} points)" for who, credit in accounts.items())
    by_http = f"  by http   {plain_url}/\n" if plain_url != url else ""
    return (
        "fake-every8d is ready; Ctrl-C ends it\n"
        f"  endpoint  {endpoint}\n"
        f"  WSDL      {endpoint}?WSDL\n"
        f"  HTTP API  {base}{HTTP_PATH}\n"
        f"  page      {url}/\n"
        f"{by_http}"
        f"  edition   {edition} (--edition, or PATCH {url}/fake/settings)\n"
        f"  accounts  {points}"
    )
