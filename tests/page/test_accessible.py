"""Accessibility: languages, light and dark, keyboard, screen reader, small screens."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open, Send
from tests.receiver import Receiver, status
from tests.waiting import wait_for
from tests.web.serving import call, log_in

VIEWS = [
    "#/phones",
    "#/phone/+886912345678",
    "#/phone/+886912345678?q=code",
    "#/phone/12345",
    f"#/phone/{'no number ' * 9}{'x' * 90}",
    "#/requests",
    "#/requests/2",
    "#/reports",
    "#/accounts",
    "#/failures",
]


@pytest.fixture
def busy(fake: FakeEvery8d, send: Send) -> Iterator[FakeEvery8d]:
    """One with something of everything on each view."""
    with Receiver() as receiver:
        receiver.respond = lambda request: status(500 if request["RM"].endswith("0") else 200)
        fake.update_account("demo", report_url=receiver.url)
        fake.add_account("other", "x")
        fake.update_account("other", failed_logins=11)
        key = log_in(fake.url, "demo", "demo")
        reps = "&lt;REPS&gt;&lt;USER MOBILE='0911222333' NAME='王'&gt;hi&lt;/USER&gt;&lt;/REPS&gt;"
        call(fake.url, "sendParamSMS", sessionKey=key, contentXML=reps)
        send("Your code is 483920, see https://example.test/", subject="sign-up")
        fake.clock.advance(seconds=1)
        fake.reply("0912345678", "thanks")
        send("never arrives", "0900000103")
        send("for ever under way", "0900000000")
        send("abroad", "+14155550100")
        send("invalid", "12345")
        send("later", subject="a booking with a subject", time="20991231090000")
        fake.clock.freeze()
        send("x" * 2000)
        fake.set_outcome("0912345678", 103)
        fake.add_failure("*", "http_error", times=None)
        fake.add_failure("sendSMS", "delay", seconds=1, effect="after", user_id="other", rate=10)
        yield fake


def violations(page: Page) -> list[str]:
    """The findings of axe-core in light and in dark, a line each."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [
            f"{violation['id']}: {violation['help']}: {node['html']} {node['failureSummary']}"
            for violation in Axe().run(page).response["violations"]
            for node in violation["nodes"]
        ]
    return found


@pytest.mark.parametrize("language", ["en-US", "zh-TW"])
def test_axe_finds_nothing_on_any_view(busy: FakeEvery8d, open: Open, language: str) -> None:
    page = open(locale=language)
    for view in VIEWS:
        page.goto(f"{busy.url}/{view}")
        expect(page.locator("main :is(h1, .phone):visible").first).to_be_visible()
        unfold(page)
        assert violations(page) == [], view


def test_axe_finds_nothing_on_a_small_screen(busy: FakeEvery8d, open: Open) -> None:
    page = open(viewport={"width": 360, "height": 640})
    for view in VIEWS:
        page.goto(f"{busy.url}/{view}")
        expect(page.locator("main :is(h1, .phone):visible").first).to_be_visible()
        unfold(page)
        assert violations(page) == [], view


def test_axe_finds_nothing_where_nothing_has_happened(fake: FakeEvery8d, open: Open) -> None:
    page = open()
    for view in ("#/phones", "#/requests", "#/reports", "#/accounts", "#/failures"):
        page.goto(f"{fake.url}/{view}")
        expect(page.locator("main :is(h1, h2)").first).to_be_visible()
        assert violations(page) == [], view


def unfold(page: Page) -> None:
    """Open what can be opened."""
    page.evaluate(
        """[...document.querySelectorAll(".unfold, summary")]
            .filter((element) => element.checkVisibility())
            .slice(0, 3)
            .forEach((element) => element.click())"""
    )


def beyond(page: Page, width: int) -> list[str]:
    """The elements to the right of the window's edge."""
    found: list[str] = page.evaluate(
        """(width) => [...document.querySelectorAll("body *")]
            .filter((element) => !element.closest("pre, .hidden, .skip, svg"))
            .filter((element) => element.checkVisibility() && element.getClientRects().length)
            .filter((element) => element.getBoundingClientRect().right > width + 0.5)
            .filter((element) => {
                while (element && getComputedStyle(element).textOverflow !== "ellipsis")
                    element = element.parentElement;
                return !element;  // what ends in an ellipsis may be as long as it likes
            })
            .map((element) => element.outerHTML.slice(0, 200))""",
        width,
    )
    return found


