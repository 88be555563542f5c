"""The cost, to clients that send, of clients that wait for a message."""

import threading
from collections.abc import Mapping, Sequence

from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.products import Client, Product, json_api
from benchmarks.requests import numbers

_ALONE = "sendSMS, nobody waiting"
_WAITING = "sendSMS, 16 waiting"
_WAITERS = 16


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure sends a second to `serve` with 100,000 messages kept."""
    kept, calls, rounds, wait = (2_000, 50, 2, 0.2) if quick else (100_000, 1_000, 5, 5)
    options = ("--max-messages", str(2 * kept))
    with products[0].serving(*options) as (_, url), Client(url) as client:
        for start in range(0, kept, 1000):
            client.send("", "kept", numbers(kept)[start : start + 1000])

        def send() -> None:
            client.send("", "x", ["0987654321"])

        def alone() -> Mapping[str, float]:
            return {_ALONE: 1 / per_call(send, calls)}

        def waiting() -> Mapping[str, float]:
            # Each waits for a number that nobody sends to.
            paths = [f"messages?to=0970{place:06}&wait_seconds={wait}" for place in range(_WAITERS)]
            waiters = [threading.Thread(target=json_api, args=(url, "GET", path)) for path in paths]
            for waiter in waiters:
                waiter.start()
            measured = 1 / per_call(send, calls)
            for waiter in waiters:
                waiter.join()
            return {_WAITING: measured}

        measured = in_turn(rounds, alone, waiting)
    return [
        result(measured, _ALONE, "/s"),
        result(measured, _WAITING, "/s", beside=_ALONE, ratio_at_least=0.95),
    ]
