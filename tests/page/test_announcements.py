"""Announcements to screen readers: awaited results at once, news now and then, and once."""

import pytest
from playwright.sync_api import Page, Request, expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open, Send
from tests.page.test_live import WAITS, pass_until
from tests.waiting import wait_for

_RECORD = """() => {
    window.said = [];
    const live = "[role=status], [role=alert], [aria-live]";
    new MutationObserver((changes) => {
        const places = changes.map(({ target }) =>
            (target.nodeType === Node.TEXT_NODE ? target.parentElement : target).closest(live));
        for (const place of new Set(places)) if (place) window.said.push(place.textContent);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def said(page: Page) -> list[str]:
    """The announcements so far, wherever they were made."""
    found: list[str] = page.evaluate("window.said")
    return found


@pytest.fixture
def waits() -> list[Request]:
    """The page's requests that wait for news, so far."""
    return []


@pytest.fixture
def page(fake: FakeEvery8d, send: Send, open: Open, waits: list[Request]) -> Page:
    """The page of a fake with a phone, whose time stands still and is the test's to move."""

    def before(page: Page) -> None:
        page.clock.install()
        page.on("request", lambda request: request.url.endswith(WAITS) and waits.append(request))

    fake.clock.freeze()
    send("hello")
    page = open(before=before)
    expect(page.locator(".phone")).to_have_count(1)
    page.clock.pause_at("2100-01-01")
    page.evaluate(_RECORD)
    return page


def test_news_that_come_one_after_the_other_are_told_of_together(
    page: Page, send: Send, waits: list[Request]
) -> None:
    """Each to a phone of its own, within less than five seconds."""
    for n in range(1, 5):
        pass_until(page, 100, waits, n)
        send(f"message {n}", f"091111111{n}")
        expect(page.locator(".phone")).to_have_count(1 + n)
    assert said(page) == ["New SMS to +886911111111: message 1"]
    page.clock.run_for(5_000)
    assert said(page)[1:] == ["3 new SMS"]
    page.clock.run_for(60_000)
    assert len(said(page)) == 2


def test_result_of_a_search_is_announced_once(page: Page, send: Send) -> None:
    """Once it has been typed, whatever arrives after that."""
    search = page.get_by_role("searchbox")
    for typed in ("h", "he", "hello"):
        search.fill(typed)
        expect(page.locator("mark")).to_have_text(typed)

    def after_a_while() -> list[str]:
        page.clock.run_for(100)
        return said(page)

    assert wait_for(after_a_while) == ["Matches: 1, on one phone"]
    send("hello again", "0922222222")
    wait_for(lambda: after_a_while() and page.locator(".phone").count() == 2)
    expect(page.locator(".count")).to_contain_text("Matches: 2, on 2 phones")
    page.clock.run_for(60_000)
    assert said(page)[1:] == ["New SMS to +886922222222: hello again"]
