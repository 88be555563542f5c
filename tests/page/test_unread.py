"""Unread messages in a full store, where the oldest are forgotten as others come."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from fake_every8d import FakeEvery8d, Settings
from tests.page.conftest import Open, Send


@pytest.fixture
def fake() -> Iterator[FakeEvery8d]:
    """A fake that keeps four messages, and where nothing is under way for long."""
    with FakeEvery8d(Settings(max_messages=4)) as fake:
        fake.clock.freeze()
        yield fake


A, B, C = "0911111111", "0922222222", "0933333333"


def arrive(fake: FakeEvery8d, send: Send, *numbers: str) -> None:
    """An SMS each, which are delivered: then they can be forgotten."""
    for number in numbers:
        send(f"hello {number}", number)
        fake.clock.advance(seconds=1)


def unread(page: Page, name: str, count: int) -> None:
    """So many of a phone's messages are said to be unread."""
    badge = page.get_by_role("link", name=name).locator(".unread")
    expect(badge).to_have_text(f"{count}{count} unread" if count else "")
    expect(badge).to_have_count(1 if count else 0)


def seen(fake: FakeEvery8d, open: Open) -> Page:
    """The page, on which A's messages have been seen, and then B's."""
    page = open("#/phone/+886911111111")
    expect(page).to_have_title(re.compile(r"^\(1\) \+886911111111"))
    page.get_by_role("link", name="0922 222 222").click()
    expect(page).to_have_title(re.compile(r"^\+886922222222"))
    return page


def test_new_message_is_unread_after_others_were_forgotten(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    arrive(fake, send, A, A, B, B)
    page = seen(fake, open)
    arrive(fake, send, A)
    assert [message.id for message in fake.messages] == [2, 3, 4, 5]
    unread(page, "0911 111 111", 1)
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    arrive(fake, send, A)
    assert [message.id for message in fake.messages] == [3, 4, 5, 6]
    unread(page, "0911 111 111", 2)
    page.reload()
    unread(page, "0911 111 111", 2)
    page.get_by_role("link", name="0911 111 111").click()
    expect(page).to_have_title(re.compile(r"^\+886911111111"))


def test_messages_from_before_the_page_was_open_are_unread(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    arrive(fake, send, A, A, B, B)
    page = seen(fake, open)
    page.goto("about:blank")
    arrive(fake, send, A)
    page.goto(f"{fake.url}/")
    unread(page, "0911 111 111", 1)
    expect(page).to_have_title(re.compile(r"^\(1\)"))


def test_forgotten_phone_does_not_mark_another_as_read(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    arrive(fake, send, A, B, B, B)
    page = seen(fake, open)
    arrive(fake, send, C)
    expect(page.locator(".phone")).to_have_count(2)
    expect(page).to_have_title(re.compile(r"^\(1\)"))
