"""Ratios that may not become worse, in a minute at most.

In processor time of one thread, so that a busy machine disturbs it little. The limits leave room
for other Pythons and machines: what breaks one has become slower by a third or more.
"""

import io
import threading
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from time import thread_time

from httptools import HttpRequestParser
from lxml import etree

from benchmarks.measuring import Result, in_child, in_turn, result
from benchmarks.products import Product
from benchmarks.requests import (
    CONTENT,
    HEADERS,
    SOAP_PATH,
    TNS,
    envelope,
    numbers,
    response,
    send_sms,
)
from fake_every8d import Account, Settings
from fake_every8d.gateway import Gateway
from fake_every8d.web.app import Application
from fake_every8d.web.body import LONGEST
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


_ENVIRON = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": SOAP_PATH,
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8021",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "CONTENT_TYPE": "text/xml; charset=utf-8",
    "HTTP_HOST": "127.0.0.1:8021",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def run(products: Sequence[Product], quick: bool) -> list[Result]:
    """Measure each beside what it is made of, in this process and in turns."""
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
        result(sizes, SIZE, "bytes", at_most=1200),
    ]


def _seconds(call: Callable[[], object], times: int = 1) -> float:
    """The processor time of this thread that one of `times` calls takes."""
    begun = thread_time()
    for _ in range(times):
        call()
    return (thread_time() - begun) / times


def _frozen() -> tuple[Gateway, str]:
    """A gateway in which nothing happens by itself, and a session."""
    account = Account("demo", "demo", credit=Decimal(10**9))
    gateway = Gateway(
        Settings(accounts=(account,), max_messages=10_000_000), report=lambda report: 200
    )
    gateway.clock.freeze()
    return gateway, gateway.platform.open_session("demo", "demo")


def _post(application: Application, body: bytes, operation: str) -> bytes:
    """The application's response to a SOAP 1.1 request."""
    exchange = application.read(
        _ENVIRON
        | {
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_SOAPACTION": f'"{TNS}{operation}"',
            "wsgi.input": io.BytesIO(body),
        }
    )
    application.respond(exchange)
    return exchange.sent


def _xml(calls: int) -> Mapping[str, float]:
    request = send_sms("0" * 32, "0912345678")
    written = etree.fromstring(response("8cb81ad9-e4c7-4f1a-b6a1-d1b4d4f0a1c5").encode())
    return {XML: _seconds(lambda: (etree.fromstring(request), etree.tostring(written)), calls)}


def _calls(calls: int) -> Mapping[str, float]:
    gateway, key = _frozen()
    application = Application(gateway)
    send = partial(_post, application, send_sms(key, "0912345678"), "sendSMS")
    credit = partial(_post, application, envelope("getCredit", sessionKey=key), "getCredit")
    send(), credit()
    measured = {SEND: _seconds(send, calls), CREDIT: _seconds(credit, calls)}
    gateway.close()
    return measured


class _Nobody:
    """Whom httptools tells, as it does ours, and who does nothing."""

    def on_url(self, url: bytes) -> None: ...
    def on_header(self, name: bytes, value: bytes) -> None: ...
    def on_headers_complete(self) -> None: ...
    def on_body(self, data: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


def _http(calls: int) -> Mapping[str, float]:
    body = send_sms("0" * 32, "0912345678")
    fields = {"Host": "127.0.0.1:8021", **HEADERS, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    request = f"POST {SOAP_PATH} HTTP/1.1\r\n{head}\r\n".encode() + body
    parser = HttpRequestParser(_Nobody())
    reader = RequestReader({}, Limits(), lambda environ: LONGEST)

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
    gateway, key = _frozen()
    application = Application(gateway)
    to = numbers(size)
    users = "".join(f'<USER MOBILE="{number}">{CONTENT}</USER>' for number in to)
    send = partial(_post, application, send_sms(key, ",".join(to)), "sendSMS")
    param = envelope("sendParamSMS", sessionKey=key, contentXML=f"<REPS>{users}</REPS>")
    measured = {
        BATCH: _seconds(send) / size,
        KNOWN: _seconds(send) / size,
        PARAM: _seconds(partial(_post, application, param, "sendParamSMS")) / size,
        DELIVERY: _seconds(lambda: gateway.clock.advance(seconds=1)) / (3 * size),
    }
    gateway.close()
    return measured


def _waiting(calls: int) -> Mapping[str, float]:
    gateway, key = _frozen()
    measured = {}

    def send() -> None:
        gateway.platform.send_sms(key, "", CONTENT, "0912345678", "")

    send()
    measured[ALONE] = _seconds(send, calls)
    asked = threading.Barrier(_WAITERS + 1)
    waiters = [
        threading.Thread(
            target=lambda to=f"0970{place:06}": gateway.wait_for(
                lambda: False, 60, to=to, on_wait=lambda end: asked.wait()
            )
        )
        for place in range(_WAITERS)
    ]
    for waiter in waiters:
        waiter.start()
    asked.wait()
    measured[WAITING] = _seconds(send, calls)
    gateway.close()
    for waiter in waiters:
        waiter.join()
    return measured


def _size(count: int) -> Mapping[str, float]:
    """The memory that Python allocates for a message with strings of its own, once delivered."""
    gateway, key = _frozen()
    tracemalloc.start()
    for place, number in enumerate(numbers(count)):
        gateway.platform.send_sms(key, f"註冊 {place}", f"驗證碼 {place:06}", number, "")
    gateway.clock.advance(seconds=2)
    size, _ = tracemalloc.get_traced_memory()
    gateway.close()
    return {SIZE: size / count}
