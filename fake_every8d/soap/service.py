"""The operations: the single source of their order, parameters and titles (W2)."""

import functools
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fake_every8d.advice import AdviceKind
from fake_every8d.charsets import is_url_encoded
from fake_every8d.gateway import PlatformError, Receipt
from fake_every8d.gateway.errors import UNFORESEEN
from fake_every8d.soap import documents, spyne_compat  # noqa: F401  (before spyne)
from fake_every8d.soap.envelope import TNS

from spyne import Application, Service, Unicode, rpc  # isort: skip

if TYPE_CHECKING:
    from fake_every8d.soap.endpoint import SoapCall

_logger = logging.getLogger(__name__)

_REFERENCE = re.compile("&(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);")


def _operation(*, refused: Callable[[PlatformError], str] = str) -> Callable[[Any], Any]:
    """Turn a function of a `SoapCall` and strings into an operation that returns a string.

    The function's docstring is the operation's title on the pages. The call is `udc`, the
    user-defined part of spyne's context; nothing else of the context is used. A null parameter
    arrives as an empty string (W5). `refused` formats the platform's errors, including -99 for
    an unforeseen one (A6, S3).
    """

    def decorate(function: Callable[..., str]) -> Any:
        names = function.__code__.co_varnames[1 : function.__code__.co_argcount]

        @functools.wraps(function)
        def call_it(ctx: Any, *values: str | None) -> str:
            call: SoapCall = ctx.udc
            try:
                given = [value or "" for value in values]
                returned = call.platform.as_of(
                    call.began, call.user_id, functools.partial(function, call, *given)
                )
                call.result = call.result or returned
            except PlatformError as error:
                if error.advice:
                    call.advice.add(error.advice)
                returned, call.result = refused(error), str(error)
            except Exception:
                _logger.exception("%s failed", function.__name__)
                unforeseen = PlatformError(*UNFORESEEN)
                returned, call.result = refused(unforeseen), str(unforeseen)
            return returned

        return rpc(*[Unicode] * len(names), _args=names, _returns=Unicode)(call_it)

    return decorate


class SmsService(Service):  # type: ignore[misc]  # spyne has no types
    """EVERY8D's SMS service. The names and their order are those of production's WSDL."""

    @_operation(refused=documents.connection_refused)
    def getConnection(call: "SoapCall", userID: str, password: str) -> str:
        """Log in · 建立連線"""
        session_key = call.platform.open_session(userID, password)
        call.result = "0"
        return documents.connection(session_key)

    @_operation()
    def closeConnection(call: "SoapCall", sessionKey: str) -> str:
        """Log out · 關閉連線"""
        return "1" if call.platform.close_session(sessionKey) else "-1"

    @_operation()
    def sendSMS(
        call: "SoapCall", sessionKey: str, subject: str, content: str, mobile: str, sendTime: str
    ) -> str:
        """Send one text · 簡訊發送"""
        _advise_on_texts(call, subject=subject, content=content)
        return _receipt(
            call, call.platform.send_sms(sessionKey, subject, content, mobile, sendTime)
        )

    @_operation()
    def sendMessage(
        call: "SoapCall",
        sessionKey: str,
        subject: str,
        content: str,
        mobile: str,
        sendTime: str,
        retryTime: str,
    ) -> str:
        """Send one text, with a time for retries · 簡訊發送(含重送時間)"""
        _advise_on_texts(call, subject=subject, content=content)
        receipt = call.platform.send_sms(
            sessionKey, subject, content, mobile, sendTime, retry_time=retryTime
        )
        return _receipt(call, receipt)

    @_operation()
    def sendParamSMS(
        call: "SoapCall", sessionKey: str, subject: str, contentXML: str, sendTime: str
    ) -> str:
        """Send each recipient a text of their own · 個人化簡訊發送"""
        try:
            recipients = documents.recipients(contentXML, call.advice)
        except documents.RepsError as error:
            call.platform.check(sessionKey)  # an ended session is the first error, as elsewhere
            call.advice.add(AdviceKind.CONTENT_XML, why=error)
            raise PlatformError(*UNFORESEEN) from None
        _advise_on_texts(call, subject=subject)
        for recipient in recipients:
            _advise_on_texts(call, content=recipient.text)
        return _receipt(
            call, call.platform.send_param_sms(sessionKey, subject, recipients, sendTime)
        )

    @_operation()
    def eraseBooking(call: "SoapCall", sessionKey: str, batchID: str) -> str:
        """Cancel bookings · 刪除預約簡訊"""
        erased = call.platform.erase_booking(sessionKey, batchID)
        return f"{erased.records},{erased.points:.1f}" if erased else ""

    @_operation(refused=documents.delivery_log_refused)
    def getDeliveryStatus(call: "SoapCall", sessionKey: str, batchID: str, pageNo: str) -> str:
        """Delivery status and replies · 發送狀態(含回覆簡訊)查詢"""
        log = call.platform.delivery_log(sessionKey, batchID, pageNo)
        call.result = f"0, {len(log.messages)}/{log.count}"
        return documents.delivery_log(log, pad_mobile=call.platform.settings.pad_mobile)

    @_operation()
    def getCredit(call: "SoapCall", sessionKey: str) -> str:
        """Points left · 餘額查詢"""
        return f"{call.platform.credit(sessionKey):.2f}"

    @_operation()
    def getFreePhoneCallinLog(
        call: "SoapCall",
        sessionKey: str,
        activityID: str,
        beginDate: str,
        endDate: str,
        pageNo: str,
    ) -> str:
        """Calls to a toll-free number; what it returns is not known · 免付費電話來電紀錄"""
        call.platform.check(sessionKey)
        call.advice.add(AdviceKind.NO_CALLIN_LOG)
        raise PlatformError(*UNFORESEEN)


def application(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The service as a spyne application; spyne's own protocols, if given, can serve it."""
    return Application([SmsService], TNS, "SMS", in_protocol, out_protocol)


def _advise_on_texts(call: "SoapCall", **texts: str) -> None:
    """Add advice for texts, by parameter name, that look encoded once too often."""
    for name, text in texts.items():
        if is_url_encoded(text):
            call.advice.add(AdviceKind.URL_ENCODED, name=name, text=text)
        if "&" in text and (found := _REFERENCE.search(text)):
            call.advice.add(AdviceKind.ESCAPED_TWICE, name=name, found=found[0])


def _receipt(call: "SoapCall", receipt: Receipt) -> str:
    """The result of a send: CREDIT,SENDED,COST,UNSEND,BATCH_ID (S1, P5)."""
    call.advice.extend(receipt.advice)
    return receipt.line(cost_decimals=1)
