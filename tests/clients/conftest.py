"""The fake, served both ways, for real clients to talk to."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Account, Settings
from tests.waiting import wait_for

pytest.register_assert_rewrite(
    "tests.clients.story", "tests.clients.http_story", "tests.clients.tools"
)

from .story import CREDIT, PASSWORD, Endpoint  # noqa: E402  (to be rewritten first)

_USERS = [f"user-{number}" for number in range(1, 101)]

_DELIVERY_SECONDS = 86_400  # nothing is delivered while a story is told

_START_SECONDS = 30


@pytest.fixture(scope="session", params=["thread", "serve"])
def endpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    """A fake with a hundred accounts, for a test in any language to take one."""
    if request.param == "thread":
        accounts = tuple(Account(user, PASSWORD, credit=CREDIT) for user in _USERS)
        with FakeEvery8d(Settings(accounts, delivery_seconds=_DELIVERY_SECONDS)) as fake:
            urls = fake.soap_url, fake.wsdl_url, fake.http_url
            yield Endpoint(*urls, iter(_USERS), fake.gateway)
    else:
        with _served(tmp_path_factory.mktemp("serve")) as ready:
            urls = ready["endpoint"], ready["wsdl"], ready["http_api"]
            yield Endpoint(*urls, iter(_USERS), None)


@contextmanager
def _served(folder: Path) -> Iterator[dict[str, str]]:
    """`fake-every8d serve` on a free port; what it says when it is ready."""
    accounts = folder / "accounts.toml"
    accounts.write_text(
        "".join(
            f'[[account]]\nuser_id = "{user}"\n'
            f"password = {json.dumps(PASSWORD)}\ncredit = {CREDIT}\n\n"
            for user in _USERS
        ),
        "utf-8",
    )
    command = [sys.executable, "-m", "fake_every8d", "serve", "--port=0", "--log-format=json"]
    options = [f"--accounts={accounts}", f"--delivery-seconds={_DELIVERY_SECONDS}"]
    log = folder / "log.jsonl"
    # To a file: nobody reads along, and a pipe would fill.
    with log.open("wb") as output, subprocess.Popen([*command, *options], stdout=output) as process:
        try:
            yield _ready(process, log)
        finally:
            process.terminate()
            process.wait(_START_SECONDS)


def _ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    def first_line() -> str:
        first, newline, _ = log.read_text("utf-8").partition("\n")
        assert newline or process.poll() is None, f"serve ended with {process.returncode}"
        return first if newline else ""

    ready: dict[str, str] = json.loads(wait_for(first_line, _START_SECONDS))
    return ready
