"""Type checkers on a user's code: no error if it is right, one if it is wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi import FastAPI
from flask import Flask

from fake_every8d import FakeEvery8d, Message, Report, Settings, Status


@pytest.fixture
def settings() -> Settings:
    return Settings(delivery_seconds=0)


def test_it(every8d: FakeEvery8d) -> None:
    every8d.update_account("demo", credit=1, report_url=None)
    every8d.update_account("demo", report_method="POST", report_charset="big5")
    every8d.update_account("demo", report_attempts=3)
    every8d.update_account("demo", credit=Decimal("1.5"), international=True)
    every8d.add_failure("sendSMS", "http_error", status=503, user_id="demo", rate=5)
    every8d.add_failure("*", kind="delay", seconds=2, times=None)
    every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER, after=timedelta(seconds=5))
    every8d.set_outcome("0912345678", 103, after=5)
    received: list[Report] = []
    every8d.reports_to(received.append)
    every8d.reports_to(Flask("app"), "/sms/report", user_id="demo")
    every8d.reports_to(FastAPI())
    every8d.clock.advance(5)
    every8d.clock.advance(timedelta(days=1))
    every8d.clock.advance(days=1)
    message: Message = every8d.wait_for_message(to="0912345678")
    messages: list[Message] = every8d.wait_for_messages(2)
    report: Report = every8d.wait_for_report(status=Status.REPLY)
    code: str | None = message.code
    links: tuple[str, ...] = message.links
    found: str | None = message.find(r"\\d+")
    print(every8d.assert_sent(count=1), messages, report, code, links, found)


async def test_async(every8d: FakeEvery8d) -> None:
    await every8d.clock.advance_async(minutes=5)
"""

WRONG = [
    'every8d.update_account("demo", credits=1)',
    'every8d.add_failure("sendsms", "http_error")',
    'every8d.add_failure("sendSMS", "explode")',
    'every8d.add_failure("sendSMS", "http_error", code=503)',
    'every8d.clock.advance("5")',
    'every8d.reports_to("/sms/report")',
    'every8d.wait_for_message(number="0912345678")',
    "code: str = every8d.messages[0].code",
]


def failing(path: Path) -> list[str]:
    """A sample in which each line of the function is wrong in one way."""
    body = "".join(f"    {line}\n" for line in WRONG)
    path.write_text(
        f"from fake_every8d import FakeEvery8d\n\n\ndef test(every8d: FakeEvery8d) -> None:\n{body}"
    )
    return [f":{number}:" for number in range(5, 5 + len(WRONG))]


def mypy(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(path.parent / "cache")]
    return subprocess.run([*command, str(path)], capture_output=True, text=True, cwd=path.parent)


def pyright(path: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("node"):
        pytest.skip("node, which pyright runs on, is not on the PATH")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=path.parent)
    if "npm" in done.stderr and not done.stdout.strip():
        pytest.skip("pyright itself cannot be installed by npm here")
    return done


@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_a_downstream_suite(checker, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    right, wrong = tmp_path / "test_right.py", tmp_path / "test_wrong.py"
    right.write_text(SAMPLE)
    done = checker(right)
    assert done.returncode == 0, done.stdout + done.stderr
    places = failing(wrong)
    done = checker(wrong)
    assert done.returncode == 1
    assert [place for place in places if place not in done.stdout] == [], done.stdout
