"""The page has words in Chinese for all advice (W15), and the same words in each language."""

import re
from pathlib import Path

import pytest

import fake_every8d
from fake_every8d.advice import AdviceKind

PAGE = Path(fake_every8d.__file__).parent / "web" / "page"
_ENTRY = re.compile(r'^  "([^"]+)": "((?:[^"\\]|\\.)*)",$', re.MULTILINE)


def words(language: str) -> dict[str, str]:
    """The words of a language, by key."""
    return dict(_ENTRY.findall((PAGE / f"strings-{language}.js").read_text("utf-8")))


def values(text: str) -> set[str]:
    """The values that are filled into a text."""
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("kind", AdviceKind, ids=lambda kind: kind.code)
def test_every_advice_is_in_chinese_with_the_same_values(kind: AdviceKind) -> None:
    """In English the page shows the sentence itself."""
    assert values(words("zh")[f"advice.{kind.code}"]) == values(kind.sentence)


def test_every_advice_is_translated() -> None:
    translated = {key for key in words("zh") if key.startswith("advice.")}
    assert translated == {f"advice.{kind.code}" for kind in AdviceKind}


def test_both_languages_have_the_same_words() -> None:
    """Only English has a singular of its own, and takes the sentence of an advice as it is."""
    english, chinese = words("en"), words("zh")
    own = {key for key in chinese if key.startswith("advice.")}
    assert {key for key in english if not key.endswith(".one")} == chinese.keys() - own
    for key in chinese.keys() - own:
        assert values(chinese[key]) == values(english[key]), key


def test_words_that_the_code_uses_are_there() -> None:
    sources = [*PAGE.glob("*.js"), *PAGE.glob("views/*.js")]
    used = {
        key
        for source in sources
        for key in re.findall(r'\bt\(\s*"([^"]+)"', source.read_text("utf-8"))
    }
    assert len(used) > 100
    assert used <= words("zh").keys()
