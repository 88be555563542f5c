"""Status reports to a receiver on this machine, beside the same GETs in a plain loop."""

from collections.abc import Iterable, Mapping

import urllib3

from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.posting import CONTENT, gateway, numbers
from benchmarks.receiver import receiver
from fake_every8d.gateway import ReportState

REPORTS = "status reports"
PLAIN = "the same GETs, plain urllib3"


def run(quick: bool) -> list[Result]:
    """How many a second; aim: 0.8 of the plain loop's rate."""
    count = 200 if quick else 10_000
    with receiver() as url:
        rates = in_turn(2 if quick else 3, lambda: _round(url, count))
    return [
        result(rates, REPORTS, "/s", beside=PLAIN, ratio_at_least=0.8),
        result(rates, PLAIN, "/s"),
    ]


def _round(url: str, count: int) -> Mapping[str, float]:
    platform = gateway(report_url=url)
    platform.clock.freeze()
    key = platform.open_session("demo", "demo")
    platform.send_sms(key, "", CONTENT, ",".join(numbers(count)), "")
    reported = per_call(lambda: platform.clock.advance(seconds=1), 1)
    urls = [report.url for report in platform.reports() if report.state is ReportState.DELIVERED]
    platform.close()
    assert len(urls) == count
    return {REPORTS: count / reported, PLAIN: count / per_call(lambda: _get_all(urls), 1)}


def _get_all(urls: Iterable[str]) -> None:
    with urllib3.PoolManager() as pool:
        for url in urls:
            assert pool.request("GET", url, redirect=False, retries=False).status == 200
