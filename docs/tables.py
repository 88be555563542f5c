"""Tables in docs/ that are made from the code.

    python docs/tables.py          # writes them
    python docs/tables.py --check  # fails if one is not as the code has it

A table stands between `<!-- table: NAME -->` and `<!-- end of table -->`.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from fake_every8d import (
    Account,
    Attempt,
    BatchSummary,
    Email,
    Failure,
    Message,
    Outcome,
    RecordedRequest,
    Reply,
    Report,
    cli,
)
from fake_every8d.control.failures import kinds
from fake_every8d.web.api.description import described
from fake_every8d.web.api.operations import OPERATIONS

BAR = "\\|"  # within a cell
PAGES = Path(__file__).parent
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A public attribute of a class, as its source has it."""

    name: str
    type: str
    about: str
    """The first paragraph of its docstring."""


def attributes(cls: type) -> Iterator[Attribute]:
    """The public fields, properties and methods of a class, inherited ones first.

    Raises `ValueError` for one without a docstring.
    """
    for base in reversed(cls.__mro__[:-1]):
        (definition,) = ast.parse(inspect.getsource(base)).body
        assert isinstance(definition, ast.ClassDef)
        for node, following in zip(
            definition.body, [*definition.body[1:], ast.Pass()], strict=True
        ):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name, kind = node.target.id, ast.unparse(node.annotation)
                about = _docstring(following)
            elif isinstance(node, ast.FunctionDef):
                is_property = any(ast.unparse(each) == "property" for each in node.decorator_list)
                name = node.name if is_property else f"{node.name}({_parameters(node)})"
                kind = ast.unparse(node.returns) if node.returns else ""
                about = ast.get_docstring(node)
            else:
                continue
            if name.startswith("_") or kind.startswith("ClassVar"):
                continue
            if not about:
                raise ValueError(f"{base.__name__}.{name} has no docstring")
            yield Attribute(name, kind, about.split("\n\n")[0].replace("\n", " "))


def _docstring(node: ast.AST | None) -> str | None:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
    return None


def _parameters(function: ast.FunctionDef) -> str:
    return ", ".join(argument.arg for argument in function.args.args[1:])


def of_rows(*rows: tuple[str, ...]) -> str:
    """A table in Markdown; the first row has its heads."""
    lines = [
        " ".join(["|", *[f"{cell.replace('|', BAR)} |" if cell else "|" for cell in row]])
        for row in rows
    ]
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])


def code(names: Iterable[str]) -> str:
    """Names in code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def of_class(cls: type) -> str:
    """A row for each attribute: its name, its type and what it is."""
    rows = [(f"`{each.name}`", f"`{each.type}`", each.about) for each in attributes(cls)]
    return of_rows(("", "", ""), *rows)


def options() -> str:
    """A row for each option of `serve`: its default and its help."""
    rows = []
    for option in cli.serve.params:
        assert isinstance(option, click.Option)
        told, _, default = (option.help or "").removesuffix("]").partition("  [default: ")
        if option.is_flag:
            default = "off"
        elif isinstance(option.default, float):
            default = f"`{option.default:g}`"
        elif isinstance(option.default, str | int):
            default = f"`{option.default}`"
        rows.append((code(option.opts + option.secondary_opts), default or "none", told))
    return of_rows(("Option", "Default", ""), *rows)


def operations() -> str:
    """A row for each operation of the JSON API: its summary and what it takes."""
    document = described(OPERATIONS)
    rows = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            takes = [
                each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
            ]
            if "requestBody" in operation:
                body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                takes += document["components"]["schemas"][body.rpartition("/")[2]]["properties"]
            rows.append((f"`{method.upper()} {path}`", operation["summary"], code(takes)))
    return of_rows(("Operation", "What it does", "Query parameters, or keys of the body"), *rows)


def failure_kinds() -> str:
    """A row for each kind of failure: what the client gets."""
    rows = [(f"`{kind}`", gets) for kind, gets in kinds().items()]
    return of_rows(("Kind", "The client gets"), *rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "options": options,
    "operations": operations,
    "failure_kinds": failure_kinds,
} | {
    cls.__name__: partial(of_class, cls)
    for cls in (
        Message,
        Reply,
        Report,
        Attempt,
        RecordedRequest,
        Account,
        Failure,
        BatchSummary,
        Outcome,
        Email,
    )
}


def written(page: str) -> str:
    """A page with its tables as the code has them."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", page)


def main() -> None:
    """Write the tables, or with `--check` exit with 1 if one is out of date."""
    stale = []
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text("utf-8")
        if (new := written(text)) != text:
            stale.append(page.name)
            if "--check" not in sys.argv:
                page.write_text(new, "utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"out of date: {', '.join(stale)}; run python docs/tables.py")


if __name__ == "__main__":
    main()
