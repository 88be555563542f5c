"""Where the time of one `sendSMS` goes, from the bytes of its request to its line in the log."""

import asyncio
import gc
from collections.abc import Mapping
from functools import partial
from statistics import median
from time import perf_counter, thread_time

from benchmarks.measuring import Result, in_child, in_turn, result
from benchmarks.posting import gateway, send_sms, soap_request
from fake_every8d.control.journal import Journal, RecordedRequest
from fake_every8d.control.log import text_line
from fake_every8d.gateway import Gateway
from fake_every8d.soap import SoapCall, SoapEndpoint
from fake_every8d.web.app import Application
from fake_every8d.web.http.connection import Connection, Service
from fake_every8d.web.http.limits import Limits
from fake_every8d.web.http.request import RequestReader

WHOLE = "one call, from bytes to bytes"


def run(quick: bool) -> list[Result]:
    """Each stage beside the whole; from clocks around the methods, in processes of their own."""
    rounds, calls = (2, 50) if quick else (9, 2000)
    stages = in_turn(rounds, partial(in_child, _stages, calls))
    return [
        result(stages, stage, "µs", scale=1e6, beside=None if stage == WHOLE else WHOLE)
        for stage in stages
    ]


class _Nowhere(asyncio.Transport):
    """A transport without a socket, and so without the kernel."""

    responses = 0

    def write(self, data: object) -> None:
        self.responses += 1

    def is_closing(self) -> bool:
        return False


def _stages(calls: int) -> Mapping[str, float]:
    platform = gateway(delivery_seconds=3600)  # which is no part of the call
    application = Application(platform, log=_log)
    request = soap_request(send_sms(platform.open_session("demo", "demo"), "0912345678"))
    connection, transport = asyncio.run(_connect(application))
    buffer = connection.get_buffer(-1)

    def call() -> None:
        buffer[: len(request)] = request
        connection.buffer_updated(len(request))

    call()
    feed = _timed(RequestReader, "feed")
    response = _timed(Application, "__call__")
    read = _timed(SoapEndpoint, "read")
    execute = _timed(SoapCall, "execute")
    send = _timed(Gateway, "send_sms")
    respond = _timed(SoapCall, "respond")
    add = _timed(Journal, "add")
    whole = _timed(Connection, "buffer_updated")
    gc.collect()
    for _ in range(calls):
        call()
    assert transport.responses == calls + 1
    begun = thread_time()
    platform.clock.advance(hours=1)
    delivery = (thread_time() - begun) / calls
    platform.close()
    inner = [median(seconds) for seconds in (read, execute, respond, add, _logged)]
    return {
        WHOLE: median(whole),
        "reading HTTP": median(feed),
        "envelope in": median(read),
        "dispatch": median(execute) - median(send),
        "gateway": median(send),
        "envelope out": median(respond),
        "journal": median(add),
        "line in the log": median(_logged),
        "the rest of the application": median(response) - sum(inner),
        "connection, and writing HTTP": median(whole) - median(feed) - median(response),
        "its delivery, later": delivery,
    }


_logged: list[float] = []


def _log(record: RecordedRequest) -> None:
    begun = perf_counter()
    text_line(record)
    _logged.append(perf_counter() - begun)


async def _connect(application: Application) -> tuple[Connection, _Nowhere]:
    environ = {"SCRIPT_NAME": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8021"}
    service = Service(application, environ, Limits(), memoryview(bytearray(64 * 1024)))
    connection, transport = Connection(service), _Nowhere()
    connection.connection_made(transport)
    return connection, transport


def _timed(owner: type, name: str) -> list[float]:
    """The seconds that each call of a method will have taken, for as long as this process."""
    seconds: list[float] = []
    method = getattr(owner, name)

    def timed(*args: object) -> object:
        begun = perf_counter()
        returned = method(*args)
        seconds.append(perf_counter() - begun)
        return returned

    setattr(owner, name, timed)
    return seconds
