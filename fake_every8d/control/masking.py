"""Masking passwords, tokens and keys in recorded requests.

A secret is found by its value, in any spelling, if the fake knows it or read it in the request;
and by its name, such as `PWD` or `X-Api-Key`, where the request could not be read. A value of fewer
than four characters, or one that is part of an account's user ID (`demo`), occurs in too much other
text: it is hidden only by its name. A value of fewer than eight is hidden only where nothing else
stands beside it. Session keys are shown: people want to see whether two calls used the same one,
and they end at midnight.

The time is linear in the length of any text: passes over all of it run in C, and regular
expressions see little more than names.
"""

import re
from binascii import a2b_qp
from collections.abc import Callable, Collection, Iterable

from fake_every8d.control.readable import decoded, encoding_of
from fake_every8d.gateway import Gateway

MASK = "********"
"""The text that replaces a secret."""

_MASK = MASK.encode()
_SHORTEST = 4
_LONG = 8  # characters: unlikely to be part of anything else
_SHORT_TEXT = 1_000  # characters
_MOST_NAMES = 10_000  # the most names of a kind in a text; all text after them is hidden

# Every name contains one of these; all the following is matched in lower case.
_KINDS = (b"pass", b"pwd", b"secret", b"token", b"credential", b"authorization", b"cookie", b"key")
_KEY = "|".join(
    f"(?<={owner}{between})" for owner in ("api", "access", "private", "auth")
    for between in ("", "[-_.+ ]")
)  # fmt: skip
_NAME = re.compile(
    "(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credentials?|authorization|cookie"
    f"|(?:{_KEY})key)[0-9]*+".encode()
)

# The text before a name, and after it, where a secret follows.
_TAG = re.compile(rb"(?:(<)|&lt;)[^\s<>/&]*\Z")
_TAG_ENDS = re.compile(rb"(?:\s(?:(?!&gt;)[^<>]){0,200})?(?<!/)(?:>|&gt;)")
_END_TAG = re.compile(rb"</[^<>]{0,60}?" + _NAME.pattern + rb"\s*>")
_ESCAPED_END_TAG = re.compile(rb"&lt;/[^<>&]{0,60}?" + _NAME.pattern + rb"\s*&gt;")
_PART = re.compile(rb"\bname\*?=[^\r\n;=]*\Z")
_HEAD_ENDS = re.compile(
    rb"[ \t]{0,9}\"?(?:;[^\r\n]{0,200})?\r?\n(?:[^\r\n]{1,1000}\r?\n){0,10}+\r?\n"
)
_EQUALS = re.compile(rb"(?:[\s+]|%(?:25)*20){0,9}=")
_QUOTE = re.compile(rb"\s{0,9}[\"']?\s{0,9}[:=]\s{0,9}([\"'])")
_QUOTED = {b'"': re.compile(rb"(?:[^\"\\]++|\\.)*+\"?", re.DOTALL)}
_QUOTED[b"'"] = re.compile(rb"(?:[^'\\]++|\\.)*+'?", re.DOTALL)
_COLON = re.compile(rb"\s{0,9}[\"']\s{0,9}:\s{0,9}")
_BREAK = re.compile(rb"[\s;]")
_WORD = re.compile(rb"[^\s\"'\[{,}\]]++|[\[{].*", re.DOTALL)

_MARK = re.compile(r"[=:<>&%\\+\r\n]")
_TO_QUOTED = bytes.maketrans(b"%=", b"=\xff")
_FROM_QUOTED = bytes.maketrans(b"=\xff", b"%=")
_CHARACTER = re.compile("&#(?:0*([0-9]{1,7})|x0*([0-9a-f]{1,6}));", re.IGNORECASE)
_ENTITIES = {
    "&amp;amp;": "&amp;",  # for XML that is text in XML
    "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "\\": "", "+": " ",
}  # fmt: skip