@pytest.mark.parametrize("view", VIEWS)
def test_360_pixels_are_wide_enough(busy: FakeEvery8d, open: Open, view: str) -> None:
    page = open(view, viewport={"width": 360, "height": 640})
    expect(page.locator("main :is(h1, .phone):visible").first).to_be_visible()
    unfold(page)
    assert beyond(page, 360) == []


@pytest.mark.parametrize("language", ["en-US", "zh-TW"])
def test_every_width_is_wide_enough(busy: FakeEvery8d, open: Open, language: str) -> None:
    page = open("#/phone/+886912345678", locale=language)
    for width in (1600, 1280, 1180, 1179, 1000, 800, 799, 600, 480, 390, 360):
        page.set_viewport_size({"width": width, "height": 700})
        expect(page.locator("main h1:visible").first).to_be_visible()
        assert beyond(page, width) == [], width


@pytest.mark.parametrize("language", ["en-US", "zh-TW"])
def test_no_text_is_cut_without_an_ellipsis(busy: FakeEvery8d, open: Open, language: str) -> None:
    page = open(locale=language)
    for view in VIEWS:
        page.goto(f"{busy.url}/{view}")
        expect(page.locator("main :is(h1, .phone):visible").first).to_be_visible()
        unfold(page)
        for width in (1440, 768, 360):
            page.set_viewport_size({"width": width, "height": 700})
            cut = page.evaluate(
                """[...document.querySelectorAll("body *")]
                    .filter((element) => !element.closest(".hidden, svg, input, select"))
                    .filter((element) => element.checkVisibility())
                    .filter((element) => {
                        const { overflowX, textOverflow } = getComputedStyle(element);
                        return /hidden|clip/.test(overflowX) && textOverflow !== "ellipsis"
                            && element.scrollWidth > element.clientWidth + 1;
                    })
                    .map((element) => element.outerHTML.slice(0, 200))"""
            )
            assert cut == [], (view, width)


def test_a_small_screen_shows_the_list_or_the_conversation(busy: FakeEvery8d, open: Open) -> None:
    page = open("#/phones", viewport={"width": 360, "height": 640})
    page.get_by_role("link", name="0911 222 333").click()
    expect(page.get_by_role("heading", name="0911 222 333")).to_be_visible()
    expect(page.get_by_role("region", name="Phones")).to_be_hidden()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("region", name="Phones")).to_be_visible()


@pytest.mark.parametrize(
    ("browser_language", "language", "word"),
    [
        ("en-US", "en", "Phones"),
        ("zh-TW", "zh-Hant", "手機"),
        ("zh-HK", "zh-Hant", "手機"),
        ("de-DE", "en", "Phones"),
    ],
)
def test_the_language_is_the_browsers(
    open: Open, browser_language: str, language: str, word: str
) -> None:
    page = open(locale=browser_language)
    expect(page.get_by_role("navigation")).to_contain_text(word)
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_the_language_is_switched_and_remembered(open: Open) -> None:
    page = open()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Language").select_option("繁體中文")
    expect(page.get_by_role("heading", name="還沒有簡訊")).to_be_visible()
    expect(page).to_have_title("手機 · fake-every8d")
    page.reload()
    expect(page.get_by_role("heading", name="還沒有簡訊")).to_be_visible()
    page.get_by_role("button", name="設定").click()
    page.get_by_label("語言").select_option("English")
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()


def background(page: Page) -> Any:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_light_and_dark_follow_the_system_or_the_switch(open: Open) -> None:
    page = open(color_scheme="dark")
    dark = background(page)
    page.emulate_media(color_scheme="light")
    light = background(page)
    assert light != dark
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Colours").select_option("dark")
    assert background(page) == dark
    page.reload()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("Colours")).to_have_value("dark")
    assert background(page) == dark


def focused(page: Page) -> str:
    return str(
        page.evaluate(
            """() => {
                const {ariaLabel, labels, innerText} = document.activeElement;
                if (document.activeElement === document.body) return "";
                return ariaLabel || labels?.[0]?.textContent || innerText;
            }"""
        )
    )


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus, which has to be visible."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if name in focused(page):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"nobody sees that {name} has the focus"
            return
    raise AssertionError(f"no way to {name}")


