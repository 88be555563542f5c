"""Waiting for messages, status reports and requests in a test, and asserting them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

from fake_every8d import event_loops
from fake_every8d.calls import known_operation
from fake_every8d.control import summary
from fake_every8d.control.journal import Journal, RecordedRequest
from fake_every8d.gateway import (
    Conflict,
    Edition,
    InvalidInput,
    Message,
    Report,
    ReportState,
    Settings,
    Status,
)
from fake_every8d.gateway.changes import ANYTHING

_STILL_TO_GO = (Status.BOOKED, Status.TEST_MODE)  # accepted, but not sent

Item = TypeVar("Item")


class _Wanted(NamedTuple):
    """The wanted messages. As text, it goes on after the word "messages"."""

    to: str | None
    containing: str | None
    matching: str | re.Pattern[str] | None
    user_id: str | None
    after: Message | None = None

    def __str__(self) -> str:
        pattern = self.matching.pattern if isinstance(self.matching, re.Pattern) else self.matching
        return (
            ("" if self.to is None else f" to {self.to}")
            + ("" if self.containing is None else f" containing {self.containing!r}")
            + ("" if pattern is None else f" matching {pattern!r}")
            + ("" if self.user_id is None else f" of account {self.user_id!r}")
            + ("" if self.after is None else f" after message {self.after.id}")
        )


class Assertions(ABC):
    """The part of `FakeEvery8d` that raises `AssertionError`; the message shows what there is.

    Waiting takes real seconds, and ends as soon as the awaited thing is there. In a test that runs
    on an event loop (asyncio or trio), await the method of the same name with `_async` at its
    end: `await every8d.wait_for_message_async(to="0912345678")`. An application on that loop can
    send nothing while the test blocks it, so a wait that would block a running loop raises
    `Conflict` at once.

    A `user_id` without an account, and an operation that does not exist, are errors.
    """

    # Their data: here in `FakeEvery8d`, and over HTTP in `RemoteFake`.

    @property
    @abstractmethod
    def messages(self) -> list[Message]: ...

    @property
    @abstractmethod
    def reports(self) -> list[Report]: ...

    @property
    @abstractmethod
    def requests(self) -> list[RecordedRequest]: ...

    @property
    @abstractmethod
    def settings(self) -> Settings: ...

    @abstractmethod
    def _check(self, user_id: str | None) -> None:
        """Raise `NotFound` for a user ID that no account has, or had when it called or sent."""

    @abstractmethod
    def _find_messages(
        self, *, to: str | None, text: str | None, user_id: str | None, after: int | None
    ) -> list[Message]:
        """The messages that match everything given, oldest first."""

    @abstractmethod
    def _find_reports(
        self, *, to: str | None, user_id: str | None, status: Status | None, state: ReportState
    ) -> list[Report]:
        """The reports that match everything given, oldest first."""

    @abstractmethod
    def _wait_until(
        self,
        condition: Callable[[], bool],
        timeout: float,
        *,
        to: str | None,
        user_id: str | None,
        topic: Hashable,
    ) -> None:
        """Wait until the condition holds, for `timeout` real seconds at most.

        Only a change about the number, the account or the topic can make it hold.
        """

    def wait_for_message(
        self,
        to: str | None = None,
        containing: str | None = None,
        *,
        matching: str | re.Pattern[str] | None = None,
        user_id: str | None = None,
        after: Message | None = None,
        timeout: float = 5.0,
    ) -> Message:
        """Wait for a message that was accepted, sent or booked, and return the newest.

            sms = every8d.wait_for_message(to="0912345678", containing="驗證碼")
            assert sms.code == "483920"

        Messages that were refused, or cancelled before they went out, do not count. `containing`
        is a part of the text, `matching` a regular expression for a part of it. With `user_id`,
        only messages of that account count; with `after`, only later ones than that. Waits for
        `timeout` real seconds at most.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, matching, user_id, after)
        found = self._accepted_in_time(1, wanted, timeout)
        if not found:
            raise AssertionError(
                f"no message{wanted} within {timeout:g} s; {self._messages_listed()}"
            )
        return found[-1]

    def wait_for_messages(
        self,
        count: int,
        to: str | None = None,
        containing: str | None = None,
        *,
        matching: str | re.Pattern[str] | None = None,
        user_id: str | None = None,
        after: Message | None = None,
        timeout: float = 5.0,
    ) -> list[Message]:
        """Wait until at least `count` messages were accepted, and return all, oldest first.

            (sms,) = every8d.wait_for_messages(1, to="0912345678")

        The other parameters are those of `wait_for_message`.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, matching, user_id, after)
        found = self._accepted_in_time(count, wanted, timeout)
        if len(found) < count:
            raise AssertionError(
                f"{len(found)} of {count} messages{wanted} within {timeout:g} s; "
                f"{self._messages_listed()}"
            )
        return found

    def assert_sent(
        self,
        to: str | None = None,
        containing: str | None = None,
        *,
        matching: str | re.Pattern[str] | None = None,
        user_id: str | None = None,
        count: int | None = None,
    ) -> list[Message]:
        """Assert that messages were accepted, sent or booked: `count` of them, or at least one.

            every8d.assert_sent(to="0912345678", containing="驗證碼", count=1)

        Returns them, oldest first. Does not wait: for that, see `wait_for_messages`.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, matching, user_id)
        self._check(user_id)
        found = self._accepted(wanted)
        if len(found) != count and (count is not None or not found):
            sent = "no message was" if not found else _counted(len(found))
            right = "" if count is None else f", not {count}"
            raise AssertionError(f"{sent} sent{wanted}{right}; {self._messages_listed()}")
        return found

    def assert_nothing_sent(
        self,
        to: str | None = None,
        containing: str | None = None,
        *,
        matching: str | re.Pattern[str] | None = None,
        user_id: str | None = None,
    ) -> None:
        """Assert that no message has been accepted.

            every8d.assert_nothing_sent(to="0922333444")

        A message that was refused (status -3, 301 and so on), or cancelled before it went out,
        was not sent.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, matching, user_id)
        self._check(user_id)
        if found := self._accepted(wanted):
            raise AssertionError(
                f"{_counted(len(found))} sent{wanted}; {self._messages_listed(found)}"
            )

    def wait_for_report(
        self,
        to: str | None = None,
        status: Status | int | str | None = None,
        *,
        user_id: str | None = None,
        state: ReportState | str = ReportState.DELIVERED,
        attempts: int = 0,
        timeout: float = 5.0,
    ) -> Report:
        """Wait for a status report that the receiver has accepted, and return the newest.

            every8d.wait_for_report(to="0912345678", status="REPLY")

        `status` is a number or a name of `Status`. `state` is that of the report: `delivered`,
        `waiting` for its next attempt, or `given_up`. With `attempts`, only a report with so many
        attempts counts: `state="waiting", attempts=1` is one whose first attempt has failed.
        Waits for `timeout` real seconds at most.
        """
        __tracebackhide__ = True
        try:
            state = ReportState(state)
        except ValueError:
            known = ", ".join([each.value for each in ReportState])
            raise InvalidInput(
                f"state must be one of {known}, not {state!r}", field="state"
            ) from None
        status = None if status is None else Status.parse(status)

        def taken() -> list[Report]:
            return [
                report
                for report in self._find_reports(to=to, user_id=user_id, status=status, state=state)
                if len(report.attempts) >= attempts
            ]

        found = self._in_time(taken, 1, timeout, to=to, user_id=user_id)
        if not found:
            about = "" if status is None else f" of status {int(status)}"
            who = "" if to is None else f" about {to}"
            whose = "" if user_id is None else f" of account {user_id!r}"
            tried = f" after {attempts} attempts" if attempts else ""
            lines = summary.report_lines(self.reports)
            raise AssertionError(
                f"no report{who}{about}{whose} was {state.value}{tried} within {timeout:g} s; "
                f"{summary.listed(lines)}"
            )
        return found[-1]

    def wait_for_request(
        self,
        operation: str | None = None,
        *,
        user_id: str | None = None,
        count: int = 1,
        timeout: float = 5.0,
    ) -> RecordedRequest:
        """Wait for `count` requests to EVERY8D's APIs, and return the newest.

            request = every8d.wait_for_request("sendParamSMS", user_id="demo")
            assert not request.advice

        `operation` is the SOAP API's name, whichever API the request came by. Waits for
        `timeout` real seconds at most.
        """
        __tracebackhide__ = True
        if operation is not None:
            known_operation(operation)

        def came() -> list[RecordedRequest]:
            return [
                request
                for request in self.requests
                if operation in (None, request.operation) and user_id in (None, request.user_id)
            ]

        found = self._in_time(came, count, timeout, user_id=user_id, topic=Journal)
        if len(found) < count:
            what = "no request" if count == 1 else f"{len(found)} of {count} requests"
            which = "" if operation is None else f" for {operation}"
            whose = "" if user_id is None else f" of account {user_id!r}"
            lines = (line for each in self.requests for line in summary.request_lines(each))
            raise AssertionError(
                f"{what}{which}{whose} within {timeout:g} s; {summary.listed(lines)}"
            )
        return found[-1]

    wait_for_message_async = event_loops.awaitable(wait_for_message)
    wait_for_messages_async = event_loops.awaitable(wait_for_messages)
    wait_for_report_async = event_loops.awaitable(wait_for_report)
    wait_for_request_async = event_loops.awaitable(wait_for_request)

    def _accepted(self, wanted: _Wanted) -> list[Message]:
        to, text, pattern, user_id, after = wanted
        messages = self._find_messages(
            to=to, text=text, user_id=user_id, after=after.id if after else None
        )
        return [
            message
            for message in messages
            if (message.sent_at is not None or message.status in _STILL_TO_GO)
            and (pattern is None or message.find(pattern) is not None)
        ]

    def _accepted_in_time(self, count: int, wanted: _Wanted, timeout: float) -> list[Message]:
        return self._in_time(
            lambda: self._accepted(wanted), count, timeout, to=wanted.to, user_id=wanted.user_id
        )

    def _in_time(
        self,
        find: Callable[[], list[Item]],
        count: int,
        timeout: float,
        *,
        to: str | None = None,
        user_id: str | None = None,
        topic: Hashable = ANYTHING,
    ) -> list[Item]:
        """The result of `find`, once it is enough or the time is up."""
        __tracebackhide__ = True
        self._check(user_id)
        found: list[Item] = []

        def enough() -> bool:
            found[:] = find()
            return len(found) >= count

        if not enough() and timeout > 0 and event_loops.running():
            raise Conflict(
                "the wait would block the event loop that runs on this thread: "
                "await the method of the same name with _async at its end, such as "
                "`await every8d.wait_for_message_async(…)`"
            )
        self._wait_until(enough, timeout, to=to, user_id=user_id, topic=topic)
        return found

    def _messages_listed(self, messages: Iterable[Message] | None = None) -> str:
        edition = Edition(self.settings.edition)
        listed = self.messages if messages is None else messages
        return summary.listed(summary.message_line(message, edition) for message in listed)


def _counted(messages: int) -> str:
    return "1 message was" if messages == 1 else f"{messages} messages were"
