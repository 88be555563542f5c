"""Warnings in the log about input that is not a request, limited in number."""

import logging

_MOST_WARNINGS = 20
"""Warnings between two calls of `flush`."""

_logger = logging.getLogger(__name__)


class Notices:
    """Warnings, a limited number per second; the others are counted."""

    def __init__(self) -> None:
        self._given = 0

    def add(self, text: str) -> None:
        """Warn, unless there were too many warnings since the last `flush`."""
        self._given += 1
        if self._given <= _MOST_WARNINGS:
            _logger.warning("%s", text)

    def flush(self) -> None:
        """Log the number of suppressed warnings; called about once a second."""
        if self._given > _MOST_WARNINGS:
            _logger.warning("… and %d more like this one", self._given - _MOST_WARNINGS)
        self._given = 0
