"""The 24-hour filter, parameter SMS, replies and what else the HTTP API asks: clauses H."""

from decimal import Decimal

import pytest

from fake_every8d.gateway import (
    Account,
    FilteredReceipt,
    Gateway,
    Login,
    PlatformError,
    Recipient,
    SentBefore,
    Status,
)
from tests.gateway.calls import PHONE, login, send, sent, statuses
from tests.gateway.conftest import NewGateway

DEMO = Login("demo", "demo")
OTHER = "0987654321"


def filtered(
    gateway: Gateway,
    mobile: str = PHONE,
    content: str = "hello",
    *,
    send: bool = True,
    caller: Login = DEMO,
) -> FilteredReceipt:
    return gateway.platform.send_filtered_sms(caller, "", content, mobile, "", send=send)


def test_h11_repeated_text_within_24_hours_is_filtered(gateway: Gateway) -> None:
    first = send(gateway)
    gateway.clock.advance(hours=24)
    result = filtered(gateway, f"{OTHER}, +886912345678 ,{OTHER}")
    assert result.left_out == (SentBefore("+886912345678", first.batch_id),)
    assert result.receipt is not None
    assert [message.to for message in sent(gateway, result.receipt)] == ["+886987654321"] * 2
    assert (result.receipt.credit, result.receipt.cost) == (Decimal(997), 2)


def test_h11_a_second_after_24_hours_it_is_sent_again(gateway: Gateway) -> None:
    send(gateway)
    gateway.clock.advance(hours=24, seconds=1)
    result = filtered(gateway)
    assert result.left_out == ()
    assert result.receipt is not None


def test_h11_the_latest_batch_is_the_one_that_is_told(gateway: Gateway) -> None:
    send(gateway)
    second = send(gateway)
    assert filtered(gateway).left_out == (SentBefore(PHONE, second.batch_id),)


def test_h11_another_text_number_or_account_is_not_the_same(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo"), Account("shop", "shop"))
    send(gateway, content="Hello")
    send(gateway, OTHER)
    send(gateway, user_id="shop")
    assert filtered(gateway).left_out == ()


def test_h11_unsent_message_does_not_count(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal(2)))
    booked = send(gateway, send_time="20400302120000")
    gateway.platform.erase_booking(DEMO, booked.batch_id)
    send(gateway, send_time="20400302120000")  # still to come
    send(gateway, f"{OTHER},{PHONE}")  # the second has no credit
    assert filtered(gateway, PHONE, send=False).left_out == ()
    assert [before.mobile for before in filtered(gateway, OTHER, send=False).left_out] == [OTHER]


def test_h11_a_booking_counts_from_when_it_went_out(gateway: Gateway) -> None:
    booked = send(gateway, send_time="20400302120000")
    gateway.clock.advance(hours=47)
    assert filtered(gateway).left_out == (SentBefore(PHONE, booked.batch_id),)


def test_h11_nothing_is_sent_if_nobody_is_left(gateway: Gateway) -> None:
    send(gateway, f"{PHONE},{OTHER}")
    result = filtered(gateway, f"{PHONE},{OTHER},{PHONE}")
    assert result.receipt is None
    assert [before.mobile for before in result.left_out] == [PHONE, OTHER, PHONE]
    assert gateway.platform.credit(DEMO) == 998
    assert len(gateway.messages()) == 2


def test_h11_it_tells_without_sending(gateway: Gateway) -> None:
    first = send(gateway)
    result = filtered(gateway, f"{PHONE},{OTHER}", send=False)
    assert result == FilteredReceipt(None, (SentBefore(PHONE, first.batch_id),))
    assert len(gateway.messages()) == 1


@pytest.mark.parametrize(
    ("content", "mobile", "code"), [("", PHONE, -24), ("hello", " , ", -41), ("", "", -41)]
)
def test_h10_the_filter_refuses_what_sending_refuses(
    gateway: Gateway, content: str, mobile: str, code: int
) -> None:
    with pytest.raises(PlatformError) as failure:
        filtered(gateway, mobile, content)
    assert failure.value.code == code


