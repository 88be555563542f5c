"""The wire: clauses H1 to H5, with requests of real clients, byte for byte."""

import re
from pathlib import Path

import pytest
import requests

from fake_every8d.calls import HTTP_PATH
from fake_every8d.http_api.operations import CONNECTION_HANDLER, OPERATIONS
from tests.http_api.calls import DEMO, GUID, Http, batch_id, exchange
from tests.http_api.conftest import NewHttp

RECORDED = Path(__file__).parent / "recorded"
TEXT, JSON = "text/plain; charset=utf-8", "application/json; charset=utf-8"

ANSWERS = {
    "dotnet-httpwebrequest/001": "1000\\.00",
    "dotnet-httpwebrequest/002": f"999\\.00,1,1.0,0,{GUID}",
    "dotnet-httpwebrequest/003": f"999\\.00,1,1.0,0,{GUID}",
    "dotnet-httpwebrequest/004": (
        f'\\{{"Result":true,"Status":"0","Msg":"999\\.00,1,1.0,0,{GUID}"\\}}'
    ),
    "fugle-every8d-sms/001": "1000\\.00",
    "fugle-every8d-sms/002": f"998\\.00,2,2.0,0,{GUID}",
    "fugle-every8d-sms/003": "-300, 帳號密碼不得為空值。",
    "go-every8d/001": "1000\\.00",
    "go-every8d/002": f"998\\.00,2,2.0,0,{GUID}",
    "go-every8d/003": f"999\\.00,1,1.0,0,{GUID}",
    "go-every8d/005": "0\r\n",
    "multipart/001": "-301, Session 資料不存在，請重新登入。",
    "official-php-smshttp/001": "1000\\.00",
    "official-php-smshttp/002": f"999\\.00,1,1.0,0,{GUID}",
    "ruby-every8d/001": "1000\\.00",
    "ruby-every8d/002": f"999\\.00,1,1.0,0,{GUID}",
    "ruby-every8d/003": "0\r\n",
}
MMS = ("go-every8d/004", "go-every8d/006")

MESSAGES = {
    "dotnet-httpwebrequest/002": [("+886987654321", "Hello, 世界")],
    "dotnet-httpwebrequest/003": [("+886987654321", "Hello, 世界")],
    "dotnet-httpwebrequest/004": [("+886900000001", "測試A1A2")],
    "fugle-every8d-sms/002": [
        ("+886987654321", "Hello, 世界 & 100% +1"),
        ("+886912345678", "Hello, 世界 & 100% +1"),
    ],
    "go-every8d/002": [
        ("+886987654321", "Hello, 世界 & 100% +1"),
        ("+886912345678", "Hello, 世界 & 100% +1"),
    ],
    "go-every8d/003": [("+886912345678", "預約")],
    "official-php-smshttp/002": [("+886987654321", "Hello, 世界")],
    "ruby-every8d/002": [("+886987654321", "Hello, 世界 & 100% +1")],
}


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.request").read_bytes()


def test_every_recorded_request_is_here() -> None:
    names = {file.relative_to(RECORDED).as_posix() for file in RECORDED.glob("*/*.request")}
    assert names == {f"{name}.request" for name in (*ANSWERS, *MMS)}


@pytest.mark.parametrize("name", ANSWERS)
def test_h4_a_real_clients_request_is_answered(http: Http, name: str) -> None:
    head, body = exchange(http.fake.url, recorded(name))
    assert head.split(b" ", 2)[1] == b"200"
    json = "Param" in recorded(name).decode("latin-1")
    assert f"Content-Type: {JSON if json else TEXT}" in head.decode()
    assert re.fullmatch(ANSWERS[name], body.decode())
    sent = [(message.to, message.text) for message in http.fake.messages]
    assert sent == MESSAGES.get(name, [])


def test_h8_the_go_librarys_booking_has_its_mr_and_retry_time(http: Http) -> None:
    exchange(http.fake.url, recorded("go-every8d/003"))
    (message,) = http.fake.messages
    assert (message.status, message.record_number, message.retry_time) == (300, "7", "30")
    assert f"{message.booked_for:%Y-%m-%d %H:%M:%S}" == "2099-12-31 12:00:00"


@pytest.mark.parametrize("name", MMS)
def test_h1_mms_is_a_404_that_says_so(http: Http, name: str) -> None:
    head, body = exchange(http.fake.url, recorded(name))
    assert head.startswith(b"HTTP/1.1 404 ")
    assert body == b"-404 EVERY8D's MMS is not part of this fake.\n"
    assert http.fake.requests[-1].status == 404


def test_h4_two_bytes_too_many_do_not_become_a_request(http: Http) -> None:
    exchange(http.fake.url, recorded("official-php-smshttp/001"))
    assert [request.operation for request in http.fake.requests] == ["getCredit"]


def test_h4_two_bytes_too_many_come_before_the_next_request(http: Http) -> None:
    request = (
        b"POST /API21/HTTP/getCredit.ashx HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 17\r\n\r\nUID=demo&PWD=demo\r\n"
    )
    assert exchange(http.fake.url, request + request)[1] == b"1000.00"


