"""HTTP/1.1 on a connection: requests in, the application's responses out, in the same order."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fake_every8d.web.app import ON_DISCONNECT, Application
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.request import Refusal, Request, RequestReader
from fake_every8d.web.http.response import Response, respond, sentence

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CHUNK = 16 * 1024  # bytes fed to the parser at a time, so that it reads few requests ahead

_READ_AHEAD = 64 * 1024  # bytes that a client may send while it waits for a response

_RETRY_AFTER = "Retry-After: 1"  # second


@dataclass
class Service:
    """What a server's connections share."""

    app: Application
    limits: Limits
    buffer: memoryview
    """Where incoming bytes land; each connection copies them out at once."""
    connections: set["Connection"] = field(default_factory=set)
    """The open ones."""
    threads: int = 0
    """How many requests are being handled in threads."""


class Connection(asyncio.BufferedProtocol):
    """Reads requests and has the application handle them, one after the other.

    A request that takes no time, as nearly all do, is handled on the event loop. One that may
    have to wait is handled in a thread of its own, so that no other client waits with it.
    """

    def __init__(self, service: Service, environ: "WSGIEnvironment") -> None:
        """`environ` is the part of the WSGI environment that is the same for every request."""
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._reader: RequestReader | None = RequestReader(environ, service.limits)
        """None once the last response is sent: what still arrives is discarded."""
        self._received = bytearray()  # not parsed yet
        self._ended = False  # the client has closed its side
        self._refusal: Response | None = None  # sent after the responses to all complete requests
        self._disconnect: _Disconnect | None = None  # set while a thread handles a request
        self._write_paused = False  # flow control: the client does not read what it was sent
        self._stopping = False
        self._active = True  # since the last check of the limits
        self._since = 0.0
        self._head: Request | None = None  # whose headers were incomplete at the last check
        self._head_since = 0.0

    def stop(self) -> bool:
        """Close, after a response that is under way. Returns whether there is still one."""
        self._stopping = True
        if self._disconnect is None:
            self._close()
        return self._disconnect is not None or self._transport.get_write_buffer_size() > 0

    def abort(self) -> None:
        """Close, whatever is under way."""
        self._transport.abort()

    def check_limits(self, now: float) -> None:
        """Close the connection if the client has taken longer than the limits allow."""
        limits = self._service.limits
        if self._active or self._disconnect is not None:
            self._active = False
            self._since = now
        allowed = limits.linger_seconds if self._reader is None else limits.idle_seconds
        if now - self._since > allowed:
            if self._transport.is_closing():  # and waits for the client to read
                self._transport.abort()
            self._close()
            return
        head = self._reader.request if self._reader is not None and self._free else None
        if head is not self._head:
            self._head, self._head_since = head, now
        if head is not None and head.in_head and now - self._head_since > limits.head_seconds:
            self._refuse(
                "408 Request Timeout",
                f"The request line and headers must arrive within {limits.head_seconds:g} s.",
            )

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        connections, limits = self._service.connections, self._service.limits
        connections.add(self)
        if len(connections) > limits.connections:
            self._refuse(
                "503 Service Unavailable",
                f"There are {limits.connections} connections already.",
                _RETRY_AFTER,
            )

    # A buffer of ours: asyncio would allocate 256 KiB to read a request of a few hundred bytes.
    def get_buffer(self, sizehint: int) -> memoryview:
        return self._service.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._reader is not None:
            self._active = True
            self._received += self._service.buffer[:nbytes]
            self._go_on()

    def eof_received(self) -> bool:
        """Returns whether the connection stays open, for responses that are still to come."""
        self._ended = True
        if self._disconnect is None:
            self._go_on()
            return False
        self._disconnect.happen()
        return self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._write_paused = True
        self._control_reading()

    def resume_writing(self) -> None:
        self._active = True
        self._write_paused = False
        self._go_on()
        self._control_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._service.connections.discard(self)
        self._stop_reading()
        if self._disconnect is not None:
            self._disconnect.happen()

    # Reading and responding in turn

    @property
    def _free(self) -> bool:
        """Whether the next request can be handled."""
        return not (
            self._disconnect is not None
            or self._write_paused
            or self._reader is None
            or self._transport.is_closing()
        )

    def _go_on(self) -> None:
        """Read and handle what has been received, as far as possible without waiting."""
        try:
            while self._free and self._advance():
                pass
        except BaseException:
            self._transport.abort()  # rather than leave the client waiting
            raise
        if self._received:
            self._control_reading()

    def _advance(self) -> bool:
        """Do the next thing. Returns whether there was one."""
        reader = self._reader
        assert reader is not None
        if reader.complete:
            self._handle(reader.complete.popleft())
        elif self._refusal is not None:
            self._send(self._refusal)
        elif self._received or self._ended:
            data = bytes(self._received[:_CHUNK])
            del self._received[:_CHUNK]
            try:
                if data:
                    reader.feed(data)
                else:
                    reader.end()
                    self._close()
            except Refusal as refusal:
                self._refusal = sentence(refusal.status, str(refusal))
        else:
            request = reader.request
            if request is not None and request.expects_continue:
                request.expects_continue = False
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return False
        return True

    def _control_reading(self) -> None:
        """Flow control: stop reading from a client that sends more than it reads or than can
        be handled."""
        if self._write_paused or len(self._received) > _READ_AHEAD:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _handle(self, request: Request) -> None:
        service = self._service
        if not service.app.may_wait(request.environ):
            self._send(respond(service.app, request))
            return
        disconnect = _Disconnect(self._loop)
        request.environ[ON_DISCONNECT] = disconnect.subscribe
        thread = threading.Thread(
            target=self._handle_apart, args=(request,), name="fake-every8d-request", daemon=True
        )
        try:
            if service.threads >= service.limits.threads:
                raise RuntimeError("too many threads")
            thread.start()
        except RuntimeError:
            text = f"{service.threads} requests are being handled already."
            self._send(sentence("503 Service Unavailable", text, _RETRY_AFTER))
        else:
            service.threads += 1
            self._disconnect = disconnect

    def _handle_apart(self, request: Request) -> None:
        response = respond(self._service.app, request)
        with suppress(RuntimeError):  # the loop has ended, and the connection with it
            self._loop.call_soon_threadsafe(self._handled, response)

    def _handled(self, response: Response) -> None:
        assert self._disconnect is not None
        self._service.threads -= 1
        self._disconnect.forget()
        self._disconnect = None
        self._active = True
        if self._free:
            self._send(response)
            self._go_on()
            self._control_reading()

    def _refuse(self, status: str, text: str, *fields: str) -> None:
        """Refuse, after the responses that come first, and read no further."""
        self._refusal = sentence(status, text, *fields)
        self._go_on()

    def _send(self, response: Response) -> None:
        assert self._reader is not None
        self._transport.write(response.data)
        if self._stopping:
            self._close()
        elif response.last:
            unread = self._refusal is not None or self._reader.request is not None
            if (unread or self._received) and not self._ended:
                self._linger()
            else:
                self._close()

    def _linger(self) -> None:
        """A lingering close: let the client close the connection.

        A connection that is closed while the client is still sending is reset, and the client
        may lose the response before it has read it.
        """
        self._stop_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            self._received.clear()

    def _close(self) -> None:
        if not self._transport.is_closing():  # with TLS, a second close loses the transport
            self._transport.close()


class _Disconnect:
    """Tells a thread that is handling a request that the client has gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._happened = False
        self._callbacks: list[Callable[[], None]] = []

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Safe from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._subscribe, callback)
        except RuntimeError:  # the loop has ended, and the connection with it
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
        """The request is handled: nobody needs to know any more."""
        self._callbacks.clear()
