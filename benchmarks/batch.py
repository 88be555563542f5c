"""A batch in one call, and its delivery log."""

from collections.abc import Mapping
from functools import partial

from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.posting import CONTENT, batch_id, envelope, gateway, numbers, post, send_sms
from fake_every8d.gateway.platform import PAGE
from fake_every8d.web.app import Application

AIMS = {("sendSMS", 100_000): 4, ("sendParamSMS", 100_000): 10}
"""µs a recipient."""


def run(quick: bool) -> list[Result]:
    """`sendSMS` and `sendParamSMS` to 1, 1,000, 100,000; the log's first page and last."""
    sizes = (1, 1000, 2000) if quick else (1, 1000, 100_000)
    measured = in_turn(2 if quick else 3, *[partial(_round, size) for size in sizes])
    rows = []
    for operation in ("sendSMS", "sendParamSMS"):
        for size in sizes:
            sent = f"{operation} to {size:,}"
            each = f"{sent}, each"
            rows += [
                result(measured, sent, "ms", scale=1e3),
                result(measured, each, "µs", scale=1e6, at_most=AIMS.get((operation, size))),
            ]
    first, last = (f"page {page} of {sizes[-1]:,}" for page in (1, sizes[-1] // PAGE))
    return [
        *rows,
        result(measured, first, "ms", scale=1e3, at_most=8),
        result(measured, last, "ms", scale=1e3, beside=first, ratio_at_most=1.25),
    ]


def _round(size: int) -> Mapping[str, float]:
    platform = gateway(max_messages=10_000_000)  # nothing is forgotten meanwhile
    application = Application(platform)
    key = platform.open_session("demo", "demo")
    to = numbers(size)
    users = "".join(f'<USER MOBILE="{number}">{CONTENT}</USER>' for number in to)
    requests = {
        "sendSMS": send_sms(key, ",".join(to)),
        "sendParamSMS": envelope(
            "sendParamSMS", sessionKey=key, contentXML=f"<REPS>{users}</REPS>"
        ),
    }
    measured: dict[str, float] = {}
    for operation, request in requests.items():
        send = partial(post, application, request, operation)
        if size < 100_000:
            send()  # the first call pays for what is set up once
        seconds = per_call(send, max(1, 1000 // size))
        measured[f"{operation} to {size:,}"] = seconds
        measured[f"{operation} to {size:,}, each"] = seconds / size
    batch = batch_id(send())  # of the second operation
    for page in dict.fromkeys((1, max(1, size // PAGE))):
        request = envelope("getDeliveryStatus", sessionKey=key, batchID=batch, pageNo=str(page))
        read = partial(post, application, request, "getDeliveryStatus")
        assert f'COUNT="{size}"'.encode() in read()
        measured[f"page {page} of {size:,}"] = per_call(read, 3)
    platform.close()
    return measured