def test_h4_a_question_mark_at_the_end(http: Http) -> None:
    response = requests.post(http.url("getCredit") + "?", data=DEMO, timeout=10)
    assert response.text == "1000.00"


def test_h4_an_absolute_target_without_a_host(http: Http) -> None:
    request = b"GET http://api.e8d.tw/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo HTTP/1.0\r\n\r\n"
    assert exchange(http.fake.url, request)[1] == b"1000.00"


@pytest.mark.parametrize(
    "path",
    [
        "/API21/HTTP/getCredit.ashx",
        "/api21/http/GETCREDIT.ASHX",
        "/prepaid/API21/HTTP/GetCredit.ashx",
        "/monthly/api21/http/getcredit.ashx",
    ],
)
def test_h1_operation_is_found_in_any_case_and_below_a_segment(http: Http, path: str) -> None:
    assert requests.get(http.fake.url + path, params=DEMO, timeout=10).text == "1000.00"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (
            "/API21/HTTP/sendFax.ashx",
            "-404 There is no such operation under /API21/HTTP/: there ar",
        ),
        ("/API21/HTTP/sendSMS", "-404 There is no such operation"),
        ("/API21/HTTP/MMS/getCredit.ashx", "-404 EVERY8D's MMS is not"),
        ("/x/API21/HTTP/mms/sendMMS.ashx", "-404 EVERY8D's MMS is not"),
        ("/API21/HTTP/MMS/snedMMS.ashx", "-404 EVERY8D's MMS is not"),
        ("/API21/HTTP/snedMMS.ashx", "-404 EVERY8D's MMS is not"),
        ("/API21/HTTP/AccountHandler.ashx", "-404 EVERY8D's AccountHandler is not"),
        ("/ent_linepnp/API21/HTTP/LinePNPSend.ashx", "-404 EVERY8D's LinePNPSend is not"),
        ("/API20/Security.asmx", "-404 EVERY8D's SOAP API 2.0 is not"),
        ("/api20/message.asmx", "-404 EVERY8D's SOAP API 2.0 is not"),
        ("/e8d/getoken", "-404 EVERY8D's JSON API 3.0 is not"),
        ("/e8d/sendsms", "-404 EVERY8D's JSON API 3.0 is not"),
        ("/a/b/API21/HTTP/getCredit.ashx", "Nothing is here"),
        ("/elsewhere", "Nothing is here"),
    ],
)
def test_h1_a_404_names_what_is_not_played_and_is_no_result(
    http: Http, path: str, sentence: str
) -> None:
    """Production F23 and F24: clients take any text with four commas for success."""
    response = requests.post(http.fake.url + path, data=DEMO, timeout=10)
    assert response.status_code == 404
    assert response.text.startswith(sentence)
    assert "," not in response.text


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_h2_other_methods_are_405(http: Http, method: str) -> None:
    response = requests.request(method, http.url("getCredit"), params=DEMO, timeout=10)
    assert response.status_code == 405


def test_h2_every_form_of_a_request_is_the_same_call(http: Http) -> None:
    url = http.url("getCredit")
    parts = {name: (None, value) for name, value in DEMO.items()}
    assert [
        requests.get(url, params=DEMO, timeout=10).text,
        requests.post(url, data=DEMO, timeout=10).text,
        requests.post(url, params=DEMO, timeout=10).text,
        requests.post(url, files=parts, timeout=10).text,
    ] == ["1000.00"] * 4


def test_h2_query_wins_over_the_form(http: Http) -> None:
    response = requests.post(
        http.url("sendSMS"),
        params={"msg": "from the query"},
        data=DEMO | {"MSG": "from the body", "DEST": "0912345678"},
        timeout=10,
    )
    (message,) = http.messages(batch_id(response.text))
    assert message.text == "from the query"


def test_h2_an_empty_value_in_the_query_has_it_too(http: Http) -> None:
    response = requests.post(http.url("getCredit"), params={"UID": ""}, data=DEMO, timeout=10)
    assert response.text.startswith("-300")


def test_h2_names_are_known_in_any_case(http: Http) -> None:
    response = http.response(
        "sendSMS", {"uid": "demo", "Pwd": "demo", "msg": "x", "dEST": "0912345678"}
    )
    assert response.text.startswith("999.00,1,1.0,0,")


