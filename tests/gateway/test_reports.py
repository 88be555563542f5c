"""Status reports, to a real receiver: clauses R. It is 2040-03-01 12:00:00 in Taipei."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from fake_every8d.gateway import (
    TAIPEI,
    Account,
    Gateway,
    InvalidInput,
    Recipient,
    ReportState,
    Status,
)
from fake_every8d.gateway.accounts import ReportMethod
from fake_every8d.outgoing import reports
from tests.gateway.calls import login, send, send_param, sent, statuses, threads
from tests.gateway.conftest import NewGateway
from tests.receiver import (
    DEADLINE,
    OK,
    Receiver,
    break_off,
    close_without_response,
    in_turn,
    refused_url,
    status,
)

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
REPORT_THREAD = "fake-every8d-report"


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def at_once(new_gateway: NewGateway, receiver: Receiver) -> Gateway:
    """A gateway that delivers and reports at once, so that nobody has to move the clock."""
    return new_gateway(
        Account("demo", "demo", report_url=receiver.url), Account("other", "other"),
        delivery_seconds=0,
    )  # fmt: skip


def test_r1_a_final_status_is_reported(reporting: Gateway, receiver: Receiver) -> None:
    receipt = send(reporting)
    reporting.clock.advance(seconds=1)
    (request,) = receiver.requests
    assert request.path == "/report"
    assert request.query == (
        f"BatchID={receipt.batch_id}&RM=%2b886912345678&RT=20400301120001&STATUS=100&SM=&MR=1"
    )
    (report,) = reporting.reports()
    (message,) = sent(reporting, receipt)
    assert (report.message_id, report.user_id, report.batch_id) == (
        message.id, "demo", receipt.batch_id,
    )  # fmt: skip
    assert (report.to, report.status, report.text) == ("+886912345678", Status.DELIVERED, "")
    assert (report.state, report.at) == (ReportState.DELIVERED, after(1))


def test_r1_a_reply_is_reported_as_999_with_its_text(
    reporting: Gateway, receiver: Receiver
) -> None:
    send(reporting)
    reporting.clock.advance(minutes=1)
    reporting.reply("0912345678", "好 & a=b+c/%\n😀")
    request = receiver.wait_for(2)[1]
    assert request.query.endswith(
        "&RM=%2b886912345678&RT=20400301120100&STATUS=999"
        "&SM=%e5%a5%bd+%26+a%3db%2bc%2f%25%0a%f0%9f%98%80&MR=1"
    )
    assert request["SM"] == "好 & a=b+c/%\n😀"


def test_r1_the_record_number_is_the_senders_own(reporting: Gateway, receiver: Receiver) -> None:
    send_param(reporting, Recipient("+886912345678", "a", record_number="訂單 7&8"))
    reporting.clock.advance(seconds=1)
    (request,) = receiver.requests
    assert request.query.endswith("&SM=&MR=%e8%a8%82%e5%96%ae+7%268")


def test_r1_an_invalid_number_is_reported_as_it_was_written(
    reporting: Gateway, receiver: Receiver
) -> None:
    send(reporting, "02-2345 6789#1")
    reporting.clock.advance(seconds=1)
    (request,) = receiver.requests
    assert "&RM=02-2345+6789%231&" in request.query


@pytest.mark.parametrize(
    ("suffix", "target"),
    [
        ("", "/report?BatchID="),
        ("?key=a%20b", "/report?key=a%20b&BatchID="),
        ("?key=a&other=b#top", "/report?key=a&other=b&BatchID="),
        ("#top", "/report?BatchID="),
        (".aspx", "/report.aspx?BatchID="),
    ],
)
def test_r1_the_query_is_added_to_the_url(
    reporting: Gateway, receiver: Receiver, suffix: str, target: str
) -> None:
    reporting.update_account("demo", report_url=receiver.url + suffix)
    receipt = send(reporting)
    reporting.clock.advance(seconds=1)
    (request,) = receiver.requests
    assert f"{request.path}?{request.query}".startswith(f"{target}{receipt.batch_id}&RM=")
    assert reporting.reports()[0].url.startswith(receiver.url)


def test_r1_every_final_status_is_reported_once_and_no_other(
    new_gateway: NewGateway, receiver: Receiver
) -> None:
    gateway = new_gateway(
        Account("demo", "demo", credit=10, report_url=receiver.url),  # type: ignore[arg-type]
        Account("test", "test", test_mode=True, report_url=receiver.url),
    )
    send(gateway, ",".join(f"0900000{number}" for number in (*range(100, 108), "000")))
    booked = send(gateway, send_time="20400301120100")
    gateway.platform.erase_booking(login(gateway), booked.batch_id)
    send(gateway, send_time="20400302120000")
    send(gateway, "12,+14155550100,0912345678")
    send(gateway, send_time="20000101000000")
    send(gateway, user_id="test")
    gateway.clock.advance(hours=1)
    assert sorted(int(request["STATUS"]) for request in receiver.requests) == [
        -4, -3, *range(100, 108), 301, 303, 500, 888,
    ]  # fmt: skip
    assert len(gateway.reports()) == 14


def test_r1_a_report_comes_after_the_response_to_the_send(
    reporting: Gateway, receiver: Receiver
) -> None:
    """A refused recipient's too: its sender has to know the batch before it hears of it."""
    send(reporting, "12")
    reporting.clock.advance(seconds=0.9)
    assert receiver.requests == []
    reporting.clock.advance(seconds=0.1)
    assert receiver.requests[0]["STATUS"] == "-3"


