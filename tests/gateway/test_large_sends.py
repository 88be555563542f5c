"""Sends to many: clauses D, P8, R1, S7 and T2.

It is 2040-03-01 12:00:00 in Taipei.
"""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from fake_every8d.gateway import (
    Account,
    Gateway,
    Login,
    NotFound,
    Recipient,
    ReportState,
    Status,
)
from tests.gateway.calls import send, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import Receiver

LOGIN = Login("demo", "demo")
MANY, VERY_MANY = 200, 6000


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
    assert [message.text for message in gateway.messages(to="0910000007")] == ["b"]
    assert gateway.message_count == VERY_MANY
    send(gateway, content="c")
    assert gateway.messages(to="0910000007") == []
    assert [message.text for message in gateway.messages()] == ["c"]


def test_s7_every_copy_by_email_is_there_when_the_call_returns(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=10**6)
    recipients = [
        Recipient(number, "hello", email=f"{number}@example.com") for number in numbers(2500)
    ]
    gateway.platform.send_param(LOGIN, "", recipients)
    assert [(email.message_id, email.to) for email in gateway.emails()] == [
        (id, recipient.email) for id, recipient in enumerate(recipients, 1)
    ]


def test_t2_moved_clock_delivers_and_reports_everything(
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
    erased = gateway.platform.erase_booking(LOGIN, booked[0].batch_id)
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
    gateway.platform.erase_booking(LOGIN, booked.batch_id)
    assert set(statuses(gateway, booked)) == {Status.CANCELLED}
    gateway.clock.advance(seconds=0)
    assert [
        (report.id, report.message_id, report.status, report.state) for report in gateway.reports()
    ] == [(id, id, Status.CANCELLED, ReportState.DELIVERED) for id in range(1, 1201)]


def test_p8_points_add_up_whoever_sends_at_once(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=900)
    many = ",".join(["0912345678"] * MANY)
    with ThreadPoolExecutor(8) as pool:
        receipts = list(
            pool.map(lambda size: send(gateway, many if size % 2 else "0912345678"), range(16))
        )
    assert sum(receipt.cost for receipt in receipts) == 900 - gateway.account("demo").credit
    assert gateway.account("demo").credit >= 0
    assert sum(receipt.accepted + receipt.unsent for receipt in receipts) == 8 * MANY + 8
