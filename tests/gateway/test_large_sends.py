"""Sends that are judged without the lock: clauses D, H11, P7, P8, S and X1.

It is 2040-03-01 12:00:00 in Taipei.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from fake_every8d.gateway import (
    Account,
    Gateway,
    Login,
    NotFound,
    PlatformError,
    Receipt,
    Recipient,
    ReportState,
    SentBefore,
    Status,
)
from tests.gateway.calls import PHONE, login, send, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, Receiver

LOGIN = Login("demo", "demo")
MANY, VERY_MANY = 200, 6000


class Recipients(Sequence[Recipient]):
    """Recipients whose judging stops half-way until it is told to go on."""

    def __init__(self, *recipients: Recipient) -> None:
        self._recipients = recipients
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __len__(self) -> int:
        return len(self._recipients)

    def __getitem__(self, place: Any) -> Any:
        return self._recipients[place]

    def __iter__(self) -> Iterator[Recipient]:
        for place, recipient in enumerate(self._recipients):
            if place == MANY // 2:
                self.reached.set()
                assert self.go_on.wait(DEADLINE)
            yield recipient


class Text(str):
    """A text whose judging stops until it is told to go on."""

    def __init__(self, text: str) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def encode(self, *encoding: str) -> bytes:
        self.reached.set()
        assert self.go_on.wait(DEADLINE)
        return super().encode(*encoding)


def sent_meanwhile(
    gateway: Gateway,
    mobile: str,
    change: Callable[[], object],
    send_time: str = "20400301130000",
) -> Receipt:
    """A send to many, while something else happens in the midst of its being judged."""
    recipients = Recipients(*[Recipient(mobile, "hello")] * MANY)
    key = login(gateway)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(gateway.send_param_sms, key, "", recipients, send_time)
        assert recipients.reached.wait(DEADLINE)
        try:
            change()
        finally:
            recipients.go_on.set()
        return sending.result(DEADLINE)


def test_others_are_served_while_a_large_send_is_judged(gateway: Gateway) -> None:
    receipt = sent_meanwhile(gateway, "+886912345678", lambda: send(gateway, content="x" * 71))
    assert (receipt.sent, receipt.cost, receipt.credit) == (MANY, MANY, 1000 - MANY - 2)
    assert [message.id for message in gateway.messages()] == list(range(1, MANY + 2))


def test_p7_credit_that_is_spent_meanwhile_is_not_spent_twice(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=MANY)
    receipt = sent_meanwhile(gateway, "+886912345678", lambda: send(gateway, content="x" * 333))
    assert (receipt.sent, receipt.unsent, receipt.cost, receipt.credit) == (
        MANY - 5, 5, MANY - 5, 0,
    )  # fmt: skip
    assert statuses(gateway, receipt) == [Status.BOOKED] * (MANY - 5) + [Status.NO_CREDIT] * 5


def test_s4_what_the_account_may_is_as_when_the_send_is_accepted(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", international=True))
    receipt = sent_meanwhile(
        gateway, "+14155550100", lambda: gateway.update_account("demo", international=False)
    )
    assert set(statuses(gateway, receipt)) == {Status.INTERNATIONAL_DISABLED}
    assert (receipt.cost, receipt.credit) == (0, 1000)


def test_s5_a_booking_is_none_once_the_clock_was_moved_past_it(gateway: Gateway) -> None:
    receipt = sent_meanwhile(gateway, "+886912345678", lambda: gateway.clock.advance(hours=2))
    assert set(statuses(gateway, receipt)) == {Status.SENT}


def test_d2_what_becomes_of_it_is_as_set_when_the_send_is_accepted(gateway: Gateway) -> None:
    def set_outcome() -> None:
        gateway.set_outcome("0912345678", Status.NO_SUCH_NUMBER)

    receipt = sent_meanwhile(gateway, "+886912345678", set_outcome, "")
    gateway.clock.advance(seconds=1)
    assert set(statuses(gateway, receipt)) == {Status.NO_SUCH_NUMBER}


def test_h11_who_is_sent_the_text_meanwhile_is_left_out(gateway: Gateway) -> None:
    text = Text("hello")
    mobile = ",".join([PHONE, *["0922333444"] * MANY])
    with ThreadPoolExecutor(1) as pool:
        filtered = pool.submit(gateway.send_filtered_sms, LOGIN, "", text, mobile, "")
        assert text.reached.wait(DEADLINE)
        try:
            receipt = send(gateway, content="hello")
        finally:
            text.go_on.set()
        result = filtered.result(DEADLINE)
    assert result.left_out == (SentBefore(PHONE, receipt.batch_id),)
    assert result.receipt is not None
    assert result.receipt.sent == MANY


def test_h11_who_is_sent_another_text_meanwhile_is_not(gateway: Gateway) -> None:
    text = Text("hello")
    with ThreadPoolExecutor(1) as pool:
        mobile = ",".join([PHONE] * MANY)
        filtered = pool.submit(gateway.send_filtered_sms, LOGIN, "", text, mobile, "")
        assert text.reached.wait(DEADLINE)
        try:
            send(gateway, content="Hello")
        finally:
            text.go_on.set()
        assert filtered.result(DEADLINE).left_out == ()


def numbers(count: int, first: int = 0) -> list[str]:
    return [f"091{number:07}" for number in range(first, first + count)]


def test_messages_of_a_very_large_send_are_found_by_number(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=10**6)
    first = send(gateway, ",".join(numbers(VERY_MANY)))
    second = send(gateway, ",".join([*numbers(VERY_MANY, VERY_MANY // 2), "0910001000"]))
    third = send(gateway, "0910003000")

    def batches(number: str) -> list[str]:
        return [message.batch_id for message in gateway.messages(to=number)]

    assert batches("0910000000") == [first.batch_id]
    assert batches("0910001000") == [first.batch_id, second.batch_id]
    assert batches("0910003000") == [first.batch_id, second.batch_id, third.batch_id]
    assert batches("0910008000") == [second.batch_id]
    with pytest.raises(NotFound):
        gateway.messages(to="no number")


def test_it_is_forgotten_as_a_whole(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", Decimal(10**6)), max_messages=VERY_MANY)
    for content in "ab":
        send(gateway, ",".join(numbers(VERY_MANY)), content)
        gateway.clock.advance(seconds=1)
    assert [message.content for message in gateway.messages(to="0910000007")] == ["b"]
    assert gateway.message_count == VERY_MANY
    send(gateway, content="c")
    assert gateway.messages(to="0910000007") == []
    assert [message.content for message in gateway.messages()] == ["c"]


def test_s7_every_copy_by_email_is_there_when_the_call_returns(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=10**6)
    recipients = [
        Recipient(number, "hello", email=f"{number}@example.com") for number in numbers(2500)
    ]
    gateway.send_param(LOGIN, "", recipients)
    assert [(email.message_id, email.to) for email in gateway.emails()] == [
        (id, recipient.email) for id, recipient in enumerate(recipients, 1)
    ]


def test_t2_all_is_delivered_and_reported_when_the_clock_has_been_moved(
    new_gateway: NewGateway, receiver: Receiver
) -> None:
    account = Account("demo", "demo", Decimal(10**6), report_url=receiver.url)
    gateway = new_gateway(account)
    receipt = send(gateway, ",".join([*["0900000103"] * 1200, *["0912345678"] * 1200]))
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [Status.NO_SUCH_NUMBER] * 1200 + [Status.DELIVERED] * 1200
    assert [(report.message_id, report.state) for report in gateway.reports()] == [
        (id, ReportState.DELIVERED) for id in range(1, 2401)
    ]


def test_d6_very_many_bookings_go_out_together_or_are_erased(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=4000)
    booked = [send(gateway, ",".join(numbers(2000)), send_time="20400301130000") for _ in "ab"]
    erased = gateway.erase_booking(LOGIN, booked[0].batch_id)
    assert erased is not None
    assert (erased.records, erased.points) == (2000, 2000)
    gateway.clock.advance(hours=1)
    assert set(statuses(gateway, booked[0])) == {Status.CANCELLED}
    assert set(statuses(gateway, booked[1])) == {Status.SENT}
    assert gateway.clock.next_due is not None


def test_r1_very_many_cancellations_are_reported_in_order(
    new_gateway: NewGateway, receiver: Receiver
) -> None:
    gateway = new_gateway(Account("demo", "demo", Decimal(4000), report_url=receiver.url))
    booked = send(gateway, ",".join(numbers(1200)), send_time="20400301130000")
    gateway.erase_booking(LOGIN, booked.batch_id)
    assert set(statuses(gateway, booked)) == {Status.CANCELLED}
    gateway.clock.advance(seconds=0)
    assert [
        (report.id, report.message_id, report.status, report.state) for report in gateway.reports()
    ] == [(id, id, Status.CANCELLED, ReportState.DELIVERED) for id in range(1, 1201)]


def test_x1_a_send_that_began_before_a_reset_is_not_accepted_after_it(gateway: Gateway) -> None:
    with pytest.raises(PlatformError, match="-301"):
        sent_meanwhile(gateway, "+886912345678", gateway.reset)
    assert gateway.messages() == []
    assert gateway.account("demo").credit == 1000


def test_a6_nor_for_an_account_that_was_removed(gateway: Gateway) -> None:
    with pytest.raises(PlatformError, match="-301"):
        sent_meanwhile(gateway, "+886912345678", lambda: gateway.remove_account("demo"))
    assert gateway.messages() == []


def test_p8_points_add_up_whoever_sends_at_once(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=900)
    many = ",".join(["0912345678"] * MANY)
    with ThreadPoolExecutor(8) as pool:
        receipts = list(
            pool.map(lambda size: send(gateway, many if size % 2 else "0912345678"), range(16))
        )
    assert sum(receipt.cost for receipt in receipts) == 900 - gateway.account("demo").credit
    assert gateway.account("demo").credit >= 0
    assert sum(receipt.sent + receipt.unsent for receipt in receipts) == 8 * MANY + 8
