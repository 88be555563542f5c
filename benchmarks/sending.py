"""`serve` as a user runs it, and a client that sends to it over HTTP."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from benchmarks.posting import batch_id, envelope
from fake_every8d.web.app import SOAP_PATH

_ACCOUNT = '[[account]]\nuser_id = "demo"\npassword = "demo"\ncredit = 1000000000\n'


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process of `fake-every8d serve` and its URL; its account never runs dry."""
    with TemporaryDirectory() as folder:
        accounts, log = Path(folder, "accounts.toml"), Path(folder, "log")
        accounts.write_text(_ACCOUNT)
        command = [sys.executable, "-m", "fake_every8d", "serve", "--port", "0"]
        command += ["--accounts", str(accounts), "--log-format", "json", *options]
        with log.open("wb") as output, subprocess.Popen(command, stdout=output) as process:
            try:
                yield process, _ready(process, log)
            finally:
                process.terminate()


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    while not (text := log.read_text("utf-8")).endswith("\n"):
        assert process.poll() is None
        time.sleep(0.01)
    url: str = json.loads(text.splitlines()[0])["ready"]
    return url


class Caller:
    """Somebody who is logged in, on one connection that is kept alive."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        login = self._call("getConnection", userID="demo", password="demo")
        key = re.search("[0-9a-f]{32}", login.decode())
        assert key is not None
        self._key = key[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def send(self, subject: str, content: str, mobiles: Iterable[str]) -> str:
        """Send one text to some numbers; the ID of the batch."""
        mobile = ",".join(mobiles)
        values = {"subject": subject, "content": content, "mobile": mobile, "sendTime": ""}
        return batch_id(self._call("sendSMS", sessionKey=self._key, **values))

    def _call(self, operation: str, **parameters: str) -> bytes:
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        self._connection.request("POST", SOAP_PATH, envelope(operation, **parameters), headers)
        return self._connection.getresponse().read()


def get(url: str, path: str) -> object:
    """What the JSON API says, on a connection of its own."""
    with closing(http.client.HTTPConnection(urlsplit(url).netloc)) as connection:
        connection.request("GET", path)
        return json.load(connection.getresponse())
