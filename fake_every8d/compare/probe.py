"""A probe: one call that tells whether a clause holds, and cannot send anything."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

from fake_every8d.compare.exchange import Request
from fake_every8d.compare.given import Given


class Api(StrEnum):
    """Which of the platform's APIs is asked."""

    SOAP = "SOAP"
    HTTP = "HTTP"


class Harmless(StrEnum):
    """Why a probe neither sends, books, erases nor changes anything, whatever is made of it."""

    PAGE = "It looks at a page: no operation is called, and no account is named."
    READS = "The operation only reads, and has neither a number nor a text."
    LOGS_IN = "It opens, checks or closes a session or a token of the run's own."
    NEITHER = "It has neither a number nor a text."
    NO_NUMBER = "It has a text, and no number to send it to."
    NO_TEXT = "It has a number, which no phone can have, and no text to send."
    NO_BATCH = "The batch is one that cannot be, so there is nothing to erase."


class Compared(Enum):
    """How much of two answers must be the same."""

    STATUS = "the status"
    PAGE = "the status and the media type"
    """Pages for people need not look alike."""
    DESCRIPTION = "the status, the media type, and XML in canonical form"
    ALL = "the status, the Content-Type and every byte, but for what differs from run to run"


@dataclass(frozen=True, slots=True)
class Probe:
    """One call, of which platform and fake are both asked."""

    name: str
    """Its own: no other probe of its API has it."""
    clauses: tuple[str, ...]
    """The clauses of the contract that it holds the fake to."""
    api: Api
    request: Callable[[Given], Request]
    """The call, for an account. Raises `IndexError` if it needs a session or a token that none
    of the probes before it has opened."""
    harmless: Harmless
    compared: Compared = Compared.ALL
    ascii_only: bool = False
    """Whether the charset could turn a password that is not ASCII into a wrong one."""
    wrong_password: bool = False
    """Whether it is the one that gives a wrong password."""
