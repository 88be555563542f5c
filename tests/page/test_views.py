"""Accounts, reports, requests and failures."""

import re
import shlex
import subprocess
from typing import get_args

import pytest
import requests
import urllib3
from playwright.sync_api import expect

from fake_every8d import FailureKind, FailureOperation, FakeEvery8d, Status
from tests.page.conftest import Open, Send
from tests.receiver import Receiver, in_turn, status
from tests.waiting import wait_for
from tests.web.serving import call, log_in


def test_accounts_show_how_they_stand(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.add_account("shop", "secret", credit=12.5, report_url="http://127.0.0.1:1/r")
    page = open("#/accounts")
    demo = page.get_by_role("article", name="Account demo")
    expect(demo).to_contain_text("1,000 points left")
    expect(demo).to_contain_text("Open sessions1")
    shop = page.get_by_role("article", name="Account shop")
    expect(shop).to_contain_text("12.5 points left")
    expect(shop).to_contain_text("Open sessions0")
    expect(shop.get_by_label("Report URL")).to_have_value("http://127.0.0.1:1/r")
    send("hello")
    expect(demo).to_contain_text("999 points left")


def test_an_account_is_topped_up(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/accounts")
    page.get_by_label("Points to add").fill("250.25")
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_text("1,250.25")).to_be_visible()
    assert str(fake.account.credit) == "1250.25"


def test_a3_a_locked_account_is_unlocked(fake: FakeEvery8d, open: Open) -> None:
    fake.update_account("demo", failed_logins=3)
    page = open("#/accounts")
    expect(page.get_by_text("3 failed logins")).to_be_visible()
    fake.update_account("demo", failed_logins=11)
    expect(page.get_by_text("locked", exact=True)).to_be_visible()
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text("locked", exact=True)).to_have_count(0)
    assert not fake.account.locked


def test_s4_s8_h8_permissions_of_an_account_are_switched(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/accounts")
    for name, setting in (
        ("May send abroad", "international"),
        ("Has interactive channels", "interactive"),
        ("Test mode", "test_mode"),
    ):
        switch = page.get_by_role("switch", name=name)
        expect(switch).to_have_attribute("aria-checked", "false")
        switch.click()
        expect(switch).to_have_attribute("aria-checked", "true")
        assert getattr(fake.account, setting)


def test_r1_a_report_url_is_set_and_taken_away(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/accounts")
    url = page.get_by_label("Report URL")
    url.fill("javascript:alert(1)")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".report-settings").get_by_role("alert")).to_contain_text("begin with http")
    url.fill("http://127.0.0.1:3000/sms")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert fake.account.report_url == "http://127.0.0.1:3000/sms"
    url.fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert fake.account.report_url is None


