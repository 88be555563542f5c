"""A summary of a fake's requests, messages and reports, in lines for people."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from fake_every8d.control.journal import RecordedRequest
from fake_every8d.control.readable import printable
from fake_every8d.gateway import Edition, Message, Report, ReportState

_MOST_SHOWN = 20
_LONGEST_TEXT = 70

T = TypeVar("T")


def text(
    requests: Sequence[RecordedRequest],
    messages: Sequence[Message],
    reports: Sequence[Report],
    edition: Edition,
) -> str:
    """The last requests, messages and reports, for a failed test's report."""
    return "\n".join(
        [
            *_section("request", requests, request_lines),
            *_section("message", messages, lambda message: [message_line(message, edition)]),
            *_section("report", [*report_lines(reports)], lambda line: [line]),
        ]
    )


def request_line(request: RecordedRequest) -> str:
    """A request on one line: operation, account, result, and the failure if it met one."""
    result = request.result or f"HTTP {request.status}"
    parts = (
        request.operation or f"{request.method} {request.path}",
        request.user_id or "-",
        result,
    )
    failure = f"  (failure: {request.failure})" if request.failure else ""
    return "  ".join([printable(part) for part in parts]) + failure


def request_lines(request: RecordedRequest) -> Iterable[str]:
    """A line for the request, and one for each piece of advice."""
    yield f"{request.at:%H:%M:%S}  {request_line(request)}"
    for advice in request.advice:
        yield f"          advice: {advice}"


def message_line(message: Message, edition: Edition) -> str:
    """A line for a message: time of acceptance, number, status, and the beginning of its text."""
    text = message.text
    if len(text) > _LONGEST_TEXT:
        text = text[: _LONGEST_TEXT - 1] + "…"
    when = f", for {message.booked_for:%Y-%m-%d %H:%M:%S}" if message.booked_for else ""
    return (
        f"{message.accepted_at:%H:%M:%S}  to {message.to}  "
        f"{message.status.value} {message.status.term_of(edition)}{when}: {text!r}"
    )


def report_lines(reports: Iterable[Report]) -> Iterable[str]:
    """A line for each status report; one that waits for its turn says so (R3)."""
    under_way: dict[int, int] = {}
    for report in reports:
        earlier = under_way.get(report.message_id)
        if report.state is ReportState.WAITING:
            under_way.setdefault(report.message_id, report.id)
        yield report_line(report, earlier)


def report_line(report: Report, earlier: int | None = None) -> str:
    """A line for a status report: its status, its receiver, and the results of its attempts.

    `earlier` is the ID of the same message's report that it has to wait for, if any.
    """
    ends = [
        f"HTTP {attempt.status_code}" if attempt.error is None else attempt.error
        for attempt in report.attempts
    ]
    runs = [(end, len([*same])) for end, same in groupby(ends)]
    tried = ", ".join(end if times == 1 else f"{times} × {end}" for end, times in runs)
    text = f" {report.text!r}" if report.text else ""
    untried = "not tried yet" if earlier is None else f"waits for report {earlier} of the message"
    receiver = report.url.partition("BatchID=")[0].rstrip("?&")
    return (
        f"{report.at:%H:%M:%S}  {report.to}  STATUS={report.status.value}{text} to {receiver}: "
        f"{tried or untried} ({report.state.value})"
    )


def listed(lines: Iterable[str]) -> str:
    """The lines as the end of a sentence about what there is."""
    lines = list(lines)
    return "there are:\n  " + "\n  ".join(lines) if lines else "there are none"


def _section(name: str, items: Sequence[T], lines: Callable[[T], Iterable[str]]) -> Iterable[str]:
    shown = items[-_MOST_SHOWN:]
    title = f"{len(items)} {name}{'' if len(items) == 1 else 's'}"
    yield title + (
        f", the last {_MOST_SHOWN}:" if len(shown) < len(items) else ":" if shown else ""
    )
    for item in shown:
        yield from (f"  {printable(line)}" for line in lines(item))
