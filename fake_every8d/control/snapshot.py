"""A world as a JSON document: to be kept in a file, and put back, in another process too.

Its digest says that it is just as it was taken, and so nothing else about it is checked.
"""

import dataclasses
import enum
import hashlib
import json
import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any, get_args, get_origin, get_type_hints

from fake_every8d.control.failures import FailuresState
from fake_every8d.gateway import TAIPEI, Conflict, InvalidInput
from fake_every8d.gateway.state import GatewayState

Document = dict[str, Any]

_PIECE = 100  # records: a millisecond's work
_WHAT = "give what GET /fake/snapshot returned, as it is"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All but the journal."""

    gateway: GatewayState
    failures: FailuresState


def document(snapshot: Snapshot) -> Document:
    """A snapshot, to be written as JSON."""
    content = {"version": version("fake-every8d"), **_plain(snapshot)}
    return {"digest": _digest(content), **content}


def read(given: Document) -> Snapshot:
    """The snapshot in a document, which may have been formatted anew.

    Raises `Conflict` if it is another version's, and `InvalidInput` if it is no snapshot, or
    was changed.
    """
    if not isinstance(given, dict) or not {"version", "digest"} <= given.keys():
        raise InvalidInput(f"a snapshot has a version and a digest: {_WHAT}")
    ours = version("fake-every8d")
    if given["version"] != ours:
        raise Conflict(
            f"the snapshot is of version {str(given['version'])[:40]}, and this is {ours}: "
            "make it anew"
        )
    content = {key: value for key, value in given.items() if key != "digest"}
    if given["digest"] != _digest(content):
        raise InvalidInput(f"the snapshot was changed after it was taken: {_WHAT}")
    snapshot = _read(Snapshot, content)
    assert isinstance(snapshot, Snapshot)
    return snapshot


def written(value: Any, depth: int = 5) -> Iterator[str]:
    """A document as JSON: in ASCII, because a text may have half of a surrogate pair in it.

    It comes in pieces, since one call of C for all of it would hold up everybody else.
    """
    if not isinstance(value, dict | list) or not depth:
        yield _dumps(value)
        return
    is_object = isinstance(value, dict)
    yield "{" if is_object else "["
    comma = ""
    if is_object:
        for key in sorted(value):
            yield f"{comma}{_dumps(key)}:"
            yield from written(value[key], depth - 1)
            comma = ","
    elif depth > 1:
        for item in value:
            yield comma
            yield from written(item, depth - 1)
            comma = ","
    else:
        for at in range(0, len(value), _PIECE):
            yield comma + _dumps(value[at : at + _PIECE])[1:-1]
            comma = ","
    yield "}" if is_object else "]"


def _dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_number)


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):  # as which JSON is read here, if it is not whole
        raise TypeError
    return int(value) if value == value.to_integral_value() else float(value)


def _digest(content: Document) -> str | None:
    """Of the values alone, however they are formatted. None if they are not of JSON."""
    digest = hashlib.sha256()
    try:
        for piece in written(content):
            digest.update(piece.encode())
    except (TypeError, ValueError, ArithmeticError, RecursionError):
        return None
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)  # as other languages write 60.0
    return str(value) if isinstance(value, Decimal) else value


def _read(kind: Any, value: Any) -> Any:
    """A value of that type, from JSON."""
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        (kind,) = [each for each in get_args(kind) if each is not types.NoneType]
    if get_origin(kind) is tuple:
        return tuple([_read(get_args(kind)[0], each) for each in value])
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return kind(**{name: _read(hint, value[name]) for name, hint in _fields(kind).items()})
    if kind is datetime:
        return datetime.fromisoformat(value).astimezone(TAIPEI)
    if kind in (int, float, Decimal) or (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        return kind(value)
    return value


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """The types of a dataclass' fields."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
