"""Messages: statuses, recipients, messages, batches, replies."""

import enum
import re
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fake_every8d.gateway import numbers, pricing
from fake_every8d.gateway.clock import Timer, to_datetime
from fake_every8d.gateway.codes import code_in, links_in
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import InvalidInput, changed_by, closest, names_its_attributes
from fake_every8d.gateway.numbers import Kind, Number

# Lists the forbidden characters: compiling the complement takes 3 ms.
NOT_XML = re.compile("[\0-\x08\v\f\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""A character that XML does not allow, and so no SMS or reply can have."""

_ADDRESS = re.compile(r'[^\s@<>()\[\]\\,;:"]{1,64}@[^\s@<>()\[\]\\,;:"]{1,255}')


class Status(enum.IntEnum):
    """The status of a message (發送狀態), with the platform's own numbers (D1)."""

    HANDSET_WITHOUT_MMS = -10, "手機不支援 MMS"
    INVALID_NUMBER_2025 = -8, "門號格式錯誤"
    """The status of edition 2025 for -3 (E1)."""
    MALFORMED_SEND_TIME = -6, "發送時間格式錯誤"
    TEXT_TOO_LONG = -5, "簡訊內容長度超過限制"
    INVALID_SEND_TIME = -4, "DT 格式錯誤或預計發送時間已過去 24 小時以上"
    INVALID_NUMBER = -3, "無效門號"
    WRONG_LOGIN = -2, "帳號或密碼錯誤"
    WRONG_PARAMETERS = -1, "參數錯誤"
    SENT = 0, "已發送"
    DELIVERED = 100, "發送成功"
    HANDSET_FAILURE = 101, "手機端因素未能送達"
    CARRIER_FAILURE_102 = 102, "電信終端設備異常未能送達"
    NO_SUCH_NUMBER = 103, "無此手機號碼"
    CARRIER_FAILURE_104 = 104, "電信終端設備異常未能送達"
    CARRIER_FAILURE_105 = 105, "電信終端設備異常未能送達"
    CARRIER_FAILURE_106 = 106, "電信終端設備異常未能送達"
    TIMED_OUT = 107, "逾時收訊"
    BOOKED = 300, "預約簡訊"
    NO_CREDIT = 301, "無額度(或額度不足)無法發送"
    CANCELLED = 303, "取消簡訊"
    INTERNATIONAL_DISABLED = 500, "未開通國際簡訊，無法發送國際簡訊"
    MMS_SENT = 700, "MMS 已發送"
    TEST_MODE = 888, "測試模式簡訊"
    REPLY = 999, "代表此呼叫為回覆簡訊之內容"

    term: str
    """The platform's own wording."""

    def __new__(cls, value: int, term: str = "") -> "Status":
        status = int.__new__(cls, value)
        status._value_ = value
        status.term = term
        return status

    @classmethod
    def parse(cls, status: "Status | int | str") -> "Status":
        """The status of a number (103) or a name (`NO_SUCH_NUMBER`, in any case).

        Raises `InvalidInput` for one that there is not.
        """
        try:
            if isinstance(status, str) and not status.lstrip("-").isdecimal():
                return cls[status.upper()]
            return cls(int(status))
        except (KeyError, ValueError):
            meant = closest(str(status), cls.__members__)
            known = ", ".join(f"{each.value} {each.name}" for each in cls)
            hint = f"did you mean {meant}?" if meant else f"there are {known}"
            raise InvalidInput(f"there is no status {status!r}; {hint}", field="status") from None

    @property
    def final(self) -> bool:
        """True if a message stays at it for good."""
        return self not in (Status.SENT, Status.BOOKED, Status.REPLY)

    @property
    def refused(self) -> bool:
        """True if it is a refusal: the message was not sent, and costs nothing (S2)."""
        return self < 0 or self in (Status.NO_CREDIT, Status.INTERNATIONAL_DISABLED)

    @property
    def outcome(self) -> bool:
        """True if an SMS can be made to end in it, or to stay at it (D2)."""
        return self in _OUTCOMES

    def is_of(self, edition: Edition) -> bool:
        """True if the table of the edition's document has it (E3)."""
        return self in STATUSES[edition]

    def term_of(self, edition: Edition) -> str:
        """The edition's wording: 104 to 106 have different meanings in each (E3)."""
        return _TERMS.get(edition, {}).get(self, self.term)


_OUTCOMES = frozenset(
    status
    for status in Status
    if status is Status.SENT
    or 100 <= status <= 107
    or (status.refused and status is not Status.HANDSET_WITHOUT_MMS)
)

_OF_ALL = {0, *range(100, 107), 300, 303, 500, -3, -4}
STATUSES: Mapping[Edition, Set[int]] = {
    Edition.OF_2016: _OF_ALL | {107, 301, 888, 999},
    Edition.OF_2021: _OF_ALL | {107, -1, -2, -5, -6},
    Edition.OF_2025: _OF_ALL | {700, 999, -1, -2, -5, -8, -10},
}
"""The statuses of each edition's own table (E3; production F12, F13)."""

_TERMS = {
    Edition.OF_2021: {
        Status.INVALID_SEND_TIME: "預計發送時間已過去 24 小時以上",
        Status.INVALID_NUMBER: "無效門號或黑名單",
        Status.CARRIER_FAILURE_104: "電信黑名單",
        Status.CARRIER_FAILURE_105: "手機端異常",
        Status.CARRIER_FAILURE_106: "不明錯誤",
        Status.TIMED_OUT: "手機端因素未能送達",
    },
    Edition.OF_2025: {
        Status.INVALID_SEND_TIME: "預計發送時間已過去 24 小時以上",
        Status.INVALID_NUMBER: "EVERY8D 黑名單",
        Status.CARRIER_FAILURE_104: "電信黑名單",
        Status.CARRIER_FAILURE_105: "電信業者關鍵字阻擋",
        Status.CARRIER_FAILURE_106: "系統關鍵字阻擋",
    },
}


def is_address(text: str) -> bool:
    """True if it is one e-mail address and nothing else: no name, no second one (S7)."""
    return text.isprintable() and _ADDRESS.fullmatch(text) is not None


class Recipient(NamedTuple):
    """One line of a send: a text for a number, as the caller gave them."""

    mobile: str
    text: str
    name: str = ""
    email: str = ""
    send_time: str = ""
    """`YYYYMMDDhhmmss`; empty: the call's own applies (S6)."""
    record_number: str = ""
    """MR; empty: the place in the batch applies (S9)."""


@names_its_attributes
@dataclass(frozen=True, slots=True)
class Reply:
    """A phone's reply (回覆簡訊)."""

    text: str
    """The text."""
    at: datetime
    """The time at which the phone sent it."""


@changed_by("every8d.set_status(message, …) or every8d.reply(message, …)")
@dataclass(frozen=True, slots=True)
class Message:
    """An SMS to one phone, a snapshot of the moment when it was asked for.

    Times are in Taipei (+08:00). `cost` is what is charged for it now: 0 if it was
    refused, and 0 again after a booking was erased.
    """

    id: int
    """The ID, from 1, in the order of acceptance."""
    user_id: str
    """The account that sent it."""
    batch_id: str
    """The batch ID that the sender was given (簡訊批號)."""
    record_number: str
    """MR: given by the sender, else the 1-based place in the batch (S9)."""
    to: str
    """`+886…` for a Taiwan mobile however it was written; an invalid one as written."""
    text: str
    """The text of the SMS."""
    subject: str
    """The subject (簡訊主旨), which is neither sent nor counted."""
    name: str
    """The recipient's name; empty if none was given."""
    email: str
    """The address that gets a copy; empty if none was given."""
    status: Status
    """The status (發送狀態), such as `Status.DELIVERED`."""
    cost: Decimal
    """Points charged for it now: 0 if it was refused, and 0 again once a booking is erased."""
    pieces: int
    """The number of SMS that it is sent as (P2, P3)."""
    accepted_at: datetime
    """The time at which the call came in."""
    booked_for: datetime | None
    """The send time of a booking; None for a message that is sent at once."""
    sent_at: datetime | None
    """The time of sending; None if it was refused, is still booked, or was cancelled."""
    finished_at: datetime | None
    """The time at which it reached its final status."""
    replies: tuple[Reply, ...]
    """The replies of its phone, oldest first."""
    version: int = 0
    """The gateway's `version` when it last changed."""
    retry_time: str = ""
    """RETRYTIME or `retryTime`: minutes as they were given; of no effect (H8, S10)."""
    event_id: str = ""
    """EventID: of the reply link that lengthens the SMS by 17 characters (H8)."""

    @property
    def phone(self) -> str:
        """`to` as people in Taiwan write it: `0912345678`; other countries' as in `to`."""
        return numbers.as_written_in_taiwan(self.to)

    @property
    def due_at(self) -> datetime:
        """The time at which it is or was sent, SENT_TIME in the delivery log (D4)."""
        return self.booked_for or self.sent_at or self.accepted_at

    @property
    def code(self) -> str | None:
        """The one-time code in the text, such as `483920`, or None if there is none.

        It is what is called 驗證碼, 認證碼, 確認碼, 簡訊碼, 密碼, OTP, code or PIN there, else the
        number of 4 to 8 digits nearest to such a word, else the first. Dates, amounts, phone and
        order numbers are no codes. `48-3920`, `48 3920` and full-width digits are read as
        `483920`; letters stay (`G-483920`, `A7K9Q2`).
        """
        return code_in(self.text)

    @property
    def links(self) -> tuple[str, ...]:
        """The links in the text, as written: `https://…`, `www.…` and `example.com/…`."""
        return links_in(self.text)

    def find(self, pattern: str | re.Pattern[str]) -> str | None:
        r"""The match of `pattern` in the text: its first group if it has one, else all of it.

        assert sms.find(r"訂單 (\d+)") == "10034"

        None if it finds nothing.
        """
        found = re.search(pattern, self.text)
        if found is None:
            return None
        return str(found[1]) if found.re.groups else str(found[0])


@names_its_attributes
@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A send (批次), a snapshot of the moment when it was asked for."""

    id: str
    """The batch ID that the sender was given."""
    user_id: str
    """The account that sent it."""
    subject: str
    """The subject (簡訊主旨)."""
    accepted_at: datetime
    """The time at which the call came in."""
    first_message_id: int
    """The ID of its first message; the others' follow."""
    messages: int
    """The number of its messages."""
    cost: Decimal
    """Points charged for it now."""
    statuses: Mapping[Status, int]
    """The number of its messages at each status."""


class Batch:
    """A send and its records, by the ID that the sender was given (批次)."""

    __slots__ = (
        "accepted_at", "bookings", "event_id", "first_id", "id", "records", "retry_time",
        "size", "subject", "to_come", "user_id",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        user_id: str,
        subject: str,
        accepted_at: int,
        *,
        retry_time: str = "",
        event_id: str = "",
    ) -> None:
        self.id = id
        self.user_id = user_id
        self.subject = subject
        self.accepted_at = accepted_at
        self.retry_time = retry_time
        self.event_id = event_id
        # Tuples, which cost nothing while empty, as bookings nearly always are.
        self.records: tuple[Record, ...] = ()
        self.bookings: tuple[Timer, ...] = ()
        """The times at which its bookings go out."""
        self.to_come = 0
        """The number of bookings, deliveries and reports that are still to come."""
        self.size = 0
        """The bytes that it takes beyond those of ordinary messages (`Store`)."""
        self.first_id = 0
        """The first message's ID, by which batches are put in order; 0 until it is accepted."""

    @property
    def ids(self) -> range:
        """The IDs of its messages."""
        return range(self.first_id, self.first_id + len(self.records))

    def free(self) -> None:
        """Break the reference cycle with its records, for the garbage collector's sake."""
        self.records = ()
        self.bookings = ()

    def summary(self) -> BatchSummary:
        """A snapshot of it now."""
        return BatchSummary(
            id=self.id,
            user_id=self.user_id,
            subject=self.subject,
            accepted_at=to_datetime(self.accepted_at),
            first_message_id=self.first_id,
            messages=len(self.records),
            cost=Decimal(sum(record.cost for record in self.records)),
            statuses=Counter(record.status for record in self.records),
        )


_NO_NUMBER = Kind.INVALID  # which Python 3.11 is slow to look up


class Record:
    """A recipient's record in a batch, of which a `Message` is a snapshot."""

    # One for each message: to save memory, the common fields of a batch's records are in the batch.
    __slots__ = (
        "batch", "cost", "due", "email", "finished_at", "given_record_number", "kind",
        "name", "place", "replies", "status", "text", "to", "version",
    )  # fmt: skip

    def __init__(
        self,
        batch: Batch,
        recipient: Recipient,
        place: int,
        number: Number,
        status: Status,
    ) -> None:
        self.batch = batch
        self.place = place
        """The place in the batch, from 0."""
        self.to, self.kind = number
        _, self.text, self.name, self.email, _, self.given_record_number = recipient
        self.cost = 0
        """Points charged for it now."""
        self.status = status
        self.due = batch.accepted_at
        """The time at which it goes out, in µs: the delivery log's SENT_TIME (D4)."""
        self.finished_at: int | None = None
        self.replies: list[Reply] | None = None
        self.version = 0
        """The gateway's, when it last changed."""

    @property
    def id(self) -> int:
        """The ID of its message, once the send is accepted."""
        return self.batch.first_id + self.place

    @property
    def record_number(self) -> str:
        """MR: given by the sender, else the 1-based place in the batch (S9)."""
        return self.given_record_number or str(self.place + 1)

    @property
    def number(self) -> str:
        """The number for finding it; `to` of a refused one keeps its spelling."""
        return numbers.parse_spelling(self.to).e164 if self.kind is _NO_NUMBER else self.to

    @property
    def booked(self) -> bool:
        """True if it is or was a booking, which is due later than its acceptance."""
        return self.due > self.batch.accepted_at

    @property
    def was_sent(self) -> bool:
        """True if it has been sent, whatever its status now."""
        return self.status == Status.SENT or 100 <= self.status <= 107

    def snapshot(self) -> Message:
        """A snapshot of it now, once the send is accepted."""
        batch, status = self.batch, self.status
        due = to_datetime(self.due)
        return Message(
            id=self.id,
            user_id=batch.user_id,
            batch_id=batch.id,
            record_number=self.record_number,
            to=self.to,
            text=self.text,
            subject=batch.subject,
            name=self.name,
            email=self.email,
            status=status,
            cost=Decimal(self.cost),
            pieces=pricing.pieces(
                pricing.length(self.text, reply_link=bool(batch.event_id)),
                international=self.kind is Kind.INTERNATIONAL,
            ),
            accepted_at=to_datetime(batch.accepted_at),
            booked_for=due if self.booked else None,
            sent_at=due if self.was_sent else None,
            finished_at=None if self.finished_at is None else to_datetime(self.finished_at),
            replies=tuple(self.replies or ()),
            version=self.version,
            retry_time=batch.retry_time,
            event_id=batch.event_id,
        )