def test_r1_without_a_url_nothing_is_reported(gateway: Gateway, receiver: Receiver) -> None:
    send(gateway, "0912345678,12")
    gateway.clock.advance(seconds=1)
    gateway.reply("0912345678", "ok")
    gateway.update_account("demo", report_url=receiver.url)
    gateway.clock.advance(days=1)
    assert gateway.reports() == []
    assert receiver.requests == []


def test_r1_each_account_has_its_own_url(new_gateway: NewGateway, receiver: Receiver) -> None:
    with Receiver() as other:
        gateway = new_gateway(
            Account("a", "a", report_url=receiver.url), Account("b", "b", report_url=other.url)
        )
        receipts = [send(gateway, user_id=user_id) for user_id in "ab"]
        gateway.clock.advance(seconds=1)
        batches = [[request["BatchID"] for request in at.requests] for at in (receiver, other)]
        assert batches == [[receipt.batch_id] for receipt in receipts]


def test_r2_report_is_tried_11_times_a_minute_apart(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = lambda request: status(500)
    send(reporting)
    reporting.clock.advance(seconds=1)
    assert len(receiver.requests) == 1
    assert reporting.reports()[0].state is ReportState.WAITING
    assert reporting.reports()[0].next_attempt_at == after(1 + 60)
    reporting.clock.advance(minutes=10)
    assert len(receiver.requests) == 11
    reporting.clock.advance(days=30)
    assert len(receiver.requests) == 11
    assert len({request.query for request in receiver.requests}) == 1
    (report,) = reporting.reports()
    assert report.state is ReportState.GIVEN_UP
    assert report.next_attempt_at is None
    assert [
        (attempt.number, attempt.at, attempt.status_code, attempt.error)
        for attempt in report.attempts
    ] == [(number, after(1 + 60 * (number - 1)), 500, None) for number in range(1, 12)]


def test_r2_all_of_it_happens_within_one_move_of_the_clock(
    reporting: Gateway, receiver: Receiver
) -> None:
    receiver.respond = lambda request: status(500)
    send(reporting, ",".join(["0912345678"] * 20))
    reporting.clock.advance(hours=1)
    assert len(receiver.requests) == 20 * 11
    assert {report.state for report in reporting.reports()} == {ReportState.GIVEN_UP}


def test_r2_the_time_between_two_attempts_can_be_set(
    new_gateway: NewGateway, receiver: Receiver
) -> None:
    receiver.respond = in_turn(status(503), status(503))
    gateway = new_gateway(Account("demo", "demo", report_url=receiver.url), report_retry_seconds=5)
    send(gateway)
    gateway.clock.advance(hours=1)
    (report,) = gateway.reports()
    assert [attempt.at for attempt in report.attempts] == [after(1), after(6), after(11)]
    assert [attempt.status_code for attempt in report.attempts] == [503, 503, 200]


def test_r2_the_eleventh_attempt_counts(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = in_turn(*[status(500)] * 10)
    send(reporting)
    reporting.clock.advance(hours=1)
    (report,) = reporting.reports()
    assert (report.state, len(report.attempts)) == (ReportState.DELIVERED, 11)


@pytest.mark.parametrize("code", [201, 202, 204, 304, 400, 401, 404, 429, 500, 502, 503])
def test_r2_success_is_200_and_nothing_else(
    reporting: Gateway, receiver: Receiver, code: int
) -> None:
    receiver.respond = in_turn(status(code))
    send(reporting)
    reporting.clock.advance(minutes=2)
    (report,) = reporting.reports()
    assert [attempt.status_code for attempt in report.attempts] == [code, 200]
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_r2_a_redirect_is_not_followed(reporting: Gateway, receiver: Receiver, code: int) -> None:
    receiver.respond = in_turn(status(code, Location="/elsewhere"))
    send(reporting)
    reporting.clock.advance(minutes=2)
    assert [request.path for request in receiver.requests] == ["/report", "/report"]
    assert [attempt.status_code for attempt in reporting.reports()[0].attempts] == [code, 200]


def failed_attempt(gateway: Gateway) -> str:
    """The error of the first attempt at the only report; a minute later it was tried again."""
    (report,) = gateway.reports()
    first = report.attempts[0]
    assert (first.status_code, first.at) == (None, after(1))
    assert first.error
    assert report.attempts[1].at == after(61)
    return first.error


def test_r2_no_response_is_an_error(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = in_turn(close_without_response)
    send(reporting)
    reporting.clock.advance(minutes=2)
    failed_attempt(reporting)
    (report,) = reporting.reports()
    assert (report.state, report.attempts[1].status_code) == (ReportState.DELIVERED, 200)
    assert len(receiver.requests) == 2


def test_r2_a_body_that_breaks_off_is_success(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = in_turn(break_off)
    send(reporting)
    reporting.clock.advance(minutes=2)
    (report,) = reporting.reports()
    assert [attempt.status_code for attempt in report.attempts] == [200]
    assert report.state is ReportState.DELIVERED


def test_r2_a_refused_connection_is_an_error(new_gateway: NewGateway) -> None:
    with refused_url() as url:
        gateway = new_gateway(Account("demo", "demo", report_url=url))
        send(gateway)
        gateway.clock.advance(hours=1)
        assert "refused" in failed_attempt(gateway)
    (report,) = gateway.reports()
    assert (report.state, len(report.attempts)) == (ReportState.GIVEN_UP, 11)


def test_r2_unknown_host_is_an_error(new_gateway: NewGateway) -> None:
    gateway = new_gateway(Account("demo", "demo", report_url="http://nowhere.invalid/report"))
    send(gateway)
    gateway.clock.advance(minutes=2)
    assert failed_attempt(gateway)


def test_r2_a_response_that_takes_too_long_is_an_error(
    reporting: Gateway, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reports.TIMEOUT == 10
    monkeypatch.setattr(reports, "TIMEOUT", 0.5)
    receiver.respond = in_turn(receiver.hang())
    send(reporting)
    reporting.clock.advance(seconds=30)
    monkeypatch.undo()  # the next attempt may take as long as it needs
    reporting.clock.advance(minutes=2)
    assert "timed out" in failed_attempt(reporting)
    assert [attempt.status_code for attempt in reporting.reports()[0].attempts] == [None, 200]


def test_r2_a_body_that_takes_too_long_is_success(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = in_turn(receiver.drip())
    send(reporting)
    reporting.clock.advance(minutes=2)
    assert [attempt.status_code for attempt in reporting.reports()[0].attempts] == [200]


def test_r3_one_messages_reports_arrive_in_order(reporting: Gateway, receiver: Receiver) -> None:
    """Its replies wait while the report of its delivery is being tried again."""
    receiver.respond = in_turn(status(500))
    send(reporting)
    reporting.clock.advance(seconds=1)
    reporting.reply("0912345678", "first")
    reporting.clock.advance(seconds=30)
    reporting.reply("0912345678", "second")
    assert len(receiver.requests) == 1
    reporting.clock.advance(seconds=30)
    assert [(request["STATUS"], request["SM"]) for request in receiver.requests] == [
        ("100", ""), ("100", ""), ("999", "first"), ("999", "second"),
    ]  # fmt: skip
    assert [
        (request["RT"], [attempt.at for attempt in report.attempts])
        for request, report in zip(receiver.requests[1:], reporting.reports(), strict=True)
    ] == [
        ("20400301120001", [after(1), after(61)]),
        ("20400301120001", [after(61)]),
        ("20400301120031", [after(61)]),
    ]


def test_r3_delivery_by_a_reply_is_reported_before_the_reply(
    reporting: Gateway, receiver: Receiver
) -> None:
    send(reporting)
    for text in "abcdefgh":
        reporting.reply("0912345678", text)
    reporting.clock.advance(minutes=1)
    assert [request["STATUS"] for request in receiver.requests] == ["100"] + ["999"] * 8
    assert "".join(request["SM"] for request in receiver.requests) == "abcdefgh"


def test_r3_a_reply_goes_out_once_the_report_before_it_is_given_up(
    reporting: Gateway, receiver: Receiver
) -> None:
    receiver.respond = lambda request: OK if request["STATUS"] == "999" else status(500)
    send(reporting)
    reporting.reply("0912345678", "ok")
    reporting.clock.advance(hours=1)
    delivery, reply = reporting.reports()
    assert (delivery.state, len(delivery.attempts)) == (ReportState.GIVEN_UP, 11)
    assert [attempt.at for attempt in reply.attempts] == [after(600)]


def test_r3_different_messages_do_not_wait_for_each_other(
    at_once: Gateway, receiver: Receiver
) -> None:
    hang = receiver.hang()
    receiver.respond = lambda request: hang if request["MR"] == "1" else OK
    send(at_once, "0912345678,0922333444,0933444555")
    assert at_once.wait_for(
        lambda: (
            [report.state for report in at_once.reports()]
            == [ReportState.WAITING, ReportState.DELIVERED, ReportState.DELIVERED]
        ),
        DEADLINE,
    )
    hang.release()
    assert at_once.wait_for(
        lambda: {report.state for report in at_once.reports()} == {ReportState.DELIVERED}, DEADLINE
    )


def test_r3_reports_stay_in_order_during_a_retry(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = lambda request: status(500) if request["MR"] == "1" else OK
    send(reporting, "0912345678,0922333444")
    reporting.clock.advance(seconds=1)
    assert [report.state for report in reporting.reports()] == [
        ReportState.WAITING,
        ReportState.DELIVERED,
    ]


def test_r3_a_hanging_receiver_harms_nobody_else(at_once: Gateway, receiver: Receiver) -> None:
    """More reports hang than one account can have under way at once."""
    hang = receiver.hang()
    receiver.respond = lambda request: hang
    receipt = send(at_once, ",".join(["0912345678"] * 20))
    hang.wait_until_reached()
    key = login(at_once)
    assert at_once.platform.delivery_log(key, receipt.batch_id, "1").count == 20
    booked = at_once.platform.send_sms(key, "", "a", "0922333444", "20400301130000")
    assert at_once.platform.erase_booking(key, booked.batch_id) is not None
    assert at_once.platform.credit(key) == 980
    with Receiver() as other:
        at_once.update_account("other", report_url=other.url)
        send(at_once, "0912345678,0922333444", user_id="other")
        other.wait_for(2)
        assert at_once.wait_for(
            lambda: [
                report.state for report in at_once.reports() if report.user_id == "other"
            ] == [ReportState.DELIVERED] * 2,
            DEADLINE,
        )  # fmt: skip
    hang.release()
    assert at_once.wait_for(
        lambda: all(report.state is ReportState.DELIVERED for report in at_once.reports()), DEADLINE
    )
    assert len(receiver.requests) == 21  # 20 delivered, 1 cancelled


def test_r3_a_hanging_receiver_does_not_hold_up_the_end(
    at_once: Gateway, receiver: Receiver
) -> None:
    hang = receiver.hang()
    receiver.respond = lambda request: hang
    send(at_once)
    hang.wait_until_reached()
    at_once.close()
    assert threads(REPORT_THREAD)  # it still hangs: nobody has waited for that
    hang.release()


def test_r3_a_move_of_the_clock_waits_for_the_slow(reporting: Gateway, receiver: Receiver) -> None:
    hang = receiver.hang()
    receiver.respond = in_turn(hang)
    send(reporting)
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(reporting.clock.advance, minutes=1)
        hang.wait_until_reached()
        assert not moving.done()
        hang.release()
        moving.result(DEADLINE)
    assert reporting.reports()[0].state is ReportState.DELIVERED


def test_r4_every_attempt_is_kept(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = in_turn(close_without_response, status(404))
    receipt = send(reporting)
    reporting.clock.advance(minutes=5)
    (report,) = reporting.reports()
    assert report.url == f"{receiver.url}?{receiver.requests[0].query}"
    assert receipt.batch_id in report.url
    assert [(attempt.number, attempt.at, attempt.status_code) for attempt in report.attempts] == [
        (1, after(1), None), (2, after(61), 404), (3, after(121), 200),
    ]  # fmt: skip
    assert [bool(attempt.error) for attempt in report.attempts] == [True, False, False]
    assert all(0 < attempt.seconds < DEADLINE for attempt in report.attempts)


def test_r4_reports_are_kept_in_the_order_in_which_they_came_about(
    reporting: Gateway, receiver: Receiver
) -> None:
    send(reporting, "0900000103,0912345678")
    reporting.clock.advance(seconds=1)
    reporting.reply("0912345678", "ok")
    send(reporting)
    reporting.clock.advance(seconds=1)
    assert [(report.id, report.status, report.message_id) for report in reporting.reports()] == [
        (1, 103, 1), (2, 100, 2), (3, 999, 2), (4, 100, 3),
    ]  # fmt: skip


def test_r_a_removed_accounts_messages_are_not_reported(
    reporting: Gateway, receiver: Receiver
) -> None:
    receipt = send(reporting)
    reporting.remove_account("demo")
    reporting.clock.advance(minutes=1)
    assert statuses(reporting, receipt) == [Status.DELIVERED]
    assert receiver.requests == []


def test_r_a_report_under_way_outlives_a_change_of_the_url(
    reporting: Gateway, receiver: Receiver
) -> None:
    """It goes on to where it was going; the next one goes to the new URL."""
    receiver.respond = in_turn(status(500))
    send(reporting)
    reporting.clock.advance(seconds=1)
    reporting.update_account("demo", report_url=f"{receiver.url}/new")
    reporting.clock.advance(minutes=1)
    send(reporting)
    reporting.clock.advance(minutes=1)
    assert [request.path for request in receiver.requests] == ["/report", "/report", "/report/new"]


def test_r3_many_at_once_are_each_reported_once(at_once: Gateway, receiver: Receiver) -> None:
    send(at_once, ",".join(["0912345678"] * 50))
    receiver.wait_for(50)
    at_once.clock.advance(days=1)
    assert sorted(int(request["MR"]) for request in receiver.requests) == list(range(1, 51))


FORM = "BatchID={batch_id}&RM=%2b886912345678&RT=20400301120001&STATUS=100&SM=&MR=1"


def test_r6_a_report_can_be_posted(reporting: Gateway, receiver: Receiver) -> None:
    """The parameters of R1 in their order, as a form; the URL as it was set (production F17)."""
    reporting.update_account("demo", report_method="POST", report_url=f"{receiver.url}?key=a#top")
    receipt = send(reporting)
    reporting.clock.advance(seconds=1)
    (request,) = receiver.requests
    assert (request.method, request.path, request.query) == ("POST", "/report", "key=a")
    assert request.body.decode() == FORM.format(batch_id=receipt.batch_id)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    (report,) = reporting.reports()
    assert (report.method, report.url) == ("POST", f"{receiver.url}?key=a")
    assert report.body == request.body.decode()


def test_r4_a_get_has_no_body(reporting: Gateway, receiver: Receiver) -> None:
    send(reporting)
    reporting.clock.advance(seconds=1)
    assert [(report.method, report.body) for report in reporting.reports()] == [("GET", None)]
    assert receiver.requests[0].body == b""


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("reply", "encoded"),
    [
        ("好", "%a6n"),
        ("一乙功", "%a4%40%a4A%a5%5c"),
        ("碁€～", "%f9%d6%a3%e1%a1%e3"),  # code page 950 has them, Big5 proper has not
        ("a é 😀", "a+%3f+%3f"),
    ],
)
def test_r7_text_in_big5(
    reporting: Gateway, receiver: Receiver, method: ReportMethod, reply: str, encoded: str
) -> None:
    """Code page 950, byte by byte as .NET's UrlEncode has it (production F17)."""
    reporting.update_account("demo", report_charset="big5", report_method=method)
    send_param(reporting, Recipient("+886912345678", "a", record_number="乙"))
    reporting.clock.advance(seconds=1)
    reporting.reply("0912345678", reply)
    request = receiver.wait_for(2)[1]
    sent = request.query if method == "GET" else request.body.decode()
    assert sent.endswith(f"&STATUS=999&SM={encoded}&MR=%a4A")


@pytest.mark.parametrize("attempts", [1, 2, 15])
def test_r8_a_report_is_tried_as_often_as_its_account_says(
    reporting: Gateway, receiver: Receiver, attempts: int
) -> None:
    """In all (production F17)."""
    receiver.respond = lambda request: status(500)
    reporting.update_account("demo", report_attempts=attempts)
    send(reporting)
    reporting.clock.advance(hours=1)
    (report,) = reporting.reports()
    assert (report.state, report.max_attempts) == (ReportState.GIVEN_UP, attempts)
    assert len(report.attempts) == len(receiver.requests) == attempts


def test_r8_a_report_goes_on_as_it_began(reporting: Gateway, receiver: Receiver) -> None:
    receiver.respond = lambda request: status(500)
    send(reporting)
    reporting.clock.advance(seconds=1)
    reporting.update_account("demo", report_method="POST", report_attempts=1)
    reporting.clock.advance(hours=1)
    assert [request.method for request in receiver.requests] == ["GET"] * 11


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[("report_method", wrong) for wrong in ("PUT", "post", ["GET"])],
        *[("report_charset", wrong) for wrong in ("gbk", None)],
        *[("report_attempts", wrong) for wrong in (0, 101, True, 1.5)],
    ],
)
def test_r_value_that_no_account_can_have_is_refused(
    gateway: Gateway, field: str, wrong: Any
) -> None:
    before = gateway.account("demo")
    for act in (
        partial(Account, "shop", "shop", **{field: wrong}),
        partial(gateway.update_account, "demo", **{field: wrong}),
    ):
        with pytest.raises(InvalidInput) as refusal:
            act()
        assert (refusal.value.field, refusal.value.reason) == (field, "invalid")
    assert gateway.account("demo") == before
