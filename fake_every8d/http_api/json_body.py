"""Reading a body of JSON (clauses H7, H12)."""

import json
from typing import Any

from fake_every8d.advice import Advice
from fake_every8d.http_api.requests import HttpRequest, carried


class Malformed(ValueError):
    """The body is not JSON, or has a value of the wrong kind; the text says where."""


class Fields:
    """An object in a body of JSON; its keys may be in any case."""

    def __init__(self, value: Any, place: str, advice: Advice) -> None:
        """Take the object at `place` in the body. Raise `Malformed` if `value` is not an object."""
        if not isinstance(value, dict):
            raise Malformed(f"{place or 'the body'} must be an object, not {_kind(value)}")
        self._values = {key.lower(): item for key, item in value.items()}
        self._prefix = f"{place}." if place else ""
        self._advice = advice

    def __getitem__(self, name: str) -> str:
        """A text, or a number as it is written; empty if it is null or missing."""
        value = self._values.get(name.lower())
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Malformed(f"{self._prefix}{name} must be text, not {_kind(value)}")
        return carried(value, self._prefix + name, self._advice)

    def objects(self, name: str) -> list["Fields"]:
        """The objects of a list; none if it is null or missing."""
        value = self._values.get(name.lower())
        if value is None:
            return []
        if not isinstance(value, list):
            raise Malformed(f"{self._prefix}{name} must be a list, not {_kind(value)}")
        return [
            Fields(item, f"{self._prefix}{name}[{place}]", self._advice)
            for place, item in enumerate(value)
        ]


def read_json(request: HttpRequest, advice: Advice) -> Fields:
    """The body's object. Raises `Malformed`."""
    return Fields(json_in(request.body), "", advice)


def json_in(body: bytes) -> Any:
    """The value in UTF-8, whatever charset is declared; numbers are text. Raises `Malformed`."""
    try:
        return json.loads(body, parse_int=str, parse_float=str, parse_constant=str)
    except UnicodeDecodeError as error:
        raise Malformed(f"the body is not UTF-8, at byte {error.start}") from None
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "text")
