"""Refusals of the fake: they are shown, not repeated, and everything else goes on."""

import re

import pytest
from playwright.sync_api import expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open, Send
from tests.page.test_live import asked, asked_since
from tests.waiting import wait_for

MINUTE = 60_000


@pytest.mark.parametrize("view", ["phones", "reports"])
def test_no_more_is_searched_for_than_a_request_can_hold(
    fake: FakeEvery8d, send: Send, open: Open, view: str
) -> None:
    """Though an address has more, or what is pasted."""
    fake.clock.freeze()
    send("x" * 2000)
    page = open(f"#/{view}?q={'x' * 100_000}")
    search = page.get_by_role("searchbox")
    expect(search).to_have_value("x" * 1000)
    said = page.get_by_role("alert")
    expect(said).to_have_text("Only the first 1000 characters are searched for.")
    search.fill("x")
    expect(said).to_have_count(0)
    page.keyboard.insert_text("x" * 100_000)
    expect(search).to_have_value("x" * 1000)
    expect(said).to_have_text("Only the first 1000 characters are searched for.")
    page.get_by_role("link", name="Phones").click()
    expect(page.locator(".phone")).to_have_count(1)


def test_a_request_that_is_refused_is_no_outage_and_not_repeated(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """For a number longer than a request line may be: the fake gives HTTP 431."""
    fake.clock.freeze()
    send("hello")
    page = open(f"#/phone/{'1' * 100_000}", before=lambda page: page.clock.install())
    said = page.get_by_role("alert")
    expect(said).to_contain_text("The fake refused it")
    expect(page.locator(".phone")).to_contain_text("hello")
    seen = asked(page)
    page.clock.run_for(MINUTE)
    # What was refused is in the journal (W13), which is news of other things.
    assert [path[:20] for path in asked_since(page, seen) if "to=" in path] == []
    send("again")
    expect(page.locator(".phone")).to_contain_text("again")
    expect(said).to_have_count(1)


def test_refused_list_is_not_retried_before_a_change(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """However much is drawn meanwhile."""
    fake.clock.freeze()
    send("hello")
    page = open(before=lambda page: page.clock.install())
    expect(page.locator(".phone")).to_contain_text("hello")
    page.route("**/fake/phones*", lambda route: route.fulfill(status=403, body="no"))
    page.get_by_role("searchbox").fill("hell")
    expect(page.get_by_role("alert")).to_contain_text("does not let this page do that")
    seen = asked(page)
    page.clock.run_for(MINUTE)
    assert [path for path in asked_since(page, seen) if path.startswith("phones")] == []
    page.unroute("**/fake/phones*")
    send("hello again")
    expect(page.locator(".phone")).to_contain_text("hello again")


def test_a_fake_that_refuses_everything_is_asked_every_ten_seconds(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    page = open(
        before=lambda page: (
            page.clock.install(),
            page.route("**/fake/*", lambda route: route.fulfill(status=403, body="no")),
        )
    )
    said = page.get_by_role("alert")
    expect(said).to_contain_text("does not let this page do that")
    page.clock.pause_at("2100-01-01")
    seen = asked(page)
    for _ in range(6):
        page.clock.run_for(10_000)
        expect(said).to_have_count(1)
    assert 0 < len(asked_since(page, seen)) <= 6
    page.clock.resume()
    page.unroute("**/fake/*")
    send("hello")

    def shown() -> bool:
        page.clock.run_for(1_000)
        return page.locator(".phone").count() == 1

    wait_for(shown)
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    expect(said).to_have_count(0)
