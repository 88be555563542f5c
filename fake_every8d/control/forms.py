"""Validating users' input (JSON, TOML, Python); errors say what is valid.

Errors write values as JSON does (`null`, `true`), so that a mistake reads the same everywhere, and
as in the JSON API's documentation. A form also describes its input as a `Schema`, for OpenAPI.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, get_args

from fake_every8d.gateway import Edition, InvalidInput, ReportState, Status
from fake_every8d.gateway.accounts import (
    MOST_ATTEMPTS,
    MOST_POINTS,
    ReportCharset,
    ReportMethod,
)
from fake_every8d.gateway.clock import LONGEST_WAIT
from fake_every8d.gateway.errors import closest
from fake_every8d.gateway.messages import NOT_XML

Schema = dict[str, Any]
"""A JSON schema, for OpenAPI 3.1."""

_LARGEST_WHOLE = 10**15 - 1
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?", re.ASCII)
_LONGEST_QUOTED = 100  # characters of a value in an error
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Value(NamedTuple):
    """A kind of value: valid input in words and as a schema, and the function that reads it."""

    right: str
    schema: Schema
    """The schema; its `default` is the value of a missing key."""
    read: Callable[[Any], Any]
    """Read the input. Raises `ValueError`, `TypeError` or `ArithmeticError` if it is invalid."""


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def _text(value: Any) -> str:
    _require(isinstance(value, str) and not _LONE_SURROGATE.search(value))
    return str(value)


def _texts(value: Any) -> list[str]:
    _require(isinstance(value, list))
    return [_text(each) for each in value]


def _flag(value: Any) -> bool:
    _require(isinstance(value, bool))
    return bool(value)


def _xml_text(value: Any) -> str:
    _require(isinstance(value, str) and not NOT_XML.search(value))
    return str(value)


def _number(value: Any) -> Decimal:
    _require(isinstance(value, int | float | Decimal) and not isinstance(value, bool))
    # Via str, so that the float 0.1 is a tenth.
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


def _whole(value: Any) -> int:
    number = _number(value)
    _require(abs(number) <= _LARGEST_WHOLE and number == int(number))
    return int(number)


def _points(value: Any) -> Decimal:
    points = _number(value)
    _require(0 <= points <= MOST_POINTS and points == round(points, 2))
    return abs(points)  # for -0.0


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):  # in TOML
        return value
    return datetime.fromisoformat(_text(value))


def _only_true(value: Any) -> bool:
    _require(value is True)
    return True


def or_null(value: Value) -> Value:
    """The same kind of value, or null."""
    return Value(
        f"{value.right}, or null",
        value.schema | {"type": [value.schema["type"], "null"]},
        lambda given: None if given is None else value.read(given),
    )


def by_default(value: Value, default: Any) -> Value:
    """The same kind of value, with a default."""
    return value._replace(schema=value.schema | {"default": default})


def one_of(*words: str) -> Value:
    """One of some words."""

    def read(value: Any) -> str:
        _require(value in words)
        return str(value)

    return Value(f"one of {', '.join(words)}", {"type": "string", "enum": [*words]}, read)


def whole(least: int, most: int | None = None) -> Value:
    """A whole number within bounds."""
    limit = _LARGEST_WHOLE if most is None else most

    def read(value: Any) -> int:
        number = _whole(value)
        _require(least <= number <= limit)
        return number

    upper = " or more" if most is None else f" to {most}"
    schema = {"type": "integer", "minimum": least, "maximum": limit}
    return Value(f"a whole number, {least}{upper}", schema, read)


def seconds(most: float) -> Value:
    """A duration."""

    def read(value: Any) -> float:
        duration = float(_number(value))
        _require(0 <= duration <= most)
        return duration

    schema = {"type": "number", "minimum": 0, "maximum": most}
    return Value(f"0 to {most:.0f} seconds", schema, read)


def _probability(value: Any) -> float:
    probability = float(_number(value))
    _require(0 < probability <= 1)
    return probability


def _one_status(title: str, right: str, allowed: Iterable[Status]) -> Value:
    statuses = frozenset(allowed)

    def read(value: Any) -> Status:
        status = Status.parse(value if isinstance(value, str) else _whole(value))
        _require(status in statuses)
        return status

    names = [status.name for status in Status if status in statuses]
    numbers = [Status[name].value for name in names]
    # The schema says nothing more: Java generated from one of two alternatives could not use it.
    schema = {"title": title, "type": "integer", "enum": numbers, "x-enum-varnames": names}
    return Value(f"{right}, or its name", schema, read)


TEXT = Value("text", {"type": "string"}, _text)
XML_TEXT = Value(
    "text that XML can carry",
    {
        "type": "string",
        "pattern": "^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\uFFFE\\uFFFF]*$",
    },
    _xml_text,
)
FLAG = Value("true or false", {"type": "boolean"}, _flag)
TRUE = Value("true", {"type": "boolean", "enum": [True]}, _only_true)
COUNT = whole(0)
NUMBER = Value("a number", {"type": "number"}, _number)
WHOLE_NUMBER = Value("a whole number", {"type": "integer"}, _whole)
TEXTS = Value(
    'a list of texts, such as ["sms.test"]',
    {"type": "array", "items": TEXT.schema},
    _texts,
)
POINTS = Value(
    f"points, 0 to {MOST_POINTS} with two decimals at most, such as 1000 or 12.5",
    {"type": "number", "minimum": 0, "maximum": MOST_POINTS, "multipleOf": 0.01},
    _points,
)
SECONDS = seconds(LONGEST_WAIT)
PROBABILITY = Value(
    "a number above 0, 1 at most",
    {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    _probability,
)
MOMENT = Value(
    "a time such as 2026-11-23T22:05:00+08:00", {"type": "string", "format": "date-time"}, _moment
)
START = MOMENT._replace(
    # From 1971 to 9998: a time zone may move the first and the last year's days out of range.
    schema=MOMENT.schema | {"pattern": r"^(197[1-9]|19[89]\d|[2-9](?!9{3})\d{3})-"}
)
EDITION = one_of(*Edition)._replace(right='"2016", "2021" or "2025"')
_OUTCOMES = tuple(status for status in Status if status.outcome)
ENDING = _one_status("OutcomeStatus", "0, 100 to 107, -1 to -8, 301 or 500", _OUTCOMES)
DECISION = _one_status(
    "DecidedStatus",
    "100 to 107, -1 to -8, 301 or 500, or 303 for a booking",
    {*_OUTCOMES, Status.CANCELLED} - {Status.SENT},
)
STATE = one_of(*(state.value for state in ReportState))._replace(read=ReportState)


def in_query(value: Value) -> Value:
    """The same kind of value in a URL, where numbers and flags are text."""

    def read(given: str) -> Any:
        if value.schema.get("type") == "boolean":
            return {"true": True, "false": False}[given]
        _require(_NUMBER.fullmatch(given) is not None)
        return value.read(Decimal(given))

    return value._replace(read=read)


def _phone(given: str) -> str:
    # A plus sign in a URL means a space, but people type +886912345678 there.
    return re.sub("^ (?=[1-9])", "+", given)


MOMENT_IN_QUERY = MOMENT._replace(
    read=lambda given: _moment(re.sub(r" (?=\d\d:?\d\d$)", "+", given))
)
PHONE_IN_QUERY = Value("a phone number", {"type": "string"}, _phone)
STATUS_IN_QUERY = _one_status(
    "Status", f"one of {', '.join(str(int(status)) for status in Status)}", Status
)


def unknown(key: str, known: Collection[str]) -> str:
    """The error for an unknown key, with the key that was probably meant."""
    meant = closest(key, known)
    hint = f"did you mean {meant}?" if meant else f"known: {', '.join(known) or 'none'}"
    return f"{_quoted(key)} is unknown here; {hint}"


@dataclass(frozen=True, slots=True)
class Form:
    """The keys of a body, a query, a table in TOML, or a call in Python."""

    keys: Mapping[str, Value] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values by key. Raises `InvalidInput`."""
        for key in given:
            if key not in self.keys:
                raise InvalidInput(
                    unknown(key, self.keys), field=key[:_LONGEST_QUOTED], reason="unknown"
                )
        for key in self.required:
            if key not in given:
                raise InvalidInput(
                    f"{key} is missing; it must be {self.keys[key].right}",
                    field=key,
                    reason="missing",
                )
        defaults = {
            key: kind.schema["default"]
            for key, kind in self.keys.items()
            if "default" in kind.schema
        }
        return defaults | {key: self._read(key, value) for key, value in given.items()}

    def _read(self, key: str, value: Any) -> Any:
        kind = self.keys[key]
        try:
            return kind.read(value)
        except (ValueError, TypeError, ArithmeticError, KeyError):
            meant = _meant(value, kind.schema.get("x-enum-varnames") or kind.schema.get("enum", ()))
            raise InvalidInput(
                f"{key} must be {kind.right}, not {_quoted(value)}{meant}", field=key
            ) from None


