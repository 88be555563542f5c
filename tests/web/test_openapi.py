"""The JSON API is as it is described: in what goes in and out, and as schemathesis tries it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from fake_every8d import (
    AccountChanges,
    AccountSettings,
    FailureKind,
    FailureSettings,
    FakeEvery8d,
)
from fake_every8d.control.failures import ANY, FAILURE, SENDS, SETTING_OF
from fake_every8d.gateway import Account, Gateway, Settings
from fake_every8d.web.api.operations import OPERATIONS, PREFIX, ApiOperation
from fake_every8d.web.app import Application
from fake_every8d.web.http.server import Server
from tests.web.api import Api
from tests.web.serving import DEADLINE


def load() -> dict[str, Any]:
    """The description, as it is served."""
    gateway = Gateway(report=lambda report: 200)
    server = Server(Application(gateway))
    described: dict[str, Any] = Api(server.url).get("openapi.json")
    server.close()
    gateway.close()
    return described


DESCRIBED = load()
schema = schemathesis.openapi.from_dict(DESCRIBED)


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    """The target of a reference."""
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


def path_of(operation: ApiOperation) -> str:
    return PREFIX + re.sub(r"<\w+:(\w+)>", r"{\1}", operation.path)


def test_its_version_is_that_of_the_package() -> None:
    project = tomllib.loads(Path(__file__, "../../../pyproject.toml").resolve().read_text("utf-8"))
    assert DESCRIBED["info"]["version"] == project["project"]["version"]


def test_it_is_valid_openapi() -> None:
    assert DESCRIBED["openapi"].startswith("3.1.")
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(DESCRIBED)] == []


def described(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DESCRIBED["paths"][PREFIX + path][method]
    return found


def body_of(method: str, path: str) -> dict[str, Any]:
    return resolve(described(method, path)["requestBody"]["content"]["application/json"]["schema"])


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=[f"{each.method} {each.path}" for each in OPERATIONS]
)
def test_every_parameter_has_a_description(operation: ApiOperation) -> None:
    entry = DESCRIBED["paths"][path_of(operation)][operation.method.lower()]
    parameters = entry.get("parameters", [])
    assert all(each["description"] and each["schema"] for each in parameters)
    assert ("requestBody" in entry) is (operation.method in ("POST", "PATCH", "PUT"))


def test_a_query_is_described_with_its_bounds_and_defaults() -> None:
    parameters = {each["name"]: each for each in described("get", "messages")["parameters"]}
    assert list(parameters) == [
        "to", "user_id", "batch_id", "status", "text", "name", "search", "since", "until",
        "changed_after", "after", "before", "newest_first", "limit", "count", "wait_seconds",
        "If-None-Match",
    ]  # fmt: skip
    limit = {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
    assert parameters["limit"]["schema"] == limit
    assert parameters["newest_first"]["schema"] == {"type": "boolean", "default": False}
    wait = {"type": "number", "minimum": 0, "maximum": 30, "default": 0}
    assert parameters["wait_seconds"]["schema"] == wait
    status = resolve(parameters["status"]["schema"])
    assert status["enum"] == [
        -10, -8, -6, -5, -4, -3, -2, -1, 0, 100, 101, 102, 103, 104, 105, 106, 107, 300, 301,
        303, 500, 700, 888, 999,
    ]  # fmt: skip
    assert status["x-enum-varnames"][12] == "NO_SUCH_NUMBER"
    assert parameters["If-None-Match"]["in"] == "header"
    assert parameters["to"]["description"].startswith("A phone number")
    (address, *_) = described("get", "emails")["parameters"]
    assert (address["name"], address["description"]) == ("to", "The e-mail address.")


def test_a_path_is_described() -> None:
    (user_id,) = described("delete", "accounts/{user_id}")["parameters"]
    assert (user_id["name"], user_id["in"], user_id["required"]) == ("user_id", "path", True)
    assert user_id["schema"] == {"type": "string", "minLength": 1}
    (message_id, _) = described("get", "messages/{message_id}")["parameters"]
    whole = {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999}
    assert message_id["schema"] == whole


def test_a_body_is_described_with_its_bounds_and_what_it_must_have() -> None:
    account = body_of("post", "accounts")
    assert account["required"] == ["user_id", "password"]
    assert account["additionalProperties"] is False
    credit = {"type": "number", "minimum": 0, "maximum": 10**12, "multipleOf": 0.01}
    assert account["properties"]["credit"].items() >= credit.items()
    assert account["properties"]["report_url"]["type"] == ["string", "null"]
    failure = body_of("post", "failures")["properties"]
    assert resolve(failure["kind"])["enum"] == [*get_args(FailureKind)]
    assert {name: each.get("x-kind") for name, each in failure.items()} == {
        name: SETTING_OF.get(name) for name in FAILURE.keys
    }
    assert failure["times"].items() >= {"type": ["integer", "null"], "minimum": 1}.items()
    assert failure["probability"].items() >= {"exclusiveMinimum": 0, "maximum": 1}.items()
    status = resolve(body_of("post", "outcomes")["properties"]["status"])
    assert status["enum"] == [
        -8, -6, -5, -4, -3, -2, -1, 0, 100, 101, 102, 103, 104, 105, 106, 107, 301, 500,
    ]  # fmt: skip
    assert status["x-enum-varnames"][11] == "NO_SUCH_NUMBER"
    for path, needed in [("accounts", True), ("clock", True), ("failures", True), ("reset", False)]:
        assert described("post", path)["requestBody"]["required"] is needed


def test_choices_have_names_in_generated_code() -> None:
    """Not `VALUE_12`, which a generator makes up for `*`."""
    schemas = DESCRIBED["components"]["schemas"]
    assert schemas["FailureOperation"]["enum"][-2:] == ["getFreePhoneCallinLog", "*"]
    names = schemas["FailureOperation"]["x-enum-varnames"]
    assert names[-2:] == ["GET_FREE_PHONE_CALLIN_LOG", "ANY"]
    assert schemas["Edition"]["x-enum-varnames"] == ["OF_2016", "OF_2021", "OF_2025"]
    for name, schema in schemas.items():
        told = schema.get("enum", ())
        assert len({*schema.get("x-enum-varnames", told)}) == len(told), name


def schemas_of_bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for operation in OPERATIONS:
        if operation.method in ("POST", "PATCH"):
            yield (
                f"{operation.method} {operation.path}",
                body_of(operation.method.lower(), path_of(operation).removeprefix(PREFIX)),
            )


@pytest.mark.parametrize(("where", "body"), [*schemas_of_bodies()], ids=lambda each: str(each)[:40])
def test_a_key_is_described_with_what_it_is_for(where: str, body: dict[str, Any]) -> None:
    untold = [name for name, told in body["properties"].items() if "description" not in told]
    assert untold == [], f"openapi.json does not say what these of {where} are for"
    # The page offers a setting that only one kind of failure has at the value of its example.
    lacking = [name for name, told in body["properties"].items() if "x-kind" in told]
    assert [name for name in lacking if not body["properties"][name].get("examples")] == []


IN_PYTHON = {
    "account": "GET accounts",
    "account_of": "GET accounts/<text:user_id>",
    "accounts": "GET accounts",
    "add_account": "POST accounts",
    "update_account": "PATCH accounts/<text:user_id>",
    "remove_account": "DELETE accounts/<text:user_id>",
    "messages": "GET messages",
    "messages_to": "GET messages",
    "sent": "GET messages",
    "send": "POST messages",
    "wait_for_message": "GET messages",
    "wait_for_messages": "GET messages",
    "assert_sent": "GET messages",
    "assert_nothing_sent": "GET messages",
    "batches": "GET batches",
    "clear_messages": "DELETE messages",
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
    "add_failure": "POST failures",
    "outage": "POST failures",
    "failures": "GET failures",
    "remove_failure": "DELETE failures/<int:failure_id>",
    "clear_failures": "DELETE failures",
    "summary": "GET summary",
    "reset": "POST reset",
    "reset_account": "POST reset",
    "snapshot": "GET snapshot",
    "restore": "PUT snapshot",
}
"""The methods of `FakeEvery8d`, and the same operation over HTTP."""

ANOTHER_WAY = {
    "GET openapi.json",
    "GET state",  # of what the others show, as much as the page needs
    "GET clock",
    "GET phones",  # messages as a page shows them
    "GET statuses",  # what `Status` has
    "GET messages/latest",
    "GET messages/<int:message_id>",
    "POST messages/<int:message_id>/replies",
    "GET reports/latest",
    "GET requests/latest",
    "GET requests/<int:request_id>",
    "GET failures/<int:failure_id>",  # which tells what a failure in Python does by itself
}
"""Operations over HTTP that do the same as one of those, or nothing for a test."""

SERVING = {
    "connect",
    "start",
    "stop",
    "url",
    "plain_url",
    "soap_url",
    "http_url",
    "wsdl_url",
    "ca_file",
    "reports_to",  # of an application in the same process (R9)
}


def test_python_and_http_can_do_the_same() -> None:
    names = {name.removesuffix("_async") for name in dir(FakeEvery8d) if name[0] != "_"}
    assert set(IN_PYTHON) | SERVING == names
    assert {*IN_PYTHON.values(), *ANOTHER_WAY} == {
        f"{each.method} {each.path}" for each in OPERATIONS
    }


@pytest.mark.parametrize(
    ("settings", "path", "method"),
    [
        (AccountChanges, "accounts/<text:user_id>", "PATCH"),
        (AccountSettings, "accounts", "POST"),
        (FailureSettings, "failures", "POST"),
    ],
)
def test_settings_have_the_same_names_in_python_and_json(
    settings: type, path: str, method: str
) -> None:
    (operation,) = [each for each in OPERATIONS if (each.method, each.path) == (method, path)]
    assert set(operation.body.keys) - set(operation.body.required) == set(settings.__annotations__)


@pytest.fixture
def base_url() -> Iterator[str]:
    """A fake with a message, a booking, a failure on demand and a request in its journal."""
    gateway = Gateway(
        Settings(accounts=(Account("demo", "demo", report_url="http://app.test/"),)),
        report=lambda report: 200,
    )
    application = Application(gateway)
    server = Server(application)
    key = gateway.platform.open_session("demo", "demo")
    gateway.platform.send_sms(key, "", "驗證碼 1234", "0912345678", "")
    gateway.platform.send_sms(key, "", "later", "0912345678", "20991231235959")
    application.world.failures.add("getCredit", "garbage")
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
def test_every_response_is_one_that_is_described(case: schemathesis.Case, base_url: str) -> None:
    wait = str((case.query or {}).get("wait_seconds"))
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", wait) and float(wait) <= 30:
        case.query["wait_seconds"] = "0.001"  # right, as it was, and sooner over
    body = case.body if isinstance(case.body, dict) else {}
    # That `to` is for operations that send, only the words say: with this condition beside the
    # others the schema is more than schemathesis can make values for.
    told = body.get("to") is not None and body.get("operation") not in (ANY, *SENDS)
    case.call_and_validate(
        base_url=base_url,
        excluded_checks=[positive_data_acceptance] if told else None,
        timeout=DEADLINE,  # by itself 10 seconds
    )
