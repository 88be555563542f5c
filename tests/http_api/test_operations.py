"""Results of the operations: clauses E and H6 to H16. It is 2040-03-01 12:00:00 in Taipei."""

import json
import re
from typing import Any

import pytest
import requests

from fake_every8d import Account
from tests.http_api.calls import DEMO, GUID, PHONE, Http, batch_id
from tests.http_api.conftest import NewHttp

OTHER = "0987654321"


def param(*recipients: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**DEMO, "RecipientDataList": [*recipients], **more}


@pytest.mark.parametrize(
    ("edition", "values", "line"),
    [
        ("2016", {}, "-300, 帳號密碼不得為空值。"),
        ("2016", {"UID": "demo", "PWD": ""}, "-300, 帳號密碼不得為空值。"),
        ("2016", {"UID": "nobody", "PWD": "demo"}, "-100, 無此帳號。"),
        ("2016", {"UID": "demo", "PWD": "wrong"}, "-101, 密碼錯誤。"),
        ("2021", {}, "-300,帳號密碼不得為空"),
        ("2021", {"UID": "nobody", "PWD": "demo"}, "-100,無此帳號"),
        ("2025", {"UID": "demo", "PWD": "wrong"}, "-101,密碼錯誤"),
    ],
)
@pytest.mark.parametrize("name", ["getCredit", "sendSMS", "getDeliveryStatus", "eraseBooking"])
def test_h6_refused_caller_is_told_why(
    new_http: NewHttp, edition: str, values: dict[str, str], line: str, name: str
) -> None:
    assert new_http(edition=edition).response(name, values).text == line


def test_h6_the_eleventh_failure_locks_and_says_so(new_http: NewHttp) -> None:
    http = new_http(edition="2021")
    wrong = {"UID": "demo", "PWD": "wrong"}
    responses = [http.response("getCredit", wrong).text for _ in range(11)]
    assert responses == ["-101,密碼錯誤"] * 10 + ["-999,帳號已封鎖，請洽服務窗口"]
    assert http("getCredit") == "-999,帳號已封鎖，請洽服務窗口"


def test_h6_a_token_decides_where_there_is_a_password_too(http: Http) -> None:
    http.fake.add_account("shop", "shop", credit=7)
    bearer = {"Authorization": f"Bearer {http.token()}"}
    assert http.response("getCredit", {"UID": "shop", "PWD": "shop"}, **bearer).text == "1000.00"
    assert http.response("getCredit", {}, **bearer).text == "1000.00"
    dead = {"Authorization": "bearer dead"}
    assert http.response("getCredit", DEMO, **dead).text.startswith("-301, ")
    basic = {"Authorization": "Basic ZGVtbzpkZW1v"}
    assert http.response("getCredit", DEMO, **basic).text == "1000.00"


def test_h7_a_token_is_opened_checked_and_closed(new_http: NewHttp) -> None:
    http = new_http(edition="2025")
    bearer = {"Authorization": f"Bearer {http.token()}"}
    check, close = ({"HandlerType": 3, "VerifyType": kind} for kind in (2, 3))
    assert http.json("ConnectionHandler", check, **bearer) == '{"Result":true}'
    assert http.json("ConnectionHandler", close, **bearer) == '{"Result":true}'
    dead = '{"Result":false,"Status":"-301","Msg":"Session 資料不存在，請重新登入"}'
    assert http.json("ConnectionHandler", check, **bearer) == dead
    assert http.json("ConnectionHandler", close, **bearer) == dead
    assert http.response("getCredit", {}, **bearer).text == "-301,Session 資料不存在，請重新登入"
    assert [request.operation for request in http.fake.requests] == [
        "getConnection", "checkConnection", "closeConnection", "checkConnection",
        "closeConnection", "getCredit",
    ]  # fmt: skip
    assert all(not request.advice for request in http.fake.requests)


def test_h7_after_8_hours_of_the_fakes_time_a_token_is_dead(http: Http) -> None:
    bearer = {"Authorization": f"Bearer {http.token()}"}
    http.fake.clock.advance(hours=8)
    assert http.response("getCredit", {}, **bearer).text.startswith("-301, ")
    again = http.json("ConnectionHandler", {"HandlerType": 3, "VerifyType": 1, **DEMO}, **bearer)
    assert again.startswith('{"Result":true,"Msg":"')


