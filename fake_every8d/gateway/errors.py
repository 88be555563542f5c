"""Errors, in the platform's words and in ours."""

import dataclasses
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Literal, NoReturn, TypeVar

from fake_every8d.advice import AdviceKind
from fake_every8d.gateway.editions import Edition


class PlatformError(Exception):
    """A call to which the platform responds with an error code (clauses A1, A6, S3).

    `code` is negative and `description` is the platform's own text. `advice`, if given, says
    why the fake responds so, where production would not.
    """

    def __init__(self, code: int, description: str, advice: AdviceKind | None = None) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.advice = advice

    def __str__(self) -> str:
        return self.line(Edition.OF_2016)

    def line(self, edition: Edition) -> str:
        """The line that EVERY8D returns instead of a result: code, comma, text (E1).

        SOAP's is always that of 2016.
        """
        blank = " " if edition is Edition.OF_2016 else ""
        return f"{self.code},{blank}{self.description}"


NO_CREDENTIALS = -300, "帳號密碼不得為空值。"
NO_SUCH_ACCOUNT = -100, "取得連線失敗，無此帳號。"
WRONG_PASSWORD = -101, "取得連線失敗，密碼錯誤。"
ACCOUNT_LOCKED = -999, "帳號已封鎖，請洽服務窗口。"
NO_SESSION = -301, "Session 資料不存在，請重新登入。"
ENDED_BY_RESET = *NO_SESSION, AdviceKind.ENDED_BY_RESET
EMPTY_CONTENT = -24, "The content is empty."
NO_MOBILE = -41, "no mobile."
BAD_SEND_TIME = -28, "發送時間格式錯誤。"
NO_CHANNEL = -290, "帳號沒有互動頻道", AdviceKind.NO_CHANNEL  # the text is ours (H8)
UNFORESEEN = -99, "主機端發生不明錯誤，請與廠商窗口聯繫。"

Class = TypeVar("Class")

_LONGEST_SENTENCE = 1_000  # characters of a sentence, which may quote what was given


Reason = Literal[
    "invalid", "missing", "unknown", "repeated",
    "taken", "past", "decided", "not_arrived", "refused",
]  # fmt: skip
"""The kind of error, for programs.

A value is `invalid`, `missing`, `unknown` or `repeated`. A user ID is `taken`, a time `past`; the
status of a message is `decided`, or it has `not_arrived` at the phone that would reply. A call is
`refused` by the platform.
"""


class InvalidInput(ValueError):
    """A request of a test or a tool that makes no sense.

    The text says what was wrong and what would be right, in 1,000 characters at most; nothing
    has changed. `field` is the name of the value that is wrong, if it is one, and `reason` says
    for programs what is wrong with it, or with what was asked for.
    """

    def __init__(
        self, message: str, *, field: str | None = None, reason: Reason | None = None
    ) -> None:
        super().__init__(
            message if len(message) <= _LONGEST_SENTENCE else f"{message[: _LONGEST_SENTENCE - 1]}…"
        )
        self.field = field
        self.reason: Reason | None = reason or ("invalid" if field else None)


class Conflict(InvalidInput):
    """The request is valid, but conflicts with the current state."""


class NotFound(InvalidInput, LookupError):
    """The account, message, batch or other thing does not exist."""


def closest(word: str, words: Iterable[str]) -> str | None:
    """The known word that a misspelt one means, in any case; None if none is close."""
    spelt = {each.lower(): each for each in words}
    close = get_close_matches(word.lower(), spelt, n=1, cutoff=0.7)  # number means no name
    return spelt[close[0]] if close else None


def no_attribute(thing: object, name: str, also: str = "") -> AttributeError:
    """The error for an attribute that people have guessed: it names those that there are."""
    sentence = f"{type(thing).__name__!r} object has no attribute {name!r}"
    if name.startswith("_"):  # Python and its libraries look for such names
        return AttributeError(sentence)
    known = ", ".join([each for each in dir(thing) if not each.startswith("_")])
    return AttributeError(f"{sentence}; it has {known}{also}")


def names_its_attributes(cls: type[Class], also: str = "") -> type[Class]:
    """Decorate a class: the error for an attribute that it lacks names those that it has."""

    def missing(self: Class, name: str) -> NoReturn:
        __tracebackhide__ = True
        raise no_attribute(self, name, also)

    cls.__getattr__ = missing  # type: ignore[attr-defined]
    return cls


def changed_by(instead: str) -> Callable[[type[Class]], type[Class]]:
    """Decorate a frozen dataclass: an attribute that is set raises an error that names `instead`.

    People try to set attributes of these snapshots, and guess their names.
    """

    def decorate(cls: type[Class]) -> type[Class]:
        def refuse(self: Class, name: str, value: object) -> None:
            raise dataclasses.FrozenInstanceError(
                f"{cls.__name__}.{name} cannot be set: it is a picture of the moment in which it "
                f"was asked for. Use {instead}"
            )

        cls.__setattr__ = refuse  # type: ignore[assignment]
        return names_its_attributes(cls, f"; to change it, use {instead}")

    return decorate
