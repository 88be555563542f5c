"""The journal: what it keeps, what it hides, and what it has to say."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
import requests

from fake_every8d import FakeEvery8d
from fake_every8d.control.journal import (
    HEAD_BYTES,
    MAX_BYTES,
    MAX_ENTRIES,
    Journal,
    RecordedRequest,
)
from tests.web.records import Executed, said
from tests.web.serving import DEADLINE, ENDPOINT, call, log_in

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
PHONE = "0912345678"


def envelope(inner: str, namespace: str = SOAP11) -> str:
    return f'<s:Envelope xmlns:s="{namespace}"><s:Body>{inner}</s:Body></s:Envelope>'


def post(every8d: FakeEvery8d, body: str | bytes, **headers: str) -> requests.Response:
    """POST to the endpoint, as SOAP 1.1 unless told otherwise."""
    headers = {"Content-Type": "text/xml; charset=utf-8"} | headers
    data = body.encode() if isinstance(body, str) else body
    return requests.post(every8d.soap_url, data, headers=headers, timeout=DEADLINE)


# What it keeps


def test_a_request_and_its_response_in_full(every8d: FakeEvery8d) -> None:
    every8d.clock.freeze()
    body = envelope(
        '<getConnection xmlns="http://tempuri.org/"><userID>demo</userID></getConnection>'
    )
    response = requests.post(
        f"{every8d.url}/api21/soap/sms.asmx?from=test",
        body,
        headers={"Content-Type": "text/xml", "SOAPAction": '"http://tempuri.org/getConnection"'},
        timeout=DEADLINE,
    )
    (entry,) = every8d.requests
    assert entry.at == every8d.clock.now
    assert (entry.method, entry.path, entry.query) == (
        "POST",
        "/api21/soap/sms.asmx",
        "from=test",
    )
    assert entry.headers["SOAPAction"] == '"http://tempuri.org/getConnection"'
    assert entry.headers["Content-Type"] == "text/xml"
    assert entry.headers["Content-Length"] == str(len(body))
    assert entry.headers["User-Agent"].startswith("python-requests/")
    assert entry.text == body
    assert entry.status == response.status_code == 200
    assert entry.response_headers["Content-Type"] == "text/xml; charset=utf-8"
    assert entry.response_body == response.content
    assert "取得連線失敗，密碼錯誤。" in entry.response_text
    assert (entry.operation, entry.user_id) == ("getConnection", "demo")
    assert entry.result == "-101, 取得連線失敗，密碼錯誤。"
    assert entry.milliseconds > 0
    assert (entry.advice, entry.failure) == ((), None)


def test_requests_for_what_there_is_not_are_kept_and_others_not(every8d: FakeEvery8d) -> None:
    requests.get(f"{every8d.url}/API21/SOAP/SMS.asmx/getCredit?x=1", timeout=DEADLINE)
    requests.post(f"{every8d.url}/sms", b"hello", timeout=DEADLINE)
    requests.get(f"{every8d.url}/healthz", timeout=DEADLINE)
    requests.get(every8d.wsdl_url, timeout=DEADLINE)
    assert [
        (entry.method, entry.path, entry.query, entry.status) for entry in every8d.requests
    ] == [
        ("GET", "/API21/SOAP/SMS.asmx/getCredit", "x=1", 500),
        ("POST", "/sms", "", 404),
        ("GET", ENDPOINT, "WSDL", 200),
    ]


# What was asked for


def test_parameters_of_a_soap_call(every8d: FakeEvery8d) -> None:
    """By the operation's names; those that are null (W5) were not given."""
    key = log_in(every8d.url, "demo", "demo")
    call(every8d.url, "sendSMS", sessionKey=key, content="驗證碼 &lt;483920&gt;", mobile=PHONE)
    post(every8d, envelope('<sendSMS xmlns="http://tempuri.org/"><mobile>1'), SOAPAction='""')
    login, sent, unreadable = every8d.requests
    assert login.params == {"userID": "demo", "password": "********"}
    assert sent.params == {"sessionKey": key, "content": "驗證碼 <483920>", "mobile": PHONE}
    assert unreadable.params == {}


