"""Phones and their conversations: what they show, and what can be done there."""

import re

import pytest
from playwright.sync_api import expect

from fake_every8d import FakeEvery8d, Status
from fake_every8d.gateway import Edition, Recipient
from tests.page.conftest import Open, Send


def test_phone_with_the_newest_sms_is_on_top_with_its_unread_count(send: Send, open: Open) -> None:
    send("first", "0911111111")
    send("second", "0922222222")
    send("third", "0911111111")
    page = open()
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    expect(phones).to_contain_text(["0911 111 111", "0922 222 222"])
    expect(phones.first).to_contain_text("third")
    expect(phones.first).to_contain_text("2 unread")
    expect(phones.first.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(page).to_have_title("(2) Phones · fake-every8d")

    phones.first.click()
    expect(page).to_have_title("(1) +886911111111 · fake-every8d")
    send("fourth", "0922222222")
    expect(phones.first).to_contain_text("fourth")
    expect(phones.first).to_contain_text("2 unread")
    expect(phones.last).not_to_contain_text("unread")
    page.reload()
    expect(phones.last).not_to_contain_text("unread")


def test_unread_messages_can_be_marked_as_read(send: Send, open: Open) -> None:
    send("first", "0911111111")
    send("second", "0922222222")
    page = open()
    expect(page.get_by_text("1 unread")).to_have_count(2)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("1 unread")).to_have_count(0)
    expect(page).to_have_title("Phones · fake-every8d")
    page.reload()
    expect(page.get_by_role("link", name="0911 111 111")).to_be_visible()
    expect(page.get_by_text("1 unread")).to_have_count(0)


def test_undelivered_message_is_marked_in_the_list(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("hello", "0900000103")
    send("abroad", "+14155550100")
    fake.clock.advance(seconds=1)
    page = open()
    expect(page.get_by_role("link", name="0900 000 103")).to_contain_text("103 No such number")
    foreign = page.get_by_role("link", name="+14155550100")
    expect(foreign).to_contain_text("500 International is off")
    foreign.click()
    # Its number is written in one way only, and so once.
    expect(page.locator(".conversation > header")).to_contain_text("+14155550100")
    expect(page.locator(".e164")).to_have_count(0)


def test_a_conversation_has_the_newest_at_the_bottom(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    send("one")
    fake.clock.advance(seconds=10)
    fake.reply("0912345678", "two")
    fake.clock.advance(seconds=10)
    send("three")
    page = open("#/phone/+886912345678")
    bubbles = page.locator(".bubble")
    expect(bubbles).to_have_text(["one", "two", "three"])
    for n in range(40):
        send(f"more {n}")
    expect(bubbles.last).to_have_text("more 39")
    expect(bubbles.last).to_be_in_viewport()


def test_the_code_stands_out_and_is_copied_at_a_click(send: Send, open: Open) -> None:
    """It is `Message.code`; no other number is one."""
    send("驗證碼483920，分機1234，單號123456789，訂單 10034 of https://a.test/483920")
    page = open("#/phone/+886912345678")
    codes = page.locator(".bubble .code")
    expect(codes).to_have_text(["483920"])
    page.get_by_role("button", name="483920").click()
    expect(page.locator("#announcements")).to_have_text("Copied 483920")
    assert page.evaluate("navigator.clipboard.readText()") == "483920"
    link = page.get_by_role("link", name="https://a.test/483920", exact=True)
    expect(link).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("48-3920", "483920"),
        ("48 3920", "483920"),
        ("４８３９２０", "483920"),
        ("G-483920", "G-483920"),
        ("A7K9Q2", "A7K9Q2"),
    ],
)
def test_a_code_is_shown_as_it_was_written_and_copied_as_it_is_typed(
    fake: FakeEvery8d, send: Send, open: Open, written: str, code: str
) -> None:
    send(f"Your code is {written}.")
    assert fake.messages[0].code == code
    page = open("#/phone/+886912345678")
    button = page.locator(".bubble .code")
    expect(button).to_have_text(written)
    button.click()
    expect(page.locator("#announcements")).to_have_text(f"Copied {code}")
    assert page.evaluate("navigator.clipboard.readText()") == code


def test_p2_p5_long_message_shows_its_points_and_pieces(send: Send, open: Open) -> None:
    """P2: 334 characters go out in two pieces and cost 5 + 1."""
    send("x" * 334)
    send("short")
    page = open("#/phone/+886912345678")
    expect(page.locator(".meta").first).to_contain_text("6 points")
    expect(page.locator(".meta").last).not_to_contain_text("point")
    page.get_by_role("article", name="Message 1").get_by_role("button", name="Details").click()
    expect(page.locator(".fields")).to_contain_text("334 UTF-16 units, 2 SMS, 6 points")


