"""The platform plus what tests and tools need: inspection, waiting, control."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, TypedDict, Unpack
from urllib.parse import urljoin

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import FAILED_LOGINS_ALLOWED, Account, Login, points
from fake_every8d.gateway.changes import ANYTHING, Lock, Returned
from fake_every8d.gateway.clock import TAIPEI, checked_moment, to_datetime, to_micros
from fake_every8d.gateway.delivery import Outcome, Step, StepState
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import Conflict, InvalidInput, NotFound, closest
from fake_every8d.gateway.messages import (
    NOT_XML,
    Batch,
    BatchSummary,
    Message,
    Record,
    Reply,
    Status,
)
from fake_every8d.gateway.outbox import ReportState
from fake_every8d.gateway.platform import Platform
from fake_every8d.gateway.reports import Email, Report
from fake_every8d.gateway.settings import Settings
from fake_every8d.gateway.state import (
    GatewayState,
    SessionState,
    TokenState,
    batch_from,
    state_of,
)

_CHANGEABLE = ("edition", "pad_mobile")  # the settings that can be changed while it runs
_ENDINGS = frozenset(status for status in Status if status.outcome and status.final)
_LONGEST_REPLY, _MOST_REPLIES = 2_000, 1_000
_OUTDATED = "the request came before a reset that has taken place meanwhile: nothing was changed"
_ARRIVED = (Status.SENT, Status.DELIVERED)
_AT_A_TIME = 500  # messages shown at a time, before other threads get the lock
_HERE = "http://testserver/"  # the host by which Django's and Starlette's test clients call
_NAMED = 100  # the messages of a phone that are searched for its owner's name

_NUMBER = re.compile(r"\+?[\d\s()-]{4,}", re.ASCII)
_NOT_A_DIGIT = re.compile("[^0-9]")

_id_of = attrgetter("id")

Condition = Callable[[Record], bool]


class Wanted(TypedDict, total=False):
    """A search for messages: those that match everything given."""

    to: str | None
    """The number, in any spelling."""
    user_id: str | None
    batch_id: str | None
    status: Status | int | None
    text: str | None
    """A part of the text."""
    name: str | None
    """A part of the recipient's name."""
    search: str | None
    """A part, in any case, of number (in any spelling), text, name, e-mail address,
    subject, account, batch ID or a reply."""
    since: datetime | None
    """The earliest time of acceptance."""
    until: datetime | None
    """The end of the times of acceptance, exclusive."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to which messages were sent, with the messages that match the search."""

    number: str
    """`+886…` for a Taiwan mobile however it was written."""
    name: str
    """The latest recipient name among its last 100 messages, or empty."""
    messages: int
    """The number of matching messages."""
    newest: Message
    """The matching message that was accepted last."""
    unread: int
    """The number of messages accepted after `read_until`, of all those to it."""


@dataclass(frozen=True, slots=True)
class Phones:
    """A page of the matching phones, with totals."""

    phones: list[Phone]
    count: int
    """The number of matching phones in all."""
    messages: int
    """The number of matching messages to them."""
    unread: int
    """The number of phones, of all there are, with a message after `read_until`."""


