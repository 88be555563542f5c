"""The JSON API's values as the objects that a fake in this process returns."""

from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from fake_every8d.advice import AdviceKind, AdviceText
from fake_every8d.control.failures import Failure
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.gateway import (
    TAIPEI,
    Account,
    Attempt,
    BatchSummary,
    Email,
    Message,
    NotFound,
    Outcome,
    Reply,
    Report,
    ReportState,
    Settings,
    Status,
)
from fake_every8d.gateway.clock import to_micros
from fake_every8d.remote.client import Client, Json


def settings(told: Json) -> Settings:
    """Settings, with the accounts that the fake starts with."""
    return Settings(
        accounts=tuple([account(each) for each in told["accounts"]]),
        edition=told["edition"],
        delivery_seconds=told["delivery_seconds"],
        report_retry_seconds=told["report_retry_seconds"],
        max_messages=told["max_messages"],
        pad_mobile=told["pad_mobile"],
        now=_moment(told["now"]),
        keep_sessions=told["keep_sessions"],
    )


def account(told: Json) -> Account:
    """An account with its password, from a response in full."""
    return Account(
        **{field.name: told[field.name] for field in fields(Account)}
        | {"credit": _points(told["credit"])}
    )


def message(told: Json) -> Message:
    """A message."""
    return Message(
        id=told["id"],
        user_id=told["user_id"],
        batch_id=told["batch_id"],
        record_number=told["record_number"],
        to=told["to"],
        text=told["text"],
        subject=told["subject"],
        name=told["name"],
        email=told["email"],
        status=Status(told["status"]),
        cost=_points(told["cost"]),
        pieces=told["pieces"],
        accepted_at=moment(told["accepted_at"]),
        booked_for=_moment(told["booked_for"]),
        sent_at=_moment(told["sent_at"]),
        finished_at=_moment(told["finished_at"]),
        replies=tuple([Reply(each["text"], moment(each["at"])) for each in told["replies"]]),
        version=told["version"],
        retry_time=told["retry_time"],
        event_id=told["event_id"],
    )


def batch(told: Json) -> BatchSummary:
    """A batch."""
    return BatchSummary(
        id=told["id"],
        user_id=told["user_id"],
        subject=told["subject"],
        accepted_at=moment(told["accepted_at"]),
        first_message_id=told["first_message_id"],
        messages=told["messages"],
        cost=_points(told["cost"]),
        statuses=Counter({Status(each["status"]): each["messages"] for each in told["statuses"]}),
    )


def outcome(told: Json) -> Outcome:
    """The outcome of messages to a number."""
    return Outcome(told["to"], Status(told["status"]), told["after_seconds"])


def report(told: Json) -> Report:
    """A status report, with its attempts."""
    return Report(
        **_outgoing(told),
        batch_id=told["batch_id"],
        to=told["to"],
        status=Status(told["status"]),
        text=told["text"],
        record_number=told["record_number"],
        method=told["method"],
        url=told["url"],
        body=told["body"],
    )


def email(told: Json) -> Email:
    """A copy by e-mail, with its attempts."""
    return Email(**_outgoing(told), to=told["to"], subject=told["subject"], text=told["text"])


class RemoteFailure(Failure):
    """A failure on demand of a fake elsewhere. Each look at its counts asks the fake."""

    __slots__ = ("_client", "_told")
    _client: Client
    _told: Json

    def __init__(self, client: Client, told: Json) -> None:
        object.__setattr__(self, "_client", client)
        object.__setattr__(self, "_told", told)
        super().__init__(**told)

    def __reduce__(self) -> tuple[type[Self], tuple[Client, Json]]:
        """Copy what it asks the fake with, too; a dataclass copies its fields alone."""
        return type(self), (self._client, self._told)

    @property
    def times(self) -> int | None:
        times = self._now["times"]
        return None if times is None else int(times)

    @times.setter
    def times(self, value: int | None) -> None:
        """Do nothing: only `Failure.__init__` sets it."""

    @property
    def happened(self) -> int:
        return int(self._now["happened"])

    @happened.setter
    def happened(self, value: int) -> None:
        """Do nothing, likewise."""

    @property
    def _now(self) -> Json:
        with suppress(NotFound):  # after a restore it counts no further
            object.__setattr__(self, "_told", self._client.get("failures", self.id))
        return self._told


