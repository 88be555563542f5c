"""The seven operations: the single source of their names and parameters (W2)."""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fake_every8d.calls import Advice
from fake_every8d.gateway import Gateway, PlatformError, Receipt
from fake_every8d.gateway.errors import UNFORESEEN
from fake_every8d.soap import documents, spyne_compat  # noqa: F401  (before spyne)
from fake_every8d.soap.envelope import TNS

from spyne import Application, Service, Unicode, rpc  # isort: skip

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Work:
    """What an operation works on, and what it leaves for the journal."""

    gateway: Gateway
    advice: Advice
    """What production does here that people may not expect."""
    user_id: str | None = None
    """The user ID of its account, or of a failed login."""
    result: str | None = None
    """Its result, short enough for a log."""


def _operation(*, refused: Callable[[PlatformError], str] = str) -> Callable[[Any], Any]:
    """Turn a function of `Work` and strings into an operation that returns a string.

    Of the context that spyne passes, only the user-defined part, `udc`, counts. A null
    parameter arrives as an empty string (W5). `refused` writes the platform's errors,
    including -99 for an unforeseen one (A6, S3).
    """

    def decorate(function: Callable[..., str]) -> Any:
        names = function.__code__.co_varnames[1 : function.__code__.co_argcount]

        @functools.wraps(function)
        def call_it(ctx: Any, *values: str | None) -> str:
            work: Work = ctx.udc
            try:
                # Before the call, because closeConnection ends the session that tells whose it is.
                work.user_id = work.gateway.owner(values[0] or "")
                returned = function(work, *[value or "" for value in values])
                work.result = work.result or returned
            except PlatformError as error:
                returned, work.result = refused(error), str(error)
            except Exception:
                _logger.exception("%s failed", function.__name__)
                unforeseen = PlatformError(*UNFORESEEN)
                returned, work.result = refused(unforeseen), str(unforeseen)
            return returned

        return rpc(*[Unicode] * len(names), _args=names, _returns=Unicode)(call_it)

    return decorate


class SmsService(Service):  # type: ignore[misc]  # spyne has no types
    """EVERY8D's SMS service. The names and their order are the document's."""

    @_operation(refused=documents.connection_refused)
    def getConnection(work: Work, userID: str, password: str) -> str:
        work.user_id = userID
        session_key = work.gateway.open_session(userID, password)
        work.result = "0"
        return documents.connection(session_key)

    @_operation()
    def sendSMS(
        work: Work, sessionKey: str, subject: str, content: str, mobile: str, sendTime: str
    ) -> str:
        return _receipt(work, work.gateway.send_sms(sessionKey, subject, content, mobile, sendTime))

    @_operation()
    def sendParamSMS(
        work: Work, sessionKey: str, subject: str, contentXML: str, sendTime: str
    ) -> str:
        try:
            recipients = documents.recipients(contentXML)
        except documents.RepsError as error:
            work.gateway.check(sessionKey)  # an ended session is the first error, as elsewhere
            work.advice.add(
                "Production returns -99 and sends nothing when it cannot read contentXML: {}.",
                str(error),
            )
            raise PlatformError(*UNFORESEEN) from None
        return _receipt(
            work, work.gateway.send_param_sms(sessionKey, subject, recipients, sendTime)
        )

    @_operation(refused=documents.delivery_log_refused)
    def getDeliveryStatus(work: Work, sessionKey: str, batchID: str, pageNo: str) -> str:
        log = work.gateway.delivery_log(sessionKey, batchID, pageNo)
        work.result = f"0, {len(log.messages)} of {log.count}"
        return documents.delivery_log(log, pad_mobile=work.gateway.settings.pad_mobile)

    @_operation()
    def getCredit(work: Work, sessionKey: str) -> str:
        return f"{work.gateway.credit(sessionKey):.2f}"

    @_operation()
    def eraseBooking(work: Work, sessionKey: str, batchID: str) -> str:
        erased = work.gateway.erase_booking(sessionKey, batchID)
        return f"{erased.records},{erased.points:.1f}" if erased else ""

    @_operation()
    def closeConnection(work: Work, sessionKey: str) -> str:
        return "1" if work.gateway.close_session(sessionKey) else "-1"


def application(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The service as spyne knows it, ready to be served by protocols of spyne's if given."""
    return Application([SmsService], TNS, "SMS", in_protocol, out_protocol)


def _receipt(work: Work, receipt: Receipt) -> str:
    """CREDIT,SENDED,COST,UNSEND,BATCH_ID (S1, P5)."""
    work.advice.extend(receipt.advice)
    return receipt.line(cost_decimals=1)
