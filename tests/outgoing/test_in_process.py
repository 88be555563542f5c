"""R9: receivers in this process, beside real servers and as their users hand them over."""

import asyncio
import http
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import repeat
from types import SimpleNamespace
from typing import Any
from wsgiref.validate import validator

import pytest
import uvicorn
from fastapi import BackgroundTasks, FastAPI, Response
from flask import Flask, request
from werkzeug.serving import make_server

from fake_every8d import Conflict, FakeEvery8d, InvalidInput, NotFound, Report, Status
from fake_every8d.outgoing import reports
from tests.receiver import DEADLINE
from tests.waiting import wait_for

PHONE = "0912345678"


def deliver(fake: FakeEvery8d, **settings: Any) -> Report:
    """The report of an SMS that is sent and delivered, after its first attempt."""
    fake.send("hi", to=PHONE, **settings)
    fake.clock.advance(seconds=1)
    return fake.reports[-1]


def outcomes(report: Report) -> list[int | str | None]:
    """The result of each attempt: a status, or the reason for none."""
    return [attempt.status_code or attempt.reason for attempt in report.attempts]


# What an application is called with


class Wsgi:
    """A WSGI application that keeps what it was called with."""

    def __init__(self) -> None:
        self.environs: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.bodies.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        self.environs.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"OK"]


