"""How a send comes in: read, judged, charged, kept and on its way."""

import threading
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import count, islice
from random import Random

from fake_every8d.gateway import numbers
from fake_every8d.gateway.accounts import Account, Accounts, Caller
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.clock import Clock
from fake_every8d.gateway.delivery import Delivery
from fake_every8d.gateway.editions import Edition
from fake_every8d.gateway.errors import NO_MOBILE, PlatformError
from fake_every8d.gateway.messages import Recipient
from fake_every8d.gateway.results import FilteredReceipt, Receipt, SentBefore
from fake_every8d.gateway.sending import DAY, Sending, Submission
from fake_every8d.gateway.store import Store

_MANY = 100  # recipients, from which on a send is judged without the lock
_TRIES = 3  # at doing so, before it is done with it
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
        self._random = Random()  # its own, so that a suite that seeds Python's gets other IDs too
        self.reset()

    def reset(self) -> None:
        """Message IDs begin at 1 again (X1)."""
        self._ids = count(1)

    def send(self, caller: Caller, submission: Submission) -> Receipt:
        """Send, or raise what is wrong.

        What goes to many is judged without the lock, which counts if what that relied on
        has not changed in the meantime.
        """
        if len(submission.recipients) > _MANY:
            for _ in range(_TRIES):
                with self._lock:
                    account = self._account(caller, submission)
                    relied_on = self._relied_on(account.user_id)
                sending = self._judge(account, submission)
                with self._lock:
                    if self._relied_on(account.user_id) == relied_on:
                        return self._accept(sending)
        with self._lock:
            return self._accept(self._judge(self._account(caller, submission), submission))

    def send_filtered(
        self, caller: Caller, submission: Submission, *, send: bool
    ) -> FilteredReceipt:
        """Send to those to whom the text was not sent today; with `send`, that is (H11)."""
        with self._lock:
            account = self._account(caller, submission)
            left_out = tuple(self._sent_before(account.user_id, submission.recipients))
            mobiles = {before.mobile for before in left_out}
            left = [other for other in submission.recipients if other.mobile not in mobiles]
            receipt = None
            if send and left:
                receipt = self.send(caller, submission._replace(recipients=left))
            return FilteredReceipt(receipt, left_out)

    def _account(self, caller: Caller, submission: Submission) -> Account:
        """Whose send it is. Raises what is wrong with who calls, then with what was given."""
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

    def _sent_before(
        self, user_id: str, recipients: Sequence[Recipient], *, among: int | None = None
    ) -> Iterator[SentBefore]:
        """Those to whom the account sent the same text within 24 hours (H11).

        With `among`, only so many of the last SMS to each are looked at.
        """
        since = self._clock.micros - DAY
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

    def _relied_on(self, user_id: str) -> object:
        """What a send is judged by, but for the credit."""
        account = self._accounts.find(user_id)
        may = account and (account.international, account.test_mode)
        return may, self._edition(), self._clock.course

    def _accept(self, sending: Sending) -> Receipt:
        batch, submission = sending.batch, sending.submission
        advice: tuple[str, ...] = ()
        if submission.tell_repeats:
            repeats = self._sent_before(batch.user_id, submission.recipients, among=1)
            advice = tuple([_REPEATED.format(repeat.mobile) for repeat in islice(repeats, 1)])
        sending.settle(self._accounts.get(batch.user_id).credit, self._ids)
        account = self._accounts.charge(batch.user_id, sending.cost)
        self._store.add(batch)
        self._delivery.begin(sending)
        self._delivery.make_room()
        self._changes.announce()
        return Receipt(
            credit=account.credit,
            sent=sending.sent,
            cost=Decimal(sending.cost),
            unsent=sending.unsent,
            batch_id=batch.id,
            advice=sending.advice + advice,
        )


def _batch_id(random: Random) -> str:
    """A UUID of version 4, without asking the system for randomness each time."""
    digits = f"{random.getrandbits(120):030x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-a{digits[15:18]}-{digits[18:]}"
