"""What the clients have in common: SOAP's versions, and tools of other languages."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal, NoReturn

import pytest

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


def unavailable(reason: str) -> NoReturn:
    """Skip the test where somebody works, but fail it in CI, which has to run them all."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must run this test", pytrace=False)
    pytest.skip(reason)


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