class Asgi:
    """An ASGI application that keeps what it was called with, and is told when it is over."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"  # no lifespan
        message = await receive()
        assert message["type"] == "http.request"
        assert not message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"OK"})
        assert await receive() == {"type": "http.disconnect"}
        self.scopes.append(scope)
        self.bodies.append(message["body"])


@contextmanager
def served_by_werkzeug(app: Wsgi) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def served_by_uvicorn(app: Asgi) -> Iterator[str]:
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="critical", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


REQUESTS = [
    ("/sms/report", {}),
    ("", {}),
    ("/簡訊/%e4%bd%a0?tenant=a%20b&名=1", {}),
    ("/sms//two", {"report_charset": "big5"}),
    ("/sms/report?tenant=3", {"report_method": "POST", "report_charset": "big5"}),
]


def report_twice(every8d: FakeEvery8d, url: str, receiver: Any) -> None:
    """Report the same reply to the server at a URL, and then to a receiver in this process."""
    every8d.update_account("demo", report_url=url)
    (sms,) = every8d.send("Friday?", to=PHONE)
    every8d.clock.freeze()
    every8d.clock.advance(seconds=1)
    world = every8d.snapshot()
    every8d.reply(sms, "好的")
    every8d.wait_for_report(status="REPLY")
    every8d.restore(world)
    every8d.reports_to(receiver)
    every8d.reply(sms, "好的")
    every8d.wait_for_report(status="REPLY")


@pytest.mark.parametrize(("path", "settings"), REQUESTS)
def test_r9_wsgi_application_is_called_as_by_a_server(
    every8d: FakeEvery8d, path: str, settings: dict[str, Any]
) -> None:
    every8d.update_account("demo", **settings)
    app = Wsgi()
    checked = validator(app)
    with served_by_werkzeug(app) as url:
        report_twice(every8d, url + path, lambda environ, respond: checked(environ, respond))
    _, served, called = app.environs
    asked = {
        name: value
        for name, value in served.items()
        if name.startswith(("HTTP_", "CONTENT_", "REQUEST_", "SERVER_", "PATH_", "QUERY_"))
        or name in ("SCRIPT_NAME", "REMOTE_ADDR", "wsgi.url_scheme", "wsgi.version")
    }
    del asked["SERVER_SOFTWARE"]
    assert {name: called[name] for name in asked} == asked
    assert app.bodies[2] == app.bodies[1]
    assert "%a6n%aa%ba" in (called["QUERY_STRING"] + app.bodies[2].decode()) or not settings


@pytest.mark.parametrize(("path", "settings"), REQUESTS)
def test_r9_asgi_application_is_called_as_by_a_server(
    every8d: FakeEvery8d, path: str, settings: dict[str, Any]
) -> None:
    every8d.update_account("demo", **settings)
    app = Asgi()
    with served_by_uvicorn(app) as url:
        report_twice(every8d, url + path, app)
    wait_for(lambda: len(app.scopes) == 3)
    _, served, called = app.scopes
    assert called["client"][0] == served["client"][0]
    for name in ("client", "state", "asgi", "extensions"):
        served.pop(name, None)
    assert {name: called[name] for name in served} == served
    assert app.bodies[2] == app.bodies[1]


def test_r9_host_is_that_of_test_clients_unless_the_url_says_another(every8d: FakeEvery8d) -> None:
    app = Wsgi()
    every8d.reports_to(app, "/sms/report")
    assert every8d.account.report_url == "http://testserver/sms/report"
    deliver(every8d)
    every8d.reports_to(app, "https://shop.example:8443/sms?tenant=3")
    deliver(every8d)
    hosts = [(each["HTTP_HOST"], each["SERVER_PORT"]) for each in app.environs]
    assert hosts == [("testserver", "80"), ("shop.example:8443", "8443")]
    assert app.environs[1]["wsgi.url_scheme"] == "https"
    assert app.environs[1]["QUERY_STRING"].startswith("tenant=3&BatchID=")


# What comes of it


def flask_app(*statuses: int) -> Flask:
    """An application that responds with these statuses, and then with 200."""
    app, left = Flask(__name__), iter(statuses)

    @app.get("/sms/report")
    def report() -> tuple[str, int]:
        return request.args["STATUS"], next(left, 200)

    return app


def fastapi_app(*statuses: int) -> FastAPI:
    app, left = FastAPI(), iter(statuses)

    @app.get("/sms/report")
    async def report(STATUS: int) -> Any:
        return Response(status_code=next(left, 200))

    return app


@pytest.mark.parametrize("make", [flask_app, fastapi_app])
def test_r2_any_status_but_200_is_tried_again(
    every8d: FakeEvery8d, make: Callable[..., Any]
) -> None:
    """After 60 seconds each (R2)."""
    every8d.reports_to(make(500, 302, 204), "/sms/report")
    report = deliver(every8d)
    assert outcomes(report) == [500]
    every8d.clock.advance(minutes=3)
    report = every8d.reports[0]
    assert outcomes(report) == [500, 302, 204, 200]
    gaps = [attempt.at - report.attempts[0].at for attempt in report.attempts]
    assert [gap.total_seconds() for gap in gaps] == [0, 60, 120, 180]


def test_r2_wrong_path_is_the_applications_own_404(every8d: FakeEvery8d) -> None:
    every8d.reports_to(flask_app(), "/sms/reports")
    assert outcomes(deliver(every8d)) == [404]


async def raising(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("no batch")


def raising_app() -> Flask:
    app = flask_app()
    app.testing = True  # or Flask makes a 500 of it

    @app.before_request
    def fail() -> None:
        raise LookupError("no batch")

    return app


def raising_function(report: Report) -> None:
    raise LookupError("no batch")


@pytest.mark.parametrize("receiver", [raising_app(), raising, raising_function])
def test_r9_exception_is_an_attempt_that_failed(
    every8d: FakeEvery8d, receiver: Any, caplog: pytest.LogCaptureFixture
) -> None:
    every8d.update_account("demo", report_attempts=2)
    every8d.reports_to(receiver, "/sms/report")
    (attempt,) = deliver(every8d).attempts
    assert (attempt.status_code, attempt.reason) == (None, "raised")
    assert attempt.error == "the receiver raised LookupError: no batch"
    assert "Traceback" in caplog.text
    every8d.clock.advance(minutes=1)
    assert every8d.reports[0].state.value == "given_up"
    with pytest.raises(AssertionError, match=r"2 × the receiver raised LookupError: no batch \("):
        every8d.wait_for_report(timeout=0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ten seconds for a response are a tenth of one here, as is the second for a body."""
    monkeypatch.setattr(reports, "TIMEOUT", 0.1)
    monkeypatch.setattr(reports, "BODY_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["function", "wsgi", "asgi"])
def test_r2_receiver_that_hangs_times_out(every8d: FakeEvery8d, kind: str) -> None:
    released = threading.Event()

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(3600)

    receivers: dict[str, Any] = {
        "function": lambda report: released.wait(DEADLINE),
        "wsgi": lambda environ, start_response: released.wait(DEADLINE),
        "asgi": asgi,
    }
    every8d.reports_to(receivers[kind])
    (attempt,) = deliver(every8d).attempts
    released.set()
    assert attempt.error == "the receiver timed out: no response within 0.1 s"
    assert attempt.reason == "timeout"


class Body:
    """A body of these parts, or without end."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts or repeat(b"x" * 1000)
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)

    def close(self) -> None:
        self.closed.set()


def test_r2_endless_body_is_left_after_64_kib(every8d: FakeEvery8d) -> None:
    body, left = Body(), threading.Event()

    def wsgi(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])
        return body

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
        except OSError:
            left.set()
            raise

    every8d.reports_to(wsgi)
    assert outcomes(deliver(every8d)) == [200]
    assert body.closed.wait(DEADLINE)
    every8d.reports_to(asgi)
    assert outcomes(deliver(every8d)) == [200]
    assert left.wait(DEADLINE)


@pytest.mark.usefixtures("impatient")
def test_r2_slow_body_is_not_waited_for(every8d: FakeEvery8d) -> None:
    released = threading.Event()

    def wsgi(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"OK"
        released.wait(DEADLINE)

    every8d.reports_to(wsgi)
    assert outcomes(deliver(every8d)) == [200]
    released.set()


def test_r2_exception_after_the_status_counts_for_nothing(
    every8d: FakeEvery8d, caplog: pytest.LogCaptureFixture
) -> None:
    def wsgi(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"O"
        raise LookupError("half way")

    every8d.reports_to(wsgi)
    assert outcomes(deliver(every8d)) == [200]
    assert "half way" in caplog.text


def test_r9_call_without_a_response_is_a_closed_connection(every8d: FakeEvery8d) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    every8d.reports_to(silent)
    (attempt,) = deliver(every8d).attempts
    assert attempt.error == "the receiver ended without a response"
    assert attempt.reason == "closed"


def test_r9_wsgi_without_a_status_is_a_closed_connection(every8d: FakeEvery8d) -> None:
    body = Body(b"lost")
    every8d.reports_to(lambda environ, start_response: body)
    (attempt,) = deliver(every8d).attempts
    assert attempt.error == "the receiver ended without a response"
    assert attempt.reason == "closed"
    assert body.closed.is_set()


def failing(environ: Any, start_response: Any, *, parts: int = 0) -> Iterator[bytes]:
    """PEP 3333's way to turn an exception into a response, if none has begun."""
    start_response("200 OK", [])
    try:
        yield from [b"part"] * parts
        raise LookupError("no batch")
    except LookupError:
        start_response("503 Service Unavailable", [], sys.exc_info())
        yield b"later"


def test_r9_wsgi_may_take_its_status_back_before_the_body(
    every8d: FakeEvery8d, caplog: pytest.LogCaptureFixture
) -> None:
    every8d.reports_to(failing)
    assert outcomes(deliver(every8d)) == [503]
    assert caplog.text == ""
    every8d.reports_to(partial(failing, parts=1))
    assert outcomes(deliver(every8d)) == [200]
    assert "no batch" in caplog.text


def test_r9_wsgi_may_write(every8d: FakeEvery8d) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("204 No Content", [])(b"")
        return []

    every8d.reports_to(app)
    assert outcomes(deliver(every8d)) == [204]


def test_r9_exception_without_words_is_an_attempt_that_failed(every8d: FakeEvery8d) -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise LookupError

    def receive(report: Report) -> None:
        raise Wordless

    every8d.reports_to(receive)
    (attempt,) = deliver(every8d).attempts
    assert attempt.reason == "raised"
    assert "Wordless: <exception str() failed>" in (attempt.error or "")


def test_r9_clock_waits_for_work_after_the_response(
    every8d: FakeEvery8d,
) -> None:
    """Within the second that a body may take."""
    app = FastAPI()
    done: list[int] = []

    @app.get("/sms/report")
    async def report(STATUS: int, tasks: BackgroundTasks) -> None:
        tasks.add_task(done.append, STATUS)

    every8d.reports_to(app, "/sms/report")
    deliver(every8d)
    assert done == [100]


# Functions


def test_r9_function_gets_the_report(every8d: FakeEvery8d) -> None:
    received: list[Report] = []
    every8d.reports_to(received.append)
    every8d.send("Friday?", to=PHONE)
    every8d.clock.advance(seconds=1)
    every8d.reply(PHONE, "好的")
    every8d.wait_for_report(status="REPLY")
    assert [(each.status, each.text) for each in received] == [
        (Status.DELIVERED, ""),
        (Status.REPLY, "好的"),
    ]
    assert [outcomes(each) for each in every8d.reports] == [[200], [200]]


@pytest.mark.parametrize(
    ("returned", "outcome"),
    [
        (None, 200),
        (503, 503),
        (http.HTTPStatus.NO_CONTENT, 204),
        (SimpleNamespace(status_code=404), 404),
    ],
)
def test_r9_function_says_the_status(every8d: FakeEvery8d, returned: Any, outcome: int) -> None:
    async def later(report: Report) -> Any:
        await asyncio.sleep(0)
        return returned

    every8d.reports_to(lambda report: returned)
    assert outcomes(deliver(every8d)) == [outcome]
    every8d.reports_to(later)
    assert outcomes(deliver(every8d)) == [outcome]


@pytest.mark.parametrize("returned", [True, "200 OK", b"", 0, 99, 1000])
def test_r9_invalid_status_is_an_error(every8d: FakeEvery8d, returned: Any) -> None:
    every8d.reports_to(lambda report: returned)
    (attempt,) = deliver(every8d).attempts
    assert attempt.status_code is None
    assert f"the receiver returned {returned!r}: a function returns" in (attempt.error or "")


@pytest.mark.parametrize("given", ["200", 0])
def test_r9_invalid_status_of_asgi_is_an_error(every8d: FakeEvery8d, given: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": given})

    every8d.reports_to(app)
    (attempt,) = deliver(every8d).attempts
    assert attempt.status_code is None
    assert attempt.error == (
        f"the receiver raised ValueError: an HTTP status is from 100 to 999, not {given!r}"
    )


@pytest.mark.parametrize("keep", [deque[Any], set[Any]])
def test_r9_method_of_a_builtin_is_a_function(
    every8d: FakeEvery8d, keep: Callable[..., Any]
) -> None:
    """Python 3.11 knows the parameters of `list.append`, but not of these."""
    received = keep()
    every8d.reports_to(received.append if isinstance(received, deque) else received.add)
    assert outcomes(deliver(every8d)) == [200]
    assert len(received) == 1


@pytest.mark.filterwarnings("ignore:Using `httpx`")
def test_r9_function_goes_through_a_test_client(every8d: FakeEvery8d) -> None:
    """It runs the application's lifespan."""
    from fastapi.testclient import TestClient

    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("starts")
        yield
        events.append("ends")

    app = FastAPI(lifespan=lifespan)

    @app.get("/sms/report")
    async def report(STATUS: int) -> None:
        events.append(f"status {STATUS}")

    with TestClient(app) as client:
        every8d.reports_to(lambda report: client.get(report.url), "/sms/report")
        assert outcomes(deliver(every8d)) == [200]
    assert events == ["starts", "status 100", "ends"]


def test_t2_receiver_cannot_move_the_clock(every8d: FakeEvery8d) -> None:
    raised: list[str] = []

    def receive(report: Report) -> None:
        assert [sms.phone for sms in every8d.messages] == [PHONE]  # but it may look
        with pytest.raises(Conflict) as caught:
            every8d.clock.advance(seconds=1)
        raised.append(str(caught.value))

    every8d.reports_to(receive)
    assert outcomes(deliver(every8d)) == [200]
    assert raised[0].startswith("the clock is being moved already")


# Whose reports, and until when


def test_r9_all_accounts_or_one(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "s3cret", report_url="https://shop.example/sms")
    every8d.add_account("other", "s3cret")
    every: list[Report] = []
    shops: list[Report] = []
    every8d.reports_to(every.append)
    every8d.reports_to(shops.append, user_id="shop")
    for user_id in ("demo", "shop", "other"):
        deliver(every8d, user_id=user_id)
    assert [each.user_id for each in every] == ["demo", "other"]
    assert [each.url.partition("?")[0] for each in shops] == ["https://shop.example/sms"]
    every8d.reports_to(every.append, "/all")  # the last one that is said
    deliver(every8d, user_id="shop")
    assert every[-1].url.startswith("http://testserver/all?")
    every8d.add_account("late", "s3cret", report_url="https://late.example/sms")
    deliver(every8d, user_id="late")
    assert every[-1].user_id == "late"


def test_x1_reset_ends_it(every8d: FakeEvery8d) -> None:
    received: list[Report] = []
    every8d.reports_to(received.append)
    every8d.reset()
    assert every8d.account.report_url is None
    every8d.update_account("demo", report_url="http://127.0.0.1:1/", report_attempts=1)
    assert outcomes(deliver(every8d)) == ["refused"]
    every8d.reports_to(received.append, user_id="demo")
    every8d.reset_account("demo")
    every8d.update_account("demo", report_url="http://127.0.0.1:1/")
    assert outcomes(deliver(every8d)) == ["refused"]
    assert received == []


def test_r9_restored_world_reports_to_the_same(every8d: FakeEvery8d) -> None:
    received: list[Report] = []
    every8d.reports_to(received.append)
    every8d.send("hi", to=PHONE)
    world = every8d.snapshot()
    every8d.restore(world)
    every8d.clock.advance(seconds=1)
    assert len(received) == 1


def test_r9_set_up_says_it_for_every_world() -> None:
    received: list[Report] = []
    with FakeEvery8d(set_up=lambda fake: fake.reports_to(received.append)) as fake:
        deliver(fake)
        fake.reset()
        deliver(fake)
    assert len(received) == 2


def test_r9_loop_of_its_own_stays_until_the_reset(every8d: FakeEvery8d) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    ended = threading.Event()

    async def linger() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def receive(report: Report) -> None:
        loops.append(asyncio.get_running_loop())
        loops[-1].lingering = loops[-1].create_task(linger())  # type: ignore[attr-defined]

    every8d.reports_to(receive)
    deliver(every8d)
    deliver(every8d)
    assert loops[0] is loops[1]
    assert not ended.is_set()
    every8d.reset()
    assert ended.wait(DEADLINE)
    wait_for(loops[0].is_closed)


def test_r9_loop_of_a_test_that_has_ended(every8d: FakeEvery8d) -> None:
    async def receive(report: Report) -> None:
        """Is never run."""

    async def test() -> None:
        every8d.reports_to(receive)
        every8d.send("hi", to=PHONE)

    asyncio.run(test())
    every8d.clock.advance(seconds=1)
    (attempt,) = every8d.reports[0].attempts
    assert attempt.reason == "closed"
    assert "the event loop on which reports_to was called has ended" in (attempt.error or "")


@pytest.mark.usefixtures("impatient")
def test_r9_loop_that_does_not_run(every8d: FakeEvery8d) -> None:
    """As that of a fixture, if the test has another."""

    async def receive(report: Report) -> None: ...

    async def fixture() -> None:
        every8d.reports_to(receive)

    with asyncio.Runner() as runner:
        runner.run(fixture())
        (attempt,) = deliver(every8d).attempts
        assert attempt.reason == "timeout"
        assert "its event loop does not run, or is blocked" in (attempt.error or "")
        runner.run(asyncio.sleep(0))  # what was left is called


# What is refused


@pytest.mark.parametrize(
    "wrong", ["http://127.0.0.1:3000/sms", None, flask_app().test_client(), lambda: None]
)
def test_r9_invalid_receiver_is_refused(every8d: FakeEvery8d, wrong: Any) -> None:
    with pytest.raises(InvalidInput, match=r"takes a WSGI .* for a URL .*lambda report: client"):
        every8d.reports_to(wrong)
    assert every8d.account.report_url is None


def test_r9_wrong_account_and_wrong_url(every8d: FakeEvery8d) -> None:
    with pytest.raises(NotFound):
        every8d.reports_to(print, user_id="shop")
    with pytest.raises(InvalidInput, match=r"^report_url must begin with http"):
        every8d.reports_to(print, "ftp://shop.example/sms")
    with pytest.raises(InvalidInput, match=r"^report_url must be .* Invalid IPv6 URL"):
        every8d.reports_to(print, "http://[::1")
    with pytest.raises(InvalidInput, match=r"^report_url must be a URL, not int"):
        every8d.reports_to(print, 3000)  # type: ignore[arg-type]
    assert every8d.account.report_url is None


def test_x4_fake_elsewhere_cannot_call_what_is_here(every8d: FakeEvery8d) -> None:
    there = FakeEvery8d.connect(every8d.url)
    with pytest.raises(NotImplementedError, match=r"^reports_to is .* report_url=…\)$"):
        there.reports_to(print)
