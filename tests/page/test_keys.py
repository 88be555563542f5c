"""Keys in the moment between a click and the drawing of its result."""

import re

from playwright.sync_api import expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open, Send, crowded, phone_links
from tests.web.serving import call

_CLICK_AND_PRESS = """([place, key]) => {
    const link = document.querySelector(`[aria-posinset="${place}"] a`);
    link.click();
    link.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def test_arrow_key_continues_from_a_click_not_drawn_yet(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    page = crowded(send, open, 10)
    phones = phone_links(page)
    phones.first.click()
    expect(phones.first).to_have_attribute("aria-current", "page")
    page.evaluate(_CLICK_AND_PRESS, [5, "ArrowDown"])
    expect(phones.nth(5)).to_be_focused()
    page.evaluate(_CLICK_AND_PRESS, [2, "ArrowUp"])
    expect(phones.nth(0)).to_be_focused()


def test_a_key_in_the_list_of_requests_does_so_too(fake: FakeEvery8d, open: Open) -> None:
    for operation in ("getCredit", "closeConnection", "getCredit", "closeConnection"):
        call(fake.url, operation, sessionKey="none")
    page = open("#/requests/4")
    requests = page.get_by_role("region", name="Requests").get_by_role("link")
    expect(requests.first).to_have_attribute("aria-current", "page")
    page.evaluate(_CLICK_AND_PRESS, [3, "ArrowDown"])
    expect(requests.nth(3)).to_be_focused()


def test_typing_goes_to_a_clicked_phone_not_drawn_yet(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    page = crowded(send, open, 2)
    expect(phone_links(page)).to_have_count(2)
    page.evaluate(
        """() => {
            document.querySelector(".phone").click();
            const search = document.getElementById("search");
            search.value = "hello";
            search.dispatchEvent(new InputEvent("input", { bubbles: true }));
        }"""
    )
    expect(page).to_have_url(re.compile(r"#/phone/\+886900000001\?q=hello$"))