class Gateway:
    """The platform plus inspection, waiting and control, for tests and tools.

    Safe from any thread; no search holds up a send. `report(report)` sends a status report
    and returns the HTTP status, or raises; `mail` is as for `Platform`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        report: Callable[[Report], int],
        mail: Callable[[Email], int] | None = None,
    ) -> None:
        self._configured = settings or Settings()
        self._over_network = report
        self._receivers: dict[str | None, Callable[[Report], int]] = {}  # by user ID; None: all
        self.platform = platform = Platform(
            self._configured, receiver_of=self._receiver_of, mail=mail
        )
        """The platform for those who call its APIs."""
        self.clock = platform.clock
        self._lock = platform.lock
        self._changes = platform.changes
        self._accounts = platform.accounts
        self._store = platform.store
        self._outcomes = platform.outcomes
        self._delivery = platform.delivery
        self._reports = platform.reports
        self._emails = platform.emails

    def reset(
        self,
        set_up: Callable[[], object] = lambda: None,
        *,
        settings: Settings | None = None,
        now: datetime | None = None,
        keep_sessions: bool | None = None,
    ) -> None:
        """Return to the initial state: nothing sent, nothing under way (X1).

        With `settings`, these are the initial state from now on. With `now`, the clock of this
        world starts then (T4). `keep_sessions` is as in the settings unless it is given (X3).
        Requests that were read before change nothing any more; `set_up` is called before any other
        request. A receiver that responds within a second has had all its reports when this returns.
        Raises `InvalidInput`; then nothing changes.
        """
        start = None if now is None else checked_moment(now, "now")
        if keep_sessions is not None and not isinstance(keep_sessions, bool):
            raise InvalidInput(
                f"keep_sessions must be true or false, not {keep_sessions!r}", field="keep_sessions"
            )
        with self._lock.new_generation() as ended:
            self._configured = settings or self._configured
            if keep_sessions is None:
                keep_sessions = self._configured.keep_sessions
            self.platform.set_up(self._configured, now=start, keep_sessions=keep_sessions)
            self._receivers.clear()
            set_up()
            self._changes.announce_all()
        self._reports.drain(ended)

    def close(self) -> None:
        """Stop for good: nothing falls due or goes out any more."""
        with self._lock.new_generation():
            self._reports.clear()
            self._emails.clear()
            self._receivers.clear()
        self.clock.close()
        self._changes.close()

    def as_of(self, began: int, user_id: str | None, action: Callable[[], Returned]) -> Returned:
        """Do what a request of the epoch `began` asks for, about an account if any.

        Raises `Conflict` if all or the account was reset since then: nothing takes place (X1).
        """
        return self._lock.as_of(began, user_id, partial(Conflict, _OUTDATED), action)

    @property
    def lock(self) -> Lock:
        """The lock of the whole gateway, for other changes in the same instant."""
        return self._lock

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.platform.settings

    @property
    def edition(self) -> Edition:
        """The edition: which of the platform's documents to follow where they disagree (E1)."""
        return self.platform.edition

    def update_settings(self, **changes: Any) -> Settings:
        """Change the edition, or `pad_mobile`, until the next reset.

        Raises `InvalidInput` for any other setting, or a value that makes no sense.
        """
        if wrong := [name for name in changes if name not in _CHANGEABLE]:
            raise InvalidInput(
                f"{', '.join(wrong)} cannot be changed while it runs; "
                f"{' and '.join(_CHANGEABLE)} can",
                field=wrong[0],
            )
        with self._lock:
            self.platform.settings = replace(self.settings, **changes)
            self._changes.announce()
            return self.settings

    @property
    def version(self) -> int:
        """A number that grows with every change, but not as time passes."""
        return self._changes.version

    @property
    def generation(self) -> int:
        """A number that grows with every reset, which voids everything earlier (X1)."""
        return self._lock.generation

    @property
    def epoch(self) -> int:
        """A number that grows with every reset, even of one account, which voids known messages."""
        return self._lock.epoch

    @property
    def message_count(self) -> int:
        """The number of kept messages."""
        return len(self._store)

    def accounts(self) -> list[Account]:
        """Every account as it is now."""
        with self._lock:
            return self._accounts.all()

    def account(self, user_id: str) -> Account:
        """The account of a user ID. Raises `NotFound`."""
        with self._lock:
            return self._accounts.get(user_id)

    def add_account(self, account: Account) -> None:
        """Add an account. Raises `Conflict` if its user ID is taken."""
        with self._lock:
            self._accounts.add(account)
            self._changes.announce()

    def update_account(
        self,
        user_id: str,
        /,
        *,
        top_up: Decimal | float | None = None,
        locked: bool | None = None,
        **changes: Any,
    ) -> Account:
        """Change an account's fields, but for `user_id`.

        `top_up` adds points to its credit; `locked` locks it, as 11 failed logins do, or
        unlocks it. Raises `NotFound`, or `InvalidInput` for a name or value that makes no
        sense; then nothing has changed.
        """
        if top_up is not None and "credit" in changes:
            raise InvalidInput(
                "credit says how much there is, top_up how much more: give one", field="top_up"
            )
        if locked is not None:
            if not isinstance(locked, bool):
                raise InvalidInput(f"locked must be true or false, not {locked!r}", field="locked")
            if "failed_logins" in changes:
                raise InvalidInput(
                    "locked and failed_logins say the same: give one of them",
                    field="locked",
                    reason="repeated",
                )
            changes["failed_logins"] = FAILED_LOGINS_ALLOWED + 1 if locked else 0
        known = [field.name for field in fields(Account) if field.name != "user_id"]
        if "user_id" in changes:
            raise InvalidInput("an account's user_id cannot be changed", field="user_id")
        for name in changes:
            if name not in known:
                meant = closest(name, known)
                hint = f"did you mean {meant}?" if meant else f"it has {', '.join(known)}"
                raise InvalidInput(
                    f"an account has no {name}; {hint}", field=name, reason="unknown"
                )
        with self._lock:
            if top_up is not None:
                changes["credit"] = self._accounts.get(user_id).credit + points(top_up, "top_up")
            account = self._accounts.update(user_id, **changes)
            self._changes.announce()
            return account

    def reset_account(self, user_id: str, also: Callable[[], object] = lambda: None) -> Account:
        """Return an account to its initial state, with nothing sent. Raises `NotFound`.

        Its sessions and tokens end, unless `keep_sessions` is set; its messages go, and what was to
        come of them. Calls of it that were read before change nothing any more; `also` is called
        in the same instant. A receiver that responds within a second has had all its reports when
        this returns.
        """
        with self._lock:
            account = self._accounts.reset_one(user_id, keep_sessions=self.settings.keep_sessions)
            self._delivery.forget(self._store.batches(user_id))
            self._lock.end_epoch_of(user_id)
            self._receivers.pop(user_id, None)
            also()
            self._changes.announce_all()
        self._reports.drain(self.generation, user_id)
        return account

    def reports_to(
        self, receiver: Callable[[Report], int], url: str | None = None, user_id: str | None = None
    ) -> None:
        """Let `receiver` have the reports of an account, or of all, until the next reset (R9).

        It takes the place of the network: it is called with each report, from any thread, and
        returns the HTTP status. `url`, which may be a path alone, becomes the report URL; without
        it an account keeps its own, or gets one. Raises `NotFound`, or `InvalidInput` for a URL.
        """
        try:
            report_url = urljoin(_HERE, url or "")
        except (TypeError, ValueError):
            report_url = url or ""  # what is wrong with it, update_account says
        with self._lock:
            accounts = self.accounts() if user_id is None else [self.account(user_id)]
            for account in accounts:
                if url is not None or account.report_url is None:
                    self.update_account(account.user_id, report_url=report_url)
            if user_id is None:
                self._receivers.clear()
            self._receivers[user_id] = receiver

    def _receiver_of(self, report: Report) -> Callable[[Report], int]:
        receivers = self._receivers
        return receivers.get(report.user_id) or receivers.get(None) or self._over_network

    def state(self) -> GatewayState:
        """The whole state, for `restore`; others go on meanwhile."""
        with self._lock:
            version, kept = self.version, self._store.batches()
        # Most of it is turned into values without the lock; records that change meanwhile are
        # turned once more.
        values = {batch: state_of(batch) for batch in kept}
        with self._lock:
            batches = self._store.batches()
            changed = {each.batch for each in self._store.records(changed_after=version)}
            values |= {
                batch: state_of(batch)
                for batch in batches
                if batch in changed or batch not in values
            }
            now, running = self.clock.now, self.clock.running
            settings, timers = self.settings, self.clock.queued
            accounts, initial = self._accounts.all(), self._accounts.initial
            sessions, tokens = self._accounts.sessions_and_tokens
            outcomes = self._outcomes.all()
            reports, emails = self._reports.all(), self._emails.all()
            next_message_id = self.platform.next_message_id
            next_report_id, next_email_id = self._reports.upcoming_id, self._emails.upcoming_id
        return GatewayState(
            now=now,
            running=running,
            edition=Edition(settings.edition),
            pad_mobile=settings.pad_mobile,
            accounts=tuple(accounts),
            initial=tuple(initial),
            sessions=tuple([SessionState(*session) for session in sessions]),
            tokens=tuple(
                [TokenState(text, user_id, to_datetime(until)) for text, user_id, until in tokens]
            ),
            outcomes=tuple(outcomes),
            batches=tuple([values[batch] for batch in batches]),
            steps=tuple(
                [
                    StepState(
                        due=to_datetime(due),
                        kind=step.kind,
                        message_ids=tuple([record.id for record in step.records]),
                        status=step.status,
                    )
                    for due, _, step in sorted(timers, key=itemgetter(0, 1))
                    if isinstance(step, Step)
                ]
            ),
            reports=tuple(sorted(reports, key=_id_of)),
            emails=tuple(sorted(emails, key=_id_of)),
            next_message_id=next_message_id,
            next_report_id=next_report_id,
            next_email_id=next_email_id,
        )

    def restore(self, state: GatewayState, also: Callable[[], object] = lambda: None) -> None:
        """Return to a state of this gateway or another. All under way ends, as with `reset`.

        The clock returns to its time then. Above this gateway's `max_messages`, the oldest messages
        go. `also` is called in the same instant.
        """
        batches = [batch_from(each) for each in state.batches]
        emails = [self._delivery.taken_on(email) for email in state.emails]
        with self._lock.new_generation() as ended:
            self.platform.settings = replace(
                self._configured, edition=state.edition, pad_mobile=state.pad_mobile
            )
            self.clock.restore(to_micros(state.now), running=state.running)
            self._accounts.restore(
                state.accounts,
                state.initial,
                [(session.key, session.user_id) for session in state.sessions],
                [(token.text, token.user_id, to_micros(token.until)) for token in state.tokens],
            )
            self._outcomes.clear()
            for outcome in state.outcomes:
                self._outcomes.set(outcome.to, outcome.status, outcome.after_seconds)
            self.platform.next_message_id = state.next_message_id
            self._store.clear()
            for batch in batches:
                self._store.add(batch)
            self._delivery.restore(state.steps)
            self._emails.restore(emails, state.next_email_id)
            self._reports.restore(state.reports, state.next_report_id)
            for item in (*state.reports, *emails):
                if item.state is ReportState.WAITING:
                    self._store.pin(self._store.record(item.message_id).batch)
            for batch in batches:
                self._store.close_if_done(batch)
            self._delivery.make_room()
            also()
            self._changes.announce_all()
        self._reports.drain(ended)

    def remove_account(self, user_id: str) -> None:
        """Remove an account and its sessions; its messages go on. Raises `NotFound`."""
        with self._lock:
            self._accounts.remove(user_id)
            self._changes.announce()

    def sessions(self, user_id: str) -> int:
        """The number of open sessions of an account."""
        with self._lock:
            return self._accounts.sessions(user_id)

    def clear_messages(self) -> None:
        """Forget the batches for which nothing is still to come, with their reports (X3)."""
        with self._lock:
            batches = self._store.batches()
            self._delivery.forget([batch for batch in batches if not batch.to_come])
            self._changes.announce()

    def message(self, message_id: int) -> Message:
        """The message of an ID. Raises `NotFound`."""
        with self._lock:
            return self._store.record(message_id).snapshot()

    def messages(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        changed_after: int | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        **wanted: Unpack[Wanted],
    ) -> list[Message]:
        """The matching messages, oldest first; `after` and `before` a message's ID.

        With `changed_after`, a `version`, those that have changed since, in the order in
        which they did. Raises `NotFound` for a `to` that is no number and to which nothing
        was sent.
        """
        matches = _condition(wanted)
        to = wanted.get("to")
        with self._lock:
            candidates = self._store.records(
                to=None if to is None else self._store.number(to),
                user_id=wanted.get("user_id"),
                batch_id=wanted.get("batch_id"),
                after=after,
                before=before,
                changed_after=changed_after,
                newest_first=newest_first,
            )
            if changed_after is not None:
                return [record.snapshot() for record in islice(filter(matches, candidates), limit)]
        # The search runs without the lock, and its results are shown a few at a time.
        found: list[Message] = []
        matching = filter(matches, candidates)
        while limit is None or len(found) < limit:
            at_most = _AT_A_TIME if limit is None else min(_AT_A_TIME, limit - len(found))
            some = list(islice(matching, at_most))
            if not some:
                break
            with self._lock:
                found += [record.snapshot() for record in filter(matches, some)]
        return found

    def phones(
        self,
        *,
        read_until: int = 0,
        offset: int = 0,
        limit: int | None = None,
        **wanted: Unpack[Wanted],
    ) -> Phones:
        """The phones with matching messages, as for `messages`.

        The one whose last such message, or last reply to one, is newest comes first; the first
        `offset` of them are left out. The counts are of all phones and messages. `read_until` is
        the ID of a message: those after it are counted as unread.
        """
        matches = _condition(wanted)
        to = wanted.get("to")
        with self._lock:
            candidates = self._store.records(
                to=None if to is None else self._store.number(to),
                user_id=wanted.get("user_id"),
                batch_id=wanted.get("batch_id"),
                newest_first=True,
            )
            of_all = self._store.phones
            unread = self._store.records(after=read_until) if read_until else []
        found = list(filter(matches, candidates))
        numbers = [record.number for record in found]
        newest = dict(zip(reversed(numbers), reversed(found), strict=True))
        of_each = Counter(numbers)  # in the order in which they first come: the newest first
        replied: dict[str, int] = {}
        for record in found:
            if record.replies:
                at = to_micros(record.replies[-1].at)
                replied[record.number] = max(at, replied.get(record.number, 0))
        order = list(of_each)
        if replied:
            order.sort(
                key=lambda number: max(newest[number].batch.accepted_at, replied.get(number, 0)),
                reverse=True,
            )
        end = None if limit is None else offset + limit
        return Phones(
            [
                self._phone(newest[number], of_each[number], read_until)
                for number in order[offset:end]
            ],
            len(of_each),
            len(found),
            len({record.number for record in unread}) if read_until else of_all,
        )

    def _phone(self, newest: Record, count: int, read_until: int) -> Phone:
        with self._lock:
            of_phone = self._store.records_to(newest.number)
            last = islice(reversed(of_phone), _NAMED)
            return Phone(
                number=newest.number,
                name=next((each.name for each in last if each.name), ""),
                messages=count,
                newest=newest.snapshot(),
                unread=len(of_phone) - bisect_right(of_phone, read_until, key=_id_of),
            )

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
                found = self._reports.items_of([message_id])
            elif number is not None or batch_id is not None:
                records = self._store.records(to=number, batch_id=batch_id)
                found = self._reports.items_of([record.id for record in records])
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
        """The outcomes that were set, by number."""
        with self._lock:
            return self._outcomes.all()

    def set_outcome(
        self, to: str, status: Status | int, after_seconds: float | None = None
    ) -> Outcome:
        """Let messages sent to `to` from now on end in `status`, `after_seconds` after being sent.

        `status` is 100 to 107, one that means a refusal (-1 to -8, 301, 500; its points are
        given back), or 0 to stay at "sent" for ever; `after_seconds` of the
        fake's time is `delivery_seconds` if it is not given. Raises `InvalidInput`.
        """
        with self._lock:
            outcome = self._outcomes.set(to, status, after_seconds)
            self._changes.announce()
            return outcome

    def clear_outcomes(self, to: str | None = None) -> None:
        """Forget the outcome of a number, or all outcomes.

        Raises `NotFound` for a `to` that is no number and to which nothing was sent.
        """
        with self._lock:
            self._outcomes.clear(None if to is None else self._store.number(to))
            self._changes.announce()

    def set_status(self, message_id: int, status: Status | int) -> Message:
        """Set the status of a message: a status of an outcome if sent, 303 if booked.

        Raises `NotFound`, or `InvalidInput` if it cannot come to that status.
        """
        with self._lock:
            record = self._store.record(message_id)
            if record.status is Status.SENT and status in _ENDINGS:
                self._delivery.finish([record], Status(status), self.clock.micros)
            elif record.status is Status.BOOKED and status == Status.CANCELLED:
                self._delivery.cancel(record.batch, [record])
            else:
                raise Conflict(
                    f"message {message_id} is at {self._told(record.status)} "
                    f"and cannot come to {status}: one at 0 can come to 100–107, -1 to -8, 301 "
                    "or 500, one at 300 to 303",
                    reason="decided",
                )
            self._changes.announce()
            return record.snapshot()

    def send(
        self,
        text: str,
        to: str,
        *,
        user_id: str | None = None,
        subject: str = "",
        send_time: datetime | None = None,
    ) -> list[Message]:
        """Send a text to one number, or several with commas between them, as a call of sendSMS.

        The account is `user_id`'s, or the first; a `send_time` without a time zone is Taipei's.
        Returns the messages, refused ones too. Raises `PlatformError`, and `NotFound`.
        """
        accounts = self.accounts() if user_id is None else [self.account(user_id)]
        if not accounts:
            raise NotFound(
                "there is no account: all have been removed", field="user_id", reason="unknown"
            )
        account = accounts[0]
        if send_time is not None and send_time.tzinfo is not None:
            send_time = send_time.astimezone(TAIPEI)
        when = f"{send_time:%Y%m%d%H%M%S}" if send_time else ""
        receipt = self.platform.send_sms(
            Login(account.user_id, account.password), subject, text, to, when
        )
        return self.messages(batch_id=receipt.batch_id)

    def reply(self, message_or_number: Message | int | str, text: str) -> Message:
        """Reply to a message as the phone that got it (回覆簡訊), or to the newest to a number.

        A phone that replies has the message, so one still at 0 is delivered first.
        Returns the message with its reply. Raises `NotFound`, or `InvalidInput` if it never reached
        the phone, if XML cannot carry the text, if the text has more than 2,000 characters, or if
        the message has 1,000 replies.
        """
        if len(text) > _LONGEST_REPLY:
            raise InvalidInput(
                f"a reply has {_LONGEST_REPLY} characters at most, not {len(text)}", field="text"
            )
        if bad := NOT_XML.search(text):
            raise InvalidInput(
                f"XML cannot carry the character {bad[0]!r} in a reply", field="text"
            )
        with self._lock:
            record = self._replied_to(message_or_number)
            if len(record.replies or ()) >= _MOST_REPLIES:
                raise Conflict(f"message {record.id} has {_MOST_REPLIES} replies already")
            self._delivery.reply(record, text)
            replied = record.snapshot()
            self._delivery.make_room()
            self._changes.announce()
            return replied

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
        """Wait until `condition()` holds, at most `timeout` real seconds. Returns whether it does.

        `condition` is called at once, and again whenever something changes about messages to
        that number, of that account or in that batch, their reports and replies included, or
        `wake` announces the `topic`. With none of these, it is called again after any change.
        Any number of threads may wait, at no cost to those who send.

        `on_wait`, if given, is called when waiting begins, with a function that ends the wait
        from any thread and never blocks: for those who serve a client that may hang up.

        A `NotFound` that `condition` raises is raised only when the time is up, since the thing may
        yet appear.
        """
        missing: list[NotFound] = []

        def is_met() -> bool:
            missing.clear()
            try:
                return condition()
            except NotFound as error:
                missing.append(error)
                return False

        if to is not None:
            topic = "to", numbers.parse_spelling(to).e164
        elif batch_id is not None:
            topic = "batch_id", batch_id
        elif user_id is not None:
            topic = "user_id", user_id
        met = self._changes.wait_for(is_met, timeout, topic, on_wait)
        if missing:
            raise missing[0]
        return met

    def wake(self, topic: Hashable) -> None:
        """Wake those who wait for something outside the gateway, which has changed.

        Never blocks, and costs next to nothing while nobody waits.
        """
        self._changes.wake(topic)

    def _replied_to(self, message_or_number: Message | int | str) -> Record:
        """The message that a reply is to."""
        if isinstance(message_or_number, str):
            number = self._store.number(message_or_number)
            found = self._store.records_to(number)
            arrived = [record for record in found if record.status in _ARRIVED]
            if not arrived:
                missed = f"; {len(found)} to it did not get there" if found else ""
                raise NotFound(
                    f"no message has reached {number}, so it cannot reply to one{missed}",
                    field="to",
                    reason="unknown",
                )
            return arrived[-1]
        message_id = (
            message_or_number if isinstance(message_or_number, int) else message_or_number.id
        )
        record = self._store.record(message_id)
        if record.status not in _ARRIVED:
            raise Conflict(
                f"message {message_id} is at {self._told(record.status)}, so it "
                "has not reached a phone that could reply",
                reason="not_arrived",
            )
        return record

    def _told(self, status: Status) -> str:
        return f"{status.value} ({status.term_of(self.edition)})"


