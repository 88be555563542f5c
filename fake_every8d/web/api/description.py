"""The API's description, OpenAPI 3.1: requests from the forms, responses from the shapes.

`openapi.json` has the prose for each operation, parameter and key, and the relations between
operations. Names, types, bounds and required keys are those that the forms check and the shapes
show.

Clients are generated from it: choices of words have names, and conditions between keys stand
under `dependentSchemas`, which generators leave alone.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from importlib.metadata import version
from importlib.resources import files
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from fake_every8d.calls import OperationName
from fake_every8d.control.failures import (
    ANY,
    SENDS,
    SETTING_OF,
    FailureEffect,
    FailureKind,
    FailureOperation,
    defaults,
    kinds,
)
from fake_every8d.control.forms import (
    COUNT,
    DECISION,
    ENDING,
    TEXT,
    Form,
    Schema,
)
from fake_every8d.gateway import Edition, ReportState, Status
from fake_every8d.gateway.accounts import ReportCharset, ReportMethod
from fake_every8d.gateway.errors import Reason
from fake_every8d.gateway.outbox import NoResponseReason
from fake_every8d.web.api.representation import SHAPES, Shape, StatusName

if TYPE_CHECKING:
    from fake_every8d.web.api.operations import ApiOperation

_IN_PATH: dict[str, Schema] = {"int": COUNT.schema, "text": TEXT.schema | {"minLength": 1}}
"""The schemas of path parameters, by werkzeug's converter."""

_CHOICES: Mapping[Any, str] = {
    Edition: "Edition",
    Status: "Status",
    StatusName: "StatusName",
    ReportState: "ReportState",
    ReportMethod: "ReportMethod",
    ReportCharset: "ReportCharset",
    NoResponseReason: "NoResponseReason",
    OperationName: "OperationName",
    FailureOperation: "FailureOperation",
    FailureKind: "FailureKind",
    FailureEffect: "FailureEffect",
    Reason: "Reason",
}
"""The names of choices of words or numbers."""

_NAMES = {shape.cls: name for name, shape in SHAPES.items()}

_TYPES: Mapping[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
    Decimal: {"type": "number"},
    Mapping[str, str]: {"type": "object", "additionalProperties": {"type": "string"}},
    Mapping[str, Any]: {"type": "object", "additionalProperties": True},
}

_TOLD_BY = {
    "Account": "NewAccount",
    "AccountChanges": "NewAccount",
    "Failure": "NewFailure",
    "SettingsChanges": "Settings",
    "Outcome": "NewOutcome",
}
"""The schemas that describe the properties that another leaves undescribed."""


