"""Callers, by each of their means: clauses A3, H6 and H7. It is 2040-03-01 12:00:00."""

from collections.abc import Callable

import pytest

from fake_every8d.gateway import Account, Caller, Gateway, Login, PlatformError, Token
from tests.gateway.calls import login

DEMO = Login("demo", "demo")


def code(gateway: Gateway, caller: Caller) -> int:
    """The error code of a call; 0 if it succeeds."""
    try:
        gateway.platform.credit(caller)
    except PlatformError as error:
        return error.code
    return 0


def test_h6_a_user_id_and_its_password_do_without_a_session(gateway: Gateway) -> None:
    assert gateway.platform.credit(DEMO) == 1000
    assert gateway.sessions("demo") == 0
    assert gateway.platform.owner(DEMO) == "demo"


@pytest.mark.parametrize(
    ("user_id", "password", "expected"),
    [
        ("", "", -300),
        ("demo", "", -300),
        ("", "demo", -300),
        ("nobody", "demo", -100),
        ("DEMO", "demo", -100),
        ("demo", "Demo", -101),
        (" demo", "demo", -100),
    ],
)
def test_h6_wrong_credentials_are_refused(
    gateway: Gateway, user_id: str, password: str, expected: int
) -> None:
    assert code(gateway, Login(user_id, password)) == expected


@pytest.mark.parametrize(
    "fail",
    [
        lambda gateway: gateway.platform.credit(Login("demo", "wrong")),
        lambda gateway: gateway.platform.open_session("demo", "wrong"),
        lambda gateway: gateway.platform.open_token(Login("demo", "wrong")),
    ],
    ids=["a call", "a session", "a token"],
)
def test_a3_failures_count_however_they_come(
    gateway: Gateway, fail: Callable[[Gateway], object]
) -> None:
    for _ in range(10):
        assert code(gateway, Login("demo", "wrong")) == -101
    with pytest.raises(PlatformError, match="-999"):
        fail(gateway)
    assert code(gateway, DEMO) == -999


def test_a3_a_call_with_the_right_password_clears_the_count(gateway: Gateway) -> None:
    for _ in range(3):
        for _ in range(10):
            assert code(gateway, Login("demo", "wrong")) == -101
        assert code(gateway, DEMO) == 0
    assert gateway.account("demo").failed_logins == 0


def test_a3_a_lock_does_not_end_sessions_and_tokens(gateway: Gateway) -> None:
    session, token = login(gateway), Token(gateway.platform.open_token(DEMO))
    for _ in range(11):
        code(gateway, Login("demo", "wrong"))
    assert code(gateway, session) == code(gateway, token) == 0


def test_h7_a_token_is_good_for_8_hours_of_the_fakes_time(gateway: Gateway) -> None:
    token = Token(gateway.platform.open_token(DEMO))
    gateway.clock.advance(hours=7, minutes=59, seconds=59)
    assert code(gateway, token) == 0
    assert gateway.platform.owner(token) == "demo"
    gateway.clock.advance(seconds=1)
    assert code(gateway, token) == -301
    assert gateway.platform.owner(token) is None


def test_h7_a_token_survives_midnight_and_a_session_does_not(gateway: Gateway) -> None:
    gateway.clock.advance(hours=11)  # 23:00
    session, token = login(gateway), Token(gateway.platform.open_token(DEMO))
    gateway.clock.advance(hours=1)
    assert code(gateway, session) == -301
    assert code(gateway, token) == 0


def test_h7_tokens_of_an_account_are_closed_one_by_one(gateway: Gateway) -> None:
    first, second = (
        Token(gateway.platform.open_token(DEMO)),
        Token(gateway.platform.open_token(DEMO)),
    )
    assert first != second
    gateway.platform.close_token(first)
    assert (code(gateway, first), code(gateway, second)) == (-301, 0)
    with pytest.raises(PlatformError, match="-301"):
        gateway.platform.close_token(first)


def test_a_session_key_is_no_token_and_a_token_no_session_key(gateway: Gateway) -> None:
    assert code(gateway, Token(login(gateway))) == -301
    assert code(gateway, gateway.platform.open_token(DEMO)) == -301


def test_tokens_end_with_their_account_and_with_a_reset(gateway: Gateway) -> None:
    gateway.add_account(Account("shop", "shop"))
    token, other = (
        Token(gateway.platform.open_token(Login("shop", "shop"))),
        Token(gateway.platform.open_token(DEMO)),
    )
    gateway.remove_account("shop")
    assert (code(gateway, token), code(gateway, other)) == (-301, 0)
    gateway.reset()
    assert code(gateway, other) == -301


def test_tokens_do_not_grow_without_bound(gateway: Gateway) -> None:
    first = Token(gateway.platform.open_token(DEMO))
    for _ in range(9_999):
        last = Token(gateway.platform.open_token(DEMO))
    assert (code(gateway, first), code(gateway, last)) == (0, 0)
    newest = Token(gateway.platform.open_token(DEMO))
    assert (code(gateway, first), code(gateway, last), code(gateway, newest)) == (-301, 0, 0)
