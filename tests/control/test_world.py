"""A reset, a restore and the reset of an account are one instant: clause X1."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from urllib.parse import urlencode

import pytest
import urllib3

from fake_every8d import FakeEvery8d
from fake_every8d.calls import Call
from fake_every8d.control.world import World
from fake_every8d.gateway import Account, Conflict, Gateway, Report, Settings
from fake_every8d.http_api.endpoint import HttpEndpoint
from fake_every8d.http_api.requests import HttpRequest
from fake_every8d.soap.endpoint import SoapEndpoint
from tests.soap.calls import XML11, action, body, request
from tests.waiting import wait_for

SEND = {"UID": "demo", "PWD": "demo", "SB": "", "MSG": "hello", "DEST": "0912345678", "ST": ""}


@pytest.fixture
def world() -> Iterator[World]:
    with closing(Gateway(Settings(), report=lambda report: 200)) as gateway:
        gateway.clock.freeze()
        yield World(gateway)


def by_http(world: World, operation: str = "sendSMS", **changes: str) -> Call:
    form = urlencode(SEND | changes).encode()
    post = HttpRequest(b"", "application/x-www-form-urlencoded", "", form)
    return HttpEndpoint(world.gateway.platform).read(operation, post)


def by_soap(world: World, operation: str, **parameters: str) -> Call:
    endpoint = SoapEndpoint(world.gateway.platform)
    return endpoint.read(body(request(operation, **parameters)), XML11, action(operation))


def to_many(world: World, key: str) -> Call:
    return by_http(world, DEST=",".join(["0912345678"] * 20_000))


CALLS: dict[str, Callable[[World, str], Call]] = {
    "by user ID and password": lambda world, key: by_http(world),
    "to 20,000": to_many,
    "with a wrong password": lambda world, key: by_http(world, PWD="wrong"),
    "a wrong password, by SOAP": lambda world, key: by_soap(
        world, "getConnection", userID="demo", password="wrong"
    ),
    "by SOAP, in a session": lambda world, key: by_soap(
        world, "sendSMS", sessionKey=key, subject="", content="a", mobile="0912345678", sendTime=""
    ),
    "a logout": lambda world, key: by_soap(world, "closeConnection", sessionKey=key),
}


def restored(world: World) -> Callable[[], object]:
    saved = world.snapshot()
    return lambda: world.restore(saved)


ENDS: dict[str, Callable[[World], Callable[[], object]]] = {
    "reset": lambda world: world.reset,
    "restore": restored,
    "reset_account": lambda world: lambda: world.reset_account("demo"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("read", CALLS)
def test_x1_a_call_that_was_read_before_changes_nothing(world: World, read: str, end: str) -> None:
    key = world.gateway.platform.open_session("demo", "demo")
    begin_anew = ENDS[end](world)
    call = CALLS[read](world, key)
    begin_anew()
    world.gateway.clock.freeze()
    before = world.snapshot()
    call.execute()
    assert b"-301" in call.respond().body or read == "a logout"
    assert world.snapshot() == before


@pytest.mark.parametrize("end", ["reset", "restore"])
def test_x1_request_of_the_json_api_leaves_no_trace_either(world: World, end: str) -> None:
    gateway = world.gateway
    began = gateway.epoch
    ENDS[end](world)()
    gateway.clock.freeze()
    before = world.snapshot()
    asked: list[Callable[[], object]] = [
        lambda: gateway.clock.advance(days=1),
        lambda: gateway.set_outcome("0912345678", 103),
        lambda: gateway.add_account(Account("shop", "shop")),
        lambda: world.failures.add("sendSMS", "disconnect"),
    ]
    for ask in asked:
        with pytest.raises(Conflict, match="came before a reset"):
            gateway.as_of(began, None, ask)
    assert world.snapshot() == before


def test_x1_earlier_calls_do_not_change_a_reset_account(
    world: World,
) -> None:
    gateway = world.gateway
    began = gateway.epoch
    world.reset_account("demo")
    with pytest.raises(Conflict):
        gateway.as_of(began, "demo", lambda: gateway.update_account("demo", credit=1))
    gateway.add_account(Account("shop", "shop"))
    gateway.as_of(began, "shop", lambda: gateway.update_account("shop", credit=1))
    assert (gateway.account("demo").credit, gateway.account("shop").credit) == (1000, 1)


def test_x1_delayed_call_ends_with_the_reset() -> None:
    with FakeEvery8d() as fake, ThreadPoolExecutor(1) as pool:
        fake.add_failure("sendSMS", kind="delay", seconds=60)
        url = f"{fake.http_url}sendSMS.ashx?{urlencode(SEND)}"
        sending = pool.submit(urllib3.request, "GET", url)
        wait_for(lambda: fake.failures == [])
        fake.reset()
        assert sending.result(10).data.startswith(b"-301")
        assert (fake.messages, fake.requests, fake.account.credit) == ([], [], 1000)


def test_x1_failure_after_a_reset_spares_earlier_calls(world: World) -> None:
    call = by_http(world)
    world.reset()
    world.failures.add("sendSMS", "disconnect")
    assert world.failures.choose(call) is None
    assert world.failures.choose(by_http(world)) is not None


def test_x1_waiting_advance_does_not_move_the_new_clock(world: World) -> None:
    """The first waits for a report's response; a reset ends both."""
    reached, go_on = threading.Event(), threading.Event()

    def get(report: Report) -> int:
        reached.set()
        go_on.wait(10)
        return 200

    account = Account("demo", "demo", report_url="http://127.0.0.1/")
    with (
        closing(Gateway(Settings((account,)), report=get)) as gateway,
        ThreadPoolExecutor(2) as pool,
    ):
        gateway.clock.freeze()
        key = gateway.platform.open_session("demo", "demo")
        gateway.platform.send_sms(key, "", "a", "0912345678", "")
        first = pool.submit(gateway.clock.advance, days=1)
        reached.wait(10)
        second = pool.submit(gateway.clock.advance, days=1)
        before = gateway.clock.now
        go_on.set()
        gateway.reset()
        for moving in (first, second):
            with contextlib.suppress(Conflict):
                moving.result(10)
        assert (gateway.clock.now - before).total_seconds() < 3600


def test_x1_set_up_is_complete_before_the_first_call() -> None:
    """A client's own failure is not taken for one of those that a reset sets up."""
    with (
        closing(Gateway(Settings(), report=lambda report: 200)) as gateway,
        ThreadPoolExecutor(1) as pool,
    ):
        clients = []

        def set_up() -> None:
            gateway.set_outcome("0912345678", 103)
            world.failures.add("sendSMS", "disconnect", user_id="demo")
            clients.append(pool.submit(world.failures.add, "*", "disconnect", user_id="demo"))
            assert not wait(clients, 0.05).done

        world = World(gateway, set_up)
        world.reset()
        assert clients[0].result(10).id == 2
        world.reset_account("demo")
        assert [failure.operation for failure in world.failures.all()] == ["sendSMS"]


def test_x1_resets_at_once_set_up_once(world: World) -> None:
    start = threading.Barrier(8)

    def set_up() -> None:
        both.failures.add("sendSMS", "disconnect")
        both.gateway.wait_for(lambda: False, 0.001)

    both = World(world.gateway, set_up)

    def reset() -> None:
        start.wait(10)
        both.reset()

    with ThreadPoolExecutor(8) as pool:
        for resetting in [pool.submit(reset) for _ in range(8)]:
            resetting.result(10)
    assert len(both.failures.all()) == 1
