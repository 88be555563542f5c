"""Receivers of status reports in this process: WSGI and ASGI applications, and functions (R9)."""

import inspect
import logging
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from io import BytesIO
from traceback import format_exception_only
from typing import Any, TypeGuard
from urllib.parse import SplitResult, unquote, urlsplit

from fake_every8d import event_loops
from fake_every8d.gateway import InvalidInput, Report
from fake_every8d.gateway.outbox import NoResponse
from fake_every8d.outgoing import reports
from fake_every8d.outgoing.connections import no_response

WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]
AsgiApplication = Callable[[Any, Any, Any], Awaitable[None]]
ReportReceiver = WsgiApplication | AsgiApplication | Callable[[Report], object]

_CLIENT = "127.0.0.1", 50_000
_NAME = "the receiver"
_NOT_RUNNING = (
    "its event loop does not run, or is blocked; if reports_to was called in a fixture, that may "
    "have another loop than the test: call it there"
)
_NO_STATUS = f"{_NAME} ended without a response"
_LONGEST_ERROR = 300  # characters

_logger = logging.getLogger(__name__)


class InProcess:
    """A receiver in this process, for `Gateway.reports_to` (R9).

    It is a WSGI or ASGI application, or a function that is called with the `Report`. ASGI runs
    on the event loop of the task in which this is made, else on one of its own; so does what a
    function returns to be awaited. Raises `InvalidInput` for anything else.
    """

    def __init__(self, receiver: ReportReceiver) -> None:
        self._respond = partial(_kind_of(receiver), receiver)
        self._start = event_loops.starter()
        self._lock = threading.Lock()

    def __call__(self, report: Report) -> int:
        """Hand a report over, and return the HTTP status. Raises `NoResponse`."""
        response = _Response()
        # A thread of its own, which is abandoned if it hangs.
        threading.Thread(
            target=self._run, args=[report, response], name="fake-every8d-receiver", daemon=True
        ).start()
        return response.wait()

    def _run(self, report: Report, response: "_Response") -> None:
        try:
            returned = self._respond(report, response)
            if inspect.isawaitable(returned):
                self._await(returned, response)
                return
            response.finish(returned)
        except BaseException as error:  # whatever it raises
            response.fail(error)

    def _await(self, returned: Awaitable[object], response: "_Response") -> None:
        with self._lock:
            if self._start is None:
                self._start, end = event_loops.start_one()
                weakref.finalize(self, end)
        response.expect()
        try:
            self._start(partial(response.follow, returned))
        except RuntimeError:
            if inspect.iscoroutine(returned):
                returned.close()
            raise NoResponse(
                f"{_NAME} could not run: the event loop on which reports_to was called has ended",
                "closed",
            ) from None


class _Response:
    """A receiver's response. The wait for it is a client's: the status counts (R2)."""

    def __init__(self) -> None:
        self._status: Future[int] = Future()
        self._over = threading.Event()
        self._started = True
        self.left = False
        """True if nobody listens any more."""

    def begin(self, status: int) -> None:
        """Respond with this status; what comes after it counts for nothing."""
        if not _is_status(status):
            raise ValueError(f"an HTTP status is from 100 to 999, not {status!r}")
        self._status.set_result(status)

    @property
    def begun(self) -> bool:
        return self._status.done()

    def finish(self, returned: object) -> None:
        """End the call. If there is no status yet, the returned value is one."""
        if not self.begun:
            self.begin(_status(returned))
        self._over.set()

    def fail(self, error: BaseException) -> None:
        """End the call with an error that it raised."""
        if not isinstance(error, NoResponse):
            if not self.left:
                _logger.error("%s of a status report raised an error", _NAME, exc_info=error)
            # Not str(error), which may raise.
            words = " ".join("".join(format_exception_only(error)).split())[:_LONGEST_ERROR]
            error = NoResponse(f"{_NAME} raised {words}", "raised")
        if not self.begun:
            self._status.set_exception(error)
        self._over.set()

    def expect(self) -> None:
        """Note that the rest of the call is for an event loop, which may not run."""
        self._started = False

    async def follow(self, returned: Awaitable[object]) -> None:
        """Await what a call returned, and end it."""
        self._started = True
        try:
            self.finish(await returned)
        except BaseException as error:
            self.fail(error)

    def wait(self) -> int:
        """The status, once the call has ended or takes too long. Raises `NoResponse`."""
        try:
            status = self._status.result(reports.TIMEOUT)
            self._over.wait(reports.BODY_SECONDS)
            return status
        except TimeoutError as error:
            late = no_response(_NAME, error, reports.TIMEOUT)
            if not self._started:
                late = NoResponse(f"{late}: {_NOT_RUNNING}", late.reason)
            raise late from None
        finally:
            self.left = True


