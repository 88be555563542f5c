"""The state in which a world begins: its settings, its time, its sessions (T4, X3)."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import datetime, timedelta

import pytest

from fake_every8d import TAIPEI, FakeEvery8d, InvalidInput, PlatformError, Settings, Status
from fake_every8d.gateway import Account, Login, Token
from tests.web.api import Api
from tests.web.serving import call, log_in

LONG_AGO = datetime(2020, 2, 29, 23, 59, 58, tzinfo=TAIPEI)
DEMO = Login("demo", "demo")


def seconds_since(moment: datetime, fake: FakeEvery8d) -> float:
    return (fake.clock.now - moment).total_seconds()


@pytest.mark.parametrize("now", [LONG_AGO, LONG_AGO.replace(tzinfo=None)])
def test_t4_world_begins_at_its_time(now: datetime) -> None:
    """In the past or the future; a naive datetime is Taipei's. A reset returns to it."""
    with FakeEvery8d(Settings(now=now)) as fake:
        assert 0 <= seconds_since(LONG_AGO, fake) < 60
        fake.clock.advance(days=400)
        (booked,) = fake.send("x", to="0912345678", send_time=fake.clock.now + timedelta(days=1))
        assert booked.status is Status.BOOKED
        fake.reset()
        assert 0 <= seconds_since(LONG_AGO, fake) < 60


def test_t4_reset_may_say_when_for_one_world(every8d: FakeEvery8d) -> None:
    real = every8d.clock.now
    future = datetime(2099, 1, 1, tzinfo=TAIPEI)
    every8d.reset(now=future)
    assert 0 <= seconds_since(future, every8d) < 60
    assert every8d.clock.running
    with pytest.raises(InvalidInput, match="never goes back"):
        every8d.clock.travel_to(LONG_AGO)
    every8d.reset()
    assert 0 <= seconds_since(real, every8d) < 60


@pytest.mark.parametrize("now", [datetime(1969, 12, 31), datetime(9999, 12, 31, 1), "2020-01-01"])
def test_t4_time_that_makes_no_sense_changes_nothing(every8d: FakeEvery8d, now: object) -> None:
    every8d.send("kept", to="0912345678")
    with pytest.raises(InvalidInput, match=r"^now must be "):
        every8d.reset(now=now)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"^now must be "):
        Settings(now=now)  # type: ignore[arg-type]
    assert len(every8d.messages) == 1


def test_x3_reset_ends_sessions_and_says_so(every8d: FakeEvery8d) -> None:
    """-301, as for any dead session (A6); advice tells why, and an unknown key has none."""
    key = log_in(every8d.url, "demo", "demo")
    every8d.reset()
    every8d.reset()
    assert b"-301, " in call(every8d.url, "getCredit", sessionKey=key).data
    (advice,) = every8d.requests[-1].advice
    assert "A reset has ended this session" in advice
    assert "every8d_keep_sessions" in advice
    call(every8d.url, "getCredit", sessionKey="0" * 32)
    assert every8d.requests[-1].advice == ()


def test_x3_key_of_yesterday_was_ended_by_midnight(every8d: FakeEvery8d) -> None:
    """A4: no advice about resets."""
    key = log_in(every8d.url, "demo", "demo")
    every8d.clock.advance(days=1)
    call(every8d.url, "getCredit", sessionKey=key)
    assert every8d.requests[-1].advice == ()


def test_x3_reset_can_keep_sessions_and_tokens(every8d: FakeEvery8d) -> None:
    platform = every8d.gateway.platform
    key, token = platform.open_session("demo", "demo"), Token(platform.open_token(DEMO))
    every8d.add_account("gone", "gone")
    gone = platform.open_session("gone", "gone")
    every8d.send("forgotten", to="0912345678")
    every8d.reset(keep_sessions=True, now=datetime(2099, 1, 1))
    assert every8d.messages == []
    assert platform.credit(key) == platform.credit(token) == 1000
    with pytest.raises(PlatformError, match="-301"):
        platform.credit(gone)  # its account was added, and is there no more
    every8d.clock.advance(hours=23)  # A4, H7: as if they had been opened at the reset
    assert platform.credit(key) == 1000
    with pytest.raises(PlatformError, match="-301"):
        platform.credit(token)


def test_x3_setting_keeps_them_by_default() -> None:
    with FakeEvery8d(Settings(keep_sessions=True)) as fake:
        platform = fake.gateway.platform
        key = platform.open_session("demo", "demo")
        fake.reset()
        fake.reset_account("demo")
        assert platform.credit(key) == 1000
        fake.reset(keep_sessions=False)
        with pytest.raises(PlatformError, match="-301"):
            platform.credit(key)


def test_x1_other_settings_from_a_reset_on(every8d: FakeEvery8d) -> None:
    """All of them apply: accounts, edition, delivery, retries, retention, padding."""
    settings = Settings(
        accounts=(Account("shop", "s3cret", credit=5),),  # type: ignore[arg-type]
        edition="2025",
        delivery_seconds=0,
        max_messages=2,
    )
    every8d.reset(settings=settings)
    every8d.reset()
    assert [account.user_id for account in every8d.accounts] == ["shop"]
    assert every8d.settings == settings
    for text in ("a", "b", "c"):
        every8d.send(text, to="0912345678")
        every8d.clock.advance(seconds=1)
    assert [message.text for message in every8d.messages] == ["b", "c"]
    assert every8d.messages[0].status is Status.DELIVERED
    every8d.reset(settings=Settings())


def test_x3_t4_reset_over_http(every8d: FakeEvery8d) -> None:
    api = Api(every8d.url)
    key = log_in(every8d.url, "demo", "demo")
    body = {"now": "2099-01-01T00:00:00+08:00", "keep_sessions": True}
    assert api("POST", "reset", body).status == 204
    assert api.get("clock")["now"].startswith("2099-01-01T00:0")
    assert b">1000.00<" in call(every8d.url, "getCredit", sessionKey=key).data
    refused = api("POST", "reset", {"user_id": "demo", "now": "2099-01-01T00:00:00+08:00"})
    assert refused.status == 400
    assert refused.json()["error"]["field"] == "now"


def test_t2_clock_moves_to_the_next_thing_due(every8d: FakeEvery8d) -> None:
    every8d.clock.freeze()
    start = every8d.clock.now
    assert every8d.clock.to_next_due() == start
    every8d.send("hello", to="0912345678")
    assert every8d.clock.to_next_due() == start + timedelta(seconds=1)  # D2
    assert every8d.messages[0].status is Status.DELIVERED


@pytest.mark.parametrize(
    ("picture", "name", "instead"),
    [
        (lambda fake: fake.account, "credit", "every8d.update_account(user_id, credit=…)"),
        (lambda fake: fake.send("x", to="0912345678")[0], "status", "every8d.set_status("),
        (lambda fake: fake.settings, "edition", "every8d.update_settings(edition=…)"),
        (lambda fake: fake.add_failure("*", "garbage"), "times", "every8d.remove_failure("),
    ],
)
def test_picture_of_the_moment_cannot_be_set(
    every8d: FakeEvery8d, picture: Callable[[FakeEvery8d], object], name: str, instead: str
) -> None:
    """The error names what can be done."""
    with pytest.raises(FrozenInstanceError) as caught:
        setattr(picture(every8d), name, 0)
    assert f".{name} cannot be set" in str(caught.value)
    assert instead in str(caught.value)
