"""One account that is reset alone: the others, and time, go on. It is 2040-03-01 12:00:00."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from fake_every8d.gateway import (
    TAIPEI,
    Account,
    Gateway,
    Login,
    NotFound,
    PlatformError,
    Recipient,
    Status,
)
from tests.gateway.calls import login, send, sent, statuses, threads
from tests.gateway.conftest import NewGateway
from tests.receiver import DEADLINE, OK, Receiver, status
from tests.waiting import wait_for

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
SHOP = Account("shop", "shop", credit=Decimal(20))


@pytest.fixture
def shared(new_gateway: NewGateway, receiver: Receiver) -> Gateway:
    """Two accounts, whose reports go to the same receiver."""
    return new_gateway(
        Account("shop", "shop", credit=Decimal(20), report_url=f"{receiver.url}/shop"),
        Account("demo", "demo", report_url=f"{receiver.url}/demo"),
    )


def test_it_is_as_it_was_configured(new_gateway: NewGateway) -> None:
    gateway = new_gateway(SHOP)
    send(gateway, user_id="shop")
    gateway.update_account("shop", password="new", international=True, failed_logins=11)
    assert gateway.reset_account("shop") == gateway.account("shop") == SHOP
    assert login(gateway, "shop")


def test_one_that_was_added_is_as_it_was_added(gateway: Gateway) -> None:
    gateway.add_account(SHOP)
    gateway.update_account("shop", credit=0)
    assert gateway.reset_account("shop") == SHOP
    gateway.reset()
    with pytest.raises(NotFound):
        gateway.reset_account("shop")


def test_its_sessions_and_tokens_end_and_nobody_elses(shared: Gateway) -> None:
    """A5, H7."""
    shop, demo = login(shared, "shop"), login(shared, "demo")
    shared.platform.open_token(Login("shop", "shop"))
    shared.reset_account("shop")
    assert (shared.sessions("shop"), shared.sessions("demo")) == (0, 1)
    with pytest.raises(PlatformError, match="-301"):
        shared.platform.credit(shop)
    assert shared.platform.credit(demo) == 1000


def test_its_messages_and_bookings_are_gone(shared: Gateway, receiver: Receiver) -> None:
    receiver.respond = lambda request: status(500)
    send(shared, user_id="shop")
    shared.clock.advance(seconds=1)  # its report is to be tried again
    assert len(receiver.requests) == 1
    send(shared, "0912345678,12", user_id="shop")  # to be delivered, and to be reported
    send(shared, send_time="20400301130000", user_id="shop")
    shared.platform.send_param_sms(
        login(shared, "shop"), "", [Recipient("0912345678", "a", email="a@example.com")], ""
    )
    epoch = shared.epoch
    shared.reset_account("shop")
    assert shared.messages() == []
    assert shared.batches() == []
    assert shared.reports() == []
    assert shared.emails() == []
    assert shared.clock.next_due is None
    assert shared.epoch > epoch  # whoever follows the messages has to begin anew
    shared.clock.advance(days=30)
    assert len(receiver.requests) == 1
    assert shared.account("shop").credit == 20


def test_the_others_do_not_notice(shared: Gateway, receiver: Receiver) -> None:
    send(shared, user_id="shop")
    delivered = send(shared)
    booked = send(shared, send_time="20400301130000")
    shared.set_outcome("0922333444", 103)
    shared.reset_account("shop")
    assert shared.clock.now == NOON
    assert [message.user_id for message in shared.messages()] == ["demo", "demo"]
    assert shared.messages(to="0912345678") == shared.messages(user_id="demo")
    assert [outcome.status for outcome in shared.outcomes()] == [103]
    shared.clock.advance(hours=1, seconds=1)
    assert statuses(shared, delivered) == statuses(shared, booked) == [Status.DELIVERED]
    assert all(request.path.endswith("/demo") for request in receiver.requests)
    assert len(receiver.requests) == 2
    assert shared.account("demo").credit == 998


def test_it_goes_on_with_later_message_ids(shared: Gateway) -> None:
    """A client that polls for messages after an ID misses none."""
    send(shared, user_id="shop")
    shared.reset_account("shop")
    again = send(shared, user_id="shop")
    assert again.credit == 19
    assert [message.id for message in sent(shared, again)] == [2]


@pytest.mark.usefixtures("impatient")
def test_a_report_that_is_under_way_leaves_no_trace(shared: Gateway, receiver: Receiver) -> None:
    hang = receiver.hang()
    receiver.respond = lambda request: hang if request.path.endswith("/shop") else OK
    send(shared, user_id="shop")
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(shared.clock.advance, seconds=5)
        hang.wait_until_reached()
        shared.reset_account("shop")
        hang.release()
        assert moving.result(DEADLINE) == NOON + timedelta(seconds=5)
    wait_for(lambda: not threads("fake-every8d-report"))
    assert shared.reports() == []


def test_very_many_messages_are_forgotten_wherever_they_are_found(new_gateway: NewGateway) -> None:
    gateway = new_gateway(SHOP, Account("demo", "demo"))
    gateway.update_account("shop", credit=10_000)
    send(
        gateway,
        ",".join(f"09{number:08}" for number in range(10_000_000, 10_006_000)),
        user_id="shop",
    )
    kept = send(gateway, "0910000000")
    gateway.reset_account("shop")
    assert gateway.message_count == 1
    assert gateway.messages(to="0910000000") == sent(gateway, kept)
    assert gateway.messages(to="0910005999") == []


def test_one_that_is_not_there(gateway: Gateway) -> None:
    with pytest.raises(NotFound) as refusal:
        gateway.reset_account("shop")
    assert (refusal.value.field, refusal.value.reason) == ("user_id", "unknown")
