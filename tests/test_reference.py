"""The tables in docs/ list what the code has: a setting or an operation left out fails here."""

import re
from dataclasses import fields
from typing import Any, get_args

import click
import pytest

from fake_every8d import Account, FailureKind, FakeEvery8d, Settings, Status, cli
from fake_every8d.gateway import pricing
from fake_every8d.http_api.operations import OPERATIONS as HTTP_OPERATIONS
from fake_every8d.soap import SoapEndpoint
from fake_every8d.web.api.description import described
from fake_every8d.web.api.operations import OPERATIONS
from tests.pages import ROOT, examples

METHODS = ("get", "post", "put", "patch", "delete")
API = described(OPERATIONS)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def cells(text: str) -> list[list[str]]:
    """The rows of a page's tables."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("| ")
    ]


def code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def option_row(option: click.Parameter) -> str:
    assert isinstance(option, click.Option)
    told, _, default = (option.help or "").removesuffix("]").partition("  [default: ")
    if option.is_flag:
        default = "off"
    elif isinstance(option.default, str | int | float):
        default = (
            f"`{option.default:g}`" if isinstance(option.default, float) else f"`{option.default}`"
        )
    return f"| {code(option.opts + option.secondary_opts)} | {default or 'none'} | {told} |"


@pytest.mark.parametrize("option", cli.serve.params, ids=lambda option: option.name)
def test_a_setting_is_listed(option: click.Parameter) -> None:
    row = option_row(option)
    assert row in page("settings.md").splitlines(), row


def test_no_other_setting_is_listed() -> None:
    assert len(re.findall(r"^\| `--", page("settings.md"), re.MULTILINE)) == len(cli.serve.params)


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_a_field_of_settings_is_shown(field: str) -> None:
    (script,) = [
        each.code for each in examples(ROOT / "docs/settings.md") if "Settings(" in each.code
    ]
    assert re.search(rf"^    {field}=", script, re.MULTILINE)


def test_what_an_account_has_is_listed() -> None:
    keys = [row[0].strip("`") for row in cells(page("settings.md").partition("## Accounts")[2])]
    assert keys[2:] == [field.name for field in fields(Account) if field.name != "failed_logins"]


def operation_row(path: str, method: str, operation: dict[str, Any]) -> str:
    names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    if "requestBody" in operation:
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        names += API["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
    return f"| `{method.upper()} {path}` | {operation['summary']} | {code(names)} |".replace(
        "|  |", "| |"
    )


API_ROWS = {
    f"{method.upper()} {path}": operation_row(path, method, operations[method])
    for path, operations in API["paths"].items()
    for method in METHODS
    if method in operations
}


@pytest.mark.parametrize("operation", API_ROWS)
def test_an_operation_of_the_json_api_is_listed(operation: str) -> None:
    row = API_ROWS[operation]
    assert row in page("json-api.md").splitlines(), row


def test_no_other_operation_is_listed() -> None:
    assert len(re.findall(r"^\| `[A-Z]+ /", page("json-api.md"), re.MULTILINE)) == len(API_ROWS)


def called(line: str) -> str:
    """The operation that a curl calls; the first that its path fits, constants first."""
    method = re.search(r" -X ([A-Z]+)", line)
    verb = method[1] if method else "POST" if " -d " in line else "GET"
    path = re.search(r"\$FAKE(/[^\"?]*)", line)
    assert path, line
    for operation in sorted(API_ROWS, key=lambda operation: operation.count("{")):
        if re.fullmatch(
            re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation)), f"{verb} /fake{path[1]}"
        ):
            return operation
    pytest.fail(f"there is no such operation: {line}")


def test_each_operation_of_the_json_api_has_a_curl() -> None:
    """test_docs.py runs them."""
    lines = [
        line
        for example in examples(ROOT / "docs/json-api.md")
        for line in re.findall(r"\bcurl .*?(?= \| curl|$)", example.code, re.MULTILINE)
    ]
    assert {called(line) for line in lines} == {*API_ROWS}


def test_operations_of_the_soap_api_are_listed() -> None:
    listed = re.findall(
        r"^\| `(\w+)` [一-鿿]", page("reference.md").partition("## HTTP API")[0], re.MULTILINE
    )
    assert {*listed} == {*SoapEndpoint(FakeEvery8d().gateway.platform).operations}


@pytest.mark.parametrize("name", HTTP_OPERATIONS)
def test_an_operation_of_the_http_api_is_listed(name: str) -> None:
    row = f"| `{name}` "
    parameters = f" | {code([*HTTP_OPERATIONS[name].parameters]) or 'none'} | "
    lines = [line for line in page("reference.md").splitlines() if line.startswith(row)]
    if name == "SendParam":
        assert "`SendParam` is another name of `SendParamSMS`." in page("reference.md")
    else:
        assert any(parameters in line for line in lines), (row, parameters)


def test_statuses_are_listed() -> None:
    table = page("reference.md").partition("## Statuses")[2]
    listed = set()
    for first, *_ in cells(table)[2:]:
        for each in first.split(", "):
            low, _, high = each.partition("–")
            listed |= {*range(int(low), int(high or low) + 1)}
    assert listed == {*map(int, Status)}


def test_p1_points_are_those_in_the_table() -> None:
    lengths, _, prices = cells(page("reference.md").partition("## Points")[2])[:3]
    for longest, price in zip(lengths[1:-1], prices[1:-1], strict=True):
        units = int(longest.removeprefix("up to "))
        assert pricing.points(units) == int(price)
        assert pricing.points(units + 1) == int(price) + 1


def test_kinds_of_failures_are_listed() -> None:
    listed = re.findall(r"^\| `(\w+)` \| ", page("failures.md"), re.MULTILINE)
    assert listed == [*get_args(FailureKind)]


def test_what_fakeevery8d_has_is_listed() -> None:
    listed = re.findall(r"`(\w+)`", page("python.md").partition("## FakeEvery8d")[2])
    known = {name for name in dir(FakeEvery8d) if not name.startswith("_")}
    assert known <= {*listed}


def test_extras_that_errors_name_are_listed() -> None:
    source = "".join(file.read_text("utf-8") for file in (ROOT / "fake_every8d").rglob("*.py"))
    named = {*re.findall(r"pip install 'fake-every8d\[(\w+)\]'", source)}
    listed = {*re.findall(r"^\| `(\w+)` ", page("installing.md"), re.MULTILINE)}
    assert named == listed == {"testcontainers", "tls"}
