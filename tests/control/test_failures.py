"""Failures on demand: what a client sees of each, and what has happened all the same."""

import socket
import threading
from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
import requests
import zeep

from fake_every8d import FakeEvery8d, InvalidInput, NotFound
from fake_every8d.control.failures import (
    SETTING_OF,
    FailureEffect,
    FailureKind,
    Failures,
    FailureSettings,
    kinds,
)
from fake_every8d.gateway.errors import Reason
from tests.waiting import wait_for
from tests.web.serving import DEADLINE, ENDPOINT, call

PHONE = "0912345678"
REASON = "Server was unable to process request. ---> Timeout expired."


@pytest.fixture
def service(every8d: FakeEvery8d) -> Any:
    return zeep.Client(every8d.wsdl_url).service


@pytest.fixture
def key(every8d: FakeEvery8d) -> str:
    return every8d.gateway.platform.open_session("demo", "demo")


def send(service: Any, key: str) -> str:
    return str(service.sendSMS(key, "", "hello", PHONE, ""))


def raises(kind: type[Exception], text: str) -> Callable[[Any, str], None]:
    def check(service: Any, key: str) -> None:
        with pytest.raises(kind, match=text):
            send(service, key)

    return check


def responses(result: str) -> Callable[[Any, str], None]:
    def check(service: Any, key: str) -> None:
        assert send(service, key) == result

    return check


SEEN: list[tuple[FailureKind, FailureSettings, Callable[[Any, str], None]]] = [
    ("result", {"result": "-99, 壞了 <&>"}, responses("-99, 壞了 <&>")),
    ("result", {"result": ""}, responses("None")),
    ("soap_fault", {}, raises(zeep.exceptions.Fault, REASON)),
    ("soap_fault", {"reason": "資料庫忙碌中"}, raises(zeep.exceptions.Fault, "資料庫忙碌中")),
    ("http_error", {}, raises(zeep.exceptions.TransportError, r"Server returned .*503")),
    (
        "http_error",
        {"status": 429, "body": "慢一點"},
        raises(zeep.exceptions.TransportError, r"Server returned .*429"),
    ),
    ("disconnect", {}, raises(requests.ConnectionError, "RemoteDisconnected|aborted|reset")),
    ("truncate", {}, raises(requests.RequestException, "IncompleteRead")),
    ("garbage", {}, raises(zeep.exceptions.TransportError, "This is not the answer")),
]
"""The client's view of each kind; a `delay` has tests of its own."""


def test_every_kind_is_tried_and_told() -> None:
    assert [*kinds()] == [
        *get_args(FailureKind)
    ]  # in the docstring of Failure, from which docs are
    assert {kind for kind, _, _ in SEEN} | {"delay"} == {*kinds()}


def test_a_setting_is_of_one_kind_or_of_all() -> None:
    of_all = ["times", "effect", "user_id", "to", "skip", "every", "rate", "probability", "seed"]
    assert {*FailureSettings.__annotations__} == {*SETTING_OF, *of_all}


@pytest.mark.parametrize("effect", ["before", "after"])
@pytest.mark.parametrize(("kind", "settings", "seen"), SEEN)
def test_client_sees_the_failure_and_is_charged_or_not(
    every8d: FakeEvery8d,
    service: Any,
    key: str,
    kind: FailureKind,
    settings: FailureSettings,
    seen: Callable[[Any, str], None],
    effect: FailureEffect,
) -> None:
    every8d.add_failure("sendSMS", kind, effect=effect, **settings)
    seen(service, key)
    charged = effect == "after"
    assert len(every8d.messages) == charged
    assert every8d.account.credit == (999 if charged else 1000)
    assert every8d.requests[-1].failure == kind
    # The second try goes through, whatever became of the first.
    assert send(service, key).startswith("998.00,1,1.0,0," if charged else "999.00,1,1.0,0,")


@pytest.mark.parametrize("operation", ["getConnection", "getCredit"])
def test_h17_call_that_fails_early_has_its_account_in_the_journal(
    every8d: FakeEvery8d, key: str, operation: str
) -> None:
    every8d.add_failure(operation, "http_error", user_id="demo")
    parameters = {"sessionKey": key} if operation == "getCredit" else {"userID": "demo"}
    assert call(every8d.url, operation, **parameters).status == 503
    assert every8d.wait_for_request(user_id="demo", timeout=0).operation == operation


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_delay_is_the_usual_response_later(
    every8d: FakeEvery8d, service: Any, key: str, effect: FailureEffect
) -> None:
    every8d.add_failure("sendSMS", "delay", seconds=0.2, effect=effect)
    assert send(service, key).startswith("999.00,1,1.0,0,")
    assert every8d.requests[-1].milliseconds >= 200


