"""Each page in Chinese has what its English page has, and they lead to each other."""

import re
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT, english, examples, name

CHINESE = [page for page in PAGES if page.match("docs/*.zh-TW.md")]


def outline(page: Path) -> list[str]:
    """The levels of its headings, and the languages of its examples, in order."""
    return re.findall(r"^(#+ |```\w+)", page.read_text("utf-8"), re.MULTILINE)


def keys(page: Path) -> list[list[str]]:
    """The text in backticks in each row's first two cells: names, and their defaults."""
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [sorted(re.findall("`[^`]+`", "|".join(row.split("|")[1:3]))) for row in rows]


def code(page: Path) -> list[str]:
    return [example.uncommented for example in examples(page)]


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_pair_links_to_each_other(page: Path) -> None:
    assert page.read_text("utf-8").splitlines()[2] == f"[English]({english(page).name})"
    assert english(page).read_text("utf-8").splitlines()[2] == f"[繁體中文]({page.name})"


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_pair_has_the_same_outline(page: Path) -> None:
    assert outline(page) == outline(english(page))


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_pair_has_the_same_rows(page: Path) -> None:
    assert keys(page) == keys(english(page))


@pytest.mark.parametrize("page", CHINESE, ids=name)
def test_pair_has_the_same_examples(page: Path) -> None:
    """The quick start's tests in Python are named in Chinese, and are its own."""
    own = page.name == "quick-start.zh-TW.md"
    python = {
        example.uncommented
        for each in (page, english(page))
        for example in examples(each)
        if own and example.language == "python"
    }
    assert [each for each in code(page) if each not in python] == [
        each for each in code(english(page)) if each not in python
    ]


def test_proxies_are_honoured_by_the_same_clients() -> None:
    """The English table is tried by tests/clients/test_fixed_hosts.py."""
    pages = [ROOT / "docs" / f"fixed-hosts{language}.md" for language in ("", ".zh-TW")]
    expected, found = (
        re.findall(r"^\| ([^`|]+) \| (yes|no|可|否) \| (yes|no|可|否) \|", text, re.MULTILINE)
        for text in (page.read_text("utf-8") for page in pages)
    )
    words = {"yes": "可", "no": "否"}
    assert found == [(client, words[lower], words[upper]) for client, lower, upper in expected]
    assert found
