"""Delivery: clauses D. It is 2040-03-01 12:00:00 in Taipei."""

from datetime import datetime, timedelta

import pytest

from fake_every8d.gateway import (
    TAIPEI,
    Account,
    Edition,
    Gateway,
    InvalidInput,
    NotFound,
    Recipient,
    Status,
)
from tests.gateway.calls import PHONE, login, send, send_param, sent, statuses
from tests.gateway.conftest import NewGateway

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
FINAL = {-4, -3, *range(100, 108), 301, 303, 500, 888}


def test_d1_the_statuses_are_the_documents() -> None:
    of_2016 = {status for status in Status if status.is_of(Edition.OF_2016)}
    assert of_2016 == FINAL | {0, 300, 999}
    assert {status for status in of_2016 if status.final} == FINAL
    assert Status(107).term == "逾時收訊"
    assert all(status.term for status in Status)


def test_d1_every_status_of_the_document_can_be_reached(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo"), Account("test", "test", test_mode=True))
    gateway.update_account("demo", credit=11)
    for number in range(100, 108):
        send(gateway, f"0900000{number}")
    send(gateway, "0900000000,+14155550100,12")
    erased = send(gateway, send_time="20400301130000")
    gateway.platform.erase_booking(login(gateway), erased.batch_id)
    send(gateway, send_time="20400302130000")
    send(gateway, content="a" * 71)
    send(gateway, send_time="20000101000000")
    send(gateway, user_id="test")
    gateway.clock.advance(hours=2)
    reached = {message.status.value for message in gateway.messages()}
    assert reached == FINAL | {0, 300}


def test_d2_a_message_is_delivered_a_second_after_it_was_sent(gateway: Gateway) -> None:
    receipt = send(gateway)
    gateway.clock.advance(seconds=0.999999)
    (message,) = sent(gateway, receipt)
    assert (message.status, message.sent_at, message.finished_at) == (Status.SENT, NOON, None)
    gateway.clock.advance(microseconds=1)
    (message,) = sent(gateway, receipt)
    assert (message.status, message.sent_at) == (Status.DELIVERED, NOON)
    assert message.finished_at == NOON + timedelta(seconds=1)


def test_d2_delivery_takes_as_long_as_it_is_set_to(new_gateway: NewGateway) -> None:
    gateway = new_gateway(delivery_seconds=90)
    receipt = send(gateway)
    gateway.clock.advance(seconds=89)
    assert statuses(gateway, receipt) == [Status.SENT]
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [Status.DELIVERED]


@pytest.mark.parametrize("to", ["0912345678", "+886912345678"])
def test_d2_an_outcome_can_be_set_for_a_number(gateway: Gateway, to: str) -> None:
    outcome = gateway.set_outcome(to, Status.TIMED_OUT, after_seconds=30)
    assert gateway.outcomes() == [outcome]
    assert (outcome.to, outcome.status, outcome.after_seconds) == ("+886912345678", 107, 30)
    receipt = send(gateway, "0912345678,0922333444")
    gateway.clock.advance(seconds=29)
    assert statuses(gateway, receipt) == [Status.SENT, Status.DELIVERED]
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [Status.TIMED_OUT, Status.DELIVERED]


def test_d2_an_outcome_counts_from_when_a_message_is_sent(gateway: Gateway) -> None:
    """Not for one that is already under way, but for a booking that goes out later."""
    under_way = send(gateway)
    booked = send(gateway, send_time="20400301130000")
    gateway.set_outcome(PHONE, 103)
    gateway.clock.advance(hours=1, seconds=1)
    assert statuses(gateway, under_way) == [Status.DELIVERED]
    assert statuses(gateway, booked) == [Status.NO_SUCH_NUMBER]


def test_d2_the_last_outcome_set_wins_until_it_is_cleared(gateway: Gateway) -> None:
    gateway.set_outcome(PHONE, 103)
    gateway.set_outcome(PHONE, 0)
    gateway.set_outcome("0922333444", 101)
    gateway.set_outcome("0900000103", 100)  # wins over the magic number
    first = send(gateway, "0912345678,0922333444,0900000103")
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, first) == [0, 101, 100]
    gateway.clear_outcomes("+886912345678")
    assert [outcome.to for outcome in gateway.outcomes()] == ["+886922333444", "+886900000103"]
    with pytest.raises(NotFound, match="'nobody' is not a phone number"):
        gateway.clear_outcomes("nobody")
    gateway.clear_outcomes()
    second = send(gateway, "0912345678,0922333444,0900000103")
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, second) == [100, 100, 103]
    assert statuses(gateway, first) == [0, 101, 100]


