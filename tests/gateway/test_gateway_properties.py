"""Any sequence of calls, against a small model of the contract. It is 2040-03-01 12:00:00."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from fake_every8d.gateway import (
    TAIPEI,
    Account,
    Gateway,
    InvalidInput,
    Recipient,
    Report,
    ReportState,
    Settings,
)
from tests.gateway.calls import login
from tests.receiver import DEADLINE

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
CREDIT = 60
MANY = 100  # recipients
SECOND = timedelta(seconds=1)

# Each number: how many times the price, whether it can be sent to, and how a message ends
NUMBERS = {
    "+886912345678": (1, True, 100),
    "0922333444": (3, True, 100),  # N4
    "+886900000103": (1, True, 103),
    "+886900000000": (1, True, 0),
    "+14155550100": (3, False, 500),
    "0223456789": (1, False, -3),
}
PRICES = {70: 1, 71: 2, 134: 2, 135: 3, 333: 5, 334: 6, 700: 11}
TO_COME = {0, 300}


@dataclass
class Sms:
    """The model of a message."""

    number: str
    status: int
    cost: int = 0
    due: datetime = NOON
    arrives: datetime | None = None
    ends_in: int = 100
    tell_refusal: datetime | None = None
    reports: list[tuple[int, str]] = field(default_factory=list)

    @property
    def final(self) -> bool:
        return self.status not in TO_COME

    def finish(self, status: int) -> None:
        assert not self.final
        self.status = status
        self.reports.append((status, ""))


class Receiver:
    """Takes reports, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.failures = 0
        self.taken: list[str] = []
        self.batches: set[str] = set()
        """The messages whose reports may come."""
        self.strays: list[str] = []
        """The reports that came nevertheless."""

    def __call__(self, url: str) -> int:
        with self.lock:
            if parse_qs(urlsplit(url).query)["BatchID"][0] not in self.batches:
                self.strays.append(url)
            if self.failures:
                self.failures -= 1
                return 500
            self.taken.append(url)
            return 200


