"""Any sequence of what both APIs and the JSON API can be asked for, against a model of it.

Calls come over HTTP; resets and restores come from other threads, while calls are under way.
"""

import copy
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fake_every8d import Account, FakeEvery8d, Settings
from fake_every8d.gateway import TAIPEI
from tests.waiting import wait_for
from tests.web.api import Api
from tests.web.serving import call, log_in

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
CREDIT = 12
ENDS = {"0912345678": 100, "0900000103": 103, "0900000000": 0, "0212345678": -3}
"""Numbers, and what messages to them end in."""

APIS = st.sampled_from(["http", "soap"])
MOBILES = st.lists(st.sampled_from([*ENDS]), min_size=1, max_size=4)


@dataclass
class Sms:
    mobile: str
    status: int
    due: int
    """In seconds after noon: when it goes out."""


@dataclass
class Model:
    """The model of the fake, in points and seconds."""

    credit: int = CREDIT
    now: int = 0
    sms: list[Sms] = field(default_factory=list)
    batches: dict[str, list[Sms]] = field(default_factory=dict)

    def send(self, batch_id: str, mobiles: list[str], due: int) -> tuple[int, int, int, int]:
        """The receipt: credit, sent, cost and unsent."""
        cost = unsent = 0
        batch = []
        for mobile in mobiles:
            status = -3 if mobile == "0212345678" else 300 if due > self.now else 0
            if status != -3 and cost + 1 > self.credit:
                status, unsent = 301, unsent + 1
            cost += status in (0, 300)
            batch.append(Sms(mobile, status, due))
        self.credit -= cost
        self.sms += batch
        self.batches[batch_id] = batch
        return self.credit, cost, cost, unsent

    def advance(self, seconds: int) -> None:
        self.now += seconds
        for sms in self.sms:
            if sms.status == 300 and sms.due <= self.now:
                sms.status = 0
            if sms.status == 0 and sms.due + 1 <= self.now:
                sms.status = ENDS[sms.mobile]

    def erase(self, batch_id: str) -> int:
        booked = [sms for sms in self.batches[batch_id] if sms.status == 300]
        for sms in booked:
            sms.status = 303
        self.credit += len(booked)
        return len(booked)