class Secrets:
    """A fake's secrets: passwords, tokens, and others of its `own`."""

    def __init__(self, gateway: Gateway, *own: str | None) -> None:
        self._accounts = gateway.platform.accounts
        self._own = own

    def has_account(self, user_id: str) -> bool:
        """True if an account has this user ID, which then may be shown."""
        return self._accounts.find(user_id) is not None

    def besides(self, taken: Iterable[str] = ()) -> list[str]:
        """The values to hide, including the secrets `taken` from a request."""
        # Without the lock, for which the log would wait: each list is a copy that is made at once.
        accounts, tokens = self._accounts.all(), self._accounts.tokens()
        shown = "\n".join([account.user_id for account in accounts])
        passwords = [account.password for account in accounts]
        values = {*passwords, *tokens, *self._own, *taken}
        return [value for value in values if value and value not in shown]


def is_secret(name: str) -> bool:
    """True if a name, escaped or not, is that of a secret: `X-Api-Key`, `new_password`."""
    lower = _unescaped(name.encode("utf-8", "surrogatepass")).lower().rstrip()
    return any(match.end() == len(lower) for match in _NAME.finditer(lower))


def masked(text: str, secrets: Collection[str] = (), *, is_value: bool = False) -> str:
    """A text without `secrets`, and without the values of secrets' names.

    In a parameter's value, a token in a link is shown, as it is in XML and JSON.
    """
    # The usual case of a line of the log: no value after a name, and no escapes.
    if (
        len(text) < _SHORT_TEXT
        and not _MARK.search(text)
        and not any(map(text.__contains__, secrets))
    ):
        return text
    hidden = _masked(text.encode("utf-8", "surrogatepass"), secrets, is_value)
    return text if hidden is None else hidden.decode("utf-8", "surrogatepass")


def masked_values(values: list[str], secrets: Collection[str] = ()) -> list[str]:
    """The values of parameters, each `masked`: together, where there is nothing to hide."""
    if len(values) < 2:
        return [masked(value, secrets, is_value=True) for value in values]
    # A form's beginning, and between quotes a line's end, which ends half an escape, too: nothing
    # that is hidden in one is shown in all.
    together = "x" + "".join([f'"{value}\n"' for value in values])
    if masked(together, secrets, is_value=True) == together:
        return values
    half = len(values) // 2
    return masked_values(values[:half], secrets) + masked_values(values[half:], secrets)


def masked_body(body: bytes, content_type: str | None, secrets: Collection[str] = ()) -> bytes:
    """A body with its secrets hidden; unchanged if there are none."""
    # Mask the bytes first: in nearly all encodings, an ASCII character is the same byte.
    body = _masked(body, secrets) or body
    encoding = encoding_of(body, content_type)
    if encoding.lower() not in ("utf-8", "us-ascii"):
        text = decoded(body, encoding)
        if (hidden := masked(text, secrets)) != text:
            return hidden.encode(encoding, "replace")
    return body


def _masked(text: bytes, secrets: Iterable[str], is_value: bool = False) -> bytes | None:
    """A text in UTF-8 with its secrets hidden, or None if there are none."""
    values = sorted({value for value in secrets if len(value) >= _SHORTEST}, key=len, reverse=True)
    known = [value.encode("utf-8", "surrogatepass") for value in values]
    hidden = _by_name(_by_value(text, known), is_value)
    # A secret in another spelling is found by unescaping both; the text is then shown unescaped.
    plain = _unescaped(hidden)
    if plain != hidden:
        found = _by_value(plain, known, _unescaped)
        if found != plain or _names(plain) > _names(hidden):
            hidden = _by_name(found, is_value)
    return None if hidden == text else hidden


def _names(text: bytes) -> int:
    lower = text.lower()
    return sum(lower.count(kind) for kind in _KINDS)


def _by_value(
    text: bytes, values: Iterable[bytes], spell: Callable[[bytes], bytes] = bytes
) -> bytes:
    for value in values:
        spelt = spell(value)
        if len(spelt) < _SHORTEST or spelt not in text:
            continue
        if len(value) >= _LONG:
            text = text.replace(spelt, _MASK)
        else:
            whole = rb"(?<![^=:>\"'])" + re.escape(spelt) + rb"(?=\s*(?:[&<\"',;]|\Z))"
            text = re.sub(whole, _MASK, text)
    return text


