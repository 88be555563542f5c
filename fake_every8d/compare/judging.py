"""Comparing two answers: the verdict, and a sentence that says how they differ."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lxml import etree

from fake_every8d.compare.exchange import Answer
from fake_every8d.compare.probe import Compared

_AROUND = 40  # characters to show before and after the first difference
_BLOCKS = {
    401: "it asks for a login of its own",
    403: "the call is blocked, as CDNs block hosts abroad and in clouds; EVERY8D has a list of "
    "allowed hosts",
    407: "a proxy asks for a login",
    429: "there are too many calls: give a longer --pause",
    502: "it is down",
    503: "it is down",
    504: "it is down",
}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)


class Verdict(StrEnum):
    """The outcome of a probe."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and its reason unless it is *same*."""

    verdict: Verdict
    reason: str = ""


KEY = re.compile(rb"SESSION_KEY(?:>|&gt;)([^<&]+)")
"""The key of a session in an answer."""

TOKEN = re.compile(rb'"Result"\s*:\s*true.*?"Msg"\s*:\s*"([^",]+)"', re.DOTALL | re.IGNORECASE)
"""A token in an answer; the result of a send has a comma and does not match."""

CREDIT = re.compile(rb"(?:\A|Result>)([0-9][0-9,]*\.[0-9]+|[0-9]{2,})(?=</|\Z|,[0-9])")
"""The account's points in an answer: alone, or the first of several fields."""

_ADDRESS = re.compile(rb"https?://[^\"<>\s?]*\.asmx", re.IGNORECASE)


def by_form(body: bytes) -> bytes:
    """A body with names in place of values that differ in every run: keys, tokens, credit, URLs."""
    body = _replaced(KEY, body, lambda key: f"session key of {_form(key)}")
    body = _replaced(TOKEN, body, lambda _: "token")
    body = _replaced(CREDIT, body, lambda credit: f"points, decimals: {_decimals(credit)}")
    return _ADDRESS.sub(b"{address}", body)


def _replaced(pattern: re.Pattern[bytes], body: bytes, name: Callable[[str], str]) -> bytes:
    def replacement(match: re.Match[bytes]) -> bytes:
        begin, end = match.span(1)
        begin, end = begin - match.start(), end - match.start()
        named = b"{%s}" % name(match[1].decode("latin-1")).encode()
        return match[0][:begin] + named + match[0][end:]

    return pattern.sub(replacement, body)


def _form(text: str) -> str:
    digits = "hexadecimal digits"
    for pattern, form in (
        ("[0-9a-f]+", f"{digits} in lower case"),
        ("[0-9A-F]+", f"{digits} in upper case"),
        ("[0-9a-fA-F-]+", f"{digits} and dashes"),
    ):
        if re.fullmatch(pattern, text):
            return f"{len(text)} {form}"
    return f"{len(text)} characters"


def _decimals(credit: str) -> int:
    return len(credit.partition(".")[2])


def blocked(answer: Answer) -> str | None:
    """The reason why this is not the platform's answer, by its status; else None."""
    if answer.status in _BLOCKS:
        return (
            f"something in front of the platform answers {answer.status}: {_BLOCKS[answer.status]}"
        )
    return None


def judge(compared: Compared, there: Answer, here: Answer) -> Judgement:
    """Compare the platform's answer (`there`) with the fake's (`here`)."""
    if there.status != here.status:
        if reason := blocked(there):
            return Judgement(Verdict.NOT_COMPARABLE, reason)
        return _different(f"the status is {there.status} there, and {here.status} here")
    if compared is Compared.STATUS:
        return Judgement(Verdict.SAME)
    types = there.content_type, here.content_type
    if compared is not Compared.ALL:
        types = _media_type(types[0]), _media_type(types[1])
    if types[0] != types[1]:
        return _different(
            f"the Content-Type is {types[0] or 'missing'} there, and {types[1] or 'missing'} here"
        )
    if compared is Compared.PAGE:
        return Judgement(Verdict.SAME)
    if compared is Compared.DESCRIPTION:
        return _judge_description(there.body, here.body)
    one, other = by_form(there.body), by_form(here.body)
    return Judgement(Verdict.SAME) if one == other else _different(_difference(one, other))


def _different(reason: str) -> Judgement:
    return Judgement(Verdict.DIFFERENT, reason)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _judge_description(there: bytes, here: bytes) -> Judgement:
    one, other = _canonical_lines(there), _canonical_lines(here)
    if one is None or other is None:
        return _different("it is not XML there" if one is None else "it is not XML here")
    if one == other:
        return Judgement(Verdict.SAME)
    more = [line for line in one if line not in other]
    less = [line for line in other if line not in one]
    told = [
        f"{len(lines)} lines are {where} only, the first of them {lines[0].strip()}"
        for where, lines in (("there", more), ("here", less))
        if lines
    ]
    return _different("; ".join(told) or "the same lines are in another order")


