"""The pages under docs/: tests in them pass, what they quote is there, links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = [
    (page.name, *match.groups())
    for page in PAGES
    for match in FENCE.finditer(page.read_text("utf-8"))
]
TESTS = [
    (page, code) for page, language, title, code in BLOCKS if not title and "def test_" in code
]
QUOTES = [(page, title, code) for page, _, title, code in BLOCKS if title]


@pytest.mark.parametrize(("page", "code"), TESTS, ids=[page for page, _ in TESTS])
def test_a_test_passes(page: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(code, "utf-8")
    options = ["-p", "no:cacheprovider", "-p", "no:asyncio", "--strict-markers"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, "-k", "not trio", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("page", "file", "quoted"), QUOTES)
def test_what_is_quoted_is_there(page: str, file: str, quoted: str) -> None:
    assert quoted in (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
