"""The log: a line for each request, without making any request wait."""

import json
import math
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, Self, TextIO

from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.readable import printable
from fake_every8d.control.summary import request_line
from fake_every8d.gateway.clock import to_datetime

LogFormat = Literal["text", "json"]
"""The format of the log's lines: for people, or each as a JSON object."""

# Some 8,000 lines: more than a burst of calls writes, in little memory.
_MAX_WAITING = 1_000_000  # characters

# Lines are written together: a write for each would be a system call for each request.
_WRITE_INTERVAL = 0.02  # seconds

# The longest time to write the rest at the end, which perhaps nobody reads.
_CLOSE_SECONDS = 1.0


class Writer:
    """A text stream on top of another one, written to by a thread of its own.

    A parent process may not read the server's output, and a write to a full pipe blocks. `write`
    never blocks: it drops text for which there is no room, and `dropped` turns the number of
    dropped writes into a line. `encoding` is the stream's own by default; a character that it lacks
    is written as an escape. Without a stream, as when it was closed before the process began,
    everything is dropped.
    """

    def __init__(
        self, stream: TextIO | None, dropped: Callable[[int], str], encoding: str | None = None
    ) -> None:
        # The raw stream below Python's buffer: the buffer is locked while a write blocks, and
        # the interpreter could then not exit.
        buffer: Any = getattr(stream, "buffer", None)
        self._raw = getattr(buffer, "raw", buffer)
        self._encoding = encoding or (stream.encoding if stream else "utf-8")
        self._dropped_text = dropped
        self._lock = threading.Lock()
        self._texts: list[str] = []
        self._waiting = 0  # in characters, including those that are being written
        self._dropped = 0
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._closed_at = math.inf
        self._thread = threading.Thread(target=self._run, name="fake-every8d-log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Write a text soon. Safe from any thread."""
        with self._lock:
            if self._waiting + len(text) > _MAX_WAITING:
                self._dropped += 1
            else:
                self._texts.append(text)
                self._waiting += len(text)
        if not self._woken.is_set():
            self._woken.set()

    def flush(self) -> None:
        """Do nothing: every text is already on its way."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Write as much as possible within a second, and end."""
        self._closed_at = time.monotonic()
        self._closing.set()
        self._woken.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        ending = False
        while not ending:
            self._woken.wait()
            self._closing.wait(_WRITE_INTERVAL)
            self._woken.clear()
            # In this order, so that everything written before the end is taken below.
            ending = self._closing.is_set()
            with self._lock:
                text = "".join(self._texts)
                self._texts.clear()
                dropped, self._dropped = self._dropped, 0
            # They were dropped after this text came.
            and_dropped = self._dropped_text(dropped) if dropped else ""
            self._write_out((text + and_dropped).encode(self._encoding, "backslashreplace"))
            with self._lock:
                self._waiting -= len(text)

    def _write_out(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self._raw is not None:
            try:
                written = self._raw.write(rest)
            except (OSError, ValueError):  # nobody reads it any more
                return
            if written is None:  # a full, non-blocking pipe
                if time.monotonic() > self._closed_at + _CLOSE_SECONDS:
                    return
                time.sleep(_WRITE_INTERVAL)
            rest = rest[written or 0 :]


def text_line(record: RecordedRequest) -> str:
    """A request as a line for people, without a password or a whole session key."""
    return "  ".join(
        [
            _second(record.micros // 1_000_000).replace("T", " "),
            request_line(record),
            f"{record.milliseconds:.1f} ms",
            *[f"· {printable(advice)}" for advice in record.advice],
        ]
    )


def json_line(record: RecordedRequest) -> str:
    """A request as a JSON object on one line, without a password or a whole session key."""
    seconds, micros = divmod(record.micros, 1_000_000)
    user_id, result = record.user_id, record.result
    fields = {
        "time": f"{_second(seconds)}.{micros // 1000:03}+08:00",
        "method": record.method,
        "path": printable(record.path),
        "status": record.status,
        "milliseconds": round(record.milliseconds, 3),
        "operation": record.operation,
        "account": user_id and printable(user_id),
        "result": result and printable(result),
        "advice": [printable(advice) for advice in record.advice],
        "failure": record.failure,
    }
    return _encoded(fields)


# Made once: `json.dumps` would make an encoder for each line.
_encoded = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


@lru_cache(maxsize=1)
def _second(second: int) -> str:
    return f"{to_datetime(second * 1_000_000):%Y-%m-%dT%H:%M:%S}"
