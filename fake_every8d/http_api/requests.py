"""Reading a request as ASP.NET's `Request[…]` does, or as JSON (clauses H2, H3, H12)."""

import json
import re
from binascii import unhexlify
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from fake_every8d.calls import Advice
from fake_every8d.gateway.messages import NOT_XML

_MOST_FIELDS = 1000  # of a form, as ASP.NET's aspnet:MaxHttpCollectionKeys
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

_NO_FORM = (
    "The body is not read, because its Content-Type is {}: send "
    "application/x-www-form-urlencoded or multipart/form-data."
)
_BROKEN_MULTIPART = "The multipart/form-data cannot be read: {}."
_FILE = "{} is a file of the form, and no field: it is not read."
_PLUS = (
    "A + that is not encoded as %2B arrives as a blank, as in DEST here: 886… is taken "
    "as +886…, and the number of another country is refused."
)
_TOO_MANY_FIELDS = "Of a form's fields the first 1000 are read."
_NOT_UTF_8 = "{} is not UTF-8, which all text here is: what could not be read became U+FFFD."
_NO_CHARACTER = "{} has characters that no SMS can carry, such as U+0000: they became U+FFFD."

_ESCAPES = re.compile(rb"(?:%[0-9a-f]{2})+", re.IGNORECASE)
_RAW_PLUS = re.compile(rb"(?:^|,|%2c)\+[1-9]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """The part of an HTTP request that matters. Headers are as they came."""

    query: bytes = b""
    content_type: str = ""
    authorization: str = ""
    body: bytes = b""


class Malformed(ValueError):
    """The body is not JSON, or not what it should be; the text says where."""


class Parameters:
    """A call's parameters, by name in any case; the empty string for one that is missing."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        """By their names in lower case."""

    def __getitem__(self, name: str) -> str:
        return self._values.get(name.lower(), "")

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values


def read_form(request: Request, advice: Advice) -> Parameters:
    """The parameters in the query and in a form in the body; the query's win."""
    form = _form(request, advice) if request.body else ()
    return Parameters(_joined(form, advice) | _joined(_fields(request.query, advice), advice))


def _form(request: Request, advice: Advice) -> Iterable[tuple[str, str]]:
    if request.content_type == _FORM:  # as nearly always
        return _fields(request.body, advice)
    media_type, options = parse_options_header(request.content_type)
    if media_type == _FORM:
        return _fields(request.body, advice)
    if media_type == _MULTIPART:
        return _parts(request.body, options.get("boundary", ""), advice)
    advice.add(_NO_FORM, media_type or "missing")
    return ()


def _fields(encoded: bytes, advice: Advice) -> Iterator[tuple[str, str]]:
    if not encoded:
        return
    fields = encoded.split(b"&", _MOST_FIELDS)
    if len(fields) > _MOST_FIELDS:
        advice.add(_TOO_MANY_FIELDS)
        del fields[_MOST_FIELDS]
    for field in fields:
        name, equals, value = field.partition(b"=")
        if equals:
            decoded_name = _decoded(name, "A name", advice)
            if decoded_name.lower() == "dest" and _RAW_PLUS.search(value):
                advice.add(_PLUS, loses=False)  # a refused number has its own advice
            yield decoded_name, _decoded(value, decoded_name, advice)


def _decoded(encoded: bytes, name: str, advice: Advice) -> str:
    if encoded.isalnum():  # of ASCII, as most are
        return encoded.decode()
    # A run at a time: urllib's `unquote_to_bytes` goes byte by byte, of which Chinese has many.
    text = _ESCAPES.sub(_unescaped, encoded.replace(b"+", b" "))
    try:
        return text.decode()
    except UnicodeDecodeError:
        advice.add(_NOT_UTF_8, name)
        return text.decode(errors="replace")


def _unescaped(escapes: re.Match[bytes]) -> bytes:
    return unhexlify(escapes[0].replace(b"%", b""))


def _parts(body: bytes, boundary: str, advice: Advice) -> Iterable[tuple[str, str]]:
    parser = MultiPartParser(max_form_parts=_MOST_FIELDS)
    try:
        form, files = parser.parse(BytesIO(body), boundary.encode(), len(body))
    except ValueError as error:
        advice.add(_BROKEN_MULTIPART, str(error))
        return ()
    except Exception as error:
        advice.add(_BROKEN_MULTIPART, str(error) or type(error).__name__)
        return ()
    for name, file in files.items(multi=True):
        file.close()
        advice.add(_FILE, name)
    return list(form.items(multi=True))


def _joined(fields: Iterable[tuple[str, str]], advice: Advice) -> dict[str, str]:
    """By name in lower case; commas join several values of one name, as in ASP.NET."""
    values: dict[str, str] = {}
    for name, value in fields:
        key = name.lower()
        text = _carried(value, name, advice)
        values[key] = f"{values[key]},{text}" if key in values else text
    return values


def _carried(text: str, name: str, advice: Advice) -> str:
    if NOT_XML.search(text) is None:
        return text
    advice.add(_NO_CHARACTER, name)
    return NOT_XML.sub("\ufffd", text)


class Fields:
    """An object in a body of JSON, whose keys may be in any case."""

    def __init__(self, value: Any, place: str, advice: Advice) -> None:
        """`place` is where it stands in the body. Raises `Malformed` if it is no object."""
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
        return _carried(value, self._prefix + name, self._advice)

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


def read_json(request: Request, advice: Advice) -> Fields:
    """The object that the body is. Raises `Malformed`."""
    try:
        value = json.loads(request.body, parse_int=str, parse_float=str, parse_constant=str)
    except UnicodeDecodeError as error:
        raise Malformed(f"the body is not UTF-8, at byte {error.start}") from None
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    return Fields(value, "", advice)


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "text")
