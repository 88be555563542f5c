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
    """A body's likely encoding: from its first bytes, its header, or its XML declaration (W7)."""
    seen: str = json.detect_encoding(body)
    if seen != "utf-8":
        return seen
    _, options = parse_options_header(content_type)
    if charset := options.get("charset"):
        return charset
    declared = _DECLARED.match(body)
    return declared[1].decode() if declared else seen


def decoded(body: bytes, encoding: str) -> str:
    """A body as text for people to read. Never fails, whatever the encoding's name."""
    # Only known names: Python caches each unknown one for ever, and some of its codecs are not
    # for text, or fail on purpose.
    name = normalize_encoding(encoding).lower()
    if name in _ENCODINGS:
        try:
            return body.decode(name, "replace")
        except (LookupError, ValueError):
            pass
    return body.decode("utf-8", "replace")