def _kind_of(receiver: object) -> Callable[..., Any]:
    """The way to call a receiver, by the number of arguments that it takes."""
    kinds: tuple[Callable[..., Any], ...] = _function, _wsgi, _asgi
    if callable(receiver):
        try:
            signature = inspect.signature(receiver)
        except ValueError:  # a builtin that does not tell, such as set().add
            return _function
        for count, kind in enumerate(kinds, 1):
            with suppress(TypeError):
                signature.bind(*range(count))
                return kind
    raise InvalidInput(
        "reports_to takes a WSGI application (environ, start_response), an ASGI application "
        f"(scope, receive, send), or a function (report), not {receiver!r}; for a URL there is "
        'update_account("demo", report_url=…), for a test client a function: '
        "lambda report: client.get(report.url)"
    )


def _function(function: Callable[[Report], object], report: Report, _: _Response) -> object:
    return function(report)


def _status(returned: object) -> int:
    """The HTTP status that a function means: a number, a response's, or nothing for 200."""
    status = getattr(returned, "status_code", returned)
    if status is None:
        return Report.SUCCESS
    if _is_status(status):
        return int(status)
    raise NoResponse(
        f"{_NAME} returned {returned!r}: a function returns an HTTP status, a response that has a "
        "status_code, or None for 200",
        None,
    )


def _is_status(status: object) -> TypeGuard[int]:
    return isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 999


def _wsgi(app: WsgiApplication, report: Report, response: _Response) -> None:
    # Not werkzeug's run_wsgi_app, which raises the exception that a response is about.
    status, length = "", 0

    def start_response(given: str, headers: object, exc_info: Any = None) -> Callable[..., object]:
        nonlocal status
        if exc_info and response.begun:
            raise exc_info[1]
        status = given
        return write

    def write(part: bytes) -> None:
        nonlocal length
        if not status:
            raise NoResponse(_NO_STATUS, "closed")
        if not response.begun:
            response.begin(int(status.split()[0]))
        length += len(part)

    body = app(_environ(report), start_response)
    try:
        for part in body:
            write(part)
            if response.left or length > reports.MOST_OF_BODY:
                break
        write(b"")
    finally:
        if (close := getattr(body, "close", None)) is not None:
            close()


def _environ(report: Report) -> dict[str, Any]:
    url, request = urlsplit(report.url), reports.Request.of(report)
    path, _, query = request.target.partition("?")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": request.target,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(_port(url)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _CLIENT[0],
        "REMOTE_PORT": str(_CLIENT[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    return environ


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


async def _asgi(app: AsgiApplication, report: Report, response: _Response) -> None:
    url, request = urlsplit(report.url), reports.Request.of(report)
    path, _, query = request.target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers],
        "client": _CLIENT,
        "server": (url.hostname, _port(url)),
    }
    messages = [{"type": "http.request", "body": request.body, "more_body": False}]
    answered = event_loops.event()
    length = 0

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal length
        if response.left or length > reports.MOST_OF_BODY:
            raise OSError("the client has closed the connection")
        if message["type"] == "http.response.start":
            response.begin(message["status"])
        elif message["type"] == "http.response.body":
            length += len(message.get("body", b""))
            if not message.get("more_body"):
                answered.set()

    await app(scope, receive, send)
    if not response.begun:
        raise NoResponse(_NO_STATUS, "closed")