class Users(RuleBasedStateMachine):
    def __init__(self, fake: FakeEvery8d, pool: ThreadPoolExecutor) -> None:
        super().__init__()
        self.fake, self.pool = fake, pool
        self.api = Api(fake.url)
        self.saved: list[tuple[Any, Model]] = []

    def elsewhere(self, action: Callable[[], object]) -> None:
        self.pool.submit(action).result(30)

    def http(self, operation: str, **parameters: str) -> str:
        query = urlencode({"UID": "demo", "PWD": "demo"} | parameters)
        url = f"{self.fake.http_url}{operation}.ashx?{query}"
        return urllib3.request("GET", url).data.decode()

    def soap(self, operation: str, **parameters: str) -> str:
        key = log_in(self.fake.url, "demo", "demo")
        body = call(self.fake.url, operation, sessionKey=key, **parameters).data.decode()
        found = re.search(rf"<{operation}Result>(.*)</{operation}Result>", body)
        return found[1] if found else ""

    def submit(self, api: str, mobiles: list[str], send_time: str = "") -> str:
        to = ",".join(mobiles)
        if api == "http":
            return self.http("sendSMS", SB="", MSG="hello", DEST=to, ST=send_time)
        return self.soap("sendSMS", subject="", content="hello", mobile=to, sendTime=send_time)

    def starts_over(self, model: Model) -> None:
        self.model = model
        if not model.sms and not model.now:
            self.api("POST", "clock", {"running": False})
            self.fake.clock.travel_to(NOON)

    @initialize()
    def begin(self) -> None:
        self.elsewhere(self.fake.reset)
        self.starts_over(Model())

    @rule(api=APIS, mobiles=MOBILES, booked=st.booleans())
    def send(self, api: str, mobiles: list[str], booked: bool) -> None:
        due = self.model.now + (3600 if booked else 0)
        at = NOON + timedelta(seconds=due)
        receipt = self.submit(api, mobiles, f"{at:%Y%m%d%H%M%S}" if booked else "")
        *numbers, batch_id = receipt.split(",")
        expected = self.model.send(batch_id, mobiles, due)
        assert tuple(map(float, numbers)) == expected

    @rule(apis=st.lists(APIS, min_size=2, max_size=4))
    def send_at_once(self, apis: list[str]) -> None:
        """From several threads, in whatever order."""
        sending = [self.pool.submit(self.submit, api, ["0912345678"]) for api in apis]
        receipts = sorted(
            (each.result(30).split(",") for each in sending), key=lambda it: -float(it[0])
        )
        for receipt in receipts:
            self.model.send(receipt[-1], ["0912345678"], self.model.now)

    @precondition(lambda self: self.model.batches)
    @rule(api=APIS, data=st.data())
    def erase(self, api: str, data: st.DataObject) -> None:
        batch_id = data.draw(st.sampled_from(sorted(self.model.batches)))
        erased = (
            self.http("eraseBooking", BID=batch_id)
            if api == "http"
            else self.soap("eraseBooking", batchID=batch_id)
        )
        count = self.model.erase(batch_id)
        assert erased.split(",")[0] == (str(count) if count else "")

    @rule(seconds=st.sampled_from([1, 59, 3600]))
    def advance(self, seconds: int) -> None:
        assert self.api("POST", "clock", {"advance_seconds": seconds}).status == 200
        self.model.advance(seconds)

    @rule(points=st.integers(1, 5))
    def top_up(self, points: int) -> None:
        assert self.api("PATCH", "accounts/demo", {"top_up": points}).status == 200
        self.model.credit += points

    @rule()
    def save(self) -> None:
        self.saved.append((self.fake.snapshot(), copy.deepcopy(self.model)))

    @precondition(lambda self: self.saved)
    @rule(data=st.data(), under_way=st.sampled_from(["", "http", "soap"]))
    def restore(self, data: st.DataObject, under_way: str) -> None:
        snapshot, model = data.draw(st.sampled_from(self.saved), label="saved")
        self.while_delayed(under_way, lambda: self.fake.restore(snapshot))
        self.model = copy.deepcopy(model)

    @rule(under_way=st.sampled_from(["", "http", "soap"]))
    def reset(self, under_way: str) -> None:
        self.while_delayed(under_way, self.fake.reset)
        self.starts_over(Model())

    @rule(under_way=st.sampled_from(["", "http"]))
    def reset_account(self, under_way: str) -> None:
        self.while_delayed(under_way, lambda: self.fake.reset_account("demo"))
        self.model = Model(now=self.model.now)

    def while_delayed(self, api: str, begin_anew: Callable[[], object]) -> None:
        """Begin anew while a send is delayed: that ends it, and it changes nothing."""
        if not api:
            self.elsewhere(begin_anew)
            return
        self.fake.add_failure("sendSMS", kind="delay", seconds=30, user_id="demo")
        sending = self.pool.submit(self.submit, api, ["0912345678"])
        wait_for(lambda: not self.fake.failures)
        self.elsewhere(begin_anew)
        self.fake.clear_failures()
        assert sending.result(30).startswith("-301")

    @invariant()
    def it_is_as_the_model(self) -> None:
        shown = self.api.get("messages?limit=1000")["messages"]
        assert [each["status"] for each in shown] == [sms.status for sms in self.model.sms]
        assert [each["id"] for each in shown] == sorted(each["id"] for each in shown)
        assert float(self.http("getCredit")) == self.model.credit
        assert self.fake.clock.now == NOON + timedelta(seconds=self.model.now)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_p8_x1_random_operations_in_random_order(pool: ThreadPoolExecutor) -> None:
    account = Account("demo", "demo", CREDIT)  # type: ignore[arg-type]
    with FakeEvery8d(Settings((account,))) as fake:
        run_state_machine_as_test(
            lambda: Users(fake, pool),
            settings=settings(
                max_examples=20,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=[*HealthCheck],
            ),
        )