def send_sms_envelope(key: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<sendSMS xmlns="http://tempuri.org/"><sessionKey>{key}</sessionKey>'
        f"<content>x</content><mobile>{PHONE}</mobile></sendSMS></s:Body></s:Envelope>"
    )


@pytest.mark.parametrize("effect", ["before", "after"])
def test_client_that_hangs_up_in_a_delay_can_check_the_charge(
    every8d: FakeEvery8d, key: str, effect: FailureEffect
) -> None:
    every8d.add_failure("sendSMS", "delay", seconds=3600, effect=effect)
    body = send_sms_envelope(key)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            every8d.soap_url, body, headers={"Content-Type": "text/xml"}, timeout=(DEADLINE, 0.2)
        )
    if effect == "after":
        assert every8d.wait_for_message().text == "x"
    assert every8d.account.credit == (999 if effect == "after" else 1000)


def test_a_delay_holds_up_no_other_client(every8d: FakeEvery8d, service: Any, key: str) -> None:
    every8d.add_failure("sendSMS", "delay", seconds=3600)
    delayed = threading.Thread(target=send, args=[service, key])
    delayed.start()
    wait_for(lambda: not every8d.failures)
    assert zeep.Client(every8d.wsdl_url).service.getCredit(key) == "1000.00"
    every8d.clear_failures()
    delayed.join(DEADLINE)
    assert not delayed.is_alive()
    assert every8d.account.credit == 999


def test_x1_delayed_call_leaves_no_trace_after_a_reset(every8d: FakeEvery8d, key: str) -> None:
    every8d.add_failure("sendSMS", "delay", seconds=3600)
    arguments = {"sessionKey": key, "content": "hello", "mobile": PHONE}
    delayed = threading.Thread(
        target=call, args=[every8d.url, "sendSMS"], kwargs=arguments, daemon=True
    )
    delayed.start()
    wait_for(lambda: not every8d.failures)
    every8d.reset()
    delayed.join(DEADLINE)
    assert not delayed.is_alive()
    assert not every8d.messages
    assert not every8d.requests


