"""The pytest plugin in asynchronous suites, whose status reports come to the test's own loop."""

import shutil
from pathlib import Path

import pytest

from tests.suite import run

pytest_plugins = ["pytester"]

AIOHTTP = """
    from aiohttp import web

    @asynccontextmanager
    async def receiver(answer):
        async def report(request):
            return web.Response(text=answer(request.query_string))

        app = web.Application()
        app.router.add_get("/sms/report", report)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/sms/report"
        await runner.cleanup()
    """

FASTAPI = """
    import asyncio, socket
    import uvicorn
    from fastapi import FastAPI, Request

    @asynccontextmanager
    async def receiver(answer):
        app = FastAPI()

        @app.get("/sms/report")
        async def report(request: Request):
            return answer(request.url.query)

        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(server.serve([listening]))
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/sms/report"
            server.should_exit = True
            await serving
    """

ANYIO = """
    import anyio
    from anyio.abc import SocketAttribute

    @asynccontextmanager
    async def receiver(answer):
        async def report(stream):
            async with stream:
                head = (await stream.receive()).decode()
                body = answer(head.split()[1].partition("?")[2])
                await stream.send(
                    f"HTTP/1.1 200 OK\\r\\nContent-Length: {len(body)}\\r\\n"
                    f"Connection: close\\r\\n\\r\\n{body}".encode()
                )

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, report)
            port = listener.extra(SocketAttribute.local_port)
            yield f"http://127.0.0.1:{port}/sms/report"
            tasks.cancel_scope.cancel()
        await listener.aclose()
    """

WITH_PYTEST_ASYNCIO = """
    pytestmark = pytest.mark.asyncio
    """

WITH_ANYIO = """
    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend():
        return "{}"
    """

SUITE = """
    async def test_advance_async(every8d, client):
        states = []

        def answer(query):
            states.append(query)
            return "OK"

        async with receiver(answer) as url:
            every8d.update_account("demo", report_url=url)
            key = every8d.gateway.platform.open_session("demo", "demo")
            every8d.gateway.platform.send_sms(key, "", "hello", "0912345678", "")
            await every8d.clock.advance_async(1)
            assert "&STATUS=100&" in states[0]
            tomorrow = every8d.clock.now + timedelta(days=1)
            platform = every8d.gateway.platform
            key = platform.open_session("demo", "demo")  # it may be past midnight by now
            platform.send_sms(key, "", "later", "0912345678", f"{tomorrow:%Y%m%d%H%M%S}")
            await every8d.clock.travel_to_async(tomorrow + timedelta(seconds=1))
            assert len(states) == 2
            assert [report.state.value for report in every8d.reports] == ["delivered"] * 2

    async def test_advance_on_the_loop_itself_says_what_to_do(every8d, monkeypatch):
        monkeypatch.setattr("fake_every8d.gateway.clock._PATIENCE", 0.1)
        async with receiver(lambda query: "OK") as url:
            every8d.update_account("demo", report_url=url)
            key = every8d.gateway.platform.open_session("demo", "demo")
            every8d.gateway.platform.send_sms(key, "", "hello", "0912345678", "")
            due = every8d.clock.next_due
            every8d.clock.freeze()
            with pytest.raises(InvalidInput, match=r"await every8d.clock.advance_async\\(…\\)"):
                every8d.clock.advance(minutes=5)
            assert every8d.clock.now == due
            await every8d.clock.advance_async(60)
            assert every8d.reports[0].state.value == "delivered"

    async def test_reports_to_the_loop_itself(every8d):
        received, loops = [], []

        async def receive(report):
            loops.append(sniffio.current_async_library())
            received.append((report.status, threading.current_thread()))

        async def app(scope, receive, send):
            loops.append(sniffio.current_async_library())
            received.append((scope["path"], threading.current_thread()))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})
            assert await receive() is not None
            assert (await receive())["type"] == "http.disconnect"
            received.append(("over", threading.current_thread()))

        here, library = threading.current_thread(), sniffio.current_async_library()
        every8d.reports_to(receive)
        every8d.send("hi", to="0912345678")
        await every8d.clock.advance_async(1)
        every8d.reports_to(app, "/sms")
        every8d.send("hi", to="0912345678")
        await every8d.clock.advance_async(1)
        assert received == [(100, here), ("/sms", here), ("over", here)]
        assert loops == [library] * 2

    async def test_wait_async(every8d):
        platform = every8d.gateway.platform
        key = platform.open_session("demo", "demo")
        threading.Timer(0.05, platform.send_sms, (key, "", "483920", "0912345678", "")).start()
        sms = await every8d.wait_for_message_async(to="0912345678", timeout=30)
        assert sms.code == "483920"
        assert every8d.wait_for_message() == sms  # it is there, so nothing waits
        with pytest.raises(AssertionError, match="^no request for getCredit within 0.01 s"):
            await every8d.wait_for_request_async("getCredit", timeout=0.01)

    async def test_blocking_wait_on_the_loop_itself_says_what_to_do(every8d):
        with pytest.raises(InvalidInput, match="wait_for_message_async"):
            every8d.wait_for_message(to="0912345678", timeout=30)

    async def test_without_reports_advance_is_at_once(every8d):
        key = every8d.gateway.platform.open_session("demo", "demo")
        every8d.gateway.platform.send_sms(key, "", "hello", "0912345678", "")
        every8d.clock.advance(timedelta(seconds=1))
        every8d.assert_sent(to="0912345678", count=1)
        assert every8d.messages[0].status == 100
    """

HEADER = """
import threading
from contextlib import asynccontextmanager
from datetime import timedelta
import pytest
import sniffio
from fake_every8d import InvalidInput
"""

MATRIX = {
    "pytest-asyncio, aiohttp": (AIOHTTP, WITH_PYTEST_ASYNCIO),
    "pytest-asyncio, FastAPI": (FASTAPI, WITH_PYTEST_ASYNCIO),
    "anyio, aiohttp": (AIOHTTP, WITH_ANYIO.format("asyncio")),
    "anyio, FastAPI": (FASTAPI, WITH_ANYIO.format("asyncio")),
    "anyio on trio": (ANYIO, WITH_ANYIO.format("trio")),
}


@pytest.mark.parametrize("combination", MATRIX)
def test_reports_to_the_tests_own_loop(pytester: pytest.Pytester, combination: str) -> None:
    receiver, plugin = MATRIX[combination]
    options = ["-p", "anyio"]
    if plugin is WITH_PYTEST_ASYNCIO:
        options = ["-p", "asyncio", "-o", "asyncio_default_fixture_loop_scope=function"]
    run(pytester, plugin + receiver + SUITE, *options, header=HEADER).assert_outcomes(passed=6)


EXAMPLES = Path(__file__).with_name("examples")

AUTO = [
    "-p",
    "asyncio",
    "-o",
    "asyncio_mode=auto",
    "-o",
    "asyncio_default_fixture_loop_scope=function",
]


@pytest.mark.parametrize(
    "options",
    [["-p", "anyio"], AUTO, [*AUTO, "-p", "anyio"]],
    ids=["anyio", "pytest-asyncio, auto", "both"],
)
def test_fastapi_recipe_passes_as_it_is(pytester: pytest.Pytester, options: list[str]) -> None:
    recipe = pytester.mkpydir("recipe")
    for name in ("every8d.py", "test_fastapi.py"):
        shutil.copy(EXAMPLES / name, recipe)
    markers = [] if "anyio" in options else ["-o", "markers=anyio"]
    run(pytester, "", *options, *markers, "recipe").assert_outcomes(passed=2)
