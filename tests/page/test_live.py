"""Keeping up: with what is new, at little cost, and with very many messages."""

import pytest
from playwright.sync_api import Page, Request, expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open, Send
from tests.waiting import wait_for

PHONES = 2_000
MESSAGES = 10_000


def asked(page: Page) -> list[Request]:
    """The page's requests to the API from now on."""
    seen: list[Request] = []
    listen(page, seen)
    return seen


def listen(page: Page, seen: list[Request]) -> None:
    page.on("request", lambda request: "/fake/" in request.url and seen.append(request))


def answers(requests: list[Request]) -> list[tuple[str, int]]:
    """The path of a request and the status of its response, which is awaited."""
    found = []
    for request in requests:
        response = request.response()
        assert response
        found.append((request.url.partition("/fake/")[2], response.status))
    return found


def pass_until(page: Page, step: int, seen: list[Request], count: int) -> int:
    """Let the page's own time pass until it has asked so often; how many steps that took."""
    for steps in range(1, 500):
        page.clock.run_for(step)
        if len(seen) >= count:
            return steps
    raise AssertionError(f"the page asked {len(seen)} times, not {count}")


WAITS = "state?wait_seconds=25"


def asked_since(page: Page, seen: list[Request]) -> list[str]:
    """The requests of the page, once their events have come."""
    page.evaluate("0")
    return [request.url.partition("/fake/")[2] for request in seen]


def at_rest(fake: FakeEvery8d, send: Send, open: Open) -> tuple[Page, list[Request]]:
    """A conversation on the page, which now waits for news, and what it has asked for so far."""
    fake.clock.freeze()
    send("hello")
    seen: list[Request] = []
    page = open("#/phone/+886912345678", before=lambda page: listen(page, seen))
    expect(page.locator(".bubble")).to_have_text("hello")
    wait_for(lambda: WAITS in asked_since(page, seen))
    return page, seen


