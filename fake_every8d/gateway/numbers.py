"""Phone numbers: their kinds, and the form in which they are kept (clauses N)."""

import enum
import re
import unicodedata
from typing import NamedTuple

from fake_every8d.gateway.errors import InvalidInput


class Kind(enum.Enum):
    """The kind of a number, which decides on price and permission."""

    DOMESTIC = "domestic"
    """A Taiwan mobile (國內手機)."""
    INTERNATIONAL = "international"
    """A number abroad (國際門號)."""
    INVALID = "invalid"
    """A number that SMS cannot go to (無效門號)."""


class Number(NamedTuple):
    """A number in its kept form: `+8869…` for a Taiwan mobile; any other as given."""

    e164: str
    kind: Kind


_TAIWAN = Kind.DOMESTIC  # which Python 3.11 is slow to look up
_DOMESTIC = re.compile(r"(?:0|\+?8860?)(9[0-9]{8})")
_INTERNATIONAL = re.compile(r"\+(?!886)[1-9][0-9]{6,14}")
# Separators that people put between digits, and invisible characters of copied numbers.
_SEPARATORS = re.compile(r"[\s().\-/\u00ad\u200b-\u2015\u2212\u202a-\u202e\u2060\ufeff]")
# The document's examples have these numbers, and must run as printed (N3).
_SAMPLES = {
    "+88690000001": "+88690000001",
    "+88690000002": "+88690000002",
    "09123456789": "+8869123456789",
    "+8869123456789": "+8869123456789",  # as it is kept
}


def parse(text: str) -> Number:
    """Parse a number; blanks around it do not count (N1–N3)."""
    text = text.strip()
    if match := _DOMESTIC.fullmatch(text):
        return Number("+886" + match[1], _TAIWAN)
    if text in _SAMPLES:
        return Number(_SAMPLES[text], Kind.DOMESTIC)
    if _INTERNATIONAL.fullmatch(text):
        return Number(text, Kind.INTERNATIONAL)
    return Number(text, Kind.INVALID)


def parse_spelling(text: str) -> Number:
    """The number that a test or tool means, in any usual spelling.

    Separators, full-width digits, brackets around a trunk 0, and 00 for + make no difference
    here, though the platform would not send to every such spelling (N1). Raises
    `InvalidInput` for what is not text.
    """
    if not isinstance(text, str):
        raise InvalidInput(f'a number is text, such as "0912345678", not {text!r}', field="to")
    number = parse(text)
    if number.kind is Kind.INVALID:
        bare = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
        spelling = parse(re.sub("^00", "+", bare))
        if spelling.kind is not Kind.INVALID:
            return spelling
    return number


def as_written_in_taiwan(number: str) -> str:
    """The local form: `0912345678` for `+886912345678`; other numbers stay as they are."""
    return f"0{number[4:]}" if number.startswith("+8869") else number


def valid(text: str) -> str:
    """The kept form of a number in any usual spelling.

    Raises `InvalidInput` for one that SMS cannot go to.
    """
    number = parse_spelling(text)
    if number.kind is Kind.INVALID:
        raise InvalidInput(
            f"{text!r} is not a number that SMS can go to, such as 0912345678 or +14155550100",
            field="to",
        )
    return number.e164
