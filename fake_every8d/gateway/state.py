"""All that a gateway is at a moment, as values: to be kept, and to be put back.

Whoever reads one from a file may trust it: what does not fit together raises `InvalidInput`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account
from fake_every8d.gateway.clock import LATEST, to_datetime, to_micros
from fake_every8d.gateway.delivery import Outcome, Outcomes, StepKind, StepState
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import InvalidInput
from fake_every8d.gateway.messages import Batch, Recipient, Record, Reply, Status
from fake_every8d.gateway.outbox import Outgoing
from fake_every8d.gateway.reports import Email, Report


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session that is open."""

    key: str
    user_id: str


@dataclass(frozen=True, slots=True)
class TokenState:
    """A token that is good."""

    text: str
    user_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class RecordState:
    """A recipient's record; its message's ID follows from its place in the batch."""

    to: str
    content: str
    name: str
    email: str
    record_number: str
    """As given: empty if it was not."""
    status: Status
    cost: int
    due: datetime
    finished_at: datetime | None
    replies: tuple[Reply, ...]

    def __post_init__(self) -> None:
        if self.cost < 0:
            raise InvalidInput(f"cost must be 0 or more points, not {self.cost}")


@dataclass(frozen=True, slots=True)
class BatchState:
    """A send and its records."""

    id: str
    user_id: str
    subject: str
    accepted_at: datetime
    retry_time: str
    event_id: str
    first_id: int
    records: tuple[RecordState, ...]

    def __post_init__(self) -> None:
        if not self.records:
            raise InvalidInput(f"batch {self.id} has no records")

    @property
    def ids(self) -> range:
        """Its messages' IDs."""
        return range(self.first_id, self.first_id + len(self.records))


@dataclass(frozen=True, slots=True)
class GatewayState:
    """A gateway at a moment, but for the settings that cannot be changed while it runs."""

    now: datetime
    running: bool
    edition: Edition
    pad_mobile: bool
    accounts: tuple[Account, ...]
    initial: tuple[Account, ...]
    """To what each goes back when it is reset alone."""
    sessions: tuple[SessionState, ...]
    """The last used come last."""
    tokens: tuple[TokenState, ...]
    """Oldest first."""
    outcomes: tuple[Outcome, ...]
    batches: tuple[BatchState, ...]
    """Oldest first."""
    steps: tuple[StepState, ...]
    """In the order in which they fall due."""
    reports: tuple[Report, ...]
    emails: tuple[Email, ...]
    next_message_id: int
    next_report_id: int
    next_email_id: int

    def __post_init__(self) -> None:
        _require(
            0 <= to_micros(self.now) <= to_micros(LATEST),
            f"now must be between 1970 and 9999, not {self.now.isoformat()}",
        )
        for outcome in self.outcomes:
            Outcomes(0).set(outcome.to, outcome.status, outcome.after_seconds)  # which checks it
        users = {account.user_id for account in self.accounts}
        _unique("accounts", [account.user_id for account in self.accounts])
        _require(
            users <= {account.user_id for account in self.initial},
            "initial must have each of the accounts",
        )
        whose = [session.user_id for session in self.sessions]
        for user_id in [*whose, *(token.user_id for token in self.tokens)]:
            _require(user_id in users, f"there is no account {user_id!r} for a session")
        _unique("batches", [batch.id for batch in self.batches])
        whole = [0, *(id for batch in self.batches for id in (batch.ids[0], batch.ids[-1]))]
        _require(
            all(one <= other for one, other in pairwise(whole))
            and all(one.ids[-1] < other.ids[0] for one, other in pairwise(self.batches))
            and whole[-1] < self.next_message_id
            and (not self.batches or self.batches[0].first_id > 0),
            "message IDs must begin at 1, grow, and stay below next_message_id",
        )
        batch_of = {id: batch for batch in self.batches for id in batch.ids}
        to_be_sent: set[int] = set()
        for step in self.steps:
            batches = {batch_of[id].id if id in batch_of else None for id in step.message_ids}
            _require(
                len(batches) == 1 and None not in batches,
                f"a step is about messages of one batch, not {list(step.message_ids)}",
            )
            if step.kind is StepKind.SEND:
                to_be_sent.update(step.message_ids)
        for batch in self.batches:
            for id, record in zip(batch.ids, batch.records, strict=True):
                _require(
                    record.status is not Status.BOOKED or id in to_be_sent,
                    f"message {id} is booked, and no step sends it",
                )
        self._check_outgoing("reports", self.reports, self.next_report_id, batch_of)
        self._check_outgoing("emails", self.emails, self.next_email_id, batch_of)

    def _check_outgoing(
        self,
        name: str,
        items: Sequence[Outgoing],
        next_id: int,
        batch_of: dict[int, BatchState],
    ) -> None:
        _unique(name, [item.id for item in items])
        for item in items:
            batch = batch_of.get(item.message_id)
            _require(
                batch is not None and batch.user_id == item.user_id and 0 < item.id < next_id,
                f"{name}: {item.id} must be below {next_id}, about a message of its account",
            )


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise InvalidInput(otherwise)


def _unique(name: str, ids: Iterable[object]) -> None:
    ids = list(ids)
    _require(len(set(ids)) == len(ids), f"{name} must each have an ID of their own")


def state_of(batch: Batch) -> BatchState:
    """A batch as a value."""
    return BatchState(
        id=batch.id,
        user_id=batch.user_id,
        subject=batch.subject,
        accepted_at=to_datetime(batch.accepted_at),
        retry_time=batch.retry_time,
        event_id=batch.event_id,
        first_id=batch.first_id,
        records=tuple(
            [
                RecordState(
                    to=record.to,
                    content=record.content,
                    name=record.name,
                    email=record.email,
                    record_number=record.given_record_number,
                    status=record.status,
                    cost=record.cost,
                    due=to_datetime(record.due),
                    finished_at=(
                        None if record.finished_at is None else to_datetime(record.finished_at)
                    ),
                    replies=tuple(record.replies or ()),
                )
                for record in batch.records
            ]
        ),
    )


def batch_from(state: BatchState) -> Batch:
    """The batch that was such a value."""
    batch = Batch(
        state.id,
        state.user_id,
        state.subject,
        to_micros(state.accepted_at),
        retry_time=state.retry_time,
        event_id=state.event_id,
    )
    batch.first_id = state.first_id
    batch.records = tuple([_record(batch, place, each) for place, each in enumerate(state.records)])
    return batch


def _record(batch: Batch, place: int, state: RecordState) -> Record:
    recipient = Recipient(
        state.to, state.content, state.name, state.email, record_number=state.record_number
    )
    record = Record(batch, recipient, place, numbers.parse(state.to), state.status)
    record.cost = state.cost
    record.due = to_micros(state.due)
    record.finished_at = None if state.finished_at is None else to_micros(state.finished_at)
    record.replies = list(state.replies) or None
    return record
