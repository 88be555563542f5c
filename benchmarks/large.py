"""Work that is large for a test: a batch of 100,000, and an advance over 1,000,000 bookings."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter

from benchmarks.measuring import Result, in_turn, result
from benchmarks.products import Client, Product, json_api
from benchmarks.requests import CONTENT, numbers


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure over HTTP, as a user has it."""
    batch, bookings = (2_000, 5_000) if quick else (100_000, 1_000_000)
    sent, moved = f"sendSMS to {batch:,}", f"an advance over {bookings:,} bookings"
    rounds = in_turn(
        1 if quick else 3,
        *[partial(_batch, product, sent, batch) for product in products],
        *[partial(_advance, product, moved, bookings) for product in products],
    )
    rows = []
    for what in (sent, moved):
        of = [f"{product.name}: {what}" for product in products]
        beside = of[1] if len(of) > 1 else None
        rows.append(result(rounds, of[0], "ms", scale=1e3, beside=beside, at_most=None))
        rows += [result(rounds, other, "ms", scale=1e3) for other in of[1:]]
    return rows


def _batch(product: Product, what: str, size: int) -> Mapping[str, float]:
    options = ("--max-messages", str(10 * size))
    with product.serving(*options) as (_, url), Client(url) as client:
        client.send("", CONTENT, numbers(1))
        begun = perf_counter()
        client.send("", CONTENT, numbers(size))
        return {f"{product.name}: {what}": perf_counter() - begun}


def _advance(product: Product, what: str, bookings: int) -> Mapping[str, float]:
    """Batches of 100, each sent at a time of its own and delivered a second later."""
    options = ("--max-messages", str(2 * bookings))
    with product.serving(*options) as (_, url), Client(url) as client:
        clock = json_api(url, "POST", "clock", {"running": False})
        first = datetime.fromisoformat(clock["now"]) + timedelta(hours=12)
        for place in range(bookings // 100):
            due = first + timedelta(seconds=place)
            client.send("", CONTENT, numbers(100), f"{due:%Y%m%d%H%M%S}")
        begun = perf_counter()
        json_api(url, "POST", "clock", {"advance_seconds": 12 * 3600 + bookings // 100 + 2})
        return {f"{product.name}: {what}": perf_counter() - begun}
