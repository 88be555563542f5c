"""What the fake keeps in memory, as Linux counts it: resident set sizes of fresh processes."""

import gc
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.measuring import Result, in_child, in_turn, result
from benchmarks.posting import gateway, numbers
from benchmarks.receiver import receiver
from benchmarks.sending import Caller, serving
from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Gateway, Recipient

IDLE = "FakeEvery8d, just started"
SERVE = "serve, just started"
SINGLE = "a message, one to a call"
BATCH = "a message, all in one batch"
REPORTED = "a message and its report"

_MIB = 2**-20


def run(quick: bool) -> list[Result]:
    """Idle; per message (aim: under 1 KiB); with the retention at work (aim: flat)."""
    count = 500 if quick else 100_000
    # One round: there is no slow spell that could change a size.
    sizes = in_turn(
        1,
        _serve,
        partial(in_child, _idle),
        partial(in_child, _single, count),
        partial(in_child, _batch, count),
        partial(in_child, _reported, count // 10),
    )
    # From outside, its own collector left as it is: what is only free after a collection
    # that nobody asks for is not free.
    kept = in_turn(1, partial(_retention, count))
    early, late = kept
    return [
        result(sizes, IDLE, "MiB", scale=_MIB),
        result(sizes, SERVE, "MiB", scale=_MIB),
        result(sizes, SINGLE, "bytes", at_most=900),
        result(sizes, BATCH, "bytes", at_most=900),
        result(sizes, REPORTED, "bytes", beside=SINGLE),
        result(kept, early, "MiB", scale=_MIB),
        result(kept, late, "MiB", scale=_MIB, beside=early, ratio_at_most=1.15),
    ]


def _serve() -> Mapping[str, float]:
    with serving() as (process, _):
        return {SERVE: _resident(str(process.pid))}


def _idle() -> Mapping[str, float]:
    with FakeEvery8d():
        return {IDLE: _resident()}


def _single(count: int) -> Mapping[str, float]:
    return {SINGLE: _growth(gateway(max_messages=2 * count), count, _send_each)}


def _batch(count: int) -> Mapping[str, float]:
    return {BATCH: _growth(gateway(max_messages=2 * count), count, _send_all)}


def _reported(count: int) -> Mapping[str, float]:
    with receiver() as url:
        return {REPORTED: _growth(gateway(report_url=url), count, _send_each)}


def _retention(limit: int) -> Mapping[str, float]:
    """`serve`, sent ten times as many messages as it keeps, ten to a call, as a user sends them."""
    sizes = {}
    options = ("--max-messages", str(limit), "--delivery-seconds", "0")
    with serving(*options) as (process, url), Caller(url) as caller:
        for sent in range(10, 10 * limit + 1, 10):
            caller.send(f"註冊 {sent}", f"驗證碼 {sent:06}，五分鐘內有效", numbers(10))
            if sent in (2 * limit, 10 * limit):
                sizes[f"serve after {sent:,}, {limit:,} kept"] = _resident(str(process.pid))
    return sizes


def _growth(platform: Gateway, count: int, send: Callable[[Gateway, int], None]) -> float:
    """The bytes by which a process grows for each of `count` messages, once delivered."""
    send(platform, 100)
    before = _settled(platform)
    send(platform, count)
    return (_settled(platform) - before) / count


def _send_each(platform: Gateway, count: int) -> None:
    """A call for each, with strings of its own, as they come out of an envelope."""
    key = platform.open_session("demo", "demo")
    for place, number in enumerate(numbers(count)):
        platform.send_sms(key, f"註冊 {place}", f"驗證碼 {place:06}，五分鐘內有效", number, "")
        if place % 1000 == 0:
            platform.clock.advance(seconds=2)  # few are on their way at a time


def _send_all(platform: Gateway, count: int) -> None:
    """One call for all, each with a text, a number and a name of its own."""
    key = platform.open_session("demo", "demo")
    recipients = [
        Recipient(number, f"驗證碼 {place:06}，五分鐘內有效", name=f"客戶 {place}")
        for place, number in enumerate(numbers(count))
    ]
    platform.send_param_sms(key, "註冊", recipients, "")


def _settled(platform: Gateway) -> float:
    """This process's size, when all is delivered and what is free has been given back."""
    platform.clock.advance(seconds=2)
    gc.collect()
    return _resident()


def _resident(process: str = "self") -> float:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    found = re.search(r"^Rss: +(\d+) kB$", rollup, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
