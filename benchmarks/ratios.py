"""What may not become slower, beside something that is as fast as ever: a minute at most.

In processor time of one thread, so that a busy machine disturbs it little. The limits leave room
for other Pythons and machines: what breaks one has become slower by a third or more.
"""

import threading
import tracemalloc
from collections.abc import Callable, Mapping
from functools import partial
from time import thread_time

from httptools import HttpRequestParser
from lxml import etree

from benchmarks.measuring import Result, in_child, in_turn, result
from benchmarks.posting import (
    CONTENT,
    constant_response,
    envelope,
    gateway,
    numbers,
    post,
    send_sms,
    soap_request,
)
from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.request import RequestReader

XML = "lxml, one envelope parsed and one written"
SEND = "sendSMS"
CREDIT = "getCredit"
HTTPTOOLS = "httptools, a request's head and body"
READER = "the same, to a WSGI environment"
DICT = "dict, one item added"
BATCH = "sendSMS to many, each"
KNOWN = "the same once more, each"
PARAM = "sendParamSMS to many, each"
DELIVERY = "its delivery, each"
ALONE = "sendSMS in the gateway, nobody waiting"
WAITING = "sendSMS in the gateway, 16 waiting"
SIZE = "a message, one to a call"

_WAITERS = 16


def run(quick: bool) -> list[Result]:
    """Each beside what it is made of, in turns."""
    rounds, calls, many = (2, 50, 500) if quick else (9, 1000, 10_000)
    measured = in_turn(
        rounds,
        partial(_xml, calls),
        partial(_calls, calls),
        partial(_http, calls),
        partial(_dict, 10 * many),
        partial(_batches, many),
        partial(_waiting, calls),
    )
    sizes = in_turn(1, partial(in_child, _size, calls * 10))
    return [
        result(measured, XML, "µs", scale=1e6),
        result(measured, SEND, "µs", scale=1e6, beside=XML, ratio_at_most=16),
        result(measured, CREDIT, "µs", scale=1e6, beside=XML, ratio_at_most=6),
        result(measured, HTTPTOOLS, "µs", scale=1e6),
        result(measured, READER, "µs", scale=1e6, beside=HTTPTOOLS, ratio_at_most=9),
        result(measured, DICT, "µs", scale=1e6),
        result(measured, BATCH, "µs", scale=1e6, beside=DICT, ratio_at_most=15),
        result(measured, KNOWN, "µs", scale=1e6, beside=BATCH, ratio_at_most=2),
        result(measured, PARAM, "µs", scale=1e6, beside=BATCH, ratio_at_most=3.5),
        result(measured, DELIVERY, "µs", scale=1e6, beside=DICT, ratio_at_most=2),
        result(measured, ALONE, "µs", scale=1e6),
        result(measured, WAITING, "µs", scale=1e6, beside=ALONE, ratio_at_most=1.5),
        result(sizes, SIZE, "bytes", at_most=960),
    ]


def _seconds(call: Callable[[], object], times: int = 1) -> float:
    """The processor time of this thread that one of `times` calls takes."""
    begun = thread_time()
    for _ in range(times):
        call()
    return (thread_time() - begun) / times


def _frozen() -> tuple[Gateway, str]:
    """A gateway in which nothing happens by itself, and a session."""
    platform = gateway(max_messages=10_000_000)
    platform.clock.freeze()
    return platform, platform.open_session("demo", "demo")


def _xml(calls: int) -> Mapping[str, float]:
    request = send_sms("0" * 32, "0912345678")
    response = etree.fromstring(constant_response().encode())
    return {XML: _seconds(lambda: (etree.fromstring(request), etree.tostring(response)), calls)}


def _calls(calls: int) -> Mapping[str, float]:
    platform, key = _frozen()
    application = Application(platform)
    send = partial(post, application, send_sms(key, "0912345678"), "sendSMS")
    credit = partial(post, application, envelope("getCredit", sessionKey=key), "getCredit")
    send(), credit()
    measured = {SEND: _seconds(send, calls), CREDIT: _seconds(credit, calls)}
    platform.close()
    return measured


class _Nobody:
    """Whom httptools tells, as it does ours, and who does nothing."""

    def on_url(self, url: bytes) -> None: ...
    def on_header(self, name: bytes, value: bytes) -> None: ...
    def on_headers_complete(self) -> None: ...
    def on_body(self, data: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


def _http(calls: int) -> Mapping[str, float]:
    request = soap_request(send_sms("0" * 32, "0912345678"))
    parser, reader = HttpRequestParser(_Nobody()), RequestReader({}, Limits())

    def read() -> None:
        reader.feed(request)
        reader.complete.pop()

    return {
        HTTPTOOLS: _seconds(lambda: parser.feed_data(request), calls),
        READER: _seconds(read, calls),
    }


def _dict(items: int) -> Mapping[str, float]:
    to = numbers(items)

    def fill() -> None:
        found: dict[str, tuple[str, int]] = {}
        for place, number in enumerate(to):
            found.setdefault(number, (number, place))

    return {DICT: _seconds(fill) / items}


def _batches(size: int) -> Mapping[str, float]:
    platform, key = _frozen()
    application = Application(platform)
    to = numbers(size)
    users = "".join(f'<USER MOBILE="{number}">{CONTENT}</USER>' for number in to)
    send = partial(post, application, send_sms(key, ",".join(to)), "sendSMS")
    param = envelope("sendParamSMS", sessionKey=key, contentXML=f"<REPS>{users}</REPS>")
    measured = {
        BATCH: _seconds(send) / size,
        KNOWN: _seconds(send) / size,
        PARAM: _seconds(partial(post, application, param, "sendParamSMS")) / size,
        DELIVERY: _seconds(lambda: platform.clock.advance(seconds=1)) / (3 * size),
    }
    platform.close()
    return measured


def _waiting(calls: int) -> Mapping[str, float]:
    platform, key = _frozen()
    measured = {}

    def send() -> None:
        platform.send_sms(key, "", CONTENT, "0912345678", "")

    send()
    measured[ALONE] = _seconds(send, calls)
    asked = threading.Barrier(_WAITERS + 1)
    waiters = [
        threading.Thread(
            target=lambda to=f"0970{place:06}": platform.wait_for(  # type: ignore[misc]
                lambda: False, 60, to=to, on_wait=lambda end: asked.wait()
            )
        )
        for place in range(_WAITERS)
    ]
    for waiter in waiters:
        waiter.start()
    asked.wait()
    measured[WAITING] = _seconds(send, calls)
    platform.close()
    for waiter in waiters:
        waiter.join()
    return measured


def _size(count: int) -> Mapping[str, float]:
    """What Python allocates for a message with strings of its own, once it is delivered."""
    platform, key = _frozen()
    tracemalloc.start()
    for place, number in enumerate(numbers(count)):
        platform.send_sms(key, f"註冊 {place}", f"驗證碼 {place:06}", number, "")
    platform.clock.advance(seconds=2)
    size, _ = tracemalloc.get_traced_memory()
    platform.close()
    return {SIZE: size / count}
