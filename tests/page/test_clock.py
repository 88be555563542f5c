"""The clock at the top of the page."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from fake_every8d import FakeEvery8d, Status
from fake_every8d.gateway import TAIPEI
from tests.page.conftest import Open, Send

NOON = datetime(2099, 5, 4, 12, 0, 0, tzinfo=TAIPEI)


def shown(page: Page) -> datetime:
    text = page.get_by_role("region", name="Clock").locator("time").inner_text()
    match = re.search(r"(\d{4})/(\d\d)/(\d\d)\s+(\d\d):(\d\d):(\d\d)", text)
    assert match
    return datetime(*map(int, match.groups()), tzinfo=TAIPEI)  # type: ignore[arg-type]


def test_t1_it_shows_the_fakes_time_and_stops_and_runs(fake: FakeEvery8d, open: Open) -> None:
    page = open()
    expect(page.get_by_role("region", name="Clock")).to_be_visible()
    assert abs(shown(page) - fake.clock.now) < timedelta(minutes=1)
    page.get_by_role("button", name="Stop the clock").click()
    expect(page.get_by_text("stopped")).to_be_visible()
    assert not fake.clock.running
    assert shown(page) == fake.clock.now.replace(microsecond=0)
    page.get_by_role("button", name="Let the clock run").click()
    expect(page.get_by_text("stopped")).to_have_count(0)
    assert fake.clock.running


def test_t1_it_goes_by_itself(fake: FakeEvery8d, open: Open) -> None:
    page = open()
    time = page.get_by_role("region", name="Clock").locator("time")
    before = time.inner_text()
    expect(time).not_to_have_text(before)


def test_t2_it_moves_by_a_minute_and_an_hour(fake: FakeEvery8d, open: Open) -> None:
    fake.clock.freeze()
    fake.clock.travel_to(NOON)
    page = open()
    page.get_by_role("button", name="+1 min").click()
    expect(page.locator("#announcements")).to_have_text("It is 2099/05/04 12:01:00 now")
    page.get_by_role("button", name="+1 h").click()
    expect(page.locator("#announcements")).to_have_text("It is 2099/05/04 13:01:00 now")
    assert shown(page) == fake.clock.now == NOON + timedelta(hours=1, minutes=1)


def test_t2_it_moves_to_the_next_thing_due(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.clock.freeze()
    fake.clock.travel_to(NOON)
    page = open()
    expect(page.get_by_role("button", name="Nothing is due")).to_be_disabled()
    session_key = fake.gateway.platform.open_session("demo", "demo")
    fake.gateway.platform.send_sms(
        session_key, "", "in three hours", "0912345678", "20990504150000"
    )
    page.get_by_role("button", name="To the next thing due: 3 h").click()
    page.get_by_role("button", name="To the next thing due: 1 s").click()
    expect(page.get_by_role("button", name="Nothing is due")).to_be_disabled()
    assert fake.messages[0].status is Status.DELIVERED
    assert fake.clock.now == NOON + timedelta(hours=3, seconds=1)


def test_a_clock_that_somebody_else_moves_is_followed(fake: FakeEvery8d, open: Open) -> None:
    fake.clock.freeze()
    page = open()
    fake.clock.travel_to(NOON)
    expect(page.get_by_text("2099/05/04 12:00:00")).to_be_visible()
