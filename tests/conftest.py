"""What holds for every test."""

import os
from pathlib import Path

import pytest

from tests import platforms

# What processes of tests write is read as UTF-8, whatever this machine's locale is.
os.environ.setdefault("PYTHONUTF8", "1")

SLOW = (
    *("clients/test_node.py", "clients/test_php.py", "examples", "inbox"),
    *("test_async_suites.py", "test_benchmarks.py", "test_docs.py", "test_encodings.py"),
    *("test_failure_output.py", "test_pytest_plugin.py", "test_pytest_suites.py"),
    *("test_readme.py", "test_strictness.py", "test_tls.py", "test_typing.py"),
    "web/test_openapi.py",
)
"""What takes a browser, another language, or a process for each test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    platforms.skip(items)
    here = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(here / each) for each in SLOW):
            item.add_marker(pytest.mark.slow)