MULTIPART = (
    '--b\r\nContent-Disposition: form-data; name="UID"\r\n\r\ndemo\r\n'
    '--b\r\nContent-Disposition: form-data; name="MSG"\r\n\r\n你好 & 再見\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("query", "content_type", "body", "params"),
    [
        (
            "uid=demo&PWD=demo&MSG=%E4%BD%A0%E5%A5%BD+%26&DEST=%2B886912345678",
            None,
            "",
            {"uid": "demo", "PWD": "********", "MSG": "你好 &", "DEST": "+886912345678"},
        ),
        (
            "MSG=wins",
            "application/x-www-form-urlencoded; charset=big5",
            "UID=demo&MSG=loses&SB=%a7A%a6n&DEST=1&DEST=2",
            {"UID": "demo", "MSG": "wins", "SB": "你好", "DEST": "1,2"},
        ),
        ("", "multipart/form-data; boundary=b", MULTIPART, {"UID": "demo", "MSG": "你好 & 再見"}),
        ("", "text/plain", "UID=demo", {}),
    ],
)
def test_parameters_of_a_form(
    every8d: FakeEvery8d, query: str, content_type: str | None, body: str, params: dict[str, str]
) -> None:
    """H2, H3: as they were spelt, from the query or a form of any kind."""
    requests.post(
        f"{every8d.http_url}sendSMS.ashx?{query}",
        body.encode(),
        headers={"Content-Type": content_type},
        timeout=DEADLINE,
    )
    (entry,) = every8d.requests
    assert entry.params == params


def test_links_in_parameters_are_shown_and_passwords_are_not(every8d: FakeEvery8d) -> None:
    """As in the request's text: a message may have a link with a token of the application's."""
    link = "重設密碼 https://shop.example/?token=a1b2c3&x=1"
    every8d.update_account("demo", password="kn0wn-s3cret")
    values = {"UID": "demo", "PWD ": "wr0ng-s3cret", "MSG": link, "SB": "say kn0wn-s3cret"}
    requests.post(f"{every8d.http_url}sendSMS.ashx", values, timeout=DEADLINE)
    (entry,) = every8d.requests
    hidden = {"PWD ": "********", "SB": "say ********"}
    assert entry.params == values | hidden
    assert "wr0ng" not in entry.text + str(every8d.connect(every8d.url).requests[0].params)


def test_parameters_of_json(every8d: FakeEvery8d) -> None:
    """H7, H12: numbers as they are written."""
    recipient = {"Mobile": PHONE, "Param": "王|你好", "Mr": None}
    sent = {"UID": "demo", "PWD": "demo", "MSG": "%field1%", "RecipientDataList": [recipient]}
    requests.post(every8d.http_url + "SendParam.ashx", json=sent, timeout=DEADLINE)
    login = {"HandlerType": 3, "VerifyType": 1, "UID": "demo", "PWD": "demo"}
    requests.post(every8d.http_url + "ConnectionHandler.ashx", json=login, timeout=DEADLINE)
    for wrong in (b"{", b"[]", b'{"a": ' * 2_000 + b"1" + b"}" * 2_000):
        requests.post(every8d.http_url + "SendParam.ashx", wrong, timeout=DEADLINE)
    found = [entry.params for entry in every8d.requests]
    assert found[0] == sent | {"PWD": "********"}
    assert found[1] == {"HandlerType": "3", "VerifyType": "1", "UID": "demo", "PWD": "********"}
    assert found[2:] == [{}, {}, {}]


def test_parameters_hide_secrets_wherever_they_are(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "hunter2!pass")
    data = {
        "UID": "shop", "PWD": "hunter2!pass", "api_key": "x", "hunter2!pass": "", "DEST": PHONE,
        "MSG": "the password is hunter2!pass",
    }  # fmt: skip
    requests.post(every8d.http_url + "sendSMS.ashx", data, timeout=DEADLINE)
    (entry,) = every8d.requests
    assert entry.params == {
        "UID": "shop", "PWD": "********", "api_key": "********", "********": "", "DEST": PHONE,
        "MSG": "the password is ********",
    }  # fmt: skip


def test_other_requests_have_no_parameters(every8d: FakeEvery8d) -> None:
    requests.post(f"{every8d.url}/nothing?MSG=x", {"UID": "demo"}, timeout=DEADLINE)
    requests.get(every8d.wsdl_url, timeout=DEADLINE)
    requests.get(every8d.http_url + "sendSMS.asp?MSG=x", timeout=DEADLINE)
    assert [entry.params for entry in every8d.requests] == [{}, {}, {}]


