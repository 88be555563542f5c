"""The style of the package: a docstring begins with a noun or an imperative verb."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import fake_every8d

PACKAGE = Path(fake_every8d.__file__).parent

RELATIVE = {
    *("What", "Whatever", "Which", "Whichever", "Who", "Whoever", "Whose", "Those", "That"),
    *("How", "Why", "Where", "When", "Whether"),
}
HEADLESS = RELATIVE | {
    *("If", "As", "Of", "Not", "It", "Its"),
    *("There", "They", "Nothing", "Both", "Some", "Such", "This", "These", "Now", "Never", "Only"),
    *("In", "On", "At", "By", "To", "For", "From", "With", "Without", "Under", "After", "Before"),
    *("Raises", "Returns", "Takes", "Makes", "Reads", "Sends", "Handles", "Decides", "Starts"),
}
"""First words that are neither a noun nor an imperative verb, such as those of "What it does".

A value that is true or false begins with "True if".
"""


def docstrings(file: Path) -> Iterator[tuple[int, str]]:
    """Every docstring in a file, also those of attributes, with its line."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Expr(ast.Constant(str(text))):
                yield node.lineno, text


@pytest.mark.parametrize(
    ("folder", "least", "headless"),
    [(PACKAGE, 1_000, HEADLESS), (Path(__file__).parent, 300, RELATIVE)],
)
def test_no_docstring_begins_without_a_noun_or_a_verb(
    folder: Path, least: int, headless: set[str]
) -> None:
    """In a test, a note on its purpose may be any sentence, such as "As curl does it."."""
    found = [
        (file, line, text)
        for file in sorted(folder.rglob("*.py"))
        if "node_modules" not in file.parts
        for line, text in docstrings(file)
    ]
    assert len(found) > least
    assert [
        f"{file.relative_to(folder)}:{line}: {text.splitlines()[0]}"
        for file, line, text in found
        if text.replace(",", " ").replace(".", " ").split()[0] in headless
    ] == []


def test_descriptions_of_the_json_api_begin_with_a_noun_or_verb() -> None:
    prose = (PACKAGE / "web" / "api" / "openapi.json").read_text("utf-8")
    found = re.findall(r'"(?:summary|description)": "(\w+)[^"]*', prose)
    assert len(found) > 100
    assert {*found} & HEADLESS == set()


def test_names_of_tests_say_what_is_tested() -> None:
    riddle = "what|whatever|who|whoever|whose|which|those|so|nor|neither|and"
    names = [
        name
        for file in Path(__file__).parent.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(names) > 1_000
    assert [
        name for name in names if len(name) > 65 or re.match(rf"test_([a-z]\d+_)*({riddle})_", name)
    ] == []
