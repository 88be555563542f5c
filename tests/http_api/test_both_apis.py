"""The two APIs on the same accounts, with journal and failures: clauses E1, E2, H17, P8."""

import json
import re
from decimal import Decimal
from typing import get_args
from urllib.parse import urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_every8d import Account, FailureEffect, FailureOperation, Settings
from fake_every8d.calls import OperationName
from fake_every8d.control.failures import SENDS
from fake_every8d.gateway import Gateway
from fake_every8d.gateway.messages import NOT_XML
from fake_every8d.http_api import HttpEndpoint, HttpRequest
from fake_every8d.http_api.operations import OPERATIONS
from fake_every8d.soap import SoapEndpoint
from tests.http_api.calls import DEMO, PHONE, Http, batch_id
from tests.http_api.conftest import NewHttp
from tests.receiver import Receiver
from tests.web.serving import call, log_in

REPORTED = {
    "2016": "BatchID RM RT STATUS SM MR",
    "2021": "BatchID RM RT STATUS SM MR USERID UserNo ST SUBJECT CHARGE MSGID",
    "2025": "BatchID RM RT STATUS SM ST MR SUBJECT NAME SOURCE CHARGE TYPE MSGID",
}


@pytest.mark.parametrize("edition", REPORTED)
def test_e1_batch_by_http_is_seen_by_soap_and_reported(new_http: NewHttp, edition: str) -> None:
    with Receiver() as receiver:
        account = Account("demo", "demo", report_url=receiver.url)
        http = new_http(accounts=(account,), edition=edition)
        bid = http.send(f"{PHONE},0987654321", ST="20400302120000")
        key = log_in(http.fake.url, "demo", "demo")
        log = call(http.fake.url, "getDeliveryStatus", sessionKey=key, batchID=bid, pageNo="")
        assert log.data.decode().count("STATUS&gt;300&lt;") == 2
        assert http("eraseBooking", BID=bid) == "2,2.00"
        response = call(http.fake.url, "getCredit", sessionKey=key).data.decode()
        assert ">1000.00<" in response
        http.fake.clock.advance(seconds=1)
        names = [[name for name, _ in request.params] for request in receiver.requests]
        assert names == [REPORTED[edition].split()] * 2
        assert {request["STATUS"] for request in receiver.requests} == {"303"}
        assert "RM=%2b886" in receiver.requests[0].query


def test_s1_a_batch_sent_over_soap_is_seen_over_http(http: Http) -> None:
    key = log_in(http.fake.url, "demo", "demo")
    response = call(
        http.fake.url,
        "sendSMS",
        sessionKey=key,
        subject="",
        content="hi",
        mobile=PHONE,
        sendTime="",
    )
    log = http("getDeliveryStatus", BID=batch_id(response.data.decode()))
    assert log == "1\r\n\t+886912345678\t2040/03/01 12:00:00\t1.0\t0\n"


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ({"MR": "7"}, "No edition has MR among the parameters of sendSMS"),
        ({"StatusReportURL": "http://a/"}, "StatusReportURL is ignored since 2017"),
        ({"DEST": " 886912345678"}, "A + that is not encoded as %2B"),
        ({"DEST": "12"}, "Refused with status -3, no number that SMS can go to: 12"),
        (
            {"EventID": "-1"},
            "EventID was introduced in edition 2025; the fake follows edition 2016",
        ),
    ],
)
def test_e2_surprising_requests_have_advice(
    http: Http, values: dict[str, str], advice: str
) -> None:
    assert http("sendSMS", **({"MSG": "x", "DEST": PHONE} | values)).count(",") == 4
    (given,) = http.advice
    assert given.startswith(advice)


@pytest.mark.parametrize(
    "dest", ["0912345678,%20886987654321", "%2B886987654321", "0912345678,+0987654321"]
)
def test_e2_a_blank_that_was_no_plus_has_no_advice(http: Http, dest: str) -> None:
    query = f"UID=demo&PWD=demo&MSG=x&DEST={dest}"
    requests.get(f"{http.url('sendSMS')}?{query}", timeout=10)
    assert http.advice == ()