def response_bytes(every8d: FakeEvery8d) -> bytes:
    """All that comes back for a getCredit, until the connection is closed."""
    address = urlsplit(every8d.url)
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        '<getCredit xmlns="http://tempuri.org/"/></s:Body></s:Envelope>'
    )
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(
            f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            "Content-Type: application/soap+xml\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_on_the_wire(every8d: FakeEvery8d) -> None:
    every8d.add_failure("getCredit", "disconnect")
    assert response_bytes(every8d) == b""

    every8d.add_failure("getCredit", "truncate")
    head, _, body = response_bytes(every8d).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert len(body) == length // 2
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope')
    assert every8d.requests[-1].response_body == body

    every8d.add_failure("getCredit", "garbage")
    head, _, body = response_bytes(every8d).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"application/soap+xml; charset=utf-8" in head
    assert body == b"\x00\xff<html><p>This is not the answer"

    every8d.add_failure("getCredit", "http_error", status=502, body="壞了")
    head, _, body = response_bytes(every8d).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"text/plain; charset=utf-8" in head
    assert body.decode() == "壞了"

    every8d.add_failure("getCredit", "soap_fault", reason="忙")
    head, _, body = response_bytes(every8d).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert "<soap:Value>soap:Receiver</soap:Value>" in body.decode()
    assert '<soap:Text xml:lang="en">忙</soap:Text>' in body.decode()


def credits(service: Any, key: str, count: int) -> list[str]:
    return [str(service.getCredit(key)) for _ in range(count)]


@pytest.mark.parametrize(("times", "wrong"), [(1, 1), (3, 3), (None, 5)])
def test_how_many_calls_fail(
    every8d: FakeEvery8d, service: Any, key: str, times: int | None, wrong: int
) -> None:
    every8d.add_failure("getCredit", "result", result="wrong", times=times)
    assert credits(service, key, 5) == ["wrong"] * wrong + ["1000.00"] * (5 - wrong)
    assert [failure.times for failure in every8d.failures] == ([None] if times is None else [])


def test_calls_of_other_operations_do_not_count(
    every8d: FakeEvery8d, service: Any, key: str
) -> None:
    failure = every8d.add_failure("getCredit", "result", result="wrong", times=2)
    assert send(service, key).startswith("999.00,")
    requests.get(every8d.wsdl_url, timeout=DEADLINE)
    requests.post(every8d.soap_url, "<x", timeout=DEADLINE)
    assert every8d.failures == [failure]


def test_any_operation(every8d: FakeEvery8d, service: Any, key: str) -> None:
    every8d.add_failure("*", "result", result="wrong", times=2)
    assert service.getConnection("demo", "demo") == "wrong"
    assert credits(service, key, 2) == ["wrong", "1000.00"]


def test_two_happen_in_the_order_in_which_they_were_asked_for(
    every8d: FakeEvery8d, service: Any, key: str
) -> None:
    first = every8d.add_failure("getCredit", "result", result="first", times=2)
    second = every8d.add_failure("*", "result", result="second")
    assert every8d.failures == [first, second]
    assert first.id < second.id
    assert credits(service, key, 4) == ["first", "first", "second", "1000.00"]


def test_a_failure_of_all_calls_can_be_ended(every8d: FakeEvery8d, service: Any, key: str) -> None:
    every8d.add_failure("*", "result", result="wrong", times=None)
    assert credits(service, key, 2) == ["wrong", "wrong"]
    every8d.clear_failures()
    assert credits(service, key, 1) == ["1000.00"]
    every8d.add_failure("*", "garbage", times=None)
    every8d.reset()
    assert every8d.failures == []
    assert "<CODE>0</CODE>" in service.getConnection("demo", "demo")


def test_one_of_several_can_be_removed(every8d: FakeEvery8d) -> None:
    failures = Failures(every8d.gateway.clock)
    first, second = failures.add("*", "garbage"), failures.add("getCredit", "disconnect")
    failures.remove(first.id)
    assert failures.all() == [second]
    with pytest.raises(NotFound, match="there is no failure 1"):
        failures.remove(first.id)


# Which of the calls


def test_only_an_accounts_calls(every8d: FakeEvery8d, service: Any, key: str) -> None:
    every8d.add_account("shop", "s3cret", credit=7)
    shop = every8d.gateway.platform.open_session("shop", "s3cret")
    every8d.add_failure("*", "result", result="wrong", user_id="shop", times=None)
    assert service.getCredit(key) == "1000.00"
    assert service.getCredit(shop) == "wrong"
    assert service.getConnection("shop", "s3cret") == "wrong"
    assert "<CODE>0</CODE>" in service.getConnection("demo", "demo")


def test_only_calls_that_send_to_a_number(every8d: FakeEvery8d, service: Any, key: str) -> None:
    failure = every8d.add_failure("*", "result", result="wrong", to="0912345678", times=None)
    assert failure.to == "+886912345678"
    assert service.getCredit(key) == "1000.00"
    assert service.sendSMS(key, "", "hello", "0922333444", "").startswith("999.00,1,")
    assert service.sendSMS(key, "", "hello", "0922333444, +886912345678", "") == "wrong"
    reps = '<REPS><USER NAME="" MOBILE="{}" EMAIL="" SENDTIME="">hello</USER></REPS>'
    assert service.sendParamSMS(key, "", reps.format("+886912345678"), "") == "wrong"
    assert service.sendParamSMS(key, "", reps.format("+886922333444"), "").startswith("998.00,")
    assert service.sendParamSMS(key, "", "no XML", "").startswith("-99,")


def test_after_some_that_go_through_and_every_so_many(
    every8d: FakeEvery8d, service: Any, key: str
) -> None:
    right, wrong = "1000.00", "wrong"
    every8d.add_failure("getCredit", "result", result=wrong, skip=2)
    assert credits(service, key, 4) == [right, right, wrong, right]
    every8d.add_failure("getCredit", "result", result=wrong, skip=1, every=3, times=2)
    assert credits(service, key, 9) == [right] * 3 + [wrong] + [right] * 2 + [wrong] + [right] * 2
    every8d.add_failure("getCredit", "result", result=wrong, every=2)
    assert credits(service, key, 6) == [right, wrong] * 3
    (failure,) = every8d.failures
    assert (failure.happened, failure.times) == (3, None)


def test_calls_beyond_a_rate_fail_until_the_fakes_time_passes(
    every8d: FakeEvery8d, key: str
) -> None:
    every8d.clock.freeze()
    every8d.add_failure("getCredit", "http_error", rate=3, body="Too many requests")

    def statuses(count: int) -> list[int]:
        return [call(every8d.url, "getCredit", sessionKey=key).status for _ in range(count)]

    assert statuses(5) == [200, 200, 200, 429, 429]
    every8d.clock.advance(seconds=0.999)
    assert statuses(1) == [429]
    every8d.clock.advance(seconds=0.001)
    assert statuses(4) == [200, 200, 200, 429]


def test_probability_is_repeatable(every8d: FakeEvery8d, service: Any, key: str) -> None:
    runs = []
    for _ in range(2):
        every8d.add_failure("getCredit", "result", result="wrong", probability=0.5, seed=8)
        runs.append(credits(service, key, 20))
        every8d.clear_failures()
    assert runs[0] == runs[1]
    assert 0 < runs[0].count("wrong") < 20


@pytest.mark.parametrize(
    ("operation", "kind", "settings", "field", "reason"),
    [
        ("sendsms", "garbage", {}, "operation", "invalid"),
        (["sendSMS"], "garbage", {}, "operation", "invalid"),
        ("*", "explode", {}, "kind", "invalid"),
        ("*", ["garbage"], {}, "kind", "invalid"),
        ("*", "delay", {}, "seconds", "missing"),
        ("*", "result", {}, "result", "missing"),
        ("getCredit", "garbage", {"to": "0912345678"}, "to", "invalid"),
        ("*", "http_error", {"seconds": 2}, "seconds", "invalid"),
        ("*", "garbage", {"status": 500}, "status", "invalid"),
        ("*", "delay", {"seconds": 2, "result": "1"}, "result", "invalid"),
        ("*", "delay", {"second": 2}, "second", "unknown"),
        ("*", "delay", {"seconds": -1}, "seconds", "invalid"),
        ("*", "delay", {"seconds": float("nan")}, "seconds", "invalid"),
        ("*", "delay", {"seconds": "2"}, "seconds", "invalid"),
        ("*", "garbage", {"times": 0}, "times", "invalid"),
        ("*", "garbage", {"times": True}, "times", "invalid"),
        ("*", "garbage", {"times": 1.5}, "times", "invalid"),
        ("*", "garbage", {"every": None}, "every", "invalid"),
        ("*", "garbage", {"effect": "during"}, "effect", "invalid"),
        ("*", "http_error", {"status": 200}, "status", "invalid"),
        ("*", "http_error", {"status": 600}, "status", "invalid"),
        ("*", "http_error", {"status": "503"}, "status", "invalid"),
        ("*", "result", {"result": 5}, "result", "invalid"),
        ("*", "result", {"result": "\0"}, "result", "invalid"),
        ("*", "soap_fault", {"reason": "\ud800"}, "reason", "invalid"),
        ("*", "http_error", {"body": b"x"}, "body", "invalid"),
        ("*", "garbage", {"id": 7}, "id", "unknown"),
        ("*", "garbage", {"happened": 7}, "happened", "unknown"),
        ("*", "garbage", {"skip": -1}, "skip", "invalid"),
        ("*", "garbage", {"every": 0}, "every", "invalid"),
        ("*", "garbage", {"rate": 0.5}, "rate", "invalid"),
        ("*", "garbage", {"probability": 0.5}, "seed", "missing"),
        ("*", "garbage", {"seed": 1}, "probability", "missing"),
        ("*", "garbage", {"probability": 2, "seed": 1}, "probability", "invalid"),
        ("*", "garbage", {"probability": 0.5, "seed": "x"}, "seed", "invalid"),
        ("*", "garbage", {"to": "hello"}, "to", "invalid"),
        ("*", "garbage", {"user_id": 5}, "user_id", "invalid"),
    ],
)
def test_invalid_failure_is_refused_and_changes_nothing(
    every8d: FakeEvery8d, operation: Any, kind: Any, settings: Any, field: str, reason: Reason
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        every8d.add_failure(operation, kind, **settings)
    assert (refusal.value.field, refusal.value.reason) == (field, reason)
    assert every8d.failures == []


@pytest.mark.parametrize(
    ("operation", "kind", "settings", "sentence"),
    [
        ("*", "delay", {}, "seconds is missing: a delay needs it, such as seconds=2"),
        (
            "*",
            "result",
            {},
            'result is missing: the kind result needs it, such as result="-99, busy"; it may be '
            "empty",
        ),
        ("*", "http_error", {"seconds": 2}, "seconds is a setting of delay, not of http_error"),
        (
            "*",
            "garbage",
            {"seed": 1},
            "probability and seed are given together, so that every run is the same: such as "
            "probability=0.1, seed=1",
        ),
        (
            "getCredit",
            "garbage",
            {"to": "0912345678"},
            "to matches no call of getCredit, which sends to no number; sendSMS, sendMessage, "
            "sendSMS4FilterMessage, sendParamSMS do",
        ),
    ],
)
def test_sentence_says_what_would_make_sense(
    every8d: FakeEvery8d, operation: Any, kind: Any, settings: Any, sentence: str
) -> None:
    """Sentences about single values are in test_forms.py."""
    with pytest.raises(InvalidInput) as refusal:
        every8d.add_failure(operation, kind, **settings)
    assert str(refusal.value) == sentence


def test_json_of_a_failure_can_be_posted_again(every8d: FakeEvery8d) -> None:
    failures = f"{every8d.url}/fake/failures"
    shown = requests.post(
        failures, json={"operation": "*", "kind": "garbage"}, timeout=DEADLINE
    ).json()
    given = {name: value for name, value in shown.items() if name not in ("id", "happened")}
    again = requests.post(failures, json=given, timeout=DEADLINE).json()
    assert again == shown | {"id": shown["id"] + 1}


def test_a_mistake_has_one_sentence_in_python_and_in_json(every8d: FakeEvery8d) -> None:
    wrong = {"operation": "*", "kind": "garbage", "times": 0}
    with pytest.raises(InvalidInput) as in_python:
        every8d.add_failure(**wrong)  # type: ignore[arg-type]
    response = requests.post(f"{every8d.url}/fake/failures", json=wrong, timeout=DEADLINE)
    assert response.json()["error"]["message"] == str(in_python.value)


@pytest.mark.parametrize("status", [420, 499, 520, 599])
def test_a_status_without_a_name_is_sent_too(every8d: FakeEvery8d, status: int) -> None:
    every8d.add_failure("getCredit", "http_error", status=status, body="no")
    response = call(every8d.url, "getCredit", sessionKey="0")
    assert (response.status, response.data) == (status, b"no")


@pytest.mark.parametrize("effect", ["before", "after"])
def test_a_client_that_hangs_up_ends_its_delay(
    every8d: FakeEvery8d, key: str, effect: FailureEffect
) -> None:
    every8d.add_failure("sendSMS", "delay", seconds=3600, effect=effect)
    body = send_sms_envelope(key)
    address = urlsplit(every8d.url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        head = f"POST {ENDPOINT} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        wait_for(lambda: not every8d.failures)
    (request,) = wait_for(lambda: every8d.requests)
    assert request.failure == "delay"
    # One before the operation is not followed by it.
    assert len(every8d.messages) == (effect == "after")


def test_the_http_apis_calls_are_told_apart_as_soaps_are(every8d: FakeEvery8d) -> None:
    form = {"UID": "demo", "PWD": "demo", "MSG": "hello"}
    json = {"UID": "demo", "PWD": "demo"}
    every8d.add_failure("*", "http_error", to="0912345678", user_id="demo", times=None)

    def status(operation: str, **request: Any) -> int:
        url = f"{every8d.url}/API21/HTTP/{operation}.ashx"
        return requests.post(url, timeout=DEADLINE, **request).status_code

    def recipients(*mobiles: str) -> dict[str, Any]:
        data = [{"Mobile": mobile, "Param": "hello"} for mobile in mobiles]
        return json | {"RecipientDataList": data}

    assert status("sendSMS", data=form | {"DEST": "0922333444"}) == 200
    assert status("sendSMS", data=form | {"DEST": "0922333444,0912345678"}) == 503
    assert status("SendParamSMS", json=recipients("0922333444")) == 200
    assert status("SendParamSMS", json=recipients("0922333444", "+886912345678")) == 503
    assert status("SendParamSMS", json=json | {"RecipientDataList": 5}) == 200
    assert status("getCredit", data=form) == 200


def test_failure_counts_after_it_was_added(every8d: FakeEvery8d) -> None:
    """Also once all its times are over, and it waits no longer."""
    failure = every8d.add_failure("getCredit", "result", result="-99, busy", times=2)
    for happened, times in ((1, 1), (2, 0), (2, 0)):
        call(every8d.url, "getCredit")
        assert (failure.happened, failure.times) == (happened, times)
    assert every8d.failures == []
    with pytest.raises(AttributeError):
        failure.times = 5  # type: ignore[misc]


def test_outage_ends_with_its_block(every8d: FakeEvery8d) -> None:
    with every8d.outage() as outage:
        assert call(every8d.url, "getCredit").status == 503
        assert call(every8d.url, "sendSMS").status == 503
    assert call(every8d.url, "getCredit").status == 200
    assert outage.happened == 2
    with every8d.outage("sendSMS", "disconnect"):
        assert call(every8d.url, "getCredit").status == 200
        every8d.reset()  # which removes it, too
    assert every8d.failures == []


def test_result_may_be_empty(every8d: FakeEvery8d) -> None:
    every8d.add_failure("eraseBooking", "result", result="")
    assert b"<eraseBookingResult />" in call(every8d.url, "eraseBooking").data