def test_a_message_of_one_line_takes_two(send: Send, open: Open) -> None:
    """Its text, and one line on how it stands."""
    send("one line")
    send("another", time="20991231090000")
    page = open("#/phone/+886912345678")
    messages = page.get_by_role("article")
    expect(messages).to_have_count(2)
    for message in messages.all():
        box = message.bounding_box()
        assert box
        assert box["height"] < 75


def test_at_768_pixels_list_and_conversation_are_side_by_side(send: Send, open: Open) -> None:
    send("hello")
    page = open("#/phone/+886912345678", viewport={"width": 768, "height": 1024})
    expect(page.locator(".bubble")).to_be_visible()
    expect(page.get_by_role("region", name="Phones")).to_be_visible()


def test_a_phones_header_is_one_row_and_the_views_are_at_the_bottom(send: Send, open: Open) -> None:
    send("hello")
    page = open("#/phones", viewport={"width": 360, "height": 640}, has_touch=True)
    main = page.get_by_role("main").bounding_box()
    views = page.get_by_role("navigation").bounding_box()
    assert main
    assert views
    assert main["y"] < 60
    assert views["y"] + views["height"] == 640
    page.get_by_role("link", name="0912 345 678").tap()
    # Actions show where they are asked for.
    expect(page.get_by_role("article").get_by_role("button", name="Reply")).to_have_count(0)
    page.get_by_role("button", name="Details").tap()
    expect(page.get_by_role("article").get_by_role("button", name="Reply")).to_be_visible()


def test_actions_show_on_hover_and_focus(send: Send, open: Open) -> None:
    send("hello")
    page = open("#/phone/+886912345678")
    actions = page.get_by_role("article").locator(".actions")
    expect(actions).to_have_css("opacity", "0")
    page.get_by_role("article").hover()
    expect(actions).to_have_css("opacity", "1")
    page.get_by_role("searchbox").hover()
    expect(actions).to_have_css("opacity", "0")
    page.get_by_role("button", name="Details").focus()
    expect(actions).to_have_css("opacity", "1")


@pytest.mark.parametrize(
    ("mobile", "term"),
    [
        ("0912345678", "100 Delivered 發送成功"),
        ("0900000101", "101 Handset failure 手機端因素未能送達"),
        ("0900000107", "107 Timed out 逾時收訊"),
        ("12345", "-3 Invalid number 無效門號"),
        ("+14155550100", "500 International is off 未開通國際簡訊，無法發送國際簡訊"),
    ],
)
def test_d1_status_is_shown_in_the_platforms_words_and_ours(
    fake: FakeEvery8d, send: Send, open: Open, mobile: str, term: str
) -> None:
    send("hello", mobile)
    fake.clock.advance(seconds=1)
    page = open(f"#/phone/{fake.messages[0].to}")
    page.get_by_role("button", name="Details").click()
    steps = page.get_by_role("list", name="What became of it").get_by_role("listitem")
    expect(steps.last).to_contain_text(term)
    if fake.messages[0].sent_at:
        expect(steps.first).to_contain_text("0 Sent 已發送")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_e1_every_status_has_a_word(open: Open, language: str) -> None:
    """Its own in an edition that calls it something else."""
    words = open().evaluate(
        f"import('/page/strings-{language}.js').then((module) => module.{language})"
    )
    for status in Status:
        assert f"status.{status}" in words
        for edition in Edition:
            renamed = status.term_of(edition) != status.term
            assert (f"status.{status}.{edition}" in words) == renamed


