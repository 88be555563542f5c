"""Fakes of other services that do something for each call, and a server that does nothing.

Each comes from its registry, with its version pinned, and is set up as its own documentation
says; each call does the same at every size of the load.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile, gettempdir
from typing import Any
from urllib.parse import urlencode, urljoin

from benchmarks.requests import CONTENT, HEADERS, SOAP_PATH, response, send_sms

_FOLDER = Path(__file__).parent
_NODE = _FOLDER / "node"
_MOTO = "moto[server,sns]==5.2.5"

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SENT = send_sms("0" * 32, "0912345678")


class Missing(Exception):
    """Something that a peer needs is not on this machine; the message says what."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs, and the request that it is to be loaded with."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    forget: tuple[str, str] | None = None
    """The method and path by which it drops what it has recorded."""


Peer = Callable[[], AbstractContextManager[Target]]


def need(tool: str) -> str:
    """The path of a program. Raises `Missing`."""
    path = shutil.which(tool)
    if path is None:
        raise Missing(f"{tool} is not installed")
    return path


@contextmanager
def moto() -> Iterator[Target]:
    """moto's server: SNS publishes to a phone number, and keeps the message."""
    python = _moto()
    command = [str(Path(python).with_name("moto_server")), "-H", "127.0.0.1", "-p"]
    form = {"Action": "Publish", "PhoneNumber": "+886912345678", "Message": CONTENT}
    # Not checked, but it names the service.
    scope = "Credential=demo/20260101/us-east-1/sns/aws4_request"
    headers = _FORM | {
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    }
    body = urlencode(form | {"Version": "2010-03-31"}).encode()
    with _running(lambda port: [*command, str(port)], body, headers) as url:
        yield Target(url, body, headers, ("POST", "/moto-api/reset"))


@contextmanager
def wiremock() -> Iterator[Target]:
    """WireMock: matches by XPath, fills a template from the envelope, and keeps a journal."""
    java, _ = need("java"), node()
    (jar,) = (_NODE / "node_modules" / "wiremock" / "build").glob("wiremock-standalone-*.jar")
    stub = {
        "request": {
            "method": "POST",
            "urlPath": SOAP_PATH,
            "bodyPatterns": [{"matchesXPath": "//*[local-name() = 'mobile']"}],
        },
        "response": {
            "status": 200,
            "headers": {"Content-Type": "text/xml; charset=utf-8"},
            "transformers": ["response-template"],
            "body": response(
                "{{randomValue type='UUID'}}",
                "{{xPath request.body '//*[local-name() = \"mobile\"]/text()'}}",
            ),
        },
    }
    with TemporaryDirectory() as folder:
        mappings = Path(folder, "mappings")
        mappings.mkdir()
        (mappings / "send.json").write_text(json.dumps(stub))
        options = ["--root-dir", folder, "--bind-address", "127.0.0.1", "--disable-banner"]

        def command(port: int) -> list[str]:
            return [java, "-jar", str(jar), "--port", str(port), *options]

        with _running(command, _SENT, HEADERS, SOAP_PATH) as url:
            yield Target(url, _SENT, HEADERS, ("DELETE", "/__admin/requests"))


@contextmanager
def twilio() -> Iterator[Target]:
    """twillio-sms-mock, on Express: keeps the message, and responds with it."""
    script = (
        "const { createTwillioMockServer } = require('twillio-sms-mock');"
        "createTwillioMockServer({ port: Number(process.argv[1]) }).start();"
    )
    program = [node(), "-e", script]
    path = "/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json"
    body = urlencode({"To": "+886912345678", "From": "+886987654321", "Body": CONTENT}).encode()
    with _running(lambda port: [*program, str(port)], body, _FORM, path, cwd=_NODE) as url:
        yield Target(url, body, _FORM, ("DELETE", "/api/messages"))