def described(operations: Iterable["ApiOperation"]) -> dict[str, Any]:
    """The description of all operations."""
    document: dict[str, Any] = json.loads((files(__package__) / "openapi.json").read_bytes())
    document["info"]["version"] = version("fake-every8d")
    schemas = document["components"]["schemas"]
    told = {name: schema.get("properties", {}) for name, schema in schemas.items()}
    for name, kin in _TOLD_BY.items():
        of_kin = {key: {"description": each["description"]} for key, each in told[kin].items()}
        told[name] = (of_kin if name in SHAPES else told[kin]) | told[name]
    for kind, name in _CHOICES.items():
        schemas[name] = _choice(kind) | schemas[name]
    for name, shape in SHAPES.items():
        schemas[name] = schemas[name] | _shape(shape, told[name])
    for value in (ENDING, DECISION):
        schemas[value.schema["title"]] = value.schema
    prose = document["components"].pop("parameters").values()
    for operation in operations:
        entry = document["paths"][operation.url][operation.method.lower()]
        known = {
            (each["in"], each["name"]): each for each in (*prose, *entry.pop("parameters", ()))
        }
        parameters = [known[place, name] | rest for place, name, rest in _parameters(operation)]
        if parameters:
            entry["parameters"] = parameters
        if "requestBody" in entry and operation.method != "PUT":  # a snapshot, not a form
            reference = entry["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            name = reference.rpartition("/")[2]
            schemas[name] = schema = schemas[name] | _body(operation.body, told[name])
            needed = operation.body.required or schema.get("minProperties")
            entry["requestBody"]["required"] = bool(needed)
    schemas["FailureKind"]["description"] = "; ".join(
        [f"{kind}: {gets}" for kind, gets in kinds().items()]
    )
    new_failure = schemas["NewFailure"]
    new_failure["dependentSchemas"]["kind"]["anyOf"] = [*map(_of_kind, get_args(FailureKind))]
    new_failure["dependentSchemas"]["to"] = {
        "if": {"properties": {"to": {"type": "string"}}},
        "then": {"properties": {"operation": {"enum": [*SENDS, ANY]}}},
    }
    for name, kind in SETTING_OF.items():
        new_failure["properties"][name]["x-kind"] = kind
    return document


def _of_kind(kind: FailureKind) -> Schema:
    """The schema of a failure of a kind: the settings of other kinds are at their defaults."""
    others = {name: {"enum": defaults(name)} for name, of in SETTING_OF.items() if of != kind}
    return {"properties": {"kind": {"const": kind}, **others}}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _members(kind: Any) -> dict[str, Any]:
    """The values of a choice, by their names in generated code: `SEND_SMS` of `sendSMS`."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {each.name: each.value for each in kind}
    return {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W", "_", word.replace("*", "any")).upper(): word
        for word in get_args(kind)
    }


def _choice(kind: Any) -> Schema:
    """The schema of a choice of words or numbers."""
    members = _members(kind)
    return {
        "type": "integer" if kind is Status else "string",
        "enum": [*members.values()],
        "x-enum-varnames": [*members],
    }


def _named(schema: Schema) -> Schema:
    """The schema, by its name if it is a choice that has one."""
    if "title" in schema:
        return _reference(schema["title"])
    for kind, name in _CHOICES.items():
        if schema.get("enum") == [*_members(kind).values()]:
            rest = {key: value for key, value in schema.items() if key == "default"}
            return _reference(name) | rest
    return schema


def _type(kind: Any) -> Schema:
    """The schema of a type in Python."""
    if kind in _CHOICES:
        return _reference(_CHOICES[kind])
    if kind in _NAMES:
        return _reference(_NAMES[kind])
    if get_origin(kind) in (Union, UnionType):
        (other,) = (each for each in get_args(kind) if each is not NoneType)
        schema = _type(other)
        if "$ref" in schema:
            return {"oneOf": [schema, {"type": "null"}]}
        return schema | {"type": [schema["type"], "null"]}
    if get_origin(kind) in (list, tuple):
        return {"type": "array", "items": _type(get_args(kind)[0])}
    return _TYPES[kind]


def _shape(shape: Shape, told: Mapping[str, Schema]) -> Schema:
    """The schema of a shape, with the prose added."""
    properties: dict[str, Schema] = {}
    for name, kind in {**shape.types, **shape.in_full}.items():
        properties[name] = _type(kind) | told.get(name, {})
        if kind is Status:
            properties["status_name"] = {
                "type": "string",
                "description": "The status in English.",
                "examples": ["delivered"],
            }
            properties["status_term"] = {
                "type": "string",
                "description": "The platform's own word for it, as its document of the edition "
                "has it.",
                "examples": ["發送成功"],
            }
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in shape.in_full],
        "additionalProperties": False,
    }


def _parameters(operation: "ApiOperation") -> Iterator[tuple[str, str, Schema]]:
    """The location and name of each parameter, and the forms' part of its description."""
    for kind, name in re.findall(r"<(\w+):(\w+)>", operation.path):
        yield "path", name, {"required": True, "schema": _IN_PATH[kind]}
    for name, value in operation.query.keys.items():
        yield "query", name, {"schema": _named(value.schema)}
    if operation.cached:
        yield "header", "If-None-Match", {"schema": TEXT.schema}


def _body(form: Form, told: Mapping[str, Schema]) -> Schema:
    """The schema of a body: the form's, with the prose added."""
    schema: Schema = {
        "type": "object",
        "properties": {
            name: _named(value.schema) | told.get(name, {}) for name, value in form.keys.items()
        },
        "additionalProperties": False,
    }
    return schema | {"required": [*form.required]} if form.required else schema
