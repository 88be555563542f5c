"""What clients that wait for a message cost those that send."""

import threading
from collections.abc import Mapping

from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.posting import numbers
from benchmarks.sending import Caller, get, serving

ALONE = "sendSMS, nobody waiting"
WAITING = "sendSMS, 16 waiting"

_WAITERS = 16


def run(quick: bool) -> list[Result]:
    """Sends a second to `serve` with 100,000 messages kept (aim: at least 0.8 times as many)."""
    kept, calls, rounds, wait = (2_000, 50, 2, 0.2) if quick else (100_000, 1_000, 5, 5)
    with serving("--max-messages", str(2 * kept)) as (_, url), Caller(url) as caller:
        for start in range(0, kept, 1000):
            caller.send("", "kept", numbers(kept)[start : start + 1000])

        def send() -> None:
            caller.send("", "x", ["0987654321"])

        def alone() -> Mapping[str, float]:
            return {ALONE: 1 / per_call(send, calls)}

        def waiting() -> Mapping[str, float]:
            # For numbers that nobody sends to, each from a client of its own.
            waiters = [
                threading.Thread(
                    target=get,
                    args=(url, f"/fake/messages?to=0970{place:06}&wait_seconds={wait}"),
                )
                for place in range(_WAITERS)
            ]
            for waiter in waiters:
                waiter.start()
            measured = 1 / per_call(send, calls)
            for waiter in waiters:
                waiter.join()
            return {WAITING: measured}

        rounds_taken = in_turn(rounds, alone, waiting)
    return [
        result(rounds_taken, ALONE, "/s"),
        result(rounds_taken, WAITING, "/s", beside=ALONE, ratio_at_least=0.95),
    ]
