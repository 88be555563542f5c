"""The operations of the HTTP API (clauses H7–H16)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.calls import OperationName
from fake_every8d.gateway import Caller, Edition, Login, Platform, PlatformError, Recipient, Token
from fake_every8d.gateway.errors import NO_CREDENTIALS
from fake_every8d.http_api.forms import Parameters
from fake_every8d.http_api.json_body import Fields, Malformed
from fake_every8d.http_api.responses import (
    Output,
    Table,
    delivery_table,
    error_json,
    error_line,
    filtered_line,
    receipt_json,
    receipt_line,
    reply_table,
    token_json,
)

_FIELD = re.compile("%field([1-5])%")
_PAGE = re.compile("0*[1-9][0-9]*", re.ASCII)


@dataclass(slots=True)
class Context:
    """A call that is being executed: the platform, who calls, and the advice so far."""

    platform: Platform
    edition: Edition
    caller: Caller
    advice: Advice
    secrets: list[str] = field(default_factory=list)
    """Secrets in its result, which logs and pages must not show."""

    def later(self, what: str, kind: AdviceKind = AdviceKind.LATER_EDITION) -> None:
        """Advise that `what` came after the fake's edition, unless that is 2025 (E2)."""
        if self.edition < Edition.OF_2025:
            self.advice.add(kind, what=what, edition=self.edition)


@dataclass(frozen=True, slots=True)
class HttpOperation:
    """An operation: its name, its parameters, and the function that executes it."""

    call_name: OperationName
    """The name in the journal and in failures on demand: SOAP's, if SOAP has it (H17)."""
    parameters: tuple[str, ...]
    """The parameters besides UID and PWD; for people to read."""
    run: Callable[[Context, Any], Output]
    """Execute it, with the form's `Parameters` or JSON's `Fields`. Raises `PlatformError`."""
    json: bool = False
    """True if it takes and returns JSON."""

    def refuse(self, error: PlatformError, edition: Edition) -> Output:
        """The output for an error."""
        return (error_json if self.json else error_line)(error, edition)


def _send_sms(call: Context, given: Parameters) -> Output:
    receipt = call.platform.send_sms(
        call.caller,
        *_text_and_recipients(given),
        **_options(call, given),
        mobile_first=True,
        tell_repeats=True,
    )
    call.advice.extend(receipt.advice)
    return Output(receipt_line(receipt, call.edition))


def _send_filtered_sms(call: Context, given: Parameters) -> Output:
    if "IsSend" in given:
        call.later("IsSend")
    sent = given["IsSend"].strip().lower() != "false"
    filtered = call.platform.send_filtered_sms(
        call.caller, *_text_and_recipients(given), **_options(call, given), send=sent
    )
    if filtered.receipt:
        call.advice.extend(filtered.receipt.advice)
    return Output(filtered_line(filtered, sent=sent, edition=call.edition))


def _text_and_recipients(given: Parameters) -> tuple[str, str, str, str]:
    return given["SB"], given["MSG"], given["DEST"], given["ST"].strip()


def _options(call: Context, given: Parameters) -> dict[str, str]:
    record_number = given["MR"]
    if record_number:
        call.advice.add(AdviceKind.MR_IN_SEND_SMS)
    if "StatusReportURL" in given:
        call.advice.add(AdviceKind.STATUS_REPORT_URL)
    return {
        "record_number": record_number,
        "retry_time": given["RETRYTIME"],
        "event_id": _event_id(call, given["EventID"]),
    }


def _event_id(call: Context, event_id: str) -> str:
    if event_id:
        call.later("EventID")
    return event_id


def _send_param(call: Context, given: Fields) -> Output:
    try:
        template = given["MSG"]
        recipients = [
            Recipient(
                mobile=recipient["Mobile"],
                text=_filled(call, template, recipient["Param"]),
                name=recipient["Name"],
                email=recipient["Email"],
                send_time=recipient["SendTime"].strip(),
                record_number=recipient["Mr"],
            )
            for recipient in given.objects("RecipientDataList")
        ]
        subject, retry_time = given["SB"], given["RETRYTIME"]
        event_id = given["EventID"]
    except Malformed:
        call.platform.check(call.caller)  # a failed login comes first, as elsewhere
        raise
    receipt = call.platform.send_param(
        call.caller,
        subject,
        recipients,
        retry_time=retry_time,
        event_id=_event_id(call, event_id),
    )
    call.advice.extend(receipt.advice)
    return receipt_json(receipt, call.edition)


def _filled(call: Context, template: str, param: str) -> str:
    """The text for a recipient: Param itself, or MSG with its values in it (H12)."""
    if not template:
        return param
    if not _FIELD.search(template):
        return template
    values = param.split("|") if param else []
    if len(values) < 5:
        call.advice.add(AdviceKind.FEW_VALUES, param=param, n=len(values))
    elif len(values) > 5:
        call.advice.add(AdviceKind.MANY_VALUES, param=param, n=len(values))
    values += [""] * 5
    return _FIELD.sub(lambda found: values[int(found[1]) - 1], template)


