"""The platform: what its operations mean, and what tests can do to it."""

import itertools
import re
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from random import Random
from typing import Any

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account, Accounts, Caller, Login, Token
from fake_every8d.gateway.changes import ANYTHING, Changes
from fake_every8d.gateway.clock import Clock
from fake_every8d.gateway.delivery import REACHABLE, Delivery, Outcome, Outcomes
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.emails import Email
from fake_every8d.gateway.errors import (
    BAD_SEND_TIME,
    EMPTY_CONTENT,
    NO_MOBILE,
    Conflict,
    InvalidInput,
    NotFound,
    PlatformError,
)
from fake_every8d.gateway.messages import (
    NOT_XML,
    Batch,
    BatchSummary,
    Message,
    Recipient,
    Record,
    Status,
)
from fake_every8d.gateway.outbox import Outbox, Outgoing, ReportState
from fake_every8d.gateway.reports import Report
from fake_every8d.gateway.results import (
    DeliveryLog,
    Erased,
    FilteredReceipt,
    Receipt,
    Replies,
    SentBefore,
)
from fake_every8d.gateway.sending import DAY, Sending, is_send_time
from fake_every8d.gateway.settings import Settings
from fake_every8d.gateway.store import Store

PAGE = 1000
"""The most records that one page of the delivery log holds (D4)."""

_MANY = 100  # recipients, from which on a send is judged without the lock
_TRIES = 3  # at doing so, before it is done with it
_FEW = 500  # messages that are shown before others have a turn at the lock
_REPEATED = (
    "The same text went to {} within the last 24 hours, and is sent and billed again: "
    "sendSMS4FilterMessage leaves such numbers out."
)
_CHANGEABLE = ("edition", "pad_mobile")  # of the settings, while it runs
_ARRIVED = (Status.SENT, Status.DELIVERED)
_PAGE_NUMBER = re.compile(r"0*([1-9][0-9]{0,999})")


