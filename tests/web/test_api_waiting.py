"""Whoever asks for what has not come yet can wait for it."""

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


def test_whoever_waits_in_vain_gets_an_empty_list(api: Api) -> None:
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
    assert refused == (404, "found 0 of 1 within 0.01 s")
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
    assert refused == (404, "found 0 of 1 within 0.01 s")
    refused = api.refused("GET", f"{path}/latest")
    assert refused == (404, "found 0 of 1; pass wait_seconds to wait for more")
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
