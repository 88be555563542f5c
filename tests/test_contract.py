"""`docs/contract.md`: every clause says how it is known, and a clause that is cited exists."""

import ast
import re
import tokenize
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONTRACT = (ROOT / "docs" / "contract.md").read_text("utf-8")
CLAUSES = re.findall(r"^### ([A-Z]\d+) · .+\n\*(.+)\*\n\n(.+)", CONTRACT, re.MULTILINE)
MARKS = re.findall(r"^\| ([\w ]+) \| [^|]+ \|$", CONTRACT.partition("## W")[0], re.MULTILINE)[1:]

NAME = re.compile(r"(?<![\w%+#-])[WANPSDRTEHX]\d{1,2}(?![\w-])")
TEST = re.compile(r"def test_((?:[wanpsdrtehx]\d{1,2}_)+)")


def cited(path: Path) -> Iterator[str]:
    """The clauses that a file names: Python in comments, docstrings and tests' names."""
    if path.suffix != ".py":
        yield from NAME.findall(
            re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
        )
        return
    source = path.read_text("utf-8")
    with tokenize.open(path) as lines:
        for token in tokenize.generate_tokens(lines.readline):
            if token.type == tokenize.COMMENT:
                yield from NAME.findall(token.string)
    for node in ast.walk(ast.parse(source)):
        # A string that is a statement: a docstring, or an attribute's.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield from NAME.findall(str(node.value.value))
    for names in TEST.findall(source):
        yield from names.upper().split("_")[:-1]


def files(*patterns: str) -> list[Path]:
    return [
        path
        for pattern in patterns
        for path in sorted(ROOT.glob(pattern))
        if "node_modules" not in path.parts
    ]


def test_every_clause_has_a_number_a_text_and_a_mark() -> None:
    assert len(CLAUSES) == CONTRACT.count("\n### ")
    for letter, clauses in groupby((name for name, _, _ in CLAUSES), key=lambda name: name[0]):
        numbers = [int(name[1:]) for name in clauses]
        assert numbers == [*range(1, len(numbers) + 1)], letter


def test_every_mark_is_one_that_is_explained() -> None:
    assert len(MARKS) == 6
    explained = re.compile(rf"\b(?:{'|'.join(MARKS)})\b")
    assert [name for name, marks, _ in CLAUSES if not explained.search(marks)] == []


def test_links_lead_to_files() -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", CONTRACT)
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


def test_every_clause_that_is_cited_exists() -> None:
    named = {name for name, _, _ in CLAUSES}
    paths = files("*.md", "docs/*.md", "fixtures/*.md", "fake_every8d/**/*.py", "tests/**/*.py")
    missing = {path.relative_to(ROOT).as_posix(): set(cited(path)) - named for path in paths}
    assert {path: names for path, names in missing.items() if names} == {}


def test_every_clause_has_a_test() -> None:
    tested = {name for path in files("tests/**/test_*.py") for name in cited(path)}
    assert [name for name, _, _ in CLAUSES if name not in tested] == []
