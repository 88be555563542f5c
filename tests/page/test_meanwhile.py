"""Events while the page waits: for a response, for the fake to be back, in another window."""

import re
from functools import partial

import pytest
from playwright.sync_api import Page, Route, expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open, Send, crowded, phone_links
from tests.page.test_live import asked, hide, listen
from tests.waiting import wait_for
from tests.web.serving import call


class Held:
    """Requests that are held up on their way to the fake until they are let go."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._page = page
        self._routes: list[Route] | None = []
        page.route(re.compile(pattern), self._take)

    def _take(self, route: Route) -> None:
        if self._routes is None:
            route.continue_()
        else:
            self._routes.append(route)

    def wait(self) -> None:
        """Until there is one."""

        def came() -> bool:
            self._page.evaluate("0")  # events come while something is asked
            return bool(self._routes)

        wait_for(came)

    def let_go(self) -> None:
        """The held requests, and all that come."""
        routes, self._routes = self._routes, None
        for route in routes or ():
            route.continue_()


def intercept(page: Page) -> None:
    """Have its requests go through Playwright from the start.

    When it begins to hold some up later, those of the next milliseconds slip through.
    """
    page.route("**/nowhere", lambda route: route.abort())


PHONE = "#/phone/+886912345678"
"""The view of the phone that `send` sends to."""


@pytest.fixture
def fake(fake: FakeEvery8d) -> FakeEvery8d:
    """One in which time stands still, so that nothing comes but what a test sends."""
    fake.clock.freeze()
    return fake


@pytest.fixture
def open(open: Open) -> Open:
    """Opens a page of which requests can be held up at any time."""
    return partial(open, before=intercept)


def expect_unread(page: Page, phones: int) -> None:
    """Its title says how many phones have something unread."""
    start = rf"\({phones}\) " if phones else r"(?!\()"
    expect(page).to_have_title(re.compile("^" + start))


def lose(page: Page) -> None:
    """The fake is gone, and the page has noticed."""
    page.context.set_offline(True)
    page.get_by_role("button", name="+1 min").click()
    expect(page.get_by_role("alert")).to_contain_text("Not done")


def test_missed_load_is_repeated_when_the_fake_is_back(send: Send, open: Open) -> None:
    send("hello")
    page = open("#/phones?q=nowhere")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    lose(page)
    page.get_by_role("searchbox").fill("")
    page.evaluate(f"location.hash = '{PHONE}'")
    page.context.set_offline(False)
    expect(page.locator(".bubble")).to_have_text("hello")
    expect(phone_links(page)).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_fake_that_refuses_does_answer(send: Send, open: Open) -> None:
    send("hello")
    page = open()
    expect(phone_links(page)).to_have_count(1)
    page.route("**/fake/phones*", lambda route: route.fulfill(status=403, body="no"))
    page.get_by_role("searchbox").fill("hello")
    expect(page.get_by_role("alert")).to_contain_text("does not let this page do that")
    expect(page.get_by_role("alert")).to_have_count(1)


def test_failures_can_be_chosen_once_the_fake_is_back(open: Open) -> None:
    page = open()
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    lose(page)
    page.get_by_role("link", name="Failures").click()
    expect(page.get_by_role("heading", name="Waiting to happen")).to_be_visible()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Let something go wrong")).to_be_visible()


def test_windows_share_what_is_read(fake: FakeEvery8d, send: Send, open: Open) -> None:
    for number in ("0911111111", "0922222222", "0933333333"):
        send("hello", number)
    one = open()
    two = one.context.new_page()
    two.goto(f"{fake.url}/")
    expect_unread(two, 3)
    one.get_by_role("link", name="0911 111 111").click()
    expect_unread(one, 2)
    expect_unread(two, 2)
    two.get_by_role("link", name="0922 222 222").click()
    expect_unread(two, 1)
    one.reload()
    expect_unread(one, 1)
    one.get_by_role("button", name="Mark all as read").click()
    expect(two.get_by_text("1 unread")).to_have_count(0)
    expect_unread(two, 0)


def test_windows_with_the_same_phone_do_not_make_one_another_load_it(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """Each loads the list and the phone once for each message."""
    send("hello")
    one = open(PHONE)
    two = one.context.new_page()
    two.goto(f"{fake.url}/{PHONE}")
    for page in (one, two):
        expect(page.locator(".bubble")).to_have_count(1)
    seen = asked(one)
    listen(two, seen)
    for n in range(2, 7):
        send("again")
        for page in (one, two):
            expect(page.locator(".bubble")).to_have_count(n)
            page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    assert len([request for request in seen if "/phones?" in request.url]) <= 5 * 2 * 2


def test_message_that_is_seen_again_is_read(send: Send, open: Open) -> None:
    """Its messages came while another tab was in front."""
    send("hello")
    page = open(PHONE)
    expect_unread(page, 0)
    hide(page, True)
    send("again")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
    expect_unread(page, 1)
    hide(page, False)
    expect_unread(page, 0)


def test_read_count_never_exceeds_the_messages(fake: FakeEvery8d, send: Send, open: Open) -> None:
    """All is marked as read while a response is on its way that counts from before."""
    send("one")
    send("two")
    send("elsewhere", "0922222222")
    page = open(PHONE)
    expect_unread(page, 1)
    held = Held(page, r"fake/phones\?to=")
    send("three")
    held.wait()
    page.get_by_role("button", name="Mark all as read").click()
    held.let_go()
    expect_unread(page, 0)
    page.get_by_role("link", name="0922 222 222").click()
    expect(page.locator(".bubble")).to_have_text(["elsewhere"])
    send("four")
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("1 unread")


def test_all_is_marked_as_read_while_the_fake_is_reset(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("hello")
    page = open()
    expect_unread(page, 1)
    held = Held(page, r"fake/messages\?newest_first=true&limit=1&")
    fake.reset()
    held.wait()
    page.get_by_role("button", name="Mark all as read").click()
    held.let_go()
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    fake.gateway.platform.send_sms(
        fake.gateway.platform.open_session("demo", "demo"), "", "new", "0922222222", ""
    )
    expect(phone_links(page)).to_contain_text(["1 unread"])


def test_the_next_reply_is_typed_while_the_last_one_is_on_its_way(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("hello")
    page = open(PHONE)
    page.get_by_role("textbox", name="Reply as").fill("one")
    held = Held(page, r"fake/(replies|state$)")
    page.keyboard.press("Enter")
    held.wait()
    page.keyboard.type("two")
    held.let_go()
    expect(page.get_by_role("textbox", name="Reply as")).to_have_value("two")
    page.keyboard.press("Enter")
    expect(page.locator(".reply .bubble")).to_have_text(["one", "two"])


def test_late_reply_does_not_change_the_view(fake: FakeEvery8d, send: Send, open: Open) -> None:
    send("hello")
    page = open(PHONE)
    page.get_by_role("textbox", name="Reply as").fill("one")
    held = Held(page, r"fake/state$")
    page.keyboard.press("Enter")
    held.wait()
    page.get_by_role("searchbox").focus()
    held.let_go()
    expect(page.locator(".reply .bubble")).to_have_text("one")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_reply_goes_to_the_chosen_message_out_of_view(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """250 messages, of which the last 200 are known when the next one comes."""
    for n in range(1, 251):
        send(f"message {n}")
    page = open(PHONE)
    bubbles = page.locator(".bubble")
    expect(bubbles.last).to_have_text("message 250")
    conversation = page.locator(".conversation .windowed")

    def at_the_top() -> bool:
        conversation.evaluate("e => e.scrollTop = 0")
        return bubbles.first.inner_text() == "message 1"

    wait_for(at_the_top)
    first = page.get_by_role("article", name="Message 1", exact=True)
    first.get_by_role("button", name="Reply").click()
    conversation.evaluate("e => e.scrollTop = e.scrollHeight")
    expect(bubbles.last).to_have_text("message 250")
    send("message 251")
    expect(bubbles.last).to_have_text("message 251")
    expect(page.locator(".reply-to")).to_contain_text("message 1")
    page.get_by_role("textbox", name="Reply as").fill("to the first")
    page.keyboard.press("Enter")
    wait_for(lambda: fake.messages[0].replies)


def test_a_filter_by_an_account_goes_with_it(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.add_account("shop", "secret")
    send("hello")
    page = open()
    page.get_by_label("Account").select_option("shop")
    expect(phone_links(page)).to_have_count(0)
    fake.remove_account("shop")
    expect(phone_links(page)).to_have_count(1)


def test_a_filter_is_chosen_by_arrow_keys(fake: FakeEvery8d, send: Send, open: Open) -> None:
    """Arrow keys go through the phones elsewhere in the list."""
    fake.add_account("shop", "secret")
    send("hello")
    page = open()
    page.get_by_label("Account").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Account")).to_have_value("demo")
    expect(page).to_have_url(f"{fake.url}/#/phones?account=demo")


def test_the_last_key_counts_though_what_it_asks_for_comes_first(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    page = crowded(send, open, 250)
    phones = phone_links(page)
    first, second = phones.nth(0), phones.nth(1)
    first.click()
    expect(first).to_have_attribute("aria-current", "page")
    held = Held(page, r"fake/phones\?.*&offset=200")
    page.keyboard.press("End")
    held.wait()
    page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-current", "page")
    held.let_go()
    page.keyboard.press("ArrowUp")
    expect(first).to_have_attribute("aria-current", "page")
    page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-current", "page")


def test_end_goes_to_the_end_of_a_list_that_is_being_loaded(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    page = crowded(send, open, 250)
    phones = phone_links(page)
    phones.first.click()
    held = Held(page, r"fake/phones\?.*&offset=0")
    send("again", "0900000249")
    held.wait()
    page.keyboard.press("End")
    phones.first.hover()
    page.mouse.wheel(0, 1)  # draws the list anew
    expect(page.locator(".phone-list .windowed")).to_have_js_property("scrollTop", 1)
    held.let_go()
    expect(page.locator(".phone-list li[aria-posinset='250'] a")).to_be_focused()


def test_focus_stays_on_the_last_phone_during_a_load(send: Send, open: Open) -> None:
    """Phones are loaded by the hundred."""
    page = crowded(send, open, 301)
    phone_links(page).first.click()
    page.keyboard.press("End")
    expect(page.locator(".phone-list li[aria-posinset='300'] a")).to_be_visible()
    expect(page.locator(".phone-list li[aria-posinset='301'] a")).to_be_focused()


def test_phones_scrolled_into_view_during_a_load_stay(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    page = crowded(send, open, 301)
    phone_links(page).first.click()
    end = Held(page, r"fake/phones\?.*&offset=300")
    page.keyboard.press("End")
    end.wait()
    start = Held(page, r"fake/phones\?.*&offset=0")
    send("again", "0900000300")
    expect(page.locator("#announcements")).to_contain_text("again")
    end.let_go()
    last = page.get_by_role("link", name="0900 000 000")
    expect(last).to_be_focused()
    start.wait()
    with page.expect_request(re.compile("wait_seconds")):  # when all has been loaded
        start.let_go()
    expect(last).to_be_focused()


def test_list_with_its_choice_out_of_view_is_reached_by_keyboard(send: Send, open: Open) -> None:
    page = crowded(send, open, 100)
    phone_links(page).first.click()
    phones = page.locator(".phone-list .windowed")
    phones.evaluate("e => e.scrollTop = e.scrollHeight")
    expect(page.get_by_role("link", name="0900 000 000")).to_be_in_viewport()
    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Tab")
    expect(phones).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="0900 000 098")).to_be_focused()


def test_a_count_is_not_given_for_a_search_that_is_still_under_way(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("hello", "0911111111")
    send("goodbye", "0922222222")
    page = open()
    count = page.locator(".count")
    expect(count).to_contain_text("2 phones")
    held = Held(page, r"fake/phones\?.*search=")
    page.get_by_role("searchbox").fill("bye")
    held.wait()
    expect(count).to_contain_text("2 phones")
    held.let_go()
    expect(count).to_contain_text("Matches: 1, on one phone")


def test_superseded_search_is_not_asked_for(fake: FakeEvery8d, send: Send, open: Open) -> None:
    """Its place in the conversation is another."""
    send("alpha")
    send("album")
    page = open(PHONE)
    expect(page.locator(".bubble")).to_have_text(["alpha", "album"])
    held = Held(page, r"fake/messages\?.*&search=a&")
    page.get_by_role("searchbox").fill("a")
    held.wait()
    searches = asked(page)
    page.keyboard.press("End")
    page.keyboard.type("lpha")
    expect(page).to_have_url(re.compile("q=alpha$"))
    with page.expect_request(re.compile(r"/messages\?.*search=alpha")):
        held.let_go()
    expect(page.locator(".conversation mark")).to_have_text("alpha")
    found = [request.url for request in searches if "/messages?to=" in request.url]
    assert len(found) == 1


def test_requests_that_arrive_during_a_load_replace_none(fake: FakeEvery8d, open: Open) -> None:
    call(fake.url, "getConnection", userID="demo", password="demo")
    call(fake.url, "getConnection", userID="demo", password="wrong")

    def before(page: Page) -> None:
        intercept(page)
        page.clock.install()

    page = open(before=before)
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    held = Held(page, r"fake/requests\?")
    page.get_by_role("link", name="Requests").click()
    held.wait()
    call(fake.url, "getCredit", sessionKey="none")
    held.let_go()
    requests = page.get_by_role("region", name="Requests").get_by_role("link")
    expect(requests).to_have_count(3)


def test_many_windows_do_not_keep_one_another_from_the_fake(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """A browser has six connections to a server for all of its windows."""
    send("hello")
    page = open(PHONE)
    for _ in range(7):
        expect(page.locator(".bubble")).to_have_text("hello")
        page = page.context.new_page()
        page.goto(f"{fake.url}/{PHONE}")
    page.get_by_role("button", name="Deliver").click()
    expect(page.locator(".message .status")).to_have_text("100 Delivered")


def test_drawn_things_are_forgotten_in_time(open: Open) -> None:
    """A list whose items go as others come: of a thousand, ten at a time."""
    count = """() => {
        window.largest = 0;
        const set = Map.prototype.set;
        Map.prototype.set = function (key, value) {
            set.call(this, key, value);
            window.largest = Math.max(window.largest, this.size);
            return this;
        };
    }"""
    page = open()
    page.evaluate(count)
    page.evaluate(
        """async () => {
            const { html, render } = await import("/page/vendor/preact-htm.js");
            const { WindowedList } = await import("/page/windowed.js");
            const place = document.createElement("div");
            document.body.append(place);
            for (let first = 0; first < 1000; first += 10) {
                const items = Array.from({ length: 10 }, (_, i) => first + i);
                render(html`<${WindowedList} items=${items} keyOf=${(n) => n} estimate=${20}
                    label="numbers" render=${(n) => html`<p>${n}</p>`} />`, place);
            }
        }"""
    )
    assert page.evaluate("window.largest") < 500
