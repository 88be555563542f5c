"""HTTP/1.1 on a connection: reading requests, and sending responses in the same order."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from fake_every8d.web.app import Application
from fake_every8d.web.exchange import Exchange
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.notices import Notices
from fake_every8d.web.http.request import Refusal, Request, RequestReader
from fake_every8d.web.http.response import EncodedResponse, encoded, respond, sentence

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CHUNK = 16 * 1024  # bytes fed to the parser at a time, so that it reads few requests ahead

_READ_AHEAD = 64 * 1024  # bytes that a client may send while it waits for a response

_RETRY_AFTER = {"Retry-After": "1"}  # second


@dataclass
class Service:
    """The state that a server's connections share."""

    app: Application
    limits: Limits
    buffer: memoryview
    """The buffer for incoming bytes; each connection copies them out at once."""
    connections: set["Connection"] = field(default_factory=set)
    """The open connections."""
    threads: int = 0
    """The number of requests being handled in threads."""
    notices: Notices = field(default_factory=Notices)
    """Warnings about input that is not a request."""


class State(Enum):
    """The state of an open connection."""

    READING = "it reads a request, or waits for one"
    HANDLING = "a thread handles a request"
    LINGERING = "its last response was sent, and further input is discarded"


# In names of their own: Python 3.11 is slow to look up the members of an enum.
_READING, _HANDLING, _LINGERING = State


