"""Delivery: a message from its acceptance to its final status (clauses D, R1, S7)."""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from sys import getsizeof

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account, Accounts
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.clock import LONGEST_WAIT, Clock, Timer, to_datetime, to_micros
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import InvalidInput, names_its_attributes
from fake_every8d.gateway.messages import Batch, Record, Reply, Status, is_address
from fake_every8d.gateway.outbox import Outbox, ReportState, Retry
from fake_every8d.gateway.reports import Email, Report, report
from fake_every8d.gateway.store import Store

# In names of their own: Python 3.11 is slow to look up the members of an enum.
_SENT, _BOOKED = Status.SENT, Status.BOOKED

_MAGIC = {f"+886900000{status}": Status(status) for status in range(100, 108)} | {
    "+886900000000": Status.SENT
}

_REFUNDED = frozenset([each for each in Status if each.refused or each is Status.CANCELLED])

_REPLY_BYTES = 1_000  # the approximate size of a reply and its report
_ORDINARY_REPORT = 2_000  # characters of its URL and body

_REPLIES, _REPLY, _REPLIES_AFTER = "+886900000999", "收到", 1_000_000
"""The number that replies by itself, its reply, and the delay in µs (D3)."""


@names_its_attributes
@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of messages to a number."""

    to: str
    """The number, `+886…` for a Taiwan mobile."""
    status: Status
    """The final status: 100 to 107, or a refusal; or 0, to stay at "sent" for ever."""
    after_seconds: float
    """The time from sending to the final status, in the fake's seconds."""

    @property
    def after_micros(self) -> int:
        """`after_seconds` in µs."""
        return round(self.after_seconds * 1e6)


class Outcomes:
    """The outcomes by number: those that tests set, then the magic numbers'; all others arrive."""

    def __init__(self, delivery_seconds: float) -> None:
        self._set: dict[str, Outcome] = {}
        self.start_over(delivery_seconds)

    def start_over(self, delivery_seconds: float) -> None:
        """Forget all that was set; other messages take `delivery_seconds` from now on."""
        self.default = Outcome("", Status.DELIVERED, delivery_seconds)
        """The outcome of all other numbers."""
        self._magic = {
            number: Outcome(number, status, delivery_seconds) for number, status in _MAGIC.items()
        }
        self.clear()

    def by_outcome(self, records: Sequence[Record]) -> list[tuple["Outcome", Sequence[Record]]]:
        """The records, grouped by outcome."""
        special = self._special
        if len(records) == 1:
            return [(special.get(records[0].to, self.default), records)]
        if special.keys().isdisjoint([record.to for record in records]):  # as nearly always
            return [(self.default, records)] if records else []
        found: dict[Outcome, list[Record]] = {}
        for record in records:
            found.setdefault(special.get(record.to, self.default), []).append(record)
        return [*found.items()]

    def set(self, to: str, status: Status | int, after_seconds: float | None = None) -> Outcome:
        """Let messages sent to `to` from now on end in `status`, that long after being sent.

        Raises `InvalidInput` for a number that SMS cannot go to, a status that a sent
        message cannot end in, or a time out of bounds.
        """
        number = numbers.valid(to)
        if status not in [*Status] or not Status(status).outcome:
            raise InvalidInput(
                "a sent message ends in 100 to 107, -1 to -8, 301 or 500, or stays at 0; "
                f"not in {status}",
                field="status",
            )
        if after_seconds is None:
            after_seconds = self.default.after_seconds
        if not isinstance(after_seconds, int | float) or not 0 <= after_seconds <= LONGEST_WAIT:
            raise InvalidInput(
                f"after_seconds must be 0 or more, {LONGEST_WAIT:g} at most, not {after_seconds!r}",
                field="after_seconds",
            )
        outcome = Outcome(number, Status(status), after_seconds)
        self._set[outcome.to] = self._special[outcome.to] = outcome
        return outcome

    def clear(self, to: str | None = None) -> None:
        """Forget the outcome of a number, in its kept form, or all outcomes."""
        if to is None:
            self._set.clear()
        else:
            self._set.pop(to, None)
        self._special = self._magic | self._set

    def all(self) -> list[Outcome]:
        """The outcomes that were set, without the magic numbers'."""
        return list(self._set.values())


