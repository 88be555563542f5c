"""Masking an account's secrets in the output, in every spelling.

Stricter than a fake with its own requests (`control.masking`): these are the secrets of a real
account. Its user ID is one of them, and short ones are hidden everywhere.
"""

import base64
import re

_SHORTEST_DUMP = 4  # bytes: the hexadecimal digits of fewer occur in anything

_IP = re.compile(
    rb"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])"
    rb"|(?<![\w:])(?:(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}|[0-9a-f:]{0,30}::[0-9a-f:]{1,30})"
    rb"(?![\w:])",
    re.IGNORECASE,
)
_EMAIL = re.compile(rb"[\w.+-]+(?:@|%40|&#64;)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)

_CHARSETS = ("utf-8", "cp950", "latin-1", "utf-16-le", "utf-16-be")
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


class Secrets:
    """The secrets, and the names that replace them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[re.Pattern[bytes], bytes]] = {}

    def add(self, name: str, secret: str) -> None:
        """Replace a secret with `{name}` from now on."""
        if secret and secret not in self._known:
            pattern = re.compile(_anyhow(secret), re.IGNORECASE | re.DOTALL)
            self._known[secret] = pattern, b"{%s}" % name.encode()
            # The longest first, because one may be part of another.
            self._known = dict(sorted(self._known.items(), key=lambda item: -len(item[0])))

    def masked(self, data: bytes) -> bytes:
        """The bytes without secrets, IP addresses and e-mail addresses."""
        for pattern, shown in self._known.values():
            data = pattern.sub(lambda _, shown=shown: shown, data)  # type: ignore[misc]
        return _EMAIL.sub(b"{e-mail address}", _IP.sub(b"{address}", data))

    def masked_text(self, text: str) -> str:
        """The same for a text."""
        return self.masked(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _anyhow(secret: str) -> bytes:
    """A pattern for a text in every charset and escape, even where they are mixed."""
    ways = [b"".join(b"(?:%s)" % b"|".join(_ways(character)) for character in secret)]
    for charset in _CHARSETS:
        try:
            encoded = secret.encode(charset)
        except UnicodeEncodeError:
            continue
        if len(encoded) >= _SHORTEST_DUMP:
            ways += [rb"[\s:-]?".join(b"%02x" % byte for byte in encoded), *_base64(encoded)]
    return b"|".join(ways)


def _ways(character: str) -> list[bytes]:
    """The ways to write a character, as patterns; longer ones first."""
    raw = {_encoded(character, charset) for charset in _CHARSETS} - {b""}
    # UTF-8 that was read as Latin-1.
    raw |= {character.encode("utf-8").decode("latin-1").encode("utf-8")}
    code = ord(character)
    units = character.encode("utf-16-be")
    pairs = [units[at : at + 2].hex().encode() for at in range(0, len(units), 2)]
    ways = [
        b"".join(rb"%%(?:25)*%02x" % byte for byte in encoded) for encoded in raw
    ]  # percent-encoded, perhaps again and again
    ways += [
        b"".join(rb"\\+x%02x" % byte for byte in encoded) for encoded in raw
    ]  # as Python shows bytes
    ways += [
        b"".join(b"%%(?:25)*u%s" % pair for pair in pairs),
        b"".join(rb"\\+u%s" % pair for pair in pairs),
        rb"\\+U%08x" % code,
        rb"&(?:amp;)*\#(?:0*%d|x0*%x);" % (code, code),
    ]
    if character in _ENTITIES:
        ways.append(rb"&(?:amp;)*%s;" % _ENTITIES[character].encode())
    if character == " ":
        ways.append(rb"\+")
    ways += [rb"\\*" + re.escape(encoded) for encoded in sorted(raw, key=len, reverse=True)]
    return ways


def _encoded(character: str, charset: str) -> bytes:
    try:
        return character.encode(charset)
    except UnicodeEncodeError:
        return b""


def _base64(encoded: bytes) -> list[bytes]:
    """The parts of the Base64 that do not depend on the text around it."""
    found = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + encoded)
        first = (before * 8 + 5) // 6
        last = (before + len(encoded)) * 8 // 6
        found.append(b"[+-]".join(map(re.escape, re.split(rb"\+", text[first:last]))))
    return [re.sub(rb"/", rb"[/_]", each) for each in found]
