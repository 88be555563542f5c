"""The operations of the JSON API under `/fake`, over gateway, failures and journal."""

import json
import re
import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_args
from urllib.parse import quote

from werkzeug.wrappers import Response

from fake_every8d.calls import OperationName
from fake_every8d.control import forms as p
from fake_every8d.control import summary
from fake_every8d.control.failures import FAILURE
from fake_every8d.control.journal import Journal, RecordedRequest
from fake_every8d.control.snapshot import written
from fake_every8d.control.world import World
from fake_every8d.gateway import (
    Account,
    Conflict,
    Edition,
    InvalidInput,
    Message,
    NotFound,
    PlatformError,
    Status,
)
from fake_every8d.gateway.changes import ANYTHING
from fake_every8d.web.api import representation as show
from fake_every8d.web.api.description import described
from fake_every8d.web.exchange import OnDisconnect

PREFIX = "/fake/"
"""The API's URL prefix."""
STATE = "state"
"""The path for waiting for a change."""

_MAX_LIMIT = 10_000
_LISTED = 5  # of the items that there are, if the awaited one is not
_LONGEST_WAIT = 30  # seconds that a client may wait for something to appear

_ID = p.in_query(p.COUNT)
_USER = {"user_id": p.TEXT}
_FULL = {"full": p.in_query(p.by_default(p.FLAG, False))}
_LIMIT = p.in_query(p.by_default(p.whole(1, _MAX_LIMIT), 100))
_PAGE = {
    "after": _ID,
    "before": _ID,
    "newest_first": p.in_query(p.by_default(p.FLAG, False)),
    "limit": _LIMIT,
}
_WAIT = {"wait_seconds": p.in_query(p.by_default(p.seconds(_LONGEST_WAIT), 0))}
_LATEST = {"after": _ID, **_WAIT}
_LIST = {**_PAGE, "count": p.in_query(p.whole(1, _MAX_LIMIT)), **_WAIT}
_MESSAGE = {
    "to": p.PHONE_IN_QUERY,
    "user_id": p.TEXT,
    "batch_id": p.TEXT,
    "status": p.STATUS_IN_QUERY,
    "text": p.TEXT,
    "name": p.TEXT,
    "search": p.TEXT,
    "since": p.MOMENT_IN_QUERY,
    "until": p.MOMENT_IN_QUERY,
}
_REPORT = {
    "to": p.PHONE_IN_QUERY,
    "user_id": p.TEXT,
    "message_id": _ID,
    "status": p.STATUS_IN_QUERY,
    "state": p.STATE,
}
_TEXT = p.TEXT._replace(schema=p.XML_TEXT.schema)  # the gateway says what XML cannot carry
_CONCERNED = ("to", "user_id", "batch_id")  # the gateway wakes waiters by these
_REQUEST = {"operation": p.one_of(*get_args(OperationName)), "user_id": p.TEXT}
_ACCOUNT_CHANGES = {key: kind for key, kind in p.ACCOUNT.keys.items() if key != "user_id"}

Item = TypeVar("Item")
Handler = Callable[..., Response]


@dataclass(frozen=True, slots=True, eq=False)
class ApiOperation:
    """An operation of the API: its request and its handler."""

    method: str
    path: str
    """The path under `/fake/`, with werkzeug's placeholders."""
    handler: Handler
    """The method that handles it; path, query and body are its keyword arguments."""
    query: p.Form
    body: p.Form
    cached: bool
    """True if a GET may be responded to with 304 while nothing has changed."""
    waits: bool
    """True if it may take a while: it waits, or shows perhaps thousands of messages."""

    @property
    def url(self) -> str:
        """The path from the root, with OpenAPI's placeholders."""
        return PREFIX + re.sub(r"<\w+:(\w+)>", r"{\1}", self.path)


OPERATIONS: list[ApiOperation] = []
"""All operations."""


def _operation(
    method: str,
    path: str,
    *,
    query: Mapping[str, p.Value] | None = None,
    body: Mapping[str, p.Value] | None = None,
    required: Sequence[str] = (),
    cached: bool = True,
    waits: bool = False,
) -> Callable[[Handler], Handler]:
    """Let a method of `Handlers` handle requests; `required` are keys of the body."""

    def register(handler: Handler) -> Handler:
        OPERATIONS.append(
            ApiOperation(
                method,
                path,
                handler,
                p.Form(query or {}),
                p.Form(body or {}, tuple(required)),
                cached and method == "GET",
                waits or method == "GET",
            )
        )
        return handler

    return register