@pytest.mark.parametrize(
    ("body", "response"),
    [
        ({"UID": "demo", "PWD": "x"}, '{"Result":false,"Status":"-101","Msg":"密碼錯誤"}'),
        ({"UID": "demo"}, '{"Result":false,"Status":"-300","Msg":"帳號密碼不得為空"}'),
        ({**DEMO, "VerifyType": 2}, '{"Result":false,"Status":"-300","Msg":"帳號密碼不得為空"}'),
    ],
)
def test_h7_errors_are_in_json(new_http: NewHttp, body: dict[str, Any], response: str) -> None:
    http = new_http(edition="2025")
    assert http.json("ConnectionHandler", {"HandlerType": "3", "VerifyType": 1, **body}) == response


@pytest.mark.parametrize(("edition", "cost"), [("2016", r"4\.0"), ("2021", "4"), ("2025", "4")])
def test_h9_the_response_has_five_fields(new_http: NewHttp, edition: str, cost: str) -> None:
    """COST as production's of 2017, 2022 and 2025 (production F5, F11)."""
    http = new_http(edition=edition)
    response = http("sendSMS", SB="note", MSG="字" * 71, DEST=f"{PHONE},{OTHER}")
    assert re.fullmatch(rf"996\.00,2,{cost},0,{GUID}", response)
    (first, _) = http.messages(batch_id(response))
    assert (first.subject, first.record_number) == ("note", "1")


def test_h8_an_event_id_is_billed_17_characters_more(http: Http) -> None:
    assert http("sendSMS", MSG="字" * 53, DEST=PHONE, EventID="-1").startswith("999.00,1,1.0,0,")
    assert http("sendSMS", MSG="字" * 54, DEST=PHONE, EventID="-1").startswith("997.00,1,2.0,0,")


@pytest.mark.parametrize("edition", ["2021", "2025"])
@pytest.mark.parametrize("name", ["sendSMS", "sendSMS4FilterMessage", "SendParamSMS"])
def test_h8_an_event_id_needs_an_interactive_channel(
    new_http: NewHttp, edition: str, name: str
) -> None:
    """Production F6: of what production said, only the code is known."""

    def send() -> str:
        if name == "SendParamSMS":
            return http.json(name, param({"Mobile": PHONE, "Param": "x"}, EventID="-1"))
        return http(name, MSG="x", DEST=PHONE, EventID="-1")

    http = new_http(edition=edition)
    assert re.match('-290,|{"Result":false,"Status":"-290","Msg":', send())
    assert any(each.startswith("An EventID needs an account with") for each in http.advice)
    assert http.fake.messages == []
    assert http("getCredit") == "1000.00"
    http.fake.update_account("demo", interactive=True)
    assert "999.00,1,1,0," in send()
    (message,) = http.fake.messages
    assert message.event_id == "-1"


def test_h8_missing_text_or_number_comes_before_the_event_id(new_http: NewHttp) -> None:
    http = new_http(edition="2025")
    assert http("sendSMS", MSG="x", EventID="-1").startswith("-27,")
    assert http("sendSMS", DEST=PHONE, EventID="-1").startswith("-24,")


@pytest.mark.parametrize(
    ("edition", "values", "line"),
    [
        ("2016", {"DEST": PHONE}, "-24, The content is empty."),
        ("2021", {"DEST": PHONE}, "-24,The content is empty."),
        ("2016", {"MSG": "x"}, "-41, no mobile."),
        ("2021", {"MSG": "x", "DEST": " , "}, "-27,電話號碼不得為空"),
        ("2025", {"MSG": "x"}, "-27,電話號碼不得為空"),
        # With neither, the number is checked first (production F4).
        ("2016", {}, "-41, no mobile."),
        ("2021", {}, "-27,電話號碼不得為空"),
        ("2025", {"DEST": ","}, "-27,電話號碼不得為空"),
    ],
)
@pytest.mark.parametrize("name", ["sendSMS", "sendSMS4FilterMessage"])
def test_h10_missing_parameters_are_errors(
    new_http: NewHttp, edition: str, values: dict[str, str], line: str, name: str
) -> None:
    http = new_http(edition=edition)
    assert http(name, **values) == line
    assert http.fake.messages == []


