"""Decoding the bytes of a request by .NET's rules (W7)."""

import codecs
import re

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.charsets import CODECS, is_utf_8
from fake_every8d.soap.xml_reader import XmlError

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before that of UTF-16, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_MARK_BEGINS = {mark[:1] for mark in _MARKS}
_FIRST = {"<".encode(codec): codec for codec in _MARKS.values() if codec != "utf-8"}
_DECLARED = re.compile(rb"<\?xml\s[^>]*?\bencoding\s*=\s*[\"']([^\"'>]*)")
_NOT_ASCII = bytes(range(128, 256))
_TO_ASCII = bytes(range(128)) + b"?" * len(_NOT_ASCII)


def utf8(body: bytes, media_type: str, charset: str | None, advice: Advice) -> bytes:
    """A request's body as .NET reads it, in UTF-8, with advice if characters are lost.

    A byte order mark outranks the charset, which outranks the declaration. Raises `XmlError`
    if the declaration decides and names an encoding that .NET does not have.
    """
    marked = _marked(body)
    if marked is not None:
        return _decoded(body[len("\ufeff".encode(marked)) :], marked, advice)
    codec: str | None = CODECS.get((charset or "").lower())
    if codec is None and media_type.startswith("application/"):
        codec = _declared(body)
        if codec == "utf-8":
            return body  # invalid UTF-8 is an error of XML
    if codec is None or codec == "ascii":
        return _ascii(body, charset, advice)
    return _decoded(body, codec, advice)


def _marked(body: bytes) -> str | None:
    if body[:1] in _MARK_BEGINS:
        for mark, codec in _MARKS.items():
            if body.startswith(mark):
                return codec
    return None


def _declared(body: bytes) -> str:
    for first, encoded in _FIRST.items():
        if body.startswith(first):
            return encoded
    match = _DECLARED.match(body)
    if match is None:
        return "utf-8"
    name = match[1].decode("latin-1").lower()
    codec = CODECS.get(name)
    if codec is None:
        raise XmlError(f"System does not support '{name}' encoding.")
    if codec.startswith(("utf-16", "utf-32")):
        raise XmlError("There is no Unicode byte order mark. Cannot switch to Unicode.")
    return codec


def _decoded(body: bytes, codec: str, advice: Advice) -> bytes:
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        text = body.decode(codec, "replace")
        advice.add(AdviceKind.BYTES_LOST, charset=codec, place=error.start + 1)
    else:
        if codec == "utf-8":
            return body
        if is_utf_8(body):
            advice.add(AdviceKind.REQUEST_IS_UTF_8, charset=codec)
    return text.encode("utf-8", "surrogatepass")


def _ascii(body: bytes, charset: str | None, advice: Advice) -> bytes:
    if body.isascii():
        return body
    lost = len(body) - len(body.translate(None, _NOT_ASCII))
    if not charset:
        advice.add(AdviceKind.NO_CHARSET, n=lost)
    else:
        known = charset.lower() in CODECS
        kind = AdviceKind.ASCII if known else AdviceKind.UNKNOWN_CHARSET
        advice.add(kind, charset=charset, n=lost)
    return body.translate(_TO_ASCII)