def _meant(value: object, words: Iterable[object]) -> str:
    """A question for whoever misspelt one of some words; empty if none is close."""
    known = [word for word in words if isinstance(word, str)]
    meant = closest(value, known) if isinstance(value, str) else None
    return f"; did you mean {meant}?" if meant else ""


OUTCOME = Form(
    {"to": TEXT, "status": ENDING, "after_seconds": or_null(SECONDS)}, required=("to", "status")
)
ACCOUNT = Form(
    {
        "user_id": TEXT,
        "password": TEXT,
        "credit": POINTS,
        "international": FLAG,
        "interactive": FLAG,
        "test_mode": FLAG,
        "report_url": or_null(
            TEXT._replace(right="a URL such as http://127.0.0.1:3000/sms/report")
        ),
        "report_method": one_of(*get_args(ReportMethod)),
        "report_charset": one_of(*get_args(ReportCharset)),
        "report_attempts": whole(1, MOST_ATTEMPTS),
    },
    required=("user_id", "password"),
)


def parse_object(body: bytes) -> dict[str, Any]:
    """The body's JSON object. Raises `InvalidInput`.

    Numbers that are not whole become a `Decimal`.
    """
    try:
        value = json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise _invalid_body(f"is not UTF-8, at byte {error.start}") from None
    except (ValueError, ArithmeticError) as error:
        raise _invalid_body(f"is not JSON: {error}") from None
    except RecursionError:
        raise _invalid_body("is nested too deeply") from None
    if not isinstance(value, dict):
        raise _invalid_body(f"must be a JSON object, not {_quoted(value)}")
    return value


def _invalid_body(wrong: str) -> InvalidInput:
    return InvalidInput(f"the body {wrong}", reason="invalid")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _quoted(value: Any) -> str:
    """A value much as in the request, cut short if it is long."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        value = value[:_LONGEST_QUOTED]  # before escapes make it longer
    try:
        text = (
            str(value)
            if isinstance(value, Decimal)
            else json.dumps(value, ensure_ascii=False, default=str)
        )
    except ValueError:  # more digits than Python converts
        return "a number of thousands of digits"
    if not text.isprintable():
        text = json.dumps(json.loads(text))
    return text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…"
