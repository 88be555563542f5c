"""Reading query and form as ASP.NET's `Request[…]` does (clauses H2, H3; production F10)."""

import re
from binascii import a2b_qp
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.charsets import CODECS, is_utf_8
from fake_every8d.http_api.requests import HttpRequest, carried

_MOST_FIELDS = 1000  # of a form, as ASP.NET's aspnet:MaxHttpCollectionKeys
_LONGEST_QUERY = 2048  # characters, as ASP.NET's maxQueryStringLength
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

# Numbers, because `b"%" in data` tries b"%" as one first, which takes longer than the search.
_PERCENT, _PLUS = b"%+"
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f][0-9A-Fa-f])")
_UNICODE_ESCAPE = re.compile(rb"%u([0-9a-fA-F]{4})")
_RAW_PLUS = re.compile(rb"(?:^|,|%2c)\+[1-9]", re.IGNORECASE)


class Parameters:
    """A call's parameters, by name in any case; a missing one is the empty string."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        """The values by name in lower case."""

    def __getitem__(self, name: str) -> str:
        return self._values.get(name.lower(), "")

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values


def read_form(request: HttpRequest, advice: Advice) -> Parameters:
    """The parameters in the query and in a form in the body; the query's win."""
    return Parameters(fields_of(request, advice, str.lower))


def fields_of(
    request: HttpRequest, advice: Advice, key: Callable[[str], str] = str
) -> dict[str, str]:
    """The parameters as a dictionary, by the `key` of their names."""
    if len(request.query) > _LONGEST_QUERY:
        advice.add(AdviceKind.LONG_QUERY)
    media_type, options = _content_type(request)
    # Before werkzeug 2.3, a parameter without a value is None.
    charset = (options.get("charset") or "").lower()
    form: Iterable[tuple[str, str]] = ()
    if media_type == _FORM:
        form = _fields(request.body, _Decoder(charset, advice), advice)
    elif media_type == _MULTIPART:
        form = _parts(
            request.body, options.get("boundary") or "", _Decoder(charset, advice), advice
        )
    elif request.body:
        advice.add(AdviceKind.NO_FORM, type=media_type)
    body = _joined(form, advice, key)
    if not request.query:  # as nearly always with a form
        return body
    # In .NET the form's charset is the query's, too, except UTF-16.
    in_query = _Decoder("" if CODECS.get(charset) == "utf-16-le" else charset, advice)
    return body | _joined(_fields(request.query, in_query, advice), advice, key)


def _content_type(request: HttpRequest) -> tuple[str, Mapping[str, str]]:
    """The media type of a body, if there is one, and its parameters."""
    if not request.body:
        return "", {}
    if request.content_type == _FORM:  # as nearly always
        return _FORM, {}
    return _parsed(request.content_type)


@lru_cache(maxsize=64)  # a client sends the same one each time, and parsing it is slow
def _parsed(content_type: str) -> tuple[str, Mapping[str, str]]:
    media_type, options = parse_options_header(content_type)
    return media_type.lower(), options


class _Decoder:
    """A decoder by one of .NET's charsets, else UTF-8; it advises of lost characters."""

    def __init__(self, charset: str, advice: Advice) -> None:
        self._codec = CODECS.get(charset, "utf-8")
        self._charset = charset if charset in CODECS else "utf-8"
        self._advice = advice

    def text(self, raw: bytes, name: str) -> str:
        """The bytes as text; `name` is the parameter's, for advice."""
        try:
            text = raw.decode(self._codec)
        except UnicodeDecodeError:
            lost = "?" if self._codec == "ascii" else "\ufffd"
            instead = "?" if lost == "?" else "U+FFFD"
            self._advice.add(AdviceKind.LOST, name=name, charset=self._charset, instead=instead)
            return raw.decode(self._codec, "replace").replace("\ufffd", lost)
        if self._codec != "utf-8" and is_utf_8(raw):
            self._advice.add(AdviceKind.IS_UTF_8, name=name, charset=self._charset)
        return text

    def unescaped(self, encoded: bytes, name: str) -> str:
        """The URL-decoded bytes as text; `name` is the parameter's, for advice."""
        if not encoded or (self._codec == "utf-8" and encoded.isalnum()):  # most values
            return encoded.decode()
        encoded = encoded.replace(b"+", b" ")
        if _PERCENT not in encoded:
            return self.text(encoded, name)
        if encoded.find(b"%u") < 0:
            return self._bytes_unescaped(encoded, name)
        # .NET decodes each part between two %uXXXX by itself.
        parts = _UNICODE_ESCAPE.split(encoded)
        parts_of_text = [self._bytes_unescaped(part, name) for part in parts[::2]]
        units = [chr(int(digits, 16)) for digits in parts[1::2]]
        text = "".join(
            [part + unit for part, unit in zip(parts_of_text, [*units, ""], strict=True)]
        )
        # Two units of UTF-16 may be one character.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")

    def _bytes_unescaped(self, encoded: bytes, name: str) -> str:
        # In C, Python decodes only quoted-printable, which has another sign. `unquote_to_bytes` is
        # slow for Chinese.
        quoted = _NO_ESCAPE.sub(b"%25", encoded).replace(b"=", b"=3D").replace(b"%", b"=")
        return self.text(a2b_qp(quoted), name)


def _fields(encoded: bytes, decoder: _Decoder, advice: Advice) -> Iterator[tuple[str, str]]:
    fields = encoded.split(b"&", _MOST_FIELDS)
    if len(fields) > _MOST_FIELDS:
        advice.add(AdviceKind.MANY_FIELDS)
        del fields[_MOST_FIELDS]
    decoded_name = ""
    for field in fields:
        name, equals, value = field.partition(b"=")
        if equals:
            decoded_name = decoder.unescaped(name, "A name")
            if _PLUS in value and decoded_name.lower() == "dest" and _RAW_PLUS.search(value):
                advice.add(AdviceKind.PLUS)
            yield decoded_name, decoder.unescaped(value, decoded_name)
        elif decoded_name and field.strip():  # not shown: it may be the rest of a password
            advice.add(AdviceKind.NO_NAME, name=decoded_name)


def _parts(
    body: bytes, boundary: str, decoder: _Decoder, advice: Advice
) -> Iterable[tuple[str, str]]:
    parser = MultipartDecoder(boundary.encode())
    parser.receive_data(body)
    parser.receive_data(None)
    fields: list[tuple[str, str]] = []
    value = b""
    name = ""
    try:
        while not isinstance(event := parser.next_event(), Epilogue | NeedData):
            if isinstance(event, File):
                advice.add(AdviceKind.FILE, name=event.name)
                name = ""
            elif isinstance(event, Field):
                if len(fields) == _MOST_FIELDS:
                    advice.add(AdviceKind.MANY_FIELDS)
                    break
                name, value = event.name or "", b""
            elif isinstance(event, Data):
                value += event.data
                if name and not event.more_data:
                    fields.append((name, decoder.text(value, name)))
    except Exception as error:  # for malformed headers, for example
        advice.add(AdviceKind.BROKEN_MULTIPART, why=str(error) or type(error).__name__)
        return ()
    return fields


def _joined(
    fields: Iterable[tuple[str, str]], advice: Advice, key: Callable[[str], str]
) -> dict[str, str]:
    """The values by the `key` of their names; commas join several of a name, as in ASP.NET."""
    values: dict[str, str] = {}
    for name, value in fields:
        known = key(name)
        text = carried(value, name, advice)
        values[known] = f"{values[known]},{text}" if known in values else text
    return values
