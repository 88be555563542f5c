"""Servers in processes of their own: the fake, and what answers a constant beside it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import urllib3

from benchmarks.posting import HEADERS, RESULT, constant_response, send_sms
from fake_every8d.web.app import SOAP_PATH

_FOLDER = Path(__file__).parent
_NODE = _FOLDER / "node"
_WSDL = _FOLDER.parent / "fixtures" / "SMS.wsdl"


class Missing(Exception):
    """What is needed to run something is not on this machine; the message says what."""


def need(tool: str) -> str:
    """The path of a program. Raises `Missing`."""
    path = shutil.which(tool)
    if path is None:
        raise Missing(f"{tool} is not installed")
    return path


@contextmanager
def fake(*options: str) -> Iterator[str]:
    """`fake-every8d` as one types it; the URL of its SOAP endpoint, which answers by then."""
    command = str(Path(sys.executable).with_name("fake-every8d"))
    with _running(lambda port: [command, "--port", str(port), *options], SOAP_PATH) as url:
        yield url


@contextmanager
def node_soap() -> Iterator[str]:
    """node-soap, which reads the WSDL and answers a constant. Raises `Missing`."""
    node = _node()
    script = str(_NODE / "soap.js")
    with _running(lambda port: [node, script, str(port), str(_WSDL)], RESULT=RESULT) as url:
        yield url


@contextmanager
def mountebank() -> Iterator[str]:
    """An imposter of mountebank's, which answers every request the same. Raises `Missing`."""
    node = _node()
    response = {"headers": {"Content-Type": "text/xml; charset=utf-8"}, "body": constant_response()}
    stubs = [{"responses": [{"is": response}]}]
    with TemporaryDirectory() as folder:
        imposters = Path(folder, "imposters.json")

        def command(port: int) -> list[str]:
            imposter = {"protocol": "http", "port": port, "stubs": stubs}
            imposters.write_text(json.dumps({"imposters": [imposter]}))
            program = [node, str(_NODE / "node_modules" / "mountebank" / "bin" / "mb")]
            options = ["--port", str(_free_port(port)), "--configfile", str(imposters)]
            files = ["--nologfile", "--pidfile", str(Path(folder, "pid"))]
            return [*program, *options, *files, "--loglevel", "warn", "--localOnly"]

        with _running(command) as url:
            yield url


@contextmanager
def wiremock() -> Iterator[str]:
    """WireMock, which answers every request the same, with its journal off, its best.

    Raises `Missing`.
    """
    java, _ = need("java"), _node()
    (jar,) = (_NODE / "node_modules" / "wiremock" / "build").glob("wiremock-standalone-*.jar")
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    stub = {
        "request": {"method": "ANY", "urlPattern": ".*"},
        "response": {"status": 200, "headers": headers, "body": constant_response()},
    }
    with TemporaryDirectory() as folder:
        mappings = Path(folder, "mappings")
        mappings.mkdir()
        (mappings / "constant.json").write_text(json.dumps(stub))
        options = ["--root-dir", folder, "--bind-address", "127.0.0.1"]
        options += ["--no-request-journal", "--disable-banner"]
        with _running(lambda port: [java, "-jar", str(jar), "--port", str(port), *options]) as url:
            yield url


@contextmanager
def php() -> Iterator[str]:
    """PHP's SoapServer in PHP's own server, answering a constant. Raises `Missing`.

    Two workers, since it is the fastest so on two cores; 1 is ignored, as if not given.
    """
    program, script = need("php"), str(_FOLDER / "constant.php")
    modules = subprocess.run([program, "-m"], capture_output=True, text=True, check=True).stdout
    if "soap" not in modules.split():
        raise Missing("php-soap is not installed")
    cached = ["-d", "soap.wsdl_cache=2"]  # in memory
    with _running(
        lambda port: [program, "-q", *cached, "-S", f"127.0.0.1:{port}", script],
        RESULT=RESULT,
        WSDL=str(_WSDL),
        PHP_CLI_SERVER_WORKERS="2",
    ) as url:
        yield url


@contextmanager
def httpserver() -> Iterator[str]:
    """pytest-httpserver, answering every request the same."""
    with _running(lambda port: [sys.executable, "-m", "benchmarks.constant", str(port)]) as url:
        yield url


@contextmanager
def granian() -> Iterator[str]:
    """Granian with an application that returns five bytes: next to nothing."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-log"]
    with _running(
        lambda port: [*command, "--port", str(port), "benchmarks.constant:five_bytes"]
    ) as url:
        yield url


@contextmanager
def _running(
    command: Callable[[int], list[str]], path: str = "/", **environment: str
) -> Iterator[str]:
    """The URL of what a command serves on a port, which answers by then."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}{path}"
    with (
        TemporaryFile() as log,
        subprocess.Popen(
            command(port),
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            if not _answers(process, url):
                log.seek(0)
                raise RuntimeError(f"{process.args!r} does not answer: {log.read().decode()}")
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # PHP's workers do not end with it


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until it does; False if that will never be."""
    deadline = time.monotonic() + 30
    with urllib3.PoolManager(retries=False) as pool:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                return (
                    pool.request("POST", url, body=send_sms("", ""), headers=HEADERS).status == 200
                )
            except urllib3.exceptions.HTTPError:
                time.sleep(0.001)
    return False


def _free_port(other_than: int = 0) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return _free_port(other_than) if port == other_than else port


@cache
def _node() -> str:
    """Node.js, with the packages of the lock file installed. Raises `Missing`."""
    node, npm = need("node"), need("npm")
    lock_file = _NODE / "package-lock.json"
    installed = _NODE / "node_modules" / ".package-lock.json"  # what npm writes last
    if not installed.exists() or installed.stat().st_mtime < lock_file.stat().st_mtime:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        npm_ci = subprocess.run(command, cwd=_NODE, capture_output=True, text=True, check=False)
        if npm_ci.returncode:
            raise Missing(f"npm ci failed: {' '.join(npm_ci.stderr.split())}")
    return node