def _by_name(text: bytes, is_value: bool) -> bytes:
    lower = text.lower()
    # Text in XML and JSON may have a link with a token in it; a form is neither.
    in_markup = lower.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{", b"[", b'"')
    places, limit = _places(lower)
    pieces: list[bytes] = []
    shown = 0
    for place in places:
        name = _NAME.match(lower, place)
        if not name or place < shown:
            continue
        no_form = in_markup or (is_value and _in_link(lower, place))
        if found := _secret(lower, place, name.end(), no_form):
            start, end, quote = found
            pieces += [text[shown:start], quote, _MASK, quote]
            shown = end
    if shown <= limit < len(text):
        pieces += [text[shown:limit], _MASK]
    else:
        pieces.append(text[shown:])
    return b"".join(pieces)


def _places(lower: bytes) -> tuple[list[int], int]:
    """The places of possible names of secrets, and the end of the text that was searched."""
    places = []
    limit = len(lower)
    for kind in _KINDS:
        place = lower.find(kind)
        for _ in range(_MOST_NAMES):
            if place < 0:
                break
            places.append(place)
            place = lower.find(kind, place + len(kind))
        else:
            limit = min(limit, place if place >= 0 else limit)
    return sorted(place for place in places if place < limit), limit


def _in_link(text: bytes, place: int) -> bool:
    query = text.rfind(b"?", max(0, place - _SHORT_TEXT), place)
    return query >= 0 and not _BREAK.search(text, query, place)


def _secret(text: bytes, name: int, after: int, no_form: bool) -> tuple[int, int, bytes] | None:
    """The start and end of the secret after a name, and its quotes."""
    before = text[max(0, name - 60) : name]
    if (tag := _TAG.search(before)) and (head := _TAG_ENDS.match(text, after)):
        end_tag = (_END_TAG if tag[1] else _ESCAPED_END_TAG).search(text, head.end())
        return head.end(), end_tag.start() if end_tag else len(text), b""
    if _PART.search(before) and (head := _HEAD_ENDS.match(text, after)):
        end = _found(text, b"\n--", head.end())
        return head.end(), end - (text[end - 1 : end] == b"\r" and end > head.end()), b""
    if not no_form and (head := _EQUALS.match(text, after)):
        return head.end(), _found(text, b"&", head.end()), b""
    if head := _QUOTE.match(text, after):
        quoted = _QUOTED[head[1]].match(text, head.end())
        assert quoted is not None
        return head.end() - 1, quoted.end(), head[1]
    if (head := _COLON.match(text, after)) and (word := _WORD.match(text, head.end())):
        return head.end(), word.end(), b'"'
    return None


def _found(text: bytes, mark: bytes, start: int) -> int:
    place = text.find(mark, start)
    return len(text) if place < 0 else place


def _unescaped(text: bytes) -> bytes:
    """A text without the escapes of URLs (even double ones), JSON and XML.

    Mostly in C, because it may be long. Other characters may change, too, but always in the same
    way: a text that looks like an escape once its own are undone is unescaped again.
    """
    return _unescaped_once(_unescaped_once(text))


def _unescaped_once(text: bytes) -> bytes:
    if not any(mark in text for mark in (b"%", b"&", b"\\", b"+")):
        return text
    plain = text.decode("utf-8", "replace").replace("%u", "\\u")
    if "\\" in plain:
        # This codec reads \uXXXX only without another backslash before, and writes non-Latin-1 so.
        single = plain.replace("\\u", "\0u").replace("\\", "").replace("\0u", "\\u")
        plain = single.encode("raw_unicode_escape").decode("raw_unicode_escape", "replace")
    for _ in range(3):  # double encoding, of a text with a percent sign
        # Quoted-printable is percent-encoding with another sign. UTF-8 never has the byte FF.
        # Of two signs in a row, which is an escape in neither, a2b_qp would drop one.
        apart = plain.replace("%%", "%25%").replace("%%", "%25%")
        data = apart.encode("utf-8", "surrogatepass")
        data = data.replace(b"%3D", b"\xff").replace(b"%3d", b"\xff").translate(_TO_QUOTED)
        plain = a2b_qp(data).translate(_FROM_QUOTED).decode("utf-8", "replace")
        if "%" not in plain:
            break
    plain = _CHARACTER.sub(_character, plain, _MOST_NAMES)
    for escape, character in _ENTITIES.items():
        plain = plain.replace(escape, character)
    return plain.encode("utf-8", "surrogatepass")


def _character(escape: re.Match[str]) -> str:
    return chr(min((int(escape[1]) if escape[1] else int(escape[2], 16)), 0x10FFFF))
