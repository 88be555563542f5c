"""Calls to be recorded, without a request to make them."""

from collections.abc import Sequence
from dataclasses import dataclass

from fake_every8d.calls import Response


@dataclass(frozen=True)
class Answered:
    """A call, by whichever API, that has been executed."""

    operation: str = "sendSMS"
    user_id: str = "demo"
    result: str = "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    advice: Sequence[str] = ("Mind the gap.",)

    def execute(self) -> None: ...

    def respond(self, result: str | None = None) -> Response:
        return Response(200, "text/plain", (result or self.result).encode())

    def fail(self, reason: str) -> Response:
        return Response(500, "text/plain", reason.encode())
