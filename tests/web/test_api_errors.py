"""For programs, an error has the name of the value that is wrong, and what is wrong with it.

Those of the JSON API are in test_api_refusals.py.
"""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

import fake_every8d
from fake_every8d import Account, InvalidInput
from fake_every8d.gateway.errors import Reason
from tests.web.test_openapi import DESCRIBED


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
