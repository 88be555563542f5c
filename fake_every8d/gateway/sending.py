"""Judging a send: its accepted recipients and its cost (clauses S, N, P)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fake_every8d.advice import AdviceKind, AdviceText
from fake_every8d.gateway import numbers, pricing
from fake_every8d.gateway.accounts import Account
from fake_every8d.gateway.clock import TAIPEI, to_micros
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.messages import Batch, Recipient, Record, Status, is_address
from fake_every8d.gateway.numbers import Kind

# In names of their own: Python 3.11 is slow to look up the members of an enum.
_SENT, _BOOKED = Status.SENT, Status.BOOKED
_DOMESTIC, _INTERNATIONAL, _NO_NUMBER = Kind.DOMESTIC, Kind.INTERNATIONAL, Kind.INVALID

_INVALID = {
    Edition.OF_2016: Status.INVALID_NUMBER,
    Edition.OF_2021: Status.INVALID_NUMBER,
    Edition.OF_2025: Status.INVALID_NUMBER_2025,
}
_NAME_LENGTH = 50
_MOST_SHOWN = 5  # of the items that a piece of advice is about
DAY = 24 * 3_600_000_000
"""The most µs that a send time may be in the past (S5), and that the filter looks back (H11)."""

_SEND_TIME = re.compile(r"[0-9]{14}", re.ASCII)


@dataclass(slots=True)
class Submission:
    """A caller's request to send."""

    subject: str
    recipients: Sequence[Recipient]
    send_time: str
    """`YYYYMMDDhhmmss`; empty: now (S5)."""
    problem: tuple[int, str] | None
    """The call's own error, which comes after errors of the caller."""
    as_written: bool = False
    """True if numbers are billed as they are written (N4)."""
    retry_time: str = ""
    event_id: str = ""
    tell_repeats: bool = False
    """True to advise about recipients whose last SMS, within 24 hours, had the same text."""


class Receipt(NamedTuple):
    """The result of a send (S1, S2)."""

    credit: Decimal
    """Points left after it."""
    accepted: int
    """The number of accepted recipients, bookings included (SENDED)."""
    cost: int
    """Points charged for it."""
    unsent: int
    """Recipients that the credit did not cover (UNSEND)."""
    batch_id: str
    advice: tuple[AdviceText, ...]
    """Advice about the send."""

    def line(self, *, cost_decimals: int) -> str:
        """The line CREDIT,SENDED,COST,UNSEND,BATCH_ID of both APIs (S1, P5, H9)."""
        return (
            f"{self.credit:.2f},{self.accepted},{self.cost:.{cost_decimals}f},{self.unsent},"
            f"{self.batch_id}"
        )


class SentBefore(NamedTuple):
    """A recipient who was sent the same text within the last 24 hours (H11)."""

    mobile: str
    """The number as the caller gave it now."""
    batch_id: str
    """The ID of that batch, the latest if there are several."""


class FilteredReceipt(NamedTuple):
    """The result of a send that leaves recipients out (H11)."""

    receipt: Receipt | None
    """The receipt; None if nobody was left, or nothing was to be sent."""
    left_out: tuple[SentBefore, ...]


