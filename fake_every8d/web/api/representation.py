"""The JSON API's form of things: snake_case, times with +08:00, points as numbers."""

from base64 import b64encode
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from fake_every8d.control.failures import Failure
from fake_every8d.control.journal import RecordedRequest
from fake_every8d.gateway import (
    Account,
    BatchSummary,
    Clock,
    Edition,
    Email,
    Message,
    Outcome,
    Phone,
    Report,
    Settings,
    Status,
)
from fake_every8d.gateway.outbox import Outgoing

Json = dict[str, Any]


def settings(settings: Settings, *, full: bool = False) -> Json:
    """The settings; in full, with the accounts that the fake starts with."""
    shown = {
        "edition": settings.edition,
        "delivery_seconds": settings.delivery_seconds,
        "report_retry_seconds": settings.report_retry_seconds,
        "max_messages": settings.max_messages,
        "pad_mobile": settings.pad_mobile,
        "now": _time(settings.now),
        "keep_sessions": settings.keep_sessions,
    }
    if full:
        shown["accounts"] = [account(each, 0, full=True) for each in settings.accounts]
    return shown


def account(account: Account, sessions: int, *, full: bool = False) -> Json:
    """An account; its password only in full."""
    return {
        "user_id": account.user_id,
        "credit": _points(account.credit),
        "international": account.international,
        "interactive": account.interactive,
        "test_mode": account.test_mode,
        "report_url": account.report_url,
        "report_method": account.report_method,
        "report_charset": account.report_charset,
        "report_attempts": account.report_attempts,
        "failed_logins": account.failed_logins,
        "locked": account.locked,
        "sessions": sessions,
        **({"password": account.password} if full else {}),
    }


def message(message: Message, edition: Edition) -> Json:
    """A message, with the platform's own word for its status and ours."""
    return {
        "id": message.id,
        "user_id": message.user_id,
        "batch_id": message.batch_id,
        "record_number": message.record_number,
        "to": message.to,
        "text": message.text,
        "code": message.code,
        "links": message.links,
        "subject": message.subject,
        "name": message.name,
        "email": message.email,
        "retry_time": message.retry_time,
        "event_id": message.event_id,
        **_status(message.status, edition),
        "final": message.status.final,
        "cost": _points(message.cost),
        "pieces": message.pieces,
        "accepted_at": _time(message.accepted_at),
        "booked_for": _time(message.booked_for),
        "sent_at": _time(message.sent_at),
        "finished_at": _time(message.finished_at),
        "replies": [{"text": reply.text, "at": _time(reply.at)} for reply in message.replies],
        "version": message.version,
    }


def phone(phone: Phone, edition: Edition) -> Json:
    """A phone, with the newest of its messages."""
    return {
        "number": phone.number,
        "name": phone.name,
        "messages": phone.messages,
        "unread": phone.unread,
        "newest": message(phone.newest, edition),
    }


def batch(batch: BatchSummary, edition: Edition) -> Json:
    """A batch, with its messages counted by status."""
    return {
        "id": batch.id,
        "user_id": batch.user_id,
        "subject": batch.subject,
        "accepted_at": _time(batch.accepted_at),
        "first_message_id": batch.first_message_id,
        "messages": batch.messages,
        "cost": _points(batch.cost),
        "statuses": [
            {**_status(status, edition), "messages": count}
            for status, count in batch.statuses.items()
        ],
    }


def status(status: Status, edition: Edition) -> Json:
    """A status that a message can have."""
    return {
        **_status(status, edition),
        "final": status.final,
        "outcome": status.outcome,
    }


def outcome(outcome: Outcome, edition: Edition) -> Json:
    """The outcome of messages to a number."""
    return {
        "to": outcome.to,
        **_status(outcome.status, edition),
        "after_seconds": outcome.after_seconds,
    }


def report(report: Report, edition: Edition) -> Json:
    """A status report, with its attempts."""
    return {
        **_outgoing(report),
        "batch_id": report.batch_id,
        "to": report.to,
        **_status(report.status, edition),
        "text": report.text,
        "record_number": report.record_number,
        "method": report.method,
        "url": report.url,
        "body": report.body,
    }


def email(email: Email) -> Json:
    """A copy by e-mail, with its attempts if it goes to a server."""
    return {
        **_outgoing(email),
        "to": email.to,
        "subject": email.subject,
        "text": email.text,
    }


def clock(clock: Clock) -> Json:
    """The clock: its time, whether that passes, and the time of the next event."""
    return {
        "now": _time(clock.now),
        "running": clock.running,
        "next_due": _time(clock.next_due),
    }


def request(request: RecordedRequest, *, full: bool = False) -> Json:
    """A request and its response, with bodies as text; in full, also as bytes."""
    shown = {
        "id": request.id,
        "at": _time(request.at),
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "body": request.text,
        "status": request.status,
        "response_headers": dict(request.response_headers),
        "response_body": request.response_text,
        "operation": request.operation,
        "user_id": request.user_id,
        "result": request.result,
        "milliseconds": round(request.milliseconds, 3),
        "advice": (advice := request.advice),
        "advice_codes": [{"code": each.code, "values": each.values} for each in advice],
        "serious_advice": request.serious_advice,
        "failure": request.failure,
    }
    if full:
        shown["body_base64"] = b64encode(request.body).decode()
        shown["response_body_base64"] = b64encode(request.response_body).decode()
    return shown


def failure(failure: Failure) -> Json:
    """A failure that waits for a call."""
    return asdict(failure)


def _outgoing(item: Outgoing) -> Json:
    return {
        "id": item.id,
        "message_id": item.message_id,
        "user_id": item.user_id,
        "at": _time(item.at),
        "state": item.state.value,
        "max_attempts": item.max_attempts,
        "next_attempt_at": _time(item.next_attempt_at),
        "attempts": [
            {
                "number": attempt.number,
                "at": _time(attempt.at),
                "status_code": attempt.status_code,
                "error": attempt.error,
                "reason": attempt.reason,
                "seconds": round(attempt.seconds, 6),
            }
            for attempt in item.attempts
        ],
    }


def _status(status: Status, edition: Edition) -> Json:
    return {
        "status": status.value,
        "status_name": status.name.lower(),
        "status_term": status.term_of(edition),
    }


def _points(points: Decimal) -> int | float:
    # A float is written with the fewest digits that identify it, which are its two decimals.
    return int(points) if points == points.to_integral_value() else float(points)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds")
