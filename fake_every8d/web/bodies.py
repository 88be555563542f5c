"""Bodies of requests and responses: how much of one is read, and how it is shown as text."""

import json
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import TYPE_CHECKING

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ENCODINGS = frozenset({*aliases, *aliases.values(), "utf_8_sig"})
_DECLARED = re.compile(rb"\s*<\?xml[^>]{1,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})")


def read_body(environ: "WSGIEnvironment", limit: int) -> bytes:
    """The request's body. Raises `RequestEntityTooLarge` for more bytes than `limit`."""
    if int(environ.get("CONTENT_LENGTH") or 0) <= limit:
        body: bytes = environ["wsgi.input"].read()  # which ends where the body does
        if len(body) <= limit:
            return body
    raise RequestEntityTooLarge(f"The request is too long: {limit} bytes are read.")


def encoding_of(body: bytes, content_type: str | None) -> str:
    """What a body seems to be encoded in: by its first bytes, else its header, else as XML (W7)."""
    seen: str = json.detect_encoding(body)
    if seen != "utf-8":
        return seen
    _, options = parse_options_header(content_type)
    if charset := options.get("charset"):
        return charset
    declared = _DECLARED.match(body)
    return declared[1].decode() if declared else seen


def decoded(body: bytes, encoding: str) -> str:
    """A body as text, for people to read: whatever the encoding is called, this does not fail."""
    # Python would remember every name for an encoding that there is not; and of those that
    # there are, some are for other things than text, or fail on purpose.
    name = normalize_encoding(encoding).lower()
    if name in _ENCODINGS:
        try:
            return body.decode(name, "replace")
        except (LookupError, ValueError):
            pass
    return body.decode("utf-8", "replace")
