"""Pages of other sites, opened on the machine of the fake (W14)."""

import pytest
from playwright.sync_api import Browser, Page

from fake_every8d import FakeEvery8d
from tests.waiting import wait_for

SEND = "/API21/HTTP/sendSMS.ashx"
QUERY = "?UID=demo&PWD=demo&MSG=x&DEST=0912345678"

IMAGE = f"new Image().src = url + '{SEND}{QUERY}'"
FORM = f"""
    const form = document.createElement('form')
    form.method = 'POST'
    form.action = url + '{SEND}{QUERY}'
    document.body.append(form)
    form.submit()
"""
LINK = f"location.href = url + '{SEND}{QUERY}'"
FETCH = f"""
    fetch(url + '{SEND}', {{
        method: 'POST', mode: 'no-cors', body: new URLSearchParams('{QUERY[1:]}'),
    }}).catch(() => 0)
"""


def at(browser: Browser, url: str) -> Page:
    """An empty page of that address."""
    page = browser.new_page()
    page.route(
        f"{url}/**",
        lambda route: route.fulfill(body="<title>page</title>", content_type="text/html"),
    )
    page.goto(f"{url}/")
    return page


@pytest.mark.parametrize("script", [IMAGE, FORM, LINK, FETCH])
def test_w14_it_can_send_nothing(browser: Browser, fake: FakeEvery8d, script: str) -> None:
    page = at(browser, "http://evil.example")
    page.evaluate(f"url => {{ {script} }}", fake.url)
    (request,) = wait_for(lambda: fake.requests)
    assert (request.path, request.status) == (SEND, 403)
    assert request.headers["Sec-Fetch-Site"] == "cross-site"
    assert fake.messages == []
    page.close()


@pytest.mark.parametrize("script", [IMAGE, FORM, LINK, FETCH])
def test_w14_a_page_of_this_machine_can(browser: Browser, fake: FakeEvery8d, script: str) -> None:
    """As a developer's own application, at whatever port: here at another name, too."""
    page = at(browser, "http://localhost:3000")
    page.evaluate(f"url => {{ {script} }}", fake.url)
    assert [message.text for message in wait_for(lambda: fake.messages)] == ["x"]
    page.close()