def request(
    body: bytes = b"",
    response_body: bytes = b"",
    response_headers: Sequence[tuple[str, str]] = (),
    user_id: str = "demo",
    result: str = "0",
    **environ: Any,
) -> RecordedRequest:
    return RecordedRequest(
        environ,
        body,
        200,
        [*response_headers],
        response_body,
        micros=0,
        milliseconds=1,
        call=Executed("getConnection", user_id, result, said()),
    )


def add(journal: Journal, generation: int = 0, **fields: Any) -> None:
    journal.add(request(**fields), generation)


def ids(journal: Journal) -> list[int]:
    return [entry.id for entry in journal.all()]


def test_it_is_bounded_in_number() -> None:
    journal = Journal(max_entries=3)
    for _ in range(5):
        add(journal)
    assert ids(journal) == [3, 4, 5]
    assert MAX_ENTRIES == 1_000


@pytest.mark.parametrize(
    "fields",
    [
        {"body": b"x" * 40_000},
        {"response_body": b"x" * 40_000},
        {HEAD_BYTES: 40_000},
        {f"HTTP_X_{number}": "" for number in range(200)},
        {"response_headers": [("X-Long", "x" * 40_000)]},
        {"user_id": "x" * 40_000},
        {"result": "x" * 40_000},
    ],
)
def test_it_is_bounded_in_bytes_whatever_they_are_in(fields: Any) -> None:
    journal = Journal(max_bytes=100_000)
    for _ in range(5):
        add(journal, **fields)
    assert ids(journal) == [4, 5]
    add(journal)
    assert ids(journal) == [4, 5, 6]
    add(journal, body=b"x" * 1_000_000)  # the newest is kept, however long
    assert ids(journal) == [7]
    add(journal)
    assert ids(journal) == [8]
    assert MAX_BYTES == 16 * 1024 * 1024


def test_x1_a_reset_forgets_what_is_under_way_too() -> None:
    journal = Journal()
    add(journal)
    journal.clear(1)
    add(journal)
    assert journal.all() == []
    add(journal, 1)
    assert ids(journal) == [2]


def test_clearing_it_alone_does_not() -> None:
    journal = Journal()
    add(journal)
    journal.clear()
    add(journal)
    assert ids(journal) == [2]


def test_ids_are_given_once_from_any_thread() -> None:
    journal = Journal(max_entries=10_000)

    def add_many() -> None:
        for _ in range(500):
            add(journal)

    threads = [threading.Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(journal)) == list(range(1, 2001))


# What it hides

MASK = "********"


@pytest.mark.parametrize("namespace", [SOAP11, SOAP12])
def test_no_entry_holds_a_password_or_credentials(every8d: FakeEvery8d, namespace: str) -> None:
    login = (
        '<{0} xmlns="http://tempuri.org/"><userID>demo</userID><password>s3cret</password></{0}>'
    )
    media_type = "text/xml" if namespace == SOAP11 else "application/soap+xml"
    secret = {"Authorization": "Basic s3cret", "Proxy-Authorization": "s3cret", "Cookie": "s3cret"}
    for body in (
        envelope(login.format("getConnection"), namespace),
        envelope(login.format("getConection"), namespace),
        envelope(login.format("getConnection"), namespace)[:-40],
        "userID=demo&password=s3cret",
    ):
        for content_type in (f"{media_type}; charset=utf-8", "application/x-www-form-urlencoded"):
            post(every8d, body, **{"Content-Type": content_type}, **secret)
    requests.get(f"{every8d.url}/login?userID=demo&password=s3cret", timeout=DEADLINE)
    assert len(every8d.requests) == 9
    assert "s3cret" not in repr(every8d.requests)
    assert every8d.requests[0].headers["Authorization"] == MASK


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/xml; charset=utf-8"),
        ("utf-8", "text/xml"),
        ("utf-8-sig", "text/xml"),
        ("big5", 'text/xml; charset="big5"'),
        ("utf-16", "text/xml"),
        ("utf-16-le", "text/xml; charset=utf-16"),
        ("utf-8", "text/xml; charset=nonsense"),
    ],
)
def test_text_is_what_was_meant(encoding: str, content_type: str) -> None:
    text = "<e>您好</e>"
    assert request(text.encode(encoding), CONTENT_TYPE=content_type).text == text
    assert request(b"\xff<").text == "\ufffd<"