class Gateway:
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
        self._accounts = Accounts(settings.accounts, self.clock)
        self._store = Store(settings.max_messages, self._changes)
        self._ids = itertools.count(1)
        self._random = Random()  # its own, so that a suite that seeds Python's gets other IDs too
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

    # The platform's operations. A `caller` is who calls: the key of a session, a `Login`
    # or a `Token`; none that is right raises -300, -100, -101, -999 or -301.

    def open_session(self, user_id: str, password: str) -> str:
        """getConnection: a session key. Raises -100, -101 or -999 (A1–A3)."""
        with self._lock:
            self._changes.count()
            return self._accounts.open_session(user_id, password)

    def close_session(self, session_key: str) -> bool:
        """closeConnection: whether there was such a session (A5)."""
        with self._lock:
            self._changes.count()
            return self._accounts.close_session(session_key)

    def open_token(self, login: Login) -> str:
        """ConnectionHandler: a token, good for 8 hours (H7)."""
        with self._lock:
            self._changes.count()
            return self._accounts.open_token(login)

    def close_token(self, token: Token) -> None:
        """ConnectionHandler: the token is no longer good (H7)."""
        with self._lock:
            self._accounts.close_token(token)

    def check(self, caller: Caller) -> None:
        """Raises what any call of the caller's would."""
        with self._lock:
            self._account(caller)

    def credit(self, caller: Caller) -> Decimal:
        """getCredit: points left."""
        with self._lock:
            return self._account(caller).credit

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
        tell_repeats: bool = False,
    ) -> Receipt:
        """sendSMS: one text to the numbers in `mobile`, separated by commas (N1).

        `send_time` is `YYYYMMDDhhmmss` in Taipei, or empty for now (S5). The rest is for
        the HTTP API (H8); `tell_repeats` has the receipt's advice tell of whom the last SMS
        was the same within 24 hours. Raises -24 or -41, too.
        """
        return self._send(
            caller,
            subject,
            lambda: _recipients(mobile, content, record_number),
            send_time,
            many=len(mobile) > _MANY * 11,
            tell_repeats=tell_repeats,
            retry_time=retry_time,
            event_id=event_id,
        )

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
        """sendSMS4FilterMessage: as `send_sms`, to whom the text was not sent today (H11).

        Leaves out those to whom the account sent the same text within the last 24 hours.
        With `send=False` it tells who they are, and sends nothing.
        """
        with self._lock:
            account = self._account(caller)
            recipients = _recipients(mobile, content, record_number)
            if not recipients:
                raise PlatformError(*NO_MOBILE)
            left_out = tuple(self._sent_before(account.user_id, recipients))
            mobiles = {before.mobile for before in left_out}
            left = [recipient for recipient in recipients if recipient.mobile not in mobiles]
            receipt = None
            if send and left:
                receipt = self._send(
                    caller,
                    subject,
                    lambda: left,
                    send_time,
                    many=False,  # as the lock is held anyway
                    retry_time=retry_time,
                    event_id=event_id,
                )
            return FilteredReceipt(receipt, left_out)

    def send_param_sms(
        self, caller: Caller, subject: str, recipients: Sequence[Recipient], send_time: str
    ) -> Receipt:
        """sendParamSMS of SOAP: a text each, billed as the number is written (S6, N4).

        Raises -24 or -41, too.
        """
        return self._send(
            caller,
            subject,
            lambda: _with_content(recipients),
            send_time,
            many=len(recipients) > _MANY,
            as_written=True,
        )

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

        def read() -> Sequence[Recipient]:
            if not all(
                is_send_time(recipient.send_time) for recipient in _with_content(recipients)
            ):
                raise PlatformError(*BAD_SEND_TIME)
            return recipients

        return self._send(
            caller,
            subject,
            read,
            "",
            many=len(recipients) > _MANY,
            retry_time=retry_time,
            event_id=event_id,
        )

    def delivery_log(self, caller: Caller, batch_id: str, page_no: str) -> DeliveryLog:
        """getDeliveryStatus: a page of a batch (D4, D5)."""
        with self._lock:
            account = self._account(caller)
            batch = self._store.batch(batch_id, account.user_id)
            page = _page(page_no, PAGE)
            if batch is None or page is None:
                return DeliveryLog(0, [])
            records = batch.records[page]
            return DeliveryLog(len(batch.records), [record.snapshot() for record in records])

    def replies(self, caller: Caller, batch_id: str, page_no: str) -> Replies:
        """getReplyMessage: a page of the replies to a batch, of the edition's size (H15, E1)."""
        with self._lock:
            account = self._account(caller)
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
            account = self._account(caller)
            batch = self._store.batch(batch_id, account.user_id)
            if batch is None:
                return None
            booked = [record for record in batch.records if record.status is Status.BOOKED]
            if not booked:
                return None
            points = self._delivery.cancel(batch, booked)
            self._changes.announce()
            return Erased(len(booked), Decimal(points))

    # What tests and tools do

    @property
    def edition(self) -> Edition:
        """Whose side it is on where the platform's documents contradict each other (E1)."""
        return Edition(self.settings.edition)

    def update_settings(self, **changes: Any) -> Settings:
        """Change the edition, or `pad_mobile`, until the next reset.

        Raises `InvalidInput` for any other setting, or a value that makes no sense.
        """
        if wrong := [name for name in changes if name not in _CHANGEABLE]:
            raise InvalidInput(
                f"{', '.join(wrong)} cannot be changed while it runs; "
                f"{' and '.join(_CHANGEABLE)} can"
            )
        with self._lock:
            self.settings = replace(self.settings, **changes)
            self._changes.announce()
            return self.settings

    @property
    def version(self) -> int:
        """Grows with every change; time that passes is not one."""
        return self._changes.version

    @property
    def generation(self) -> int:
        """Grows with every reset: what was known, or begun, in an earlier one is void (X1)."""
        return self._changes.generation

    @property
    def message_count(self) -> int:
        """How many messages are kept."""
        return len(self._store)

    def accounts(self) -> list[Account]:
        """Every account as it is now."""
        with self._lock:
            return self._accounts.all()

    def account(self, user_id: str) -> Account:
        """Raises `NotFound`."""
        with self._lock:
            return self._accounts.get(user_id)

    def add_account(self, account: Account) -> None:
        """Raises `Conflict` if its user ID is taken."""
        with self._lock:
            self._accounts.add(account)
            self._changes.announce()

    def update_account(
        self, user_id: str, /, *, top_up: Decimal | int = 0, **changes: Any
    ) -> Account:
        """Change an account's fields, but for `user_id`; `failed_logins=0` unlocks it.

        `top_up` adds points to its credit. Raises `NotFound`, or `InvalidInput` for a name
        or value that makes no sense; then nothing has changed.
        """
        known = [field.name for field in fields(Account) if field.name != "user_id"]
        if wrong := [name for name in changes if name not in known]:
            raise InvalidInput(
                f"{', '.join(wrong)} cannot be changed; of an account {', '.join(known)} can"
            )
        with self._lock:
            if top_up:
                credit = changes.get("credit", self._accounts.get(user_id).credit)
                changes["credit"] = credit + top_up
            account = self._accounts.update(user_id, **changes)
            self._changes.announce()
            return account

    def remove_account(self, user_id: str) -> None:
        """Its sessions end with it; what it has sent or booked goes on. Raises `NotFound`."""
        with self._lock:
            self._accounts.remove(user_id)
            self._changes.announce()

    def sessions(self, user_id: str) -> int:
        """How many sessions an account has open."""
        with self._lock:
            return self._accounts.sessions(user_id)

    def owner(self, caller: Caller) -> str | None:
        """The user ID of who calls, or says to be; None for a dead session or token."""
        with self._lock:
            return self._accounts.owner(caller)

    def message(self, message_id: int) -> Message:
        """Raises `NotFound`."""
        with self._lock:
            return self._store.record(message_id).snapshot()

    def messages(
        self,
        *,
        to: str | None = None,
        user_id: str | None = None,
        batch_id: str | None = None,
        status: Status | int | None = None,
        text: str | None = None,
        after: int | None = None,
        before: int | None = None,
        changed_after: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Message]:
        """The messages that match everything given, oldest first.

        `to` in any spelling, `text` within the content, `after` and `before` a message's
        ID. With `changed_after`, a `version`, those that have changed since, in the order
        in which they did. Raises `NotFound` for a `to` that is no number and to which
        nothing was sent.
        """

        def matches(record: Record) -> bool:
            return (status is None or record.status == status) and (
                text is None or text in record.content
            )

        with self._lock:
            candidates = self._store.records(
                to=None if to is None else self._store.number(to),
                user_id=user_id,
                batch_id=batch_id,
                after=after,
                before=before,
                changed_after=changed_after,
                newest_first=newest_first,
            )
            if changed_after is not None:
                return [record.snapshot() for record in islice(filter(matches, candidates), limit)]
        # The search goes without the lock, and what is found is shown a few at a time.
        found: list[Message] = []
        matching = filter(matches, candidates)
        while limit is None or len(found) < limit:
            few = list(islice(matching, _FEW if limit is None else min(_FEW, limit - len(found))))
            if not few:
                break
            with self._lock:
                found += [record.snapshot() for record in few if matches(record)]
        return found

    def batches(
        self,
        *,
        user_id: str | None = None,
        after: int | None = None,
        before: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[BatchSummary]:
        """Batches as they are now, oldest first; `after` and `before` a first message's ID."""

        def wanted(batch: Batch) -> bool:
            first = batch.first_id
            return (after is None or first > after) and (before is None or first < before)

        with self._lock:
            batches = self._store.batches(user_id)
            if newest_first:
                batches.reverse()
            return [batch.summary() for batch in islice(filter(wanted, batches), limit)]

    def reports(
        self,
        *,
        to: str | None = None,
        user_id: str | None = None,
        batch_id: str | None = None,
        message_id: int | None = None,
        status: Status | int | None = None,
        state: ReportState | None = None,
        after: int | None = None,
        before: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Report]:
        """The status reports that match everything given, oldest first (R4).

        Each has its attempts so far; `after` and `before` are a report's ID. Raises
        `NotFound` for a `to` that is no number and to which nothing was sent.
        """
        with self._lock:
            number = None if to is None else self._store.number(to)
            if message_id is not None:
                found = self._reports.of([message_id])
            elif number is not None or batch_id is not None:
                records = self._store.records(to=number, batch_id=batch_id)
                found = self._reports.of([record.id for record in records])
            else:
                found = self._reports.all()
        found.sort(key=attrgetter("id"), reverse=newest_first)
        matching = (
            report
            for report in found
            if (user_id is None or report.user_id == user_id)
            and (batch_id is None or report.batch_id == batch_id)
            and (status is None or report.status == status)
            and (state is None or report.state is state)
            and (after is None or report.id > after)
            and (before is None or report.id < before)
        )
        return list(islice(matching, limit))

    def emails(self) -> list[Email]:
        """Every copy by e-mail, oldest first (S7)."""
        with self._lock:
            found = self._emails.all()
        found.sort(key=attrgetter("id"))
        return found

    def outcomes(self) -> list[Outcome]:
        """What has been set to become of messages, by number."""
        with self._lock:
            return self._outcomes.all()

    def set_outcome(
        self, to: str, status: Status | int, after_seconds: float | None = None
    ) -> Outcome:
        """From now on, messages sent to `to` end in `status`, so long after they are sent.

        `status` is 100 to 107, or 0 to stay at "sent" for ever; `after_seconds` of the
        fake's time is `delivery_seconds` if it is not given. Raises `InvalidInput`.
        """
        with self._lock:
            outcome = self._outcomes.set(to, status, after_seconds)
            self._changes.announce()
            return outcome

    def clear_outcomes(self, to: str | None = None) -> None:
        """Forget what was set for a number, or for all of them."""
        with self._lock:
            self._outcomes.clear(to)
            self._changes.announce()

    def set_status(self, message_id: int, status: Status | int) -> Message:
        """Decide now what becomes of a message: 100 to 107 if sent, 303 if booked.

        Raises `NotFound`, or `InvalidInput` if it cannot come to that status.
        """
        with self._lock:
            record = self._store.record(message_id)
            if record.status is Status.SENT and status in REACHABLE:
                self._delivery.finish([record], Status(status), self.clock.micros)
            elif record.status is Status.BOOKED and status == Status.CANCELLED:
                self._delivery.cancel(record.batch, [record])
            else:
                raise Conflict(
                    f"message {message_id} is at {record.status.value} ({record.status.term}) "
                    f"and cannot come to {status!r}: one at 0 can come to 100–107, "
                    "one at 300 to 303"
                )
            self._changes.announce()
            return record.snapshot()

    def reply(self, message_or_number: Message | int | str, text: str) -> Message:
        """Answer a message as the phone that got it (回覆簡訊), or the newest to a number.

        A phone that answers has the message, so one still at 0 is delivered first.
        Returns the message with its reply. Raises `NotFound`, or `InvalidInput` if it
        never reached the phone or XML cannot carry the text.
        """
        if bad := NOT_XML.search(text):
            raise InvalidInput(f"XML cannot carry the character {bad[0]!r} in a reply")
        with self._lock:
            record = self._answerable(message_or_number)
            self._delivery.answer(record, text)
            self._changes.announce()
            return record.snapshot()

    def wait_for(
        self,
        condition: Callable[[], bool],
        timeout: float,
        *,
        to: str | None = None,
        user_id: str | None = None,
        batch_id: str | None = None,
        topic: Hashable = ANYTHING,
        on_wait: Callable[[Callable[[], None]], object] | None = None,
    ) -> bool:
        """Wait until `condition()` holds, `timeout` real seconds at the most; whether it does.

        It is asked at once, and again when something has changed about messages to that
        number, of that account or in that batch, their reports and replies included; or
        about a `topic` of which somebody else tells (`wake`). Without any of these it is
        asked whatever has changed. Any number may wait; those who send do not notice.

        `on_wait`, if given, is called once it comes to waiting, with a function that ends
        the wait from any thread and never blocks: for who waits for somebody that may
        hang up. Raises `NotFound` for a `to` that is no number.
        """
        if to is not None:
            with self._lock:
                topic = "to", self._store.number(to)
        elif batch_id is not None:
            topic = "batch_id", batch_id
        elif user_id is not None:
            topic = "user_id", user_id
        return self._changes.wait_for(condition, timeout, topic, on_wait)

    def wake(self, topic: Hashable) -> None:
        """Something outside the gateway has changed: ask those again who wait for it.

        Never blocks, and costs next to nothing while nobody waits.
        """
        self._changes.wake(topic)

    def reset(self) -> None:
        """Back to how it was set up, with nothing sent and nothing under way (X1)."""
        with self._lock:
            ended = self._changes.begin_generation()
            self.settings = self._configured
            self.clock.reset()
            self._accounts.reset()
            self._store.clear()
            self._outcomes.clear()
            self._ids = itertools.count(1)
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

    def _account(self, caller: Caller) -> Account:
        if isinstance(caller, Login):
            self._changes.count()  # a failed one counts
        return self._accounts.of(caller)

    def _sent_before(
        self, user_id: str, recipients: Sequence[Recipient], *, among: int | None = None
    ) -> Iterator[SentBefore]:
        """Those to whom the account sent the same text within 24 hours (H11).

        With `among`, only so many of the last SMS to each are looked at.
        """
        since = self.clock.micros - DAY
        batch_ids: dict[str, str | None] = {}
        for recipient in recipients:
            mobile = recipient.mobile
            if mobile not in batch_ids:
                number = numbers.parse(mobile).e164
                batch_ids[mobile] = self._store.last_sent(
                    user_id, number, recipient.content, since, among
                )
            if batch_id := batch_ids[mobile]:
                yield SentBefore(mobile, batch_id)

    def _send(
        self,
        caller: Caller,
        subject: str,
        read: Callable[[], Sequence[Recipient]],
        send_time: str,
        *,
        many: bool,
        tell_repeats: bool = False,
        as_written: bool = False,
        retry_time: str = "",
        event_id: str = "",
    ) -> Receipt:
        """Send to the recipients that `read` gives, or raises why there are none.

        `many` take their time to be read and judged. That is done without the lock, and
        counts if what it relied on has not changed in the meantime.
        """

        def judge(account: Account, recipients: Sequence[Recipient]) -> Sending:
            if not recipients:
                raise PlatformError(*NO_MOBILE)
            batch = Batch(
                _batch_id(self._random),
                account.user_id,
                subject,
                self.clock.micros,
                retry_time=retry_time,
                event_id=event_id,
            )
            return Sending(
                account,
                batch,
                recipients,
                send_time,
                as_written=as_written,
                edition=self.edition,
            )

        def accept(sending: Sending, recipients: Sequence[Recipient]) -> Receipt:
            repeats = self._sent_before(sending.batch.user_id, recipients, among=1)
            repeat = next(repeats, None) if tell_repeats else None
            receipt = self._accept(sending)
            if repeat:
                advice = (*receipt.advice, _REPEATED.format(repeat.mobile))
                receipt = receipt._replace(advice=advice)
            return receipt

        if not many:
            with self._lock:
                account = self._account(caller)
                recipients = read()
                return accept(judge(account, recipients), recipients)
        with self._lock:
            self._account(caller)
        recipients = read()
        for _ in range(_TRIES):
            with self._lock:
                account = self._account(caller)
                relied_on = self._relied_on(account.user_id)
            sending = judge(account, recipients)
            with self._lock:
                if self._relied_on(account.user_id) == relied_on:
                    return accept(sending, recipients)
        with self._lock:
            return accept(judge(self._account(caller), recipients), recipients)

    def _relied_on(self, user_id: str) -> object:
        """What a send is judged by, but for the credit."""
        account = self._accounts.find(user_id)
        may = account and (account.international, account.test_mode)
        return may, self.settings.edition, self.clock.course

    def _accept(self, sending: Sending) -> Receipt:
        batch = sending.batch
        sending.settle(self._accounts.get(batch.user_id).credit, self._ids)
        account = self._accounts.charge(batch.user_id, sending.cost)
        self._store.add(batch)
        self._delivery.begin(sending)
        for message_id in self._store.forget_oldest():
            self._reports.forget(message_id)
            self._emails.forget(message_id)
        self._changes.announce()
        return Receipt(
            credit=account.credit,
            sent=sending.sent,
            cost=Decimal(sending.cost),
            unsent=sending.unsent,
            batch_id=batch.id,
            advice=sending.advice,
        )

    def _attempted(self, item: Outgoing) -> None:
        record = self._store.record(item.message_id)
        if item.state is not ReportState.WAITING:
            self._store.release(record.batch)
        self._changes.count()
        self._store.wake(record.batch, [record])

    def _answerable(self, message_or_number: Message | int | str) -> Record:
        """The message that a reply belongs to."""
        if isinstance(message_or_number, str):
            number = self._store.number(message_or_number)
            found = self._store.records(to=number)
            arrived = [record for record in found if record.status in _ARRIVED]
            if not arrived:
                raise NotFound(
                    f"no message has reached {number}, so it cannot answer one; "
                    f"{len(found)} to it did not get there"
                )
            return arrived[-1]
        message_id = (
            message_or_number if isinstance(message_or_number, int) else message_or_number.id
        )
        record = self._store.record(message_id)
        if record.status not in _ARRIVED:
            raise Conflict(
                f"message {message_id} is at {record.status.value} ({record.status.term}), so it "
                "has not reached a phone that could answer it"
            )
        return record


def _recipients(mobile: str, content: str, record_number: str) -> list[Recipient]:
    if not content:
        raise PlatformError(*EMPTY_CONTENT)
    return [
        Recipient(item, content, record_number=record_number)
        for item in map(str.strip, mobile.split(","))
        if item
    ]


def _with_content(recipients: Sequence[Recipient]) -> Sequence[Recipient]:
    if recipients and not any(recipient.content for recipient in recipients):
        raise PlatformError(*EMPTY_CONTENT)
    return recipients


def _page(page_no: str, size: int) -> slice | None:
    """The places on a page of so many; None if it is no page number (D5)."""
    page = _PAGE_NUMBER.fullmatch(page_no or "1")
    if page is None:
        return None
    end = int(page[1]) * size
    return slice(end - size, end)


def _batch_id(random: Random) -> str:
    """A UUID of version 4, without asking the system for randomness each time."""
    digits = f"{random.getrandbits(120):030x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"