def _condition(wanted: Wanted) -> Condition | None:
    """The condition on a record, besides its index; None if there is none."""
    status, text, name = wanted.get("status"), wanted.get("text"), wanted.get("name")
    search, since, until = wanted.get("search"), wanted.get("since"), wanted.get("until")
    conditions: list[Condition] = []
    if status is not None:
        conditions.append(lambda record: record.status == status)
    if since is not None:
        first = to_micros(since)
        conditions.append(lambda record: record.batch.accepted_at >= first)
    if until is not None:
        end = to_micros(until)
        conditions.append(lambda record: record.batch.accepted_at < end)
    if text is not None:
        conditions.append(lambda record: text in record.text)
    if name is not None:
        conditions.append(lambda record: name in record.name)
    if search is not None and search.strip():
        conditions.append(_containing(search.strip().lower()))
    if len(conditions) <= 1:
        return conditions[0] if conditions else None
    return lambda record: all(condition(record) for condition in conditions)


def _containing(needle: str) -> Condition:
    """The condition that a record has the needle, in lower case, anywhere."""
    # It is called for every record, so it does as little as possible.
    cased = needle != needle.upper()
    # People write 0912-345-678, or a part of it, for +886912345678.
    digits = _NOT_A_DIGIT.sub("", needle) if _NUMBER.fullmatch(needle) else ""
    mobile = f"+886{digits[1:]}" if digits.startswith("0") else None
    last: Batch | None = None
    in_batch = False

    def contains(record: Record) -> bool:
        nonlocal last, in_batch
        if record.batch is not last:
            last = record.batch
            in_batch = any(needle in text.lower() for text in (last.id, last.user_id, last.subject))
        if in_batch or needle in (record.text.lower() if cased else record.text):
            return True
        if digits:
            number = record.number
            if digits in number or (mobile and number.startswith(mobile)):
                return True
        return (
            needle in record.to.lower()
            or (record.name != "" and needle in record.name.lower())
            or (record.email != "" and needle in record.email.lower())
            or (record.replies is not None and _in_a_reply(needle, record.replies))
        )

    return contains


def _in_a_reply(needle: str, replies: Iterable[Reply]) -> bool:
    return any(needle in reply.text.lower() for reply in replies)
