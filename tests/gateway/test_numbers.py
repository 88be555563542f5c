"""Kinds of numbers: clauses N."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_every8d.gateway import Account, Gateway, NotFound, Status, numbers
from fake_every8d.gateway.numbers import Kind
from tests.gateway.calls import send, sent, statuses
from tests.gateway.conftest import NewGateway


@pytest.mark.parametrize(
    "text",
    [
        "0912345678",
        "+886912345678",
        "886912345678",
        "8860912345678",
        "+8860912345678",
        "  0912345678\t",
    ],
)
def test_n1_a_taiwan_mobile_is_kept_as_886(text: str) -> None:
    assert numbers.parse(text) == ("+886912345678", Kind.DOMESTIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "091234567",  # 09 and 7 digits
        "09123456780",  # 09 and 9 digits, and not the document's sample
        "912345678",
        "00886912345678",
        "+886812345678",  # not +8869
        "+88691234567",
        "+8869123456780",
        "0223456789",  # a landline in Taipei
        "+886223456789",
        "0912-345-678",
        "0912 345 678",
        "０９１２３４５６７８",  # full-width digits
        "٠٩١٢٣٤٥٦٧٨",
        "0912345678x",
        "0912345678\x00",
        "+123456",  # 6 digits
        "+1234567890123456",  # 16 digits
        "+0123456789",  # no country code begins with 0
        "14155550100",
        "++14155550100",
        "abc",
    ],
)
def test_n2_anything_else_is_invalid_and_kept_as_written(text: str) -> None:
    assert numbers.parse(text) == (text, Kind.INVALID)


SPELLINGS = [
    "0912345678",
    "0912-345-678",
    "0912 345 678",
    "0912.345.678",
    "(0912)345678",
    " (0912) 345-678 ",
    "886912345678",
    "8860912345678",
    "+886912345678",
    "+886 912 345 678",
    "+886-912-345-678",
    "+8860912345678",
    "+886 (0)912 345 678",
    "00886912345678",
    "0912\u2011345\u2011678",  # hyphens that do not break, as word processors set them
    "\u202d0912345678\u202c",  # as copied from an address book
    "０９１２３４５６７８",
    "＋８８６９１２－３４５－６７８",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_n1_a_number_is_found_in_every_usual_spelling(gateway: Gateway, text: str) -> None:
    send(gateway, "0912345678")
    assert [message.id for message in gateway.messages(to=text)] == [1]
    gateway.clock.advance(seconds=1)
    assert gateway.reply(text, "ok").id == 1
    assert gateway.set_outcome(text, 103).to == "+886912345678"
    gateway.clear_outcomes(text)
    assert gateway.outcomes() == []


@pytest.mark.parametrize("text", ["+14155550100", "+1 (415) 555-0100", "001-415-555-0100"])
def test_n2_a_number_abroad_is_found_in_every_usual_spelling(
    new_gateway: NewGateway, text: str
) -> None:
    gateway = new_gateway(Account("demo", "demo", international=True))
    send(gateway, "+14155550100")
    assert [message.to for message in gateway.messages(to=text)] == ["+14155550100"]


def test_n2_invalid_number_is_found_as_written(gateway: Gateway) -> None:
    with pytest.raises(NotFound, match="'12345' is not a phone number such as 0912345678"):
        gateway.messages(to="12345")
    send(gateway, "12345, 02-2345 6789")
    assert [message.to for message in gateway.messages(to="12345")] == ["12345"]
    assert [message.to for message in gateway.messages(to=" 02-2345 6789")] == ["02-2345 6789"]
    gateway.reset()
    with pytest.raises(NotFound, match="nothing was sent to it"):
        gateway.messages(to="12345")


def test_n1_refused_message_is_found_by_its_number(gateway: Gateway) -> None:
    """An application that texts 0912-345-678 did text that phone, though in vain."""
    send(gateway, "0912-345-678")
    for text in ("0912-345-678", "0912345678"):
        (message,) = gateway.messages(to=text)
        assert (message.to, message.status) == ("0912-345-678", Status.INVALID_NUMBER)


def test_n1_nobody_texted_a_number_that_is_one(gateway: Gateway) -> None:
    assert gateway.messages(to="0933-222-111") == []


@pytest.mark.parametrize(
    "text", ["+1234567", "+123456789012345", "+14155550100", "+85291234567", "+8613912345678"]
)
def test_n2_an_international_number_has_7_to_15_digits(text: str) -> None:
    assert numbers.parse(text) == (text, Kind.INTERNATIONAL)


@pytest.mark.parametrize(
    ("sample", "kept"),
    [
        ("+88690000001", "+88690000001"),
        ("+88690000002", "+88690000002"),
        ("09123456789", "+8869123456789"),
    ],
)
def test_n3_the_documents_own_samples_are_accepted(
    gateway: Gateway, sample: str, kept: str
) -> None:
    receipt = send(gateway, sample)
    assert (receipt.accepted, receipt.cost) == (1, 1)
    assert [(message.to, message.status) for message in sent(gateway, receipt)] == [
        (kept, Status.SENT)
    ]


def test_n1_recipients_are_separated_by_commas(gateway: Gateway) -> None:
    """Blanks do not count, nor do empty items; a number given twice is two records."""
    receipt = send(gateway, ",0912345678, +886912345678 ,,\t0922333444,  ,")
    assert receipt.accepted == 3
    assert [(message.to, message.record_number) for message in sent(gateway, receipt)] == [
        ("+886912345678", "1"),
        ("+886912345678", "2"),
        ("+886922333444", "3"),
    ]


def test_n1_a_full_width_comma_separates_nothing(gateway: Gateway) -> None:
    receipt = send(gateway, "0912345678，0922333444")
    assert statuses(gateway, receipt) == [Status.INVALID_NUMBER]


def test_n2_an_invalid_number_is_not_charged_and_not_sent(gateway: Gateway) -> None:
    receipt = send(gateway, "+886223456789,0912345678")
    assert (receipt.accepted, receipt.cost, receipt.unsent, receipt.credit) == (1, 1, 0, 999)
    gateway.clock.advance(days=1)
    assert statuses(gateway, receipt) == [Status.INVALID_NUMBER, Status.DELIVERED]
    refused = sent(gateway, receipt)[0]
    assert (refused.to, refused.cost, refused.sent_at) == ("+886223456789", 0, None)


def test_n2_a_number_abroad_is_kept_as_given(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", international=True))
    (message,) = sent(gateway, send(gateway, " +14155550100"))
    assert (message.to, message.status) == ("+14155550100", Status.SENT)


@given(st.text())
@settings(deadline=None, derandomize=True, database=None)
def test_n_every_text_is_one_kind_of_number(text: str) -> None:
    number = numbers.parse(text)
    assert (number.kind is Kind.DOMESTIC) == number.e164.startswith("+8869") or (
        number.kind is Kind.INVALID
    )
    assert numbers.parse(number.e164).kind is number.kind
