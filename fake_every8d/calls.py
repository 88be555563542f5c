"""A call of one of the platform's operations, whichever of its APIs it came by."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Response(NamedTuple):
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: bytes


class Call(Protocol):
    """A request that an API has read, and is yet to be executed and answered.

    What failures on demand, the journal and the log know of a call; SOAP's and the HTTP API's
    have it in common.
    """

    operation: str | None
    """Such as `sendSMS`; None if the request asks for none, and there is nothing to execute."""
    user_id: str | None
    """Whose account it is about, or who tries to log in; None as long as nobody knows."""
    result: str | None
    """What came of it, short enough for a log: a code, a receipt, a fault. Never a secret."""
    advice: Sequence[str]
    """What production does here that people do not expect, a sentence each."""

    def execute(self) -> None:
        """Do what it asks for, if anything. The gateway changes here and nowhere else."""

    def answer(self, result: str | None = None) -> Response:
        """The response of an executed call; or `result` instead of what the operation said."""

    def fail(self, reason: str) -> Response:
        """The response of a server that failed: a SOAP fault, or what the API has for it."""
