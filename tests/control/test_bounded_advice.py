"""However much is wrong with a request, what is said of it stays short: log, journal, JSON API."""

import json
from collections.abc import Callable, Iterator

import pytest
import urllib3

from fake_every8d import FakeEvery8d, RecordedRequest
from fake_every8d.control.log import json_line, text_line
from tests.web.api import Api
from tests.web.serving import DEADLINE, ENDPOINT, log_in

MANY = 5_000
LONG = "x" * 200


@pytest.fixture
def logged() -> list[RecordedRequest]:
    return []


@pytest.fixture
def fake(logged: list[RecordedRequest]) -> Iterator[FakeEvery8d]:
    with FakeEvery8d(log=logged.append) as fake:
        yield fake


def post(url: str, body: str, content_type: str) -> None:
    headers = {"Content-Type": content_type, "SOAPAction": '"http://tempuri.org/sendSMS"'}
    urllib3.request("POST", url, body=body.encode(), headers=headers, timeout=DEADLINE)


def wrong_elements(fake: FakeEvery8d) -> None:
    """A parameter outside the namespace, again and again."""
    wrong = f'<content xmlns="">{LONG}</content>' * MANY
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<sendSMS xmlns="http://tempuri.org/">{wrong}</sendSMS></s:Body></s:Envelope>'
    )
    post(fake.url + ENDPOINT, envelope, "text/xml; charset=utf-8")


def wrong_numbers(fake: FakeEvery8d) -> None:
    """Numbers that no SMS can go to."""
    key = log_in(fake.url, "demo", "demo")
    mobiles = ",".join(f"{LONG}{number}" for number in range(MANY))
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<sendSMS xmlns="http://tempuri.org/"><sessionKey>{key}</sessionKey>'
        f"<content>hello</content><mobile>{mobiles}</mobile></sendSMS></s:Body></s:Envelope>"
    )
    post(fake.url + ENDPOINT, envelope, "text/xml; charset=utf-8")


def wrong_parameters(fake: FakeEvery8d) -> None:
    """Parameters that the HTTP API does not know."""
    unknown = "&".join(f"{LONG}{number}=1" for number in range(500))
    body = f"UID=demo&PWD=demo&MSG=hello&DEST={LONG}&{unknown}"
    post(fake.http_url + "sendSMS.ashx", body, "application/x-www-form-urlencoded")


@pytest.mark.parametrize("send", [wrong_elements, wrong_numbers, wrong_parameters])
def test_error_about_a_long_request_is_short(
    fake: FakeEvery8d,
    logged: list[RecordedRequest],
    send: Callable[[FakeEvery8d], None],
) -> None:
    send(fake)
    recorded = fake.requests[-1]
    assert len(recorded.text) > 100_000
    assert recorded.advice, "there is something to say"
    assert len(recorded.advice) <= 20
    assert all(len(advice) <= 500 for advice in recorded.advice)
    assert len(text_line(logged[-1])) < 5_000
    assert len(json_line(logged[-1])) < 5_000
    assert "\n" not in text_line(logged[-1])
    shown = Api(fake.url).get("requests/latest")
    assert shown["advice"] == list(recorded.advice)
    told = {key: value for key, value in shown.items() if key not in ("body", "headers", "params")}
    assert len(json.dumps(told, ensure_ascii=False)) < 10_000
    assert len(fake.summary()) < 50_000
