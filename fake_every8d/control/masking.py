"""Hiding secrets (passwords, tokens, keys of all kinds) in what is kept and shown of requests.

A secret is recognised by its name, however it is spelt and wherever it stands: in a header, a
query, a form, a multipart body, JSON, or XML, even escaped XML. Session keys are not hidden:
people want to see whether two calls used the same one, and each expires at midnight.
"""

import re
from urllib.parse import unquote_plus

from fake_every8d.control.readable import decoded, encoding_of

MASK = "********"
"""What is shown in place of a secret."""

_NAME = (
    r"(?:password|passwd|passphrase|passcode|pwd|secret|token|credentials?|authorization|cookie"
    r"|(?:api|access|private|auth)[-_.+ ]?key)\d*"
)
_SECRET = re.compile(rf".*{_NAME}", re.IGNORECASE | re.DOTALL)
_FLAGS = re.IGNORECASE | re.DOTALL
_TAG_NAME = rf"(?:[^\s<>/:&]+:)?[^\s<>/:&]*{_NAME}"

# Up to its end tag, or to the end of the body.
_ELEMENT = re.compile(
    rf"(<(?={_TAG_NAME}[\s>])[^\s<>]+(?:\s[^<>]*)?(?<!/)>)"
    rf"(?:[^<]++|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(?!/{_TAG_NAME}\s*>))*+",
    _FLAGS,
)
_ESCAPED_ELEMENT = re.compile(
    rf"(&lt;(?={_TAG_NAME}(?:\s|&gt;))(?:(?!&[lg]t;)[^<])*+(?<!/)&gt;)(?:(?!&lt;/)[^<])*+", _FLAGS
)
_ATTRIBUTE = re.compile(
    rf"(\s(?={_TAG_NAME}\s*=)[^\s<>=]+\s*=\s*)(?:\"[^\"<]*+\"?|'[^'<]*+'?)", _FLAGS
)
# The value is a string, a word or a number; otherwise, all that follows is hidden.
_MEMBER = re.compile(
    rf'("[^"\\]*{_NAME}"\s*:\s*)(?:"(?:[^"\\]|\\.)*+"?|[^\s"\[{{,}}\]]++|[\[{{].*)', _FLAGS
)
_ESCAPED_LETTER = re.compile(r"\\u00([4-7][0-9a-f])", re.IGNORECASE)
_PART = re.compile(
    rf'((?m:^)(?=[^\r\n]*?\bname\*?="?[^"\r\n;]{{0,100}}?{_NAME}(?:["\s;]))[^\r\n]++\r?\n'
    r"(?:[^\r\n]++\r?\n){0,10}+\r?\n).*?(?=\r?\n--|\Z)",
    _FLAGS,
)
_FIELD = re.compile(rf"((?:^|[?&\s])(?=[^=&\s?]*(?:%|{_NAME}))([^=&\s?]*+)=)([^&\s]*+)", _FLAGS)

_TOKEN = re.compile(rb'("Result"\s*:\s*true\b.*?"Msg"\s*:\s*)"[^"]*"', _FLAGS)


def is_secret(name: str) -> bool:
    """Whether a name is a secret's, such as `X-Api-Key` or `new_password`."""
    return _SECRET.fullmatch(name) is not None


def masked(body: bytes, content_type: str | None = None) -> bytes:
    """A body with its secrets hidden; unchanged if there are none."""
    # First as Latin-1: in nearly all encodings, ASCII characters are the same bytes.
    for encoding in ("latin-1", encoding_of(body, content_type)):
        text = decoded(body, encoding)
        hidden = masked_text(text)
        if hidden != text:
            body = hidden.encode(encoding, "replace")
    return body


def masked_token(body: bytes) -> bytes:
    """The HTTP API's response to a login, with its token hidden."""
    return _TOKEN.sub(rf'\1"{MASK}"'.encode(), body)


def masked_text(text: str) -> str:
    """A decoded body with its secrets hidden."""
    plain = _ESCAPED_LETTER.sub(lambda match: chr(int(match[1], 16)), text)
    hidden = plain
    start = text.lstrip("\ufeff \t\r\n")[:2]
    for pattern in (_ELEMENT, _ESCAPED_ELEMENT):
        hidden = pattern.sub(rf"\1{MASK}", hidden)
    hidden = _ATTRIBUTE.sub(rf'\1"{MASK}"', hidden)
    if start == "--":
        hidden = _PART.sub(rf"\1{MASK}", hidden)
    elif start[:1] in ("{", "[", '"'):
        hidden = _MEMBER.sub(rf'\1"{MASK}"', hidden)
    elif start[:1] != "<":
        hidden = masked_query(hidden)
    return text if hidden == plain else hidden


def masked_query(query: str) -> str:
    """A URL's query, or a form, with its secrets hidden."""
    return _FIELD.sub(
        lambda match: match[1] + MASK if is_secret(unquote_plus(match[2]).strip()) else match[0],
        query,
    )


def masked_header(name: str, value: str) -> str:
    """A header's value; hidden if it is a secret."""
    return MASK if is_secret(name) else value
