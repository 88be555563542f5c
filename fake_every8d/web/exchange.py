"""A request on its way through the application, and its response."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response as PageResponse

from fake_every8d.calls import Call, Response
from fake_every8d.control.failures import Strike

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

OnDisconnect = Callable[[Callable[[], None]], object]
"""A function that takes a callback, to be called if the client goes away before its response. The
callback must not block."""

Handler = Callable[[], Response | PageResponse]
"""A function that makes the response to a request."""


class Exchange:
    """A request and, once there is one, its response."""

    # Slots, because one is made for every request.
    __slots__ = (
        "begun", "body", "call", "environ", "generation", "handler", "headers", "is_kept",
        "on_disconnect", "sent", "status", "strike", "waits",
    )  # fmt: skip

    handler: Handler
    status: int
    headers: list[tuple[str, str]]
    sent: bytes
    """The sent part of the response's body."""

    def __init__(self, environ: "WSGIEnvironment", generation: int) -> None:
        self.environ = environ
        self.generation = generation
        """The gateway's generation when the request was read (X1)."""
        self.begun = time.perf_counter()
        self.body = b""
        self.call: Call | None = None
        self.strike: Strike | None = None
        """The failure chosen for the call."""
        self.is_kept = False
        """True if it is for the journal, whatever the response."""
        self.waits = False
        """True if the response may take a while, so that it needs a thread."""
        self.on_disconnect: OnDisconnect | None = None

    @property
    def breaks_off(self) -> bool:
        """True if the connection is closed before the end of the response."""
        return self.strike is not None and self.strike.failure.breaks_off