def test_nothing_new_costs_one_question_that_waits(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    page, seen = at_rest(fake, send, open)
    (waiting,) = [request for request in seen if request.url.endswith(WAITS)]
    seen.clear()
    page.evaluate("fetch('healthz')")
    assert seen == []
    send("more")
    expect(page.locator(".bubble")).to_have_text(["hello", "more"])
    assert answers([waiting]) == [(WAITS, 200)]
    wait_for(lambda: WAITS in asked_since(page, seen))
    phone = "to=%2B886912345678"
    about = [path for path in asked_since(page, seen) if path.startswith(("messages", "phones"))]
    assert sorted(about) == [
        "messages?newest_first=true&limit=50&after=1",
        f"messages?{phone}&newest_first=true&limit=200",
        "phones?limit=100&read_until=0&offset=0",
        f"phones?{phone}&read_until=0",
    ]


def test_a_click_is_not_held_up_by_the_question_that_waits(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """Its result is asked for at once, as is the data of another view."""
    page, seen = at_rest(fake, send, open)
    page.get_by_role("button", name="Deliver").click()
    expect(page.locator(".message .status")).to_have_text("100 Delivered")
    wait_for(lambda: asked_since(page, seen).count(WAITS) >= 2)
    page.goto(f"{fake.url}/#/reports")
    wait_for(lambda: "reports?newest_first=true&limit=1000" in asked_since(page, seen))


def hide(page: Page, hidden: bool) -> None:
    """As when another tab is brought to the front, which headless browsers do not have."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange", {bubbles: true}));
        }""",
        hidden,
    )


def test_hidden_page_polls_every_ten_seconds(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.clock.freeze()
    page = open(before=lambda page: page.clock.install())
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    page.clock.pause_at("2100-01-01")
    hide(page, True)
    seen = asked(page)
    pass_until(page, 500, seen, 1)  # what was planned while it was visible
    answers(seen)
    page.evaluate("fetch('healthz')")
    seen.clear()
    for _ in range(9):
        page.clock.run_for(1_000)
        page.evaluate("fetch('healthz')")
    assert seen == []
    page.clock.resume()
    send("hello")
    pass_until(page, 1_000, seen, 1)
    expect(page).to_have_title("(1) Phones · fake-every8d")

    send("again", "0922222222")
    hide(page, False)
    expect(page).to_have_title("(2) Phones · fake-every8d")


def test_a_fake_that_is_gone_is_said_to_be_and_found_again(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("hello")
    page = open()
    expect(page.get_by_role("link", name="0912 345 678")).to_be_visible()
    page.context.set_offline(True)
    send("unseen")  # ends the question that waits, which the browser lets go on
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    send("and again")
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("and again")


def test_click_while_the_fake_is_gone_keeps_the_typed_text(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """One bar says so, and goes when the fake is back; nothing is done later."""
    send("hello")
    page = open("#/phone/+886912345678")
    reply = page.get_by_role("textbox", name="Reply as")
    reply.fill("on my way")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("Not done")
    expect(reply).to_have_value("on my way")
    page.get_by_role("link", name="Accounts").click()
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="Phones").click()
    page.get_by_role("link", name="0912 345 678").click()
    expect(reply).to_have_value("on my way")
    assert fake.messages[0].replies == ()


def test_a_response_that_comes_before_the_first_paint_is_shown(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()  # so that there is no second one
    send("hello")
    slow = """window.requestAnimationFrame = () => 0;
        const real = setTimeout;
        window.setTimeout = (action, milliseconds) => real(action, 20 * milliseconds);"""
    page = open(before=lambda page: page.add_init_script(slow))
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("hello")


def test_messages_that_the_fake_has_forgotten_go(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.add_account("other", "secret")
    send("stays", "0911111111")
    other = fake.gateway.platform.open_session("other", "secret")
    fake.gateway.platform.send_sms(other, "", "goes", "0911111111", "")
    fake.gateway.platform.send_sms(other, "", "goes, too", "0922222222", "")
    page = open("#/phone/+886911111111")
    expect(page.locator(".bubble")).to_have_text(["stays", "goes"])
    expect(page.get_by_text("2 phones")).to_be_visible()
    fake.reset_account("other")
    expect(page.locator(".bubble")).to_have_text(["stays"])
    expect(page.locator(".phone")).to_have_count(1)


@pytest.fixture
def crowded(fake: FakeEvery8d, send: Send) -> FakeEvery8d:
    fake.update_account("demo", credit=1_000_000)
    fake.clock.freeze()
    numbers = [f"09{n:08}" for n in range(PHONES)]
    for n in range(MESSAGES // PHONES):
        send(f"message {n}, code {1000 + n}", ",".join(numbers), f"subject {n}")
    for n in range(300):
        send(f"one of many, {n}: " + "long " * (n % 50), numbers[1234])
    return fake


def elements(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('*').length"))


def test_document_has_only_the_phones_and_messages_in_view(
    crowded: FakeEvery8d, open: Open
) -> None:
    page = open()
    phones = page.get_by_role("region", name="Phones")
    expect(page.get_by_text(f"{PHONES} phones")).to_be_visible()
    expect(phones.locator(".phone").first).to_contain_text("0900 001 234")
    assert elements(page) < 1_000

    page.get_by_role("searchbox").fill("0900000007")
    expect(phones.locator(".phone")).to_have_count(1)
    page.get_by_role("searchbox").fill("code 1003")
    expect(page.get_by_text(f"Matches: {PHONES}, on {PHONES} phones")).to_be_visible()
    page.get_by_role("searchbox").fill("")

    # To the end of the list, in a leap and in steps.
    view = phones.locator(".windowed")
    view.evaluate("e => e.scrollTop = e.scrollHeight")
    expect(phones.locator("li[aria-posinset='2000']")).to_be_in_viewport()
    assert elements(page) < 1_000
    for _ in range(20):
        view.hover()
        page.mouse.wheel(0, -800)
    expect(phones.locator("li[aria-posinset='2000']")).to_have_count(0)
    assert elements(page) < 1_000


def test_of_a_long_conversation_only_what_is_being_read_is_known(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """900 messages of every height, 600 of which are known at most: to the first one and back."""
    fake.update_account("demo", credit=1_000_000)
    fake.clock.freeze()
    for n in range(900):
        send(f"one of many, {n}: " + "long " * (n % 50))
    page = open("#/phone/+886912345678")
    bubbles = page.locator(".bubble")
    expect(bubbles.last).to_contain_text("one of many, 899:")
    expect(bubbles.last).to_be_in_viewport()
    conversation = page.locator(".conversation .windowed")

    def known() -> int:
        return int(conversation.locator("li").first.get_attribute("aria-setsize") or 0)

    def scroll(top: str, until: str) -> None:
        def there() -> bool:
            conversation.evaluate(f"e => e.scrollTop = {top}")
            return bubbles.filter(has_text=f"one of many, {until}:").count() == 1

        wait_for(there)
        assert known() <= 600
        assert elements(page) < 2_000

    assert known() == 200
    scroll("0", until="0")
    newest = page.get_by_role("button", name="Go to the newest")
    expect(newest).to_be_visible()
    scroll("e.scrollHeight", until="899")
    expect(newest).to_have_count(0)

    scroll("0", until="0")
    newest.click()
    expect(bubbles.last).to_contain_text("one of many, 899:")
    expect(bubbles.last).to_be_in_viewport()
    assert known() == 200
    send("unheard of")
    expect(bubbles.last).to_have_text("unheard of")
    expect(bubbles.last).to_be_in_viewport()

    # Past what a search has found, too.
    page.get_by_role("searchbox").fill("many, 849:")
    expect(page.locator(".conversation mark")).to_be_in_viewport()
    scroll("0", until="0")
    newest.click()
    expect(bubbles.last).to_be_in_viewport()


def test_a_search_finds_what_is_far_back_in_a_conversation(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    for n in range(500):
        send("a needle" if n == 30 else f"hay {n}")
    page = open("#/phone/+886912345678?q=NEEDLE")
    expect(page.locator(".conversation mark")).to_have_text("needle")
    expect(page.locator(".conversation mark")).to_be_in_viewport()
    send("unheard of")  # does not take it out of view
    expect(page.locator(".count")).to_contain_text("Matches: 1, on one phone")
    page.get_by_role("searchbox").fill("")
    expect(page.locator(".phone")).to_contain_text("unheard of")
    expect(page.locator(".bubble", has_text="a needle")).to_be_in_viewport()
    page.get_by_role("button", name="Go to the newest").click()
    expect(page.locator(".bubble").last).to_have_text("unheard of")
    expect(page.locator(".bubble").last).to_be_in_viewport()


def test_view_stays_in_place_while_more_arrives(
    crowded: FakeEvery8d, send: Send, open: Open
) -> None:
    page = open("#/phone/+886900001234")
    expect(page.locator(".bubble").last).to_contain_text("one of many, 299")
    conversation = page.locator(".conversation .windowed")
    conversation.hover()
    page.mouse.wheel(0, -3_000)
    expect(page.locator(".bubble", has_text="one of many, 299")).to_have_count(0)
    middle = page.locator(".bubble").nth(3)
    text = middle.inner_text()
    same = page.locator(".bubble").filter(has_text=text.partition(":")[0] + ":")
    before = same.bounding_box()
    send("unheard of", "0900001234")
    expect(page.locator(".phone").first).to_contain_text("unheard of")
    after = same.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 2
