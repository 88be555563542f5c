"""Sends that are judged without the lock: clauses P7, P8, S and X1.

It is 2040-03-01 12:00:00 in Taipei.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fake_every8d.gateway import Account, Gateway, PlatformError, Receipt, Recipient, Status
from tests.gateway.calls import login, send, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE

MANY = 200


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


def sent_meanwhile(gateway: Gateway, mobile: str, change: Callable[[], object]) -> Receipt:
    """A send to many, while something else happens in the midst of its being judged."""
    recipients = Recipients(*[Recipient(mobile, "hello")] * MANY)
    key = login(gateway)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(gateway.send_param_sms, key, "", recipients, "20400301130000")
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
