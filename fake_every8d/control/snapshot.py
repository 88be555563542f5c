"""A snapshot of a world: a JSON document for a file, to be restored here or in another process.

Its digest proves that it is unchanged, so nothing else about it is checked.
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
from typing import Any, get_args, get_origin, get_type_hints

from fake_every8d.control.failures import FailuresState
from fake_every8d.gateway import TAIPEI, Conflict, InvalidInput
from fake_every8d.gateway.state import GatewayState

Document = dict[str, Any]

_PIECE = 100  # records, a millisecond's work
_WHAT = "pass the response to GET /fake/snapshot unchanged"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of everything except the journal."""

    gateway: GatewayState
    failures: FailuresState


def document(snapshot: Snapshot) -> Document:
    """A snapshot as a JSON document."""
    content = {"version": _version(), **_plain(snapshot)}
    return {"digest": _digest(content), **content}


def read(given: Document) -> Snapshot:
    """The snapshot in a document, whatever its white space.

    Raises `Conflict` if it is of another version, and `InvalidInput` if it is not a snapshot or
    was changed.
    """
    if not isinstance(given, dict) or not {"version", "digest"} <= given.keys():
        raise InvalidInput(
            f"not a snapshot: it has no version or no digest; {_WHAT}",
            field="version",
            reason="missing",
        )
    ours = _version()
    if given["version"] != ours:
        raise Conflict(
            f"the snapshot is of version {str(given['version'])[:40]}, but this is {ours}: "
            "take a new one",
            field="version",
        )
    content = {key: value for key, value in given.items() if key != "digest"}
    if given["digest"] != _digest(content):
        raise InvalidInput(f"the snapshot was changed after it was taken; {_WHAT}", field="digest")
    snapshot = _read(Snapshot, content)
    assert isinstance(snapshot, Snapshot)
    return snapshot


def written(value: Any, depth: int = 5) -> Iterator[str]:
    """A document as JSON, in pieces, since one call of C for all of it would block other threads.

    In ASCII, because a text may have half of a surrogate pair in it.
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


def _version() -> str:
    from importlib.metadata import version  # importing it takes 5 ms, which few starts need

    return version("fake-every8d")


def _dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_number)


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):  # the type of numbers that are not whole
        raise TypeError
    return int(value) if value == value.to_integral_value() else float(value)


def _digest(content: Document) -> str | None:
    """The digest of a document's values, whatever its white space; None if it is not JSON."""
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
    """A value of type `kind`, from JSON."""
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