@pytest.mark.parametrize(
    ("to", "status", "after_seconds"),
    [
        ("12", 100, None),
        ("", 100, None),
        (PHONE, 300, None),
        (PHONE, 303, None),
        (PHONE, 888, None),
        (PHONE, 999, None),
        (PHONE, -10, None),
        (PHONE, 108, None),
        (PHONE, 100, -1),
        (PHONE, 100, float("nan")),
        (PHONE, 100, float("inf")),
        (PHONE, 100, 1e12),  # the clock ends before that
    ],
)
def test_d2_an_outcome_that_makes_no_sense_is_refused(
    gateway: Gateway, to: str, status: int, after_seconds: float | None
) -> None:
    with pytest.raises(InvalidInput):
        gateway.set_outcome(to, status, after_seconds)
    assert gateway.outcomes() == []


@pytest.mark.parametrize("status", range(100, 108))
@pytest.mark.parametrize("prefix", ["0", "+886"])
def test_d3_magic_numbers_end_in_their_status(gateway: Gateway, prefix: str, status: int) -> None:
    receipt = send(gateway, f"{prefix}900000{status}")
    assert statuses(gateway, receipt) == [Status.SENT]
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [status]


def test_d3_one_magic_number_stays_at_0_for_ever(gateway: Gateway) -> None:
    receipt = send(gateway, "0900000000")
    gateway.clock.advance(days=3650)
    assert statuses(gateway, receipt) == [Status.SENT]


def test_d3_one_magic_number_replies_by_itself(gateway: Gateway) -> None:
    receipt = send(gateway, f"0900000999,{PHONE}")
    gateway.clock.advance(seconds=1.999)
    assert statuses(gateway, receipt) == [100, 100]
    assert sent(gateway, receipt)[0].replies == ()
    gateway.clock.advance(seconds=0.001)
    replying, other = sent(gateway, receipt)
    assert [(reply.text, reply.at) for reply in replying.replies] == [
        ("收到", NOON + timedelta(seconds=2))
    ]
    gateway.clock.advance(days=1)
    assert sent(gateway, receipt) == [replying, other]
    assert other.replies == ()


def test_d3_undelivered_message_gets_no_automatic_reply(gateway: Gateway) -> None:
    gateway.set_outcome("0900000999", 103)
    receipt = send(gateway, "0900000999")
    gateway.clock.advance(days=1)
    assert [(sms.status, sms.replies) for sms in sent(gateway, receipt)] == [(103, ())]


def test_d3_the_numbers_next_to_them_are_not_magic(gateway: Gateway) -> None:
    receipt = send(gateway, "0900000099,0900000108,0900000001")
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [100, 100, 100]


def test_a_tests_own_decision_comes_at_once_and_is_final(gateway: Gateway) -> None:
    receipt = send(gateway, f"{PHONE},{PHONE}")
    first, second = sent(gateway, receipt)
    decided = gateway.set_status(first.id, 105)
    assert (decided.status, decided.finished_at) == (Status.CARRIER_FAILURE_105, NOON)
    gateway.clock.advance(days=1)
    assert statuses(gateway, receipt) == [105, 100]
    for message in (first, second):
        with pytest.raises(InvalidInput, match=f"message {message.id}"):
            gateway.set_status(message.id, 100)
    assert statuses(gateway, receipt) == [105, 100]


@pytest.mark.parametrize("status", [0, 300, 303, 700, 888, 999, -7, -10, 12345, Status.BOOKED])
def test_d2_sent_message_can_reach_only_outcomes(gateway: Gateway, status: int) -> None:
    (message,) = sent(gateway, send(gateway))
    with pytest.raises(InvalidInput, match=f"cannot come to {int(status)}: one at 0 .* 100–107"):
        gateway.set_status(message.id, status)
    assert gateway.message(message.id) == message


@pytest.mark.parametrize("status", [0, 100, 300, 888])
def test_a_booked_message_comes_to_303_only(gateway: Gateway, status: int) -> None:
    (message,) = sent(gateway, send(gateway, send_time="20400301130000"))
    with pytest.raises(InvalidInput, match="303"):
        gateway.set_status(message.id, status)
    assert gateway.message(message.id) == message
    cancelled = gateway.set_status(message.id, 303)
    assert (cancelled.status, cancelled.cost) == (Status.CANCELLED, 0)
    assert gateway.account("demo").credit == 1000


def test_an_unknown_message_has_no_status(gateway: Gateway) -> None:
    for ask in (gateway.message, lambda id: gateway.set_status(id, 100)):
        with pytest.raises(NotFound, match="7"):
            ask(7)


def test_d4_the_log_is_in_the_order_sent(gateway: Gateway) -> None:
    receipt = send_param(
        gateway,
        Recipient("+886912345678", "a" * 71, "Roger", send_time="20400301130000"),
        Recipient("12", "b", "Nobody"),
        Recipient("+886922333444", "c"),
    )
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, "1")
    assert log.count == 3
    assert [
        (message.name, message.to, message.booked_for or message.accepted_at, message.cost)
        for message in log.messages
    ] == [
        ("Roger", "+886912345678", NOON + timedelta(hours=1), 2),
        ("Nobody", "12", NOON, 0),
        ("", "+886922333444", NOON, 1),
    ]


