"""The JSON API's form of things: snake_case, times with +08:00, points as numbers.

A `Shape` says how the objects of a class are shown; `description.py` has their types from it.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any, Literal, get_type_hints

from fake_every8d.advice import AdviceText
from fake_every8d.control.failures import Failure, FailureKind
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.gateway import (
    Account,
    Attempt,
    BatchSummary,
    Clock,
    Edition,
    Email,
    Message,
    Outcome,
    Phone,
    Reply,
    Report,
    Settings,
    Status,
)

Json = dict[str, Any]

StatusName = Literal[tuple([each.name for each in Status])]  # type: ignore[valid-type]
"""The names of `Status`, which stand for its numbers in requests."""


@dataclass(frozen=True)
class Shape:
    """The form of the objects of a class: the fields of a dataclass, and more or fewer."""

    cls: type
    properties: tuple[str, ...] = ()
    """Properties that are shown as well."""
    without: tuple[str, ...] = ()
    """Fields that are not shown."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """The types of values that are passed in, or that are shown as another type."""
    in_full: Mapping[str, Any] = field(default_factory=dict)
    """The types of values that are shown only in full."""

    @cached_property
    def types(self) -> Mapping[str, Any]:
        """The type of each key that is always there; a `Status` stands for its three."""
        hints = get_type_hints(self.cls)
        names = [each.name for each in fields(self.cls)] if is_dataclass(self.cls) else []
        types = {name: hints[name] for name in names if name not in self.without}
        for name in self.properties:
            types[name] = get_type_hints(getattr(self.cls, name).fget)["return"]
        return {**types, **self.beside}

    def shown(
        self, item: Any, edition: Edition | None = None, *, full: bool = False, **beside: Any
    ) -> Json:
        """An object in JSON; its status takes the edition, for the platform's own word."""
        shown: Json = {}
        for name in (*self.types, *(self.in_full if full else ())):
            value = beside[name] if name in beside else getattr(item, name)
            if isinstance(value, Status):
                assert edition is not None
                shown |= _status(value, edition)
            else:
                shown[name] = _plain(value)
        return shown


@dataclass(frozen=True, slots=True)
class StatusCount:
    """The number of a batch's messages at a status."""

    status: Status
    messages: int


SHAPES: Mapping[str, Shape] = {
    "Settings": Shape(
        Settings,
        without=("accounts",),
        beside={"edition": Edition},
        in_full={"accounts": list[Account]},
    ),
    "Account": Shape(
        Account,
        ("locked",),
        without=("password",),
        beside={"sessions": int},
        in_full={"password": str},
    ),
    "Reply": Shape(Reply),
    "Message": Shape(Message, ("code", "links"), beside={"final": bool}),
    "Phone": Shape(Phone),
    "StatusCount": Shape(StatusCount),
    "Batch": Shape(BatchSummary, beside={"statuses": list[StatusCount]}),
    "KnownStatus": Shape(Status, ("final", "outcome"), beside={"status": Status}),
    "Outcome": Shape(Outcome),
    "Attempt": Shape(Attempt),
    "Report": Shape(Report),
    "Email": Shape(Email),
    "Clock": Shape(Clock, ("now", "running", "next_due")),
    "AdviceCode": Shape(AdviceText, ("code",), beside={"values": Mapping[str, str]}),
    "RecordedRequest": Shape(
        RecordedRequest,
        (
            "id",
            "at",
            "method",
            "path",
            "query",
            "headers",
            "status",
            "response_headers",
            "operation",
            "params",
            "user_id",
            "result",
            "milliseconds",
            "advice",
            "serious_advice",
        ),
        beside={
            "body": str,
            "response_body": str,
            "advice": list[str],
            "advice_codes": list[AdviceText],
            "serious_advice": list[str],
            "failure": FailureKind | None,
        },
        in_full={"body_base64": str, "response_body_base64": str},
    ),
    "Failure": Shape(Failure),
}
"""The shapes by name, as the description has them."""

_BY_CLASS = {shape.cls: shape for shape in SHAPES.values()}


def settings(settings: Settings, *, full: bool = False) -> Json:
    """The settings; in full, with the accounts that the fake starts with."""
    accounts = [account(each, 0, full=True) for each in settings.accounts]
    return SHAPES["Settings"].shown(settings, full=full, accounts=accounts)


def account(account: Account, sessions: int, *, full: bool = False) -> Json:
    """An account; its password only in full."""
    return SHAPES["Account"].shown(account, full=full, sessions=sessions)


def message(message: Message, edition: Edition) -> Json:
    """A message, with the platform's own word for its status and ours."""
    return SHAPES["Message"].shown(message, edition, final=message.status.final)


def phone(phone: Phone, edition: Edition) -> Json:
    """A phone, with the newest of its messages."""
    return SHAPES["Phone"].shown(phone, newest=message(phone.newest, edition))


def batch(batch: BatchSummary, edition: Edition) -> Json:
    """A batch, with its messages counted by status."""
    counts = [StatusCount(status, count) for status, count in batch.statuses.items()]
    shape = SHAPES["StatusCount"]
    return SHAPES["Batch"].shown(batch, statuses=[shape.shown(each, edition) for each in counts])


def status(status: Status, edition: Edition) -> Json:
    """A status that a message can have."""
    return SHAPES["KnownStatus"].shown(status, edition, status=status)


def outcome(outcome: Outcome, edition: Edition) -> Json:
    """The outcome of messages to a number."""
    return SHAPES["Outcome"].shown(outcome, edition)


def report(report: Report, edition: Edition) -> Json:
    """A status report, with its attempts."""
    return SHAPES["Report"].shown(report, edition)


def email(email: Email) -> Json:
    """A copy by e-mail, with its attempts if it goes to a server."""
    return SHAPES["Email"].shown(email)


def clock(clock: Clock) -> Json:
    """The clock: its time, whether that passes, and the time of the next event."""
    return SHAPES["Clock"].shown(clock)


def request(request: RecordedRequest, *, full: bool = False) -> Json:
    """A request and its response, with bodies as text; in full, also as bytes."""
    advice = request.advice
    return SHAPES["RecordedRequest"].shown(
        request,
        full=full,
        body=request.text,
        response_body=request.response_text,
        milliseconds=round(request.milliseconds, 3),
        advice=advice,
        advice_codes=[_BY_CLASS[AdviceText].shown(each) for each in advice],
        body_base64=b64encode(request.body).decode() if full else None,
        response_body_base64=b64encode(request.response_body).decode() if full else None,
    )


def failure(failure: Failure) -> Json:
    """A failure that waits for a call."""
    return SHAPES["Failure"].shown(failure)


def _plain(value: Any) -> Any:
    """A value in JSON."""
    match value:
        case datetime():
            return value.isoformat(timespec="microseconds")
        case Decimal():
            # A float is written with the fewest digits that identify it: its two decimals.
            return int(value) if value == value.to_integral_value() else float(value)
        case Enum():
            return value.value
        case tuple() if value and type(value[0]) in _BY_CLASS and not isinstance(value[0], str):
            return [_BY_CLASS[type(each)].shown(each) for each in value]
    return value


def _status(status: Status, edition: Edition) -> Json:
    return {
        "status": status.value,
        "status_name": status.name.lower(),
        "status_term": status.term_of(edition),
    }