@pytest.mark.parametrize("dest", ["+886987654321", "0912345678,+886987654321", "a%2c+886987654321"])
@pytest.mark.parametrize("where", ["query", "body"])
def test_e2_a_plus_that_was_not_encoded_has_an_advice(http: Http, dest: str, where: str) -> None:
    values = f"UID=demo&PWD=demo&MSG=x&DEST={dest}"
    if where == "query":
        requests.post(f"{http.url('sendSMS')}?{values}", timeout=10)
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        requests.post(http.url("sendSMS"), data=values, headers=form, timeout=10)
    assert http.advice[0].startswith("A + that is not encoded as %2B")


def test_h2_a_plus_in_a_multipart_form_is_one(http: Http) -> None:
    values = {"UID": "demo", "PWD": "demo", "MSG": "x", "DEST": "+886987654321"}
    parts = {name: (None, value) for name, value in values.items()}
    requests.post(http.url("sendSMS"), files=parts, timeout=10)
    assert http.advice == ()


def test_h11_a_text_sent_twice_has_an_advice(http: Http) -> None:
    http.send()
    assert http.advice == ()
    http.send()
    (advice,) = http.advice
    assert advice.startswith("The same text went to 0912345678 within the last 24 hours")
    http.send(ST="noon")  # refused with -4, so neither sent nor billed again
    assert not any("same text" in advice for advice in http.advice)
    http.fake.clock.advance(hours=24, seconds=1)
    http.send()
    assert http.advice == ()


def test_s6_a_recipient_without_content_has_an_advice(http: Http) -> None:
    http.json(
        "SendParamSMS",
        {**DEMO, "RecipientDataList": [{"Mobile": PHONE}, {"Mobile": "0922333444", "Param": "x"}]},
    )
    assert http.advice == (
        "Refused with status -3, because there is no content for it: 0912345678.",
    )


def test_h12_too_few_values_have_an_advice(http: Http) -> None:
    recipient = {"Mobile": PHONE, "Param": "A|B"}
    http.json("SendParamSMS", {**DEMO, "MSG": "%field1%", "RecipientDataList": [recipient]})
    (advice,) = http.advice
    assert advice == (
        "Param must have five values, four | between them; A|B has 2: the others are empty."
    )
    http.json(
        "SendParamSMS", {**DEMO, "MSG": "%field1%!", "RecipientDataList": [{"Mobile": PHONE}]}
    )
    assert http.advice[-1].endswith("four | between them; (none) has 0: the others are empty.")


def test_e2_requests_of_a_later_edition_work_and_have_advice(new_http: NewHttp) -> None:
    http = new_http(edition="2021")
    bearer = {"Authorization": f"Bearer {http.token()}"}
    assert http.advice == (
        "ConnectionHandler was introduced after edition 2021, by May 2022; the fake follows "
        "edition 2021 but accepts it.",
    )  # production F19
    http.json("SendParam", {"RecipientDataList": []}, **bearer)
    assert [sentence.split(" was introduced")[0] for sentence in http.advice] == [
        "Authorization: Bearer",
        "SendParam",
    ]
    http("getDeliveryStatus", BID="x", RESPFORMAT="1")
    assert http.advice[-1].startswith("RESPFORMAT was introduced in edition 2025")
    http.fake.update_settings(edition="2025")
    http.json("SendParam", {"RecipientDataList": []}, **bearer)
    assert http.advice == ()