def test_d4_a_page_has_1000_records(new_gateway: NewGateway) -> None:
    gateway = new_gateway()
    gateway.update_account("demo", credit=5000)
    receipt = send(gateway, ",".join(f"09{number:08}" for number in range(1, 2002)))
    key = login(gateway)
    pages = [
        gateway.platform.delivery_log(key, receipt.batch_id, str(page)) for page in (1, 2, 3, 4)
    ]
    assert [log.count for log in pages] == [2001] * 4
    assert [len(log.messages) for log in pages] == [1000, 1000, 1, 0]
    edges = [(log.messages[0].record_number, log.messages[-1].record_number) for log in pages[:3]]
    assert edges == [("1", "1000"), ("1001", "2000"), ("2001", "2001")]
    assert gateway.platform.delivery_log(key, receipt.batch_id, "") == pages[0]


@pytest.mark.parametrize("page_no", ["0", "-1", "1.0", "1.5", "x", " ", "１", "1 2", "00"])
def test_d5_invalid_page_is_empty(gateway: Gateway, page_no: str) -> None:
    receipt = send(gateway)
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, page_no)
    assert (log.count, log.messages) == (0, [])


@pytest.mark.parametrize("page_no", ["2", "1000000000", "1" + "0" * 30])
def test_d5_a_page_past_the_end_is_empty_but_counts(gateway: Gateway, page_no: str) -> None:
    receipt = send(gateway)
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, page_no)
    assert (log.count, log.messages) == (1, [])


@pytest.mark.parametrize("batch_id", ["", "220478cc-8506-49b2-93b7-2505f651c12e", "x"])
def test_d5_an_unknown_batch_has_no_records(gateway: Gateway, batch_id: str) -> None:
    log = gateway.platform.delivery_log(login(gateway), batch_id, "1")
    assert (log.count, log.messages) == (0, [])


def test_d4_a_reply_is_in_the_log(gateway: Gateway) -> None:
    receipt = send(gateway)
    gateway.clock.advance(minutes=1)
    (message,) = sent(gateway, receipt)
    gateway.reply(message, "好 ]]> <ok>")
    gateway.clock.advance(minutes=1)
    answered = gateway.reply(message.id, "再見 😀\r\n\t")
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, "1")
    assert log.messages == [answered]
    assert [(reply.text, reply.at) for reply in answered.replies] == [
        ("好 ]]> <ok>", NOON + timedelta(minutes=1)),
        ("再見 😀\r\n\t", NOON + timedelta(minutes=2)),
    ]


@pytest.mark.parametrize("number", ["0912345678", "+886912345678"])
def test_d4_a_phone_replies_to_the_newest_message_that_it_got(
    gateway: Gateway, number: str
) -> None:
    send(gateway)
    newest = send(gateway)
    send(gateway, "0922333444")
    send(gateway, send_time="20400301130000")
    gateway.clock.advance(seconds=1)
    answered = gateway.reply(number, "ok")
    assert answered.batch_id == newest.batch_id
    gateway.clock.advance(hours=1, seconds=1)
    later = gateway.reply(number, "ok")
    assert later.booked_for == NOON + timedelta(hours=1)


def test_d4_a_phone_that_replies_has_the_message(gateway: Gateway) -> None:
    receipt = send(gateway, "0900000000")
    answered = gateway.reply("0900000000", "got it")
    assert (answered.status, answered.finished_at) == (Status.DELIVERED, NOON)
    gateway.clock.advance(days=1)
    assert sent(gateway, receipt) == [answered]


def test_d4_phone_without_the_message_cannot_reply(gateway: Gateway) -> None:
    booked = sent(gateway, send(gateway, send_time="20400301130000"))
    refused = sent(gateway, send(gateway, "12"))
    failed = sent(gateway, send(gateway, "0900000101"))
    gateway.clock.advance(seconds=1)
    for message in (*booked, *refused, *failed):
        with pytest.raises(InvalidInput):
            gateway.reply(message.id, "hello?")
        with pytest.raises(NotFound):
            gateway.reply(message.to, "hello?")
        assert gateway.message(message.id).replies == ()
    with pytest.raises(
        NotFound, match=r"no message has reached 12, so .*; 1 to it did not get there$"
    ):
        gateway.reply("12", "hello?")
    with pytest.raises(
        NotFound, match=r"no message has reached \+886933333333, so .* reply to one$"
    ):
        gateway.reply("0933333333", "hello?")
    for unknown in (4711, "nobody"):
        with pytest.raises(NotFound):
            gateway.reply(unknown, "hello?")


