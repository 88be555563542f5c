"""Limits on what a client may cost the server."""

import sys
from dataclasses import dataclass

# select() on Windows takes 512 sockets, and connections that are being refused count too.
_CONNECTIONS = 400 if sys.platform == "win32" else 4_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on sizes, numbers and times, each well beyond the needs of slow tests and clients.

    Handling a request has no time limit: a test may delay it for an hour.
    """

    head_bytes: int = 64 * 1024
    """The greatest length of request line and headers that is always accepted; else 431."""
    headers: int = 100
    """The most header lines a request may have (Apache's limit); else 431."""
    head_seconds: float = 60.0
    """The time from a request's first byte to the end of its headers (nginx's limit); then 408."""
    idle_seconds: float = 15 * 60.0
    """The time after which an idle connection is closed, between two requests or in the middle of a
    body or a response: as long as somebody might pause in a debugger."""
    linger_seconds: float = 5.0
    """The time for the client to close the connection after the last response (lingering close).
    Its further input is discarded; then the server closes."""
    handshakes: int = 50
    """TLS handshakes at once, each of some 300 KB of memory; any more wait."""
    handshake_seconds: float = 10.0
    """The time for a TLS handshake, once its turn has come."""
    connections: int = _CONNECTIONS
    """Connections open at once; 503 for any more."""
    refused: int = 100
    """Further connections that are accepted to be refused; any more wait."""
    threads: int = 1_000
    """Requests handled in threads, one each, because they may wait; 503 for any more."""
