"""Calls to be recorded, without a request to make them."""

from dataclasses import dataclass

from fake_every8d.calls import Response


class Said(tuple[str, ...]):
    """Advice of any length, because of which nothing is lost."""

    __slots__ = ()
    losses = ()


MIND_THE_GAP = Said(("Mind the gap.",))


@dataclass(frozen=True)
class Executed:
    """A call, by whichever API, that has been executed."""

    operation: str = "sendSMS"
    user_id: str = "demo"
    result: str = "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    advice: Said = MIND_THE_GAP
    secrets: tuple[str, ...] = ()
    began: int | None = None

    def execute(self) -> None: ...

    def respond(self, result: str | None = None) -> Response:
        return Response(200, "text/plain", (result or self.result).encode())

    def fail(self, reason: str) -> Response:
        return Response(500, "text/plain", reason.encode())
