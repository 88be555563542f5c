"""Tables and examples in docs/ that are written by hand list what the code has."""

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args

import pytest

from fake_every8d import (
    Account,
    AccountSettings,
    FakeEvery8d,
    Settings,
    Status,
    pytest_plugin,
)
from fake_every8d.control.forms import ACCOUNT
from fake_every8d.gateway import pricing
from fake_every8d.gateway.errors import Reason
from fake_every8d.http_api.operations import OPERATIONS as HTTP_OPERATIONS
from fake_every8d.soap import SoapEndpoint
from fake_every8d.web.api.operations import OPERATIONS
from tests.pages import ROOT, examples, in_code


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def cells(text: str) -> list[list[str]]:
    """The rows of a page's tables."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("| ")
    ]


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_a_field_of_settings_is_shown(field: str) -> None:
    (script,) = [
        each.code for each in examples(ROOT / "docs/settings.md") if "Settings(" in each.code
    ]
    assert re.search(rf"^    {field}=", script, re.MULTILINE)


def test_keys_of_an_account_are_listed_with_their_defaults() -> None:
    rows = cells(page("settings.md").partition("## Accounts")[2])[2:]
    words = {MISSING: "required", None: "none", False: "false"}
    assert {key.strip("`"): default.strip("`") for key, default, _ in rows} == {
        field.name: words.get(field.default, str(field.default))
        for field in fields(Account)
        if field.name != "failed_logins"
    }


@pytest.mark.parametrize("page", ["docs/settings.md", "fixtures/accounts.toml"])
def test_keys_of_an_account_are_shown_in_toml(page: str) -> None:
    shown = re.findall(r"^(?:# )?(\w+) ?[=:] ?", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert {*ACCOUNT.keys} <= {*shown}


def test_settings_of_reports_are_listed() -> None:
    rows = cells(page("callbacks.md"))
    listed = {row[0].strip("`") for row in rows if row[0].startswith("`report_")}
    assert listed | {"report_url"} == {name for name in ACCOUNT.keys if name.startswith("report_")}


def test_reasons_of_errors_are_listed() -> None:
    (line,) = [line for line in page("json-api.md").splitlines() if '"reason"' in line]
    listed = re.findall(r"`(\w+)`", line.partition("`reason` is one of")[2])
    assert listed == [*get_args(Reason)]


def test_the_marker_names_every_setting_of_an_account() -> None:
    (row,) = [line for line in page("python.md").splitlines() if "pytest.mark.every8d(" in line]
    assert {*AccountSettings.__annotations__, "password"} <= {*re.findall(r"`(\w+)`", row)}
    told = Path(pytest_plugin.__file__).read_text("utf-8")
    assert {*AccountSettings.__annotations__, "password"} <= {*re.findall(r"(\w+)=…", told)}


JSON_OPERATIONS = {f"{each.method} {each.url}" for each in OPERATIONS}


def called(line: str) -> str:
    """The operation that a curl calls; the first that its path fits, constants first."""
    method = re.search(r" -X ([A-Z]+)", line)
    verb = method[1] if method else "POST" if " -d " in line else "GET"
    path = re.search(r"\$FAKE(/[^\"?]*)", line)
    assert path, line
    for operation in sorted(JSON_OPERATIONS, key=lambda operation: operation.count("{")):
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
    assert {called(line) for line in lines} == JSON_OPERATIONS


def test_operations_of_the_soap_api_are_listed() -> None:
    listed = re.findall(
        r"^\| `(\w+)` [一-鿿]", page("reference.md").partition("## HTTP API")[0], re.MULTILINE
    )
    assert {*listed} == {*SoapEndpoint(FakeEvery8d().gateway.platform).operations}


@pytest.mark.parametrize("name", HTTP_OPERATIONS)
def test_an_operation_of_the_http_api_is_listed(name: str) -> None:
    row = f"| `{name}` "
    parameters = in_code(HTTP_OPERATIONS[name].parameters)
    lines = [line for line in page("reference.md").splitlines() if line.startswith(row)]
    if name == "SendParam":
        assert "`SendParam` is another name of `SendParamSMS`." in page("reference.md")
    else:
        assert any(f" | {parameters or 'none'} | " in line for line in lines), (row, parameters)


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


def test_attributes_of_fakeevery8d_are_listed() -> None:
    listed = re.findall(r"`(\w+)`", page("python.md").partition("## FakeEvery8d")[2])
    known = {name for name in dir(FakeEvery8d) if not name.startswith("_")}
    assert known <= {*listed}


def test_extras_that_errors_name_are_listed() -> None:
    source = "".join(file.read_text("utf-8") for file in (ROOT / "fake_every8d").rglob("*.py"))
    named = {*re.findall(r"pip install 'fake-every8d\[(\w+)\]'", source)}
    listed = {*re.findall(r"^\| `(\w+)` ", page("installing.md"), re.MULTILINE)}
    assert named == listed == {"testcontainers", "tls"}
