"""A call of one of the platform's operations, through either of its APIs."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, get_args

from fake_every8d.advice import Advice
from fake_every8d.gateway.errors import InvalidInput, closest

SOAP_PATH = "/API21/SOAP/SMS.asmx"
"""The path of EVERY8D's SOAP service; its case does not matter, as with IIS (W1)."""
HTTP_PATH = "/API21/HTTP/"
"""The base path of the HTTP API: in any case, and optionally after one more segment (H1)."""

OperationName = Literal[
    "getConnection",
    "closeConnection",
    "checkConnection",
    "sendSMS",
    "sendMessage",
    "sendSMS4FilterMessage",
    "sendParamSMS",
    "eraseBooking",
    "getDeliveryStatus",
    "getReplyMessage",
    "getCredit",
    "getFreePhoneCallinLog",
]
"""Every operation of either API, by its name in calls, failures and pages (H17)."""

_SAME = {"sendParam": "sendParamSMS", "ConnectionHandler": "getConnection"}
"""The HTTP API's other names for these operations."""


def known_operation(name: str) -> None:
    """Raise `InvalidInput`, with the name that was meant, if there is no such operation."""
    names: tuple[str, ...] = get_args(OperationName)
    if name in names:
        return
    meant = closest(name.removesuffix(".ashx"), [*names, *_SAME])
    hint = f"did you mean {_SAME.get(meant, meant)}?" if meant else f"there are {', '.join(names)}"
    raise InvalidInput(
        f"there is no operation {name!r}; {hint}", field="operation", reason="unknown"
    )


class Response(NamedTuple):
    """A response over HTTP."""

    status: int
    content_type: str
    body: bytes


class Call(Protocol):
    """A request that an API has read, to be executed and responded to.

    Failures on demand, the journal and the log know nothing else of a call, whichever its API.
    """

    @property
    def began(self) -> int:
        """The platform's epoch when it was read: a reset after that voids it (X1)."""

    @property
    def operation(self) -> str | None:
        """The operation, such as `sendSMS`; None if the request names none: it executes nothing."""

    @property
    def user_id(self) -> str | None:
        """The user ID of its account, or of a failed login, if the request tells.

        Set when the call is read, since a logout ends the session that tells it.
        """

    @property
    def result(self) -> str | None:
        """The result, short enough for a log: a code, a receipt, a fault. Never a secret."""

    @property
    def advice(self) -> Advice:
        """Warnings about production's behaviour that people may not expect."""

    @property
    def secrets(self) -> Sequence[str]:
        """The passwords and tokens in the call, as read, and in its result."""

    def mobiles(self) -> Sequence[str]:
        """The numbers to send to, as written."""

    def execute(self) -> None:
        """Execute the operation, if there is one. Only this changes the gateway."""

    def respond(self, result: str | None = None) -> Response:
        """The response to an executed call; `result`, if given, replaces the operation's own."""

    def fail(self, reason: str) -> Response:
        """The response of a server that failed: a SOAP fault, or the HTTP API's equivalent."""