def test_no_charset_keeps_requests_from_being_shown(every8d: FakeEvery8d) -> None:
    body = "<e>\\x您好</e>"
    for charset in (
        "idna", "undefined", "punycode", "unicode_escape", "hex", "rot13", "zlib", "mbcs",
        "utf-8''a%00b", "nonsense", "a" * 5000, '""', "..", "os.path",
    ):  # fmt: skip
        for parameter in (f"charset={charset}", f"charset*={charset}"):
            post(every8d, body, **{"Content-Type": f"text/xml; {parameter}"})
            assert every8d.requests[-1].text == body, parameter
    shown = requests.get(f"{every8d.url}/fake/requests", timeout=DEADLINE)
    assert {request["body"] for request in shown.json()["requests"]} == {body}


# What it has to say


def advice(every8d: FakeEvery8d) -> str:
    """All of what was said of the last request."""
    return "\n".join(every8d.requests[-1].advice)


@pytest.fixture
def key(every8d: FakeEvery8d) -> str:
    return log_in(every8d.url, "demo", "demo")


def test_nothing_where_all_is_as_expected(every8d: FakeEvery8d, key: str) -> None:
    call(every8d.url, "sendSMS", sessionKey=key, content="您好", mobile=f"{PHONE},+886922333444")
    call(every8d.url, "getCredit", sessionKey=key)
    call(every8d.url, "closeConnection", sessionKey=key)
    assert not any(entry.advice for entry in every8d.requests)


def test_n4_a_domestic_number_billed_as_if_abroad(every8d: FakeEvery8d, key: str) -> None:
    reps = "&lt;REPS&gt;&lt;USER MOBILE='0912345678'&gt;hello&lt;/USER&gt;&lt;/REPS&gt;"
    call(every8d.url, "sendParamSMS", sessionKey=key, contentXML=reps)
    assert advice(every8d) == (
        "In sendParamSMS a domestic number that is not written +886… is billed at three times "
        "the price; write 0912345678 as +886…."
    )
    assert every8d.account.credit == 997


def test_w4_a_parameter_in_the_wrong_namespace_is_null(every8d: FakeEvery8d, key: str) -> None:
    post(
        every8d,
        envelope(
            '<t:sendSMS xmlns:t="http://tempuri.org/">'
            f"<t:sessionKey>{key}</t:sessionKey><t:mobile>{PHONE}</t:mobile>"
            "<content>hello</content></t:sendSMS>"
        ),
    )
    assert every8d.requests[-1].result == "-24, The content is empty."
    assert advice(every8d) == (
        "Production takes content for null, because it is not in the namespace "
        'http://tempuri.org/: declare xmlns="http://tempuri.org/" on the operation, or qualify '
        "the parameters."
    )


def test_p2_content_of_over_333_characters_is_split(every8d: FakeEvery8d, key: str) -> None:
    call(every8d.url, "sendSMS", sessionKey=key, content="字" * 334, mobile=PHONE)
    assert advice(every8d) == (
        "Content of over 333 characters goes out, and is billed, as several SMS: 334 characters."
    )
    assert every8d.account.credit == 994


def test_w4_the_soapaction_of_another_operation(every8d: FakeEvery8d, key: str) -> None:
    post(
        every8d,
        envelope(
            f'<getCredit xmlns="http://tempuri.org/"><sessionKey>{key}</sessionKey></getCredit>'
        ),
        SOAPAction='"http://tempuri.org/sendSMS"',
    )
    assert every8d.requests[-1].operation == "sendSMS"
    assert advice(every8d) == (
        "Production calls sendSMS with every parameter null, because the action header names it "
        "while the body holds getCredit: let both name the operation."
    )


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"mobile": "02-12345678"}, "Refused with status -3, no number that SMS can go to: 02-1"),
        (
            {"mobile": "+14155550100"},
            "Refused with status 500, because the account may not send abroad "
            "(國際簡訊發送設定): +14155550100.",
        ),
        (
            {"mobile": PHONE, "sendTime": "2026-01-01"},
            "Refused with status -4, because the send time is not YYYYMMDDhhmmss, or is more than "
            "24 hours past: 2026-01-01.",
        ),
        (
            {"mobile": ",".join([PHONE] * 3)},
            "Refused with status 301, because the credit does not cover its points: +886912345678 "
            "(1).",
        ),
    ],
)
@pytest.mark.every8d(credit=2)
def test_a_number_that_was_refused_and_why(
    every8d: FakeEvery8d, key: str, parameters: dict[str, str], said: str
) -> None:
    call(every8d.url, "sendSMS", sessionKey=key, content="hello", **parameters)
    assert advice(every8d).startswith(said)
