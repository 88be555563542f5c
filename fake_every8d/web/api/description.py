"""The API's description, OpenAPI 3.1: requests from the forms, responses by hand.

`openapi.json` has the prose for each operation, parameter and key, the relations between keys, and
the responses. The names, types, bounds and required keys of requests are those that the forms
check.
"""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fake_every8d.control.failures import SETTING_OF
from fake_every8d.control.forms import COUNT, TEXT, Form, Schema

if TYPE_CHECKING:
    from fake_every8d.web.api.operations import ApiOperation

_IN_PATH: dict[str, Schema] = {"int": COUNT.schema, "text": TEXT.schema | {"minLength": 1}}
"""The schemas of path parameters, by werkzeug's converter."""


def described(operations: Iterable["ApiOperation"]) -> dict[str, Any]:
    """The description of all operations."""
    document: dict[str, Any] = json.loads((files(__package__) / "openapi.json").read_bytes())
    document["info"]["version"] = version("fake-every8d")
    schemas = document["components"]["schemas"]
    prose = document["components"].pop("parameters").values()
    for operation in operations:
        entry = document["paths"][operation.url][operation.method.lower()]
        told = {(each["in"], each["name"]): each for each in (*prose, *entry.pop("parameters", ()))}
        parameters = [told[place, name] | rest for place, name, rest in _parameters(operation)]
        if parameters:
            entry["parameters"] = parameters
        if "requestBody" in entry and operation.method != "PUT":  # a snapshot, not a form
            reference = entry["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            name = reference.rpartition("/")[2]
            schemas[name] = schema = _body(operation.body, schemas[name])
            needed = operation.body.required or schema.get("minProperties")
            entry["requestBody"]["required"] = bool(needed)
    for name, kind in SETTING_OF.items():
        schemas["NewFailure"]["properties"][name]["x-kind"] = kind
    return document


def _parameters(operation: "ApiOperation") -> Iterator[tuple[str, str, Schema]]:
    """The location and name of each parameter, and the forms' part of its description."""
    for kind, name in re.findall(r"<(\w+):(\w+)>", operation.path):
        yield "path", name, {"required": True, "schema": _IN_PATH[kind]}
    for name, value in operation.query.keys.items():
        yield "query", name, {"schema": value.schema}
    if operation.cached:
        yield "header", "If-None-Match", {"schema": TEXT.schema}


def _body(form: Form, prose: Schema) -> Schema:
    """The schema of a body: the form's, with the prose added."""
    told = prose.get("properties", {})
    unknown = told.keys() - form.keys.keys()
    assert not unknown, f"openapi.json tells of {unknown}, which nobody reads"
    schema = prose | {
        "type": "object",
        "properties": {
            name: value.schema | told.get(name, {}) for name, value in form.keys.items()
        },
        "additionalProperties": False,
    }
    return schema | {"required": [*form.required]} if form.required else schema
