"""The kept messages, and for how long. It is 2040-03-01 12:00:00 in Taipei."""

import gc
import logging

import pytest

from fake_every8d.gateway import Account, Gateway, InvalidInput, NotFound, Recipient, ReportState
from fake_every8d.gateway.messages import Record
from tests.gateway.calls import login, send, send_param, sent
from tests.gateway.conftest import NewGateway
from tests.receiver import OK, Receiver, status


def kept(gateway: Gateway) -> list[str]:
    return [message.text for message in gateway.messages()]


def finished(gateway: Gateway, *contents: str) -> None:
    for content in contents:
        send(gateway, content=content)
        gateway.clock.advance(seconds=1)


@pytest.fixture
def small(new_gateway: NewGateway) -> Gateway:
    """A gateway that keeps three messages."""
    return new_gateway(max_messages=3)


def test_the_oldest_finished_batches_go_first(small: Gateway) -> None:
    finished(small, "a", "b", "c")
    assert kept(small) == ["a", "b", "c"]
    finished(small, "d")
    assert kept(small) == ["b", "c", "d"]
    finished(small, "e", "f", "g", "h")
    assert kept(small) == ["f", "g", "h"]


def test_a_batch_goes_as_a_whole(small: Gateway) -> None:
    send(small, "0912345678,0922333444", "a")
    finished(small, "b", "c")
    assert kept(small) == ["b", "c"]


def test_forgotten_message_is_unknown(new_gateway: NewGateway, receiver: Receiver) -> None:
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url), max_messages=1)
    receipt = send_param(gateway, Recipient("+886912345678", "a", email="a@example.com"))
    (message,) = sent(gateway, receipt)
    finished(gateway, "b")
    assert len(gateway.reports()) == 2
    finished(gateway, "c")
    assert [report.message_id for report in gateway.reports()] == [3]
    assert gateway.emails() == []
    log = gateway.platform.delivery_log(login(gateway), receipt.batch_id, "1")
    assert (log.count, log.messages) == (0, [])
    assert gateway.platform.erase_booking(login(gateway), receipt.batch_id) is None
    for ask in (gateway.message, lambda id: gateway.reply(id, "ok")):
        with pytest.raises(NotFound):
            ask(message.id)


def test_a_booking_is_never_forgotten_before_it_has_gone_out(small: Gateway) -> None:
    send(small, content="booked", send_time="20400301130000")
    finished(small, "a", "b", "c", "d")
    assert kept(small) == ["booked", "c", "d"]
    small.clock.advance(hours=2)
    finished(small, "e")
    assert kept(small) == ["c", "d", "e"]


def test_batch_with_a_booking_is_kept(small: Gateway) -> None:
    send_param(
        small,
        Recipient("+886912345678", "now"),
        Recipient("+886912345678", "later", send_time="20400301130000"),
    )
    finished(small, "a", "b", "c")
    assert kept(small) == ["now", "later", "c"]


def test_an_erased_booking_is_finished(small: Gateway) -> None:
    receipt = send(small, content="booked", send_time="20400301130000")
    small.platform.erase_booking(login(small), receipt.batch_id)
    finished(small, "a", "b", "c")
    assert kept(small) == ["a", "b", "c"]


def test_nothing_is_forgotten_that_is_still_on_its_way(small: Gateway) -> None:
    for content in "abcdef":
        send(small, content=content)
    assert kept(small) == list("abcdef")
    small.clock.advance(seconds=1)
    send(small, content="g")
    assert kept(small) == ["e", "f", "g"]


def test_batch_with_a_report_to_come_is_kept(new_gateway: NewGateway, receiver: Receiver) -> None:
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url), max_messages=3)
    receiver.respond = lambda request: OK if request["SM"] == "" else status(500)
    finished(gateway, "a")
    gateway.reply(1, "hello?")
    finished(gateway, "b", "c", "d", "e")
    assert kept(gateway) == ["a", "d", "e"]
    gateway.clock.advance(hours=1)
    assert [report.state for report in gateway.reports()] == [
        ReportState.DELIVERED, ReportState.GIVEN_UP, ReportState.DELIVERED, ReportState.DELIVERED,
    ]  # fmt: skip
    finished(gateway, "f")
    assert kept(gateway) == ["d", "e", "f"]


