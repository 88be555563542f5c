"""Accepted recipients: clauses S and N4. It is 2040-03-01 12:00:00 in Taipei."""

import re
from datetime import datetime
from decimal import Decimal

import pytest

from fake_every8d.gateway import TAIPEI, Account, Gateway, PlatformError, Recipient, Status
from tests.gateway.calls import PHONE, login, send, send_param, sent, statuses
from tests.gateway.conftest import NewGateway

GUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def test_s1_a_send_returns_five_values(gateway: Gateway) -> None:
    receipt = send(gateway, "0912345678,0922333444", "a" * 71)
    assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (996, 2, 4, 0)
    assert GUID.fullmatch(receipt.batch_id)
    assert receipt.advice == ()
    assert send(gateway).batch_id != receipt.batch_id


def test_s2_every_recipient_is_a_record(
    new_gateway: NewGateway,
) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal(3)))
    receipt = send_param(
        gateway,
        Recipient("+886912000001", "a"),  # sent: 1 of 3
        Recipient("nobody", "a"),  # no number
        Recipient("+886912000003", "a", send_time="20400301130000"),  # booked: 1 of 2
        Recipient("+886912000004", "a", send_time="20400228000000"),  # long gone
        Recipient("+14155550100", "a"),  # abroad
        Recipient("+886912000006", "a" * 71),  # 2 of 1: too dear
        Recipient("+886912000007", ""),  # no content
        Recipient("+886912000008", "a"),  # sent: 1 of 1
    )
    assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (0, 3, 3, 1)
    messages = sent(gateway, receipt)
    assert [message.status for message in messages] == [0, -3, 300, -4, 500, 301, -3, 0]
    assert [message.cost for message in messages] == [1, 0, 1, 0, 0, 0, 0, 1]
    assert gateway.platform.delivery_log(login(gateway), receipt.batch_id, "").count == 8


def test_s2_a_batch_of_refused_recipients_is_a_batch(gateway: Gateway) -> None:
    receipt = send(gateway, "12,+14155550100")
    assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (1000, 0, 0, 0)
    assert statuses(gateway, receipt) == [-3, 500]


@pytest.mark.parametrize(
    ("content", "mobile", "line"),
    [
        ("", PHONE, "-24, The content is empty."),
        ("hello", "", "-41, no mobile."),
        ("hello", " , ,", "-41, no mobile."),
        ("", "", "-24, The content is empty."),
    ],
)
def test_s3_nothing_to_say_and_nobody_to_say_it_to(
    gateway: Gateway, content: str, mobile: str, line: str
) -> None:
    with pytest.raises(PlatformError) as failure:
        send(gateway, mobile, content)
    assert str(failure.value) == line
    assert gateway.messages() == []
    assert gateway.account("demo").credit == 1000


def test_s3_blanks_are_content(gateway: Gateway) -> None:
    assert statuses(gateway, send(gateway, content=" ")) == [Status.SENT]


def test_s4_sending_abroad_is_off_until_it_is_switched_on(gateway: Gateway) -> None:
    receipt = send(gateway, "+14155550100,0912345678")
    assert (receipt.accepted, receipt.cost) == (1, 1)
    assert statuses(gateway, receipt) == [Status.INTERNATIONAL_DISABLED, Status.SENT]
    gateway.update_account("demo", international=True)
    receipt = send(gateway, "+14155550100,0912345678")
    assert (receipt.accepted, receipt.cost) == (2, 4)
    assert statuses(gateway, receipt) == [Status.SENT, Status.SENT]


