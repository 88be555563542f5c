"""Waiting for messages, status reports and requests in a test, and asserting them."""

from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

from fake_every8d.control import summary
from fake_every8d.control.journal import Journal, RecordedRequest
from fake_every8d.gateway import Gateway, Message, Report, ReportState, Status
from fake_every8d.gateway.changes import ANYTHING

_REFUSED = (
    Status.INVALID_NUMBER,
    Status.INVALID_NUMBER_2025,
    Status.INVALID_SEND_TIME,
    Status.NO_CREDIT,
    Status.INTERNATIONAL_DISABLED,
)

Item = TypeVar("Item")


class _Wanted(NamedTuple):
    """Which messages are asked for. As a string, it follows the word "messages"."""

    to: str | None
    containing: str | None
    user_id: str | None
    after: Message | None = None

    def __str__(self) -> str:
        return (
            ("" if self.to is None else f" to {self.to}")
            + ("" if self.containing is None else f" containing {self.containing!r}")
            + ("" if self.user_id is None else f" of account {self.user_id!r}")
            + ("" if self.after is None else f" after message {self.after.id}")
        )


class Assertions:
    """The part of `FakeEvery8d` that raises an `AssertionError`, which says what there is instead.

    Waiting takes real seconds, and ends as soon as what it waits for is there. In a test that
    runs on an event loop, wait in a thread, as with everything that blocks:
    `await asyncio.to_thread(every8d.wait_for_message, to="0912345678")`.
    """

    gateway: Gateway
    _journal: Journal

    def wait_for_message(
        self,
        to: str | None = None,
        containing: str | None = None,
        *,
        user_id: str | None = None,
        after: Message | None = None,
        timeout: float = 5.0,
    ) -> Message:
        """Wait for a message that was accepted, sent or booked, and return the newest.

            sms = every8d.wait_for_message(to="0912345678", containing="驗證碼")
            assert sms.code == "483920"

        With `user_id`, only messages of that account count; with `after`, only later ones than
        that. Waits for `timeout` real seconds at most.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, user_id, after)
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
        user_id: str | None = None,
        after: Message | None = None,
        timeout: float = 5.0,
    ) -> list[Message]:
        """Wait until at least `count` messages were accepted, and return all, oldest first.

            (sms,) = every8d.wait_for_messages(1, to="0912345678")

        The other parameters are those of `wait_for_message`.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, user_id, after)
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
        user_id: str | None = None,
        count: int | None = None,
    ) -> list[Message]:
        """Assert that messages were accepted, sent or booked: `count` of them, or at least one.

            every8d.assert_sent(to="0912345678", containing="驗證碼", count=1)

        Returns them, oldest first. Does not wait: for that, see `wait_for_messages`.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, user_id)
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
        user_id: str | None = None,
    ) -> None:
        """Assert that no message has been accepted.

            every8d.assert_nothing_sent(to="0922333444")

        A message that was refused (status -3, 301 and so on) was not sent.
        """
        __tracebackhide__ = True
        wanted = _Wanted(to, containing, user_id)
        if found := self._accepted(wanted):
            raise AssertionError(
                f"{_counted(len(found))} sent{wanted}; {self._messages_listed(found)}"
            )

    def wait_for_report(
        self,
        to: str | None = None,
        status: Status | int | None = None,
        *,
        user_id: str | None = None,
        timeout: float = 5.0,
    ) -> Report:
        """Wait for a status report that the receiver has accepted, and return the newest.

            every8d.wait_for_report(to="0912345678", status=Status.REPLY)

        Waits for `timeout` real seconds at most.
        """
        __tracebackhide__ = True

        def taken() -> list[Report]:
            return self.gateway.reports(
                to=to, user_id=user_id, status=status, state=ReportState.DELIVERED
            )

        found = self._in_time(taken, 1, timeout, to=to, user_id=user_id)
        if not found:
            about = "" if status is None else f" of status {int(status)}"
            who = "" if to is None else f" about {to}"
            whose = "" if user_id is None else f" of account {user_id!r}"
            lines = summary.report_lines(self.gateway.reports())
            raise AssertionError(
                f"no report{who}{about}{whose} was delivered within {timeout:g} s; {_listed(lines)}"
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

        def came() -> list[RecordedRequest]:
            return [
                request
                for request in self._journal.all()
                if operation in (None, request.operation) and user_id in (None, request.user_id)
            ]

        found = self._in_time(came, count, timeout, topic=Journal)
        if len(found) < count:
            what = "no request" if count == 1 else f"{len(found)} of {count} requests"
            which = "" if operation is None else f" for {operation}"
            whose = "" if user_id is None else f" of account {user_id!r}"
            lines = (line for each in self._journal.all() for line in summary.request_lines(each))
            raise AssertionError(f"{what}{which}{whose} within {timeout:g} s; {_listed(lines)}")
        return found[-1]

    def _accepted(self, wanted: _Wanted) -> list[Message]:
        to, text, user_id, after = wanted
        messages = self.gateway.messages(
            to=to, text=text, user_id=user_id, after=after.id if after else None
        )
        return [message for message in messages if message.status not in _REFUSED]

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
        """What `find` finds, once that is enough or the time is up."""
        found: list[Item] = []

        def enough() -> bool:
            found[:] = find()
            return len(found) >= count

        self.gateway.wait_for(enough, timeout, to=to, user_id=user_id, topic=topic)
        return found

    def _messages_listed(self, messages: Iterable[Message] | None = None) -> str:
        edition = self.gateway.edition
        listed = self.gateway.messages() if messages is None else messages
        return _listed(summary.message_line(message, edition) for message in listed)


def _counted(messages: int) -> str:
    return "1 message was" if messages == 1 else f"{messages} messages were"


def _listed(lines: Iterable[str]) -> str:
    lines = list(lines)
    return "there are:\n  " + "\n  ".join(lines) if lines else "there are none"