class RemoteRequest(RecordedRequest):
    """A request that reached a fake elsewhere, asked for in full."""

    __slots__ = ("_told",)

    def __init__(self, told: Json) -> None:
        # Not that of `RecordedRequest`, which takes a server's own values.
        self._told = told

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteRequest) and self._told == other._told

    def __hash__(self) -> int:
        return self.id

    @property
    def id(self) -> int:
        return self._int("id")

    @property
    def at(self) -> datetime:
        return moment(self._told["at"])

    @property
    def micros(self) -> int:
        return to_micros(self.at)

    @property
    def method(self) -> str:
        return self._text("method")

    @property
    def path(self) -> str:
        return self._text("path")

    @property
    def query(self) -> str:
        return self._text("query")

    @property
    def headers(self) -> Mapping[str, str]:
        return dict(self._told["headers"])

    @property
    def body(self) -> bytes:
        return b64decode(self._told["body_base64"])

    @property
    def status(self) -> int:
        return self._int("status")

    @property
    def response_headers(self) -> Mapping[str, str]:
        return dict(self._told["response_headers"])

    @property
    def response_body(self) -> bytes:
        return b64decode(self._told["response_body_base64"])

    @property
    def operation(self) -> str | None:
        return self._if_any("operation")

    @property
    def params(self) -> Mapping[str, Any]:
        return dict(self._told["params"])

    @property
    def user_id(self) -> str | None:
        return self._if_any("user_id")

    @property
    def result(self) -> str | None:
        return self._if_any("result")

    @property
    def milliseconds(self) -> float:
        return float(self._told["milliseconds"])

    @property
    def advice(self) -> tuple[AdviceText, ...]:
        return tuple(
            [
                AdviceText(AdviceKind[each["code"].upper()], each["values"])
                for each in self._told["advice_codes"]
            ]
        )

    @property
    def serious_advice(self) -> tuple[AdviceText, ...]:
        return tuple([advice for advice in self.advice if advice in self._told["serious_advice"]])

    @property
    def failure(self) -> str | None:
        return self._if_any("failure")

    @property
    def text(self) -> str:
        return self._text("body")

    @property
    def response_text(self) -> str:
        return self._text("response_body")

    def _int(self, name: str) -> int:
        return int(self._told[name])

    def _text(self, name: str) -> str:
        return str(self._told[name])

    def _if_any(self, name: str) -> str | None:
        value = self._told[name]
        return None if value is None else str(value)


def _outgoing(told: Json) -> dict[str, Any]:
    return {
        "id": told["id"],
        "message_id": told["message_id"],
        "user_id": told["user_id"],
        "at": moment(told["at"]),
        "state": ReportState(told["state"]),
        "max_attempts": told["max_attempts"],
        "next_attempt_at": _moment(told["next_attempt_at"]),
        "attempts": tuple(
            [
                Attempt(
                    number=each["number"],
                    at=moment(each["at"]),
                    status_code=each["status_code"],
                    error=each["error"],
                    seconds=each["seconds"],
                    reason=each["reason"],
                )
                for each in told["attempts"]
            ]
        ),
    }


def moment(told: str) -> datetime:
    """A time, in Taipei."""
    return datetime.fromisoformat(told).astimezone(TAIPEI)


def _moment(told: str | None) -> datetime | None:
    return None if told is None else moment(told)


def _points(told: float) -> Decimal:
    return Decimal(str(told))  # via its digits, so that 0.1 is a tenth
