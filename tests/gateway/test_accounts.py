"""Accounts, logins, lockout and sessions: clauses A."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fake_every8d.gateway import (
    Account,
    Gateway,
    InvalidInput,
    NotFound,
    PlatformError,
    Recipient,
    Settings,
    Status,
)
from tests.gateway.calls import PHONE, login, send, sent, statuses

DEAD_SESSION = "-301, Session 資料不存在，請重新登入。"


def failed_login(gateway: Gateway, user_id: str = "demo", password: str = "wrong") -> int:
    with pytest.raises(PlatformError) as failure:
        gateway.platform.open_session(user_id, password)
    return failure.value.code


@pytest.mark.parametrize(
    ("user_id", "password", "code", "wording"),
    [
        ("nobody", "demo", -100, "取得連線失敗，無此帳號"),
        ("", "", -100, "取得連線失敗，無此帳號"),
        ("DEMO", "demo", -100, "取得連線失敗，無此帳號"),
        ("demo", "wrong", -101, "取得連線失敗，密碼錯誤"),
        ("demo", "DEMO", -101, "取得連線失敗，密碼錯誤"),
        ("demo", "", -101, "取得連線失敗，密碼錯誤"),
    ],
)
def test_a1_a_failed_login_says_why(
    gateway: Gateway, user_id: str, password: str, code: int, wording: str
) -> None:
    with pytest.raises(PlatformError) as failure:
        gateway.platform.open_session(user_id, password)
    assert failure.value.code == code
    assert failure.value.description.startswith(wording)


def test_a2_a_session_key_is_32_lower_case_hex_digits(gateway: Gateway) -> None:
    keys = {login(gateway) for _ in range(20)}
    assert len(keys) == 20
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys)


def test_a3_ten_failures_return_101_and_everything_after_them_999(gateway: Gateway) -> None:
    assert [failed_login(gateway) for _ in range(10)] == [-101] * 10
    assert not gateway.account("demo").locked
    assert failed_login(gateway) == -999
    assert gateway.account("demo").locked
    assert failed_login(gateway) == -999
    assert failed_login(gateway, password="demo") == -999
    with pytest.raises(PlatformError) as failure:
        gateway.platform.open_session("demo", "demo")
    assert failure.value.description == "帳號已封鎖，請洽服務窗口。"


def test_a3_a_success_clears_the_count(gateway: Gateway) -> None:
    for _ in range(10):
        failed_login(gateway)
    login(gateway)
    assert [failed_login(gateway) for _ in range(11)] == [-101] * 10 + [-999]


def test_a3_only_the_account_itself_is_locked(new_gateway: Callable[..., Gateway]) -> None:
    gateway = new_gateway(Account("a", "a"), Account("b", "b"))
    for _ in range(11):
        failed_login(gateway, "a")
    for _ in range(20):
        failed_login(gateway, "nobody")
    assert gateway.account("a").locked
    assert login(gateway, "b")


def test_a3_an_account_can_be_unlocked(gateway: Gateway) -> None:
    for _ in range(11):
        failed_login(gateway)
    gateway.update_account("demo", failed_logins=0)
    assert login(gateway)


def test_a4_a_session_is_dead_at_the_next_midnight_in_taipei(gateway: Gateway) -> None:
    key = login(gateway)
    gateway.clock.advance(hours=11, minutes=59, seconds=59.999999)
    assert gateway.clock.now.isoformat() == "2040-03-01T23:59:59.999999+08:00"
    assert gateway.platform.credit(key) == 1000
    assert gateway.sessions("demo") == 1
    gateway.clock.advance(microseconds=1)
    assert gateway.clock.now.isoformat() == "2040-03-02T00:00:00+08:00"
    with pytest.raises(PlatformError, match="-301"):
        gateway.platform.credit(key)
    assert gateway.sessions("demo") == 0


def test_a4_a_session_outlives_midnight_in_greenwich(gateway: Gateway) -> None:
    gateway.clock.advance(hours=12)
    key = login(gateway)
    gateway.clock.advance(hours=8, seconds=1)  # 2 March, 08:00:01 in Taipei, 00:00:01 UTC
    assert gateway.platform.credit(key) == 1000


def test_a4_an_account_holds_many_sessions_at_once(gateway: Gateway) -> None:
    keys = [login(gateway) for _ in range(3)]
    assert gateway.sessions("demo") == 3
    assert gateway.platform.close_session(keys[1])
    assert [gateway.platform.credit(key) for key in (keys[0], keys[2])] == [1000, 1000]


def test_a5_a_session_can_be_closed_once(gateway: Gateway) -> None:
    key = login(gateway)
    assert gateway.platform.close_session(key)
    assert not gateway.platform.close_session(key)


@pytest.mark.parametrize("key", ["", "0" * 32, "no key"])
def test_a5_an_unknown_session_cannot_be_closed(gateway: Gateway, key: str) -> None:
    assert not gateway.platform.close_session(key)


def test_a5_an_expired_session_cannot_be_closed(gateway: Gateway) -> None:
    key = login(gateway)
    gateway.clock.advance(hours=12)
    assert not gateway.platform.close_session(key)


CALLS: dict[str, Callable[[Gateway, str], object]] = {
    "sendSMS": lambda gateway, key: gateway.platform.send_sms(key, "", "hello", PHONE, ""),
    "sendParamSMS": lambda gateway, key: gateway.platform.send_param_sms(
        key, "", [Recipient(PHONE, "hello")], ""
    ),
    "getDeliveryStatus": lambda gateway, key: gateway.platform.delivery_log(key, "", ""),
    "getCredit": lambda gateway, key: gateway.platform.credit(key),
    "eraseBooking": lambda gateway, key: gateway.platform.erase_booking(key, ""),
}


@pytest.mark.parametrize("operation", CALLS)
def test_a6_a_dead_session_is_refused(gateway: Gateway, operation: str) -> None:
    closed = login(gateway)
    gateway.platform.close_session(closed)
    for key in (closed, "", "0" * 32):
        with pytest.raises(PlatformError) as failure:
            CALLS[operation](gateway, key)
        assert (str(failure.value), failure.value.code) == (DEAD_SESSION, -301)
    assert gateway.messages() == []
    assert gateway.account("demo").credit == 1000


def test_a6_the_session_is_looked_at_before_anything_else(gateway: Gateway) -> None:
    with pytest.raises(PlatformError, match="-301"):
        gateway.platform.send_sms("", "", "", "", "")


def test_a7_another_accounts_batch_reads_as_unknown(new_gateway: Callable[..., Gateway]) -> None:
    gateway = new_gateway(Account("a", "a"), Account("b", "b"))
    receipt = send(gateway, send_time="20400301130000", user_id="a")
    stranger = login(gateway, "b")
    log = gateway.platform.delivery_log(stranger, receipt.batch_id, "1")
    assert (log.count, log.messages) == (0, [])
    assert gateway.platform.erase_booking(stranger, receipt.batch_id) is None
    assert statuses(gateway, receipt) == [Status.BOOKED]
    assert gateway.platform.delivery_log(login(gateway, "a"), receipt.batch_id, "1").count == 1
    assert [gateway.account(user_id).credit for user_id in "ab"] == [999, 1000]


def test_accounts_come_and_go(gateway: Gateway) -> None:
    gateway.add_account(Account("new", "new", credit=Decimal("12.5")))
    assert [account.user_id for account in gateway.accounts()] == ["demo", "new"]
    key = login(gateway, "new")
    assert gateway.platform.credit(key) == Decimal("12.5")
    gateway.remove_account("new")
    with pytest.raises(PlatformError, match="-301"):
        gateway.platform.credit(key)
    assert failed_login(gateway, "new") == -100


def test_a_removed_accounts_bookings_go_out(gateway: Gateway) -> None:
    receipt = send(gateway, send_time="20400301130000")
    gateway.remove_account("demo")
    gateway.clock.advance(hours=2)
    assert statuses(gateway, receipt) == [Status.DELIVERED]


def test_p6_a_removed_account_is_given_nothing_back(gateway: Gateway) -> None:
    receipt = send(gateway, send_time="20400301130000")
    gateway.remove_account("demo")
    gateway.set_status(sent(gateway, receipt)[0].id, Status.CANCELLED)
    assert gateway.accounts() == []


def test_p8_refund_above_the_most_points_is_lost(
    gateway: Gateway,
) -> None:
    key = login(gateway)
    erased = send(gateway, send_time="20400301130000")
    refused = send(gateway, mobile="0912000008")
    gateway.update_account("demo", credit=10**12)
    erased_now = gateway.platform.erase_booking(key, erased.batch_id)
    assert erased_now is not None
    assert erased_now.points == 1
    gateway.set_status(sent(gateway, refused)[0].id, Status(-5))
    assert gateway.account("demo").credit == 10**12


def test_an_account_is_changed_field_by_field(gateway: Gateway) -> None:
    key = login(gateway)
    changed = gateway.update_account("demo", credit=7, international=True)
    assert changed == gateway.account("demo")
    assert (changed.credit, changed.international, changed.password) == (7, True, "demo")
    assert gateway.platform.credit(key) == 7


def test_points_given_as_a_float_are_taken_as_written() -> None:
    assert Account("a", "a", credit=0.1).credit == Decimal("0.1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"credit": -1},
        {"credit": "0.001"},
        {"credit": "NaN"},
        {"credit": float("inf")},
        {"credit": "many"},
        {"credit": None},
        {"credit": Decimal("1e40")},
        {"report_url": "ftp://example.com"},
        {"report_url": ""},
    ],
    ids=str,
)
def test_an_account_that_makes_no_sense_is_refused(
    gateway: Gateway, changes: dict[str, Any]
) -> None:
    before = gateway.account("demo")
    with pytest.raises(InvalidInput, match=next(iter(changes))):
        gateway.update_account("demo", **changes)
    with pytest.raises(InvalidInput, match=next(iter(changes))):
        Account("new", "new", **changes)
    assert gateway.accounts() == [before]


def test_a_user_id_is_given_once_and_not_empty(gateway: Gateway) -> None:
    with pytest.raises(InvalidInput, match="demo"):
        gateway.add_account(Account("demo", "other"))
    with pytest.raises(InvalidInput, match="user_id"):
        Account("", "demo")
    assert gateway.account("demo").password == "demo"


def test_an_unknown_account_is_named_with_the_known_ones(gateway: Gateway) -> None:
    for ask in (gateway.account, gateway.update_account, gateway.remove_account):
        with pytest.raises(NotFound, match=r"'nobody'.*demo"):
            ask("nobody")


@pytest.mark.parametrize(
    "settings",
    [
        {"delivery_seconds": -1},
        {"delivery_seconds": float("nan")},
        {"report_retry_seconds": float("inf")},
        {"delivery_seconds": 1e300},
        {"delivery_seconds": "1"},
        {"max_messages": 0},
        {"max_messages": None},
        {"pad_mobile": "no"},
        {"accounts": (Account("a", "1"), Account("b", "2"), Account("a", "3"))},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(settings))):
        Settings(**settings)


def test_a4_midnight_ends_the_sessions_of_all_accounts(
    new_gateway: Callable[..., Gateway],
) -> None:
    gateway = new_gateway(Account("a", "a"), Account("b", "b"))
    for user_id in "ab":
        login(gateway, user_id)
    gateway.clock.travel_to(gateway.clock.now + timedelta(days=400))
    assert [gateway.sessions(user_id) for user_id in "ab"] == [0, 0]