class Sending:
    """The result of judging a send: its batch's records and their cost. It changes nothing else."""

    def __init__(
        self, account: Account, batch: Batch, submission: Submission, edition: Edition
    ) -> None:
        self.batch = batch
        self.cost = 0
        """Points charged for it."""
        self.unsent = 0
        """Recipients that the credit did not cover."""
        self.at_once: list[Record] = []
        """The records that go out now."""
        self.booked: dict[int, list[Record]] = {}
        """The records that go out later, by their time in µs."""
        self.refused: list[Record] = []
        """The records that do not go out, and all those of an account in test mode."""
        self._account = account
        self._edition = edition
        self._submission = submission
        self._advice: dict[tuple[AdviceKind, str, Status | None], list[str]] = {}
        self._due_times: dict[str, int | None] = {"": batch.accepted_at}
        self._prices: dict[str, int] = {}
        batch.records = tuple(
            [self._judge(recipient, place) for place, recipient in enumerate(submission.recipients)]
        )
        for record in batch.records:
            self.cost += record.cost
        if self.cost > account.credit:
            self._leave_out(account.credit)
        for record in batch.records:
            if record.status is _SENT:
                self.at_once.append(record)
            elif record.status is _BOOKED:
                self.booked.setdefault(record.due, []).append(record)
            else:
                record.due = record.finished_at = batch.accepted_at
                self.refused.append(record)

    @property
    def accepted(self) -> int:
        """The number of accepted recipients, those of bookings and test mode included (S2, S8)."""
        records, refused = len(self.batch.records), len(self.refused)
        return refused if self._account.test_mode else records - refused

    @property
    def advice(self) -> tuple[AdviceText, ...]:
        """Advice about the send."""
        if not self._advice:  # as nearly always
            return ()
        return tuple(
            [
                AdviceText(kind, {name: _few(items)} | ({"status": status.value} if status else {}))
                for (kind, name, status), items in self._advice.items()
            ]
        )

    def _leave_out(self, credit: Decimal) -> None:
        """Refuse those that `credit` does not cover (P7)."""
        self.cost = 0
        for record in self.batch.records:
            if record.cost > credit - self.cost:
                what = f"{record.to} ({record.cost})"
                record.status = self._refuse(Status.NO_CREDIT, AdviceKind.NO_CREDIT, what)
                record.cost = 0
                self.unsent += 1
            self.cost += record.cost

    def _judge(self, recipient: Recipient, place: int) -> Record:
        account, now = self._account, self.batch.accepted_at
        number = numbers.parse(recipient.mobile)
        send_time = recipient.send_time or self._submission.send_time
        due = self._due(send_time)
        price = 0 if account.test_mode else self._price(recipient, number)
        if account.test_mode:
            status = Status.TEST_MODE
        elif number.kind is _NO_NUMBER:
            status = self._refuse(
                _INVALID[self._edition], AdviceKind.INVALID_NUMBER, recipient.mobile
            )
        elif not recipient.text:
            # The document has no status of its own for it.
            status = self._refuse(_INVALID[self._edition], AdviceKind.NO_CONTENT, recipient.mobile)
        elif due is None:
            malformed = self._edition is Edition.OF_2021 and not is_send_time(send_time)
            late = Status.MALFORMED_SEND_TIME if malformed else Status.INVALID_SEND_TIME
            status = self._refuse(late, AdviceKind.BAD_TIME, send_time, "times")
        elif number.kind is _INTERNATIONAL and not account.international:
            status = self._refuse(
                Status.INTERNATIONAL_DISABLED, AdviceKind.ABROAD_IS_OFF, number.e164
            )
        else:
            status = _BOOKED if due > now else _SENT
        if len(recipient.name) > _NAME_LENGTH // 2:
            recipient = self._fit_name(recipient)
        if recipient.email:
            recipient = recipient._replace(email=recipient.email.strip())
            if recipient.email and not is_address(recipient.email):
                self._advise(AdviceKind.NO_ADDRESS, "addresses", recipient.email)
        record = Record(self.batch, recipient, place, number, status)
        if status is _SENT or status is _BOOKED:
            assert due is not None
            record.due = due
            record.cost = price
        return record

    def _due(self, send_time: str) -> int | None:
        if send_time not in self._due_times:
            self._due_times[send_time] = _due_time(send_time, self.batch.accepted_at)
        return self._due_times[send_time]

    def _price(self, recipient: Recipient, number: numbers.Number) -> int:
        price = self._prices.get(recipient.text)
        if price is None:
            units = pricing.length(recipient.text, reply_link=bool(self.batch.event_id))
            price = self._prices[recipient.text] = pricing.points(units)
            if units > pricing.LONGEST:
                self._advise(AdviceKind.LONG_CONTENT, "lengths", str(units))
        if number.kind is _DOMESTIC:
            if not self._submission.as_written or recipient.mobile.lstrip().startswith("+886"):
                return price
            self._advise(AdviceKind.NOT_AS_886, "numbers", recipient.mobile)  # N4
        return price * pricing.INTERNATIONAL_FACTOR

    def _refuse(self, status: Status, kind: AdviceKind, what: str, name: str = "numbers") -> Status:
        self._advise(kind, name, what, status)
        return status

    def _advise(self, kind: AdviceKind, name: str, what: str, status: Status | None = None) -> None:
        """Advise of `what`, one of several that the value `name` lists."""
        self._advice.setdefault((kind, name, status), []).append(what)

    def _fit_name(self, recipient: Recipient) -> Recipient:
        units = recipient.name.encode("utf-16-le", "surrogatepass")
        if len(units) <= 2 * _NAME_LENGTH:
            return recipient
        self._advise(AdviceKind.LONG_NAME, "names", recipient.name)
        name = units[: 2 * _NAME_LENGTH].decode("utf-16-le", "ignore")
        return recipient._replace(name=name)


def _due_time(send_time: str, now: int) -> int | None:
    """The time to send, in µs: `now` or later; None if it is invalid or too long ago (S5)."""
    due = _moment(send_time)
    if due is None:
        return None
    return None if due < now - DAY else max(due, now)


def is_send_time(text: str) -> bool:
    """True if it is a valid time as `YYYYMMDDhhmmss`, even a past one; or empty, for now."""
    return not text or _moment(text) is not None


def _moment(send_time: str) -> int | None:
    if not _SEND_TIME.fullmatch(send_time):
        return None
    try:
        moment = datetime.strptime(send_time, "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return to_micros(moment.replace(tzinfo=TAIPEI))


def _few(items: Sequence[str]) -> str:
    """The first of many items, in a list that can be read in any language."""
    shown = ", ".join(item if item else "(none)" for item in items[:_MOST_SHOWN])
    return shown if len(items) <= _MOST_SHOWN else f"{shown}, … (+{len(items) - _MOST_SHOWN})"