def test_everything_can_be_done_from_the_keyboard(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    send("one", "0911111111")
    send("code 4711", "0922222222")
    page = open()
    expect(page.get_by_role("link", name="0922 222 222")).to_be_visible()

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="0922 222 222")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="0911 111 111")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("heading", name="0922 222 222")).to_be_visible()

    tab_to(page, "0922 222 222")  # the list is one stop, at the phone that is shown
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="0911 111 111")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("link", name="0922 222 222")).to_be_focused()
    tab_to(page, "4711, copy")
    page.keyboard.press("Enter")
    expect(page.locator("#announcements")).to_have_text("Copied 4711")
    assert page.evaluate("navigator.clipboard.readText()") == "4711"
    tab_to(page, "Deliver")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Message 2")).to_contain_text("Delivered")
    tab_to(page, "Reply as")
    page.keyboard.type("thanks")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Reply to message 2")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply as")).to_be_focused()

    page.reload()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.reload()
    tab_to(page, "Accounts")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="demo")).to_be_visible()
    tab_to(page, "Points to add")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1,098")).to_be_visible()
    tab_to(page, "May send abroad")
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="May send abroad")).to_be_checked()


def test_a_screen_reader_is_told_of_a_new_sms(send: Send, open: Open) -> None:
    send("old")
    page = open()
    expect(page.get_by_role("link", name="0912 345 678")).to_be_visible()
    send("your code is 4711", "0922222222")
    expect(page.locator("#announcements")).to_have_text(
        "New SMS to +886922222222: your code is 4711"
    )


def test_the_focus_stays_in_the_list_from_end_to_end(send: Send, open: Open) -> None:
    """Home, End and the Page keys, to phones that were not in the document before."""
    send("hello", ",".join(f"09{n:08}" for n in range(200)))
    page = open()
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    first, last = "0900 000 199", "0900 000 000"
    tab_to(page, first)
    for key, number in (
        ("End", last),
        ("Home", first),
        ("PageDown", "0900 000 189"),
        ("ArrowDown", "0900 000 188"),
        ("PageUp", "0900 000 198"),
    ):
        page.keyboard.press(key)
        expect(phones.filter(has_text=number)).to_be_focused()
        expect(page.get_by_role("heading", name=number)).to_be_visible()


@pytest.mark.parametrize(
    ("route", "focused"), [("", "0922 222 222"), ("#/phone/+886911111111", "0911 111 111")]
)
def test_focus_is_in_the_list_after_marking_all_as_read(
    fake: FakeEvery8d, send: Send, open: Open, route: str, focused: str
) -> None:
    """The button has gone."""
    fake.clock.freeze()
    send("one", "0911111111")
    send("two", "0922222222")
    page = open(route)
    page.get_by_role("button", name="Mark all as read").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    expect(page.get_by_role("link", name=focused)).to_be_focused()


@pytest.mark.parametrize(
    ("time", "button", "status"),
    [("", "Deliver", "100 Delivered"), ("20991231090000", "Cancel the booking", "303 Cancelled")],
)
def test_focus_is_on_the_details_after_deciding(
    fake: FakeEvery8d, send: Send, open: Open, time: str, button: str, status: str
) -> None:
    """The button has gone."""
    fake.clock.freeze()
    send("hello", time=time)
    page = open("#/phone/+886912345678")
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".message .status")).to_have_text(status)
    expect(page.get_by_role("button", name="Details")).to_be_focused()


def test_at_the_newest_message_the_focus_is_in_the_conversation(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    """The button has gone that led there."""
    fake.clock.freeze()
    for n in range(250):
        send("a needle" if n == 0 else f"hay {n}")
    page = open("#/phone/+886912345678?q=needle")
    expect(page.locator(".conversation mark")).to_be_in_viewport()
    page.get_by_role("button", name="Go to the newest").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".bubble").last).to_have_text("hay 249")
    expect(page.get_by_role("group", name="Messages")).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator(".bubble").last).not_to_have_text("hay 249")


def test_the_ring_of_focus_is_around_the_whole_field(send: Send, open: Open) -> None:
    send("hello")
    page = open()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_have_css("outline-style", "none")
    expect(page.locator(".search")).to_have_css("outline-style", "solid")
    page.keyboard.type("/")
    expect(page.get_by_role("searchbox")).to_have_value("/")


def test_a_new_code_is_notified_of_when_asked_for(send: Send, open: Open) -> None:
    """Not to somebody who looks at the page, and only once it is switched on."""
    page = open(
        before=lambda page: page.add_init_script(
            """window.shown = [];
            window.Notification = class {
                static permission = "default";
                static async requestPermission() { return this.permission = "granted"; }
                constructor(title, {body}) { window.shown.push([title, body]); }
                close() {}
            };
            document.hasFocus = () => false;"""
        )
    )
    send("code 1111")
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("1111")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Notify me of new codes").click()
    expect(page.get_by_role("switch", name="Notify me of new codes")).to_be_checked()
    send("no code")
    send("code 2222")
    assert wait_for(lambda: page.evaluate("window.shown")) == [["2222 · 0912 345 678", "code 2222"]]