def test_r6_r7_r8_settings_of_reports_are_chosen(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/accounts")
    save = page.get_by_role("button", name="Save")
    page.get_by_label("Method").select_option("POST")
    page.get_by_label("Charset").select_option("Big5")
    page.get_by_label("Attempts").fill("101")
    save.click()
    expect(page.locator(".report-settings").get_by_role("alert")).to_contain_text("1 to 100")
    assert fake.account.report_method == "GET"
    page.get_by_label("Attempts").fill("3")
    save.click()
    expect(save).to_be_disabled()
    account = fake.account
    assert (account.report_method, account.report_charset, account.report_attempts) == (
        "POST", "big5", 3,
    )  # fmt: skip


def test_r4_posted_report_is_shown(fake: FakeEvery8d, send: Send, open: Open) -> None:
    with Receiver() as receiver:
        receiver.respond = lambda request: status(500)
        fake.update_account(
            "demo", report_url=receiver.url, report_method="POST", report_attempts=2
        )
        send("hello")
        fake.clock.advance(minutes=10)
        report = open("#/reports").locator(".report")
        expect(report).to_contain_text("attempt 2 of 2")
        report.get_by_role("button", name="Attempts").click()
        expect(report).to_contain_text(f"POST {receiver.url}")
        expect(report).to_contain_text(receiver.requests[0].body.decode())


def test_an_account_is_added_and_removed(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/accounts")
    page.get_by_label("User ID").fill("a/b c")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Add the account").click()
    expect(page.get_by_label("User ID")).to_have_value("")
    page.get_by_label("User ID").fill("demo")
    page.get_by_role("button", name="Add the account").click()
    expect(page.locator(".new").get_by_role("alert")).to_contain_text("of that name already")
    account = page.get_by_role("article", name="Account a/b c")
    expect(account).to_be_visible()
    assert fake.gateway.platform.open_session("a/b c", "secret")
    page.on("dialog", lambda dialog: dialog.accept())
    account.get_by_role("button", name="Remove the account").click()
    expect(account).to_have_count(0)
    assert [account.user_id for account in fake.accounts] == ["demo"]


def test_r2_r4_attempts_and_the_next_one_are_shown(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    with Receiver() as receiver:
        responses = in_turn(status(500), status(404))
        receiver.respond = responses
        fake.update_account("demo", report_url=receiver.url)
        fake.clock.freeze()
        send("hello")
        fake.clock.advance(seconds=1)
        page = open("#/reports")
        expect(page.get_by_text("1 report · 1 waiting")).to_be_visible()
        report = page.locator(".report")
        expect(report).to_contain_text("waiting")
        expect(report).to_contain_text("attempt 1 of 11")
        expect(report).to_contain_text(re.compile(r"next try \d\d:\d\d:\d\d, in 60 s"))
        page.get_by_role("button", name="To the next thing due").click()
        expect(report).to_contain_text("attempt 2 of 11")
        fake.clock.advance(seconds=60)
        expect(report).to_contain_text("delivered")
        report.get_by_role("button", name="Attempts").click()
        rows = report.get_by_role("row")
        expect(rows.nth(1)).to_contain_text("HTTP 500")
        expect(rows.nth(2)).to_contain_text("HTTP 404")
        expect(rows.nth(3)).to_contain_text("HTTP 200")
        expect(report).to_contain_text(f"{receiver.url}?BatchID={fake.messages[0].batch_id}")
        report.get_by_role("link", name="+886912345678").click()
        expect(page.get_by_role("heading", name="0912 345 678")).to_be_visible()


def test_r2_missing_receiver_is_shown_as_an_error(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.update_account("demo", report_url="http://127.0.0.1:1/report")
    send("hello")
    fake.clock.advance(minutes=30)
    page = open("#/reports")
    report = page.locator(".report")
    expect(report).to_contain_text("given up")
    report.get_by_role("button", name="Attempts").click()
    expect(report.get_by_role("row")).to_have_count(12)
    expect(report.get_by_role("row").last).to_contain_text("nothing listens there")


def test_r3_report_of_a_reply_waits_for_that_of_the_delivery(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    with Receiver() as receiver:
        receiver.respond = in_turn(status(500))
        fake.update_account("demo", report_url=receiver.url)
        fake.clock.freeze()
        send("hello")
        fake.clock.advance(seconds=1)
        fake.reply("0912345678", "thanks")
        receiver.wait_for(1)
        page = open("#/reports")
        reports = page.locator(".report")
        expect(reports).to_have_count(2)
        reply, delivery = reports.all()
        expect(reply).to_contain_text("waits for the delivery report before it")
        reply.get_by_role("button", name="Attempts").click()
        expect(reply.get_by_role("table")).to_have_count(0)
        delivery.get_by_role("button", name="Move the clock there").click()
        expect(reply).to_contain_text("HTTP 200")
        expect(delivery).to_contain_text("delivered")


def test_reports_are_found_by_batch(fake: FakeEvery8d, send: Send, open: Open) -> None:
    with Receiver() as receiver:
        fake.update_account("demo", report_url=receiver.url)
        send("one", "0911111111")
        send("two", "0922222222")
        fake.clock.advance(seconds=1)
        receiver.wait_for(2)
        page = open("#/phone/+886911111111")
        page.get_by_role("button", name="Details").click()
        expect(page.locator(".fields")).to_contain_text("100 Delivered deliveredHTTP 200")
        page.get_by_role("link", name="All reports of this batch").click()
        expect(page.locator(".report")).to_have_count(1)
        expect(page.locator(".report")).to_contain_text("+886911111111")


def test_requests_are_shown_as_they_were_on_the_wire(fake: FakeEvery8d, open: Open) -> None:
    key = log_in(fake.url, "demo", "demo")
    reps = "&lt;REPS&gt;&lt;USER MOBILE='0912345678' NAME=\"A\"&gt;hi&lt;/USER&gt;&lt;/REPS&gt;"
    call(fake.url, "sendParamSMS", sessionKey=key, contentXML=reps)
    page = open("#/requests")
    requests = page.get_by_role("region", name="Requests").get_by_role("link")
    expect(requests).to_contain_text(["sendParamSMS", "getConnection"])
    requests.first.click()
    expect(page).to_have_url(re.compile("/#/requests/2$"))
    request = page.get_by_role("region", name="Request", exact=True).first
    # Laid out, what is inside the string too.
    lines = request.locator(".xml-line")
    expect(lines.nth(8)).to_be_visible()
    assert [line.strip() for line in lines.all_inner_texts()][3:9] == [
        f"<sessionKey>{key}</sessionKey>",
        "<contentXML>",
        "<REPS>",
        "<USER MOBILE='0912345678' NAME=\"A\">hi</USER>",
        "</REPS>",
        "</contentXML>",
    ]
    response = page.get_by_role("region", name="Response").first
    expect(response).to_contain_text("HTTP 200")
    expect(response).to_contain_text("<sendParamSMSResult>997.00,1,3.0,0,")
    # P4: billed three times, and the journal says why.
    expect(page.get_by_role("note")).to_contain_text("three times")
    # Side by side.
    left, right = request.bounding_box(), response.bounding_box()
    assert left
    assert right
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]

    request.get_by_text("headers").click()
    expect(request).to_contain_text("http://tempuri.org/sendParamSMS")


def test_a_request_is_copied_as_curl_which_does_the_same(fake: FakeEvery8d, open: Open) -> None:
    key = log_in(fake.url, "demo", "demo")
    call(fake.url, "sendSMS", sessionKey=key, content="it's 'quoted' $HOME", mobile="0912345678")
    page = open("#/requests/2")
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#announcements")).to_contain_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()")
    assert shlex.split(command)[:2] == ["curl", f"{fake.url}/API21/SOAP/SMS.asmx"]
    subprocess.run(["sh", "-euc", command], check=True, capture_output=True, timeout=60)
    assert [message.text for message in fake.messages] == ["it's 'quoted' $HOME"] * 2


def test_a_call_of_the_http_api_is_shown_as_tables(fake: FakeEvery8d, open: Open) -> None:
    """H2, H13: a form and a query, and the TAB of a delivery log."""
    login = {"UID": "demo", "PWD": "demo"}
    sent = {"SB": "", "MSG": "a & <b> 測試", "DEST": "0912345678,0987654321"}
    receipt = requests.post(f"{fake.http_url}sendSMS.ashx", data=login | sent, timeout=10).text
    asked = login | {"BID": receipt.rpartition(",")[2]}
    requests.get(f"{fake.http_url}getDeliveryStatus.ashx", params=asked, timeout=10)

    page = open("#/requests/1")
    form = page.get_by_role("table", name="Form").get_by_role("row")
    expect(form).to_have_text(
        ["UIDdemo", "PWD********", "SB", "MSGa & <b> 測試", "DEST0912345678,0987654321"]
    )
    expect(page.get_by_role("region", name="Response")).to_contain_text(receipt)

    page = open("#/requests/2")
    query = page.get_by_role("table", name="Query").get_by_role("row")
    expect(query).to_have_text(["UIDdemo", "PWD********", f"BID{asked['BID']}"])
    expect(page.get_by_role("group", name="Response")).to_contain_text("2 in all")
    rows = page.get_by_role("table", name="Rows").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.first).to_have_text("NAMEMOBILESEND_TIMECOSTSTATUS")
    expect(rows.last.get_by_role("cell").nth(1)).to_have_text("+886987654321")


def test_a_multipart_form_is_shown_as_a_table(fake: FakeEvery8d, open: Open) -> None:
    """As curl -F and some libraries send it."""
    text = "line\r\n\r\nline <b> 測試"
    fields = {"UID": "demo", "PWD": "demo", "MSG": text, "DEST": "0912345678"}
    parts = {name: (None, value) for name, value in fields.items()}
    requests.post(f"{fake.http_url}sendSMS.ashx", files=parts, timeout=10)
    page = open("#/requests/1")
    form = page.get_by_role("table", name="Form").get_by_role("row")
    expect(form).to_have_count(4)
    expect(form.locator("th")).to_have_text(["UID", "PWD", "MSG", "DEST"])
    expect(form.locator("td")).to_have_text(["demo", "********", text, "0912345678"])


def test_json_is_laid_out_and_calls_are_copied_as_curl(fake: FakeEvery8d, open: Open) -> None:
    """H12; the password stays masked, so that it is put back before the command is run."""
    recipient = {"Mobile": "0912345678", "Param": "it's 'quoted' $HOME"}
    body = {"UID": "demo", "PWD": "demo", "RecipientDataList": [recipient]}
    requests.post(f"{fake.http_url}SendParam.ashx", json=body, timeout=10)
    query = {"UID": "demo", "PWD": "demo", "MSG": "a & b's", "DEST": "+886987654321"}
    requests.post(f"{fake.http_url}sendSMS.ashx", params=query, timeout=10)
    page = open("#/requests/1")
    expect(page.get_by_role("region", name="Request", exact=True).first).to_contain_text(
        '"Mobile": "0912345678",\n'
    )
    expect(page.get_by_role("region", name="Response")).to_contain_text('"Result": true,\n')
    commands = []
    for number in (1, 2):
        page.goto(f"{fake.url}/#/requests/{number}")
        expect(page.get_by_role("region", name=f"Request {number}")).to_be_visible()
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("button", name="Copy as curl").click()
        expect(page.locator("#announcements")).to_contain_text("Copied")
        page.wait_for_function("navigator.clipboard.readText()")
        commands.append(page.evaluate("navigator.clipboard.readText()"))
    for command, content in zip(commands, ("it's 'quoted' $HOME", "a & b's"), strict=True):
        assert "********" in command
        unmasked = command.replace("********", "demo")
        subprocess.run(["sh", "-euc", unmasked], check=True, capture_output=True, timeout=60)
        assert [message.text for message in fake.messages].count(content) == 2
    expect(page.locator("#announcements")).to_contain_text("new SMS", ignore_case=True)


def test_request_badge_shows_its_outcome_once(fake: FakeEvery8d, open: Open) -> None:
    """A1: a wrong password is HTTP 200 on the wire, and no success."""
    key = log_in(fake.url, "demo", "demo")
    call(fake.url, "getConnection", userID="demo", password="wrong")
    fake.add_failure("sendSMS", "disconnect")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        call(fake.url, "sendSMS", sessionKey=key, content="x", mobile="0912345678")
    for _ in range(4):
        call(fake.url, "getCredit", sessionKey=key)
    page = open("#/requests")
    requests = page.get_by_role("region", name="Requests").get_by_role("link")
    expect(requests.locator(".badge")).to_have_text(["200", "failure: no response", "-101", "200"])
    page.get_by_role("button", name="3 more like this").click()
    expect(requests).to_have_count(7)
    page.get_by_role("button", name="Show one").click()
    expect(requests).to_have_count(4)


def test_requests_are_filtered(fake: FakeEvery8d, open: Open) -> None:
    fake.add_account("shop", "secret")
    key = log_in(fake.url, "demo", "demo")
    log_in(fake.url, "shop", "secret")
    call(fake.url, "getConnection", userID="shop", password="wrong")
    reps = "&lt;REPS&gt;&lt;USER MOBILE='0912345678' NAME='A'&gt;hi&lt;/USER&gt;&lt;/REPS&gt;"
    call(fake.url, "sendParamSMS", sessionKey=key, contentXML=reps)
    page = open("#/requests")
    requests = page.get_by_role("region", name="Requests").get_by_role("link")
    expect(requests).to_have_count(4)
    page.get_by_label("Operation").select_option("getConnection")
    expect(requests).to_have_count(3)
    page.get_by_label("Account").select_option("shop")
    expect(requests).to_have_count(2)
    page.get_by_label("Outcome").select_option("went wrong")
    expect(requests).to_have_count(1)
    expect(requests).to_contain_text("-101")
    page.get_by_label("Account").select_option("All accounts")
    page.get_by_label("Operation").select_option("All operations")
    page.get_by_label("Outcome").select_option("All outcomes")
    page.get_by_label("With advice only").check()
    expect(requests).to_have_count(1)
    expect(requests).to_contain_text("sendParamSMS")
    page.get_by_label("Outcome").select_option("went wrong")
    expect(page.get_by_text("No request matches")).to_be_visible()


def test_phones_and_reports_are_filtered_by_account(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    with Receiver() as receiver:
        fake.add_account("shop", "secret", report_url=receiver.url)
        fake.update_account("demo", report_url=receiver.url)
        shop = fake.gateway.platform.open_session("shop", "secret")
        fake.gateway.platform.send_sms(shop, "", "from the shop", "0911111111", "")
        send("from the demo", "0922222222")
        fake.clock.advance(seconds=1)
        receiver.wait_for(2)
        page = open("#/phones")
        phones = page.get_by_role("region", name="Phones").get_by_role("link")
        expect(phones).to_have_count(2)
        page.get_by_label("Account").select_option("shop")
        expect(phones).to_have_count(1)
        expect(phones).to_contain_text("from the shop")
        page.get_by_role("link", name="Reports").click()
        expect(page.locator(".report")).to_have_count(1)
        expect(page.locator(".report")).to_contain_text("+886911111111")


def test_the_account_is_in_the_address_of_every_view(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.add_account("shop", "secret")
    send("hello")
    log_in(fake.url, "demo", "demo")
    page = open("#/requests?account=shop")
    expect(page.get_by_text("No request matches")).to_be_visible()
    page.get_by_role("link", name="Phones").click()
    expect(page).to_have_url(f"{fake.url}/#/phones?account=shop")
    expect(page.get_by_label("Account")).to_have_value("shop")
    expect(page.locator(".phone")).to_have_count(0)
    page.goto(f"{fake.url}/#/phones?account=nobody")
    expect(page.locator(".phone")).to_have_count(1)


def test_w15_advice_is_in_the_readers_language(fake: FakeEvery8d, open: Open) -> None:
    key = log_in(fake.url, "demo", "demo")
    call(fake.url, "sendSMS", sessionKey=key, content="hi", mobile="12345")
    page = open("#/requests/2", locale="zh-TW")
    expect(page.get_by_role("note")).to_contain_text(
        "已拒絕（狀態 -3），無法接收簡訊的門號：12345。"
    )
    page = open("#/requests/2")
    expect(page.get_by_role("note")).to_contain_text("Refused with status -3, no number that")


def test_the_keys_are_told(open: Open) -> None:
    page = open()
    keys = page.get_by_role("region", name="Keyboard shortcuts")
    page.get_by_role("heading", name="No SMS yet").wait_for()
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    page.keyboard.press("?")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(keys).to_be_visible()


@pytest.mark.parametrize("language", ["en-US", "zh-TW"])
@pytest.mark.parametrize("width", [768, 360])
def test_a_badge_covers_no_icon_and_stays_in_its_link(
    fake: FakeEvery8d, send: Send, open: Open, width: int, language: str
) -> None:
    send("hello", ",".join(f"0900000{number}" for number in range(200, 300)))
    fake.add_failure("*", "garbage")
    page = open(viewport={"width": width, "height": 640}, locale=language)
    expect(page.locator("nav .unread")).to_have_text(["99+", "1"])
    for badge in page.locator("nav .unread").all():
        over = badge.bounding_box()
        link = badge.locator("xpath=..").bounding_box()
        assert over
        assert link
        assert link["x"] <= over["x"]
        assert over["x"] + over["width"] <= link["x"] + link["width"]
        for icon in page.locator("nav .icon").all():
            under = icon.bounding_box()
            assert under
            assert (
                over["x"] >= under["x"] + under["width"] or over["x"] + over["width"] <= under["x"]
            )


def test_every_choice_has_a_label_that_can_be_seen(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.add_account("shop", "secret")
    send("hello")
    log_in(fake.url, "demo", "demo")
    page = open(viewport={"width": 360, "height": 640})
    for view in ("phones", "phone/+886912345678", "requests", "reports", "accounts", "failures"):
        page.goto(f"{fake.url}/#/{view}")
        expect(page.locator("main select:visible").first).to_be_visible()
        unnamed = page.locator("main select:visible").evaluate_all(
            """selects => selects
                .filter(({ labels }) => ![...labels].some((label) =>
                    [...label.childNodes].some((node) => node.nodeName !== "SELECT"
                        && node.textContent.trim()
                        && (node.nodeType === 3 || node.checkVisibility()))))
                .map(({ outerHTML }) => outerHTML.slice(0, 100))"""
        )
        assert unnamed == [], view


def test_new_requests_appear_and_all_are_cleared(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/requests")
    expect(page.get_by_text("No requests yet")).to_be_visible()
    requests = page.get_by_role("region", name="Requests").get_by_role("link")
    for count in (1, 2):
        key = log_in(fake.url, "demo", "demo")
        expect(requests).to_have_count(2 * count - 1)
        call(fake.url, "getCredit", sessionKey=key)
        expect(requests).to_have_count(2 * count)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("No requests yet")).to_be_visible()
    assert fake.requests == []


def test_a_request_that_is_no_longer_kept_is_said_to_be_so(fake: FakeEvery8d, open: Open) -> None:
    log_in(fake.url, "demo", "demo")
    page = open("#/requests/77")
    expect(page.get_by_text("This request is no longer kept")).to_be_visible()


@pytest.mark.parametrize("body", ["<a><b>", "</a>text<", "<a b='>'/>]]>", "<" * 50, "no XML"])
def test_body_that_is_not_xml_is_shown(fake: FakeEvery8d, open: Open, body: str) -> None:
    call(fake.url, "getCredit", sessionKey=body)
    page = open("#/requests/1")
    region = page.get_by_role("region", name="Request", exact=True).first
    expect(region).to_contain_text(body.replace("\n", ""))


def test_an_outage_is_switched_on_and_off(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/failures")
    switch = page.get_by_role("switch", name="The platform is down")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    for _ in range(3):
        assert call(fake.url, "getCredit", sessionKey="x").status == 503
    page.get_by_role("link", name="Phones").click()
    expect(page.get_by_text("Outage: every call gets")).to_be_visible()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("Outage: every call gets")).to_have_count(0)
    assert call(fake.url, "getCredit", sessionKey="x").status == 200


def test_a_failure_says_what_it_is_limited_to(fake: FakeEvery8d, open: Open) -> None:
    """And it is no outage, which no call gets through."""
    fake.add_failure("*", "http_error", status=503, rate=10)
    limits = {"user_id": "demo", "to": "0912345678", "skip": 1, "every": 3}
    fake.add_failure("sendSMS", "disconnect", **limits, probability=0.5, seed=1)
    page = open("#/failures")
    expect(page.locator(".failures li")).to_contain_text(
        [
            "beyond 10 calls per second",
            "account demo · to +886912345678 · after one call · one call in 3 · 50% of calls",
        ]
    )
    expect(page.get_by_text("Outage: every call is answered")).to_have_count(0)


def test_error_of_a_failure_is_at_its_field_in_the_readers_language(
    fake: FakeEvery8d, open: Open
) -> None:
    page = open("#/failures", locale="zh-TW")
    page.get_by_label("HTTP 狀態碼").fill("200")
    page.get_by_role("button", name="加入").click()
    expect(page.locator("label:has([aria-invalid=true]) + .error")).to_have_text(
        "請輸入 400 至 599 的狀態碼。"
    )
    assert fake.failures == []


def test_a_failure_can_be_of_each_operation_that_either_api_has(open: Open) -> None:
    options = (
        open("#/failures").get_by_role("combobox", name="Operation", exact=True).locator("option")
    )
    expect(options).to_have_count(len(get_args(FailureOperation)))
    values = options.evaluate_all("options => options.map((option) => option.value)")
    assert values == [*get_args(FailureOperation)]


def test_any_failure_is_set_up_and_taken_back(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/failures")
    page.get_by_role("combobox", name="Operation", exact=True).select_option("sendSMS")
    page.get_by_label("What happens").select_option("SOAP fault")
    page.get_by_label("Failure text").fill("boom")
    page.get_by_label("How often").select_option("2 times")
    page.get_by_role("button", name="Add").click()
    waiting = page.get_by_role("listitem")
    expect(waiting).to_contain_text("sendSMS SOAP fault boom")
    expect(waiting).to_contain_text("2 times")
    assert b"boom" in call(fake.url, "sendSMS").data
    expect(waiting).to_contain_text("once")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nothing: every call succeeds.")).to_be_visible()
    assert fake.failures == []


@pytest.mark.parametrize("kind", get_args(FailureKind))
def test_every_kind_of_failure_can_be_set_up(fake: FakeEvery8d, open: Open, kind: str) -> None:
    page = open("#/failures")
    page.get_by_label("What happens").select_option(kind)
    page.get_by_label("Is the operation executed?").select_option("after")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("listitem")).to_contain_text("after its execution")
    assert [(failure.kind, failure.effect) for failure in fake.failures] == [(kind, "after")]


def test_s7_the_copy_by_e_mail_is_shown(fake: FakeEvery8d, open: Open) -> None:
    key = log_in(fake.url, "demo", "demo")
    reps = (
        "&lt;REPS&gt;&lt;USER MOBILE='0912345678' EMAIL='a@b.test'&gt;x&lt;/USER&gt;&lt;/REPS&gt;"
    )
    call(fake.url, "sendParamSMS", sessionKey=key, contentXML=reps)
    page = open("#/phone/+886912345678")
    page.get_by_role("button", name="Details").click()
    expect(page.locator(".fields")).to_contain_text("a@b.test kept")
    assert fake.messages[0].status in (Status.SENT, Status.DELIVERED)


def test_a_fraction_of_a_second_is_typed_as_it_is_written(fake: FakeEvery8d, open: Open) -> None:
    page = open("#/failures")
    page.get_by_label("What happens").select_option("delay")
    seconds = page.get_by_label("Seconds")
    seconds.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Seconds from 0 to 3600.")
    page.keyboard.type("1.5")
    page.keyboard.press("Enter")
    wait_for(lambda: fake.failures)
    assert [failure.seconds for failure in fake.failures] == [1.5]
