"""Settings and fixtures for every test."""

import gc
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import platforms
from tests.receiver import Receiver

# What processes of tests write is read as UTF-8, whatever this machine's locale is.
os.environ.setdefault("PYTHONUTF8", "1")
# What is compiled is kept, or each of those processes would compile all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

HERE = Path(__file__).parent

SLOW = (
    *("clients/test_fixed_hosts.py", "clients/test_generated.py", "clients/test_node.py"),
    *("clients/test_php.py", "clients/test_trust.py", "examples", "page"),
    *("test_async_suites.py", "test_benchmarks.py", "test_docs.py", "test_encodings.py"),
    *("test_failure_output.py", "test_pytest_plugin.py", "test_pytest_suites.py"),
    *("test_readme.py", "test_strictness.py", "test_tls.py", "test_typing.py"),
    "remote/test_suites.py",
    "web/test_openapi.py",
)
"""The tests that need a browser, another language, or a process each."""


def is_slow(path: Path) -> bool:
    return path.relative_to(HERE).as_posix().startswith(SLOW)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """More workers than cores: a third of the time, a test waits for another process."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Freeze the imported modules, at which the garbage collector need not look."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files that are not to run: they are not imported either."""
    left_out = config.option.markexpr == "not slow" and is_slow(collection_path)
    return True if left_out else None


def pytest_runtest_setup() -> None:
    """A session ends at midnight in Taipei (A4), and no test is to have one that does so."""
    day, last_seconds = 86_400, 20
    while (time.time() + 8 * 3_600) % day > day - last_seconds:
        time.sleep(0.5)  # real time, which is what the fake's clock starts at


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    platforms.skip(items)
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of status reports, which responds as it is told."""
    with Receiver() as receiver:
        yield receiver