def test_h17_the_journal_shows_neither_password_nor_token(new_http: NewHttp) -> None:
    http = new_http(accounts=(Account("demo", "p@ssw0rd+"),))
    login = {"UID": "demo", "PWD": "p@ssw0rd+"}
    response = http.json("ConnectionHandler", {"HandlerType": 3, "VerifyType": 1, **login})
    token = response.split('"')[-2]
    url = http.url("getCredit")
    for response in (
        requests.get(url, params=login, timeout=10),
        requests.post(url, data=login, timeout=10),
        requests.post(url, files={name: (None, it) for name, it in login.items()}, timeout=10),
        requests.post(url, headers={"Authorization": f"Bearer {token}"}, timeout=10),
    ):
        assert response.text == "1000.00"
    http.json("SendParamSMS", {**login, "RecipientDataList": [{"Mobile": PHONE, "Param": "x"}]})
    shown = requests.get(f"{http.fake.url}/fake/requests", timeout=10).text + http.fake.summary()
    assert "sendParamSMS" in shown
    assert "getConnection" in shown
    assert token not in shown
    assert re.search(r"p(@|%40)ssw0rd", shown, re.IGNORECASE) is None


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("sendSMS", "sendSMS"),
        ("sendSMS4FilterMessage", "sendSMS4FilterMessage"),
        ("getReplyMessage", "getReplyMessage"),
        ("getCredit", "getCredit"),
        ("*", "eraseBooking"),
    ],
)
def test_h17_a_failure_is_for_calls_of_either_api(http: Http, operation: str, name: str) -> None:
    http.fake.add_failure(operation, "result", result="-99,down")
    assert http(name) == "-99,down"
    http.fake.add_failure(operation, "http_error", status=503, body="busy")
    response = http.response(name, DEMO)
    assert (response.status_code, response.text) == (503, "busy")
    http.fake.add_failure(operation, "soap_fault", reason="Timeout <expired>.")
    response = http.response(name, DEMO)
    assert response.status_code == 500
    assert "Timeout &lt;expired&gt;." in response.text
    http.fake.add_failure(operation, "disconnect")
    with pytest.raises(requests.ConnectionError):
        http.response(name, DEMO)
    assert [request.failure for request in http.fake.requests] == [
        "result", "http_error", "soap_fault", "disconnect",
    ]  # fmt: skip


def test_h17_a_failure_after_the_operation_has_sent(http: Http) -> None:
    http.fake.add_failure("sendParamSMS", "disconnect", effect="after")
    with pytest.raises(requests.ConnectionError):
        http.json("SendParam", {**DEMO, "RecipientDataList": [{"Mobile": PHONE, "Param": "x"}]})
    assert [message.text for message in http.fake.messages] == ["x"]


@pytest.mark.parametrize("effect", ["before", "after"])
def test_h5_a_result_on_demand_is_json_where_the_operations_own_is(
    http: Http, effect: FailureEffect
) -> None:
    http.fake.add_failure("sendParamSMS", "result", effect=effect, result='{"Result":false}')
    body = {**DEMO, "RecipientDataList": [{"Mobile": PHONE, "Param": "x"}]}
    assert http.json("SendParamSMS", body) == '{"Result":false}'  # which checks the Content-Type


@pytest.mark.parametrize(
    ("effect", "result"),
    [("before", "-99, 主機端發生不明錯誤，請與廠商窗口聯繫。"), ("after", "1000.00")],
)
def test_h17_half_a_response_is_some_of_one(http: Http, effect: FailureEffect, result: str) -> None:
    http.fake.add_failure("getCredit", "truncate", effect=effect)
    with pytest.raises(requests.RequestException, match="IncompleteRead"):
        http("getCredit")
    half = len(result.encode()) // 2
    assert http.fake.requests[-1].response_body == result.encode()[:half]


def test_h17_every_operation_of_either_api_has_a_name_to_fail_by(http: Http) -> None:
    gateway = http.fake.gateway
    names = {*SoapEndpoint(gateway).operations, *HttpEndpoint(gateway).operations}
    assert {*get_args(OperationName)} == names
    assert {*get_args(FailureOperation)} == {*names, "*"}


def test_h17_operations_that_send_are_known(http: Http) -> None:
    by_soap = SoapEndpoint(http.fake.gateway.platform).operations
    assert {*SENDS} == {
        *[name for name, each in by_soap.items() if {"mobile", "contentXML"} & {*each.names}],
        *[
            each.call_name
            for each in OPERATIONS.values()
            if {"DEST", "RecipientDataList"} & {*each.parameters}
        ],
    }


TEXTS = st.text(min_size=1).map(lambda text: text.encode(errors="replace").decode())