@pytest.mark.parametrize("text", ["\x00", "a\x0bb", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_d4_a_reply_that_xml_cannot_carry_is_refused(gateway: Gateway, text: str) -> None:
    (message,) = sent(gateway, send(gateway))
    with pytest.raises(InvalidInput, match="XML"):
        gateway.reply(message.id, text)
    assert gateway.message(message.id) == message


def test_d6_erasing_cancels_what_is_booked_and_gives_it_back(gateway: Gateway) -> None:
    receipt = send(gateway, "0912345678,0922333444", send_time="20400301130000")
    key = login(gateway)
    erased = gateway.platform.erase_booking(key, receipt.batch_id)
    assert erased is not None
    assert (erased.records, erased.points) == (2, 2)
    gateway.clock.advance(hours=2)
    messages = sent(gateway, receipt)
    assert [message.status for message in messages] == [Status.CANCELLED] * 2
    assert [(message.sent_at, message.finished_at) for message in messages] == [(None, NOON)] * 2
    assert gateway.platform.credit(key) == 1000


def test_d6_only_what_has_not_gone_out_yet(gateway: Gateway) -> None:
    receipt = send_param(
        gateway,
        Recipient("+886912000001", "a"),
        Recipient("+886912000002", "a", send_time="20400301130000"),
        Recipient("+886912000003", "a" * 71, send_time="20400301140000"),
        Recipient("+886912000004", "a" * 135, send_time="20400301150000"),
        Recipient("12", "a"),
    )
    assert receipt.credit == 1000 - (1 + 1 + 2 + 3)
    gateway.clock.advance(hours=1)
    key = login(gateway)
    erased = gateway.platform.erase_booking(key, receipt.batch_id)
    assert erased is not None
    assert (erased.records, erased.points) == (2, 5)
    assert statuses(gateway, receipt) == [100, 0, 303, 303, -3]
    gateway.clock.advance(days=1)
    messages = sent(gateway, receipt)
    assert [message.status for message in messages] == [100, 100, 303, 303, -3]
    assert [message.cost for message in messages] == [1, 1, 0, 0, 0]
    assert gateway.account("demo").credit == 998


def test_d6_there_is_nothing_to_cancel(gateway: Gateway) -> None:
    key = login(gateway)
    booked = send(gateway, send_time="20400301130000")
    assert gateway.platform.erase_booking(key, booked.batch_id) is not None
    assert gateway.platform.erase_booking(key, booked.batch_id) is None
    assert gateway.platform.erase_booking(key, send(gateway).batch_id) is None
    assert gateway.platform.erase_booking(key, "") is None
    assert gateway.platform.credit(key) == 999


def test_d6_each_is_charged_and_refunded_at_its_own_price(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", international=True))
    receipt = send_param(
        gateway,
        Recipient("+886912345678", "a" * 71),  # 2
        Recipient("0912345678", "a" * 71),  # 6 (N4)
        Recipient("+14155550100", "a" * 334),  # 18
        send_time="20400301130000",
    )
    erased = gateway.platform.erase_booking(login(gateway), receipt.batch_id)
    assert erased is not None
    assert (erased.records, erased.points) == (3, 26)
    assert gateway.account("demo").credit == 1000


def test_messages_are_found_by_all_that_is_given(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("a", "a"), Account("b", "b"))
    first = send(gateway, "0912345678,0922333444", "your code: 4711", user_id="a")
    send(gateway, "0912345678,12", "hello", user_id="b")

    def ids(**wanted: object) -> list[int]:
        return [message.id for message in gateway.messages(**wanted)]  # type: ignore[arg-type]

    assert ids() == [1, 2, 3, 4]
    assert ids(to="0912345678") == ids(to="+886912345678") == [1, 3]
    assert ids(user_id="b") == [3, 4]
    assert ids(batch_id=first.batch_id) == [1, 2]
    assert ids(status=-3) == ids(status=Status.INVALID_NUMBER) == [4]
    assert ids(text="code") == [1, 2]
    assert ids(after=2) == [3, 4]
    assert ids(limit=3) == [1, 2, 3]
    assert ids(to="0912345678", user_id="a", text="code", after=0, limit=1) == [1]
    assert ids(to="12") == [4]
    assert ids(to="0987654321") == []


def test_fields_of_a_message(gateway: Gateway) -> None:
    content = "訂單 10034 的驗證碼 48-3920，詳見 https://example.com/o/10034。"
    (message,) = sent(gateway, send(gateway, content=content))
    assert message.code == "483920"
    assert message.links == ("https://example.com/o/10034",)
    assert message.find(r"訂單 (\d+)") == "10034"
    assert message.find(r"example\.\w+") == "example.com"
    assert message.find("退訂") is None
