"""Messages and phones are found by whatever is known of them. It is 2040-03-01 12:00 in Taipei."""

from datetime import datetime
from typing import Any

import pytest

from fake_every8d.gateway import TAIPEI, Account, Gateway, NotFound, Phones, Recipient, Status
from tests.gateway.calls import send, send_param
from tests.gateway.conftest import NewGateway

A, B = "+886912345678", "+886922333444"


@pytest.fixture
def gateway(new_gateway: NewGateway) -> Gateway:
    """1 to A at 12:00, of demo; 2 to B at 13:00, of demo; 3 to A at 14:00, of Shop."""
    gateway = new_gateway(Account("demo", "demo"), Account("Shop", "Shop"))
    send(gateway, "0912345678", "驗證碼 483920", subject="Sign-up")
    gateway.clock.advance(hours=1)
    send_param(gateway, Recipient("0922333444", "Good Morning", "王小明", "Wang@example.com"))
    gateway.reply(2, "Who is IT?")
    gateway.clock.advance(hours=1)
    send(gateway, "0912345678", "your order", user_id="Shop")
    return gateway


SOUGHT: dict[str, tuple[dict[str, Any], list[int]]] = {
    "a name": ({"name": "小明"}, [2]),
    "a text": ({"text": "order"}, [3]),
    "a text, in the wrong case": ({"text": "Order"}, []),
    "a status": ({"status": Status.SENT}, [3]),
    "a time": ({"since": datetime(2040, 3, 1, 13, tzinfo=TAIPEI)}, [2, 3]),
    "up to a time": ({"until": datetime(2040, 3, 1, 13, tzinfo=TAIPEI)}, [1]),
    "a time without a zone, which is Taipei's": ({"since": datetime(2040, 3, 1, 14)}, [3]),
    "an account": ({"user_id": "demo"}, [1, 2]),
    "several": ({"user_id": "demo", "status": 100, "text": "4839"}, [1]),
    "content": ({"search": "good MORNING"}, [2]),
    "a number": ({"search": "+886912345678"}, [1, 3]),
    "a number as it is called at home": ({"search": "0912345678"}, [1, 3]),
    "a number in groups": ({"search": "0912 345-678"}, [1, 3]),
    "part of a number": ({"search": "22333444"}, [2]),
    "a recipient": ({"search": "王小"}, [2]),
    "an e-mail address": ({"search": "wang@"}, [2]),
    "a subject": ({"search": "sign-UP"}, [1]),
    "whose it is": ({"search": "shop"}, [3]),
    "a reply": ({"search": "is it"}, [2]),
    "blanks around": ({"search": "  order "}, [3]),
    "blanks alone, which is nothing": ({"search": "  "}, [1, 2, 3]),
    "what is not there": ({"search": "nowhere"}, []),
}


@pytest.mark.parametrize(("wanted", "ids"), SOUGHT.values(), ids=SOUGHT)
def test_messages_are_found(gateway: Gateway, wanted: dict[str, Any], ids: list[int]) -> None:
    assert [message.id for message in gateway.messages(**wanted)] == ids
    backwards = gateway.messages(newest_first=True, **wanted)
    assert [message.id for message in backwards] == ids[::-1]


@pytest.mark.parametrize(("wanted", "ids"), SOUGHT.values(), ids=SOUGHT)
def test_phones_are_those_of_the_messages(
    gateway: Gateway, wanted: dict[str, Any], ids: list[int]
) -> None:
    found = gateway.phones(**wanted)
    of_each = {A: [id for id in ids if id != 2], B: [id for id in ids if id == 2]}
    assert {phone.number: (phone.newest.id, phone.messages) for phone in found.phones} == {
        number: (max(own), len(own)) for number, own in of_each.items() if own
    }
    assert (found.count, found.messages) == (len(found.phones), len(ids))


def test_a_batch_id_is_found(gateway: Gateway) -> None:
    batch_id = gateway.message(2).batch_id
    assert [message.id for message in gateway.messages(search=batch_id[4:20].upper())] == [2]
    assert [phone.number for phone in gateway.phones(batch_id=batch_id).phones] == [B]


def test_phone_has_its_newest_message_and_name(
    gateway: Gateway,
) -> None:
    send(gateway, "0922333444", "no name in this one")
    first, second = gateway.phones().phones
    assert (first.number, first.name, first.messages) == (B, "王小明", 2)
    assert first.newest == gateway.message(4)
    assert (second.number, second.name, second.messages) == (A, "", 2)
    assert second.newest == gateway.message(3)


def numbers(gateway: Gateway, **wanted: Any) -> list[str]:
    return [phone.number for phone in gateway.phones(**wanted).phones]


