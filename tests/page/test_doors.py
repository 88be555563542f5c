"""Getting at the page where it is not simply there: with a token, without a clipboard."""

from collections.abc import Iterator

import pytest
import urllib3
from playwright.sync_api import Browser, expect

from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from tests.page.conftest import Open, Send


@pytest.fixture
def guarded() -> Iterator[str]:
    """A page that asks for the token `s3cret`."""
    gateway = Gateway(report=lambda report: 200)
    server = Server(Application(gateway, api_token="s3cret"))
    yield server.url
    server.close()
    gateway.close()


def test_with_the_token_as_the_password_the_page_works(browser: Browser, guarded: str) -> None:
    page = browser.new_page(http_credentials={"username": "", "password": "s3cret"}, locale="en")
    page.goto(guarded)
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible(timeout=20_000)
    page.close()


def test_with_the_token_in_the_address_the_page_works(browser: Browser, guarded: str) -> None:
    page = browser.new_page(locale="en")
    page.goto(guarded.replace("://", "://me:s3cret@"))
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    page.close()


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/fake/state"])
def test_without_the_token_there_is_no_page(guarded: str, path: str) -> None:
    answer = urllib3.request("GET", guarded + path, retries=False, timeout=30)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_code_is_copied_where_the_browser_offers_no_clipboard(send: Send, open: Open) -> None:
    """As for a page without TLS, by any name but localhost."""
    send("code 4711")
    page = open(
        "#/phone/+886912345678",
        before=lambda page: page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
        ),
    )
    page.get_by_role("button", name="4711").click()
    expect(page.locator("#announcements")).to_have_text("Copied 4711")
    page.get_by_role("textbox", name="Reply as").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_role("textbox", name="Reply as")).to_have_value("4711")


def test_a_browser_that_must_not_remember_anything_shows_the_page(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("hello")
    page = open(
        before=lambda page: page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
        ),
    )
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("hello")
