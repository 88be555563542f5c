"""Calls to be recorded, without a request to make them."""

from dataclasses import dataclass, field

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.calls import Response


def said(*batch_ids: str) -> Advice:
    """Advice about those batches, because of which nothing is lost."""
    advice = Advice()
    for batch_id in batch_ids:
        advice.add(AdviceKind.NO_BATCH, batch_id=batch_id)
    return advice


@dataclass(frozen=True)
class Executed:
    """A call, by whichever API, that has been executed."""

    operation: str = "sendSMS"
    user_id: str = "demo"
    result: str = "999.00,1,1.0,0,6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    advice: Advice = field(default_factory=lambda: said("1"))
    secrets: tuple[str, ...] = ()
    began: int | None = None

    def execute(self) -> None: ...

    def respond(self, result: str | None = None) -> Response:
        return Response(200, "text/plain", (result or self.result).encode())

    def fail(self, reason: str) -> Response:
        return Response(500, "text/plain", reason.encode())
