"""Results of the operations: the strings that clients pick apart."""

import logging

import pytest
from lxml import etree

from fake_every8d.gateway import Gateway, Status
from fake_every8d.soap import SoapEndpoint
from tests.soap.calls import call, login, post

NO_SESSION = "-301, Session 資料不存在，請重新登入。"
UNFORESEEN = "-99, 主機端發生不明錯誤，請與廠商窗口聯繫。"
BOOKED = "20400302090000"


@pytest.mark.parametrize(
    ("user_id", "password", "code", "description"),
    [
        ("nobody", "demo", "-100", "取得連線失敗，無此帳號。"),
        ("demo", "wrong", "-101", "取得連線失敗，密碼錯誤。"),
    ],
)
def test_a1_a_failed_login(
    endpoint: SoapEndpoint, user_id: str, password: str, code: str, description: str
) -> None:
    assert call(endpoint, "getConnection", userID=user_id, password=password) == (
        '<?xml version="1.0" encoding="UTF-8"?><SMS><GET_CONNECTION>'
        f"<CODE>{code}</CODE><SESSION_KEY></SESSION_KEY>"
        f"<DESCRIPTION>{description}</DESCRIPTION></GET_CONNECTION></SMS>"
    )


def test_a1_a_locked_account(endpoint: SoapEndpoint, gateway: Gateway) -> None:
    gateway.update_account("demo", failed_logins=11)
    document = call(endpoint, "getConnection", userID="demo", password="demo")
    assert "<CODE>-999</CODE><SESSION_KEY></SESSION_KEY>" in document
    assert "<DESCRIPTION>帳號已封鎖，請洽服務窗口。</DESCRIPTION>" in document


def test_a5_close_connection(endpoint: SoapEndpoint) -> None:
    key = login(endpoint)
    assert call(endpoint, "closeConnection", sessionKey=key) == "1"
    assert call(endpoint, "closeConnection", sessionKey=key) == "-1"


@pytest.mark.parametrize(
    "operation",
    [
        "sendSMS",
        "sendMessage",
        "sendParamSMS",
        "getCredit",
        "eraseBooking",
        "getFreePhoneCallinLog",
    ],
)
def test_a6_a_dead_session(endpoint: SoapEndpoint, operation: str) -> None:
    assert call(endpoint, operation, sessionKey="0" * 32) == NO_SESSION


def test_a6_a_dead_session_in_the_delivery_log(endpoint: SoapEndpoint) -> None:
    assert call(endpoint, "getDeliveryStatus", sessionKey="x") == (
        '<?xml version="1.0" encoding="utf-8"?><SMS_LOG><CODE>-301</CODE>'
        "<DESCRIPTION>Session 資料不存在，請重新登入。</DESCRIPTION>"
        '<GET_DELIVERY_STATUS COUNT="0"/></SMS_LOG>'
    )


def test_s1_p5_the_receipt(endpoint: SoapEndpoint, gateway: Gateway) -> None:
    gateway.update_account("demo", credit=3)
    # 2 points each: the first fits into 3, the second does not.
    receipt = call(
        endpoint,
        "sendSMS",
        sessionKey=login(endpoint),
        content="好" * 71,
        mobile="0912345678,0922333444",
    )
    credit, sent, cost, unsent, batch_id = receipt.split(",")
    assert (credit, sent, cost, unsent) == ("1.00", "1", "2.0", "1")
    assert {message.batch_id for message in gateway.messages()} == {batch_id}


def test_p5_get_credit(endpoint: SoapEndpoint, gateway: Gateway) -> None:
    gateway.update_account("demo", credit=2310)
    assert call(endpoint, "getCredit", sessionKey=login(endpoint)) == "2310.00"


def test_s3_the_platforms_errors_come_as_a_line(endpoint: SoapEndpoint) -> None:
    key = login(endpoint)
    no_content = call(endpoint, "sendSMS", sessionKey=key, mobile="0912345678")
    assert no_content == "-24, The content is empty."
    assert call(endpoint, "sendSMS", sessionKey=key, content="x") == "-41, no mobile."
    assert call(endpoint, "sendParamSMS", sessionKey=key, contentXML="<REPS/>") == (
        "-41, no mobile."
    )


