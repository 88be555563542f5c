"""The contents of responses: lines, TAB, JSON and XML (clauses H5, H9, H10, H13–H16, E1)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from html import escape
from typing import Any, NamedTuple

from fake_every8d.gateway import (
    DeliveryLog,
    Edition,
    FilteredReceipt,
    Message,
    PlatformError,
    Receipt,
    Replies,
)
from fake_every8d.gateway.errors import (
    ACCOUNT_LOCKED,
    BAD_SEND_TIME,
    NO_CREDENTIALS,
    NO_MOBILE,
    NO_SESSION,
    NO_SUCH_ACCOUNT,
    WRONG_PASSWORD,
)

_OF_2016 = Edition.OF_2016  # which Python 3.11 is slow to look up

TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
XML = "text/xml; charset=utf-8"

_WORDED = {
    NO_CREDENTIALS[0]: ("帳號密碼不得為空值。", "帳號密碼不得為空"),
    NO_SUCH_ACCOUNT[0]: ("無此帳號。", "無此帳號"),
    WRONG_PASSWORD[0]: ("密碼錯誤。", "密碼錯誤"),
}
"""Errors with another text than SOAP's: in edition 2016, and in later ones."""

_WITHOUT_STOP = (ACCOUNT_LOCKED[0], NO_SESSION[0], BAD_SEND_TIME[0])
"""Errors with a full stop in edition 2016 only."""

_escape = partial(escape, quote=False)
_BLANKS = str.maketrans("\t\r\n", "   ")


class Output(NamedTuple):
    """The content of an operation's response."""

    text: str
    content_type: str = TEXT
    result: str | None = None
    """The result in the log, if not the text."""


def worded(error: PlatformError, edition: Edition) -> PlatformError:
    """An error in the words of the HTTP API (H6, H10, E1)."""
    early = edition is Edition.OF_2016
    if error.code == NO_MOBILE[0] and not early:
        return PlatformError(-27, "電話號碼不得為空")
    if error.code in _WORDED:
        return PlatformError(error.code, _WORDED[error.code][not early])
    if error.code in _WITHOUT_STOP and not early:
        return PlatformError(error.code, error.description.removesuffix("。"))
    return error


def error_line(error: PlatformError, edition: Edition) -> Output:
    """An error as `CODE,text`, in the form of the edition (H10, E1)."""
    return Output(worded(error, edition).line(edition))


def error_json(error: PlatformError, edition: Edition) -> Output:
    """An error as `{"Result":false,"Status":"CODE","Msg":"text"}` (H7, H12)."""
    error = worded(error, edition)
    return Output(
        _json({"Result": False, "Status": str(error.code), "Msg": error.description}),
        JSON,
        error.line(edition),
    )


def receipt_line(receipt: Receipt, edition: Edition) -> str:
    """The five fields (H9): COST had a decimal until 2017."""
    return receipt.line(cost_decimals=1 if edition is _OF_2016 else 0)


def receipt_json(receipt: Receipt, edition: Edition) -> Output:
    """`{"Result":true,…,"Msg":…}` with the five fields in it (H12, E1)."""
    status = {} if edition is Edition.OF_2025 else {"Status": "0"}
    line = receipt_line(receipt, edition)
    return Output(_json({"Result": True, **status, "Msg": line}), JSON, line)


def filtered_line(filtered: FilteredReceipt, *, sent: bool, edition: Edition) -> str:
    """The five fields and the numbers left out; -98 if all were (H11)."""
    mobiles = "/".join(before.mobile for before in filtered.left_out)
    if sent and filtered.receipt is None:
        return f"-98,{mobiles}"
    fields = [receipt_line(filtered.receipt, edition) if filtered.receipt else "0,0,0,0,"]
    if filtered.left_out:
        fields.append(mobiles)
        if edition is Edition.OF_2025:
            fields.append("/".join(before.batch_id for before in filtered.left_out))
    return ",".join(fields)


def token_json(token: str | None = None) -> Output:
    """A token as `{"Result":true,"Msg":"TOKEN"}`, or the same without Msg (H7)."""
    shown = {"Result": True} | ({} if token is None else {"Msg": token})
    return Output(_json(shown), JSON, "0")


@dataclass(frozen=True, slots=True)
class Table:
    """A page of a batch's records or replies, and their number in all (H13–H15)."""

    batch_id: str
    count: int
    tab_rows: Iterable[Sequence[str]]
    records: Iterable[Mapping[str, str]]

    def tab(self) -> Output:
        """The count, CRLF, and the rows, each ended by LF."""
        rows = "".join(
            "\t".join([cell.translate(_BLANKS) for cell in row]) + "\n" for row in self.tab_rows
        )
        return Output(f"{self.count}\r\n{rows}", TEXT, self._result)

    def json(self) -> Output:
        """The count, the batch, and DATA with an object for each record, if there are any."""
        records = list(self.records)
        table = {"SMS_COUNT": self.count, "BID": self.batch_id}
        return Output(_json(table | ({"DATA": records} if records else {})), JSON, self._result)

    def xml(self) -> Output:
        """The JSON's names as elements, and a DATA for each record."""
        records = "".join(
            "<DATA>"
            + "".join(f"<{name}>{_escape(value)}</{name}>" for name, value in record.items())
            + "</DATA>"
            for record in self.records
        )
        return Output(
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<SMS_LOG><SMS_COUNT>{self.count}</SMS_COUNT><BID>{_escape(self.batch_id)}</BID>"
            f"{records}</SMS_LOG>",
            XML,
            self._result,
        )

    @property
    def _result(self) -> str:
        return f"{self.count} in all"


def delivery_table(log: DeliveryLog, batch_id: str, edition: Edition) -> Table:
    """The delivery log of a batch (H13, H14)."""
    later = edition is not Edition.OF_2016
    return Table(
        batch_id,
        log.count,
        (
            (
                message.name,
                message.to,
                _slashed(message.due_at),
                f"{message.cost:.1f}",
                str(message.status.value),
                *((_slashed(_received_at(message)),) if later else ()),
            )
            for message in log.messages
        ),
        (
            {
                "MR": message.record_number,
                "NAME": message.name,
                "MOBILE": message.to,
                "SEND_TIME": _dashed(message.due_at),
                "COST": f"{message.cost:.1f}",
                "STATUS": str(message.status.value),
                "REAL_COST": f"{message.cost:.1f}",
                "RECEIVED_TIME": _dashed(_received_at(message)),
            }
            for message in log.messages
        ),
    )


def reply_table(replies: Replies, batch_id: str) -> Table:
    """The replies to a batch (H15)."""
    return Table(
        batch_id,
        replies.count,
        (
            (message.name, message.to, reply.text, _slashed(reply.at))
            for message, reply in replies.replies
        ),
        (
            {
                "NAME": message.name,
                "MOBILE": message.to,
                "CONTENT": reply.text,
                "RECEIVED_TIME": _dashed(reply.at),
            }
            for message, reply in replies.replies
        ),
    )


def _received_at(message: Message) -> datetime | None:
    return message.finished_at if message.status.final else None


@lru_cache(maxsize=128)  # a page has a thousand of them, and most are the same
def _slashed(moment: datetime | None) -> str:
    return f"{moment:%Y/%m/%d %H:%M:%S}" if moment else ""


@lru_cache(maxsize=128)
def _dashed(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
