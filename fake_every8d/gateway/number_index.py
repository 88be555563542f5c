"""An index of records by phone number."""

from collections import Counter
from collections.abc import Iterable, KeysView, Sequence
from operator import attrgetter

from fake_every8d.gateway.messages import Record

_id_of = attrgetter("id")


class NumberIndex:
    """Records by their number, oldest first; a number's only record costs no list."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._found: dict[str, Record | list[Record]] = {}
        self.add(records)

    @property
    def numbers(self) -> KeysView[str]:
        """Those that have records."""
        return self._found.keys()

    def of(self, number: str) -> Sequence[Record]:
        """A number's records, oldest first."""
        found = self._found.get(number, ())
        return (found,) if isinstance(found, Record) else found

    def add(self, records: Iterable[Record]) -> None:
        """Add records that come after all others."""
        found = self._found
        for record in records:
            number = record.number
            same = found.setdefault(number, record)
            if same is not record:
                if isinstance(same, list):
                    same.append(record)
                else:
                    found[number] = [same, record]

    def forget(self, records: Iterable[Record]) -> None:
        """Remove records whose batches are forgotten: as a rule the first to their numbers."""
        found = self._found
        for number, gone in Counter([record.number for record in records]).items():
            same = found.get(number)
            if isinstance(same, list):
                kept = (place for place, record in enumerate(same) if record.batch.records)
                first = next(kept, len(same))
                del same[:first]
                if first < gone:
                    same[:] = [record for record in same if record.batch.records]
                if not same:
                    del found[number]
            elif same is not None and not same.batch.records:
                del found[number]

    def take(self, other: "NumberIndex", most: int) -> None:
        """Move up to `most` numbers, with their records, from another index."""
        theirs, found = other._found, self._found
        for _ in range(min(most, len(theirs))):
            number, more = theirs.popitem()
            same = found.setdefault(number, more)
            if same is more:
                continue
            if not isinstance(same, list):
                same = found[number] = [same]
            last = same[-1]
            same += more if isinstance(more, list) else [more]
            if last.id > same[-1].id:
                same.sort(key=_id_of)