@dataclass(frozen=True)
class _Source(Generic[Item]):
    """A thing to wait for: how to find it, and how to say what there is instead."""

    find: Callable[..., list[Item]]
    lines: Callable[[list[Item]], Iterable[str]]
    topic: Hashable = ANYTHING


class Handlers:
    """The methods that handle requests."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gateway = world.gateway
        self._failures = world.failures
        self._journal = world.journal
        self._instance = uuid.uuid4().hex[:8]
        self._of_messages = _Source(self._gateway.messages, self._message_lines)
        self._of_reports = _Source(self._gateway.reports, summary.report_lines)
        self._of_requests = _Source(self._recorded, _request_lines, Journal)

    @property
    def _epoch(self) -> str:
        return f"{self._instance}-{self._gateway.epoch}"

    @property
    def _edition(self) -> Edition:
        return self._gateway.edition

    def etag(self) -> str:
        """The ETag, which changes whenever anything but the time changes."""
        version = self._gateway.version + self._failures.version + self._journal.version
        # Sessions end at midnight, which is not counted as a change.
        return f"{self._epoch}-{version}-{self._gateway.clock.now.toordinal()}"

    def await_another(self, etag: str, wait_seconds: float, on_wait: OnDisconnect | None) -> str:
        """The ETag, once it differs from `etag` or the time is up."""
        self._gateway.wait_for(lambda: self.etag() != etag, wait_seconds, on_wait=on_wait)
        return self.etag()

    def _awaited(
        self,
        source: _Source[Item],
        *,
        limit: int,
        count: int | None = None,
        wait_seconds: float = 0,
        on_wait: OnDisconnect | None = None,
        **wanted: Any,
    ) -> list[Item]:
        """The wanted items, once there are `count` or the time is up: at most `limit` + 1.

        Raises `NotFound`, which says what there is, if there are fewer than `count`. Without a
        `count` it waits for one item, and finding none is not an error.
        """
        find, topic = source.find, source.topic
        found: list[Item] = []

        def appeared() -> bool:
            found[:] = find(limit=max(limit, count or 0) + 1, **wanted)
            return len(found) >= (count or 1)

        concerned = {key: wanted[key] for key in _CONCERNED if topic is ANYTHING and key in wanted}
        self._gateway.wait_for(appeared, wait_seconds, topic=topic, on_wait=on_wait, **concerned)
        if count is not None and len(found) < count:
            when = (
                f" within {wait_seconds:g} s"
                if wait_seconds
                else "; pass wait_seconds to wait for more"
            )
            there = source.lines(find(limit=_LISTED, newest_first=True)[::-1])
            raise NotFound(f"found {len(found)} of {count}{when}; {summary.listed(there)}")
        return found

    def _recorded(self, limit: int, **wanted: Any) -> list[RecordedRequest]:
        return _select(self._journal.all(), **wanted)[:limit]

    def _message_lines(self, messages: Iterable[Message]) -> Iterable[str]:
        return [summary.message_line(message, self._edition) for message in messages]

    # Everything at once

    @_operation("GET", "openapi.json", cached=False)
    def _openapi(self) -> Response:
        return Response(_description(), content_type="application/json")

    @_operation("GET", STATE, query=_WAIT)
    def _state(self) -> Response:
        requests = self._journal.all()
        version = self._gateway.version
        return _json(
            {
                "epoch": self._epoch,
                "edition": self._gateway.edition,
                "clock": show.clock(self._gateway.clock),
                "accounts": [self._shown(account) for account in self._gateway.accounts()],
                "messages": {"count": self._gateway.message_count, "version": version},
                "requests": {
                    "count": len(requests),
                    "last_id": requests[-1].id if requests else None,
                },
                "failures": {"count": len(self._failures.all())},
            }
        )

    @_operation("GET", "summary")
    def _summary(self) -> Response:
        text = summary.text(
            self._journal.all(), self._gateway.messages(), self._gateway.reports(), self._edition
        )
        body = f"{text}\n".encode(errors="replace")
        return Response(body, content_type="text/plain; charset=utf-8")

    @_operation(
        "POST",
        "reset",
        body=_USER | {"now": p.START, "keep_sessions": p.FLAG},
        waits=True,
    )
    def _reset(self, user_id: str | None = None, **start: Any) -> Response:
        if user_id is None:
            self._world.reset(**start)
        elif start:
            name = next(iter(start))
            raise InvalidInput(f"{name} is for a reset of everything, without user_id", field=name)
        else:
            self._world.reset_account(user_id)
        return _nothing()

    @_operation("GET", "snapshot", cached=False)
    def _snapshot(self) -> Response:
        text = "".join(written(self._world.snapshot()))
        return Response(text, content_type="application/json")

    @_operation("PUT", "snapshot", waits=True)
    def _restore(self, document: dict[str, Any]) -> Response:
        self._world.restore(document)
        return _nothing()

    # Settings

    @_operation("GET", "settings", query=_FULL)
    def _settings(self, full: bool) -> Response:
        return _json(show.settings(self._gateway.settings, full=full))

    @_operation("PATCH", "settings", body={"edition": p.EDITION, "pad_mobile": p.FLAG})
    def _update_settings(self, **changes: Any) -> Response:
        return _json(show.settings(self._gateway.update_settings(**changes)))

    # Accounts

    def _shown(self, account: Account, *, full: bool = False) -> show.Json:
        return show.account(account, self._gateway.sessions(account.user_id), full=full)

    @_operation("GET", "accounts", query=_FULL)
    def _accounts(self, full: bool) -> Response:
        accounts = self._gateway.accounts()
        return _json({"accounts": [self._shown(account, full=full) for account in accounts]})

    @_operation("POST", "accounts", body=p.ACCOUNT.keys, required=p.ACCOUNT.required)
    def _add_account(self, **settings: Any) -> Response:
        account = Account(**settings)
        self._gateway.add_account(account)
        location = f"{PREFIX}accounts/{quote(account.user_id, safe='')}"
        return _json(self._shown(account), 201, {"Location": location})

    @_operation("GET", "accounts/<text:user_id>", query=_FULL)
    def _account(self, user_id: str, full: bool) -> Response:
        return _json(self._shown(self._gateway.account(user_id), full=full))

    @_operation(
        "PATCH",
        "accounts/<text:user_id>",
        body=_ACCOUNT_CHANGES | {"top_up": p.POINTS, "locked": p.FLAG, "failed_logins": p.COUNT},
    )
    def _update_account(self, user_id: str, **changes: Any) -> Response:
        return _json(self._shown(self._gateway.update_account(user_id, **changes)))

    @_operation("DELETE", "accounts/<text:user_id>")
    def _remove_account(self, user_id: str) -> Response:
        self._gateway.remove_account(user_id)
        return _nothing()

    # Messages and outcomes

    @_operation("GET", "messages", query=_MESSAGE | {"changed_after": _ID} | _LIST)
    def _messages(self, limit: int, **asked: Any) -> Response:
        version = self._gateway.version
        found = self._awaited(self._of_messages, limit=limit, **asked)
        limit = max(limit, asked.get("count", 0))
        if "changed_after" in asked and len(found) > limit:
            version = found[limit - 1].version
        return _page(
            "messages",
            partial(show.message, edition=self._edition),
            found,
            limit,
            {"epoch": self._epoch, "version": version},
        )

    @_operation("DELETE", "messages")
    def _clear_messages(self) -> Response:
        self._gateway.clear_messages()
        return _nothing()

    @_operation(
        "POST",
        "messages",
        body={
            "text": _TEXT,
            "to": p.TEXT,
            "user_id": p.TEXT,
            "subject": p.TEXT,
            "send_time": p.MOMENT,
        },
        required=["text", "to"],
    )
    def _send(self, text: str, to: str, **settings: Any) -> Response:
        try:
            messages = self._gateway.send(text, to, **settings)
        except PlatformError as error:
            raise Conflict(error.line(self._edition), reason="refused") from None
        return _json({"messages": [show.message(each, self._edition) for each in messages]}, 201)

    @_operation("GET", "messages/latest", query=_MESSAGE | _LATEST)
    def _latest_message(self, **asked: Any) -> Response:
        found = self._awaited(self._of_messages, limit=1, count=1, newest_first=True, **asked)
        return _json(show.message(found[0], self._edition))

    @_operation("GET", "messages/<int:message_id>")
    def _message(self, message_id: int) -> Response:
        return _json(show.message(self._gateway.message(message_id), self._edition))

    @_operation(
        "POST", "messages/<int:message_id>/status", body={"status": p.DECISION}, required=["status"]
    )
    def _set_status(self, message_id: int, status: Status) -> Response:
        return _json(
            show.message(self._gateway.set_status(message_id, status.value), self._edition)
        )

    @_operation(
        "POST", "messages/<int:message_id>/replies", body={"text": _TEXT}, required=["text"]
    )
    def _reply(self, message_id: int, text: str) -> Response:
        return _json(show.message(self._gateway.reply(message_id, text), self._edition), 201)

    @_operation("POST", "replies", body={"to": p.TEXT, "text": _TEXT}, required=["to", "text"])
    def _reply_from(self, to: str, text: str) -> Response:
        return _json(show.message(self._gateway.reply(to, text), self._edition), 201)

    @_operation(
        "GET", "phones", query=_MESSAGE | {"read_until": _ID, "offset": _ID, "limit": _LIMIT}
    )
    def _phones(self, limit: int, **wanted: Any) -> Response:
        found = self._gateway.phones(limit=limit + 1, **wanted)
        counts = {"count": found.count, "messages": found.messages, "unread": found.unread}
        show_one = partial(show.phone, edition=self._edition)
        return _page("phones", show_one, found.phones, limit, counts)

    @_operation("GET", "batches", query=_USER | _PAGE)
    def _batches(self, limit: int, **wanted: Any) -> Response:
        found = self._gateway.batches(limit=limit + 1, **wanted)
        return _page("batches", partial(show.batch, edition=self._edition), found, limit)

    @_operation("GET", "statuses")
    def _statuses(self) -> Response:
        return _json(
            {
                "statuses": [
                    show.status(each, self._edition) for each in Status if each.is_of(self._edition)
                ]
            }
        )

    @_operation("GET", "outcomes")
    def _outcomes(self) -> Response:
        return _json(
            {"outcomes": [show.outcome(each, self._edition) for each in self._gateway.outcomes()]}
        )

    @_operation("POST", "outcomes", body=p.OUTCOME.keys, required=p.OUTCOME.required)
    def _set_outcome(self, to: str, status: Status, after_seconds: float | None = None) -> Response:
        return _json(
            show.outcome(self._gateway.set_outcome(to, status, after_seconds), self._edition)
        )

    @_operation("DELETE", "outcomes", query={"to": p.PHONE_IN_QUERY})
    def _clear_outcomes(self, to: str | None = None) -> Response:
        self._gateway.clear_outcomes(to)
        return _nothing()

    # Outgoing reports and e-mails

    @_operation("GET", "reports", query=_REPORT | _LIST)
    def _reports(self, limit: int, **asked: Any) -> Response:
        found = self._awaited(self._of_reports, limit=limit, **asked)
        limit = max(limit, asked.get("count", 0))
        return _page("reports", partial(show.report, edition=self._edition), found, limit)

    @_operation("GET", "reports/latest", query=_REPORT | _LATEST)
    def _latest_report(self, **asked: Any) -> Response:
        found = self._awaited(self._of_reports, limit=1, count=1, newest_first=True, **asked)
        return _json(show.report(found[0], self._edition))

    @_operation(
        "GET", "emails", query={"to": p.TEXT, "user_id": p.TEXT, "message_id": _ID, **_PAGE}
    )
    def _emails(self, limit: int, **wanted: Any) -> Response:
        found = _select(self._gateway.emails(), **wanted)
        return _page("emails", show.email, found, limit)

    # Time

    @_operation("GET", "clock", cached=False)
    def _clock(self) -> Response:
        return _json(show.clock(self._gateway.clock))

    @_operation(
        "POST",
        "clock",
        body={
            "advance_seconds": p.SECONDS,
            "travel_to": p.MOMENT,
            "to_next_due": p.TRUE,
            "running": p.FLAG,
        },
        waits=True,
    )
    def _move_clock(self, **given: Any) -> Response:
        clock = self._gateway.clock
        match [*given.items()]:
            case [("advance_seconds", seconds)]:
                clock.advance(seconds=seconds)
            case [("travel_to", moment)]:
                clock.travel_to(moment)
            case [("to_next_due", _)]:
                clock.to_next_due()
            case [("running", running)]:
                (clock.resume if running else clock.freeze)()
            case _:
                raise InvalidInput(
                    "the body must have one key: advance_seconds, travel_to, to_next_due or "
                    "running",
                    reason="repeated" if given else "missing",
                )
        return _json(show.clock(clock))

    # The wire

    @_operation("GET", "requests", query=_REQUEST | _FULL | _LIST)
    def _requests(self, limit: int, full: bool, **asked: Any) -> Response:
        found = self._awaited(self._of_requests, limit=limit, **asked)
        limit = max(limit, asked.get("count", 0))
        return _page("requests", partial(show.request, full=full), found, limit)

    @_operation("GET", "requests/latest", query=_REQUEST | _LATEST)
    def _latest_request(self, **asked: Any) -> Response:
        found = self._awaited(self._of_requests, limit=1, count=1, newest_first=True, **asked)
        return _json(show.request(found[0]))

    @_operation("GET", "requests/<int:request_id>")
    def _request(self, request_id: int) -> Response:
        found = _select(self._journal.all(), id=request_id)
        if not found:
            raise NotFound(
                f"there is no request {request_id}; it may have been forgotten",
                field="request_id",
                reason="unknown",
            )
        return _json(show.request(found[0]))

    @_operation("DELETE", "requests")
    def _clear_requests(self) -> Response:
        self._journal.clear()
        return _nothing()

    @_operation("GET", "failures")
    def _list_failures(self) -> Response:
        return _json({"failures": [show.failure(failure) for failure in self._failures.all()]})

    @_operation("POST", "failures", body=FAILURE.keys, required=FAILURE.required)
    def _add_failure(self, **settings: Any) -> Response:
        return _json(show.failure(self._failures.add(**settings)), 201)

    @_operation("DELETE", "failures")
    def _clear_failures(self) -> Response:
        self._failures.clear()
        return _nothing()

    @_operation("GET", "failures/<int:failure_id>")
    def _failure(self, failure_id: int) -> Response:
        return _json(show.failure(self._failures.get(failure_id)))

    @_operation("DELETE", "failures/<int:failure_id>")
    def _remove_failure(self, failure_id: int) -> Response:
        self._failures.remove(failure_id)
        return _nothing()


def _request_lines(requests: Iterable[RecordedRequest]) -> Iterable[str]:
    return [line for request in requests for line in summary.request_lines(request)]


@cache
def _description() -> bytes:
    return encoded(described(OPERATIONS))


def _select(
    items: Sequence[Item],
    after: int | None = None,
    before: int | None = None,
    newest_first: bool = False,
    **wanted: Any,
) -> list[Item]:
    """The items with the `wanted` attributes, and an ID between `after` and `before`."""
    id_of = attrgetter("id")
    return [
        item
        for item in (reversed(items) if newest_first else items)
        if (after is None or id_of(item) > after)
        and (before is None or id_of(item) < before)
        and all(getattr(item, name) == value for name, value in wanted.items())
    ]


def _page(
    name: str,
    show_one: Callable[[Item], show.Json],
    found: Sequence[Item],
    limit: int,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """The first `limit` items found, and whether there are more."""
    shown = [show_one(item) for item in found[:limit]]
    return _json({name: shown, "more": len(found) > limit, **(more or {})})


def _json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(encoded(data), status, headers, content_type="application/json")


def encoded(data: Any) -> bytes:
    """The data as JSON that people can read, too."""
    # A text may hold half a surrogate pair, which UTF-8 cannot encode.
    return (json.dumps(data, ensure_ascii=False) + "\n").encode(errors="replace")


def _nothing() -> Response:
    return Response(status=204)