@pytest.mark.parametrize("send_time", ["tomorrow", "20400230120000", "20400229115959"])
def test_h10_a_booking_time_that_is_none_is_the_recipients_status(
    http: Http, send_time: str
) -> None:
    bid = http.send(ST=send_time)
    assert [message.status for message in http.messages(bid)] == [-4]


def test_h10_in_send_param_it_refuses_the_call(new_http: NewHttp) -> None:
    http = new_http(edition="2025")
    response = http.json("SendParam", param({"Mobile": PHONE, "Param": "x", "SendTime": "soon"}))
    assert json.loads(response)["Status"] == "-28"
    assert http.fake.messages == []


@pytest.mark.parametrize(("edition", "cost"), [("2016", "1.0"), ("2021", "1"), ("2025", "1")])
def test_h11_the_filter_tells_whom_it_left_out(new_http: NewHttp, edition: str, cost: str) -> None:
    http = new_http(edition=edition)
    first = http.send(f"{PHONE},{OTHER}", "hello")
    more = f",{first}/{first}" if edition == "2025" else ""
    filtered = "sendSMS4FilterMessage"
    dest = f"{PHONE},0911111111,+886987654321"
    assert (
        http(filtered, MSG="hello", DEST=dest, IsSend="false")
        == f"0,0,0,0,,{PHONE}/+886987654321{more}"
    )
    assert http("getCredit") == "998.00"
    assert re.fullmatch(
        f"997\\.00,1,{cost},0,{GUID},{PHONE}/\\+886987654321{more}",
        http(filtered, MSG="hello", DEST=dest),
    )
    assert http(filtered, MSG="hello", DEST=dest) == f"-98,{PHONE}/0911111111/+886987654321"
    assert re.fullmatch(f"996\\.00,1,{cost},0,{GUID}", http(filtered, MSG="other", DEST=PHONE))
    http.fake.clock.advance(hours=24, seconds=1)
    assert re.fullmatch(f"995\\.00,1,{cost},0,{GUID}", http(filtered, MSG="hello", DEST=PHONE))


@pytest.mark.parametrize(
    ("edition", "status", "cost"),
    [("2016", '"Status":"0",', "2.0"), ("2021", '"Status":"0",', "2"), ("2025", "", "2")],
)
@pytest.mark.parametrize("name", ["SendParamSMS", "SendParam"])
def test_h12_each_is_sent_a_text_of_their_own(
    new_http: NewHttp, edition: str, status: str, cost: str, name: str
) -> None:
    http = new_http(edition=edition)
    response = http.json(
        name,
        param(
            {"Name": "王", "Mobile": PHONE, "Email": "a@b.tw", "Param": "A|B|C|D|E", "MR": "7"},
            {"Mobile": "+886987654321", "Param": "%field2%||||", "SendTime": "20400301130000"},
            MSG="%field1%-%field2%-%field5%",
            SB="note",
            RETRYTIME=30,
        ),
    )
    assert re.fullmatch(
        f'\\{{"Result":true,{status}"Msg":"998\\.00,2,{cost},0,{GUID}"\\}}', response
    )
    first, second = http.messages(batch_id(response))
    assert (first.text, first.name, first.email) == ("A-B-E", "王", "a@b.tw")
    assert (first.record_number, first.subject, first.retry_time) == ("7", "note", "30")
    assert (second.text, second.status, second.record_number) == ("%field2%--", 300, "2")


def test_h12_without_msg_param_is_the_text(http: Http) -> None:
    response = http.json("SendParamSMS", param({"Mobile": PHONE, "Param": "a|b", "Mr": 12}))
    (message,) = http.messages(batch_id(response))
    assert (message.text, message.record_number) == ("a|b", "12")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (param(), "-41"),
        (param({"Mobile": PHONE}), "-24"),
        (param({"Mobile": PHONE, "Param": "x"}, PWD="wrong"), "-101"),
        ({"RecipientDataList": []}, "-300"),
    ],
)
def test_h12_errors_are_in_json(http: Http, body: dict[str, Any], code: str) -> None:
    response = json.loads(http.json("SendParamSMS", body))
    assert (response["Result"], response["Status"]) == (False, code)
    assert http.fake.messages == []


