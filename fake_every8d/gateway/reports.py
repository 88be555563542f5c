"""Status reports (狀態回報, clauses R): the GET that tells a customer what became of a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote, urldefrag, urlencode

from fake_every8d.gateway.messages import Record, Status
from fake_every8d.gateway.outbox import Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Outgoing):
    """A status report, or a reply passed on: one GET, and its retries.

    Delivered once the receiver has answered HTTP 200, and nothing else (R2).
    """

    SUCCESS: ClassVar[int] = 200

    batch_id: str
    to: str
    """RM: whose phone it is about."""
    status: Status
    """STATUS: the final status, or `Status.REPLY`."""
    text: str
    """SM: the reply's text, else empty."""
    record_number: str
    """MR."""
    url: str
    """What is requested, query and all."""


def report(
    id: int, record: Record, url: str, status: Status, at: datetime, text: str = ""
) -> Report:
    """The report to `url` that `record` came to `status` at the time `at` (R1)."""
    base = urldefrag(url).url
    query = urlencode(
        {
            "BatchID": record.batch.id,
            "RM": record.to,
            "RT": f"{at:%Y%m%d%H%M%S}",
            "STATUS": status.value,
            "SM": text,
            "MR": record.record_number,
        },
        quote_via=quote,
        safe="",
    )
    return Report(
        id=id,
        message_id=record.id,
        user_id=record.batch.user_id,
        at=at,
        batch_id=record.batch.id,
        to=record.to,
        status=status,
        text=text,
        record_number=record.record_number,
        url=f"{base}{'&' if '?' in base else '?'}{query}",
    )