@pytest.mark.parametrize(
    ("content_xml", "advice"),
    [
        ("", "no element found: line 1, column 1"),
        ("<REPS>", "no element found: line 1, column 7"),
        ("<REPS/>x", "junk after document element: line 1, column 8"),
        ('<?xml version="1.1"?><REPS/>', "1.1"),
        ("<SMS/>", "begins with <SMS>"),
        ("<!DOCTYPE REPS><REPS><USER>a</USER></REPS>", "DOCTYPE"),
    ],
)
def test_s6_content_xml_that_cannot_be_read(
    endpoint: SoapEndpoint, gateway: Gateway, content_xml: str, advice: str
) -> None:
    response = post(endpoint, "sendParamSMS", sessionKey=login(endpoint), contentXML=content_xml)
    assert response.result == UNFORESEEN
    assert advice in response.advice[0]
    assert gateway.messages() == []
    assert gateway.account("demo").credit == 1000


def test_a6_a_dead_session_is_told_before_content_xml_is_judged(endpoint: SoapEndpoint) -> None:
    response = post(endpoint, "sendParamSMS", sessionKey="x", contentXML="<REPS>")
    assert response.result == NO_SESSION
    assert response.advice == ()


def test_s6_the_calls_send_time_applies_where_a_user_has_none(
    endpoint: SoapEndpoint, gateway: Gateway
) -> None:
    content_xml = (
        '<REPS><USER MOBILE="+886912345678" SENDTIME="">a</USER>'
        '<USER MOBILE="+886912345679" SENDTIME="20400303090000">b</USER></REPS>'
    )
    key = login(endpoint)
    call(endpoint, "sendParamSMS", sessionKey=key, contentXML=content_xml, sendTime=BOOKED)
    booked = [message.booked_for for message in gateway.messages()]
    assert [f"{moment:%Y%m%d%H%M%S}" for moment in booked if moment] == [BOOKED, "20400303090000"]


def test_n4_the_gateways_advice_comes_along(endpoint: SoapEndpoint) -> None:
    content_xml = '<REPS><USER MOBILE="0912345678">a</USER></REPS>'
    response = post(endpoint, "sendParamSMS", sessionKey=login(endpoint), contentXML=content_xml)
    assert "0912345678" in response.advice[0]


def test_d5_an_unknown_batch_is_an_empty_log(endpoint: SoapEndpoint) -> None:
    key = login(endpoint)
    assert call(endpoint, "getDeliveryStatus", sessionKey=key, batchID="x").endswith(
        "<CODE>0</CODE><DESCRIPTION>發送狀態查詢成功</DESCRIPTION>"
        '<GET_DELIVERY_STATUS COUNT="0"/></SMS_LOG>'
    )


@pytest.mark.parametrize(("page", "shown"), [("", 1000), ("1", 1000), ("2", 1), ("3", 0)])
def test_d4_pages_of_a_thousand(endpoint: SoapEndpoint, page: str, shown: int) -> None:
    key = login(endpoint)
    numbers = ",".join(f"09{n:08}" for n in range(1001))
    receipt = call(endpoint, "sendSMS", sessionKey=key, content="x", mobile=numbers)
    batch_id = receipt.rpartition(",")[2]
    log = call(endpoint, "getDeliveryStatus", sessionKey=key, batchID=batch_id, pageNo=page)
    root = etree.fromstring(log.encode())
    assert root[2].get("COUNT") == "1001"
    assert len(root.findall(".//SMS")) == shown


def test_d4_a_reply_reaches_the_log(endpoint: SoapEndpoint, gateway: Gateway) -> None:
    key = login(endpoint)
    receipt = call(endpoint, "sendSMS", sessionKey=key, content="x", mobile="0912345678")
    gateway.reply("0912345678", "好 ]]> <b>")
    log = call(endpoint, "getDeliveryStatus", sessionKey=key, batchID=receipt.rpartition(",")[2])
    root = etree.fromstring(log.encode())
    assert root.findtext(".//REPLY_SMS/MESSAGE") == "好 ]]> <b>"
    assert root.findtext(".//STATUS") == str(Status.DELIVERED.value)


