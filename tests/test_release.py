"""The version and date of a release are the same everywhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fake_every8d import FakeEvery8d
from tests.web.api import Api

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
WORKFLOWS = {file.stem: file.read_text("utf-8") for file in ROOT.glob(".github/workflows/*.yml")}
"""None in an sdist."""


def test_the_command_line_and_the_description_tell_the_version() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "fake_every8d", "--version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == f"fake-every8d, version {VERSION}\n", "install it again: pip install -e ."
    with FakeEvery8d() as fake:
        assert Api(fake.url).get("openapi.json")["info"]["version"] == VERSION


def test_the_changelog_has_the_release() -> None:
    releases = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    newest = next(release for release in releases if release != "Unreleased")
    assert re.fullmatch(rf"{re.escape(VERSION)} \(\d{{4}}-\d\d-\d\d\)", newest)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_actions_are_pinned_by_commit(workflow: str) -> None:
    used = re.findall(r"uses: (?!\./)(.*)", WORKFLOWS[workflow])
    assert [each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", each)] == []


@pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")
def test_the_pythons_claimed_are_those_tested() -> None:
    prefix = "Programming Language :: Python :: "
    claimed = [
        each.removeprefix(prefix) for each in PROJECT["classifiers"] if each.startswith(prefix)
    ]
    tested = re.search(r"python: \[(.*)\]", WORKFLOWS["test"])
    assert tested is not None
    assert re.findall("[0-9.]+", tested[1]) == claimed


@pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")
def test_a_release_says_where_it_comes_from() -> None:
    """Only the workflow knows where that is: nothing else has a name to be filled in."""
    release = WORKFLOWS["release"]
    assert "grep -A 4 '^\\[project.urls\\]' pyproject.toml" in release
    for label in ("documentation", "source"):
        assert f"org.opencontainers.image.{label}=${{{{ github.server_url }}}}/" in release
    shown = [*ROOT.glob("*.*"), *ROOT.glob("docs/*.*"), *ROOT.glob("fake_every8d/**/*.*")]
    texts = [file for file in [ROOT / "Dockerfile", *shown] if file.is_file()]
    assert [file for file in texts if b"OWNER" in file.read_bytes()] == []