def test_a_reply_moves_its_phone_up(new_gateway: NewGateway) -> None:
    gateway = new_gateway()
    one, other, third = "+886900000001", "+886900000002", "+886900000003"
    for number in (one, other, third):
        send(gateway, number)
        gateway.clock.advance(seconds=2)
    gateway.reply(one, "ok")
    gateway.clock.advance(seconds=1)
    assert numbers(gateway) == [one, third, other]
    send(gateway, other)
    assert numbers(gateway) == [other, one, third]
    assert [phone.number for phone in gateway.phones(offset=1, limit=1).phones] == [one]


@pytest.mark.parametrize("wanted", [{}, {"user_id": "demo"}, {"search": "text"}])
def test_phones_come_in_pages_and_are_all_counted(
    new_gateway: NewGateway, wanted: dict[str, str]
) -> None:
    gateway = new_gateway()
    phones = [f"+8869000000{i:02}" for i in range(12)]
    for number in (*phones, phones[3]):
        send(gateway, number, "a text")
    newest_first = [phones[3], *[number for number in reversed(phones) if number != phones[3]]]
    assert numbers(gateway, **wanted) == newest_first
    seen: list[str] = []
    while page := gateway.phones(limit=5, offset=len(seen), **wanted):
        assert (page.count, page.messages) == (12, 13)
        if not page.phones:
            break
        seen += [phone.number for phone in page.phones]
    assert seen == newest_first


def test_phones_of_an_account_come_in_pages(gateway: Gateway) -> None:
    for number in (A, "0933000001", "0933000002"):
        for user_id in ("demo", "Shop", "Shop"):
            send(gateway, number, user_id=user_id)
    send_param(gateway, Recipient(B, "hello"), Recipient(A, "hello"), Recipient(B, "again"))
    page = gateway.phones(user_id="demo", limit=2)
    assert [(each.number, each.newest.id, each.messages) for each in page.phones] == [
        (B, 15, 3), (A, 14, 3),
    ]  # fmt: skip
    assert (page.count, page.messages) == (4, 8)
    page = gateway.phones(user_id="demo", offset=2)
    assert [(each.number, each.newest.id, each.messages) for each in page.phones] == [
        ("+886933000002", 10, 1), ("+886933000001", 7, 1),
    ]  # fmt: skip
    assert (page.count, page.messages) == (4, 8)
    assert gateway.phones(user_id="nobody") == Phones([], 0, 0, unread=4)


@pytest.mark.parametrize("wanted", [{}, {"user_id": "Shop"}])
def test_unread_is_what_came_after_a_message_whatever_is_asked_for(
    gateway: Gateway, wanted: dict[str, str]
) -> None:
    """Messages 1 and 3 are to A, 2 and 4 to B; 3, and no other, is of Shop."""
    send(gateway, B, "the fourth")

    def unread(read_until: int) -> tuple[int, dict[str, int]]:
        found = gateway.phones(read_until=read_until, **wanted)
        return found.unread, {phone.number: phone.unread for phone in found.phones}

    all_phones = {
        0: (2, {A: 2, B: 2}),
        2: (2, {A: 1, B: 1}),
        3: (1, {A: 0, B: 1}),
        4: (0, {A: 0, B: 0}),
    }
    for read_until, (phones, of_each) in all_phones.items():
        shown = {A: of_each[A]} if wanted else of_each
        assert unread(read_until) == (phones, shown)


def test_large_send_shows_before_it_is_indexed(gateway: Gateway) -> None:
    recipients = [Recipient(f"+8869{i:08}", "many", "") for i in range(1500)]
    for _ in range(2):  # the second one's numbers are put off
        send_param(gateway, *recipients)
    found = gateway.phones(limit=2)
    assert [phone.number for phone in found.phones] == ["+886900001499", "+886900001498"]
    assert [phone.messages for phone in found.phones] == [2, 2]
    assert (found.count, found.messages) == (1502, 3003)


def test_phone_of_forgotten_messages_is_gone(new_gateway: NewGateway) -> None:
    gateway = new_gateway(max_messages=2)
    for number in ("0911111111", "0922222222", "0933333333"):
        send(gateway, number)
        gateway.clock.advance(seconds=1)
    found = gateway.phones()
    assert [phone.number for phone in found.phones] == ["+886933333333", "+886922222222"]
    assert (found.count, found.messages) == (2, 2)


def test_messages_of_a_refused_number_are_found(gateway: Gateway) -> None:
    send(gateway, "12-34 x")
    refused = gateway.phones(limit=1).phones[0]
    assert refused.newest.status is Status.INVALID_NUMBER
    assert gateway.messages(to=refused.number) == [refused.newest]
    send(gateway, "0933-555-666")  # which the platform refuses, and people read as a number
    assert gateway.phones(limit=1).phones[0].number == "+886933555666"
    assert [message.id for message in gateway.messages(search="0933555666")] == [5]


def test_a_number_that_is_none_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(NotFound, match="'somebody' is not a phone number"):
        gateway.phones(to="somebody")
    assert gateway.phones(to="0900000000").phones == []
