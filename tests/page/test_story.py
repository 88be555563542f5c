"""The whole story: an application sends, its user replies, and the application learns of it."""

import subprocess

import zeep
from playwright.sync_api import expect

from fake_every8d import FakeEvery8d
from tests.page.conftest import Open
from tests.receiver import Receiver


def test_an_sms_is_sent_seen_and_replied_to_and_the_reply_reported(
    fake: FakeEvery8d, open: Open
) -> None:
    """S1, D2, R1: through a SOAP client, the page, and a receiver, all of them real."""
    with Receiver() as receiver:
        fake.update_account("demo", report_url=receiver.url)
        page = open()
        expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()

        sms = zeep.Client(fake.wsdl_url).service
        session_key = sms.getConnection("demo", "demo").partition("<SESSION_KEY>")[2][:32]
        answer = sms.sendSMS(session_key, "sign-up", "驗證碼 483920", "0912345678", "")
        batch_id = answer.split(",")[4]

        # It is there without reloading, and what became of it too.
        phone = page.get_by_role("link", name="0912 345 678")
        expect(phone).to_contain_text("驗證碼 483920")
        phone.click()
        message = page.get_by_role("article", name="Message 1")
        expect(message).to_contain_text("100 Delivered")

        page.get_by_role("textbox", name="Reply as +886912345678").fill("好的，謝謝")
        page.keyboard.press("Enter")
        expect(page.get_by_role("article", name="Reply to message 1")).to_contain_text("好的，謝謝")

        delivered, replied = receiver.wait_for(2)
        assert (delivered["STATUS"], delivered["SM"]) == ("100", "")
        assert (replied["STATUS"], replied["SM"]) == ("999", "好的，謝謝")
        assert (replied["BatchID"], replied["RM"]) == (batch_id, "+886912345678")

        page.get_by_role("link", name="Reports").click()
        expect(page.get_by_text("“好的，謝謝”")).to_be_visible()


def test_the_command_that_the_empty_page_offers_sends_an_sms(open: Open) -> None:
    page = open()
    page.get_by_role("button", name="Copy the command").click()
    expect(page.locator("#announcements")).to_contain_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()")
    subprocess.run(["sh", "-euc", command], check=True, capture_output=True, timeout=60)
    expect(page.get_by_role("link", name="0912 345 678")).to_contain_text("Your code is 483920")


def test_empty_page_shows_both_apis_without_passwords(fake: FakeEvery8d, open: Open) -> None:
    fake.add_account("o'shop", "secret")
    fake.remove_account("demo")
    page = open()
    for address in (fake.soap_url, fake.http_url):
        expect(page.get_by_role("link", name=address)).to_be_visible()
    expect(page.get_by_text("Fill in its password in place of “Password”")).to_be_visible()
    page.get_by_role("button", name="Copy the command").click()
    expect(page.locator("#announcements")).to_contain_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()").replace("Password", "secret")
    subprocess.run(["sh", "-euc", command], check=True, capture_output=True, timeout=60)
    assert [(message.user_id, message.code) for message in fake.messages] == [("o'shop", "483920")]
