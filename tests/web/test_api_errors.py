"""Errors of the JSON API: for programs, the name of the value that is wrong, and what is wrong."""

from typing import Any, get_args

import pytest

from fake_every8d import Account, FakeEvery8d, InvalidInput
from fake_every8d.gateway.errors import Reason
from tests.gateway.calls import login
from tests.web.api import Api
from tests.web.test_openapi import DESCRIBED


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "accounts", {"user_id": "a"}, (400, "bad_request", "password", "missing")),
        (
            "POST",
            "accounts",
            {"user_id": "", "password": "b"},
            (400, "bad_request", "user_id", "invalid"),
        ),
        (
            "POST",
            "accounts",
            {"user_id": "demo", "password": "b"},
            (409, "conflict", "user_id", "taken"),
        ),
        ("PATCH", "accounts/demo", {"credits": 1}, (400, "bad_request", "credits", "unknown")),
        ("PATCH", "accounts/demo", {"top_up": -2000}, (400, "bad_request", "top_up", "invalid")),
        (
            "PATCH",
            "accounts/demo",
            {"report_url": "ftp://x/"},
            (400, "bad_request", "report_url", "invalid"),
        ),
        (
            "POST",
            "failures",
            {"operation": "*", "kind": "http_error", "status": 200},
            (400, "bad_request", "status", "invalid"),
        ),
        ("GET", "messages?limit=1&limit=2", None, (400, "bad_request", "limit", "repeated")),
        ("POST", "messages/1/status", {"status": 100}, (409, "conflict", None, "decided")),
        ("POST", "messages/1/replies", {"text": "x"}, (409, "conflict", None, "not_arrived")),
        ("POST", "messages/1/replies", {"text": "\0"}, (400, "bad_request", "text", "invalid")),
        ("GET", "messages/9", None, (404, "not_found", None, None)),
        ("GET", "nothing", None, (404, "not_found", None, None)),
        ("PUT", "snapshot", {}, (400, "bad_request", None, None)),
    ],
)
def test_error_names_field_and_reason(
    every8d: FakeEvery8d, method: str, path: str, body: Any, expected: tuple[Any, ...]
) -> None:
    every8d.gateway.platform.send_sms(login(every8d.gateway), "", "hello", "12", "")
    response = Api(every8d.url)(method, path, body)
    error = response.json()["error"]
    assert (response.status, error["code"], error["field"], error["reason"]) == expected


def test_reasons_are_those_of_the_description() -> None:
    assert DESCRIBED["components"]["schemas"]["Reason"]["enum"] == [*get_args(Reason)]


def test_python_has_the_same_field_and_reason() -> None:
    with pytest.raises(InvalidInput) as refusal:
        Account("a", "b", report_attempts=0)
    assert (refusal.value.field, refusal.value.reason) == ("report_attempts", "invalid")
