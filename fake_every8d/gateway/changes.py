"""Counting what changes, for whoever looks again and again."""

import threading


class Changes(threading.Condition):
    """What waits for a change. `version` grows with each, and never shrinks.

    The gateway's lock guards it.
    """

    def __init__(self, lock: threading.RLock) -> None:
        super().__init__(lock)
        self.version = 0

    def next_version(self) -> int:
        """Count a change without waking anybody."""
        self.version += 1
        return self.version

    def notify_all(self) -> None:
        """Count a change and wake all who wait for one."""
        self.version += 1
        super().notify_all()