UNFORESEEN = '{"Result":false,"Status":"-99","Msg":"主機端發生不明錯誤，請與廠商窗口聯繫。"}'


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (b"", "the body is not JSON"),
        (b"UID=demo&PWD=demo", "the body is not JSON"),
        (b'{"UID":"demo"', "the body is not JSON"),
        (b"[]", "the body must be an object, not a list"),
        (b"\xff\xfe", "not JSON"),
        (b'{"UID":"\xff"}', "not UTF-8, at byte 8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"UID":{},"PWD":"demo"}', "UID must be text, not an object"),
        (b'{"UID":"demo","PWD":"demo","RecipientDataList":{}}', "must be a list, not an object"),
        (b'{"UID":"demo","PWD":"demo","RecipientDataList":[1]}', "RecipientDataList[0] must be an"),
        (
            b'{"UID":"demo","PWD":"demo","RecipientDataList":[{},{"Mobile":[]}]}',
            "RecipientDataList[1].Mobile must be text, not a list",
        ),
    ],
)
def test_h12_malformed_body_is_99_with_advice(http: Http, body: bytes, advice: str) -> None:
    response = requests.post(http.url("SendParamSMS"), data=body, timeout=10)
    assert (response.status_code, response.text) == (200, UNFORESEEN)
    assert any(advice in sentence for sentence in http.advice)
    assert http.fake.messages == []
    assert http("getCredit") == "1000.00"


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"HandlerType":3}', b'{"HandlerType":1,"VerifyType":1}']
)
def test_h7_a_connection_that_is_none_of_the_three_is_99(http: Http, body: bytes) -> None:
    response = requests.post(http.url("ConnectionHandler"), data=body, timeout=10)
    assert (response.status_code, response.text) == (200, UNFORESEEN)
    assert http.advice


def two_sent(http: Http) -> str:
    """Two to a named and an unnamed number, the first delivered, and the second booked."""
    response = http.json(
        "SendParamSMS",
        param(
            {"Name": "王", "Mobile": PHONE, "Param": "x", "MR": "A"},
            {"Mobile": OTHER, "Param": "字" * 71, "SendTime": "20400301130000"},
        ),
    )
    http.fake.clock.advance(seconds=1)
    return batch_id(response)


@pytest.mark.parametrize(
    ("edition", "first", "second"),
    [
        ("2016", "", ""),
        ("2021", "\t2040/03/01 12:00:01", "\t"),
        ("2025", "\t2040/03/01 12:00:01", "\t"),
    ],
)
def test_h13_the_delivery_log_in_tab(
    new_http: NewHttp, edition: str, first: str, second: str
) -> None:
    http = new_http(edition=edition)
    assert http("getDeliveryStatus", BID=two_sent(http)) == (
        "2\r\n"
        f"王\t+886912345678\t2040/03/01 12:00:00\t1.0\t100{first}\n"
        f"\t+886987654321\t2040/03/01 13:00:00\t2.0\t300{second}\n"
    )


def test_h14_the_delivery_log_in_json(http: Http) -> None:
    bid = two_sent(http)
    assert http("getDeliveryStatus", BID=bid, PNO="1", RESPFORMAT="1") == (
        f'{{"SMS_COUNT":2,"BID":"{bid}","DATA":['
        '{"MR":"A","NAME":"王","MOBILE":"+886912345678","SEND_TIME":"2040-03-01 12:00:00",'
        '"COST":"1.0","STATUS":"100","REAL_COST":"1.0","RECEIVED_TIME":"2040-03-01 12:00:01"},'
        '{"MR":"2","NAME":"","MOBILE":"+886987654321","SEND_TIME":"2040-03-01 13:00:00",'
        '"COST":"2.0","STATUS":"300","REAL_COST":"2.0","RECEIVED_TIME":""}]}'
    )


