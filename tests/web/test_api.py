"""The JSON API does what the Python API does, over a real socket."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_every8d.gateway import Gateway, PlatformError
from tests.receiver import Receiver, status
from tests.web.api import Api, frozen, send
from tests.web.serving import ENDPOINT, call, log_in


@pytest.fixture
def api(url: str, gateway: Gateway) -> Api:
    return frozen(url, gateway)


# Accounts


def test_accounts_are_shown_without_their_passwords(api: Api) -> None:
    assert api.get("accounts") == {
        "accounts": [
            {
                "user_id": "demo",
                "credit": 1000,
                "international": False,
                "interactive": False,
                "test_mode": False,
                "report_url": None,
                "report_method": "GET",
                "report_charset": "utf-8",
                "report_attempts": 11,
                "failed_logins": 0,
                "locked": False,
                "sessions": 0,
            }
        ]
    }


def test_an_account_can_be_added_looked_at_and_removed(api: Api) -> None:
    response = api("POST", "accounts", {"user_id": "大/小", "password": "p", "credit": 12.5})
    assert response.status == 201
    assert response.headers["Location"] == "/fake/accounts/%E5%A4%A7%2F%E5%B0%8F"
    assert response.json()["credit"] == 12.5
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
    assert api.patch("accounts/demo", interactive=True)["interactive"] is True


def test_a_top_up_adds_to_what_there_is(api: Api) -> None:
    send(api)
    assert api.patch("accounts/demo", top_up=0.5)["credit"] == 999.5


def test_a3_an_account_can_be_locked_and_unlocked(api: Api, gateway: Gateway) -> None:
    assert api.patch("accounts/demo", locked=True)["locked"] is True
    with pytest.raises(PlatformError, match="-999"):
        gateway.platform.open_session("demo", "s3cret")
    unlocked = api.patch("accounts/demo", locked=False)
    assert (unlocked["locked"], unlocked["failed_logins"]) == (False, 0)
    assert gateway.platform.open_session("demo", "s3cret")
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
    response = api("PATCH", "accounts/demo", b'{"credit": %s}' % written.encode())
    assert json.loads(response.data, parse_float=Decimal)["credit"] == Decimal(written)


# What goes out


def test_r6_r7_r8_settings_of_reports_are_chosen(api: Api, receiver: Receiver) -> None:
    receiver.respond = lambda request: status(503)
    chosen = {"report_method": "POST", "report_charset": "big5", "report_attempts": 2}
    shop = api.post("accounts", user_id="shop", password="x", **chosen)
    assert {key: shop[key] for key in chosen} == chosen
    changed = api.patch("accounts/demo", report_url=receiver.url, **chosen)
    assert {key: changed[key] for key in chosen} == chosen
    send(api)
    api.post("clock", advance_seconds=3600)
    (report,) = api.get("reports")["reports"]
    assert (report["method"], report["url"]) == ("POST", receiver.url)
    assert report["body"] == receiver.requests[0].body.decode()
    assert (report["state"], report["max_attempts"]) == ("given_up", 2)
    assert len(report["attempts"]) == len(receiver.requests) == 2


def test_r4_reports_are_shown_with_their_attempts(api: Api, receiver: Receiver) -> None:
    receiver.respond = lambda request: status(503)
    api.patch("accounts/demo", report_url=receiver.url)
    batch_id = send(api)
    api.post("clock", advance_seconds=61)
    (report,) = api.get("reports")["reports"]
    assert report["url"].startswith(f"{receiver.url}?BatchID={batch_id}&RM=%2b886912345678&")
    assert (report["message_id"], report["status"], report["state"]) == (1, 100, "waiting")
    assert [
        tuple(attempt[key] for key in ("number", "at", "status_code", "error", "reason"))
        for attempt in report["attempts"]
    ] == [
        (1, "2040-03-01T12:00:01.000000+08:00", 503, None, None),
        (2, "2040-03-01T12:01:01.000000+08:00", 503, None, None),
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
    assert (email["message_id"], email["subject"], email["text"], email["state"]) == (
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
    api.delete("requests")
    assert api.get("requests")["requests"] == []
    assert api.refused("GET", f"requests/{newest}")[0] == 404


def test_looks_at_the_api_are_not_among_them(api: Api) -> None:
    api.get("state")
    assert api.refused("GET", "messages/7")[0] == 404
    assert api.get("requests")["requests"] == []


def test_calls_fail_until_the_failures_are_removed(api: Api) -> None:
    failure = api.post("failures", operation="sendSMS", kind="http_error", status=503, times=None)
    api.post("failures", operation="*", kind="result", result="gone")
    assert [each["id"] for each in api.get("failures")["failures"]] == [
        failure["id"],
        failure["id"] + 1,
    ]
    assert call(api.url, "sendSMS").status == 503
    assert b"gone" in call(api.url, "getCredit").data
    assert api.get("failures")["failures"] == [failure | {"happened": 1}]
    api.delete(f"failures/{failure['id']}")
    assert call(api.url, "sendSMS").status == 200
    api.post("failures", operation="*", kind="garbage")
    api.delete("failures")
    assert api.get("failures") == {"failures": []}


def test_a_summary_is_for_people_to_read(api: Api) -> None:
    send(api, content="驗證碼")
    response = api("GET", "summary")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.data.decode().splitlines()
    assert lines[0] == "2 requests:"
    assert "  12:00:00  to +886912345678  0 已發送: '驗證碼'" in lines


def test_one_account_can_be_reset_alone(api: Api) -> None:
    api.post("accounts", user_id="a/b", password="p", credit=20)
    api.patch("accounts/a%2Fb", credit=1, failed_logins=11)
    send(api)
    api.post("failures", operation="*", kind="garbage", user_id="a/b")
    api.post("failures", operation="sendSMS", kind="garbage")
    before = api.get("state")
    api.post("reset", user_id="a/b")
    shown = api.get("accounts/a%2Fb")
    assert (shown["credit"], shown["locked"]) == (20, False)
    assert [failure["operation"] for failure in api.get("failures")["failures"]] == ["sendSMS"]
    after = api.get("state")
    assert after["epoch"] != before["epoch"]
    assert (after["messages"]["count"], after["requests"]["count"]) == (1, 2)
    assert api("POST", "reset", {"user_id": "nobody"}).status == 404


def test_x1_reset_brings_everything_back(api: Api, gateway: Gateway) -> None:
    send(api)
    api.post("accounts", user_id="other", password="p")
    api.post("outcomes", to="0912345678", status=103)
    api.post("failures", operation="*", kind="garbage")
    api.post("reset")
    state = api.get("state")
    assert [(each["user_id"], each["credit"]) for each in state["accounts"]] == [("demo", 1000)]
    assert state["messages"]["count"] == 0
    assert state["requests"] == {"count": 0, "last_id": None}
    assert state["failures"] == {"count": 0}
    assert state["clock"]["running"] is True
    assert gateway.outcomes() == []
