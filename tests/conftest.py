"""What holds for every test."""

import os

import pytest

from tests import platforms

# What processes of tests write is read as UTF-8, whatever this machine's locale is.
os.environ.setdefault("PYTHONUTF8", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    platforms.skip(items)
