"""The JSON API is what openapi.json says: to the letter, and as schemathesis tries it."""

import re
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis

from fake_every8d import AccountChanges, FakeEvery8d, FaultSettings
from fake_every8d.gateway import Account, Gateway, Settings
from fake_every8d.web.api.operations import OPERATIONS, PREFIX, Operation
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from tests.web.api import Api


def load() -> dict[str, Any]:
    """The description, as it is served."""
    gateway = Gateway(get=lambda url: 200)
    server = Server(Application(gateway))
    described: dict[str, Any] = Api(server.url).get("openapi.json")
    server.close()
    gateway.close()
    return described


DESCRIBED = load()
schema = schemathesis.openapi.from_dict(DESCRIBED)


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    while "$ref" in part:
        found = DESCRIBED
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def test_every_operation_is_described_and_no_other() -> None:
    assert {
        (method.upper(), path) for path, methods in DESCRIBED["paths"].items() for method in methods
    } == {(each.method, path_of(each)) for each in OPERATIONS}


def path_of(operation: Operation) -> str:
    return PREFIX + re.sub(r"<\w+:(\w+)>", r"{\1}", operation.path)


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=[f"{each.method} {each.path}" for each in OPERATIONS]
)
def test_its_parameters_and_keys_are_those_described(operation: Operation) -> None:
    described = DESCRIBED["paths"][path_of(operation)][operation.method.lower()]
    query = [
        parameter["name"]
        for parameter in map(resolve, described.get("parameters", []))
        if parameter["in"] == "query"
    ]
    assert query == list(operation.query.keys)
    if operation.method in ("POST", "PATCH"):
        body = resolve(described["requestBody"]["content"]["application/json"]["schema"])
        assert set(body["properties"]) == set(operation.body.keys)
        assert set(body.get("required", ())) == set(operation.body.required)
        assert body["additionalProperties"] is False
        needed = operation.body.required or body.get("minProperties", 0)
        assert described["requestBody"]["required"] is bool(needed)
    else:
        assert "requestBody" not in described


IN_PYTHON = {
    "account": "GET accounts",
    "account_of": "GET accounts/<text:user_id>",
    "accounts": "GET accounts",
    "add_account": "POST accounts",
    "update_account": "PATCH accounts/<text:user_id>",
    "remove_account": "DELETE accounts/<text:user_id>",
    "messages": "GET messages",
    "messages_to": "GET messages",
    "wait_for_message": "GET messages",
    "wait_for_messages": "GET messages",
    "assert_sent": "GET messages",
    "assert_nothing_sent": "GET messages",
    "batches": "GET batches",
    "set_status": "POST messages/<int:message_id>/status",
    "reply": "POST replies",
    "outcomes": "GET outcomes",
    "set_outcome": "POST outcomes",
    "clear_outcomes": "DELETE outcomes",
    "reports": "GET reports",
    "wait_for_report": "GET reports",
    "emails": "GET emails",
    "clock": "POST clock",
    "requests": "GET requests",
    "wait_for_request": "GET requests",
    "clear_requests": "DELETE requests",
    "settings": "GET settings",
    "update_settings": "PATCH settings",
    "add_fault": "POST faults",
    "faults": "GET faults",
    "remove_fault": "DELETE faults/<int:fault_id>",
    "clear_faults": "DELETE faults",
    "summary": "GET summary",
    "reset": "POST reset",
}
"""What a test can do with `FakeEvery8d`, and how it is done over HTTP."""

ANOTHER_WAY = {
    "GET openapi.json",
    "GET state",  # of what the others show, as much as the page needs
    "GET clock",
    "GET messages/latest",
    "GET messages/<int:message_id>",
    "POST messages/<int:message_id>/replies",
    "GET reports/latest",
    "GET requests/latest",
    "GET requests/<int:request_id>",
}
"""What is over HTTP another way to do what one of those does, or nothing for a test."""

SERVING = {"start", "stop", "url", "soap_url", "http_url", "wsdl_url", "ca_file"}


def test_whatever_python_can_do_http_can_and_the_other_way_round() -> None:
    assert set(IN_PYTHON) | SERVING == {name for name in dir(FakeEvery8d) if name[0] != "_"}
    assert {*IN_PYTHON.values(), *ANOTHER_WAY} == {
        f"{each.method} {each.path}" for each in OPERATIONS
    }


@pytest.mark.parametrize(
    ("settings", "path", "method"),
    [
        (AccountChanges, "accounts/<text:user_id>", "PATCH"),
        (FaultSettings, "faults", "POST"),
    ],
)
def test_what_is_set_has_the_same_names_in_both(settings: type, path: str, method: str) -> None:
    (operation,) = [each for each in OPERATIONS if (each.method, each.path) == (method, path)]
    assert set(operation.body.keys) - set(operation.body.required) == set(settings.__annotations__)


@pytest.fixture
def base_url() -> Iterator[str]:
    """A fake with a message, a booking, a failure on demand and a request in its journal."""
    gateway = Gateway(
        Settings(accounts=(Account("demo", "demo", report_url="http://app.test/"),)),
        get=lambda url: 200,
    )
    application = Application(gateway)
    server = Server(application)
    key = gateway.open_session("demo", "demo")
    gateway.send_sms(key, "", "驗證碼 1234", "0912345678", "")
    gateway.send_sms(key, "", "later", "0912345678", "20991231235959")
    application.faults.add("getCredit", "garbage")
    assert Api(server.url)("GET", "../nowhere").status == 404
    yield server.url
    server.close()
    gateway.close()


@schema.parametrize()
@hypothesis.settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_every_answer_is_one_that_is_described(case: schemathesis.Case, base_url: str) -> None:
    wait = str((case.query or {}).get("wait_seconds"))
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", wait) and float(wait) <= 30:
        case.query["wait_seconds"] = "0.001"  # right, as it was, and sooner over
    case.call_and_validate(base_url=base_url)
