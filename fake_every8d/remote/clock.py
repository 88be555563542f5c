"""The clock of a fake elsewhere."""

from datetime import datetime, timedelta

from fake_every8d import event_loops
from fake_every8d.gateway import Clock, Conflict, InvalidInput
from fake_every8d.gateway.clock import duration_of, goes_back
from fake_every8d.remote import values
from fake_every8d.remote.client import Client, Json

_PATIENCE_ON_A_LOOP = 2.0  # real seconds
_ON_A_LOOP = (
    "the clock was moved on a thread that runs an event loop, and the fake has not responded: if "
    "the receiver of a status report runs on that loop, it cannot respond before this returns. "
    "Move the clock with `await every8d.clock.advance_async(…)` or `travel_to_async`"
)


class RemoteClock(Clock):
    """The public part of a `Clock`, over HTTP."""

    def __init__(self, client: Client) -> None:
        # Not that of `Clock`, which keeps time itself.
        self._client = client

    @property
    def now(self) -> datetime:
        return values.moment(self._client.get("clock")["now"])

    @property
    def running(self) -> bool:
        return bool(self._client.get("clock")["running"])

    @property
    def next_due(self) -> datetime | None:
        due = self._client.get("clock")["next_due"]
        return None if due is None else values.moment(due)

    def advance(self, duration: float | timedelta | None = None, /, **parts: float) -> datetime:
        passes = duration_of(duration, parts)
        if passes < timedelta():
            raise goes_back(self.now)
        return self._move_there({"advance_seconds": passes.total_seconds()})

    def travel_to(self, moment: datetime) -> datetime:
        if not isinstance(moment, datetime):
            raise InvalidInput(f"travel_to takes a datetime, not {moment!r}", field="travel_to")
        return self._move_there({"travel_to": moment.isoformat()})

    def to_next_due(self) -> datetime:
        return self._move_there({"to_next_due": True})

    def freeze(self) -> None:
        self._client.send("POST", "clock", body={"running": False})

    def resume(self) -> None:
        self._client.send("POST", "clock", body={"running": True})

    def _move_there(self, move: Json) -> datetime:
        on_a_loop = event_loops.running()
        # Otherwise without a limit: it waits for slow receivers and for retries.
        timeout = _PATIENCE_ON_A_LOOP if on_a_loop else None
        try:
            clock: Json = self._client.send("POST", "clock", body=move, timeout=timeout)
        except TimeoutError:
            raise Conflict(_ON_A_LOOP) from None
        return values.moment(clock["now"])
