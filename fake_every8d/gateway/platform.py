"""EVERY8D's SMS platform in memory: the operations of both APIs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from random import Random

from fake_every8d.advice import AdviceKind, AdviceText
from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account, Accounts, Caller, Login, Token
from fake_every8d.gateway.changes import Changes, Lock, Returned
from fake_every8d.gateway.clock import Clock
from fake_every8d.gateway.delivery import Delivery, Outcomes
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import (
    BAD_SEND_TIME,
    EMPTY_CONTENT,
    NO_CHANNEL,
    NO_MOBILE,
    NO_SESSION,
    PlatformError,
)
from fake_every8d.gateway.messages import STATUSES, Batch, Message, Recipient, Reply, Status
from fake_every8d.gateway.outbox import Outbox, Outgoing, ReportState
from fake_every8d.gateway.reports import Email, Report
from fake_every8d.gateway.sending import (
    DAY,
    FilteredReceipt,
    Receipt,
    Sending,
    SentBefore,
    Submission,
    is_send_time,
)
from fake_every8d.gateway.settings import Settings
from fake_every8d.gateway.store import Store

PAGE = 1000
"""The most records that one page of the delivery log holds (D4)."""

_outdated = partial(PlatformError, *NO_SESSION)
_PAGE_NUMBER = re.compile(r"0*([1-9][0-9]{0,999})")


@dataclass(frozen=True, slots=True)
class DeliveryLog:
    """A page of a batch's delivery log (D4)."""

    count: int
    """The number of records in the whole batch."""
    messages: list[Message]
    """The messages of the page, in the order sent; 1000 at most."""


@dataclass(frozen=True, slots=True)
class Replies:
    """A page of the replies to a batch, in the order in which they came (H15)."""

    count: int
    """The number of replies to the whole batch."""
    replies: list[tuple[Message, Reply]]
    """The replies of the page, each with its message."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The result of erasing a batch's bookings (D6)."""

    records: int
    points: Decimal


