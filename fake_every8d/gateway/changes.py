"""Counting what changes, for whoever looks again and again."""

import threading
from collections.abc import Callable


class Changes:
    """What waits for a change. `version` grows with each, and never shrinks.

    The gateway's lock guards it.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._condition = threading.Condition(lock)
        self._waiting = 0
        self.version = 0

    def next_version(self) -> int:
        """Count a change without waking anybody."""
        self.version += 1
        return self.version

    def notify_all(self) -> None:
        """Count a change and wake all who wait for one."""
        self.version += 1
        if self._waiting:  # as hardly ever, and to ask takes a while
            self._condition.notify_all()

    def wait_for(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until `condition()` holds, real seconds at the most; whether it does."""
        self._waiting += 1
        try:
            return self._condition.wait_for(condition, timeout)
        finally:
            self._waiting -= 1
