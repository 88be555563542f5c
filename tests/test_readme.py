"""README and its translation: short, in the same order, with the commands that CI runs."""

import re
from pathlib import Path

import pytest

from tests.pages import READMES, examples, name

SERVE = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/fake-every8d\n"


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_it_is_short(readme: Path) -> None:
    assert len(readme.read_text("utf-8").splitlines()) < 150


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_its_first_line_leads_to_the_other(readme: Path) -> None:
    (other,) = {*READMES} - {readme}
    assert f"]({other.name})" in readme.read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_the_first_two_commands_are_what_ci_runs(readme: Path) -> None:
    """One line each, for a machine that has only Python; and then the same in PowerShell."""
    languages = [example.language for example in examples(readme)]
    assert languages[:5] == ["sh", "sh", "powershell", "powershell", "python"]
    serve, test, *_ = [example.code for example in examples(readme)]
    assert serve == SERVE
    assert re.fullmatch(r"python3 -m venv .venv && .*-e '.\[test\]' && .venv/bin/pytest .*\n", test)


def test_both_are_in_the_same_order() -> None:
    """The same headings' levels, pictures and examples, though not the same words."""
    english, chinese = (
        re.findall(r"^(#+ |!\[|```\w*|\| --- )", readme.read_text("utf-8"), re.MULTILINE)
        for readme in READMES
    )
    assert english == chinese
    assert [each.code for each in examples(READMES[0]) if each.language != "python"] == [
        each.code for each in examples(READMES[1]) if each.language != "python"
    ]


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_it_names_eight_things_that_it_gives(readme: Path) -> None:
    assert 0 < len(re.findall(r"^- ", readme.read_text("utf-8"), re.MULTILINE)) <= 8
