"""The whole state of a gateway, as values, to be kept and restored.

Nothing here is checked: whoever reads one from a file has to know that it is unchanged.
"""

from dataclasses import dataclass
from datetime import datetime

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account
from fake_every8d.gateway.clock import to_datetime, to_micros
from fake_every8d.gateway.delivery import Outcome, StepState
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.messages import Batch, Recipient, Record, Reply, Status
from fake_every8d.gateway.reports import Email, Report


@dataclass(frozen=True, slots=True)
class SessionState:
    """An open session."""

    key: str
    user_id: str


@dataclass(frozen=True, slots=True)
class TokenState:
    """A valid token."""

    text: str
    user_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class RecordState:
    """A recipient's record; its message's ID follows from its place in the batch."""

    to: str
    text: str
    name: str
    email: str
    record_number: str
    """The record number as given; empty if it was not."""
    status: Status
    cost: int
    due: datetime
    finished_at: datetime | None
    replies: tuple[Reply, ...]


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


@dataclass(frozen=True, slots=True)
class GatewayState:
    """The state of a gateway, except for the settings that cannot be changed while it runs."""

    now: datetime
    running: bool
    edition: Edition
    pad_mobile: bool
    accounts: tuple[Account, ...]
    initial: tuple[Account, ...]
    """The initial state of each account, for its own reset."""
    sessions: tuple[SessionState, ...]
    """The sessions; the last used come last."""
    tokens: tuple[TokenState, ...]
    """The tokens, oldest first."""
    outcomes: tuple[Outcome, ...]
    batches: tuple[BatchState, ...]
    """The batches, oldest first."""
    steps: tuple[StepState, ...]
    """The pending steps in the order in which they fall due."""
    reports: tuple[Report, ...]
    emails: tuple[Email, ...]
    next_message_id: int
    next_report_id: int
    next_email_id: int


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
                    text=record.text,
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
    """The batch with the state of a value."""
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
        state.to, state.text, state.name, state.email, record_number=state.record_number
    )
    record = Record(batch, recipient, place, numbers.parse(state.to), state.status)
    record.cost = state.cost
    record.due = to_micros(state.due)
    record.finished_at = None if state.finished_at is None else to_micros(state.finished_at)
    record.replies = list(state.replies) or None
    return record
