"""Whose side the fake is on where the documents differ: clauses E. It is 2040-03-01 12:00:00."""

import pytest

from fake_every8d.gateway import (
    Account,
    Edition,
    Gateway,
    InvalidInput,
    PlatformError,
    Recipient,
    Settings,
    Status,
)
from tests.gateway.calls import PHONE, login, send, statuses
from tests.gateway.conftest import NewGateway
from tests.receiver import Receiver


@pytest.mark.parametrize("edition", ["2016", "2021", "2025"])
def test_e1_the_edition_is_one_of_three(edition: str) -> None:
    assert Settings(edition=edition).edition is Edition(edition)
    assert Settings().edition is Edition.OF_2016


@pytest.mark.parametrize("edition", ["2017", "", 2025, None])
def test_e1_another_edition_is_refused(edition: object) -> None:
    with pytest.raises(InvalidInput, match="edition must be one of '2016', '2021', '2025', not "):
        Settings(edition=edition)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("edition", "more"),
    [
        ("2016", ""),
        ("2021", "&USERID=demo&UserNo=&ST=20400301120000&SUBJECT=%e8%a8%82+1&CHARGE=1&MSGID="),
    ],
)
def test_e1_the_parameters_of_a_report(
    new_gateway: NewGateway, receiver: Receiver, edition: str, more: str
) -> None:
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url), edition=edition)
    receipt = send(gateway, subject="訂 1")
    gateway.clock.advance(seconds=1)
    (request,) = receiver.requests
    assert request.query == (
        f"BatchID={receipt.batch_id}&RM=%2b886912345678&RT=20400301120001&STATUS=100&SM=&MR=1{more}"
    )


def test_e1_the_parameters_of_a_report_in_2025(new_gateway: NewGateway, receiver: Receiver) -> None:
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url), edition="2025")
    recipient = Recipient(
        PHONE, "字" * 71, name="王~大明", record_number="A(1)*!", send_time="20400301130000"
    )
    receipt = gateway.platform.send_param(login(gateway), "note", [recipient])
    gateway.clock.advance(hours=1, seconds=1)
    (request,) = receiver.requests
    assert request.query == (
        f"BatchID={receipt.batch_id}&RM=%2b886912345678&RT=20400301130001&STATUS=100&SM="
        "&ST=20400301130000&MR=A(1)*!&SUBJECT=note&NAME=%e7%8e%8b%7e%e5%a4%a7%e6%98%8e&SOURCE="
        "&CHARGE=2&TYPE=SMS&MSGID="
    )


@pytest.mark.parametrize(("edition", "status"), [("2016", -3), ("2021", -3), ("2025", -8)])
def test_e1_the_status_of_an_invalid_number(
    new_gateway: NewGateway, edition: str, status: int
) -> None:
    gateway = new_gateway(edition=edition)
    receipt = send(gateway, "02-23456789,0912345678")
    assert statuses(gateway, receipt) == [status, 0]
    assert (receipt.sent, receipt.cost, receipt.unsent) == (1, 1, 0)
    assert f"status {status}" in receipt.advice[0]


def test_e1_104_to_106_mean_something_else_in_each_edition() -> None:
    assert [Status(104).term_of(edition) for edition in Edition] == [
        "電信終端設備異常未能送達",
        "電信黑名單",
        "電信黑名單",
    ]
    assert [Status(106).term_of(edition) for edition in Edition] == [
        "電信終端設備異常未能送達",
        "不明錯誤",
        "系統關鍵字阻擋",
    ]
    assert Status(100).term_of(Edition.OF_2025) == "發送成功"


def test_e1_what_is_refused_is_told_in_the_editions_words(new_gateway: NewGateway) -> None:
    gateway = new_gateway(edition="2021")
    gateway.set_outcome(PHONE, 104, after_seconds=0)
    send(gateway, PHONE)
    gateway.clock.advance(0)
    with pytest.raises(InvalidInput, match=r"message 1 is at 104 \(電信黑名單\), so it has not"):
        gateway.reply(1, "hello")
    with pytest.raises(InvalidInput, match=r"message 1 is at 104 \(電信黑名單\) and cannot come"):
        gateway.set_status(1, 100)


def test_e1_the_form_of_an_error_line() -> None:
    error = PlatformError(-101, "密碼錯誤")
    assert [error.line(edition) for edition in Edition] == [
        "-101, 密碼錯誤",
        "-101,密碼錯誤",
        "-101,密碼錯誤",
    ]
    assert str(error) == "-101, 密碼錯誤"


def test_e1_it_can_be_changed_while_it_runs_until_the_next_reset(new_gateway: NewGateway) -> None:
    gateway = new_gateway(edition="2021")
    gateway.update_settings(edition="2025", pad_mobile=True)
    assert (gateway.edition, gateway.settings.pad_mobile) == (Edition.OF_2025, True)
    gateway.reset()
    assert (gateway.edition, gateway.settings.pad_mobile) == (Edition.OF_2021, False)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"edition": "1999"}, "edition must be"),
        ({"delivery_seconds": 5}, "delivery_seconds cannot be changed while it runs; edition and"),
        ({"colour": "red", "edition": "2025"}, "colour cannot be changed"),
    ],
)
def test_a_change_of_settings_that_makes_no_sense_changes_nothing(
    gateway: Gateway, changes: dict[str, object], error: str
) -> None:
    before = gateway.settings
    with pytest.raises(InvalidInput, match=error):
        gateway.update_settings(**changes)
    assert gateway.settings == before