def test_a_message_that_stays_at_0_for_ever_is_not_kept_for_ever(small: Gateway) -> None:
    send(small, "0900000000", "a")
    finished(small, "b", "c", "d")
    assert kept(small) == ["b", "c", "d"]


def test_the_newest_batch_is_never_forgotten(small: Gateway) -> None:
    receipt = send(small, ",".join(["12"] * 5), "a")
    assert len(sent(small, receipt)) == 5
    assert small.platform.delivery_log(login(small), receipt.batch_id, "1").count == 5
    finished(small, "b")
    assert kept(small) == ["b"]


def test_it_is_said_once(small: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "fake_every8d"):
        finished(small, "a", "b", "c")
        assert caplog.messages == []
        finished(small, "d", "e", "f")
    assert len(caplog.messages) == 1
    assert "3 messages" in caplog.messages[0]


def test_long_free_texts_are_bounded_in_bytes(gateway: Gateway) -> None:
    """Each takes 5 MiB, of which 12 are kept; a short one goes with those that are older."""
    gateway.update_account("demo", credit=1)
    finished(gateway, "short")
    for letter in "abcd":
        receipt = send(gateway, content=letter * 5 * 2**20)
        assert receipt.unsent == 1
    assert [text[0] for text in kept(gateway)] == ["c", "d"]
    for name in ("subject", "record_number", "event_id", "retry_time"):
        other = {"subject": ""} | {name: name * 2**20}
        gateway.platform.send_sms(
            login(gateway), content="e", mobile="0912345678", send_time="", **other
        )
    assert "c" * 9 not in "".join(text[:9] for text in kept(gateway))
    assert sum(len(message.text) for message in gateway.messages()) <= 12 * 2**20


def test_a_text_to_many_counts_once(gateway: Gateway) -> None:
    gateway.update_account("demo", credit=1)
    send(gateway, ",".join(["0912345678"] * 100), "x" * 2**20)
    send(gateway, content="y")
    assert len(gateway.messages()) == 101


def test_replies_are_bounded(gateway: Gateway) -> None:
    finished(gateway, "a")
    with pytest.raises(InvalidInput, match="2000 characters at most, not 2001"):
        gateway.reply(1, "字" * 2001)
    for _ in range(1000):
        gateway.reply(1, "字" * 10)
    with pytest.raises(InvalidInput, match="1000 replies already"):
        gateway.reply(1, "one more")


def test_forgotten_batches_take_no_memory(small: Gateway) -> None:
    content = "to be forgotten"
    for _ in range(50):
        send(small, content=content, send_time="20400301120030")
        small.clock.advance(seconds=0.5)
    small.clock.advance(minutes=1)
    finished(small, *[content] * 3)
    gc.collect()
    alive = [
        thing for thing in gc.get_objects() if isinstance(thing, Record) and thing.text == content
    ]
    assert len(alive) == 3


def test_x2_finished_batches_can_be_forgotten(gateway: Gateway) -> None:
    finished(gateway, "a", "b")
    credit = gateway.account("demo").credit
    gateway.clear_messages()
    assert (kept(gateway), gateway.batches(), gateway.phones().phones) == ([], [], [])
    assert gateway.account("demo").credit == credit
    finished(gateway, "c")
    assert [message.id for message in gateway.messages()] == [3]


def test_x2_a_batch_for_which_something_is_to_come_stays_whole(gateway: Gateway) -> None:
    finished(gateway, "done")
    send_param(
        gateway,
        Recipient("+886912345678", "soon"),
        Recipient("+886912345678", "later", send_time="20400301180000"),
    )
    send(gateway, content="booked", send_time="20400301190000")
    send(gateway, content="on its way")
    gateway.clear_messages()
    assert kept(gateway) == ["soon", "later", "booked", "on its way"]
    gateway.clock.advance(hours=8)
    gateway.clear_messages()
    assert kept(gateway) == []


def test_x2_a_message_stays_until_its_report_has_been_tried(
    reporting: Gateway, receiver: Receiver
) -> None:
    receiver.respond = lambda request: status(500)
    finished(reporting, "a")
    reporting.clear_messages()
    assert (kept(reporting), len(reporting.reports())) == (["a"], 1)
    receiver.respond = lambda request: OK
    reporting.clock.advance(minutes=1)
    assert reporting.reports()[0].state is ReportState.DELIVERED
    reporting.clear_messages()
    assert (kept(reporting), reporting.reports()) == ([], [])
