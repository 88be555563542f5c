"""A world as a JSON document: to be kept in a file, and put back, in another process too."""

import dataclasses
import enum
import math
import types
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.metadata import version
from typing import Any, Literal, get_args, get_origin, get_type_hints

from fake_every8d.control.failures import FailuresState
from fake_every8d.gateway import TAIPEI, Conflict, InvalidInput
from fake_every8d.gateway.state import GatewayState

Document = dict[str, Any]

_MOST = 10**15 - 1  # as exactly as a JSON number tells it in any language


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All but the journal."""

    gateway: GatewayState
    failures: FailuresState


def document(snapshot: Snapshot) -> Document:
    """A snapshot, to be written as JSON."""
    return {"version": version("fake-every8d"), **_plain(snapshot)}


def read(given: Document) -> Snapshot:
    """The snapshot in a document.

    Raises `Conflict` if it is another version's, and `InvalidInput`, which says what is wrong
    and where, if it is no snapshot.
    """
    if not isinstance(given, dict) or "version" not in given:
        raise InvalidInput("a snapshot has a version: give what GET /fake/snapshot returned")
    ours = version("fake-every8d")
    if given["version"] != ours:
        raise Conflict(
            f"the snapshot is of version {given['version']}, and this is {ours}: make it anew"
        )
    snapshot = _read(Snapshot, {key: given[key] for key in given if key != "version"}, "")
    assert isinstance(snapshot, Snapshot)
    return snapshot


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(kind: Any, value: Any, where: str) -> Any:
    """A value of that type, from JSON. Raises `InvalidInput`, which begins with `where`."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        (kind,) = [each for each in get_args(kind) if each is not types.NoneType]
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _wrong(where, "a list", value)
        return tuple(
            [_read(get_args(kind)[0], each, f"{where}[{at}]") for at, each in enumerate(value)]
        )
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, where)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise _wrong(where, f"one of {', '.join(get_args(kind))}", value)
        return value
    try:
        return _SCALARS.get(kind, lambda given: _member(kind, given))(value)
    except (ValueError, TypeError, ArithmeticError):
        right = _RIGHT.get(kind) or f"one of {', '.join(str(each.value) for each in kind)}"
        raise _wrong(where, right, value) from None


def _dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    hints = _fields(kind)
    dot = "." if where else ""
    for name in hints:
        if name not in value:
            raise InvalidInput(f"{where}{dot}{name} is missing in the snapshot")
    for name in value:
        if name not in hints:
            raise InvalidInput(f"{where}{dot}{name} is unknown in a snapshot")
    given = {name: _read(hint, value[name], where + dot + name) for name, hint in hints.items()}
    try:
        return kind(**given)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}" if where else str(error)) from None


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """The types of a dataclass' fields."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _wrong(where: str, right: str, value: Any) -> InvalidInput:
    if isinstance(value, str):
        shown = repr(value)
    else:
        shown = str(value) if isinstance(value, int | float | Decimal) else type(value).__name__
    return InvalidInput(f"{where or 'a snapshot'} must be {right}, not {shown[:100]}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) > _MOST:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError
    if not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _decimal(value: Any) -> Decimal:
    number = Decimal(_text(value))
    if not number.is_finite():
        raise InvalidOperation
    return number


def _moment(value: Any) -> datetime:
    return datetime.fromisoformat(_text(value)).astimezone(TAIPEI)


def _member(kind: type[enum.Enum], value: Any) -> enum.Enum:
    if isinstance(value, bool):
        raise TypeError
    return kind(value)


_SCALARS: dict[Any, Any] = {
    str: _text,
    bool: _flag,
    int: _whole,
    float: _number,
    Decimal: _decimal,
    datetime: _moment,
}
_RIGHT = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: 'points in quotes, such as "12.5"',
    datetime: "a time such as 2026-11-23T22:05:00+08:00",
}
