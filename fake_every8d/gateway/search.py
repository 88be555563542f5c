"""Looking for messages, and for the phones that got them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import TypedDict, Unpack

from fake_every8d.gateway.clock import to_micros
from fake_every8d.gateway.messages import Batch, Message, Record, Reply, Status
from fake_every8d.gateway.platform import Platform

_FEW = 500  # messages that are shown before others have a turn at the lock
_NAMED = 100  # messages of a phone in which its owner's name is looked for

_NUMBER = re.compile(r"\+?[\d\s()-]{4,}", re.ASCII)
_NOT_A_DIGIT = re.compile("[^0-9]")

_id_of = attrgetter("id")
_number_of = attrgetter("number")

Condition = Callable[[Record], bool]


class Wanted(TypedDict, total=False):
    """Which messages are looked for: those that match everything given."""

    to: str | None
    """In any spelling."""
    user_id: str | None
    batch_id: str | None
    status: Status | int | None
    text: str | None
    """Within the content."""
    name: str | None
    """Within the recipient's name."""
    search: str | None
    """In any case, anywhere in number (in any spelling), content, name, e-mail address,
    subject, account, batch ID or a reply."""
    since: datetime | None
    """Accepted then or later."""
    until: datetime | None
    """Accepted earlier."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to which messages were sent, and those of them that were asked for."""

    number: str
    """`+886…` for a Taiwan mobile however it was written."""
    name: str
    """What its owner was called last, in one of the last 100 messages; empty if not at all."""
    messages: int
    """How many."""
    newest: Message
    """The last that was accepted."""
    unread: int
    """How many were accepted after `read_until`, of all that were sent to it."""


@dataclass(frozen=True, slots=True)
class Phones:
    """Some of the phones that were asked for, and how many there are."""

    phones: list[Phone]
    count: int
    """Of phones in all."""
    messages: int
    """Of messages to them."""
    unread: int
    """Of phones, of all that there are, with a message after `read_until`."""


class Search(Platform):
    """The platform, and what finds messages in it; no search holds up those who send."""

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
        """The messages that are wanted, oldest first; `after` and `before` a message's ID.

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
        # The search goes without the lock, and what is found is shown a few at a time.
        found: list[Message] = []
        matching = filter(matches, candidates)
        while limit is None or len(found) < limit:
            few = list(islice(matching, _FEW if limit is None else min(_FEW, limit - len(found))))
            if not few:
                break
            with self._lock:
                found += [record.snapshot() for record in filter(matches, few)]
        return found

    def phones(
        self,
        *,
        read_until: int = 0,
        offset: int = 0,
        limit: int | None = None,
        **wanted: Unpack[Wanted],
    ) -> Phones:
        """The phones with messages that are wanted, as for `messages`.

        The one whose last such message is newest comes first; the first `offset` of them are
        left out. The counts are of all phones and messages. `read_until` is the ID of a
        message: those after it are counted as unread.
        """
        matches = _condition(wanted)
        to, user_id, batch_id = wanted.get("to"), wanted.get("user_id"), wanted.get("batch_id")
        every = matches is None and to is batch_id is None  # all there are, or all of an account
        with self._lock:
            candidates = self._store.records(
                to=None if to is None else self._store.number(to),
                user_id=user_id,
                batch_id=batch_id,
                newest_first=True,
            )
            if every:
                counts = self._store.phones(user_id), self._store.messages(user_id)
        end = None if limit is None else offset + limit
        page: Iterable[tuple[Record, int]]
        if every:
            distinct = _distinct(map(_number_of, candidates))
            page = self._newest(islice(distinct, offset, end), user_id)
        else:
            found = list(filter(matches, candidates))
            numbers = [record.number for record in found]
            newest = dict(zip(reversed(numbers), reversed(found), strict=True))
            of_each = Counter(numbers)  # in the order in which they first come: the newest first
            shown = islice(of_each.items(), offset, end)
            page = ((newest[number], count) for number, count in shown)
            counts = len(of_each), len(found)
        return Phones(self._shown(page, read_until), *counts, self._unread(read_until))

    def _unread(self, read_until: int) -> int:
        """How many phones have a message after one."""
        with self._lock:
            if not read_until:
                return self._store.phones()
            records = self._store.records(after=read_until)
        return len({record.number for record in records})

    def _newest(self, numbers: Iterable[str], user_id: str | None) -> Iterator[tuple[Record, int]]:
        """The newest record of each number, and how many it has: of all, or of an account's."""
        for number in numbers:
            with self._lock:
                of_phone = self._store.of(number, user_id)
                if not of_phone:  # forgotten meanwhile
                    continue
                newest = of_phone[-1], len(of_phone)
            yield newest

    def _shown(self, found: Iterable[tuple[Record, int]], read_until: int) -> list[Phone]:
        """Phones, by their newest record and how many they have."""
        phones: list[Phone] = []
        for record, count in found:
            with self._lock:
                of_phone = self._store.of(record.number)
                last = islice(reversed(of_phone), _NAMED)
                phone = Phone(
                    number=record.number,
                    name=next((each.name for each in last if each.name), ""),
                    messages=count,
                    newest=record.snapshot(),
                    unread=len(of_phone) - bisect_right(of_phone, read_until, key=_id_of),
                )
            phones.append(phone)
        return phones


def _distinct(numbers: Iterable[str]) -> Iterator[str]:
    """Each number once, where it comes first."""
    seen: set[str] = set()
    for number in numbers:
        if number not in seen:
            seen.add(number)
            yield number


def _condition(wanted: Wanted) -> Condition | None:
    """What a record has to meet, wherever it is found; None if nothing."""
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
        conditions.append(lambda record: text in record.content)
    if name is not None:
        conditions.append(lambda record: name in record.name)
    if search is not None and search.strip():
        conditions.append(_holds(search.strip().lower()))
    if len(conditions) <= 1:
        return conditions[0] if conditions else None
    return lambda record: all(condition(record) for condition in conditions)


def _holds(needle: str) -> Condition:
    """Whether a record has the needle, in lower case, anywhere."""
    # It is asked of each record there is, so it does as little as it can.
    cased = needle != needle.upper()
    # People write 0912-345-678, or a part of it, for +886912345678.
    digits = _NOT_A_DIGIT.sub("", needle) if _NUMBER.fullmatch(needle) else ""
    mobile = f"+886{digits[1:]}" if digits.startswith("0") else None
    last: Batch | None = None
    in_batch = False

    def holds(record: Record) -> bool:
        nonlocal last, in_batch
        if record.batch is not last:
            last = record.batch
            in_batch = any(needle in text.lower() for text in (last.id, last.user_id, last.subject))
        if in_batch or needle in (record.content.lower() if cased else record.content):
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

    return holds


def _in_a_reply(needle: str, replies: Iterable[Reply]) -> bool:
    return any(needle in reply.text.lower() for reply in replies)
