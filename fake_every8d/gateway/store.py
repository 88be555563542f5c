"""The batches and messages that are kept, how they are found, and for how long they stay."""

import heapq
import logging
import sys
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import attrgetter

from fake_every8d.gateway import numbers
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.errors import NotFound
from fake_every8d.gateway.messages import Batch, Record
from fake_every8d.gateway.number_index import NumberIndex

_CHUNK = 512  # records to a list
_FEW = 1_000  # numbers or records dealt with before others get the lock
_LOTS = 1_000  # into which the limit is divided: so much is forgotten at a time, in one go
_RECENT = 20_000  # changes that are remembered, so that finding the latest never takes long

_id_of = attrgetter("id")
_first_id_of = attrgetter("first_id")

_logger = logging.getLogger(__name__)


class Store:
    """Batches and their records, oldest first, and what finds them; the lock guards it.

    Above `limit` records the oldest finished batches are forgotten: never the newest,
    nor one that still has a booking, a delivery or a report to come.
    """

    def __init__(self, limit: int, changes: Changes) -> None:
        self._limit = limit
        self._changes = changes
        self._announced = False
        self._batches: dict[str, dict[str, Batch]] = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for batch in self.batches():
            batch.free()
        self._batches = {}  # by account, and by ID
        self._records = _Records()
        self._by_number: defaultdict[str, NumberIndex] = defaultdict(NumberIndex)  # by account
        # To be merged into an account's index, or removed from it.
        self._put_off: deque[tuple[str, NumberIndex | Iterator[Record]]] = deque()
        self._recent: deque[int] = deque(maxlen=_RECENT)  # IDs, in the order of their changes
        self._finished: list[int] = []  # a heap of finished batches: their first records' IDs
        self._newest: Batch | None = None

    def __len__(self) -> int:
        """How many records are kept."""
        return len(self._records)

    def messages(self, user_id: str | None = None) -> int:
        """How many records of an account are kept; of all accounts, without one."""
        if user_id is None:
            return len(self)
        return sum([len(batch.records) for batch in self._batches.get(user_id, {}).values()])

    def phones(self, user_id: str | None = None) -> int:
        """How many numbers they are to."""
        numbers = [index.numbers for index in self._indexes(user_id)]
        return len(numbers[0] if len(numbers) == 1 else set().union(*numbers))

    def add(self, batch: Batch, index: NumberIndex | None = None) -> None:
        """Keep a batch, whose records come after all others.

        With many records, give an `index` of them, to be quick: merging it into the index
        of all others is then put off (`catch_up`).
        """
        batch.first_version = self._changes.count(len(batch.records)) - len(batch.records) + 1
        self._batches.setdefault(batch.user_id, {})[batch.id] = batch
        self._newest = batch
        self._records.extend(batch.records)
        self._recent.extend(batch.ids[-_RECENT:])
        if index is None:
            self._by_number[batch.user_id].add(batch.records)
            self.wake(batch, batch.records)
            return
        if self._put_off or len(self._by_number[batch.user_id].numbers) > _FEW:
            self._put_off.append((batch.user_id, index))
        else:
            index.take(self._by_number[batch.user_id], _FEW)
            self._by_number[batch.user_id] = index
        self._changes.wake(("batch_id", batch.id), ("user_id", batch.user_id))
        self._changes.wake_known("to", index.numbers)

    @property
    def behind(self) -> bool:
        """Whether anything has been put off."""
        return bool(self._put_off)

    def catch_up(self) -> None:
        """Do a little of what was put off."""
        if self._put_off:
            user_id, first = self._put_off[0]
            if isinstance(first, NumberIndex):
                self._by_number[user_id].take(first, _FEW)
                done = not first.numbers
            else:
                few = list(islice(first, _FEW))
                index = self._by_number[user_id]
                index.forget(few)
                if not index.numbers:
                    del self._by_number[user_id]
                done = len(few) < _FEW
            if done:
                self._put_off.popleft()

    def touch(self, batch: Batch, records: Sequence[Record]) -> None:
        """These records of a batch have changed."""
        last = self._changes.count(len(records))
        first = last - len(records) + 1
        if len(records) == len(batch.records):  # all of them, as nearly always
            batch.first_version = first
            for record in records:
                record.version = 0
        else:
            for version, record in enumerate(records, first):
                record.version = version
        self._recent.extend([record.id for record in records[-_RECENT:]])
        self.wake(batch, records)

    def wake(self, batch: Batch, records: Iterable[Record]) -> None:
        """Wake those who wait for something about these records of a batch."""
        if self._changes.topical:
            about = {("to", record.number) for record in records}
            self._changes.wake(("batch_id", batch.id), ("user_id", batch.user_id), *about)
        else:
            self._changes.wake()

    def batch(self, batch_id: str, user_id: str | None = None) -> Batch | None:
        """The batch of that ID, if it is the account's own (A7)."""
        if user_id is not None:
            return self._batches.get(user_id, {}).get(batch_id)
        found = (batches[batch_id] for batches in self._batches.values() if batch_id in batches)
        return next(found, None)

    def record(self, record_id: int) -> Record:
        """Raises `NotFound`."""
        record = self._records.get(record_id)
        if record is None:
            raise NotFound(f"there is no message {record_id}")
        return record

    def number(self, text: str) -> str:
        """The number under which messages to `text` are kept, in whatever spelling that is.

        Raises `NotFound` if it is no number, and nothing was sent to it either.
        """
        number, kind = numbers.parse_spelling(text)
        if kind is numbers.Kind.INVALID and not self.of(number):
            raise NotFound(
                f"{text!r} is not a phone number such as 0912345678 or +14155550100, "
                "and nothing was sent to it"
            )
        return number

    def records(
        self,
        *,
        to: str | None = None,
        user_id: str | None = None,
        batch_id: str | None = None,
        after: int | None = None,
        before: int | None = None,
        changed_after: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Record]:
        """The records of a number, an account and a batch, with an ID in between.

        `to` is as `number` gives it. With `changed_after`, a version, those that have
        changed since, in the order in which they did. The lock is not needed to go through
        them.
        """
        step = -1 if newest_first else 1
        records: Iterable[Record]
        if changed_after is not None:
            records = self._changed_after(changed_after)
        elif batch_id is not None:
            batch = self.batch(batch_id, user_id)
            records = batch.records[::step] if batch else ()
        elif to is not None:
            records = self.of(to, user_id)[::step]
        elif user_id is not None:
            batches = self.batches(user_id)
            if before is not None:
                batches = batches[: bisect_left(batches, before, key=_first_id_of)]
            records = chain.from_iterable(batch.records[::step] for batch in batches[::step])
            if after is before is None:
                return records
        else:
            return self._records.between(after or 0, before, newest_first=newest_first)
        return (
            record
            for record in records
            if (to is None or record.number == to)
            and (user_id is None or record.batch.user_id == user_id)
            and (batch_id is None or record.batch.id == batch_id)
            and (after is None or record.id > after)
            and (before is None or record.id < before)
        )

    def last_sent(
        self, user_id: str, number: str, content: str, since: int, among: int | None = None
    ) -> str | None:
        """The ID of the latest batch in which an account sent a text to a number (H11).

        Only since `since`, in µs, and only among its last `among` SMS to the number.
        """
        for record in islice(reversed(self.of(number, user_id)), among):
            if record.content == content and record.was_sent and record.due >= since:
                return record.batch.id
        return None

    def sent_since(self, first_id: int, batch: Batch) -> bool:
        """Whether its account has sent a batch's text to the same number since an ID."""
        content = batch.records[0].content
        others: set[str] = set()
        for other in reversed(self._batches.get(batch.user_id, {}).values()):
            if other.first_id < first_id:
                break
            others.update([one.number for one in other.records if one.content == content])
        return bool(others) and not others.isdisjoint([one.number for one in batch.records])

    def of(self, number: str, user_id: str | None = None) -> Sequence[Record]:
        """The records of a number, oldest first; only one account's, if that is given."""
        indexes = self._indexes(user_id)
        found = [records for index in indexes if (records := index.of(number))]
        if len(found) <= 1 and not self._put_off:
            return found[0] if found else ()
        kept = [record for record in chain.from_iterable(found) if record.batch.records]
        return sorted(kept, key=_id_of)

    def _indexes(self, user_id: str | None) -> list[NumberIndex]:
        """An account's or all of them, with those that are still to be merged."""
        if user_id is None:
            merged = [*self._by_number.values()]
        else:
            merged = [self._by_number[user_id]] if user_id in self._by_number else []
        return merged + [
            index
            for whose, index in self._put_off
            if isinstance(index, NumberIndex) and user_id in (None, whose)
        ]

    def _changed_after(self, version: int) -> list[Record]:
        """The records that have changed after a `version`, in the order in which they did."""
        recent: dict[int, Record] = {}
        for record_id in reversed(self._recent):
            record = self._records.get(record_id)
            if record is None:
                continue  # forgotten
            if record.version <= version:
                break
            recent[record_id] = record
        else:
            if len(self._recent) == _RECENT:  # there may be others, whose changes are not in it
                recent = {
                    record.id: record
                    for record in self._records.between()
                    if record.version > version
                }
        return sorted(recent.values(), key=attrgetter("version"))

    def batches(self, user_id: str | None = None) -> list[Batch]:
        """The batches of an account, or all of them."""
        if user_id is not None:
            return [*self._batches.get(user_id, {}).values()]
        of_accounts = [batches.values() for batches in self._batches.values()]
        if len(of_accounts) == 1:
            return [*of_accounts[0]]
        return sorted(chain.from_iterable(of_accounts), key=_first_id_of)

    def keep(self, batch: Batch) -> None:
        """Count one more thing that is still to come for a batch: it is not forgotten."""
        batch.to_come += 1

    def release(self, batch: Batch) -> None:
        """Count one less: something that was to come has happened."""
        batch.to_come -= 1
        self.close_if_done(batch)

    def close_if_done(self, batch: Batch) -> None:
        """Let a batch be forgotten from now on, if nothing is still to come for it."""
        if not batch.to_come:
            heapq.heappush(self._finished, batch.first_id)

    def forget_oldest(self) -> list[range]:
        """The IDs of the records that had to go to keep within the limit, by batch.

        A lot goes at a time, which is less work for each.
        """
        if len(self._records) <= self._limit:
            return []
        forgotten: list[range] = []
        records: defaultdict[str, list[Sequence[Record]]] = defaultdict(list)  # by account
        fewer = self._limit - self._limit // _LOTS
        while len(self._records) > fewer and self._finished:
            first = self._records.get(heapq.heappop(self._finished))
            if first is None or first.batch.to_come:
                continue  # gone already, or waiting for something again
            batch, kept = first.batch, len(self._records)
            has_to = kept > self._limit or kept - len(batch.records) >= fewer
            if batch is self._newest or not has_to:
                heapq.heappush(self._finished, first.id)
                break
            forgotten.append(batch.ids)
            records[batch.user_id].append(self._forget(batch))
        for user_id, of_account in records.items():
            self._put_off.append((user_id, chain.from_iterable(of_account)))
        if forgotten and not self._announced:
            self._announced = True
            _logger.warning(
                "more than %d messages: from now on the oldest finished batches are forgotten",
                self._limit,
            )
        return forgotten

    def forget_all_of(self, user_id: str) -> None:
        """Forget an account's batches, whatever is still to come for them."""
        records = [self._forget(batch) for batch in self.batches(user_id)]
        self._put_off.append((user_id, chain.from_iterable(records)))
        if self._newest is not None and self._newest.user_id == user_id:
            self._newest = None

    def _forget(self, batch: Batch) -> Sequence[Record]:
        """Forget a batch. Returns its records, which are to be taken out of the index."""
        of_account = self._batches[batch.user_id]
        del of_account[batch.id]
        if not of_account:
            del self._batches[batch.user_id]
        self._records.remove(batch.ids)
        records = batch.records
        batch.free()
        return records


