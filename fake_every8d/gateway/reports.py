"""Status reports (狀態回報, clauses R), and copies by e-mail (S7)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote_plus, urldefrag

from fake_every8d.gateway.accounts import Account, ReportMethod
from fake_every8d.gateway.clock import to_datetime
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.messages import Record, Status
from fake_every8d.gateway.outbox import Outgoing

_PARAMETERS = {
    Edition.OF_2016: ("BatchID", "RM", "RT", "STATUS", "SM", "MR"),
    Edition.OF_2021: (
        "BatchID", "RM", "RT", "STATUS", "SM", "MR", "USERID", "UserNo", "ST", "SUBJECT",
        "CHARGE", "MSGID",
    ),
    Edition.OF_2025: (
        "BatchID", "RM", "RT", "STATUS", "SM", "ST", "MR", "SUBJECT", "NAME", "SOURCE",
        "CHARGE", "TYPE", "MSGID",
    ),
}  # fmt: skip
_CODECS = {"utf-8": "utf-8", "big5": "cp950"}  # Python's own big5 lacks 碁 and the euro sign
_LONGEST_VALUE = 2_000  # characters of a value: no receiver takes a URL of megabytes
_DIFFERENT_IN_DOTNET = re.compile("%..|~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Outgoing):
    """A status report, or a reply passed on: one request, and its retries.

    Delivered once the receiver has responded with HTTP 200, and nothing else (R2).
    """

    SUCCESS: ClassVar[int] = 200

    batch_id: str
    """BatchID."""
    to: str
    """RM: the recipient's number."""
    status: Status
    """STATUS: the final status, or `Status.REPLY`."""
    text: str
    """SM: the reply's text, else empty."""
    record_number: str
    """MR."""
    method: ReportMethod
    """`GET` or `POST` (R6)."""
    url: str
    """The requested URL with its query."""
    body: str | None
    """The form of a POST, as sent; None for a GET, whose parameters are in the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Outgoing):
    """The copy of an SMS that goes to its recipient's e-mail address, free of charge.

    Kept always; handed to an SMTP server when one is configured and `to` is an address, and
    delivered once that has answered 250.
    """

    SUCCESS: ClassVar[int] = 250

    to: str
    """The address as the sender gave it, without blanks around it."""
    subject: str
    """The batch's subject (簡訊主旨)."""
    text: str
    """The text of the SMS."""


def report(
    id: int,
    record: Record,
    account: Account,
    status: Status,
    at: datetime,
    text: str = "",
    *,
    edition: Edition = Edition.OF_2016,
) -> Report:
    """The report, as `account` has them, that `record` came to `status` at `at` (R, E1).

    The account must have a report URL.
    """
    assert account.report_url is not None
    url = urldefrag(account.report_url).url
    values = {
        "BatchID": record.batch.id,
        "RM": record.to,
        "RT": _time(at),
        "STATUS": str(status.value),
        "SM": text,
        "MR": record.record_number,
        "USERID": record.batch.user_id,
        "ST": _time(to_datetime(record.due)),
        "SUBJECT": record.batch.subject,
        "NAME": record.name,
        "CHARGE": str(record.cost),
        "TYPE": "SMS",
    }
    codec = _CODECS[account.report_charset]
    parameters = "&".join(
        f"{name}={_url_encoded(values.get(name, '')[:_LONGEST_VALUE], codec)}"
        for name in _PARAMETERS[edition]
    )
    posted = account.report_method == "POST"
    if not posted:
        url += f"{'&' if '?' in url else '?'}{parameters}"
    return Report(
        id=id,
        message_id=record.id,
        user_id=record.batch.user_id,
        at=at,
        max_attempts=account.report_attempts,
        batch_id=record.batch.id,
        to=record.to,
        status=status,
        text=text,
        record_number=record.record_number,
        method=account.report_method,
        url=url,
        body=parameters if posted else None,
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def _url_encoded(text: str, codec: str) -> str:
    """The text encoded as by .NET's HttpUtility.UrlEncode.

    It encodes each byte alone, so the second byte of a character in Big5 may stay a letter.
    """
    return _DIFFERENT_IN_DOTNET.sub(
        lambda found: "%7e" if found[0] == "~" else found[0].lower(),
        quote_plus(text.encode(codec, "replace"), safe="!*()"),
    )
