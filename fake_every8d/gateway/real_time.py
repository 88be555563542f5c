"""The machine's own clocks, whatever a test suite has done to Python's."""

import sys
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from types import ModuleType


def _own_time() -> ModuleType:
    # freezegun replaces the functions of the module `time`, wherever they were imported to.
    # It cannot reach a copy that nobody else knows of, even if it was started first.
    spec = BuiltinImporter.find_spec("time")
    assert spec is not None
    assert spec.loader is not None
    own = module_from_spec(spec)
    spec.loader.exec_module(own)
    return own


_time = _own_time()

# Not `monotonic`, which before Python 3.13 moves in steps of 15.6 ms on Windows.
perf_counter_ns = _time.perf_counter_ns
"""Nanoseconds that have passed since some moment; never goes backwards."""

monotonic = _time.perf_counter
"""The same in seconds."""

sleep = _time.sleep


def wall_ns() -> int:
    """What time the system's clock says it is, in nanoseconds since 1970."""
    # time-machine changes `time` itself, copies included, but offers a way around that.
    time_machine = sys.modules.get("time_machine")
    if time_machine and time_machine.escape_hatch.is_travelling():
        return int(time_machine.escape_hatch.time.time_ns())
    return int(_time.time_ns())
