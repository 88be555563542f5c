"""A fake-every8d to measure: the one of this environment, or another environment's."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from benchmarks.requests import SOAP_PATH, batch_id, envelope

_ACCOUNT = '[[account]]\nuser_id = "demo"\npassword = "demo"\ncredit = 1000000000\n'


@dataclass(frozen=True, slots=True)
class Product:
    """A fake-every8d, installed for some Python."""

    name: str
    """The name in rows."""
    python: str = sys.executable

    @contextmanager
    def serving(self, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
        """Run `fake-every8d serve` as a user does, and yield the process and its URL.

        Its account `demo` never runs dry.
        """
        with TemporaryDirectory() as folder:
            accounts, log = Path(folder, "accounts.toml"), Path(folder, "log")
            accounts.write_text(_ACCOUNT)
            command = [self.python, "-m", "fake_every8d", "serve", "--port", "0"]
            command += ["--accounts", str(accounts), "--log-format", "json", *options]
            with (
                log.open("wb") as output,
                # In its folder, so that it cannot import the package from this one.
                subprocess.Popen(command, stdout=output, cwd=folder) as process,
            ):
                try:
                    yield process, _ready(process, log)
                finally:
                    process.terminate()


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    while not (text := log.read_text("utf-8")).endswith("\n"):
        assert process.poll() is None
        time.sleep(0.001)
    url: str = json.loads(text.splitlines()[0])["ready"]
    return url


class Client:
    """A client that is logged in to the SOAP API, over one kept connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        login = self._call("getConnection", userID="demo", password="demo")
        key = re.search("[0-9a-f]{32}", login.decode())
        assert key is not None
        self.session_key = key[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def send(self, subject: str, content: str, mobiles: Iterable[str], send_time: str = "") -> str:
        """Send one text to some numbers. Returns the batch's ID."""
        values = {"subject": subject, "content": content, "mobile": ",".join(mobiles)}
        return batch_id(
            self._call("sendSMS", sessionKey=self.session_key, sendTime=send_time, **values)
        )

    def credit(self) -> float:
        """The points left."""
        response = self._call("getCredit", sessionKey=self.session_key).decode()
        points = re.search("<getCreditResult>([0-9.]+)<", response)
        assert points is not None
        return float(points[1])

    def _call(self, operation: str, **parameters: str) -> bytes:
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        self._connection.request("POST", SOAP_PATH, envelope(operation, **parameters), headers)
        return self._connection.getresponse().read()


def json_api(url: str, method: str, path: str, body: object = None) -> Any:
    """Call the JSON API over a connection of its own, and return what it responds."""
    with closing(http.client.HTTPConnection(urlsplit(url).netloc)) as connection:
        headers = {"Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/fake/{path}", content, headers)
        response = connection.getresponse()
        data = response.read()
        assert response.status < 300, data
        return json.loads(data) if data else None
