"""Editions, where the documents differ: clauses E. It is 2040-03-01 12:00:00."""

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
    assert (receipt.accepted, receipt.cost, receipt.unsent) == (1, 1, 0)
    assert f"status {status}" in receipt.advice[0]


# Of the documents' own tables (production F8, F12, F13).
TABLES = {
    "2016": [-4, -3, 0, *range(100, 108), 300, 301, 303, 500, 888, 999],
    "2021": [-6, -5, -4, -3, -2, -1, 0, *range(100, 108), 300, 303, 500],
    "2025": [-10, -8, -5, -4, -3, -2, -1, 0, *range(100, 107), 300, 303, 500, 700, 999],
}


@pytest.mark.parametrize("edition", Edition)
def test_e3_each_edition_has_a_table_of_its_own(edition: Edition) -> None:
    assert sorted(status for status in Status if status.is_of(edition)) == TABLES[edition]


def test_e3_107_means_in_2021_what_101_means() -> None:
    """Production F12."""
    assert Status(107).term_of(Edition.OF_2021) == Status(101).term_of(Edition.OF_2021)
    assert Status(107).term_of(Edition.OF_2016) == "逾時收訊"


@pytest.mark.parametrize(
    ("edition", "terms"),
    [
        ("2016", {-3: "無效門號", -4: "DT 格式錯誤或預計發送時間已過去 24 小時以上"}),
        ("2021", {-3: "無效門號或黑名單", -4: "預計發送時間已過去 24 小時以上"}),
        ("2025", {-3: "EVERY8D 黑名單", -8: "門號格式錯誤"}),
    ],
)
def test_e3_a_blacklisted_number_and_a_late_time(edition: str, terms: dict[int, str]) -> None:
    """Production F8, F12 and F13."""
    assert {code: Status(code).term_of(Edition(edition)) for code in terms} == terms


@pytest.mark.parametrize(
    ("edition", "malformed", "late"), [("2016", -4, -4), ("2021", -6, -4), ("2025", -4, -4)]
)
def test_e3_a_malformed_time_has_a_status_of_its_own_in_2021(
    new_gateway: NewGateway, edition: str, malformed: int, late: int
) -> None:
    """Production F8."""
    gateway = new_gateway(edition=edition)
    assert statuses(gateway, send(gateway, send_time="tomorrow")) == [malformed]
    assert statuses(gateway, send(gateway, send_time="20400230120000")) == [malformed]
    assert statuses(gateway, send(gateway, send_time="20000101000000")) == [late]
    assert gateway.account("demo").credit == 1000


@pytest.mark.parametrize("edition", Edition)
def test_d2_every_status_in_which_an_sms_can_end_can_be_had(
    new_gateway: NewGateway, edition: Edition
) -> None:
    """All of the edition's table but bookings, test mode, replies and MMS."""
    gateway = new_gateway(edition=edition)
    wanted = [code for code in TABLES[edition] if code not in (0, 300, 303, 700, 888, 999, -10)]
    for code in wanted:
        gateway.set_outcome(PHONE, code, after_seconds=5)
        receipt = send(gateway)
        assert receipt.advice == ()
        gateway.clock.advance(seconds=5)
        assert statuses(gateway, receipt) == [code]
    # What means a refusal is not charged; the rest costs a point each.
    charged = sum(100 <= code <= 107 for code in wanted)
    assert gateway.account("demo").credit == 1000 - charged


@pytest.mark.parametrize("code", [-3, -5, 301, 500])
def test_d2_late_refusal_gives_points_back(gateway: Gateway, code: int) -> None:
    receipt = send(gateway, content="字" * 71)
    assert gateway.account("demo").credit == 998
    message = gateway.set_status(1, code)
    assert (message.status, message.cost, message.sent_at) == (code, 0, None)
    assert gateway.account("demo").credit == 1000
    assert statuses(gateway, receipt) == [code]


@pytest.mark.parametrize(
    ("edition", "mobile", "status"),
    [("2025", "0900000107", 107), ("2021", "0922333444", 301), ("2025", "0922333444", 301)],
)
def test_e3_status_that_an_edition_lacks_has_advice(
    new_gateway: NewGateway, edition: str, mobile: str, status: int
) -> None:
    gateway = new_gateway(edition=edition)
    gateway.set_outcome("0922333444", 301, after_seconds=0)
    receipt = send(gateway, mobile)
    gateway.clock.advance(seconds=1)
    assert statuses(gateway, receipt) == [status]
    assert receipt.advice == (
        f"A message is at status {status}, or will reach it, which the document of edition "
        f"{edition} does not have.",
    )


def test_e3_test_mode_in_later_editions_has_advice(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", test_mode=True), edition="2025")
    receipt = send(gateway, f"{PHONE},0922333444")
    assert statuses(gateway, receipt) == [888, 888]
    assert [advice.partition(",")[0] for advice in receipt.advice] == ["A message is at status 888"]


def test_e3_104_to_106_mean_something_else_in_each_edition() -> None:
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


def test_e1_refusals_are_in_the_editions_words(new_gateway: NewGateway) -> None:
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
