"""A line in the log for each request."""

import json
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from fake_every8d.gateway.clock import to_datetime
from fake_every8d.web.journal import RecordedRequest

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 300  # characters of what a caller sent


class Log:
    """Writes a line for each request to standard output; those of one moment at once.

    Each on its own would be a system call. `later` calls what it is given a moment from
    then. Safe from any thread.
    """

    def __init__(
        self, line: Callable[[RecordedRequest], str], later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._line = line
        self._later = later
        self._lock = threading.Lock()
        self._waiting: list[RecordedRequest] = []

    def add(self, record: RecordedRequest) -> None:
        with self._lock:
            self._waiting.append(record)
            first = len(self._waiting) == 1
        if first:
            self._later(self.write)

    def write(self) -> None:
        """Write what waits now."""
        with self._lock:
            records, self._waiting = self._waiting, []
        write(*map(self._line, records))


def write(*lines: str) -> None:
    """Write lines to standard output, at once."""
    # Nobody may be reading any more, and that is no reason to fail a request.
    with suppress(OSError):
        sys.stdout.write("".join([f"{line}\n" for line in lines]))
        sys.stdout.flush()


def text_line(record: RecordedRequest) -> str:
    """A request as a line for people, without a password or a whole session key."""
    return "  ".join(
        [
            _second(record.micros // 1_000_000),
            _plain(record.operation or f"{record.method} {record.path}"),
            _plain(record.user_id or "-"),
            _plain(str(record.status) if record.result is None else record.result),
            f"{record.milliseconds:.1f} ms",
            *([f"· fault: {record.fault}"] if record.fault else []),
            *[f"· {_plain(advice)}" for advice in record.advice],
        ]
    )


def json_line(record: RecordedRequest) -> str:
    """A request as a JSON object in one line, without a password or a whole session key."""
    fields = {
        "time": record.at.isoformat(timespec="milliseconds"),
        "method": record.method,
        "path": _plain(record.path),
        "status": record.status,
        "milliseconds": round(record.milliseconds, 3),
        "operation": record.operation,
        "account": record.user_id and _plain(record.user_id),
        "result": record.result and _plain(record.result),
        "advice": [_plain(advice) for advice in record.advice],
        "fault": record.fault,
    }
    return json.dumps(fields, ensure_ascii=False)


@lru_cache(maxsize=1)
def _second(second: int) -> str:
    return f"{to_datetime(second * 1_000_000):%Y-%m-%d %H:%M:%S}"


def _plain(text: str) -> str:
    """What a caller sent, fit for a line of a log."""
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return _UNPRINTABLE.sub(" ", text[:_LONGEST])