def test_h14_the_delivery_log_in_xml(http: Http) -> None:
    response = http.json("SendParamSMS", param({"Name": "<a&b>", "Mobile": PHONE, "Param": "x"}))
    bid = batch_id(response)
    response = http.response("getDeliveryStatus", DEMO | {"BID": bid, "RESPFORMAT": "2"})
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert response.text == (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<SMS_LOG><SMS_COUNT>1</SMS_COUNT><BID>{bid}</BID><DATA><MR>1</MR>"
        "<NAME>&lt;a&amp;b&gt;</NAME><MOBILE>+886912345678</MOBILE>"
        "<SEND_TIME>2040-03-01 12:00:00</SEND_TIME><COST>1.0</COST><STATUS>0</STATUS>"
        "<REAL_COST>1.0</REAL_COST><RECEIVED_TIME></RECEIVED_TIME></DATA></SMS_LOG>"
    )


def test_h13_a_page_has_1000_and_the_count_is_the_whole_batchs(http: Http) -> None:
    http.fake.update_account("demo", credit=1001)
    bid = http.send(",".join([PHONE] * 1001))
    first = http("getDeliveryStatus", BID=bid)
    assert first.startswith("1001\r\n")
    assert first.count("\n") == 1001
    assert http("getDeliveryStatus", BID=bid, PNO="2").count("\n") == 2
    assert http("getDeliveryStatus", BID=bid, PNO="3") == "1001\r\n"


@pytest.mark.parametrize("values", [{}, {"BID": "unknown"}, {"PNO": "0"}, {"PNO": "x"}])
@pytest.mark.parametrize("name", ["getDeliveryStatus", "getReplyMessage"])
def test_h13_nothing_found(http: Http, values: dict[str, str], name: str) -> None:
    bid = http.send()
    asked = values if "PNO" not in values else {"BID": bid, **values}
    assert http(name, **asked) == "0\r\n"
    assert http.advice
    bid = asked.get("BID", "")
    assert http(name, RESPFORMAT="1", **asked) == f'{{"SMS_COUNT":0,"BID":"{bid}"}}'


def test_a7_another_accounts_batch_is_unknown(new_http: NewHttp) -> None:
    http = new_http(accounts=(Account("demo", "demo"), Account("shop", "shop")))
    bid = http.send(ST="20400302120000")
    shop = {"UID": "shop", "PWD": "shop", "BID": bid}
    assert http.response("getDeliveryStatus", shop).text == "0\r\n"
    assert http.response("getReplyMessage", shop).text == "0\r\n"
    assert http.response("eraseBooking", shop).text == ""
    assert bid in http.advice[0]
    assert http("eraseBooking", BID=bid) == "1,1.00"


def test_h15_replies_in_tab_and_in_json(http: Http) -> None:
    response = http.json("SendParamSMS", param({"Name": "王", "Mobile": PHONE, "Param": "x"}))
    bid = batch_id(response)
    http.fake.reply(PHONE, "好\t的\r\n")
    assert http("getReplyMessage", BID=bid) == (
        "1\r\n王\t+886912345678\t好 的  \t2040/03/01 12:00:00\n"
    )
    assert http("getReplyMessage", BID=bid, RESPFORMAT="1") == (
        f'{{"SMS_COUNT":1,"BID":"{bid}","DATA":[{{"NAME":"王","MOBILE":"+886912345678",'
        '"CONTENT":"好\\t的\\r\\n","RECEIVED_TIME":"2040-03-01 12:00:00"}]}'
    )


def test_h16_erasing_gives_points_back_with_two_decimals(http: Http) -> None:
    bid = http.send(f"{PHONE},{OTHER}", "字" * 71, ST="20400302120000")
    assert http("getCredit") == "996.00"
    assert http("eraseBooking", BID=bid) == "2,4.00"
    assert http("getCredit") == "1000.00"
    assert http("eraseBooking", BID=bid) == ""
    assert http("eraseBooking") == ""
    assert http("eraseBooking", BID="unknown") == ""
    assert http.advice == (
        "Nothing was erased: BID unknown is no batch of this account that has bookings.",
    )
