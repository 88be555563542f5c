"""FastAPI, with anyio: the application that takes the reports runs on the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Form

from fake_every8d import FakeEvery8d, Status

from .every8d import Every8d

pytestmark = pytest.mark.anyio


def create_app(every8d: Every8d) -> FastAPI:
    """The application: it texts a reminder, and hears what became of it."""
    app = FastAPI()
    states: dict[str, str] = {}

    @app.post("/reminders")
    def remind(phone: Annotated[str, Form()]) -> str:  # FastAPI runs it on a thread
        batch_id = every8d.send(phone, "明天 14:30 看診")
        states[batch_id] = "sent"
        return batch_id

    @app.get("/reminders/{batch_id}")
    async def state(batch_id: str) -> str:
        return states[batch_id]

    @app.get("/sms/report")
    async def report(BatchID: str, STATUS: int) -> None:
        states[BatchID] = "delivered" if STATUS == 100 else "failed"

    return app


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(every8d: FakeEvery8d) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, which listens for its status reports meanwhile."""
    app = create_app(Every8d(every8d.wsdl_url, "demo", "demo"))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        every8d.update_account("demo", report_url=f"{url}/sms/report")
        serving = asyncio.create_task(server.serve([listening]))
        async with httpx.AsyncClient(base_url=url) as client:
            yield client
        server.should_exit = True
        await serving


async def test_delivered(client: httpx.AsyncClient, every8d: FakeEvery8d) -> None:
    batch_id = (await client.post("/reminders", data={"phone": "0912345678"})).json()
    assert (await client.get(f"/reminders/{batch_id}")).json() == "sent"

    await every8d.clock.advance_async(seconds=1)
    assert (await client.get(f"/reminders/{batch_id}")).json() == "delivered"


async def test_no_such_number(client: httpx.AsyncClient, every8d: FakeEvery8d) -> None:
    every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER)
    batch_id = (await client.post("/reminders", data={"phone": "0912345678"})).json()

    await every8d.clock.advance_async(seconds=1)
    assert (await client.get(f"/reminders/{batch_id}")).json() == "failed"