@pytest.mark.parametrize(
    ("send_time", "status"),
    [
        ("", Status.SENT),
        ("20400301120000", Status.SENT),  # now
        ("20400301115959", Status.SENT),
        ("20400301000000", Status.SENT),
        ("20400229120000", Status.SENT),  # gone by 24 hours exactly; 2040 is a leap year
        ("20400229115959", Status.INVALID_SEND_TIME),  # a second more
        ("20390301120000", Status.INVALID_SEND_TIME),
        ("19700101000000", Status.INVALID_SEND_TIME),
        ("00010101000000", Status.INVALID_SEND_TIME),
        ("20400301120001", Status.BOOKED),
        ("20440229235959", Status.BOOKED),
        ("99991231235959", Status.BOOKED),
        ("20400230120000", Status.INVALID_SEND_TIME),  # 30 February
        ("20410229120000", Status.INVALID_SEND_TIME),  # 2041 is no leap year
        ("20400301240000", Status.INVALID_SEND_TIME),
        ("20400301126000", Status.INVALID_SEND_TIME),
        ("20400301120060", Status.INVALID_SEND_TIME),
        ("20401301120000", Status.INVALID_SEND_TIME),
        ("20400001120000", Status.INVALID_SEND_TIME),
        ("00000101000000", Status.INVALID_SEND_TIME),
        ("00000000000000", Status.INVALID_SEND_TIME),
        ("2040030112000", Status.INVALID_SEND_TIME),  # 13 digits
        ("204003011200000", Status.INVALID_SEND_TIME),  # 15
        ("204003011200", Status.INVALID_SEND_TIME),
        ("2040/03/01 13:00:00", Status.INVALID_SEND_TIME),
        ("2040-03-01T13:00", Status.INVALID_SEND_TIME),
        ("２０４００３０１１３００００", Status.INVALID_SEND_TIME),  # full-width digits
        (" 20400301130000", Status.INVALID_SEND_TIME),
        ("20400301130000\n", Status.INVALID_SEND_TIME),
        ("2040030113000x", Status.INVALID_SEND_TIME),
        ("+2040030113000", Status.INVALID_SEND_TIME),
        (" ", Status.INVALID_SEND_TIME),
        ("tomorrow", Status.INVALID_SEND_TIME),
    ],
)
def test_s5_send_times(gateway: Gateway, send_time: str, status: Status) -> None:
    receipt = send(gateway, send_time=send_time)
    refused = status is Status.INVALID_SEND_TIME
    assert statuses(gateway, receipt) == [status]
    assert (receipt.accepted, receipt.cost) == ((0, 0) if refused else (1, 1))
    assert receipt.credit == (1000 if refused else 999)
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, "1")
    assert [message.status for message in log.messages] == [status]


def test_s5_24_hours_are_counted_to_the_microsecond(gateway: Gateway) -> None:
    gateway.clock.advance(microseconds=1)
    assert statuses(gateway, send(gateway, send_time="20400229120000")) == [-4]
    assert statuses(gateway, send(gateway, send_time="20400229120001")) == [0]


def test_s5_a_booking_goes_out_at_its_time(gateway: Gateway) -> None:
    receipt = send(gateway, send_time="20400302093000")
    (message,) = sent(gateway, receipt)
    time_booked = datetime(2040, 3, 2, 9, 30, tzinfo=TAIPEI)
    assert (message.booked_for, message.sent_at) == (time_booked, None)
    gateway.clock.travel_to(datetime(2040, 3, 2, 9, 29, 59, 999999, tzinfo=TAIPEI))
    assert statuses(gateway, receipt) == [Status.BOOKED]
    gateway.clock.advance(microseconds=1)
    assert statuses(gateway, receipt) == [Status.SENT]
    gateway.clock.advance(seconds=1)
    (message,) = sent(gateway, receipt)
    assert (message.status, message.sent_at) == (Status.DELIVERED, time_booked)


def test_s5_a_time_gone_by_means_now(gateway: Gateway) -> None:
    (message,) = sent(gateway, send(gateway, send_time="20400301080000"))
    assert message.sent_at == datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
    assert message.booked_for is None


def test_s6_a_recipients_own_send_time_wins(gateway: Gateway) -> None:
    receipt = send_param(
        gateway,
        Recipient("+886912000001", "a", send_time="20400301150000"),
        Recipient("+886912000002", "a"),
        Recipient("+886912000003", "a", send_time="20400301110000"),
        Recipient("+886912000004", "a", send_time="soon"),
        send_time="20400301140000",
    )
    assert [(message.status, message.booked_for) for message in sent(gateway, receipt)] == [
        (300, datetime(2040, 3, 1, 15, tzinfo=TAIPEI)),
        (300, datetime(2040, 3, 1, 14, tzinfo=TAIPEI)),
        (0, None),
        (-4, None),
    ]
    assert (receipt.accepted, receipt.cost) == (3, 3)


def test_s6_send_time_of_a_recipient_wins_over_a_bad_one_of_the_call(gateway: Gateway) -> None:
    recipients = [Recipient("+886912000001", "a", send_time="20400301150000"), Recipient(PHONE, "")]
    receipt = send_param(gateway, *recipients, send_time="soon")
    assert statuses(gateway, receipt)[0] == Status.BOOKED


def test_s6_nobody_and_nothing(gateway: Gateway) -> None:
    with pytest.raises(PlatformError) as nobody:
        send_param(gateway)
    assert str(nobody.value) == "-41, no mobile."
    with pytest.raises(PlatformError) as nothing:
        send_param(gateway, Recipient("+886912345678", ""), Recipient("+886922333444", ""))
    assert str(nothing.value) == "-24, The content is empty."
    assert gateway.messages() == []


