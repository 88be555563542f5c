"""The batches and messages that are kept, and for how long."""

import heapq
import logging
from collections.abc import Iterable, ValuesView

from fake_every8d.gateway.changes import Changes
from fake_every8d.gateway.errors import NotFound
from fake_every8d.gateway.messages import Batch, Record

_logger = logging.getLogger(__name__)


class Store:
    """Batches by their ID and records by theirs, oldest first; the lock guards it.

    Above `limit` records the oldest finished batches are forgotten: never the newest,
    nor one that still has a booking, a delivery or a report to come.
    """

    def __init__(self, limit: int, changes: Changes) -> None:
        self._limit = limit
        self._changes = changes
        self._announced = False
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._batches: dict[str, Batch] = {}
        self._records: dict[int, Record] = {}
        self._finished: list[int] = []  # a heap of finished batches: their first records' IDs
        self._newest: Batch | None = None

    def add(self, batch: Batch) -> None:
        self._batches[batch.id] = batch
        self._newest = batch
        self._records.update((record.id, record) for record in batch.records)
        self.touch(batch.records)

    def touch(self, records: Iterable[Record]) -> None:
        """They have changed."""
        for record in records:
            record.version = self._changes.next_version()

    def batch(self, batch_id: str, user_id: str) -> Batch | None:
        """The batch of that ID, if it is the account's own (A7)."""
        batch = self._batches.get(batch_id)
        return batch if batch is not None and batch.user_id == user_id else None

    def record(self, record_id: int) -> Record:
        """Raises `NotFound`."""
        try:
            return self._records[record_id]
        except KeyError:
            raise NotFound(f"there is no message {record_id}") from None

    def records(self) -> ValuesView[Record]:
        return self._records.values()

    def batches(self) -> ValuesView[Batch]:
        return self._batches.values()

    def keep(self, batch: Batch) -> None:
        """Something is still to come for it."""
        batch.open += 1

    def release(self, batch: Batch) -> None:
        """Something that was to come has happened."""
        batch.open -= 1
        self.close_if_done(batch)

    def close_if_done(self, batch: Batch) -> None:
        if not batch.open:
            heapq.heappush(self._finished, batch.records[0].id)

    def forget_oldest(self) -> list[Record]:
        """The records that had to go to keep within the limit."""
        forgotten: list[Record] = []
        while len(self._records) > self._limit and self._finished:
            first = self._records.get(heapq.heappop(self._finished))
            if first is None or first.batch.open:
                continue  # gone already, or waiting for something again
            batch = first.batch
            if batch is self._newest:
                heapq.heappush(self._finished, first.id)
                break
            del self._batches[batch.id]
            for record in batch.records:
                del self._records[record.id]
            forgotten += batch.records
        if forgotten and not self._announced:
            self._announced = True
            _logger.warning(
                "more than %d messages: from now on the oldest finished batches are forgotten",
                self._limit,
            )
        return forgotten
