"""Common parts of the clients: SOAP's versions, and tools of other languages."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import urlsplit

import pytest

_TIMEOUT = 30

PROGRAMS = Path(__file__).parent / "programs"
"""One for each language and library: it asks the fake at `SMS_URL` for demo's points."""

Version = Literal["1.1", "1.2"]

VERSIONS: tuple[Version, ...] = ("1.1", "1.2")

NAMESPACE = "http://tempuri.org/"

SOAP_NAMESPACE = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


def require(tool: str) -> str:
    """The path of a program, if the machine has it."""
    return shutil.which(tool) or unavailable(f"{tool} is not on the PATH")


def require_php(command: str) -> None:
    """See to it that PHP has what one of `PROGRAMS` needs, if that is PHP's."""
    for program, needed in (
        ("with_curl.php", "extension_loaded('curl')"),
        ("with_guzzle.php", "stream_resolve_include_path('GuzzleHttp/autoload.php')"),
        ("with_soap.php", "extension_loaded('soap')"),
    ):
        if program in command:
            check = [require("php"), "-r", f"exit((int) !{needed});"]
            if subprocess.run(check, timeout=_TIMEOUT).returncode:
                unavailable(f"this PHP lacks {needed}")


def environment(home: Path, **variables: str) -> dict[str, str]:
    """The environment of somebody else: neither this one's proxies nor its trust, and Python's
    programs those of this Python."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not re.search("proxy|cert|_ca_|cafile|^fake_every8d_", name, re.IGNORECASE)
    }
    cache = os.environ.get("GOCACHE") or Path("~/.cache/go-build").expanduser()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return ours | {"HOME": str(home), "PATH": path, "GOCACHE": str(cache)} | variables


def unavailable(reason: str) -> NoReturn:
    """Skip the test on a developer's machine, but fail it in CI, which has to run them all."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must run this test", pytrace=False)
    pytest.skip(reason)


def install(lock_file: Path, *commands: list[str], last: Path) -> None:
    """Run commands beside a file that names packages, once for all workers.

    They are run again when that file is newer than the file `last`, which is there after them.
    """
    import fcntl  # Windows has none

    with lock_file.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers are here, too
        if last.exists() and last.stat().st_mtime >= lock_file.stat().st_mtime:
            return
        for command in commands:
            done = subprocess.run(command, cwd=lock_file.parent, capture_output=True, text=True)
            if done.returncode:
                unavailable(f"{' '.join(command)} failed: {done.stderr}")
        last.touch()


def npm_ci(folder: Path) -> None:
    """Install the packages of `package-lock.json` there, unless they are."""
    install(
        folder / "package-lock.json",
        [require("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        last=folder / "node_modules" / ".package-lock.json",
    )


class Script:
    """A client in another language, which is told what to call in JSON lines.

    It gets `[operation, parameters]` on its standard input and writes `{"result": …, "sent": …}`
    to its standard output. What it says that it sent must have `sent` in it.
    """

    def __init__(self, command: list[str], script: Path, *arguments: str, sent: str) -> None:
        self._sent = sent
        self._process = subprocess.Popen(
            [*command, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def __call__(self, operation: str, /, **parameters: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([operation, parameters]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client ended in {operation}: see its standard error"
        answer = json.loads(line)
        assert self._sent in answer["sent"]
        return answer["result"] or ""


@contextmanager
def post_after_continue(url: str, headers: str, body: bytes) -> Iterator[HTTPResponse]:
    """The response to a POST whose body is sent only after a "100 Continue"."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\n"
        f"{headers}"
        f"Host: {parts.netloc}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n"
        "\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port), _TIMEOUT) as connection:
        connection.sendall(head.encode())
        interim = b""
        while not interim.endswith(b"\r\n\r\n"):
            received = connection.recv(1)
            assert received, f"closed after {interim!r}"
            interim += received
        assert interim.startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        with closing(HTTPResponse(connection, method="POST")) as response:
            response.begin()
            yield response
