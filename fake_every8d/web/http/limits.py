"""What a server puts up with, so that no client costs it without bound."""

import sys
from dataclasses import dataclass

# Windows' select() takes 512 sockets, and connections that are being refused count, too.
_CONNECTIONS = 400 if sys.platform == "win32" else 4_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes, numbers and times; each far from what a patient test or a usual client needs.

    A request that is being answered has no time-out: a test may let it wait for an hour.
    """

    head_bytes: int = 64 * 1024
    """The longest request line with headers that is sure to be read; 431 beyond."""
    headers: int = 100
    """Header lines of a request, as Apache has it; 431 beyond."""
    head_seconds: float = 60.0
    """From a request's first byte to the end of its headers, as nginx has it; then 408."""
    idle_seconds: float = 15 * 60.0
    """In which nothing comes in and nothing is read, between two requests or in the middle of
    one's body or response; then the connection is closed. As long as one stops in a debugger."""
    linger_seconds: float = 5.0
    """In which a client closes its side after a last response (a lingering close); what it still
    sends is passed over. Then it is closed for it."""
    connections: int = _CONNECTIONS
    """Open at once; 503 beyond."""
    refused: int = 100
    """Open beyond that, to be told so; further ones wait to be accepted."""
    threads: int = 1_000
    """Requests that are answered in a thread each, as those that wait are; 503 beyond."""