class StepKind(enum.Enum):
    """The kinds of `Step`."""

    SEND = "send"
    """A step in which bookings go out."""
    ARRIVE = "arrive"
    """A step in which sent messages reach their final status."""
    REPORT = "report"
    """A step in which refused messages are reported."""
    REPLY = "reply"
    """The automatic phone replies (D3)."""


_ARRIVE = StepKind.ARRIVE  # as with the statuses above


class Step:
    """A scheduled change to some of a batch's messages."""

    __slots__ = ("_delivery", "kind", "records", "status")

    def __init__(
        self,
        delivery: "Delivery",
        kind: StepKind,
        records: Sequence[Record],
        status: Status = Status.DELIVERED,
    ) -> None:
        self._delivery = delivery
        self.kind = kind
        self.records = records
        self.status = status
        """Their final status, for an ARRIVE step."""

    def __call__(self, due: int) -> None:
        self._delivery.perform(self, due)

    @property
    def message_id(self) -> int:
        """The ID of its first message."""
        return self.records[0].id


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as a value."""

    due: datetime
    kind: StepKind
    message_ids: tuple[int, ...]
    status: Status


class Delivery:
    """The delivery of messages: sending, delivering, cancelling, replying and reporting.

    The gateway's lock guards it.
    """

    def __init__(
        self,
        clock: Clock,
        store: Store,
        accounts: Accounts,
        outcomes: Outcomes,
        reports: Outbox[Report],
        emails: Outbox[Email],
        *,
        mail_state: ReportState,
        changes: Changes,
        edition: Callable[[], Edition],
    ) -> None:
        self._clock = clock
        self._store = store
        self._accounts = accounts
        self._outcomes = outcomes
        self._reports = reports
        self._emails = emails
        self._mail_state = mail_state
        self._changes = changes
        self._edition = edition

    def begin(
        self,
        batch: Batch,
        at_once: Sequence[Record],
        booked: Mapping[int, Sequence[Record]],
        refused: Sequence[Record],
    ) -> None:
        """Send the messages that go out at once, book the others, and report the refused."""
        now = batch.accepted_at
        self._go_out(at_once, now)
        if booked:
            batch.bookings = tuple(
                [
                    self.call_at(due, Step(self, StepKind.SEND, records))
                    for due, records in booked.items()
                ]
            )
        if refused and self._reported_to(batch):
            # They are as late as a delivery: the sender has to learn the batch ID first.
            due = now + self._outcomes.default.after_micros
            self.call_at(due, Step(self, StepKind.REPORT, refused))
        self._store.close_if_done(batch)

    def make_room(self) -> None:
        """Forget the oldest messages above the limit, with everything that belongs to them."""
        message_ids = self._store.forget_oldest()
        self._reports.forget(message_ids)
        self._emails.forget(message_ids)

    def forget(self, batches: Sequence[Batch]) -> None:
        """Forget batches and everything that belongs to them, also pending steps."""
        going = {message_id for batch in batches for message_id in batch.ids}
        for timer in self._clock.timers:
            if isinstance(timer.action, Step | Retry) and timer.action.message_id in going:
                self._clock.cancel(timer)
        self._reports.forget(going)
        self._emails.forget(going)
        self._store.forget(batches)

    def finish(self, records: Sequence[Record], status: Status, at: int) -> None:
        """Bring messages of a batch to their final status, and report it.

        Refused and cancelled messages give their points back (P6, D2, D6).
        """
        if records and status in _REFUNDED:
            self._accounts.refund(records[0].batch.user_id, sum(record.cost for record in records))
            for record in records:
                record.cost = 0
        for record in records:
            record.status = status
            record.finished_at = at
        if records:
            self._store.touch(records)
            self._report_all(records, at)

    def cancel(self, batch: Batch, records: Sequence[Record]) -> int:
        """Cancel bookings of an account. Return the points given back (P6)."""
        points = sum(record.cost for record in records)
        self.finish(records, Status.CANCELLED, self._clock.micros)
        if not any(record.status is _BOOKED for record in batch.records):
            for timer in batch.bookings:
                self._clock.cancel(timer)
                self._store.unpin(batch)
            batch.bookings = ()
        return points

    def reply(self, record: Record, text: str) -> None:
        """Let the phone reply (D4). A message on its way arrives first."""
        now = self._clock.micros
        if record.status is Status.SENT:
            self.finish([record], Status.DELIVERED, now)
        record.replies = [*(record.replies or ()), Reply(text, to_datetime(now))]
        self._store.grow(record.batch, getsizeof(text) + _REPLY_BYTES)
        self._store.touch([record])
        if account := self._reported_to(record.batch):
            self._report(record, account, Status.REPLY, now, text)

    def restore(self, steps: Iterable[StepState]) -> None:
        """Schedule steps, whose messages are kept already."""
        for state in steps:
            records = [self._store.record(id) for id in state.message_ids]
            timer = self.call_at(
                to_micros(state.due), Step(self, state.kind, records, state.status)
            )
            if state.kind is StepKind.SEND:
                records[0].batch.bookings += (timer,)

    def call_at(self, due: int, step: Step) -> Timer:
        """Schedule a step for the time `due` (in µs)."""
        self._store.pin(step.records[0].batch)
        return self._clock.call_at(due, step)

    def perform(self, step: Step, at: int) -> None:
        """Perform a step that is due."""
        match step.kind:
            case StepKind.ARRIVE:  # first, as nearly all are
                self._arrive(step.records, step.status, at)
            case StepKind.SEND:
                self._send_booked(step.records, at)
            case StepKind.REPORT:
                self._report_all(step.records, at)
            case StepKind.REPLY:
                self.reply(step.records[0], _REPLY)
        self._store.unpin(step.records[0].batch)
        self._changes.announce()

    def _send_booked(self, records: Sequence[Record], at: int) -> None:
        batch = records[0].batch
        batch.bookings = tuple(timer for timer in batch.bookings if timer.due > at)
        records = [record for record in records if record.status is _BOOKED]
        for record in records:
            record.status = _SENT
        self._store.touch(records)
        self._go_out(records, at)

    def _go_out(self, records: Sequence[Record], at: int) -> None:
        for outcome, those in self._outcomes.by_outcome(records):
            if outcome.status is not _SENT:
                due = at + outcome.after_micros
                self.call_at(due, Step(self, _ARRIVE, those, outcome.status))
        for record in records:
            if record.email:
                self._copy(record, at)

    def _arrive(self, records: Sequence[Record], status: Status, at: int) -> None:
        # Some may have reached a status in the meantime, by hand or by a reply.
        arrived = [record for record in records if record.status is _SENT]
        self.finish(arrived, status, at)
        for record in arrived:
            if record.to == _REPLIES and status is Status.DELIVERED:
                self.call_at(at + _REPLIES_AFTER, Step(self, StepKind.REPLY, [record]))

    def _copy(self, record: Record, at: int) -> None:
        """Send copies by e-mail of messages that went out by SMS (S7)."""
        state = self._mail_state if is_address(record.email) else ReportState.KEPT
        if state is ReportState.WAITING:
            self._store.pin(record.batch)
        self._emails.add(
            Email(
                id=self._emails.next_id(),
                message_id=record.id,
                user_id=record.batch.user_id,
                at=to_datetime(at),
                state=state,
                to=record.email,
                subject=record.batch.subject,
                text=record.text,
            )
        )

    def taken_on(self, email: Email) -> Email:
        """The restored e-mail: a waiting one becomes KEPT if there is no mail server here."""
        if email.state is self._mail_state or email.state is not ReportState.WAITING:
            return email
        return replace(email, state=ReportState.KEPT, next_attempt_at=None)

    def _report_all(self, records: Sequence[Record], at: int) -> None:
        if account := self._reported_to(records[0].batch):
            for record in records:
                self._report(record, account, record.status, at)

    def _report(
        self, record: Record, account: Account, status: Status, at: int, text: str = ""
    ) -> None:
        self._store.pin(record.batch)
        id = self._reports.next_id()
        made = report(id, record, account, status, to_datetime(at), text, edition=self._edition())
        length = len(made.url) + len(made.body or "")
        if length > _ORDINARY_REPORT:
            self._store.grow(record.batch, length)
        self._reports.add(made)

    def _reported_to(self, batch: Batch) -> Account | None:
        """The account of a batch, if it wants reports and is still there."""
        account = self._accounts.find(batch.user_id)
        return account if account and account.report_url is not None else None