def test_e1_the_page_says_it(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.update_settings(edition="2025")
    send("hello", "0900000105")
    fake.clock.advance(seconds=1)
    page = open("#/phone/+886900000105")
    page.get_by_role("button", name="Details").click()
    steps = page.get_by_role("list", name="What became of it").get_by_role("listitem")
    expect(steps.last).to_contain_text("105 Blocked word (carrier) 電信業者關鍵字阻擋")
    outcome = page.get_by_label("Next messages")
    fake.update_settings(edition="2021")
    expect(steps.last).to_contain_text("105 Handset failure 手機端異常")
    expect(outcome.locator("option[value='106']")).to_have_text("106 Unknown error")


def test_d2_message_under_way_can_be_delivered_or_failed(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    send("one")
    send("two")
    page = open("#/phone/+886912345678")
    page.get_by_role("article", name="Message 1").get_by_role("button", name="Deliver").click()
    expect(page.get_by_role("article", name="Message 1")).to_contain_text("100 Delivered")
    page.get_by_role("article", name="Message 2").get_by_label("Fail with…").select_option("103")
    status = page.get_by_role("article", name="Message 2").locator(".status")
    expect(status).to_have_text("103 No such number")
    assert [message.status for message in fake.messages] == [100, 103]


def test_d6_a_booking_says_for_when_and_can_be_cancelled(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("tomorrow", time="20991231090000")
    page = open("#/phone/+886912345678")
    message = page.get_by_role("article", name="Message 1")
    expect(message).to_contain_text("300 Booked")
    expect(message).to_contain_text("for 2099/12/31 09:00:00")
    message.get_by_role("button", name="Cancel the booking").click()
    expect(message).to_contain_text("303 Cancelled")
    assert fake.account.credit == 1000


def test_d2_outcome_of_a_number_is_set_in_its_conversation(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    send("hello")
    page = open("#/phone/+886912345678")
    outcome = page.get_by_label("Next messages")
    outcome.select_option("105")
    expect(page.locator(".outcome.set")).to_be_visible()
    send("again")
    fake.clock.advance(seconds=1)
    assert fake.messages[1].status is Status.CARRIER_FAILURE_105
    outcome.select_option("as usual")
    expect(page.locator(".outcome.set")).to_have_count(0)
    assert fake.gateway.outcomes() == []


def test_d4_a_reply_goes_to_the_message_that_was_chosen(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("first")
    send("second")
    page = open("#/phone/+886912345678")
    page.get_by_role("article", name="Message 1").get_by_role("button", name="Reply").click()
    expect(page.locator(".reply-to")).to_contain_text("first")
    page.get_by_role("textbox", name="Reply as").fill("to the first")
    page.locator(".composer").get_by_role("button", name="Reply").click()
    expect(page.get_by_role("article", name="Reply to message 1")).to_contain_text("to the first")
    assert [reply.text for reply in fake.messages[0].replies] == ["to the first"]


def test_refused_action_is_explained(fake: FakeEvery8d, send: Send, open: Open) -> None:
    fake.clock.freeze()
    send("hello")
    page = open("#/phone/+886912345678")
    page.get_by_role("textbox", name="Reply as").fill("bell \x07")
    page.keyboard.press("Enter")
    expect(page.locator(".composer").get_by_role("alert")).to_contain_text("control characters")
    page.get_by_role("textbox", name="Reply as").fill("bell")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_phone_that_nothing_reached_cannot_reply(send: Send, open: Open) -> None:
    send("hello", "12345")
    page = open("#/phone/12345")
    expect(page.get_by_text("Nothing has reached this phone")).to_be_visible()


def test_details_say_all_there_is_to_know(fake: FakeEvery8d, open: Open) -> None:
    fake.gateway.platform.send_param_sms(
        fake.gateway.platform.open_session("demo", "demo"),
        "appointment",
        [Recipient("0912345678", "hello", "王小明", "ming@example.com", "", "MR-7")],
        "",
    )
    page = open("#/phone/+886912345678")
    page.get_by_role("button", name="Details").click()
    details = page.locator(".fields")
    for text in (fake.messages[0].batch_id, "MR-7", "5 UTF-16 units", "ming@example.com kept"):
        expect(details).to_contain_text(text)
    expect(details).to_contain_text("王小明")


@pytest.mark.parametrize(
    "query", ["0912345678", "+886912345678", "0912 345", "KAFFEE", "王小明", "batch", "Danke"]
)
def test_search_finds_number_content_name_batch_and_reply(
    fake: FakeEvery8d, send: Send, open: Open, query: str
) -> None:
    send("something else", "0922222222")
    fake.gateway.platform.send_param_sms(
        fake.gateway.platform.open_session("demo", "demo"),
        "",
        [Recipient("0912345678", "Kaffee ist fertig", "王小明")],
        "",
    )
    fake.reply("0912345678", "danke")
    page = open()
    search = page.get_by_role("searchbox", name="Search messages")
    search.fill(fake.messages[1].batch_id if query == "batch" else query)
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    expect(phones).to_have_count(1)
    expect(phones).to_contain_text("0912 345 678")
    expect(page.get_by_text("Matches: 1, on one phone")).to_be_visible()
    search.fill("nowhere to be found")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(phones).to_have_count(0)


def test_a_search_can_be_shared_and_shows_where_it_matched(send: Send, open: Open) -> None:
    for n in range(100):
        send("needle" if n == 30 else f"hay {n}")
    page = open("#/phone/+886912345678?q=needle")
    expect(page.get_by_role("searchbox")).to_have_value("needle")
    expect(page.locator(".conversation mark")).to_have_text("needle")
    expect(page.locator(".conversation mark")).to_be_in_viewport()


def test_links_lead_back_and_forth(send: Send, open: Open) -> None:
    send("one", "0911111111")
    send("two", "0922222222")
    page = open("#/phone/+886911111111")
    expect(page.get_by_role("heading", name="0911 111 111")).to_be_visible()
    page.get_by_role("link", name="0922 222 222").click()
    expect(page).to_have_url(re.compile(r"/#/phone/\+886922222222$"))
    page.go_back()
    expect(page.get_by_role("heading", name="0911 111 111")).to_be_visible()


def test_a_link_may_have_a_number_in_any_spelling(send: Send, open: Open) -> None:
    send("hello")
    page = open("#/phone/0912-345-678")
    expect(page).to_have_url(re.compile(r"/#/phone/\+886912345678$"))
    expect(page.get_by_role("link", name="0912 345 678")).to_have_attribute("aria-current", "page")


def test_a_link_to_a_phone_that_got_nothing_says_so(send: Send, open: Open) -> None:
    send("hello")
    page = open("#/phone/+886999999999")
    expect(page.get_by_text("Nothing was sent to +886999999999")).to_be_visible()


def test_x1_a_reset_empties_the_page_and_what_comes_after_it_is_new(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("before")
    page = open("#/phone/+886912345678")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Reset everything").click()
    expect(page.get_by_role("heading", name="No SMS yet")).to_be_visible()
    session_key = fake.gateway.platform.open_session("demo", "demo")
    fake.gateway.platform.send_sms(session_key, "", "after", "0922222222", "")
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    expect(phones).to_have_count(1)
    expect(phones).to_contain_text("1 unread")


def test_phones_are_filtered_by_status_and_the_address_says_so(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    send("arrives", "0911111111")
    send("goes nowhere", "0900000103")
    fake.clock.advance(seconds=2)
    page = open()
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    expect(phones).to_have_count(2)
    page.get_by_label("Status").select_option("103 No such number")
    expect(phones).to_have_count(1)
    expect(page.locator(".count")).to_contain_text("Matches: 1, on one phone")
    expect(page).to_have_url(re.compile(r"#/phones\?status=103$"))
    phones.click()
    expect(page).to_have_url(re.compile(r"#/phone/\+886900000103\?status=103$"))
    page.reload()
    expect(phones).to_have_count(1)
    expect(page.get_by_label("Status")).to_have_value("103")


def test_a_link_leads_to_one_message_wherever_it_is(
    fake: FakeEvery8d, send: Send, open: Open
) -> None:
    fake.clock.freeze()
    for n in range(300):
        send(f"message {n + 1}")
    page = open("#/message/7")
    expect(page).to_have_url(re.compile(r"#/phone/\+886912345678\?message=7$"))
    linked = page.get_by_role("article", name="Message 7", exact=True)
    expect(linked.locator(".bubble")).to_be_in_viewport()
    expect(linked).to_contain_text("UTF-16 units")  # its details are open
    linked.get_by_role("button", name="Copy the link").click()
    expect(page.locator("#announcements")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{fake.url}/#/message/7"
    page.goto(f"{fake.url}/#/message/301")
    expect(page.get_by_text("This message is no longer kept")).to_be_visible()


def test_x2_finished_messages_are_cleared(fake: FakeEvery8d, send: Send, open: Open) -> None:
    send("booked", "0922222222", time="20991231090000")
    send("done", "0911111111")
    fake.clock.advance(seconds=2)
    page = open()
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    expect(phones).to_have_count(2)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Clear").click()
    expect(phones).to_have_count(1)
    assert [message.text for message in fake.messages] == ["booked"]


def test_a_reply_moves_its_phone_up(fake: FakeEvery8d, send: Send, open: Open) -> None:
    send("first", "0911111111")
    send("second", "0922222222")
    fake.clock.advance(seconds=2)
    page = open("#/phone/+886911111111")
    phones = page.get_by_role("region", name="Phones").get_by_role("link")
    expect(phones.first).to_contain_text("second")
    page.get_by_role("textbox", name="Reply as").fill("ok")
    page.keyboard.press("Enter")
    expect(phones.first).to_contain_text("Reply: ok")
