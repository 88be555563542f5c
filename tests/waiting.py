"""Waiting for what nobody announces: other processes, and threads that end."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 30.0


def wait_for(condition: Callable[[], T], seconds: float = SECONDS) -> T:
    """The value of `condition`, once that is true. Fails if it does not become true in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        time.sleep(0.005)  # real time: there is no clock to move and nothing to listen to
    return found
