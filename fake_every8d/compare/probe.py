"""A probe: a call that checks a clause, and cannot send anything."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

from fake_every8d.compare.exchange import Request
from fake_every8d.compare.given import Given


class Api(StrEnum):
    """The platform's APIs."""

    SOAP = "SOAP"
    HTTP = "HTTP"


class Harmless(StrEnum):
    """The reason why a probe cannot send, book, erase or change anything."""

    PAGE = "It looks at a page: no operation is called, and no account is named."
    READS = "The operation only reads, and has neither a number nor a text."
    LOGS_IN = "It opens, checks or closes one of the run's own sessions or tokens."
    NEITHER = "It has neither a number nor a text."
    NO_NUMBER = "It has a text, and no number to send it to."
    NO_TEXT = "It has a number, which no phone can have, and no text to send."
    NO_BATCH = "The batch cannot exist, so there is nothing to erase."


class Compared(Enum):
    """The parts of two answers that must be the same."""

    STATUS = "the status"
    PAGE = "the status and the media type"
    """The comparison of pages for people, which may look different."""
    DESCRIPTION = "the status, the media type, and XML in canonical form"
    ALL = "the status, the Content-Type and every byte, but for what differs from run to run"


@dataclass(frozen=True, slots=True)
class Probe:
    """A call to make to both platform and fake."""

    name: str
    """The name, unique among its API's probes."""
    clauses: tuple[str, ...]
    """The clauses of the contract that it checks."""
    api: Api
    request: Callable[[Given], Request]
    """The call, for an account. Raises `IndexError` if it needs a session or a token and no probe
    before it has opened one."""
    harmless: Harmless
    compared: Compared = Compared.ALL
    ascii_only: bool = False
    """True if the charset could turn a password that is not ASCII into a wrong one."""
    wrong_password: bool = False
    """True if it gives a wrong password."""
