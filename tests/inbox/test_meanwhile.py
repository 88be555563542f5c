"""What happens while the page waits: for a response, for the fake to be back, in another window."""

import re

from playwright.sync_api import Locator, Page, Route, expect

from fake_every8d import FakeEvery8d
from tests.inbox.conftest import Open, Send
from tests.inbox.test_live import hide
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
        """Those that are held, and all that come."""
        routes, self._routes = self._routes, None
        for route in routes or ():
            route.continue_()


def phone_links(page: Page) -> Locator:
    return page.get_by_role("region", name="Phones").get_by_role("link")


def lose(page: Page) -> None:
    """The fake is gone, and the page has noticed."""
    page.context.set_offline(True)
    page.get_by_role("button", name="+1 min").click()
    expect(page.get_by_role("alert")).to_contain_text("Not done")


def test_what_was_asked_for_while_the_fake_was_gone_comes_when_it_is_back(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    send("hello")
    page = open("#/phones?q=nowhere")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    lose(page)
    page.get_by_role("searchbox").fill("")
    page.evaluate("location.hash = '#/phone/+886912345678'")
    page.context.set_offline(False)
    expect(page.locator(".bubble")).to_have_text("hello")
    expect(phone_links(page)).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_failures_can_be_chosen_once_the_fake_is_back(fake: FakeEvery8d, open: Open) -> None:
    fake.clock.freeze()
    page = open()
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    lose(page)
    page.get_by_role("link", name="Faults").click()
    expect(page.get_by_role("heading", name="Waiting to happen")).to_be_visible()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Let something go wrong")).to_be_visible()


def test_what_one_window_has_seen_the_others_know(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    for number in ("0911111111", "0922222222", "0933333333"):
        send("hello", number)
    one = open()
    two = one.context.new_page()
    two.goto(f"{fake.url}/")
    expect(two).to_have_title("(3) Phones · fake-every8d")
    one.get_by_role("link", name="0911 111 111").click()
    expect(one).to_have_title(re.compile(r"^\(2\)"))
    expect(two).to_have_title(re.compile(r"^\(2\)"))
    two.get_by_role("link", name="0922 222 222").click()
    expect(two).to_have_title(re.compile(r"^\(1\)"))
    one.reload()
    expect(one).to_have_title(re.compile(r"^\(1\)"))
    one.get_by_role("button", name="Mark all as read").click()
    expect(two.get_by_text("1 unread")).to_have_count(0)
    expect(two).to_have_title(re.compile(r"^\+886"))


def test_what_is_seen_again_is_read(fake: FakeEvery8d, send: Send, open: Open) -> None:
    """Its messages came while another tab was in front."""
    fake.clock.freeze()
    send("hello")
    page = open("#/phone/+886912345678")
    expect(page).to_have_title(re.compile(r"^\+886"))
    hide(page, True)
    send("again")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    hide(page, False)
    expect(page).to_have_title(re.compile(r"^\+886"))


def test_what_is_read_counts_for_no_more_than_there_is(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """All is marked as read while a response is on its way that counts from before."""
    fake.clock.freeze()
    send("one")
    send("two")
    send("elsewhere", "0922222222")
    page = open("#/phone/+886912345678")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    held = Held(page, r"fake/phones\?to=")
    send("three")
    held.wait()
    page.get_by_role("button", name="Mark all as read").click()
    held.let_go()
    expect(page).to_have_title(re.compile(r"^\+886"))
    page.get_by_role("link", name="0922 222 222").click()
    expect(page.locator(".bubble")).to_have_text(["elsewhere"])
    send("four")
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("1 unread")


def test_all_is_marked_as_read_while_the_fake_is_reset(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    send("hello")
    page = open()
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    held = Held(page, r"fake/messages\?newest_first=true&limit=1&")
    fake.reset()
    held.wait()
    page.get_by_role("button", name="Mark all as read").click()
    held.let_go()
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    fake.gateway.send_sms(fake.gateway.open_session("demo", "demo"), "", "new", "0922222222", "")
    expect(phone_links(page)).to_contain_text(["1 unread"])


def test_a_filter_by_an_account_goes_with_it(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.add_account("shop", "secret")
    fake.clock.freeze()
    send("hello")
    page = open()
    page.get_by_label("Account").select_option("shop")
    expect(phone_links(page)).to_have_count(0)
    fake.remove_account("shop")
    expect(phone_links(page)).to_have_count(1)


def test_requests_that_come_while_others_are_loaded_take_nobodys_place(
    fake: FakeEvery8d, open: Open
) -> None:
    fake.clock.freeze()
    call(fake.url, "getConnection", userID="demo", password="demo")
    call(fake.url, "getConnection", userID="demo", password="wrong")
    page = open(before=lambda page: page.clock.install())
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
    fake.clock.freeze()
    send("hello")
    page = open("#/phone/+886912345678")
    for _ in range(7):
        expect(page.locator(".bubble")).to_have_text("hello")
        page = page.context.new_page()
        page.goto(f"{fake.url}/#/phone/+886912345678")
    page.get_by_role("button", name="Deliver").click()
    expect(page.locator(".message .status")).to_have_text("100 Delivered")
