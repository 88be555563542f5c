"""Waiting for items that have not come yet."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from fake_every8d.gateway import Gateway
from tests.receiver import Receiver
from tests.waiting import wait_for
from tests.web.api import Api, send
from tests.web.serving import DEADLINE


@pytest.fixture
def api(url: str) -> Api:
    return Api(url)


def test_a_client_can_wait_for_a_message(api: Api) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, "messages?to=0912345678&wait_seconds=10")
        send(api)
        assert [message["id"] for message in waiting.result()["messages"]] == [1]


def test_wait_in_vain_is_an_empty_list(api: Api) -> None:
    assert api.get("messages?to=0912345678&wait_seconds=0.01")["messages"] == []


def test_200_can_wait_at_once_and_the_service_answers_others(api: Api) -> None:
    with ThreadPoolExecutor(200) as pool:
        waiting = [
            pool.submit(api.get, "messages?to=0912345678&wait_seconds=30") for _ in range(200)
        ]
        send(api)
        assert [len(each.result()["messages"]) for each in waiting] == [1] * 200


def test_a_client_that_has_gone_waits_no_longer(api: Api, gateway: Gateway) -> None:
    address = urlsplit(api.url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as caller:
        caller.sendall(b"GET /fake/messages?wait_seconds=30 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: gateway._changes.awaited)
    wait_for(lambda: not gateway._changes.awaited)


@pytest.mark.parametrize("path", ["messages", "reports", "requests"])
def test_with_a_count_fewer_are_a_404(api: Api, receiver: Receiver, path: str) -> None:
    api.patch("accounts/demo", report_url=receiver.url)
    refused = api.refused("GET", f"{path}?count=1&wait_seconds=0.01")
    assert refused == (404, "found 0 of 1 within 0.01 s; there are none")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, f"{path}?count=2&wait_seconds=30&user_id=demo")
        send(api)
        send(api)
        api.post("clock", advance_seconds=1)
        assert len(waiting.result()[path]) >= 2
    assert api.refused("GET", f"{path}?count=200&limit=1")[0] == 404
    shown = api.get(f"{path}?count=2&limit=1")
    assert len(shown[path]) == 2  # a count raises the limit


@pytest.mark.parametrize("path", ["messages", "reports", "requests"])
def test_the_latest_has_a_name_of_its_own(api: Api, receiver: Receiver, path: str) -> None:
    api.patch("accounts/demo", report_url=receiver.url)
    refused = api.refused("GET", f"{path}/latest?wait_seconds=0.01")
    assert refused == (404, "found 0 of 1 within 0.01 s; there are none")
    refused = api.refused("GET", f"{path}/latest")
    assert refused == (404, "found 0 of 1; pass wait_seconds to wait for more; there are none")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api.get, f"{path}/latest?user_id=demo&wait_seconds=30")
        send(api, "0912345678,0987654321")
        api.post("clock", advance_seconds=1)
        first = waiting.result()["id"]
    newest = api.get(f"{path}?newest_first=true&limit=1")[path][0]
    latest = api.get(f"{path}/latest")
    assert latest == newest
    assert api.refused("GET", f"{path}/latest?after={latest['id']}")[0] == 404
    assert first <= latest["id"]


def test_count_raises_the_limit(api: Api) -> None:
    send(api, mobile=",".join(f"0912000{number:03}" for number in range(101)))
    found = api.get("messages?count=101")
    assert (len(found["messages"]), found["more"]) == (101, False)


def test_an_operation_that_does_not_exist_is_refused(api: Api) -> None:
    refusal = api("GET", "requests?operation=sendSms")
    assert refusal.status == 400
    assert "did you mean sendSMS?" in refusal.data.decode()


def test_wait_in_vain_says_how_many_were_found(api: Api, receiver: Receiver) -> None:
    api.patch("accounts/demo", report_url=receiver.url)
    for number in range(7):
        send(api, content=f"number {number}")
    api.post("clock", advance_seconds=1)

    def instead(path: str) -> list[str]:
        status, message = api.refused("GET", f"{path}&wait_seconds=0.01")
        assert status == 404
        first, *lines = message.splitlines()
        assert first == "found 0 of 1 within 0.01 s; there are:"
        return lines

    messages = instead("messages/latest?to=0922333444")
    assert len(messages) == 5  # the newest
    assert messages[0].endswith("to +886912345678  100 發送成功: 'number 2'")
    assert messages == instead("messages?count=1&text=9")
    reports = instead("reports/latest?status=REPLY")
    assert reports[-1].endswith("HTTP 200 (delivered)")
    assert " STATUS=100 to " in reports[-1]
    assert "  sendSMS  demo  " in instead("requests/latest?operation=getCredit")[-1]


@pytest.mark.parametrize(
    "path",
    [
        "messages?user_id=shopp",
        "messages/latest?user_id=shopp&wait_seconds=30",
        "phones?user_id=shopp",
        "batches?user_id=shopp",
        "reports?user_id=shopp&count=1&wait_seconds=30",
        "reports/latest?user_id=shopp",
        "emails?user_id=shopp",
        "requests?user_id=shopp",
        "requests/latest?user_id=shopp",
    ],
)
def test_account_that_does_not_exist_is_said_at_once(api: Api, path: str) -> None:
    """Nothing of it would ever be found."""
    api.post("accounts", user_id="shop", password="x")
    refusal = api("GET", path)
    error = refusal.json()["error"]
    assert (refusal.status, error["field"], error["reason"]) == (404, "user_id", "unknown")
    if "latest" not in path:
        api.get(path.partition("&")[0].replace("shopp", "shop"))


def test_account_that_is_gone_is_still_found_by_what_it_sent(api: Api) -> None:
    send(api)
    api.delete("accounts/demo")
    assert len(api.get("messages?user_id=demo")["messages"]) == 1
    assert len(api.get("requests?user_id=demo")["requests"]) == 2


@pytest.mark.parametrize("status", ["999", "REPLY", "reply"])
def test_status_is_a_number_or_a_name_in_a_filter(
    api: Api, receiver: Receiver, status: str
) -> None:
    api.patch("accounts/demo", report_url=receiver.url)
    send(api)
    api.post("clock", advance_seconds=1)
    api.post("replies", to="0912345678", text="好的")
    report = api.get(f"reports/latest?status={status}&wait_seconds=30")
    assert (report["status"], report["text"]) == (999, "好的")
    assert len(api.get(f"reports?status={status}")["reports"]) == 1
    assert api.get(f"messages?status={status}")["messages"] == []
    assert api.get(f"phones?status={status}")["phones"] == []
