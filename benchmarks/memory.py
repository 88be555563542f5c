"""The memory of `serve`, as Linux counts it from outside: resident set sizes."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.measuring import Result, in_turn, result
from benchmarks.products import Client, Product, json_api
from benchmarks.requests import numbers

_STARTED = "serve, just started"
_MESSAGE = "a message, one to a call"
_MIB = 2**-20


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure a fresh process, the growth for each message kept, and the retention at work."""
    count = 500 if quick else 100_000
    # One round: no slow spell changes a size.
    sizes = in_turn(1, *[partial(_measure, product, count) for product in products])
    rows = []
    for product in products:
        own = {name: f"{product.name}: {name}" for name in (_STARTED, _MESSAGE)}
        early, late = (f"{product.name}: {_after(times * count, count)}" for times in (2, 10))
        rows += [
            result(sizes, own[_STARTED], "MiB", scale=_MIB),
            result(sizes, own[_MESSAGE], "bytes", at_most=1200),
            result(sizes, early, "MiB", scale=_MIB),
            result(sizes, late, "MiB", scale=_MIB, beside=early, ratio_at_most=1.15),
        ]
    return rows


def _after(sent: int, kept: int) -> str:
    return f"serve after {sent:,}, {kept:,} kept"


def _measure(product: Product, count: int) -> Mapping[str, float]:
    sizes = {}
    options = ("--max-messages", str(count), "--delivery-seconds", "0")
    with product.serving(*options) as (process, url), Client(url) as client:
        sizes[_STARTED] = _resident(process.pid)
        _send(client, range(200))
        json_api(url, "POST", "reset")
        with Client(url) as client:
            before = _resident(process.pid)
            _send(client, range(count))
            sizes[_MESSAGE] = (_resident(process.pid) - before) / count
            for sent in range(count, 10 * count, 10):  # ten to a call
                client.send(f"註冊 {sent}", f"驗證碼 {sent:06}，五分鐘內有效", numbers(10))
                if sent + 10 in (2 * count, 10 * count):
                    sizes[_after(sent + 10, count)] = _resident(process.pid)
    return {f"{product.name}: {name}": size for name, size in sizes.items()}


def _send(client: Client, places: range) -> None:
    """One message to a call, each with a subject, a text and a number of its own."""
    for place in places:
        number = f"+886{910_000_000 + place}"
        client.send(f"註冊 {place}", f"驗證碼 {place:06}，五分鐘內有效", [number])


def _resident(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Rss: +(\d+) kB$", rollup, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