@contextmanager
def mountebank() -> Iterator[Target]:
    """mountebank: an injected function takes a point of the credit, and keeps the number."""
    function = (
        "config => {"
        "  const { request, state } = config;"
        "  state.credit = (state.credit ?? 1000000000) - 1;"
        "  (state.numbers ??= []).push(request.body.match(/<mobile>([^<]*)/)[1]);"
        f"  const body = `{response('${batch}', '${state.credit}.00')}`;"
        "  return { headers: { 'Content-Type': 'text/xml; charset=utf-8' }, body };"
        "}"
    ).replace("const body", "const batch = crypto.randomUUID(); const body")
    with TemporaryDirectory() as folder:
        imposters = Path(folder, "imposters.json")

        def command(port: int) -> list[str]:
            stubs = [{"responses": [{"inject": function}]}]
            imposter = {"protocol": "http", "port": port, "stubs": stubs}
            imposters.write_text(json.dumps({"imposters": [imposter]}))
            program = [node(), str(_NODE / "node_modules" / "mountebank" / "bin" / "mb")]
            options = ["--port", str(_free_port(port)), "--configfile", str(imposters)]
            files = ["--nologfile", "--pidfile", str(Path(folder, "pid"))]
            quiet = ["--loglevel", "warn", "--localOnly", "--allowInjection"]
            return [*program, *options, *files, *quiet]

        with _running(command, _SENT, HEADERS) as url:
            yield Target(url, _SENT, HEADERS)


@contextmanager
def ceiling() -> Iterator[Target]:
    """Granian with an application that returns five bytes: no server in Python does less."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-log"]
    with _running(
        lambda port: [*command, "--port", str(port), "benchmarks.peers:five_bytes"],
        _SENT,
        HEADERS,
    ) as url:
        yield Target(url, _SENT, HEADERS)


def five_bytes(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """A WSGI application."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


PEERS: dict[str, Peer] = {
    "moto, SNS": moto,
    "WireMock": wiremock,
    "twillio-sms-mock": twilio,
    "mountebank": mountebank,
}
"""The fakes that do something for each call, by how rows call them."""


def forget(target: Target) -> None:
    """Have a server drop what it has recorded, so that it is no slower in the next round."""
    if target.forget is not None:
        method, path = target.forget
        request = urllib.request.Request(urljoin(target.url, path), method=method)
        urllib.request.urlopen(request).close()


@contextmanager
def _running(
    command: Callable[[int], list[str]],
    body: bytes,
    headers: Mapping[str, str],
    path: str = "/",
    cwd: Path = _FOLDER.parent,
) -> Iterator[str]:
    """The URL of a path that a command serves on a port; it responds by then."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}{path}"
    with (
        TemporaryFile() as log,
        subprocess.Popen(
            command(port), stdout=log, stderr=log, cwd=cwd, start_new_session=True
        ) as process,
    ):
        try:
            if not _responds(process, urllib.request.Request(url, body, dict(headers))):
                log.seek(0)
                raise RuntimeError(f"{process.args!r} does not respond: {log.read().decode()}")
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def _responds(process: subprocess.Popen[bytes], request: urllib.request.Request) -> bool:
    """Wait as long as it takes to start; False if it has ended, or refuses the request."""
    while process.poll() is None:
        try:
            urllib.request.urlopen(request).close()
            return True
        except urllib.error.HTTPError:
            return False
        except OSError:
            time.sleep(0.001)
    return False


def _free_port(other_than: int = 0) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return _free_port(other_than) if port == other_than else port


@cache
def node() -> str:
    """Node.js, with the packages of the lock file installed. Raises `Missing`."""
    program, npm = need("node"), need("npm")
    lock_file = _NODE / "package-lock.json"
    installed = _NODE / "node_modules" / ".package-lock.json"  # what npm writes last
    with _one_at_a_time("node"):
        if not installed.exists() or installed.stat().st_mtime < lock_file.stat().st_mtime:
            _install([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], _NODE)
    return program


@cache
def _moto() -> str:
    """The Python of an environment with moto in it, made when it is first needed.

    It has one of its own, so that what moto needs is no part of what is measured.
    """
    folder = _FOLDER / ".venv-moto"
    python = str(folder / "bin" / "python")
    installed = folder / "installed"
    with _one_at_a_time("moto"):
        if not installed.exists() or installed.read_text() != _MOTO:
            _install([sys.executable, "-m", "venv", "--clear", str(folder)])
            _install([python, "-m", "pip", "install", "-q", _MOTO])
            installed.write_text(_MOTO)
    return python


@contextmanager
def _one_at_a_time(what: str) -> Iterator[None]:
    """A lock between processes: several benchmarks may need the same peer first."""
    import fcntl  # here, because Windows has none

    with Path(gettempdir(), f"fake-every8d-benchmarks-{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(command: list[str], cwd: Path = _FOLDER) -> None:
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if run.returncode:
        raise Missing(f"{' '.join(command[:3])} … failed: {' '.join(run.stderr.split())}")
