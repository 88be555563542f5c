"""Moving the clock over bookings that fall due on the way."""

from collections.abc import Mapping
from datetime import timedelta

from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.posting import CONTENT, gateway, numbers
from fake_every8d import Status


def run(quick: bool) -> list[Result]:
    """Bookings in one batch, in batches due at different times, and ten times as many."""
    total = 2000 if quick else 100_000
    batches = total // 100
    one, many = f"{total:,} in 1 batch", f"{total:,} in {batches:,} batches"
    ten = f"{10 * total:,} in {10 * batches:,} batches"
    measured = in_turn(
        2 if quick else 3,
        lambda: _advance(one, 1, total),
        lambda: _advance(many, batches, 100),
        lambda: _advance(ten, 10 * batches, 100),
    )
    return [
        result(measured, one, "ms", scale=1e3),
        result(measured, f"{one}, each", "µs", scale=1e6),
        result(measured, many, "ms", scale=1e3, beside=one),
        result(measured, f"{many}, each", "µs", scale=1e6),
        result(measured, ten, "ms", scale=1e3, beside=many),
        result(
            measured,
            f"{ten}, each",
            "µs",
            scale=1e6,
            beside=f"{many}, each",
            ratio_at_most=1.25,
        ),
    ]


def _advance(name: str, batches: int, size: int) -> Mapping[str, float]:
    """The seconds for each batch to be sent at its own time, and delivered a second later."""
    platform = gateway()
    platform.clock.freeze()
    key = platform.open_session("demo", "demo")
    mobile = ",".join(numbers(size))
    first = platform.clock.now + timedelta(hours=1)
    for place in range(batches):
        send_time = f"{first + timedelta(seconds=place):%Y%m%d%H%M%S}"
        platform.send_sms(key, "", CONTENT, mobile, send_time)
    seconds = per_call(lambda: platform.clock.advance(hours=1, seconds=batches + 1), 1)
    assert platform.message(batches * size).status is Status.DELIVERED
    platform.close()
    return {name: seconds, f"{name}, each": seconds / (batches * size)}
