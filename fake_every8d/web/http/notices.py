"""Warnings of what came that was no request: in the log, and not more than a few."""

import logging

_MOST_WARNINGS = 20
"""Warnings between two calls of `flush`."""

_logger = logging.getLogger(__name__)


class Notices:
    """Warnings, so many a second; the others are counted."""

    def __init__(self) -> None:
        self._given = 0

    def add(self, text: str) -> None:
        """Warn, unless there were warnings enough since the last `flush`."""
        self._given += 1
        if self._given <= _MOST_WARNINGS:
            _logger.warning("%s", text)

    def flush(self) -> None:
        """Say how many warnings were not given: called about once a second."""
        if self._given > _MOST_WARNINGS:
            _logger.warning("And %d more like the last", self._given - _MOST_WARNINGS)
        self._given = 0