def test_s6_a_recipient_without_content_or_mobile_is_refused(gateway: Gateway) -> None:
    receipt = send_param(
        gateway, Recipient("+886912345678", ""), Recipient("", "a"), Recipient("+886922333444", "a")
    )
    assert statuses(gateway, receipt) == [-3, -3, 0]
    assert (receipt.accepted, receipt.cost) == (1, 1)
    assert len(receipt.advice) == 2


def test_s7_a_name_appears_in_the_delivery_log_up_to_50_characters(gateway: Gateway) -> None:
    names = ["", "王小明 <VIP>", "名" * 50, "名" * 51, "名" * 49 + "😀", "😀" * 25]
    receipt = send_param(gateway, *(Recipient("+886912345678", "a", name=name) for name in names))
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, "1")
    assert [message.name for message in log.messages] == [
        "", "王小明 <VIP>", "名" * 50, "名" * 50, "名" * 49, "😀" * 25,
    ]  # fmt: skip
    assert len(receipt.advice) == 1


def test_s8_test_mode_accepts_everything_and_charges_nothing(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal(1), test_mode=True))
    receipt = send_param(
        gateway,
        Recipient("+886912345678", "a" * 333),
        Recipient("12", "a"),
        Recipient("+14155550100", "a"),
        Recipient("+886912345678", "a", send_time="20400301130000"),
        Recipient("+886912345678", "a", send_time="never"),
    )
    assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (1, 5, 0, 0)
    assert statuses(gateway, receipt) == [888] * 5
    gateway.clock.advance(days=1)
    messages = sent(gateway, receipt)
    assert [message.status for message in messages] == [888] * 5
    assert [(message.cost, message.sent_at) for message in messages] == [(0, None)] * 5
    assert gateway.account("demo").credit == 1


def test_s8_nothing_can_be_erased_in_test_mode(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", test_mode=True))
    receipt = send(gateway, send_time="20400301130000")
    assert gateway.platform.erase_booking(login(gateway), receipt.batch_id) is None


def test_s9_the_record_number_is_the_senders_or_the_place(gateway: Gateway) -> None:
    receipt = send_param(
        gateway,
        Recipient("+886912345678", "a"),
        Recipient("+886912345678", "a", record_number="訂單 7"),
        Recipient("12", "a"),
        Recipient("+886912345678", "a", record_number="1"),
        Recipient("+886912345678", "a"),
    )
    numbers = [message.record_number for message in sent(gateway, receipt)]
    assert numbers == ["1", "訂單 7", "3", "1", "5"]


def test_n4_domestic_number_without_886_costs_three_times(
    gateway: Gateway,
) -> None:
    receipt = send_param(
        gateway, Recipient("0912345678", "a" * 71), Recipient("+886912345678", "a" * 71)
    )
    first, second = sent(gateway, receipt)
    assert (first.cost, second.cost, receipt.cost) == (6, 2, 8)
    assert (first.to, first.pieces, first.status) == ("+886912345678", 1, Status.SENT)
    (advice,) = receipt.advice
    assert "0912345678" in advice
    assert "+886" in advice


def test_n4_not_in_send_sms(gateway: Gateway) -> None:
    receipt = send(gateway, "0912345678,+886912345678", "a" * 71)
    assert [message.cost for message in sent(gateway, receipt)] == [2, 2]
    assert receipt.advice == ()


def test_n4_domestic_number_is_billed_but_not_sent_as_foreign(gateway: Gateway) -> None:
    receipt = send_param(gateway, Recipient(" 0912345678 ", "a" * 333))
    (message,) = sent(gateway, receipt)
    assert (message.status, message.cost, message.pieces) == (Status.SENT, 15, 1)


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        (Recipient("0223456789", "a"), "0223456789"),
        (Recipient("+14155550100", "a"), "+14155550100"),
        (Recipient("+886912345678", "a", send_time="20400230120000"), "20400230120000"),
        (Recipient("+886912345678", "a" * 40_000), "40000"),
        (Recipient("+886912345678", "a" * 333_000), "+886912345678"),
    ],
)
def test_surprising_results_have_advice(gateway: Gateway, recipient: Recipient, words: str) -> None:
    receipt = send_param(gateway, recipient)
    assert any(words in sentence for sentence in receipt.advice)


def test_advice_about_a_thousand_numbers_is_one_sentence(gateway: Gateway) -> None:
    receipt = send(gateway, ",".join(["12"] * 1000))
    (sentence,) = receipt.advice
    assert "12, … (+995)." in sentence