def _get_delivery_status(call: Context, given: Parameters) -> Output:
    batch_id, page_no = given["BID"].strip(), given["PNO"].strip()
    log = call.platform.delivery_log(call.caller, batch_id, page_no)
    if not log.count:
        _tell_why_nothing(call, batch_id, page_no, AdviceKind.NO_BATCH)
    table = delivery_table(log, batch_id, call.edition)
    return _formatted(call, given, table, {"0": Table.tab, "1": Table.json, "2": Table.xml})


def _get_reply_message(call: Context, given: Parameters) -> Output:
    batch_id, page_no = given["BID"].strip(), given["PNO"].strip()
    replies = call.platform.replies(call.caller, batch_id, page_no)
    if not replies.count:
        _tell_why_nothing(call, batch_id, page_no, AdviceKind.NO_REPLY)
    table = reply_table(replies, batch_id)
    return _formatted(call, given, table, {"0": Table.tab, "1": Table.json})


def _tell_why_nothing(call: Context, batch_id: str, page_no: str, otherwise: AdviceKind) -> None:
    if page_no and not _PAGE.fullmatch(page_no):
        call.advice.add(AdviceKind.NO_PAGE, page_no=page_no)
    else:
        call.advice.add(otherwise, batch_id=batch_id)


def _formatted(
    call: Context,
    given: Parameters,
    table: Table,
    formats: dict[str, Callable[[Table], Output]],
) -> Output:
    wanted = given["RESPFORMAT"].strip()
    if wanted:
        call.later("RESPFORMAT")
    if wanted and wanted not in formats:
        call.advice.add(AdviceKind.NO_FORMAT, formats=", ".join(formats), format=wanted)
    return formats.get(wanted, Table.tab)(table)


def _erase_booking(call: Context, given: Parameters) -> Output:
    batch_id = given["BID"].strip()
    erased = call.platform.erase_booking(call.caller, batch_id)
    if erased is None:
        call.advice.add(AdviceKind.NO_BOOKING, batch_id=batch_id)
        return Output("")
    return Output(f"{erased.records},{erased.points:.2f}")


def _get_credit(call: Context, given: Parameters) -> Output:
    return Output(f"{call.platform.credit(call.caller):.2f}")


def _open_token(call: Context, given: Fields) -> Output:
    assert isinstance(call.caller, Login)  # even if a token came with it
    token = call.platform.open_token(call.caller)
    call.secrets.append(token)
    return token_json(token)


def _check_token(call: Context, given: Fields) -> Output:
    call.platform.check(_token(call))
    return token_json()


def _close_token(call: Context, given: Fields) -> Output:
    call.platform.close_token(_token(call))
    return token_json()


def _token(call: Context) -> Token:
    if not isinstance(call.caller, Token):
        raise PlatformError(*NO_CREDENTIALS)
    return call.caller


_SEND = ("SB", "MSG", "DEST", "ST", "RETRYTIME", "EventID")
_SEND_PARAM = ("SB", "MSG", "RETRYTIME", "EventID", "RecipientDataList")

_PARAM = HttpOperation("sendParamSMS", _SEND_PARAM, _send_param, json=True)

OPERATIONS = {
    "sendSMS": HttpOperation("sendSMS", (*_SEND, "MR"), _send_sms),
    "sendSMS4FilterMessage": HttpOperation(
        "sendSMS4FilterMessage", (*_SEND, "IsSend"), _send_filtered_sms
    ),
    "SendParamSMS": _PARAM,
    "SendParam": _PARAM,
    "getDeliveryStatus": HttpOperation(
        "getDeliveryStatus", ("BID", "PNO", "RESPFORMAT"), _get_delivery_status
    ),
    "getReplyMessage": HttpOperation(
        "getReplyMessage", ("BID", "PNO", "RESPFORMAT"), _get_reply_message
    ),
    "eraseBooking": HttpOperation("eraseBooking", ("BID",), _erase_booking),
    "getCredit": HttpOperation("getCredit", (), _get_credit),
}
"""The operations by their name in the path, in the document's order; without ConnectionHandler."""

CONNECTION_HANDLER = "ConnectionHandler"

CONNECTIONS = {
    "1": HttpOperation("getConnection", ("HandlerType", "VerifyType"), _open_token, json=True),
    "2": HttpOperation("checkConnection", ("HandlerType", "VerifyType"), _check_token, json=True),
    "3": HttpOperation("closeConnection", ("HandlerType", "VerifyType"), _close_token, json=True),
}
"""ConnectionHandler's three operations, by its VerifyType (H7)."""