@pytest.mark.parametrize(("length", "points"), [(53, 1), (54, 2), (316, 5), (317, 6)])
def test_h8_an_event_id_adds_17_characters_to_what_is_billed(
    gateway: Gateway, length: int, points: int
) -> None:
    receipt = gateway.platform.send_sms(
        DEMO, "", "字" * length, PHONE, "", event_id="-1", retry_time="30"
    )
    assert receipt.cost == points
    (message,) = sent(gateway, receipt)
    assert message.text == "字" * length
    assert message.pieces == (2 if length == 317 else 1)
    assert (message.event_id, message.retry_time) == ("-1", "30")


def test_h12_a_number_is_billed_as_what_it_is(gateway: Gateway) -> None:
    recipients = [Recipient("0912345678", "a"), Recipient("+886987654321", "b")]
    receipt = gateway.platform.send_param(DEMO, "", recipients)
    assert (receipt.cost, receipt.advice) == (2, ())


def test_h10_a_send_time_that_is_none_refuses_the_call(gateway: Gateway) -> None:
    recipients = [Recipient(PHONE, "a"), Recipient(OTHER, "b", send_time="20401301000000")]
    with pytest.raises(PlatformError, match="-28"):
        gateway.platform.send_param(DEMO, "", recipients)
    assert gateway.messages() == []


def test_h10_a_send_time_long_gone_is_the_recipients_own_status(gateway: Gateway) -> None:
    recipients = [Recipient(PHONE, "a"), Recipient(OTHER, "b", send_time="20400228120000")]
    receipt = gateway.platform.send_param(DEMO, "", recipients)
    assert statuses(gateway, receipt) == [Status.SENT, Status.INVALID_SEND_TIME]


def test_h15_replies_come_in_the_order_in_which_they_were_given(gateway: Gateway) -> None:
    receipt = send(gateway, f"{PHONE},{OTHER}")
    gateway.reply(OTHER, "one")
    gateway.clock.advance(seconds=1)
    gateway.reply(PHONE, "two")
    gateway.clock.advance(seconds=1)
    gateway.reply(OTHER, "three")
    page = gateway.platform.replies(login(gateway), receipt.batch_id, "")
    assert page.count == 3
    assert [(message.to, reply.text) for message, reply in page.replies] == [
        ("+886987654321", "one"),
        ("+886912345678", "two"),
        ("+886987654321", "three"),
    ]


@pytest.mark.parametrize(
    ("edition", "page_no", "texts"),
    [
        ("2016", "1", range(10)),
        ("2021", "", range(10)),
        ("2021", "2", range(10, 12)),
        ("2021", "3", range(0)),
        ("2025", "1", range(12)),
        ("2025", "2", range(0)),
    ],
)
def test_e1_replies_on_a_page(
    new_gateway: NewGateway, edition: str, page_no: str, texts: range
) -> None:
    gateway = new_gateway(edition=edition)
    receipt = send(gateway)
    for number in range(12):
        gateway.reply(PHONE, str(number))
    page = gateway.platform.replies(DEMO, receipt.batch_id, page_no)
    assert page.count == 12
    assert [reply.text for _, reply in page.replies] == [str(number) for number in texts]


@pytest.mark.parametrize(
    ("batch_id", "page_no"), [("", ""), ("unknown", "1"), (None, "0"), (None, "-1"), (None, "x")]
)
def test_h15_unknown_batch_has_no_replies(
    gateway: Gateway, batch_id: str | None, page_no: str
) -> None:
    receipt = send(gateway)
    gateway.reply(PHONE, "yes")
    page = gateway.platform.replies(
        DEMO, receipt.batch_id if batch_id is None else batch_id, page_no
    )
    assert (page.count, page.replies) == (0, [])


def test_a7_replies_to_another_accounts_batch_are_not_there(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo"), Account("shop", "shop"))
    receipt = send(gateway)
    gateway.reply(PHONE, "yes")
    assert gateway.platform.replies(Login("shop", "shop"), receipt.batch_id, "").count == 0
