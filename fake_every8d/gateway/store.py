"""The store of batches and messages: keeping, finding and forgetting them."""

import heapq
import logging
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from sys import getsizeof

from fake_every8d.gateway import numbers
from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.errors import NotFound
from fake_every8d.gateway.messages import Batch, Record

_LOTS = 1_000  # evict 1/1,000 of the limit at a time
_ORDINARY = 1_000  # bytes of a message's texts that do not count, since `limit` bounds them already
_MOST_BYTES = 12 * 1024 * 1024  # of the texts beyond, of all messages
_WIDEST = 4  # bytes of a character
_RECENT = 20_000  # changes that are remembered, so that finding the latest never takes long

_id_of = attrgetter("id")
_version_of = attrgetter("version")

_logger = logging.getLogger(__name__)


class Store:
    """Batches and their records, oldest first, with their indexes; the lock guards it.

    Above `limit` records, or 12 MiB by which texts, replies and reports exceed 1,000 bytes a
    message, the oldest finished batches are forgotten: never the newest, nor one that still
    has a booking, a delivery or a report to come.
    """

    def __init__(self, limit: int, changes: Changes) -> None:
        self.limit = limit
        self._changes = changes
        self._announced = False
        self._batches: dict[str, Batch] = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        for batch in self._batches.values():
            batch.free()
        self._batches = {}  # by ID
        self._records: dict[int, Record] = {}
        self._by_number: dict[str, list[Record]] = {}
        self._recent: deque[int] = deque(maxlen=_RECENT)  # IDs, in the order of their changes
        self._finished: list[int] = []  # a heap of finished batches: their first records' IDs
        self._newest: Batch | None = None
        self._bytes = 0

    def __len__(self) -> int:
        """The number of kept records."""
        return len(self._records)

    @property
    def phones(self) -> int:
        """The number of distinct phone numbers."""
        return len(self._by_number)

    def add(self, batch: Batch) -> None:
        """Add a batch, whose records come after all others."""
        self._batches[batch.id] = self._newest = batch
        for record_id, record in enumerate(batch.records, batch.first_id):
            self._records[record_id] = record
            self._by_number.setdefault(record.number, []).append(record)
        self.grow(batch, _size(batch))
        self.touch(batch.records)

    def grow(self, batch: Batch, by: int) -> None:
        """Add to the bytes of a batch beyond the ordinary."""
        batch.size += by
        self._bytes += by

    def touch(self, records: Sequence[Record]) -> None:
        """Note that these records of a batch have changed."""
        first = self._changes.count(len(records)) - len(records) + 1
        changed = self._recent.append
        for version, record in enumerate(records, first):
            record.version = version
            changed(record.batch.first_id + record.place)
        self.wake(records)

    def wake(self, records: Sequence[Record]) -> None:
        """Wake the waiters for these records of a batch."""
        if self._changes.topical and records:
            batch = records[0].batch
            about = {("to", record.number) for record in records}
            self._changes.wake(("batch_id", batch.id), ("user_id", batch.user_id), *about)
        else:
            self._changes.wake()

    def batch(self, batch_id: str, user_id: str) -> Batch | None:
        """The batch of an ID, if it is the account's own (A7)."""
        batch = self._batches.get(batch_id)
        return batch if batch is not None and batch.user_id == user_id else None

    def record(self, record_id: int) -> Record:
        """The record of a message's ID. Raises `NotFound`."""
        try:
            return self._records[record_id]
        except KeyError:
            raise NotFound(
                f"there is no message {record_id}", field="message_id", reason="unknown"
            ) from None

    def number(self, text: str) -> str:
        """The kept form of the number `text`, in any spelling.

        Raises `NotFound` if it is no number, and nothing was sent to it either.
        """
        number, kind = numbers.parse_spelling(text)
        if kind is numbers.Kind.INVALID and number not in self._by_number:
            raise NotFound(
                f"{text!r} is not a phone number such as 0912345678 or +14155550100, "
                "and nothing was sent to it",
                field="to",
                reason="unknown",
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
    ) -> list[Record]:
        """The records of a number, an account and a batch, with IDs between `after` and `before`.

        `to` is as `number` gives it. With `changed_after`, a version, the records that have changed
        since, in the order of their changes.
        """
        if changed_after is not None:
            records = self._changed_after(changed_after)
        elif batch_id is not None:
            batch = self._batches.get(batch_id)
            records = list(batch.records) if batch else []
        elif to is not None:
            records = list(self.records_to(to))
        else:
            records = list(self._records.values())
        if changed_after is None:
            if before is not None:
                del records[bisect_right(records, before - 1, key=_id_of) :]
            if after is not None:
                del records[: bisect_right(records, after, key=_id_of)]
            if newest_first:
                records.reverse()
        if user_id is not None:
            records = [record for record in records if record.batch.user_id == user_id]
        if changed_after is None and (batch_id is None or to is None):
            return records
        return [
            record
            for record in records
            if (to is None or record.number == to)
            and (batch_id is None or record.batch.id == batch_id)
            and (after is None or record.id > after)
            and (before is None or record.id < before)
        ]

    def last_sent(
        self, user_id: str, number: str, content: str, since: int, *, only_last: bool = False
    ) -> str | None:
        """The ID of the latest batch in which an account sent a text to a number (H11).

        It looks back to `since`, in µs. With `only_last`, it counts only if it was the last SMS to
        the number.
        """
        for record in reversed(self.records_to(number)):
            if record.batch.user_id != user_id:
                continue
            if record.text == content and record.was_sent and record.due >= since:
                return record.batch.id
            if only_last:
                break
        return None

    def records_to(self, number: str) -> Sequence[Record]:
        """The records of a number, oldest first."""
        return self._by_number.get(number, ())

    def _changed_after(self, version: int) -> list[Record]:
        """The records that have changed after a `version`, in the order of their changes."""
        recent: dict[int, Record] = {}
        for record_id in reversed(self._recent):
            record = self._records.get(record_id)
            if record is None:
                continue  # forgotten
            if record.version <= version:
                break
            recent[record_id] = record
        else:
            if len(self._recent) == _RECENT:  # there may be others, whose changes it does not have
                recent = {
                    record_id: record
                    for record_id, record in self._records.items()
                    if record.version > version
                }
        return sorted(recent.values(), key=_version_of)

    def batches(self, user_id: str | None = None) -> list[Batch]:
        """The batches of an account, or all of them."""
        batches = list(self._batches.values())
        if user_id is None:
            return batches
        return [batch for batch in batches if batch.user_id == user_id]

    def pin(self, batch: Batch) -> None:
        """Pin a batch once more, for a pending event: it is not forgotten."""
        batch.to_come += 1

    def unpin(self, batch: Batch) -> None:
        """Unpin a batch once, since a pending event has happened."""
        batch.to_come -= 1
        self.close_if_done(batch)

    def close_if_done(self, batch: Batch) -> None:
        """Let a batch be forgotten from now on, unless it is pinned."""
        if not batch.to_come:
            heapq.heappush(self._finished, batch.first_id)

    def forget_oldest(self) -> list[int]:
        """Forget the oldest batches above the limit. Return the IDs of their records.

        It forgets many at a time, which is less work for each.
        """
        if len(self._records) <= self.limit and self._bytes <= _MOST_BYTES:
            return []
        fewer = self.limit - self.limit // _LOTS
        going: list[Batch] = []
        kept, size = len(self._records), self._bytes
        while (kept > fewer or size > _MOST_BYTES) and self._finished:
            first = self._records.get(heapq.heappop(self._finished))
            if first is None or first.batch.to_come or first.batch in going[-1:]:
                continue  # gone already, or waiting for something again
            batch = first.batch
            has_to = kept > self.limit or size > _MOST_BYTES or kept - len(batch.records) >= fewer
            if batch is self._newest or not has_to:
                heapq.heappush(self._finished, batch.first_id)
                break
            kept -= len(batch.records)
            size -= batch.size
            going.append(batch)
        if going and not self._announced:
            self._announced = True
            _logger.warning(
                "more than %d messages, or %d MiB of long ones: from now on the oldest finished "
                "batches are forgotten",
                self.limit,
                _MOST_BYTES >> 20,
            )
        forgotten = [record_id for batch in going for record_id in batch.ids]
        self.forget(going)
        return forgotten

    def forget(self, batches: Iterable[Batch]) -> None:
        """Forget these batches, even pinned ones."""
        batches = list(batches)
        gone = list(chain.from_iterable(batch.records for batch in batches))
        for record_id in chain.from_iterable(batch.ids for batch in batches):
            self._records.pop(record_id, None)
        for number, times in Counter([record.number for record in gone]).items():
            records = self._by_number.get(number, [])
            # As a rule they are the first of its records.
            kept = (place for place, one in enumerate(records) if one.id in self._records)
            first = next(kept, len(records))
            del records[:first]
            if first < times:
                records[:] = [one for one in records if one.id in self._records]
            if not records:
                self._by_number.pop(number, None)
        for batch in batches:
            if self._batches.pop(batch.id, None) is not None:
                self._bytes -= batch.size
            batch.free()
            if batch is self._newest:
                self._newest = None


def _size(batch: Batch) -> int:
    """The bytes of a batch's texts beyond those of ordinary messages; each text counts once."""
    texts = [batch.subject, batch.retry_time, batch.event_id]
    for record in batch.records:
        texts += (record.text, record.to, record.name, record.email, record.given_record_number)
    ordinary = _ORDINARY * len(batch.records)
    if sum(map(len, texts)) * _WIDEST < ordinary:  # as nearly always
        return 0
    once = {id(text): text for text in texts}.values()
    return max(0, sum(map(getsizeof, once)) - ordinary)
