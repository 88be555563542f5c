"""The parts of the package that may import others: `web → soap, http_api, control → gateway`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fake_every8d

PACKAGE = Path(fake_every8d.__file__).parent
TIME = {"event_loops", "real_time"}
"""About the process that it runs in, so for whoever needs it."""

ALLOWED = {
    "event_loops": set(),
    "real_time": set(),
    "advice": {"advice"},
    "gateway": {"gateway", "advice"},
    "soap": {"soap", "advice", "gateway", "calls", "charsets", "html_page"},
    "http_api": {"http_api", "advice", "gateway", "calls", "charsets", "html_page"},
    "calls": {"calls", "advice", "gateway"},
    "charsets": {"charsets"},
    "html_page": {"html_page"},
    "control": {"control", "advice", "gateway", "calls"},
    "outgoing": {"outgoing", "gateway"},
    "remote": {"remote", "fake", "advice", "control", "gateway", "health"},
    "web": {"web", "soap", "http_api", "control", "advice", "gateway", "calls"},
    # It starts a fake, and asks where its APIs are; it knows nothing of what is behind them.
    "compare": {"compare", "fake", "web", "calls", "gateway"},
}
"""The parts of the package, and what each may import of it."""


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Every module that a file imports, wherever in it, and `file:line` to say where."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: a relative import"
            # `from fake_every8d import calls` imports the module fake_every8d.calls.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            yield name, f"{file.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"


def files(part: str) -> list[Path]:
    module = PACKAGE / f"{part}.py"
    return [module] if module.exists() else sorted((PACKAGE / part).rglob("*.py"))


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    found = files(part)
    assert found
    backwards = [
        f"{place} imports {name}"
        for file in found
        for name, place in imports(file)
        if name.split(".")[0] == "fake_every8d"
        and f"{name}.".split(".")[1] not in ALLOWED[part] | TIME
    ]
    assert backwards == []


def test_the_gateway_imports_nothing_but_the_standard_library() -> None:
    others = [
        f"{place} imports {name}"
        for file in files("gateway")
        for name, place in imports(file)
        if name.split(".")[0] not in sys.stdlib_module_names | {"fake_every8d"}
    ]
    assert others == []


def test_the_gateway_speaks_neither_http_nor_xml() -> None:
    protocols = {"http", "xml", "email", "smtplib", "socket", "ssl"}
    spoken = [
        f"{place} imports {name}"
        for file in files("gateway")
        for name, place in imports(file)
        if name.split(".")[0] in protocols
    ]
    assert spoken == []


def test_a_fake_elsewhere_takes_nothing_but_the_standard_library() -> None:
    """So does all that it imports, which tests/remote tries."""
    others = [
        f"{place} imports {name}"
        for file in files("remote")
        for name, place in imports(file)
        if name.split(".")[0] not in sys.stdlib_module_names | {"fake_every8d"}
    ]
    assert others == []


def test_comparing_with_production_takes_no_test_tools() -> None:
    others = [
        f"{place} imports {name}"
        for file in files("compare")
        for name, place in imports(file)
        if name.split(".")[0] not in sys.stdlib_module_names | {"fake_every8d", "click", "lxml"}
    ]
    assert others == []
