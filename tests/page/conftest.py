"""The page in a real browser: Debian's Chromium, driven by Playwright.

Without windows, as Debian's chromium-headless-shell, a page takes a third of the processor time.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from fake_every8d import FakeEvery8d

_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium's own guard against other sites' pages, which browsers in use may lack.
    "--disable-features=LocalNetworkAccessChecks",
]

Open = Callable[..., Page]
"""Opens the page: `open("#/phones", locale="zh-TW", color_scheme="dark")`."""

Send = Callable[..., None]
"""Sends a text: `send("hello", "0912345678", subject="…", time="20261231090000")`."""

expect.set_options(timeout=20_000)


# For this package only: while Playwright runs, its event loop is the thread's, and tests
# elsewhere have some of their own. (`__init__.py` makes it a package, which else is the session.)
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not there, and in CI it has to be")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def fake() -> Iterator[FakeEvery8d]:
    """A fake that nothing was sent to."""
    with FakeEvery8d() as fake:
        yield fake


@pytest.fixture
def send(fake: FakeEvery8d) -> Send:
    session_key = fake.gateway.platform.open_session("demo", "demo")

    def send(content: str, mobile: str = "0912345678", subject: str = "", time: str = "") -> None:
        fake.gateway.platform.send_sms(session_key, subject, content, mobile, time)

    return send


@pytest.fixture
def open(browser: Browser, fake: FakeEvery8d) -> Iterator[Open]:
    """Opens the page, and at the end checks that nothing went wrong in it unseen."""
    contexts = []
    wrong: list[str] = []

    def open(route: str = "", *, before: Callable[[Page], Any] | None = None, **how: Any) -> Page:
        context = browser.new_context(
            **{"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **how}
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # Chromium reports each refused request there too, which some tests are about.
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and not message.text.startswith("Failed to load resource")
                and wrong.append(message.text)
            ),
        )
        if before is not None:
            before(page)
        page.goto(f"{fake.url}/{route}")
        return page

    yield open
    for context in contexts:
        context.close()
    assert wrong == []


def phone_links(page: Page) -> Locator:
    return page.get_by_role("region", name="Phones").get_by_role("link")


def crowded(send: Send, open: Open, phones: int) -> Page:
    """The page of a fake where so many phones got an SMS."""
    send("hello", ",".join(f"09{n:08}" for n in range(phones)))
    return open()
