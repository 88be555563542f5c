"""Prices: clauses P."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_every8d.gateway import Account, Gateway, Recipient, Status, pricing
from tests.gateway.calls import login, send, send_param, sent, statuses
from tests.gateway.conftest import NewGateway

EMOJI = "😀"  # U+1F600, two UTF-16 code units
ABROAD = "+14155550100"

AT_HOME = [
    # characters, points, pieces
    (1, 1, 1),
    (70, 1, 1),
    (71, 2, 1),
    (134, 2, 1),
    (135, 3, 1),
    (201, 3, 1),
    (202, 4, 1),
    (268, 4, 1),
    (269, 5, 1),
    (333, 5, 1),
    (334, 5 + 1, 2),
    (333 + 70, 5 + 1, 2),
    (333 + 71, 5 + 2, 2),
    (333 + 134, 5 + 2, 2),
    (333 + 135, 5 + 3, 2),
    (333 + 201, 5 + 3, 2),
    (333 + 202, 5 + 4, 2),
    (333 + 268, 5 + 4, 2),
    (333 + 269, 5 + 5, 2),
    (666, 5 + 5, 2),
    (667, 5 + 5 + 1, 3),
    (999, 15, 3),
    (1000, 16, 4),
]


@pytest.mark.parametrize(("characters", "points", "pieces"), AT_HOME)
def test_p1_p2_by_length_at_home(
    gateway: Gateway, characters: int, points: int, pieces: int
) -> None:
    receipt = send(gateway, content="字" * characters)
    assert (receipt.cost, receipt.credit) == (points, 1000 - points)
    (message,) = sent(gateway, receipt)
    assert (message.cost, message.pieces) == (points, pieces)


@pytest.mark.parametrize(
    ("characters", "points", "pieces"),
    [
        (1, 3, 1),
        (70, 3, 1),
        (71, 6, 2),
        (134, 6, 2),
        (135, 9, 2),
        (140, 9, 2),
        (141, 9, 3),
        (201, 9, 3),
        (202, 12, 3),
        (210, 12, 3),
        (211, 12, 4),
        (268, 12, 4),
        (269, 15, 4),
        (280, 15, 4),
        (281, 15, 5),
        (333, 15, 5),
        (334, 18, 5),
        (350, 18, 5),
        (351, 18, 6),
        (667, 33, 10),
    ],
)
def test_p3_abroad_at_three_times_the_price_in_pieces_of_70(
    new_gateway: NewGateway, characters: int, points: int, pieces: int
) -> None:
    gateway = new_gateway(Account("demo", "demo", international=True))
    receipt = send(gateway, ABROAD, "字" * characters)
    (message,) = sent(gateway, receipt)
    assert (receipt.cost, message.cost, message.pieces) == (points, points, pieces)


def test_p2_an_invalid_number_is_not_in_pieces_of_70(gateway: Gateway) -> None:
    receipt = send(gateway, "0223456789", "字" * 334)
    (message,) = sent(gateway, receipt)
    assert (message.status, message.cost, message.pieces) == (Status.INVALID_NUMBER, 0, 2)


@pytest.mark.parametrize(
    ("content", "points"),
    [
        (EMOJI * 35, 1),  # 70
        (EMOJI * 36, 2),  # 72
        ("a" * 69 + EMOJI, 2),  # 71
        ("a" * 68 + EMOJI, 1),  # 70
        (EMOJI * 67, 2),  # 134
        ("a" + EMOJI * 67, 3),  # 135
        (EMOJI * 166 + "a", 5),  # 333
        (EMOJI * 167, 6),  # 334
        ("\r\n" * 35, 1),  # 70: line ends count like everything else
        (" " * 71, 2),
        ("e\u0301" * 36, 2),  # 72: what combines counts on its own
        ("\u2764\ufe0f" * 35, 1),  # 70: so does a variation selector
    ],
)
def test_p4_length_is_counted_in_utf_16_code_units(
    gateway: Gateway, content: str, points: int
) -> None:
    assert send(gateway, content=content).cost == points


def test_p4_the_subject_is_never_counted(gateway: Gateway) -> None:
    receipt = send(gateway, content="a" * 70, subject="主旨" * 500)
    assert receipt.cost == 1
    (message,) = sent(gateway, receipt)
    assert (message.text, message.subject) == ("a" * 70, "主旨" * 500)


@given(st.integers(1, 5000))
@settings(deadline=None, derandomize=True, database=None)
def test_p2_a_price_is_the_sum_of_its_pieces_prices(units: int) -> None:
    lengths = [333] * (units // 333) + ([units % 333] if units % 333 else [])
    price = {length: points for length, points, pieces in AT_HOME}
    tier = {length: min(edge for edge in (70, 134, 201, 268, 333) if edge >= length)
            for length in lengths}  # fmt: skip
    assert pricing.points(units) == sum(price[tier[length]] for length in lengths)
    assert pricing.pieces(units, international=False) == len(lengths)


@given(st.text(st.characters(codec="utf-16")))
@settings(deadline=None, derandomize=True, database=None)
def test_p4_length_is_one_or_two_for_every_character(content: str) -> None:
    assert pricing.length(content) == sum(2 if ord(char) > 0xFFFF else 1 for char in content)


def test_p5_points_are_exact_decimals(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal("3.30")))
    receipt = send(gateway)
    assert (receipt.credit, receipt.cost) == (Decimal("2.30"), 1)
    assert isinstance(receipt.credit, Decimal)
    assert str(gateway.platform.credit(login(gateway))) == "2.30"


def test_p6_a_bookings_points_are_taken_when_it_is_accepted(gateway: Gateway) -> None:
    receipt = send(gateway, content="a" * 71, send_time="20400301130000")
    assert (receipt.cost, receipt.credit) == (2, 998)
    gateway.clock.advance(hours=2)
    assert gateway.account("demo").credit == 998


def test_p6_points_come_back_when_a_booking_is_erased(gateway: Gateway) -> None:
    receipt = send(gateway, "0912345678,0922333444", "a" * 71, "20400301130000")
    assert receipt.credit == 996
    erased = gateway.platform.erase_booking(login(gateway), receipt.batch_id)
    assert erased is not None
    assert (erased.records, erased.points) == (2, 4)
    assert gateway.account("demo").credit == 1000
    assert [message.cost for message in sent(gateway, receipt)] == [0, 0]


def test_p6_a_failed_delivery_gives_nothing_back(gateway: Gateway) -> None:
    receipt = send(gateway, "0900000103")
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [Status.NO_SUCH_NUMBER]
    assert gateway.account("demo").credit == 999


def test_p7_recipients_beyond_the_credit_are_left_out(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal(5), international=True))
    receipt = send_param(
        gateway,
        Recipient("+886912000001", "a" * 135),  # 3 of 5
        Recipient(ABROAD, "a"),  # 3 of 2: no
        Recipient("+886912000003", "a" * 71),  # 2 of 2
        Recipient("+886912000004", "a"),  # 1 of 0: no
        Recipient("12", "a"),  # invalid: not a matter of credit
    )
    assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (0, 2, 5, 2)
    assert statuses(gateway, receipt) == [0, 301, 0, 301, -3]
    assert [message.cost for message in sent(gateway, receipt)] == [3, 0, 2, 0, 0]


def test_p7_an_exact_fit_is_covered(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal(1)))
    assert statuses(gateway, send(gateway, "0912345678,0912345678")) == [0, 301]


def test_p7_a_fraction_of_a_point_covers_nothing(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", credit=Decimal("0.99")))
    receipt = send(gateway)
    assert (receipt.credit, receipt.accepted, receipt.cost, receipt.unsent) == (
        Decimal("0.99"), 0, 0, 1,
    )  # fmt: skip


def test_p8_points_add_up_whatever_many_threads_do(new_gateway: NewGateway) -> None:
    """Eight threads send and erase, for more points than there are."""
    gateway = new_gateway(Account("demo", "demo", credit=Decimal(150)))

    def customer(number: int) -> list[Decimal]:
        key = login(gateway)
        seen = []
        for send_time in islice(cycle(["", "20400301130000", "20400302130000"]), number, 45):
            receipt = gateway.platform.send_sms(
                key, "", "a" * 71, "0912345678,0922333444", send_time
            )
            if send_time == "20400302130000":
                gateway.platform.erase_booking(key, receipt.batch_id)
            seen += [receipt.credit, gateway.platform.credit(key)]
        return seen

    with ThreadPoolExecutor(8) as pool:
        seen = [credit for credits in pool.map(customer, range(8)) for credit in credits]
    messages = gateway.messages()
    assert min(seen) >= 0
    assert len(messages) == 2 * sum(45 - number for number in range(8))
    assert {message.status for message in messages} == {
        Status.SENT, Status.BOOKED, Status.CANCELLED, Status.NO_CREDIT,
    }  # fmt: skip
    charged = sum(message.cost for message in messages)
    assert gateway.account("demo").credit == 150 - charged
