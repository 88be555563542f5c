"""FastAPI, asynchronous and without a server: tests, application and reports share one loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
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


@asynccontextmanager
async def client_of(every8d: FakeEvery8d) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, which gets its status reports meanwhile.

    Not a fixture: where both anyio and pytest-asyncio are, that may have another loop.
    """
    app = create_app(Every8d(every8d.wsdl_url, "demo", "demo"))
    every8d.reports_to(app, "/sms/report")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def test_delivered(every8d: FakeEvery8d) -> None:
    async with client_of(every8d) as client:
        batch_id = (await client.post("/reminders", data={"phone": "0912345678"})).json()
        assert (await client.get(f"/reminders/{batch_id}")).json() == "sent"

        await every8d.clock.advance_async(seconds=1)
        assert (await client.get(f"/reminders/{batch_id}")).json() == "delivered"


async def test_no_such_number(every8d: FakeEvery8d) -> None:
    every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER)
    async with client_of(every8d) as client:
        batch_id = (await client.post("/reminders", data={"phone": "0912345678"})).json()

        await every8d.clock.advance_async(seconds=1)
        assert (await client.get(f"/reminders/{batch_id}")).json() == "failed"
