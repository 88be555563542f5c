"""How a send comes in: read, judged, charged, kept and on its way."""

import threading
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from random import Random

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account, Accounts, Caller
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.clock import Clock
from fake_every8d.gateway.delivery import FEW, Delivery, Plan, by_few
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import NO_MOBILE, PlatformError
from fake_every8d.gateway.messages import Recipient
from fake_every8d.gateway.number_index import NumberIndex
from fake_every8d.gateway.real_time import sleep
from fake_every8d.gateway.results import FilteredReceipt, Receipt, SentBefore
from fake_every8d.gateway.sending import DAY, Sending, Submission
from fake_every8d.gateway.store import Store

_MANY = 100  # recipients: a send to more is judged without the lock
_VERY_MANY = 5_000  # a send to more is indexed without the lock, too
_TRIES = 3  # at judging without the lock, before judging with it
_PAUSE = 0.0002  # seconds in which another thread that waits for the lock gets it
_REPEATED = (
    "The same text went to {} within the last 24 hours, and is sent and billed again: "
    "sendSMS4FilterMessage leaves such numbers out."
)


class Intake:
    """Takes sends in, safe from any thread: the small ones with the gateway's lock held."""

    def __init__(
        self,
        lock: threading.RLock,
        clock: Clock,
        changes: Changes,
        accounts: Accounts,
        store: Store,
        delivery: Delivery,
        *,
        edition: Callable[[], Edition],
    ) -> None:
        self._lock = lock
        self._clock = clock
        self._changes = changes
        self._accounts = accounts
        self._store = store
        self._delivery = delivery
        self._edition = edition
        self._random = Random()  # its own, so that a suite that seeds Python's still gets new IDs
        self.reset()

    def reset(self) -> None:
        """Message IDs begin at 1 again (X1)."""
        self.next_id = 1
        """The next message's."""

    def send(self, caller: Caller, submission: Submission) -> Receipt:
        """Send, or raise what is wrong."""
        receipt = None
        if len(submission.recipients) > _MANY:
            for _ in range(_TRIES):
                if receipt := self._send_aside(caller, submission):
                    break
        if receipt is None:
            with self._lock:
                receipt = self._send(caller, submission)
        self.catch_up()
        return receipt

    def send_filtered(
        self, caller: Caller, submission: Submission, *, send: bool
    ) -> FilteredReceipt:
        """Send to those to whom the text was not sent today; without `send`, only tell (H11)."""
        if len(submission.recipients) > _MANY:
            for _ in range(_TRIES):
                with self._lock:
                    user_id = self._account(caller, submission).user_id
                    since = self.next_id
                left, left_out = self._filter(user_id, submission)
                if not send or not left.recipients:
                    return FilteredReceipt(None, left_out)
                if receipt := self._send_aside(caller, left, since=since):
                    self.catch_up()
                    return FilteredReceipt(receipt, left_out)
        with self._lock:
            left, left_out = self._filter(self._account(caller, submission).user_id, submission)
            sends = send and left.recipients
            receipt = self._send(caller, left) if sends else None
        self.catch_up()
        return FilteredReceipt(receipt, left_out)

    def _send(self, caller: Caller, submission: Submission) -> Receipt:
        sending = self._judge(self._account(caller, submission), submission)
        plan = self._delivery.plan(sending)
        receipt = self._accept(sending, plan, None, self._repeated(sending))
        self._delivery.copy(plan.copied, sending.batch.accepted_at)
        return receipt

    def _send_aside(
        self, caller: Caller, submission: Submission, *, since: int | None = None
    ) -> Receipt | None:
        """Send to many, with the lock held for a few milliseconds at a time.

        Whatever takes longer is worked out before, or done after. Returns None, with nothing
        changed, if what it was worked out from has changed meanwhile; or, with `since`, if a
        message with that ID or a later one took the same text to one of the same numbers.
        """
        with self._lock:
            account = self._account(caller, submission)
            relied_on = self._relied_on(account.user_id)
        sending = self._judge(account, submission)
        batch = sending.batch
        plan = self._delivery.plan(sending)
        index = NumberIndex(batch.records) if len(batch.records) > _VERY_MANY else None
        repeated = self._repeated(sending)
        with self._lock:
            if (
                self._relied_on(account.user_id) != relied_on
                or not sending.affordable(self._accounts.get(account.user_id).credit)
                or (since is not None and self._store.sent_since(since, batch))
            ):
                return None
            receipt = self._accept(sending, plan, index, repeated)
        for few in by_few(plan.copied):
            with self._lock:
                if batch.records:  # else it is forgotten already
                    self._delivery.copy(few, batch.accepted_at)
            sleep(_PAUSE)
        return receipt

    def catch_up(self) -> None:
        """Do what was put off, with the lock for a little at a time."""
        while self._store.behind:
            with self._lock:
                self._store.catch_up()
            if self._store.behind:
                sleep(_PAUSE)

    def _account(self, caller: Caller, submission: Submission) -> Account:
        """Whose send it is. Raises what is wrong with the caller, then with the submission."""
        account = self._accounts.of(caller)
        if submission.problem:
            raise PlatformError(*submission.problem)
        if not submission.recipients:
            raise PlatformError(*NO_MOBILE)
        return account

    def _judge(self, account: Account, submission: Submission) -> Sending:
        return Sending(
            account, _batch_id(self._random), submission, self._clock.micros, self._edition()
        )

    def _filter(
        self, user_id: str, submission: Submission
    ) -> tuple[Submission, tuple[SentBefore, ...]]:
        """What is left of a submission by the filter, and those whom it leaves out (H11)."""
        left_out = tuple(self._sent_before(user_id, submission.recipients))
        mobiles = {before.mobile for before in left_out}
        left = [other for other in submission.recipients if other.mobile not in mobiles]
        return submission._replace(recipients=left), left_out

    def _sent_before(self, user_id: str, recipients: Sequence[Recipient]) -> Iterator[SentBefore]:
        """Those to whom the account sent the same text within 24 hours (H11)."""
        since = self._clock.micros - DAY
        for few in by_few(recipients):
            with self._lock:
                batch_ids = [
                    self._store.last_sent(
                        user_id,
                        numbers.parse(recipient.mobile).e164,
                        recipient.content,
                        since,
                    )
                    for recipient in few
                ]
            for recipient, batch_id in zip(few, batch_ids, strict=True):
                if batch_id:
                    yield SentBefore(recipient.mobile, batch_id)
            if len(few) == FEW:
                sleep(_PAUSE)

    def _repeated(self, sending: Sending) -> tuple[str, ...]:
        """Advice that names the first whose last SMS was the same, if that is asked for."""
        submission, batch = sending.submission, sending.batch
        if not submission.tell_repeats:
            return ()
        since = batch.accepted_at - DAY
        for few in by_few(batch.records):
            going_out = [record for record in few if record.finished_at is None]
            with self._lock:
                for record in going_out:
                    if self._store.last_sent(batch.user_id, record.to, record.content, since, 1):
                        return (_REPEATED.format(submission.recipients[record.place].mobile),)
            if len(few) == FEW:
                sleep(_PAUSE)
        return ()

    def _relied_on(self, user_id: str) -> object:
        """What a send is judged by, except for the credit."""
        account = self._accounts.find(user_id)
        may = account and (account.international, account.test_mode)
        return may, self._edition(), self._clock.course, self._delivery.foreseen

    def _accept(
        self, sending: Sending, plan: Plan, index: NumberIndex | None, repeated: tuple[str, ...]
    ) -> Receipt:
        batch = sending.batch
        account = self._accounts.charge(self._accounts.get(batch.user_id), sending.cost)
        batch.first_id = self.next_id
        self.next_id += len(batch.records)
        self._store.add(batch, index)
        self._delivery.begin(sending, plan)
        self._delivery.make_room()
        self._changes.announce()
        return Receipt(
            credit=account.credit,
            sent=sending.sent,
            cost=Decimal(sending.cost),
            unsent=sending.unsent,
            batch_id=batch.id,
            advice=sending.advice + repeated,
        )


def _batch_id(random: Random) -> str:
    """A UUID of version 4, without asking the system for randomness each time."""
    digits = random.randbytes(15).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"
