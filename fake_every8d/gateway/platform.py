"""EVERY8D's SMS platform in memory: what its operations mean, whichever API they come by."""

import re
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import cast

from fake_every8d.gateway.accounts import Accounts, Caller, Login, Token
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.clock import Clock
from fake_every8d.gateway.delivery import Delivery, Outcomes
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.emails import Email
from fake_every8d.gateway.errors import BAD_SEND_TIME, EMPTY_CONTENT
from fake_every8d.gateway.intake import Intake
from fake_every8d.gateway.messages import Recipient, Status
from fake_every8d.gateway.outbox import Outbox, Outgoing, ReportState
from fake_every8d.gateway.reports import Report
from fake_every8d.gateway.results import DeliveryLog, Erased, FilteredReceipt, Receipt, Replies
from fake_every8d.gateway.sending import Submission, is_send_time
from fake_every8d.gateway.settings import Settings
from fake_every8d.gateway.store import Store

PAGE = 1000
"""The most records that one page of the delivery log holds (D4)."""

_PAGE_NUMBER = re.compile(r"0*([1-9][0-9]{0,999})")


class Platform:
    """An SMS platform in memory: accounts, points, bookings, delivery and reports.

    Safe from any thread. One lock guards all of it, and nothing waits for the network
    while holding it. `get(url)` does a status report's HTTP GET and returns the
    status code, or raises; `mail(email)`, if given, hands a copy to an SMTP server
    and returns its reply code, or raises.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        get: Callable[[str], int],
        mail: Callable[[Email], int] | None = None,
    ) -> None:
        self.settings = settings = settings or Settings()
        """As they are now."""
        self._configured = settings
        self._lock = threading.RLock()
        self._changes = Changes()
        self.clock = Clock(self._lock, self._changes)
        self._accounts = Accounts(settings.accounts, self.clock, self._changes)
        self._store = Store(settings.max_messages, self._changes)
        self._reports: Outbox[Report] = Outbox(
            self.clock,
            self._lock,
            self._changes,
            lambda report: get(report.url),
            self._attempted,
            retry_seconds=settings.report_retry_seconds,
            awaited=True,
            width=32,
        )
        self._emails: Outbox[Email] = Outbox(
            self.clock,
            self._lock,
            self._changes,
            mail or (lambda email: email.SUCCESS),
            self._attempted,
            retry_seconds=settings.report_retry_seconds,
            awaited=False,
            width=2,
        )
        self._outcomes = Outcomes(settings.delivery_seconds)
        self._delivery = Delivery(
            self.clock,
            self._store,
            self._accounts,
            self._outcomes,
            self._reports,
            self._emails,
            delivery_seconds=settings.delivery_seconds,
            mail_state=ReportState.WAITING if mail else ReportState.KEPT,
            changes=self._changes,
            edition=lambda: self.edition,
        )
        self._intake = Intake(
            self._lock,
            self.clock,
            self._changes,
            self._accounts,
            self._store,
            self._delivery,
            edition=lambda: self.edition,
        )

    # The platform's operations. A `caller` is who calls: the key of a session, a `Login`
    # or a `Token`; none that is right raises -300, -100, -101, -999 or -301.

    def open_session(self, user_id: str, password: str) -> str:
        """getConnection: a session key. Raises -100, -101 or -999 (A1–A3)."""
        with self._lock:
            return self._accounts.open_session(user_id, password)

    def close_session(self, session_key: str) -> bool:
        """closeConnection: whether there was such a session (A5)."""
        with self._lock:
            return self._accounts.close_session(session_key)

    def open_token(self, login: Login) -> str:
        """ConnectionHandler: a token, good for 8 hours (H7)."""
        with self._lock:
            return self._accounts.open_token(login)

    def close_token(self, token: Token) -> None:
        """ConnectionHandler: the token is no longer good (H7)."""
        with self._lock:
            self._accounts.close_token(token)

    def check(self, caller: Caller) -> None:
        """Raises what any call by this caller would."""
        with self._lock:
            self._accounts.of(caller)

    def credit(self, caller: Caller) -> Decimal:
        """getCredit: points left."""
        with self._lock:
            return self._accounts.of(caller).credit

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
        problem = None if content else EMPTY_CONTENT
        submission = Submission(
            subject,
            recipients,
            send_time,
            _without_content(recipients) if mobile_first else problem,
            retry_time=retry_time,
            event_id=event_id,
            tell_repeats=tell_repeats,
        )
        return self._intake.send(caller, submission)

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
            _without_content(recipients),
            retry_time=retry_time,
            event_id=event_id,
        )
        return self._intake.send_filtered(caller, submission, send=send)

    def send_param_sms(
        self, caller: Caller, subject: str, recipients: Sequence[Recipient], send_time: str
    ) -> Receipt:
        """sendParamSMS of SOAP: a text each, billed as the number is written (S6, N4).

        Raises -24 or -41, too.
        """
        submission = Submission(
            subject, recipients, send_time, _without_content(recipients), as_written=True
        )
        return self._intake.send(caller, submission)

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
        return self._intake.send(caller, submission)

    def delivery_log(self, caller: Caller, batch_id: str, page_no: str) -> DeliveryLog:
        """getDeliveryStatus: a page of a batch (D4, D5)."""
        with self._lock:
            account = self._accounts.of(caller)
            batch = self._store.batch(batch_id, account.user_id)
            page = _page(page_no, PAGE)
            if batch is None or page is None:
                return DeliveryLog(0, [])
            records = batch.records[page]
            return DeliveryLog(len(batch.records), [record.snapshot() for record in records])

    def replies(self, caller: Caller, batch_id: str, page_no: str) -> Replies:
        """getReplyMessage: a page of the replies to a batch, of the edition's size (H15, E1)."""
        with self._lock:
            account = self._accounts.of(caller)
            batch = self._store.batch(batch_id, account.user_id)
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
        with self._lock:
            account = self._accounts.of(caller)
            batch = self._store.batch(batch_id, account.user_id)
            if batch is None:
                return None
            booked = [record for record in batch.records if record.status is Status.BOOKED]
            if not booked:
                return None
            points = self._delivery.cancel(batch, booked)
            self._changes.announce()
            return Erased(len(booked), Decimal(points))

    @property
    def edition(self) -> Edition:
        """Whose side it is on where the platform's documents contradict each other (E1)."""
        return cast("Edition", self.settings.edition)

    def reset(self) -> None:
        """Return to the initial state, with nothing sent and nothing under way (X1)."""
        with self._lock:
            ended = self._changes.begin_generation()
            self.settings = self._configured
            self.clock.reset()
            self._accounts.reset()
            self._store.clear()
            self._outcomes.clear()
            self._intake.reset()
            self._emails.clear()
            self._reports.clear()
            self._changes.wake_all()
            self._reports.drain(ended)

    def close(self) -> None:
        """Stop for good: nothing falls due or goes out any more."""
        with self._lock:
            self._changes.begin_generation()
            self._reports.clear()
            self._emails.clear()
        self.clock.close()
        self._changes.close()

    def _attempted(self, item: Outgoing) -> None:
        record = self._store.record(item.message_id)
        if item.state is not ReportState.WAITING:
            self._store.release(record.batch)
        self._changes.count()
        self._store.wake(record.batch, [record])


def _recipients(mobile: str, content: str, record_number: str) -> list[Recipient]:
    return [
        # Without names, which would take half as long again: there may be very many.
        Recipient(item, content, "", "", "", record_number)
        for item in map(str.strip, mobile.split(","))
        if item
    ]


def _without_content(recipients: Sequence[Recipient]) -> tuple[int, str] | None:
    """What is wrong if there are recipients, and no text for any."""
    if recipients and not any(recipient.content for recipient in recipients):
        return EMPTY_CONTENT
    return None


def _page(page_no: str, size: int) -> slice | None:
    """The places on a page of so many; None if it is no page number (D5)."""
    page = _PAGE_NUMBER.fullmatch(page_no or "1")
    if page is None:
        return None
    end = int(page[1]) * size
    return slice(end - size, end)
