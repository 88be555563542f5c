"""docs/tls.md: each client comes to trust a CA that stays, by the commands that stand there.

A block's last line runs the client; what comes before fills a trust store, which is done once.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from fake_every8d import FakeEvery8d, Tls
from tests.pages import ROOT, sections

from .tools import PROGRAMS, environment, require, require_php

DEADLINE = 240  # seconds: Go compiles its standard library the first time
BLOCKS = {
    heading: block.code
    for heading, blocks in sections(ROOT / "docs/tls.md").items()
    for block in blocks
    if block.language == "bash"
}
FILL = {"Java": 1, "Mono": 2, "Go": 1, "Chromium": 3}
"""The number of a block's first lines that are not the client itself."""


def clients() -> Iterator[object]:
    """The lines that run a client, each with those that have to be run once before."""
    for heading, code in BLOCKS.items():
        lines, filling = code.splitlines(), FILL.get(heading, 0)
        for number, line in enumerate(lines[filling:], 1):
            name = f"{heading}-{number}" if len(lines) > filling + 1 else heading
            yield pytest.param(lines[:filling], line, id=name)


@dataclass
class Starts:
    """Two starts of a fake with one CA."""

    directory: Path
    first: FakeEvery8d
    second: FakeEvery8d


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starts]:
    tls = Tls(dir=tmp_path_factory.mktemp("kept") / "every8d-ca", port=0)
    assert tls.dir is not None
    with FakeEvery8d(tls=tls) as first, FakeEvery8d(tls=tls) as second:
        yield Starts(Path(tls.dir), first, second)


def run(line: str, folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [require("bash"), "-euo", "pipefail", "-c", line],
        cwd=folder,
        env=environment(folder, SMS_URL=url.replace("127.0.0.1", "localhost")),
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )


def folder_for(line: str, starts: Starts, folder: Path) -> None:
    """Put there what a line needs: the CA, and the program that it runs."""
    shutil.copytree(starts.directory, folder / "every8d-ca")
    for program in PROGRAMS.iterdir():
        if program.name in line:
            shutil.copy(program, folder)
    require_php(line)


@pytest.mark.parametrize(("filling", "line"), [*clients()])
def test_a_client_trusts_the_ca_of_every_start(
    starts: Starts, tmp_path: Path, filling: list[str], line: str
) -> None:
    """W11: by both schemes, and what was done for one start does for the next."""
    for each in (*filling, line):
        words = [word for word in each.split() if "=" not in word or word.startswith("-")]
        if words[0] not in ("mkdir", "python", "./app"):
            require(words[0])
    folder_for("\n".join((*filling, line)), starts, tmp_path)
    for each in filling:
        done = run(each, tmp_path, starts.first.url)
        assert done.returncode == 0, done
    for fake in (starts.first, starts.second):
        for url in (fake.url, fake.plain_url):
            fake.clear_requests()
            done = run(line, tmp_path, url)
            assert "1000.00" in done.stdout, done
            assert fake.requests
    if "ca.pem" in line:  # and it is this file that does it
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "every8d-ca/ca.pem"))
        assert "1000.00" not in run(line, tmp_path, starts.first.url).stdout


def test_java_says_so_without_the_password(starts: Starts, tmp_path: Path) -> None:
    require("java")
    *filling, line = BLOCKS["Java"].splitlines()
    require("keytool")
    folder_for("\n".join((*filling, line)), starts, tmp_path)
    for each in filling:
        assert run(each, tmp_path, starts.first.url).returncode == 0
    without = line.replace(" -Djavax.net.ssl.trustStorePassword=changeit", "")
    assert without != line
    done = run(without, tmp_path, starts.first.url)
    assert "the trustAnchors parameter must be non-empty" in done.stderr


def test_all_of_the_pages_commands_are_run() -> None:
    assert BLOCKS.keys() == {
        "curl", "Python", "Node", "PHP", "Java", "Mono", "Ruby", "Go", "Chromium",
    }  # fmt: skip
