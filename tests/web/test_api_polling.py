"""Asking again and again costs next to nothing while nothing has changed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from fake_every8d.gateway import Gateway, PlatformError
from tests.waiting import wait_for
from tests.web.api import Api
from tests.web.serving import call, log_in


@pytest.fixture
def api(url: str, gateway: Gateway) -> Api:
    """A fake in which a message was sent and a booking made, and time stands still."""
    gateway.clock.freeze()
    key = gateway.platform.open_session("demo", "s3cret")
    gateway.platform.send_sms(key, "", "hello", "0912345678", "")
    gateway.platform.send_sms(key, "", "later", "0912345678", "20990101000000")
    return Api(url)


LOOKS = (
    "state",
    "phones",
    "summary",
    "accounts",
    "accounts/demo",
    "messages",
    "messages/1",
    "batches",
    "statuses",
    "outcomes",
    "reports",
    "emails",
    "requests",
    "failures",
)


@pytest.mark.parametrize("path", LOOKS)
def test_nothing_new_is_a_304_without_a_body(api: Api, path: str) -> None:
    first = api("GET", path)
    assert first.headers["Cache-Control"] == "no-cache"
    second = api("GET", path, **{"If-None-Match": first.headers["ETag"]})
    assert (second.status, second.data) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]


def test_if_none_match_star_of_a_missing_thing_is_404(api: Api) -> None:
    assert api("GET", "messages/404", **{"If-None-Match": "*"}).status == 404


@pytest.mark.parametrize("path", ["clock", "openapi.json"])
def test_clock_and_description_have_no_etag(api: Api, path: str) -> None:
    assert "ETag" not in api("GET", path).headers


def fail_to_log_in(api: Api, gateway: Gateway) -> None:
    with pytest.raises(PlatformError):
        gateway.platform.open_session("demo", "wrong")


CHANGES: dict[str, Callable[[Api, Gateway], object]] = {
    "an SMS": lambda api, gateway: gateway.platform.send_sms(
        gateway.platform.open_session("demo", "s3cret"), "", "x", "0912345678", ""
    ),
    "a login": lambda api, gateway: gateway.platform.open_session("demo", "s3cret"),
    "a failed login": fail_to_log_in,
    "a request": lambda api, gateway: call(api.url, "getCredit"),
    "a delivery": lambda api, gateway: gateway.clock.advance(seconds=1),
    "a decision": lambda api, gateway: gateway.set_status(1, 103),
    "a cancelled booking": lambda api, gateway: gateway.set_status(2, 303),
    "a reply": lambda api, gateway: gateway.reply(1, "好"),
    "an outcome": lambda api, gateway: gateway.set_outcome("0912345678", 103),
    "an outcome forgotten": lambda api, gateway: gateway.clear_outcomes(),
    "points": lambda api, gateway: gateway.update_account("demo", credit=1),
    "an account more": lambda api, gateway: api.post("accounts", user_id="x", password="x"),
    "an account less": lambda api, gateway: gateway.remove_account("demo"),
    "a moved clock": lambda api, gateway: gateway.clock.advance(seconds=0.001),
    "a resumed clock": lambda api, gateway: gateway.clock.resume(),
    "a failure on demand": lambda api, gateway: api.post("failures", operation="*", kind="garbage"),
    "no failure any more": lambda api, gateway: api.delete("failures"),
    "a cleared journal": lambda api, gateway: api.delete("requests"),
    "a reset": lambda api, gateway: gateway.reset(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen(
    api: Api, gateway: Gateway, change: Callable[[Api, Gateway], object]
) -> None:
    etag = api("GET", "state").headers["ETag"]
    change(api, gateway)
    assert api("GET", "state", **{"If-None-Match": etag}).status == 200


# Logging in wakes nobody by itself, so that it costs nothing: the request that it comes with does.
WAKING = {name: change for name, change in CHANGES.items() if "login" not in name}
WAKING["a login"] = lambda api, gateway: log_in(api.url, "demo", "s3cret")


@pytest.mark.parametrize("change", WAKING.values(), ids=WAKING)
def test_waiter_sees_a_change_at_once(
    api: Api, gateway: Gateway, change: Callable[[Api, Gateway], object]
) -> None:
    etag = api("GET", "state").headers["ETag"]
    known = {"If-None-Match": etag}
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api, "GET", "state?wait_seconds=30", **known)
        wait_for(lambda: gateway._changes.awaited)
        change(api, gateway)
        response = waiting.result(timeout=20)  # of the 30 that it would wait
    assert (response.status, response.headers["ETag"] == etag) == (200, False)


def test_wait_in_vain_is_a_304(api: Api) -> None:
    etag = api("GET", "state").headers["ETag"]
    response = api("GET", "state?wait_seconds=0.01", **{"If-None-Match": etag})
    assert (response.status, response.data, response.headers["ETag"]) == (304, b"", etag)


def test_client_with_an_older_etag_need_not_wait(api: Api) -> None:
    assert api("GET", "state?wait_seconds=30").status == 200
    assert api("GET", "state?wait_seconds=30", **{"If-None-Match": '"older"'}).status == 200


def test_a_closed_gateway_lets_nobody_wait(api: Api, gateway: Gateway) -> None:
    etag = api("GET", "state").headers["ETag"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(api, "GET", "state?wait_seconds=30", **{"If-None-Match": etag})
        wait_for(lambda: gateway._changes.awaited)
        gateway.close()
        assert waiting.result(timeout=20).status in (200, 304)


def test_a4_sessions_that_end_at_midnight_are_seen(api: Api, gateway: Gateway) -> None:
    gateway.clock.travel_to(gateway.clock.now.replace(hour=23, minute=59) + timedelta(days=1))
    log_in(api.url, "demo", "s3cret")
    etag = api("GET", "accounts/demo").headers["ETag"]
    gateway.clock.advance(minutes=1)
    response = api("GET", "accounts/demo", **{"If-None-Match": etag})
    assert (response.status, response.json()["sessions"]) == (200, 0)


def test_time_that_passes_is_no_change(api: Api, gateway: Gateway) -> None:
    gateway.clock.resume()
    first = api.get("clock")["now"]
    etag = api("GET", "state").headers["ETag"]
    while api.get("clock")["now"] == first:
        pass
    assert api("GET", "messages", **{"If-None-Match": etag}).status == 304


def test_a_reset_voids_what_was_known_before(api: Api, gateway: Gateway) -> None:
    before = api.get("messages")
    gateway.reset()
    after = api.get("messages")
    assert after["epoch"] != before["epoch"]
    assert after["version"] > before["version"]
    assert api.get("state")["epoch"] == after["epoch"]


def test_the_overview_says_where_to_go_on(api: Api, gateway: Gateway) -> None:
    log_in(api.url, "demo", "s3cret")
    state = api.get("state")
    assert state["messages"]["count"] == 2
    assert state["requests"]["count"] == 1
    assert api.get(f"requests?after={state['requests']['last_id']}")["requests"] == []
    gateway.reply(1, "好")
    changed = api.get(f"messages?changed_after={state['messages']['version']}")["messages"]
    assert [message["id"] for message in changed] == [1]


def test_changes_come_in_order_with_message_ids(api: Api, gateway: Gateway) -> None:
    gateway.set_status(2, 303)
    gateway.reply(1, "好")
    page = api.get("messages?changed_after=0")
    assert [message["id"] for message in page["messages"]] == [2, 1]
    versions = [message["version"] for message in page["messages"]]
    assert versions == sorted(set(versions))