def test_h2_of_several_values_of_a_name_aspnet_makes_a_list(http: Http) -> None:
    response = requests.get(
        http.url("sendSMS"),
        params=[*DEMO.items(), ("MSG", "x"), ("DEST", "0912345678"), ("DEST", "0987654321")],
        timeout=10,
    )
    assert response.text.startswith("998.00,2,2.0,0,")


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        ("%E4%B8%96%e7%95%8c", "世界"),
        ("a+b%20c%2Bd", "a b c+d"),
        ("100%", "100%"),
        ("%zz", "%zz"),
        ("%F0%9F%98%80", "😀"),
        ("%a4", "\ufffd"),
        ("a%00b", "a\ufffdb"),
        ("x=y", "x=y"),
    ],
)
@pytest.mark.parametrize("where", ["query", "body"])
def test_h3_text_is_utf_8_percent_encoded(http: Http, encoded: str, text: str, where: str) -> None:
    values = f"UID=demo&PWD=demo&DEST=0912345678&MSG={encoded}".encode()
    head = b"Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    if where == "query":
        request = b"GET /API21/HTTP/sendSMS.ashx?%s HTTP/1.1\r\n%s\r\n" % (values, head)
    else:
        request = b"POST /API21/HTTP/sendSMS.ashx HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (
            head, len(values), values,
        )  # fmt: skip
    _, body = exchange(http.fake.url, request)
    (message,) = http.messages(batch_id(body.decode()))
    assert message.text == text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_h3_raw_bytes_in_a_query_are_utf_8_too(http: Http, method: str) -> None:
    target = "/API21/HTTP/sendSMS.ashx?UID=demo&PWD=demo&SB=主旨&MSG=測試%20😀&DEST=0912345678"
    request = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    _, body = exchange(http.fake.url, request.encode())
    (message,) = http.messages(batch_id(body.decode()))
    assert (message.subject, message.text) == ("主旨", "測試 😀")
    assert http.advice == ()


def test_h3_raw_bytes_of_big5_are_told_not_to_be_utf_8(http: Http) -> None:
    target = "/API21/HTTP/sendSMS.ashx?UID=demo&PWD=demo&MSG=測試&DEST=0912345678"
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("big5")
    _, body = exchange(http.fake.url, request)
    (message,) = http.messages(batch_id(body.decode()))
    assert "\ufffd" in message.text
    (advice,) = http.advice
    assert advice.startswith("Text is lost: MSG is read as utf-8, but its bytes are not.")


@pytest.mark.parametrize(
    "number", ["+886912345678", "886912345678", " 886912345678 ", "+8860912345678"]
)
def test_h3_a_plus_that_was_not_encoded(http: Http, number: str) -> None:
    query = f"UID=demo&PWD=demo&MSG=x&DEST={number.replace(' ', '%20')}"
    response = requests.get(f"{http.url('sendSMS')}?{query}", timeout=10)
    (message,) = http.messages(batch_id(response.text))
    assert (message.to, message.status) == ("+886912345678", 0)


def test_h5_line_has_no_newline_and_no_byte_order_mark(http: Http) -> None:
    for response in (
        http.response("getCredit", DEMO),
        http.response("getCredit", {}),
        http.response("eraseBooking", DEMO | {"BID": "x"}),
    ):
        assert response.headers["Content-Type"] == TEXT
        assert response.content == response.text.strip("\ufeff\r\n").encode()


@pytest.mark.parametrize("path", ["/API21/HTTP/", "/API21/HTTP", "/prepaid/api21/http/"])
def test_a_browser_is_shown_the_operations_with_a_curl_line_each(http: Http, path: str) -> None:
    response = requests.get(http.fake.url + path, timeout=10)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    names = re.findall(rf"curl {re.escape(http.fake.url + HTTP_PATH)}(\w+)\.ashx", response.text)
    assert names == [*(name for name in OPERATIONS if name != "SendParam"), CONNECTION_HANDLER]
    assert f'href="{http.fake.soap_url}"' in response.text
    assert '<link rel="icon" href="data:,">' in response.text  # else it asks for /favicon.ico
    assert http.fake.requests == []


@pytest.mark.parametrize(
    ("edition", "fields", "columns", "status"),
    [("2016", 6, 5, True), ("2021", 6, 6, True), ("2025", 7, 6, False)],
)
def test_e1_the_responses_shown_there_are_the_editions(
    new_http: NewHttp, edition: str, fields: int, columns: int, status: bool
) -> None:
    page = requests.get(new_http(edition=edition).fake.http_url, timeout=10).text
    assert page.count(",2.0,0," if edition == "2016" else ",2,0,") == 1
    (filtered,) = re.findall(r"<pre>(997\.00,.*)</pre>", page)
    assert filtered.count(",") == fields - 1
    (row,) = re.findall(r"<pre>1\n(.*)</pre>", page)
    assert row.count("\t") == columns - 1
    assert ("&quot;Status&quot;:&quot;0&quot;" in page) is status


@pytest.mark.parametrize("path", ["/API21/HTTP/sendSMS.ashx", "/API21/SOAP/SMS.asmx"])
def test_h4_more_bytes_than_content_length_says_have_advice(http: Http, path: str) -> None:
    """As of a client that counts characters: the end of its text is lost, then comes a 400."""
    body = "UID=demo&PWD=demo&DEST=0912345678&MSG=測試".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body) - 3}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    exchange(http.fake.url, head.encode() + body)
    call = http.fake.requests[0]
    assert any(
        each.startswith("More bytes came than Content-Length says") for each in call.serious_advice
    )
