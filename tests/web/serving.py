"""`fake-every8d serve` as a process of its own, and a call to it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import urllib3

from tests.waiting import wait_for

DEADLINE = 30
"""Seconds after which something that must happen counts as not happening."""

ENDPOINT = "/API21/SOAP/SMS.asmx"


class Served:
    """A process that serves, on a free port unless told one, and what it prints."""

    def __init__(self, directory: Path, *options: str, **environment: str) -> None:
        self._log = directory / "output.log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fake_every8d", *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"FAKE_EVERY8D_PORT": "0"} | environment,
                start_new_session=sys.platform != "win32",
            )

    @property
    def output(self) -> str:
        return self._log.read_text("utf-8", "replace")

    @property
    def url(self) -> str:
        """Scheme, host and port, once it is ready."""
        return self.wait_for(r"\bhttps?://[^/\"\s]+:\d+")[0]

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The match of the pattern in the output, once it is there."""

        def found() -> re.Match[str] | None:
            ended = self.process.poll() is not None
            match = re.search(pattern, self.output)
            assert match or not ended, f"no {pattern!r} in the output:\n{self.output}"
            return match

        match = wait_for(found, DEADLINE)
        assert match is not None
        return match

    def wait_bytes(self, expected: bytes) -> None:
        """Return when the output has that, whatever its encoding is."""
        wait_for(lambda: expected in self._log.read_bytes(), DEADLINE)

    def end(self, signal: int) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(signal)
        return self.process.wait(DEADLINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.terminate()  # and not killed, or the files of its certificate stay behind
        try:
            self.process.wait(DEADLINE)
        finally:
            self.process.kill()


def call(url: str, operation: str, **parameters: str) -> urllib3.BaseHTTPResponse:
    """POST a SOAP 1.1 request to a server."""
    values = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
    return urllib3.request(
        "POST",
        url + ENDPOINT,
        body='<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation} xmlns="http://tempuri.org/">{values}</{operation}>'
        "</s:Body></s:Envelope>",
        headers={
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"http://tempuri.org/{operation}"',
        },
        retries=False,
        timeout=DEADLINE,
    )


def log_in(url: str, user_id: str, password: str) -> str:
    """A session key."""
    response = call(url, "getConnection", userID=user_id, password=password).data.decode()
    (key,) = re.findall("[0-9a-f]{32}", response)
    return str(key)
