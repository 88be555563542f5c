"""Making clients' bytes and text readable for people: on a page, a terminal, in a log."""

import json
import re
from encodings import normalize_encoding
from encodings.aliases import aliases

_ENCODINGS = frozenset({*aliases, *aliases.values(), "utf_8_sig"})
_DECLARED = re.compile(rb"\s*<\?xml[^>]{1,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})")

_LONGEST_LINE = 300


def printable(text: str, longest: int = _LONGEST_LINE) -> str:
    """The text on one line, cut short if it is very long.

    A space replaces each unprintable character: line ends, control characters, and those that
    change the direction of text.
    """
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    if text.isprintable():
        return text
    return "".join([character if character.isprintable() else " " for character in text])


def encoding_of(body: bytes, content_type: str | None) -> str:
    """A body's likely encoding: from its first bytes, its header, or its XML declaration (W7)."""
    # Imported here, because the command line needs only `printable`, and quickly.
    from werkzeug.http import parse_options_header

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
    # Only known names: Python caches unknown ones for ever, and some of its codecs are not for
    # text, or fail on purpose.
    name = normalize_encoding(encoding).lower()
    if name in _ENCODINGS:
        try:
            return body.decode(name, "replace")
        except (LookupError, ValueError):
            pass
    return body.decode("utf-8", "replace")
