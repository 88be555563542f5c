"""Errors of the JSON API: for programs, the name of the value that is wrong, and what is wrong."""

import ast
import re
from pathlib import Path
from typing import Any, get_args

import pytest

import fake_every8d
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
        (
            "POST",
            "failures",
            {"operation": "*", "kind": "delay"},
            (400, "bad_request", "seconds", "missing"),
        ),
        (
            "POST",
            "failures",
            {"operation": "*", "kind": "garbage", "status": 500},
            (400, "bad_request", "status", "invalid"),
        ),
        (
            "POST",
            "failures",
            {"operation": "*", "kind": "garbage", "probability": 0.5},
            (400, "bad_request", "seed", "missing"),
        ),
        (
            "POST",
            "failures",
            {"operation": "*", "kind": "garbage", "to": "12"},
            (400, "bad_request", "to", "invalid"),
        ),
        ("GET", "failures/9", None, (404, "not_found", "failure_id", "unknown")),
        (
            "PATCH",
            "accounts/demo",
            {"locked": True, "failed_logins": 0},
            (400, "bad_request", "locked", "repeated"),
        ),
        ("GET", "accounts/nobody", None, (404, "not_found", "user_id", "unknown")),
        (
            "POST",
            "replies",
            {"to": "0987654321", "text": "x"},
            (404, "not_found", "to", "unknown"),
        ),
        (
            "POST",
            "messages/1/replies",
            {"text": "x" * 2001},
            (400, "bad_request", "text", "invalid"),
        ),
        ("POST", "clock", {}, (400, "bad_request", None, "missing")),
        (
            "POST",
            "clock",
            {"travel_to": "2000-01-01T00:00:00+08:00"},
            (409, "conflict", None, "past"),
        ),
        ("GET", "messages?to=hello", None, (404, "not_found", "to", "unknown")),
        ("GET", "messages/9", None, (404, "not_found", "message_id", "unknown")),
        ("GET", "requests/9", None, (404, "not_found", "request_id", "unknown")),
        ("GET", "nothing", None, (404, "not_found", None, None)),
        ("PUT", "snapshot", {}, (400, "bad_request", "version", "missing")),
        (
            "PUT",
            "snapshot",
            {"version": "0", "digest": ""},
            (409, "conflict", "version", "invalid"),
        ),
    ],
)
def test_error_names_field_and_reason(
    every8d: FakeEvery8d, method: str, path: str, body: Any, expected: tuple[Any, ...]
) -> None:
    every8d.gateway.platform.send_sms(login(every8d.gateway), "", "hello", "12", "")
    response = Api(every8d.url)(method, path, body)
    error = response.json()["error"]
    assert (response.status, error["code"], error["field"], error["reason"]) == expected


def test_every_invalid_input_names_its_field() -> None:
    package = Path(fake_every8d.__file__).parent
    nameless = [
        (file.name, ast.unparse(node.args[0]))
        for room in ("control", "gateway", "web/api")
        for file in (package / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "InvalidInput"
        and "field" not in {each.arg for each in node.keywords}
    ]
    # Those that are about no field are about the body, or about how `advance` is called.
    assert [each for each in nameless if not re.match("f?['\"](the body|advance) ", each[1])] == []


def test_reasons_are_those_of_the_description() -> None:
    assert DESCRIBED["components"]["schemas"]["Reason"]["enum"] == [*get_args(Reason)]


def test_python_has_the_same_field_and_reason() -> None:
    with pytest.raises(InvalidInput) as refusal:
        Account("a", "b", report_attempts=0)
    assert (refusal.value.field, refusal.value.reason) == ("report_attempts", "invalid")
