"""Messages, phones, batches and outcomes in the JSON API, over a real socket."""

import json

import pytest

from fake_every8d.gateway import Edition, Gateway, Login, Status
from tests.web.api import PHONE, Api, frozen, send


@pytest.fixture
def api(url: str, gateway: Gateway) -> Api:
    return frozen(url, gateway)


def ids(api: Api, query: str) -> list[int]:
    return [message["id"] for message in api.get(f"messages?{query}")["messages"]]


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


def test_messages_are_found_by_time_of_acceptance(api: Api) -> None:
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
        "text": "驗證碼 483920",
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
    gateway.platform.send_sms(
        Login("demo", "s3cret"), "", "hi", PHONE, "", retry_time="30", event_id="E7"
    )
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
    """A status tells whether it can be an outcome; sent and booked are not final."""
    api("PATCH", "settings", json.dumps({"edition": edition}).encode())
    found = api.get("statuses")["statuses"]
    assert {each["status"]: each["status_term"] for each in found} == {
        status.value: status.term_of(edition) for status in Status if status.is_of(edition)
    }
    assert [each["status"] for each in found if each["outcome"]] == {
        "2016": [-4, -3, 0, *range(100, 108), 301, 500],
        "2021": [*range(-6, 1), *range(100, 108), 500],
        "2025": [-8, *range(-5, 1), *range(100, 107), 500],
    }[edition]
    assert {each["status"] for each in found if not each["final"]} <= {0, 300, 999}


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
    assert ids(api, "status=INVALID_NUMBER") == ids(api, "status=invalid_number") == [4]


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


def test_changed_messages_are_told_apart(api: Api, gateway: Gateway) -> None:
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


def test_d2_status_of_a_message_can_be_decided(api: Api) -> None:
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
    assert len(api.get("batches?user_id=demo")["batches"]) == 2


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
