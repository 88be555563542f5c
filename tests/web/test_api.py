"""The JSON API does what the Python API does, over a real socket."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_every8d.gateway import TAIPEI, Edition, Gateway, Login, PlatformError, Status
from tests.receiver import Receiver, status
from tests.web.api import Api
from tests.web.serving import ENDPOINT, call, log_in

PHONE = "+886912345678"


@pytest.fixture
def api(url: str, gateway: Gateway) -> Api:
    """A fake in which it is 2040-03-01 12:00 in Taipei, and time stands still."""
    gateway.clock.freeze()
    gateway.clock.travel_to(datetime(2040, 3, 1, 12, tzinfo=TAIPEI))
    return Api(url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def send(api: Api, mobile: str = "0912345678", content: str = "hello", time: str = "") -> str:
    """Send as an application does; the batch ID."""
    key = log_in(api.url, "demo", "s3cret")
    answer = call(
        api.url,
        "sendSMS",
        sessionKey=key,
        subject="news",
        content=content,
        mobile=mobile,
        sendTime=time,
    ).data.decode()
    return answer.partition("<sendSMSResult>")[2].partition("<")[0].split(",")[-1]


def ids(api: Api, query: str) -> list[int]:
    return [message["id"] for message in api.get(f"messages?{query}")["messages"]]


# Accounts


def test_accounts_are_shown_without_their_passwords(api: Api) -> None:
    assert api.get("accounts") == {
        "accounts": [
            {
                "user_id": "demo",
                "credit": 1000,
                "international": False,
                "test_mode": False,
                "report_url": None,
                "failed_logins": 0,
                "locked": False,
                "sessions": 0,
            }
        ]
    }


def test_an_account_can_be_added_looked_at_and_removed(api: Api) -> None:
    answer = api("POST", "accounts", {"user_id": "大/小", "password": "p", "credit": 12.5})
    assert answer.status == 201
    assert answer.headers["Location"] == "/fake/accounts/%E5%A4%A7%2F%E5%B0%8F"
    assert answer.json()["credit"] == 12.5
    assert log_in(api.url, "大/小", "p")
    assert api.get("accounts/%E5%A4%A7%2F%E5%B0%8F")["sessions"] == 1
    api.delete("accounts/%E5%A4%A7%2F%E5%B0%8F")
    assert [account["user_id"] for account in api.get("accounts")["accounts"]] == ["demo"]


def test_an_account_can_be_changed_one_thing_at_a_time_or_several(api: Api) -> None:
    changed = api.patch("accounts/demo", credit=2, international=True, report_url="http://x/")
    assert (changed["credit"], changed["international"], changed["report_url"]) == (
        2,
        True,
        "http://x/",
    )
    assert api.patch("accounts/demo", report_url=None)["report_url"] is None
    assert api.patch("accounts/demo", password="new", test_mode=True)["test_mode"] is True
    assert log_in(api.url, "demo", "new")


def test_a_top_up_adds_to_what_there_is(api: Api) -> None:
    send(api)
    assert api.patch("accounts/demo", top_up=0.5)["credit"] == 999.5


def test_a3_an_account_can_be_locked_and_unlocked(api: Api, gateway: Gateway) -> None:
    assert api.patch("accounts/demo", locked=True)["locked"] is True
    with pytest.raises(PlatformError, match="-999"):
        gateway.open_session("demo", "s3cret")
    unlocked = api.patch("accounts/demo", locked=False)
    assert (unlocked["locked"], unlocked["failed_logins"]) == (False, 0)
    assert gateway.open_session("demo", "s3cret")
    assert api.patch("accounts/demo", failed_logins=10)["locked"] is False
    assert api.patch("accounts/demo", failed_logins=11)["locked"] is True


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10**14))
def test_p5_points_are_exact_in_both_directions(api: Api, hundredths: int) -> None:
    written = f"{hundredths // 100}.{hundredths % 100:02}"
    answer = api("PATCH", "accounts/demo", b'{"credit": %s}' % written.encode())
    assert json.loads(answer.data, parse_float=Decimal)["credit"] == Decimal(written)


# Messages


def test_a_phone_is_shown_with_its_newest_message(api: Api) -> None:
    send(api, "0987654321", "other")
    send(api, content="驗證碼 483920")
    send(api, content="hello")
    found = api.get("phones?limit=1")
    assert found == {
        "phones": [
            {
                "number": PHONE,
                "name": "",
                "messages": 2,
                "unread": 2,
                "newest": api.get("messages/3"),
            },
        ],
        "more": True,
        "count": 2,
        "messages": 3,
        "unread": 2,
    }
    rest = api.get("phones?limit=1&offset=1&read_until=2")
    assert [(phone["number"], phone["unread"]) for phone in rest["phones"]] == [
        ("+886987654321", 0)
    ]
    assert (rest["more"], rest["count"], rest["messages"], rest["unread"]) == (False, 2, 3, 1)
    sought = api.get("phones?search=0912-345&text=4839&user_id=demo&status=0")
    assert [phone["newest"]["id"] for phone in sought["phones"]] == [2]


def test_messages_can_be_sought_by_the_time_at_which_they_were_accepted(api: Api) -> None:
    send(api)
    api.post("clock", advance_seconds=60)
    send(api)
    assert ids(api, "since=2040-03-01T12:01:00+08:00") == [2]
    assert ids(api, "until=2040-03-01T04:01:00Z") == [1]
    assert api.refused("GET", "messages?since=noon") == (
        400,
        'since must be a time such as 2026-11-23T22:05:00+08:00, not "noon"',
    )


def test_a_message_is_shown_with_all_that_is_known(api: Api) -> None:
    batch_id = send(api, content="驗證碼 483920")
    assert api.get("messages/1") == {
        "id": 1,
        "user_id": "demo",
        "batch_id": batch_id,
        "record_number": "1",
        "to": PHONE,
        "content": "驗證碼 483920",
        "code": "483920",
        "links": [],
        "subject": "news",
        "name": "",
        "email": "",
        "retry_time": "",
        "event_id": "",
        "status": 0,
        "status_name": "sent",
        "status_term": "已發送",
        "final": False,
        "cost": 1,
        "pieces": 1,
        "accepted_at": "2040-03-01T12:00:00.000000+08:00",
        "booked_for": None,
        "sent_at": "2040-03-01T12:00:00.000000+08:00",
        "finished_at": None,
        "replies": [],
        "version": api.get("messages")["messages"][0]["version"],
    }


def test_h8_a_message_shows_what_only_the_http_api_is_given(api: Api, gateway: Gateway) -> None:
    gateway.send_sms(Login("demo", "s3cret"), "", "hi", PHONE, "", retry_time="30", event_id="E7")
    message = api.get("messages/1")
    assert (message["retry_time"], message["event_id"]) == ("30", "E7")


@pytest.mark.parametrize(
    ("edition", "term"),
    [
        ("2016", "電信終端設備異常未能送達"),
        ("2021", "手機端異常"),
        ("2025", "電信業者關鍵字阻擋"),
    ],
)
def test_e1_a_status_has_the_editions_own_word(api: Api, edition: str, term: str) -> None:
    api("PATCH", "settings", json.dumps({"edition": edition}).encode())
    api.post("outcomes", to=PHONE, status=105)
    send(api)
    assert api.post("messages/1/status", status=105)["status_term"] == term
    assert api.get("messages")["messages"][0]["status_term"] == term
    assert api.get("outcomes")["outcomes"][0]["status_term"] == term
    assert api.get("batches")["batches"][0]["statuses"][0]["status_term"] == term
    summary = api("GET", "summary").data.decode()
    assert f"to {PHONE}  105 {term}: " in summary


@pytest.mark.parametrize("edition", Edition)
def test_d1_e1_all_statuses_are_listed_in_the_editions_words(api: Api, edition: Edition) -> None:
    """100 to 107 can be had as an outcome, and 0 for ever; what is sent or booked is not final."""
    api("PATCH", "settings", json.dumps({"edition": edition}).encode())
    found = api.get("statuses")["statuses"]
    assert {each["status"]: each["status_term"] for each in found} == {
        status.value: status.term_of(edition) for status in Status
    }
    assert [each["status"] for each in found if each["outcome"]] == [0, *range(100, 108)]
    assert {each["status"] for each in found if not each["final"]} == {0, 300, 999}


def test_a_booking_is_shown_with_its_time(api: Api) -> None:
    send(api, time="20400302090000")
    message = api.get("messages/1")
    assert (message["status"], message["status_name"], message["status_term"]) == (
        300,
        "booked",
        "預約簡訊",
    )
    assert message["booked_for"] == "2040-03-02T09:00:00.000000+08:00"
    assert message["sent_at"] is None


def test_messages_are_found_by_what_is_known_of_them(api: Api) -> None:
    batch_id = send(api, "0912345678,0987654321", "hello")
    send(api, "0912345678,nonsense", "驗證碼")
    assert ids(api, "") == [1, 2, 3, 4]
    assert ids(api, "to=0912345678") == ids(api, f"to={PHONE}") == [1, 3]
    assert ids(api, "to=%2B886912345678&text=ell") == [1]
    assert ids(api, f"batch_id={batch_id}") == [1, 2]
    assert ids(api, "status=-3") == [4]
    assert ids(api, "text=%E9%A9%97") == [3, 4]
    assert ids(api, "user_id=demo&status=0") == [1, 2, 3]
    assert ids(api, "user_id=nobody") == []


def test_messages_come_a_page_at_a_time(api: Api) -> None:
    send(api, ",".join(["0912345678"] * 5))
    assert ids(api, "limit=2") == [1, 2]
    assert api.get("messages?limit=2")["more"] is True
    assert ids(api, "limit=2&after=2") == [3, 4]
    assert ids(api, "limit=2&after=4") == [5]
    assert api.get("messages?limit=2&after=4")["more"] is False
    assert ids(api, "limit=2&newest_first=true") == [5, 4]
    assert ids(api, "limit=2&newest_first=true&before=4") == [3, 2]


def test_a_page_holds_a_hundred_unless_told_otherwise(api: Api) -> None:
    send(api, ",".join(["0912345678"] * 101))
    assert len(ids(api, "")) == 100
    assert api.get("messages?limit=100")["more"] is True
    assert api.get("messages?limit=101")["more"] is False


def test_what_has_changed_is_told_apart_from_what_has_not(api: Api, gateway: Gateway) -> None:
    send(api, "0912345678,0987654321,0911222333")
    version = api.get("messages")["version"]
    assert ids(api, f"changed_after={version}") == []
    gateway.set_status(3, 103)
    gateway.reply(1, "好")
    send(api)
    assert ids(api, f"changed_after={version}") == [3, 1, 4]
    api.post("clock", advance_seconds=1)
    assert ids(api, f"changed_after={version}") == [3, 1, 2, 4]


def test_changes_can_be_followed_a_few_at_a_time(api: Api) -> None:
    send(api, ",".join(["0912345678"] * 5))
    version, seen = 0, []
    for _ in range(3):
        page = api.get(f"messages?changed_after={version}&limit=2")
        version, seen = page["version"], seen + [message["id"] for message in page["messages"]]
    assert seen == [1, 2, 3, 4, 5]
    assert page["more"] is False
    assert ids(api, f"changed_after={version}") == []


def test_d2_what_becomes_of_a_message_can_be_decided(api: Api) -> None:
    send(api, "0912345678,0987654321")
    assert api.post("messages/1/status", status=103)["status_name"] == "no_such_number"
    assert api.post("messages/2/status", status=100)["status_term"] == "發送成功"


def test_d6_a_booking_can_be_cancelled_and_is_refunded(api: Api) -> None:
    send(api, time="20400302090000")
    assert api.get("accounts/demo")["credit"] == 999
    message = api.post("messages/1/status", status=303)
    assert (message["status"], message["cost"]) == (303, 0)
    assert api.get("accounts/demo")["credit"] == 1000


def test_a_phone_can_reply_to_a_message_or_the_newest(api: Api) -> None:
    send(api)
    send(api)
    assert api.post("messages/1/replies", text="好的")["replies"] == [
        {"text": "好的", "at": "2040-03-01T12:00:00.000000+08:00"}
    ]
    assert api.post("replies", to="0912345678", text="嗯")["id"] == 2


def test_batches_are_summed_up(api: Api) -> None:
    first = send(api, "0912345678,0987654321,nonsense")
    second = send(api)
    batches = api.get("batches")["batches"]
    assert [batch["id"] for batch in batches] == [first, second]
    assert batches[0] == {
        "id": first,
        "user_id": "demo",
        "subject": "news",
        "accepted_at": "2040-03-01T12:00:00.000000+08:00",
        "first_message_id": 1,
        "messages": 3,
        "cost": 2,
        "statuses": [
            {"status": 0, "status_name": "sent", "status_term": "已發送", "messages": 2},
            {
                "status": -3,
                "status_name": "invalid_number",
                "status_term": "無效門號",
                "messages": 1,
            },
        ],
    }
    assert [batch["id"] for batch in api.get("batches?newest_first=true&limit=1")["batches"]] == [
        second
    ]
    assert [batch["id"] for batch in api.get("batches?after=1")["batches"]] == [second]
    assert api.get("batches?user_id=nobody") == {"batches": [], "more": False}


def test_d2_outcomes_can_be_set_listed_and_cleared(api: Api) -> None:
    outcome = {
        "to": PHONE,
        "status": 103,
        "status_name": "no_such_number",
        "status_term": "無此手機號碼",
        "after_seconds": 5,
    }
    assert api.post("outcomes", to="0912345678", status=103, after_seconds=5) == outcome
    api.post("outcomes", to="0987654321", status=0)
    assert api.get("outcomes")["outcomes"][0] == outcome
    send(api)
    api.post("clock", advance_seconds=5)
    assert api.get("messages/1")["status"] == 103
    api.delete(f"outcomes?to={PHONE}")
    assert [each["to"] for each in api.get("outcomes")["outcomes"]] == ["+886987654321"]
    api.delete("outcomes")
    assert api.get("outcomes") == {"outcomes": []}


# What goes out


def test_r4_reports_are_shown_with_their_attempts(api: Api, receiver: Receiver) -> None:
    receiver.answer = lambda request: status(503)
    api.patch("accounts/demo", report_url=receiver.url)
    batch_id = send(api)
    api.post("clock", advance_seconds=61)
    (report,) = api.get("reports")["reports"]
    assert report["url"].startswith(f"{receiver.url}?BatchID={batch_id}&RM=%2b886912345678&")
    assert (report["message_id"], report["status"], report["state"]) == (1, 100, "waiting")
    assert [
        (attempt["number"], attempt["at"], attempt["status_code"], attempt["error"])
        for attempt in report["attempts"]
    ] == [
        (1, "2040-03-01T12:00:01.000000+08:00", 503, None),
        (2, "2040-03-01T12:01:01.000000+08:00", 503, None),
    ]


def test_reports_are_found_by_what_is_known_of_them(api: Api, receiver: Receiver) -> None:
    api.patch("accounts/demo", report_url=receiver.url)
    send(api, "0912345678,0987654321")
    api.post("clock", advance_seconds=1)
    api.post("messages/1/replies", text="好")
    query = "to=0912345678&status=999&state=delivered&user_id=demo&message_id=1&wait_seconds=10"
    (report,) = api.get(f"reports?{query}")["reports"]
    assert report["text"] == "好"
    assert len(api.get("reports")["reports"]) == 3
    assert api.get("reports?message_id=2&status=999") == {"reports": [], "more": False}


def test_s7_copies_by_email_are_shown(api: Api) -> None:
    call(
        api.url,
        "sendParamSMS",
        sessionKey=log_in(api.url, "demo", "s3cret"),
        subject="news",
        contentXML='&lt;REPS&gt;&lt;USER MOBILE="+886912345678" EMAIL="a@b.test"&gt;hi&lt;/USER&gt;'
        "&lt;/REPS&gt;",
    )
    (email,) = api.get("emails?to=a@b.test")["emails"]
    assert (email["message_id"], email["subject"], email["content"], email["state"]) == (
        1,
        "news",
        "hi",
        "kept",
    )
    assert api.get("emails?to=c@d.test") == {"emails": [], "more": False}


# Time


def test_t2_time_can_be_moved(api: Api) -> None:
    send(api)
    assert api.get("clock") == {
        "now": "2040-03-01T12:00:00.000000+08:00",
        "running": False,
        "next_due": "2040-03-01T12:00:01.000000+08:00",
    }
    moved = api.post("clock", to_next_due=True)
    assert moved == {
        "now": "2040-03-01T12:00:01.000000+08:00",
        "running": False,
        "next_due": None,
    }
    assert api.get("messages/1")["status"] == 100
    assert api.post("clock", to_next_due=True) == moved
    assert api.post("clock", advance_seconds=0.5)["now"] == "2040-03-01T12:00:01.500000+08:00"
    assert (
        api.post("clock", travel_to="2040-03-01T05:00:00Z")["now"]
        == "2040-03-01T13:00:00.000000+08:00"
    )
    assert (
        api.post("clock", travel_to="2040-03-02T00:00:00")["now"]
        == "2040-03-02T00:00:00.000000+08:00"
    )


def test_t1_time_can_be_stopped_and_resumed(api: Api) -> None:
    assert api.post("clock", running=True)["running"] is True
    assert api.post("clock", running=False)["running"] is False


# The wire


def test_requests_are_shown_with_both_bodies_and_advice(api: Api) -> None:
    log_in(api.url, "demo", "s3cret")
    (request,) = api.get("requests")["requests"]
    assert request["path"] == ENDPOINT
    assert (request["operation"], request["user_id"], request["result"]) == (
        "getConnection",
        "demo",
        "0",
    )
    assert "<userID>demo</userID>" in request["body"]
    assert "s3cret" not in json.dumps(request)
    assert "<getConnectionResult>" in request["response_body"]
    assert request["headers"]["SOAPAction"] == '"http://tempuri.org/getConnection"'
    assert api.get(f"requests/{request['id']}") == request


def test_requests_are_found_and_forgotten(api: Api) -> None:
    send(api)
    send(api)
    requests = api.get("requests?operation=sendSMS&limit=1")
    assert (len(requests["requests"]), requests["more"]) == (1, True)
    newest = api.get("requests?newest_first=true&limit=1")["requests"][0]["id"]
    assert api.get(f"requests?after={newest}")["requests"] == []
    assert api.get("requests?user_id=nobody")["requests"] == []
    api.delete("requests")
    assert api.get("requests")["requests"] == []
    assert api.refused("GET", f"requests/{newest}")[0] == 404


def test_looks_at_the_api_are_not_among_them(api: Api) -> None:
    api.get("state")
    assert api.refused("GET", "messages/7")[0] == 404
    assert api.get("requests")["requests"] == []


def test_calls_fail_until_the_faults_are_removed(api: Api) -> None:
    fault = api.post("faults", operation="sendSMS", kind="http_error", status=503, times=None)
    api.post("faults", operation="*", kind="result", result="gone")
    assert [each["id"] for each in api.get("faults")["faults"]] == [fault["id"], fault["id"] + 1]
    assert call(api.url, "sendSMS").status == 503
    assert b"gone" in call(api.url, "getCredit").data
    assert api.get("faults")["faults"] == [fault | {"happened": 1}]
    api.delete(f"faults/{fault['id']}")
    assert call(api.url, "sendSMS").status == 200
    api.post("faults", operation="*", kind="garbage")
    api.delete("faults")
    assert api.get("faults") == {"faults": []}


def test_a_summary_is_for_people_to_read(api: Api) -> None:
    send(api, content="驗證碼")
    answer = api("GET", "summary")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.data.decode().splitlines()
    assert lines[0] == "2 requests:"
    assert "  12:00:00  to +886912345678  0 已發送: '驗證碼'" in lines


def test_one_account_can_be_reset_alone(api: Api) -> None:
    api.post("accounts", user_id="a/b", password="p", credit=20)
    api.patch("accounts/a%2Fb", credit=1, failed_logins=11)
    send(api)
    api.post("faults", operation="*", kind="garbage", user_id="a/b")
    api.post("faults", operation="sendSMS", kind="garbage")
    before = api.get("state")
    api.post("reset", user_id="a/b")
    shown = api.get("accounts/a%2Fb")
    assert (shown["credit"], shown["locked"]) == (20, False)
    assert [fault["operation"] for fault in api.get("faults")["faults"]] == ["sendSMS"]
    after = api.get("state")
    assert after["epoch"] != before["epoch"]
    assert (after["messages"]["count"], after["requests"]["count"]) == (1, 2)
    assert api("POST", "reset", {"user_id": "nobody"}).status == 404


def test_x1_reset_brings_everything_back(api: Api, gateway: Gateway) -> None:
    send(api)
    api.post("accounts", user_id="other", password="p")
    api.post("outcomes", to="0912345678", status=103)
    api.post("faults", operation="*", kind="garbage")
    api.post("reset")
    state = api.get("state")
    assert [(each["user_id"], each["credit"]) for each in state["accounts"]] == [("demo", 1000)]
    assert state["messages"]["count"] == 0
    assert state["requests"] == {"count": 0, "last_id": None}
    assert state["faults"] == {"count": 0}
    assert state["clock"]["running"] is True
    assert gateway.outcomes() == []
