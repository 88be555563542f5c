"""The seven operations: the single source of their names and parameters (W2)."""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fake_every8d.gateway import Gateway, PlatformError, Receipt
from fake_every8d.gateway.errors import UNFORESEEN
from fake_every8d.soap import documents, spyne_compat  # noqa: F401  (before spyne)

from spyne import Service, Unicode, rpc  # isort: skip

TNS = "http://tempuri.org/"
"""The target namespace (W2)."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """One call of an operation: what it works on, and what it leaves for the journal."""

    gateway: Gateway
    advice: list[str] = field(default_factory=list)
    """What production does here that people do not expect, a sentence each."""
    user_id: str | None = None
    """Whose account it is about, or who tries to log in."""
    result: str | None = None
    """What came of it, short enough for a log."""


def _operation(*, refused: Callable[[PlatformError], str] = str) -> Callable[[Any], Any]:
    """Make a function over a `Call` and strings an operation that answers a string.

    A null parameter reaches it as an empty string (W5). `refused` writes the
    platform's errors, -99 for an unforeseen one among them (A6, S3).
    """

    def decorate(function: Callable[..., str]) -> Any:
        names = function.__code__.co_varnames[1 : function.__code__.co_argcount]

        @functools.wraps(function)
        def call_it(ctx: Any, *values: str | None) -> str:
            call: Call = ctx.udc
            try:
                # Before the call, since closeConnection ends what tells it.
                call.user_id = call.gateway.owner(values[0] or "")
                answer = function(call, *[value or "" for value in values])
                call.result = call.result or answer
            except PlatformError as error:
                answer, call.result = refused(error), str(error)
            except Exception:
                _logger.exception("%s failed", function.__name__)
                unforeseen = PlatformError(*UNFORESEEN)
                answer, call.result = refused(unforeseen), str(unforeseen)
            return answer

        return rpc(*[Unicode] * len(names), _args=names, _returns=Unicode)(call_it)

    return decorate


class SmsService(Service):  # type: ignore[misc]  # spyne has no types
    """EVERY8D's SMS service. Names are the document's own; so is their order."""

    @_operation(refused=documents.connection_refused)
    def getConnection(call: Call, userID: str, password: str) -> str:
        call.user_id = userID
        session_key = call.gateway.open_session(userID, password)
        call.result = "0"
        return documents.connection(session_key)

    @_operation()
    def sendSMS(
        call: Call, sessionKey: str, subject: str, content: str, mobile: str, sendTime: str
    ) -> str:
        return _receipt(call, call.gateway.send_sms(sessionKey, subject, content, mobile, sendTime))

    @_operation()
    def sendParamSMS(
        call: Call, sessionKey: str, subject: str, contentXML: str, sendTime: str
    ) -> str:
        try:
            recipients = documents.recipients(contentXML)
        except documents.RepsError as error:
            call.gateway.credit(sessionKey)  # a dead session is told so first, as elsewhere
            call.advice.append(
                f"Production answers -99 and sends nothing when it cannot read contentXML: {error}."
            )
            raise PlatformError(*UNFORESEEN) from None
        return _receipt(
            call, call.gateway.send_param_sms(sessionKey, subject, recipients, sendTime)
        )

    @_operation(refused=documents.delivery_log_refused)
    def getDeliveryStatus(call: Call, sessionKey: str, batchID: str, pageNo: str) -> str:
        log = call.gateway.delivery_log(sessionKey, batchID, pageNo)
        call.result = f"0, {len(log.messages)} of {log.count}"
        return documents.delivery_log(log, pad_mobile=call.gateway.settings.pad_mobile)

    @_operation()
    def getCredit(call: Call, sessionKey: str) -> str:
        return _points(call.gateway.credit(sessionKey))

    @_operation()
    def eraseBooking(call: Call, sessionKey: str, batchID: str) -> str:
        erased = call.gateway.erase_booking(sessionKey, batchID)
        return f"{erased.records},{erased.points:.1f}" if erased else ""

    @_operation()
    def closeConnection(call: Call, sessionKey: str) -> str:
        return "1" if call.gateway.close_session(sessionKey) else "-1"


def _receipt(call: Call, receipt: Receipt) -> str:
    """CREDIT,SENDED,COST,UNSEND,BATCH_ID (S1, P5)."""
    call.advice += receipt.advice
    return (
        f"{_points(receipt.credit)},{receipt.sent},{receipt.cost:.1f},{receipt.unsent},"
        f"{receipt.batch_id}"
    )


def _points(points: Decimal) -> str:
    return f"{points:.2f}"