class Platform:
    """An SMS platform in memory, for callers of its APIs.

    Safe from any thread. One lock guards all of it, and nothing waits for the network
    while holding it. `receiver_of(report)`, asked with the lock held, is the function that
    sends a status report and returns the HTTP status, or raises; `mail(email)`, if given,
    hands a copy to an SMTP server and returns its reply code, or raises. Its parts are public
    for `Gateway`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        receiver_of: Callable[[Report], Callable[[Report], int]],
        mail: Callable[[Email], int] | None = None,
    ) -> None:
        self.lock = Lock()
        self.changes = Changes()
        self.clock = Clock(self.lock, self.changes)
        self.accounts = Accounts((), self.clock, self.changes)
        self.store = Store(settings.max_messages, self.changes)
        self.reports: Outbox[Report] = Outbox(
            self.clock,
            self.lock,
            receiver_of,
            self._attempted,
            retry_seconds=settings.report_retry_seconds,
            awaited=True,
            width=32,
        )
        self.emails: Outbox[Email] = Outbox(
            self.clock,
            self.lock,
            lambda _: mail or (lambda email: email.SUCCESS),
            self._attempted,
            retry_seconds=settings.report_retry_seconds,
            awaited=False,
            width=2,
        )
        self.outcomes = Outcomes(settings.delivery_seconds)
        self.delivery = Delivery(
            self.clock,
            self.store,
            self.accounts,
            self.outcomes,
            self.reports,
            self.emails,
            mail_state=ReportState.WAITING if mail else ReportState.KEPT,
            changes=self.changes,
            edition=lambda: self.edition,
        )
        self.next_message_id = 1
        self._random = Random()  # its own, so that a suite that seeds Python's still gets new IDs
        self.set_up(settings)

    def set_up(
        self, settings: Settings, *, now: datetime | None = None, keep_sessions: bool = False
    ) -> None:
        """Start anew with these settings, at their time or at `now`; nothing has been sent.

        The caller holds the lock, or nobody else has the platform yet.
        """
        self.settings = settings
        """The current settings."""
        self.clock.reset(now or settings.now)
        self.accounts.reset(settings.accounts, keep_sessions=keep_sessions)
        self.store.clear()
        self.store.limit = settings.max_messages
        self.outcomes.start_over(settings.delivery_seconds)
        self.reports.clear()
        self.emails.clear()
        self.reports.retry_seconds = self.emails.retry_seconds = settings.report_retry_seconds
        self.next_message_id = 1

    @property
    def edition(self) -> Edition:
        """The edition: which of the platform's documents to follow where they disagree (E1)."""
        return self.settings.edition  # type: ignore[return-value]  # which is one, once checked

    @property
    def epoch(self) -> int:
        """A number that grows with every reset; a call notes it when read (see `as_of`)."""
        return self.lock.epoch

    def as_of(self, began: int, user_id: str | None, action: Callable[[], Returned]) -> Returned:
        """Do what a call of the epoch `began` asks for, for an account.

        Raises -301, as for a session that a reset has ended, if all or the account was reset
        since then: nothing takes place (X1).
        """
        return self.lock.as_of(began, user_id, _outdated, action)

    def owner(self, caller: Caller) -> str | None:
        """The user ID of the caller, real or claimed; None if the session or token has ended."""
        with self.lock:
            return self.accounts.owner(caller)

    # The platform's operations. A `caller` is who calls: the key of a session, a `Login`
    # or a `Token`; none that is right raises -300, -100, -101, -999 or -301.

    def open_session(self, user_id: str, password: str) -> str:
        """getConnection: a session key. Raises -100, -101 or -999 (A1–A3)."""
        with self.lock:
            return self.accounts.open_session(user_id, password)

    def close_session(self, session_key: str) -> bool:
        """closeConnection: whether there was such a session (A5)."""
        with self.lock:
            return self.accounts.close_session(session_key)

    def open_token(self, login: Login) -> str:
        """ConnectionHandler: a token, good for 8 hours (H7)."""
        with self.lock:
            return self.accounts.open_token(login)

    def close_token(self, token: Token) -> None:
        """ConnectionHandler: the token is no longer good (H7)."""
        with self.lock:
            self.accounts.close_token(token)

    def check(self, caller: Caller) -> None:
        """Raise `PlatformError` unless the caller is valid."""
        with self.lock:
            self.accounts.authenticate(caller)

    def credit(self, caller: Caller) -> Decimal:
        """getCredit: points left."""
        with self.lock:
            return self.accounts.authenticate(caller).credit

    def send_sms(
        self,
        caller: Caller,
        subject: str,
        content: str,
        mobile: str,
        send_time: str,
        *,
        record_number: str = "",
        retry_time: str = "",
        event_id: str = "",
        mobile_first: bool = False,
        tell_repeats: bool = False,
    ) -> Receipt:
        """sendSMS: one text to the numbers in `mobile`, separated by commas (N1).

        `send_time` is `YYYYMMDDhhmmss` in Taipei, or empty for now (S5). The rest is for
        the HTTP API (H8); with `tell_repeats`, the receipt's advice names those who got the
        same text as their last SMS, within 24 hours. Raises -24 or -41, too: with
        `mobile_first`, -41 if there is neither text nor number (H10).
        """
        recipients = _recipients(mobile, content, record_number)
        submission = Submission(
            subject,
            recipients,
            send_time,
            None if content or (mobile_first and not recipients) else EMPTY_CONTENT,
            retry_time=retry_time,
            event_id=event_id,
            tell_repeats=tell_repeats,
        )
        return self._send(caller, submission)

    def send_filtered_sms(
        self,
        caller: Caller,
        subject: str,
        content: str,
        mobile: str,
        send_time: str,
        *,
        send: bool = True,
        record_number: str = "",
        retry_time: str = "",
        event_id: str = "",
    ) -> FilteredReceipt:
        """sendSMS4FilterMessage: `send_sms`, but to nobody twice within a day (H11).

        Leaves out those to whom the account sent the same text within the last 24 hours.
        With `send=False` it tells who they are, and sends nothing.
        """
        recipients = _recipients(mobile, content, record_number)
        submission = Submission(
            subject,
            recipients,
            send_time,
            None if content or not recipients else EMPTY_CONTENT,
            retry_time=retry_time,
            event_id=event_id,
        )
        with self.lock:
            account = self._sender(caller, submission)
            left_out = tuple(self._sent_before(account.user_id, submission.recipients))
            mobiles = {before.mobile for before in left_out}
            left = [to for to in submission.recipients if to.mobile not in mobiles]
            receipt = None
            if send and left:
                receipt = self._accept(account, replace(submission, recipients=left))
            return FilteredReceipt(receipt, left_out)

    def send_param_sms(
        self, caller: Caller, subject: str, recipients: Sequence[Recipient], send_time: str
    ) -> Receipt:
        """sendParamSMS of SOAP: a text each, billed as the number is written (S6, N4).

        Raises -24 or -41, too.
        """
        submission = Submission(
            subject, recipients, send_time, _without_content(recipients), as_written=True
        )
        return self._send(caller, submission)

    def send_param(
        self,
        caller: Caller,
        subject: str,
        recipients: Sequence[Recipient],
        *,
        retry_time: str = "",
        event_id: str = "",
    ) -> Receipt:
        """SendParamSMS of the HTTP API: a text each (H12). Raises -24, -41 or -28, too."""
        problem = _without_content(recipients)
        if not problem and not all(is_send_time(recipient.send_time) for recipient in recipients):
            problem = BAD_SEND_TIME
        submission = Submission(
            subject, recipients, "", problem, retry_time=retry_time, event_id=event_id
        )
        return self._send(caller, submission)

    def delivery_log(self, caller: Caller, batch_id: str, page_no: str) -> DeliveryLog:
        """getDeliveryStatus: a page of a batch (D4, D5)."""
        with self.lock:
            account = self.accounts.authenticate(caller)
            batch = self.store.batch(batch_id, account.user_id)
            page = _page(page_no, PAGE)
            if batch is None or page is None:
                return DeliveryLog(0, [])
            records = batch.records[page]
            return DeliveryLog(len(batch.records), [record.snapshot() for record in records])

    def replies(self, caller: Caller, batch_id: str, page_no: str) -> Replies:
        """getReplyMessage: a page of the replies to a batch, of the edition's size (H15, E1)."""
        with self.lock:
            account = self.accounts.authenticate(caller)
            batch = self.store.batch(batch_id, account.user_id)
            page = _page(page_no, PAGE if self.edition is Edition.OF_2025 else 10)
            if batch is None or page is None:
                return Replies(0, [])
            replies = [
                (record, reply) for record in batch.records for reply in record.replies or ()
            ]
            replies.sort(key=lambda found: found[1].at)
            return Replies(
                len(replies), [(record.snapshot(), reply) for record, reply in replies[page]]
            )

    def erase_booking(self, caller: Caller, batch_id: str) -> Erased | None:
        """eraseBooking: cancel what is still booked in a batch and give its points back.

        None if there is nothing to cancel (D6).
        """
        with self.lock:
            account = self.accounts.authenticate(caller)
            batch = self.store.batch(batch_id, account.user_id)
            if batch is None:
                return None
            booked = [record for record in batch.records if record.status is Status.BOOKED]
            if not booked:
                return None
            points = self.delivery.cancel(batch, booked)
            return Erased(len(booked), Decimal(points))

    def _send(self, caller: Caller, submission: Submission) -> Receipt:
        """Send. Raises `PlatformError`."""
        with self.lock:
            return self._accept(self._sender(caller, submission), submission)

    def _sender(self, caller: Caller, submission: Submission) -> Account:
        """The sender's account. Raises `PlatformError`, first for the caller."""
        account = self.accounts.authenticate(caller)
        if submission.problem:
            raise PlatformError(*submission.problem)
        if not submission.recipients:
            raise PlatformError(*NO_MOBILE)
        if submission.event_id and not account.interactive and self.edition > Edition.OF_2016:
            raise PlatformError(*NO_CHANNEL)
        return account

    def _accept(self, account: Account, submission: Submission) -> Receipt:
        """Judge, charge, keep and deliver: all of it, or nothing if it is interrupted."""
        batch = Batch(
            _batch_id(self._random),
            account.user_id,
            submission.subject,
            self.clock.micros,
            retry_time=submission.retry_time,
            event_id=submission.event_id,
        )
        edition = self.edition
        sending = Sending(account, batch, submission, edition)
        advice = sending.advice
        if submission.tell_repeats:
            advice += self._repeated(sending, submission)
        advice += self._of_no_edition(sending, edition)
        batch.first_id = self.next_message_id
        try:
            charged = self.accounts.charge(account, sending.cost)
            self.next_message_id += len(batch.records)
            self.store.add(batch)
            self.delivery.begin(batch, sending.at_once, sending.booked, sending.refused)
        except BaseException:  # a signal's, such as the one with which pytest-timeout ends a test
            self.accounts.put(account)
            self.next_message_id = batch.first_id
            self.delivery.forget([batch])
            raise
        self.delivery.make_room()
        return Receipt(
            charged.credit, sending.accepted, sending.cost, sending.unsent, batch.id, advice
        )

    def _of_no_edition(self, sending: Sending, edition: Edition) -> tuple[AdviceText, ...]:
        """Advice about statuses of the messages, now or later, that the edition lacks (E3)."""
        statuses = {record.status for record in sending.batch.records}
        for records in (sending.at_once, *sending.booked.values()):
            for outcome, _ in self.outcomes.by_outcome(records):
                statuses.add(outcome.status)
        lacking = statuses - STATUSES[edition]
        if not lacking:  # as nearly always
            return ()
        kind = AdviceKind.NOT_OF_EDITION
        return tuple(
            [
                AdviceText(kind, {"status": each.value, "edition": edition})
                for each in sorted(lacking)
            ]
        )

    def _repeated(self, sending: Sending, submission: Submission) -> tuple[AdviceText, ...]:
        """Advice that names the first recipient whose last SMS was the same."""
        batch = sending.batch
        since = batch.accepted_at - DAY
        for record in batch.records:
            if record.finished_at is None and self.store.last_sent(
                batch.user_id, record.to, record.text, since, only_last=True
            ):
                number = submission.recipients[record.place].mobile
                return (AdviceText(AdviceKind.REPEATED, {"number": number}),)
        return ()

    def _sent_before(self, user_id: str, recipients: Sequence[Recipient]) -> list[SentBefore]:
        """The recipients to whom the account sent the same text within 24 hours (H11)."""
        since = self.clock.micros - DAY
        return [
            SentBefore(to.mobile, batch_id)
            for to in recipients
            if (
                batch_id := self.store.last_sent(
                    user_id, numbers.parse(to.mobile).e164, to.text, since
                )
            )
        ]

    def _attempted(self, item: Outgoing) -> None:
        record = self.store.record(item.message_id)
        if item.state is not ReportState.WAITING:
            self.store.unpin(record.batch)
        self.changes.count()
        self.store.wake([record])


def _batch_id(random: Random) -> str:
    """A UUID of version 4, without asking the system for randomness each time."""
    digits = f"{random.getrandbits(120):030x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"


def _recipients(mobile: str, content: str, record_number: str) -> list[Recipient]:
    return [
        # Without names, which would take half as long again for a large batch.
        Recipient(item, content, "", "", "", record_number)
        for item in map(str.strip, mobile.split(","))
        if item
    ]


def _without_content(recipients: Sequence[Recipient]) -> tuple[int, str] | None:
    """The error if there are recipients, and no text for any."""
    if recipients and not any(recipient.text for recipient in recipients):
        return EMPTY_CONTENT
    return None


def _page(page_no: str, size: int) -> slice | None:
    """The places on a page of so many; None for an invalid page number (D5)."""
    page = _PAGE_NUMBER.fullmatch(page_no or "1")
    if page is None:
        return None
    end = int(page[1]) * size
    return slice(end - size, end)