class Customers(RuleBasedStateMachine):
    """Sends, books, erases, waits, replies, decides, pays and resets, in any order."""

    batches = Bundle("batches")

    @initialize()
    def open(self) -> None:
        self.receiver = Receiver()
        account = Account("demo", "demo", Decimal(CREDIT), report_url="http://receiver/")
        self.gateway = Gateway(Settings((account,)), report=self._report)
        self.generation = 0
        self._start()

    def _report(self, report: Report) -> int:
        return self.receiver(report.url)

    def _start(self) -> None:
        self.now = NOON
        self.gateway.clock.freeze()
        self.gateway.clock.travel_to(NOON)
        self.credit = CREDIT
        self.next_id = 1
        self.sent: dict[int, Sms] = {}
        self.in_batch: dict[str, list[int]] = {}
        self.outcomes: dict[str, int] = {}

    def teardown(self) -> None:
        if not hasattr(self, "gateway"):
            return
        self.receiver.failures = 0
        self._pass(timedelta(days=40))
        self.all_is_as_in_the_model()
        reports = self.gateway.reports()
        assert {report.state for report in reports} <= {ReportState.DELIVERED}
        delivered = Counter(report.url for report in reports)
        taken = Counter(self.receiver.taken)
        assert {url: taken[url] for url in delivered} == dict(delivered)
        assert self.receiver.strays == []
        self.gateway.close()

    @rule(
        target=batches,
        recipients=st.lists(
            st.tuples(st.sampled_from(sorted(NUMBERS)), st.sampled_from(sorted(PRICES))),
            min_size=1,
            max_size=4,
        ),
        minutes=st.one_of(st.none(), st.integers(-2000, 90)),
        more=st.sampled_from([0, 0, 0, 0, MANY]),
    )
    def send(
        self, recipients: list[tuple[str, int]], minutes: int | None, more: int
    ) -> tuple[int, str]:
        recipients = recipients + recipients[:1] * more
        due = self.now if minutes is None else self.now + timedelta(minutes=minutes)
        due = due.replace(microsecond=0)
        with self.receiver.lock:  # reports may not come before their batch is known
            receipt = self.gateway.platform.send_param_sms(
                login(self.gateway),
                "",
                [Recipient(number, "x" * length) for number, length in recipients],
                "" if minutes is None else f"{due:%Y%m%d%H%M%S}",
            )
            self.receiver.batches.add(receipt.batch_id)
        accepted = unsent = cost = 0
        ids = []
        for number, length in recipients:
            factor, can_be_sent_to, _ = NUMBERS[number]
            price = factor * PRICES[length]
            sms = Sms(number, 300 if due > self.now else 0)
            if number == "0223456789":
                sms.status = -3
            elif due < self.now - timedelta(hours=24):
                sms.status = -4
            elif not can_be_sent_to:
                sms.status = 500
            elif price > self.credit:
                sms.status = 301
                unsent += 1
            else:
                self.credit -= price
                cost += price
                accepted += 1
                sms.cost = price
                sms.due = max(due, self.now)
                if sms.status == 0:
                    self._goes_out(sms)
            if sms.final:
                sms.tell_refusal = self.now + SECOND
            id = self.next_id
            self.next_id += 1
            self.sent[id] = sms
            ids.append(id)
        self.in_batch[receipt.batch_id] = ids
        assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (
            self.credit, accepted, cost, unsent,
        )  # fmt: skip
        return self.generation, receipt.batch_id

    @rule(number=st.sampled_from(["+886912345678", "+886900000103"]))
    def wait_for_a_message(self, number: str) -> None:
        """Somebody waits for a message to a number, which another thread sends."""
        last = max(self.sent, default=0)
        with ThreadPoolExecutor(1) as pool:
            came = pool.submit(
                self.gateway.wait_for,
                lambda: bool(self.gateway.messages(to=number, after=last)),
                DEADLINE,
                to=number,
            )
            self.send([(number, 70)], None, 0)
            assert came.result(DEADLINE)

    def _goes_out(self, sms: Sms) -> None:
        sms.status = 0
        sms.ends_in = self.outcomes.get(sms.number, NUMBERS[sms.number][2])
        if sms.ends_in:
            sms.arrives = sms.due + SECOND

    @rule(batch=consumes(batches))
    def erase(self, batch: tuple[int, str]) -> None:
        generation, batch_id = batch
        ids = self.in_batch.get(batch_id, []) if generation == self.generation else []
        booked = [self.sent[id] for id in ids if self.sent[id].status == 300]
        erased = self.gateway.platform.erase_booking(login(self.gateway), batch_id)
        if not booked:
            assert erased is None
            return
        assert erased is not None
        assert (erased.records, erased.points) == (len(booked), sum(sms.cost for sms in booked))
        for sms in booked:
            self._cancel(sms)

    def _cancel(self, sms: Sms) -> None:
        self.credit += sms.cost
        sms.cost = 0
        sms.finish(303)

    @rule(seconds=st.sampled_from([0, 0.5, 1, 60, 1800, 7200]))
    def advance(self, seconds: float) -> None:
        self._pass(timedelta(seconds=seconds))

    def _pass(self, duration: timedelta) -> None:
        self.now = self.gateway.clock.advance(microseconds=duration // timedelta(microseconds=1))
        for sms in self.sent.values():
            if sms.status == 300 and sms.due <= self.now:
                self._goes_out(sms)
            if sms.status == 0 and sms.arrives and sms.arrives <= self.now:
                sms.finish(sms.ends_in)
            if sms.tell_refusal and sms.tell_refusal <= self.now:
                sms.reports.append((sms.status, ""))
                sms.tell_refusal = None

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), text=st.sampled_from(["ok", "好", "]]> &"]))
    def reply(self, data: st.DataObject, text: str) -> None:
        id = data.draw(st.sampled_from(sorted(self.sent)))
        sms = self.sent[id]
        if self._is_refused(sms.status in (0, 100), lambda: self.gateway.reply(id, text)):
            return
        if sms.status == 0:
            sms.finish(100)
        sms.reports.append((999, text))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), status=st.sampled_from([100, 103, 107, 303, 0, 300, 888]))
    def decide(self, data: st.DataObject, status: int) -> None:
        id = data.draw(st.sampled_from(sorted(self.sent)))
        sms = self.sent[id]
        possible = (sms.status == 0 and 100 <= status <= 107) or (
            sms.status == 300 and status == 303
        )
        if self._is_refused(possible, lambda: self.gateway.set_status(id, status)):
            return
        if status == 303:
            self._cancel(sms)
        else:
            sms.finish(status)

    def _is_refused(self, possible: bool, call: Callable[[], object]) -> bool:
        if possible:
            call()
        else:
            with pytest.raises(InvalidInput):
                call()
        return not possible

    @rule(
        number=st.sampled_from(["+886912345678", "0922333444", "+886900000103"]),
        status=st.sampled_from([0, 100, 101, 107]),
    )
    def set_outcome(self, number: str, status: int) -> None:
        self.gateway.set_outcome(number, status)
        self.outcomes[number] = status

    @rule(points=st.integers(1, 50))
    def top_up(self, points: int) -> None:
        self.credit += points
        self.gateway.update_account("demo", credit=self.credit)

    @rule(times=st.integers(1, 3))
    def receiver_fails(self, times: int) -> None:
        self.receiver.failures = times

    @rule()
    def reset_account(self) -> None:
        self.gateway.reset_account("demo")
        self.credit = CREDIT
        self.receiver = Receiver()
        self.generation += 1
        self.sent = {}
        self.in_batch = {}

    @rule()
    def reset(self) -> None:
        self.gateway.reset()
        self.receiver = Receiver()
        self.generation += 1
        self._start()

    @invariant()
    def all_is_as_in_the_model(self) -> None:
        if not hasattr(self, "gateway"):
            return
        gateway = self.gateway
        messages = gateway.messages()
        assert [(message.id, message.status.value, message.cost) for message in messages] == [
            (id, sms.status, sms.cost) for id, sms in self.sent.items()
        ]
        assert gateway.account("demo").credit == self.credit >= 0
        reports: dict[int, list[tuple[int, str]]] = {id: [] for id in self.sent}
        for report in gateway.reports():
            reports[report.message_id].append((report.status.value, report.text))
        assert reports == {id: sms.reports for id, sms in self.sent.items()}
        assert self.receiver.strays == []


Customers.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
TestCustomers = Customers.TestCase