def _canonical_lines(xml: bytes) -> list[str] | None:
    try:
        root = etree.fromstring(_ADDRESS.sub(b"{address}", xml), _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return None
    etree.indent(root)
    return etree.tostring(root, method="c14n").decode().splitlines()


def _difference(there: bytes, here: bytes) -> str:
    """The difference, as plainly as possible."""
    for says, is_it in _KINDS:
        if is_it(there, here):
            return says
    codes = _code(there), _code(here)
    if codes[0] != codes[1]:
        return f"the code is {codes[0] or 'missing'} there, and {codes[1] or 'missing'} here"
    return "the text differs"


def _code(body: bytes) -> str:
    match = re.search(rb"(?:\A|Result>|CODE(?:>|&gt;)|\"Status\":\")(-?[0-9]+)", body)
    return match[1].decode() if match else ""


def _text(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        return None


def _json(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _same_xml(there: bytes, here: bytes) -> bool:
    lines = _canonical_lines(there)
    return lines is not None and lines == _canonical_lines(here)


_KINDS: tuple[tuple[str, Callable[[bytes, bytes], bool]], ...] = (
    ("there is no body there", lambda there, here: not there),
    ("there is no body here", lambda there, here: not here),
    (
        "it begins with a byte order mark there",
        lambda there, here: there == b"\xef\xbb\xbf" + here,
    ),
    (
        "it is an HTML page there",
        lambda there, here: there.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")),
    ),
    (
        "line ends differ",
        lambda there, here: there.replace(b"\r\n", b"\n") == here.replace(b"\r\n", b"\n"),
    ),
    (
        "there are blanks or line ends around it there",
        lambda there, here: there.strip() == here.strip(),
    ),
    (
        "it is in Big5 there, and in UTF-8 here",
        lambda there, here: _text(there, "cp950") == _text(here, "utf-8"),
    ),
    (
        "it is in UTF-16 there, and in UTF-8 here",
        lambda there, here: _text(there, "utf-16") == _text(here, "utf-8"),
    ),
    (
        "upper and lower case differ",
        lambda there, here: there.lower() == here.lower(),
    ),
    (
        "blanks within it differ",
        lambda there, here: b"".join(there.split()) == b"".join(here.split()),
    ),
    ("it is the same XML, written differently", _same_xml),
    (
        "it is the same JSON, written differently",
        lambda there, here: _json(there) is not None and _json(there) == _json(here),
    ),
)


_OPAQUE = re.compile(rb"[\w-]{16,}|(?<![\w.-])[0-9][0-9,]*(?:\.[0-9]+|[0-9])(?![\w.])", re.ASCII)


def unfamiliar(there: bytes, here: bytes) -> bytes:
    """The platform's body without the numbers and long words that the fake's body lacks.

    They may be a key or the account's credit in an unexpected place. Codes, which are negative,
    stay.
    """

    def replacement(match: re.Match[bytes]) -> bytes:
        word = match[0]
        if word in here or not re.search(rb"[0-9]", word):
            return word
        return b"{%d characters}" % len(word)

    return _OPAQUE.sub(replacement, there)


def excerpts(there: bytes, here: bytes) -> tuple[str, str, str]:
    """The parts of two bodies around their first difference. Mask the bodies before."""
    if there == here:
        return "", "", "within what is hidden"
    at = next(
        (at for at, pair in enumerate(zip(there, here, strict=False)) if pair[0] != pair[1]),
        min(len(there), len(here)),
    )
    bytes_there, bytes_here = (body[at : at + 4].hex(" ") or "nothing" for body in (there, here))
    where = f"bytes {bytes_there} there, {bytes_here} here"
    return _around(there, at), _around(here, at), where


def _around(body: bytes, at: int) -> str:
    while 0 < at < len(body) and 0x80 <= body[at] < 0xC0:  # within a character of UTF-8
        at -= 1
    before, after = shown(body[:at]), shown(body[at:])
    return (
        f"{'…' * (len(before) > _AROUND)}{before[-_AROUND:]}"
        f"{after[:_AROUND]}{'…' * (len(after) > _AROUND)}"
    )


def shown(body: bytes) -> str:
    """Bytes as a line of text, with everything escaped that is not printable UTF-8."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in body.decode("utf-8", "backslashreplace")
    )
