"""A call of one of the platform's operations, whichever of its APIs it came by."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

_FEW = 3  # sentences of one kind
_KINDS = 20  # kinds of sentence, of which the APIs have fewer
_OTHERS = ""
_LONGEST_VALUE = 100  # characters of what a caller sent, within a sentence
_LONGEST = 500  # characters of a sentence


class Response(NamedTuple):
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: bytes


class Call(Protocol):
    """A request that an API has read, and is yet to be executed and answered.

    What failures on demand, the journal and the log know of a call; SOAP's and the HTTP API's
    have it in common.
    """

    @property
    def operation(self) -> str | None:
        """Such as `sendSMS`; None if the request asks for none: there is nothing to execute."""

    @property
    def user_id(self) -> str | None:
        """Whose account it is about, or who tries to log in; None as long as nobody knows."""

    @property
    def result(self) -> str | None:
        """What came of it, short enough for a log: a code, a receipt, a fault. Never a secret."""

    @property
    def advice(self) -> Iterable[str]:
        """What production does here that people do not expect, a sentence each."""

    def concerns(self) -> tuple[str | None, Sequence[str]]:
        """Whose account it is about and the numbers it sends to, as written, before it does.

        A failure on demand that is limited to one of them asks, and nobody else.
        """

    def execute(self) -> None:
        """Do what it asks for, if anything. The gateway changes here and nowhere else."""

    def respond(self, result: str | None = None) -> Response:
        """The response of an executed call; or `result` instead of what the operation said."""

    def fail(self, reason: str) -> Response:
        """The response of a server that failed: a SOAP fault, or what the API has for it."""


class Advice:
    """What a call's caller should know, a sentence each: bounded, whatever was sent.

    Of sentences that differ only in their values the first three are kept, and how many more
    there were.
    """

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[list[str], int]] = {}

    def add(self, sentence: str, *values: str) -> None:
        """Add `sentence.format(*values)`, whose kind is `sentence`; long values are cut short.

        Without values it is the sentence as it stands.
        """
        kind = _cut(sentence, _LONGEST)
        if kind not in self._kinds and len(self._kinds) >= _KINDS:
            kind = _OTHERS
        told, times = self._kinds.get(kind, ([], 0))
        if times < _FEW:
            short = [_cut(value, _LONGEST_VALUE) for value in values]
            told.append(_cut(sentence.format(*short) if values else sentence, _LONGEST))
        self._kinds[kind] = told, times + 1

    def extend(self, sentences: Iterable[str]) -> None:
        """Add sentences as they stand, such as those of a `Receipt`."""
        for sentence in sentences:
            self.add(sentence)

    def __iter__(self) -> Iterator[str]:
        """The sentences, those of a kind together."""
        for told, times in self._kinds.values():
            yield from told
            if times > _FEW:
                yield f"And {times - _FEW:,} more like the last."


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
