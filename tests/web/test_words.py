"""The page has words, in both of its languages, for what stands in a list of the code."""

from typing import get_args

import pytest

from fake_every8d import FailureKind
from fake_every8d.control.failures import SETTING_OF
from fake_every8d.control.forms import ACCOUNT
from tests.pages import ROOT


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "word",
    [
        *[f"failure.{kind}" for kind in get_args(FailureKind)],
        *[f"failure.set.{setting}" for setting in SETTING_OF],
        *[f"account.{name}" for name in ACCOUNT.keys if name != "credit"],  # shown as points
    ],
)
def test_page_has_a_word(word: str, language: str) -> None:
    strings = ROOT / f"fake_every8d/web/page/strings-{language}.js"
    assert f'"{word}":' in strings.read_text("utf-8"), f"{strings.name} lacks {word}"