class _Records:
    """Records by their IDs, which are given out one after the other.

    In chunks of equal length: that takes a tenth of a dict's memory, and a range of IDs is
    found without looking at those before.
    """

    def __init__(self) -> None:
        self._chunks: dict[int, list[Record | None]] = {}
        self._kept: dict[int, int] = {}  # how many are left, by chunk
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, id: int) -> Record | None:
        chunk = self._chunks.get(id // _CHUNK, ())
        place = id % _CHUNK
        return chunk[place] if place < len(chunk) else None

    def extend(self, records: Sequence[Record]) -> None:
        """Add records whose IDs follow on one another, and come after all others'."""
        self._count += len(records)
        start = 0
        while start < len(records):
            index, place = divmod(records[start].id, _CHUNK)
            chunk = self._chunks.setdefault(index, [])
            chunk.extend([None] * (place - len(chunk)))
            self._kept.setdefault(index, 0)
            added = records[start : start + _CHUNK - place]
            chunk.extend(added)
            self._kept[index] += len(added)
            start += len(added)

    def remove(self, ids: range) -> None:
        """Remove records by their IDs, which follow on one another."""
        self._count -= len(ids)
        while ids:
            index, place = divmod(ids[0], _CHUNK)
            here = min(len(ids), _CHUNK - place)
            self._chunks[index][place : place + here] = [None] * here
            self._kept[index] -= here
            if not self._kept[index]:
                del self._chunks[index], self._kept[index]
            ids = ids[here:]

    def between(
        self, after: int = 0, before: int | None = None, *, newest_first: bool = False
    ) -> Iterator[Record]:
        """Those with an ID in between, oldest first unless told otherwise."""
        end = sys.maxsize if before is None else before
        chunks = [
            (index * _CHUNK, chunk)
            for index, chunk in self._chunks.items()
            if after // _CHUNK <= index <= end // _CHUNK
        ]
        step = -1 if newest_first else 1
        return (
            record
            for first, chunk in chunks[::step]
            for record in chunk[max(after + 1 - first, 0) : max(end - first, 0)][::step]
            if record is not None
        )