@given(text=TEXTS)
@settings(deadline=None)
def test_h3_any_text_goes_through_msg_and_param(text: str) -> None:
    gateway = Gateway(report=lambda report: 200)
    endpoint = HttpEndpoint(gateway.platform)
    form = urlencode({**DEMO, "MSG": text, "DEST": PHONE}).encode()
    json_body = json.dumps({**DEMO, "RecipientDataList": [{"Mobile": PHONE, "Param": text}]})
    for name, request in (
        ("sendSMS", HttpRequest(query=form)),
        ("sendSMS", HttpRequest(content_type="application/x-www-form-urlencoded", body=form)),
        ("SendParamSMS", HttpRequest(body=json_body.encode())),
    ):
        called = endpoint.read(name, request)
        called.execute()
        assert called.respond().status == 200
    expected = NOT_XML.sub("\ufffd", text)
    assert [message.text for message in gateway.messages()] == [expected] * 3
    gateway.close()


@given(data=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 400)), max_size=12))
@settings(deadline=None)
def test_p8_points_add_up_across_both_apis(data: list[tuple[bool, bool, int]]) -> None:
    gateway = Gateway(
        Settings(accounts=(Account("demo", "demo", credit=Decimal(20)),)), report=lambda report: 200
    )
    endpoint = HttpEndpoint(gateway.platform)
    key = gateway.platform.open_session("demo", "demo")
    for over_http, booked, length in data:
        when = "20991231235959" if booked else ""
        if over_http:
            query = f"UID=demo&PWD=demo&DEST={PHONE}&MSG={'a' * length}&ST={when}"
            called = endpoint.read("sendSMS", HttpRequest(query=query.encode()))
            called.execute()
            called.respond()
        else:
            gateway.platform.send_sms(key, "", "b" * length, PHONE, when)
    charged = sum(message.cost for message in gateway.messages())
    assert gateway.platform.credit(key) + charged == 20
    for batch in gateway.batches():
        query = f"UID=demo&PWD=demo&BID={batch.id}"
        endpoint.read("eraseBooking", HttpRequest(query=query.encode())).execute()
    charged = sum(message.cost for message in gateway.messages())
    assert gateway.platform.credit(key) + charged == 20
    assert gateway.platform.credit(key) >= 0
    gateway.close()


@given(st.sampled_from(["sendSMS", "SendParam", "getReplyMessage", "ConnectionHandler"]), st.data())
@settings(deadline=None)
def test_h5_status_is_always_200(name: str, data: st.DataObject) -> None:
    gateway = Gateway(report=lambda report: 200)
    types = ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data",
             "multipart/form-data; boundary=x"]  # fmt: skip
    called = HttpEndpoint(gateway.platform).read(
        name,
        HttpRequest(
            data.draw(st.binary()),
            data.draw(st.sampled_from(types)),
            data.draw(st.sampled_from(["", "Bearer", "Bearer x", "Basic \xff"])),
            data.draw(st.binary()),
        ),
    )
    called.execute()
    assert called.respond().status == 200
    assert gateway.messages() == []
    gateway.close()


def test_h5_long_body_has_advice_and_a_longer_one_is_413(http: Http) -> None:
    response = http.response("sendSMS", {"MSG": "x" * (10 * 1024 * 1024)})
    assert response.status_code == 413
    http("getCredit", SB="x" * (4 * 1024 * 1024))
    assert http.advice[0].startswith("A body of more than 4 MiB")


def test_e1_the_edition_can_be_changed_over_http_until_the_next_reset(http: Http) -> None:
    patch = requests.patch(f"{http.fake.url}/fake/settings", json={"edition": "2021"}, timeout=10)
    assert patch.json()["edition"] == "2021"
    assert http.response("getCredit", {}).text == "-300,帳號密碼不得為空"
    http.fake.reset()
    assert requests.get(f"{http.fake.url}/fake/state", timeout=10).json()["edition"] == "2016"
    wrong = requests.patch(f"{http.fake.url}/fake/settings", json={"edition": 2021}, timeout=10)
    assert wrong.status_code == 400
    assert http.fake.http_url == f"{http.fake.url}/API21/HTTP/"