class Connection(asyncio.BufferedProtocol):
    """A connection: it reads requests and lets the application handle them, one after the other.

    Nearly all requests are quick, and handled on the event loop. One that waits is handled in a
    thread of its own, so that other clients do not wait for it.
    """

    def __init__(self, service: Service, environ: "WSGIEnvironment") -> None:
        """Take `environ`, the part of the WSGI environment that all requests share."""
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader(environ, service.limits, service.app.longest_body)
        self._received = bytearray()  # not parsed yet
        self._state = _READING
        self._disconnect = _Disconnect(self._loop)  # of the request that a thread handles
        self._client_done = False  # the client has closed its side
        self._stopping = False  # the server wants to close it
        self._blocked = False  # flow control: the client does not read its responses
        self._idle_since: float | None = None  # since this check of the limits, at least

    def stop(self) -> bool:
        """Close, after the response under way. Return whether there is one."""
        self._stopping = True
        handling = self._state is _HANDLING
        if not handling:
            self._close()
        return handling or self._transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def check_limits(self, now: float) -> None:
        """Close the connection if the client has taken longer than the limits allow."""
        limits = self._service.limits
        if self._idle_since is None or self._state is _HANDLING:
            self._idle_since = now
        lingering = self._state is _LINGERING
        if now - self._idle_since > (limits.linger_seconds if lingering else limits.idle_seconds):
            if self._transport.is_closing():  # so it waits for the client to read
                self._transport.abort()
            self._close()
            return
        head = self._reader.request if self._ready else None
        if head is None or not head.in_head:
            return
        if head.seen_at is None:
            head.seen_at = now
        elif now - head.seen_at > limits.head_seconds:
            self._refuse(
                408, f"The request line and headers must arrive within {limits.head_seconds:g} s."
            )

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        connections, limits = self._service.connections, self._service.limits
        connections.add(self)
        if len(connections) > limits.connections:
            text = f"There are {limits.connections} connections already."
            self._refuse(503, text, **_RETRY_AFTER)

    # Our own buffer: asyncio would allocate 256 KiB to read a request of a few hundred bytes.
    def get_buffer(self, sizehint: int) -> memoryview:
        return self._service.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._state is not _LINGERING:
            self._idle_since = None
            self._received += self._service.buffer[:nbytes]
            self._go_on()

    def eof_received(self) -> bool:
        """Return whether the connection stays open, for responses still to come."""
        self._client_done = True
        if self._state is not _HANDLING:
            self._go_on()
            return False
        self._disconnect.happen()
        return self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._blocked = True
        self._control_reading()

    def resume_writing(self) -> None:
        self._idle_since = None
        self._blocked = False
        self._go_on()
        self._control_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._service.connections.discard(self)
        self._disconnect.happen()
        self._discard()
        del self._transport  # with TLS, it refers to this connection, and has buffers of 256 KiB

    # Reading and responding in turn

    @property
    def _ready(self) -> bool:
        """True if the next request can be read and handled."""
        return self._state is _READING and not self._blocked and not self._transport.is_closing()

    def _go_on(self) -> None:
        """Read and handle the received bytes, as far as possible without waiting."""
        reader, received = self._reader, self._received
        try:
            while self._ready:
                if reader.complete:
                    self._handle(reader.complete.popleft())
                elif received:
                    data = bytes(received[:_CHUNK])
                    del received[:_CHUNK]
                    reader.feed(data)
                elif self._client_done:
                    reader.end()
                    if not reader.refused:
                        self._close()
                else:
                    request = reader.request
                    if request is not None and request.expects_continue:
                        request.expects_continue = False
                        self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    break
        except BaseException:
            self._transport.abort()  # rather than leave the client waiting
            raise
        if received:
            self._control_reading()

    def _control_reading(self) -> None:
        """Stop reading from a client that sends faster than it reads, or than can be handled."""
        if self._blocked or len(self._received) > _READ_AHEAD:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _handle(self, request: Request | Refusal) -> None:
        service = self._service
        if isinstance(request, Refusal):
            self._send(self._refused(request))
            return
        exchange = service.app.read(request.environ)
        if not exchange.waits:
            self._send(respond(service.app, exchange, keep_alive=request.keep_alive))
        elif service.threads >= service.limits.threads or not self._hand_over(request, exchange):
            text = (
                f"{service.threads} requests are being handled already. "
                "DELETE /fake/failures ends those delayed by a failure on demand."
            )
            service.app.refuse(exchange, 503, text, **_RETRY_AFTER)
            self._send(encoded(exchange, keep_alive=False))

    def _hand_over(self, request: Request, exchange: Exchange) -> bool:
        """Handle a request in a thread. Return False if the system has no more threads."""
        self._disconnect = _Disconnect(self._loop)
        exchange.on_disconnect = self._disconnect.subscribe

        def handle() -> None:
            response = respond(self._service.app, exchange, keep_alive=request.keep_alive)
            with suppress(RuntimeError):  # the loop and the connection have ended
                self._loop.call_soon_threadsafe(self._handled, response)

        try:
            threading.Thread(target=handle, name="fake-every8d-request", daemon=True).start()
        except RuntimeError:
            return False
        self._service.threads += 1
        self._state = _HANDLING
        return True

    def _handled(self, response: EncodedResponse) -> None:
        self._service.threads -= 1
        self._disconnect.forget()
        self._idle_since = None
        if self._state is _HANDLING:  # and not lost meanwhile
            self._state = _READING
        if self._ready:
            self._send(response)
            self._go_on()
            self._control_reading()

    def _refuse(self, status: int, text: str, **headers: str) -> None:
        """Refuse, after the responses before it, and read no further."""
        self._reader.refuse(Refusal(status, text, **headers))
        self._go_on()

    def _refused(self, refusal: Refusal) -> EncodedResponse:
        service = self._service
        if refusal.environ is None:
            service.notices.add(f"HTTP {refusal.status}: {refusal.text}")
            return sentence(refusal.status, refusal.text, refusal.headers)
        exchange = service.app.begin(refusal.environ)
        service.app.refuse(exchange, refusal.status, refusal.text, **refusal.headers)
        return encoded(exchange, keep_alive=False)

    def _send(self, response: EncodedResponse) -> None:
        self._transport.write(response.data)
        if self._stopping:
            self._close()
        elif response.last:
            unread = self._reader.refused or self._reader.request is not None or self._received
            if unread and not self._client_done:
                self._linger()
            else:
                self._close()

    def _linger(self) -> None:
        """Close lingeringly: let the client close the connection.

        Closing a connection while the client is still sending resets it, and the client may lose
        the response before reading it.
        """
        self._discard()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _discard(self) -> None:
        """Read no more, and discard further input."""
        if self._state is not _LINGERING:
            self._state = _LINGERING
            self._reader.close()
            self._received.clear()

    def _close(self) -> None:
        if not self._transport.is_closing():  # with TLS, a second close loses the transport
            self._transport.close()


class _Disconnect:
    """A signal to the thread that handles a request: the client has gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._happened = False
        self._callbacks: list[Callable[[], None]] = []

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the client goes. Safe from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._subscribe, callback)
        except RuntimeError:  # the loop and the connection have ended
            callback()

    def _subscribe(self, callback: Callable[[], None]) -> None:
        if self._happened:
            callback()
        else:
            self._callbacks.append(callback)

    def happen(self) -> None:
        self._happened = True
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def forget(self) -> None:
        """Drop the callbacks, since the request is handled."""
        self._callbacks.clear()
