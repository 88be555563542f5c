"""Exported names: all that a test may want to name, in an annotation or an `except`."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_type_hints

import fake_every8d
from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Gateway, errors
from fake_every8d.gateway.clock import Timer


def ours(hint: Any) -> Iterator[type]:
    """The classes of this package in an annotation."""
    if isinstance(hint, type) and hint.__module__.startswith("fake_every8d"):
        yield hint
    for part in get_args(hint):
        yield from ours(part)


def annotated(member: Any) -> Iterator[type]:
    """The types that go into a function or property, and come out of it."""
    if isinstance(member, property):
        member = member.fget
    if inspect.isfunction(member):
        for hint in get_type_hints(member).values():
            yield from ours(hint)


def within_reach() -> set[type]:
    """Every class that one comes to from `FakeEvery8d` by public attributes and methods.

    Its `gateway` is for what it does not offer itself, and only that sets timers.
    """
    seen: set[type] = {Gateway, Timer}
    left: list[type] = [FakeEvery8d]
    while left:
        if (found := left.pop()) in seen:
            continue
        seen.add(found)
        if issubclass(found, Enum):
            continue
        for name, member in inspect.getmembers_static(found):
            if not name.startswith("_") or (name == "__init__" and found is FakeEvery8d):
                left += annotated(member)
        for name, hint in get_type_hints(found).items():
            if not name.startswith("_"):
                left += ours(hint)
    return seen - {Gateway, Timer}


def test_types_of_results_are_exported() -> None:
    found = within_reach()
    assert {"Message", "Reply", "Attempt", "Failure", "RecordedRequest"} <= {
        each.__name__ for each in found
    }
    for each in found:
        assert getattr(fake_every8d, each.__name__, None) is each, each


def test_errors_are_exported() -> None:
    raised = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, Exception)
    ]
    assert len(raised) == 4
    for each in raised:
        assert getattr(fake_every8d, each.__name__) is each


def test_all_is_what_there_is_and_importing_it_loads_nothing() -> None:
    for name in fake_every8d.__all__:
        assert getattr(fake_every8d, name) is not None
    assert fake_every8d.__all__ == sorted(fake_every8d.__all__)
    program = "import sys, fake_every8d; print([m for m in sys.modules if 'fake_every8d' in m])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "['fake_every8d']"


def test_each_module_of_the_gateway_can_be_imported_first() -> None:
    program = """if True:
        import importlib, pkgutil, sys
        import fake_every8d.gateway
        names = [info.name for info in pkgutil.iter_modules(fake_every8d.gateway.__path__)]
        for first in names:
            for loaded in [name for name in sys.modules if name.startswith("fake_every8d")]:
                del sys.modules[loaded]
            importlib.import_module(f"fake_every8d.gateway.{first}")
        from fake_every8d.gateway import *
        print(Gateway.__name__, Message.__name__, "outbox" in names)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "Gateway Message True"