def test_s10_send_message_is_send_sms_with_a_time_for_retries(
    endpoint: SoapEndpoint, gateway: Gateway
) -> None:
    response = post(
        endpoint,
        "sendMessage",
        sessionKey=login(endpoint),
        subject="S",
        content="好" * 71,
        mobile="0912345678,0922333444",
        sendTime=BOOKED,
        retryTime="30",
    )
    # 2 points each, and no time zone or unit about retryTime that could be wrong.
    assert (response.result or "").startswith("996.00,2,4.0,0,")
    assert response.advice == ()
    for message in gateway.messages():
        assert (message.subject, message.status) == ("S", Status.BOOKED)
        assert message.retry_time == "30"


def test_d8_the_call_in_log_is_not_known(endpoint: SoapEndpoint, gateway: Gateway) -> None:
    response = post(endpoint, "getFreePhoneCallinLog", sessionKey=login(endpoint), pageNo="1")
    assert response.result == UNFORESEEN
    assert "nobody has published what it returns" in response.advice[0]
    dead = post(endpoint, "getFreePhoneCallinLog", sessionKey="x", pageNo="1")
    assert (dead.result, dead.advice) == (NO_SESSION, ())


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ("%E9%A9%97%E8%AD%89%E7%A2%BC+483920", "content is URL-encoded"),
        ("&#39640;&#38596;", "content goes out with &#39640; in it"),
        ("A &amp; B", "content goes out with &amp; in it"),
        ("100% & more, 50%OFF, a&b;", ""),
        ("95%", ""),
    ],
)
@pytest.mark.parametrize("operation", ["sendSMS", "sendMessage", "sendParamSMS"])
def test_w7_text_that_was_encoded_once_too_often_goes_out_with_advice(
    endpoint: SoapEndpoint, gateway: Gateway, operation: str, content: str, advice: str
) -> None:
    key = login(endpoint)
    if operation == "sendParamSMS":
        reps = f'<REPS><USER MOBILE="+886912345678"><![CDATA[{content}]]></USER></REPS>'
        response = post(endpoint, operation, sessionKey=key, contentXML=reps)
    else:
        response = post(endpoint, operation, sessionKey=key, content=content, mobile="0912345678")
    assert [message.text for message in gateway.messages()] == [content]
    assert len(response.advice) == bool(advice)
    assert advice in "".join(response.advice)


def test_s6_markup_in_a_content_is_left_out_with_advice(
    endpoint: SoapEndpoint, gateway: Gateway
) -> None:
    user = '<USER MOBILE="+886912345678">a<b>b</b>c<br/></USER>'
    reps = f"<REPS>{user * 100}</REPS>"
    response = post(endpoint, "sendParamSMS", sessionKey=login(endpoint), contentXML=reps)
    assert {message.text for message in gateway.messages()} == {"abc"}
    assert "the content for +886912345678 has the element <b> in it" in response.advice[0]
    assert len(response.advice) == 4  # three of a kind, and how many more there were
    assert "197" in response.advice[3]


def test_d6_erase_booking(endpoint: SoapEndpoint) -> None:
    key = login(endpoint)
    receipt = call(
        endpoint,
        "sendSMS",
        sessionKey=key,
        content="x",
        mobile="0912345678,0922333444",
        sendTime=BOOKED,
    )
    batch_id = receipt.rpartition(",")[2]
    assert call(endpoint, "eraseBooking", sessionKey=key, batchID=batch_id) == "2,2.0"
    assert call(endpoint, "eraseBooking", sessionKey=key, batchID=batch_id) == ""


def test_s3_unforeseen_failure_is_logged_and_returned(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for method in ("credit", "open_session", "delivery_log"):
        monkeypatch.setattr(gateway.platform, method, None)  # which cannot be called
    broken = SoapEndpoint(gateway.platform)
    with caplog.at_level(logging.ERROR):
        assert call(broken, "getCredit", sessionKey="x") == UNFORESEEN
        document = call(broken, "getConnection", userID="demo", password="demo")
        log = call(broken, "getDeliveryStatus", sessionKey="x")
    assert "<CODE>-99</CODE><SESSION_KEY></SESSION_KEY>" in document
    assert "<CODE>-99</CODE>" in log
    assert [record.exc_info is not None for record in caplog.records] == [True] * 3
