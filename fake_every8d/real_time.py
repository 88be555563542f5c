"""The machine's own clocks, even if a test suite has replaced Python's."""

import sys
import threading
from collections.abc import Callable
from importlib.machinery import BuiltinImporter
from importlib.util import module_from_spec
from types import ModuleType


def _own_time() -> ModuleType:
    # freezegun replaces the functions of the module `time`, wherever they were imported to.
    # It cannot reach this private copy, even if it was started first.
    spec = BuiltinImporter.find_spec("time")
    assert spec is not None
    assert spec.loader is not None
    own = module_from_spec(spec)
    spec.loader.exec_module(own)
    return own


_time = _own_time()

# Not `monotonic`, which before Python 3.13 moves in steps of 15.6 ms on Windows.
perf_counter_ns = _time.perf_counter_ns
"""Nanoseconds since some moment; never goes backwards."""

monotonic = _time.perf_counter
"""The same in seconds."""


def wall_ns() -> int:
    """The time of the system's clock, in nanoseconds since 1970."""
    # time-machine changes `time` itself, copies included, but offers a way around it.
    time_machine = sys.modules.get("time_machine")
    if time_machine and time_machine.escape_hatch.is_travelling():
        return int(time_machine.escape_hatch.time.time_ns())
    return int(_time.time_ns())


class RealTime:
    """The system's time, steady: it never goes back, and follows a jump ahead.

    The system's clock jumps ahead when somebody sets it, or when the machine wakes up.
    """

    _JUMP = 1_000_000_000  # nanoseconds: less may be a thread that had to wait for its turn
    _CHECK_INTERVAL = 100_000_000  # nanoseconds between two looks at the system's clock

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._lock = threading.Lock()
        self.read_again()

    def read_again(self) -> None:
        """Go to the system's time, even if that means going back."""
        with self._lock:
            self._start = self._measured()
            self._next_look = 0

    @property
    def micros(self) -> int:
        """The time in microseconds since 1970."""
        passed = perf_counter_ns()
        if passed >= self._next_look:
            self._next_look = passed + self._CHECK_INTERVAL
            self._follow()
        return int(passed + self._start) // 1000

    def _follow(self) -> None:
        # Twice, because a test may start time-machine between the two readings of one measurement.
        jumped = all(self._measured() - self._start > self._JUMP for _ in range(2))
        if jumped:
            with self._lock:
                self._start = max(self._start, self._measured())

    def _measured(self) -> int:
        # In this order, a thread that is suspended in between measures too little, never a jump.
        return self._wall_ns() - int(perf_counter_ns())
