"""Snapshots: what is put back goes on as if nothing had been. It is 2040-03-01 12:00:00."""

import copy
import gc
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_every8d import Conflict, FakeEvery8d, InvalidInput, NotFound, PlatformError, Settings
from fake_every8d.control.snapshot import written
from fake_every8d.control.world import World
from fake_every8d.gateway import TAIPEI, Account, Email, Gateway, Login, Recipient, Report, outbox
from fake_every8d.gateway.accounts import MOST_POINTS
from fake_every8d.gateway.clock import LATEST
from tests.gateway.calls import login
from tests.receiver import OK, Receiver
from tests.waiting import wait_for
from tests.web.api import Api
from tests.web.serving import call

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)
UNREACHABLE = "+886922333444"  # whose reports the receiver never takes
REPLIES = "+886900000999"  # D3

Do = Callable[[Gateway], Any]
"""Something that is done to a gateway; it returns what came of it."""


def receive(report: Report) -> int:
    return 500 if report.to == UNREACHABLE else 200


def new_world() -> World:
    accounts = (
        Account("demo", "demo", Decimal(40), report_url="http://receiver/"),
        Account(
            "shop", "shop", Decimal("7.5"), international=True, report_url="http://receiver/",
            report_method="POST", report_charset="big5", report_attempts=2,
        ),
    )  # fmt: skip
    return World(Gateway(Settings(accounts), report=receive, mail=lambda email: 250))


def from_noon(world: World) -> World:
    world.gateway.clock.freeze()
    world.gateway.clock.travel_to(NOON)
    return world


def refused(call: Callable[[], Any]) -> Any:
    """The result of a call, or the text of its refusal."""
    try:
        return call()
    except (InvalidInput, PlatformError) as error:
        return str(error)


numbers = st.sampled_from(
    ["0912345678", UNREACHABLE, REPLIES, "+886900000103", "+886900000000", "+14155550100", "12"]
)
users = st.sampled_from(["demo", "shop"])


@st.composite
def sends(draw: st.DrawFn) -> Do:
    user_id, mobiles = draw(users), draw(st.lists(numbers, min_size=1, max_size=3))
    content = draw(st.sampled_from(["hello", "嗨" * 71]))
    minutes = draw(st.sampled_from([None, None, 1, 5, -2000]))
    email = draw(st.sampled_from(["", "wang@example.com"]))

    def do(gateway: Gateway) -> Any:
        at = gateway.clock.now + timedelta(minutes=minutes or 0)
        send_time = "" if minutes is None else f"{at:%Y%m%d%H%M%S}"
        recipients = [Recipient(mobile, content, email=email) for mobile in mobiles]
        return gateway.platform.send_param_sms(login(gateway, user_id), "s", recipients, send_time)[
            :4
        ]

    return do


@st.composite
def decisions(draw: st.DrawFn) -> Do:
    """Something is done about the message that is so far from the newest."""
    back, what = draw(st.integers(1, 5)), draw(st.sampled_from(["reply", "erase", "status"]))

    def do(gateway: Gateway) -> Any:
        messages = gateway.messages()
        if len(messages) < back:
            return None
        message = messages[-back]
        if what == "reply":
            return refused(lambda: gateway.reply(message.id, "好").status)
        if what == "status":
            return refused(lambda: gateway.set_status(message.id, 101).status)
        caller = Login(message.user_id, message.user_id)
        return refused(lambda: gateway.platform.erase_booking(caller, message.batch_id))

    return do


def passes(seconds: float) -> Do:
    return lambda gateway: gateway.clock.advance(seconds)


things = st.lists(
    st.one_of(
        sends(),
        sends(),
        decisions(),
        st.sampled_from([0.5, 1, 1, 60, 300, 86_400]).map(passes),
        st.builds(
            lambda to, status: lambda gateway: refused(lambda: gateway.set_outcome(to, status, 90)),
            numbers,
            st.sampled_from([0, 100, 107]),
        ),
        users.map(lambda who: lambda gateway: gateway.update_account(who, top_up=5).credit),
        users.map(
            lambda who: lambda gateway: refused(lambda: gateway.platform.open_session(who, "x"))
        ),
        users.map(lambda who: lambda gateway: gateway.sessions(who)),
        users.map(lambda who: lambda gateway: gateway.reset_account(who)),
        st.just(lambda gateway: gateway.update_settings(edition="2025").edition),
    ),
    max_size=8,
)


def looks(world: World) -> dict[str, Any]:
    """All there is, except what each fake draws at random, and how long things really took."""
    world.gateway.clock.advance(0)  # until nothing is under way
    wait_for(lambda: all(email.attempts for email in world.gateway.emails()))
    snapshot = world.snapshot()
    text = json.dumps(snapshot)
    for batch in snapshot["gateway"]["batches"]:
        text = text.replace(batch["id"], f"batch {batch['first_id']}")
    seen: dict[str, Any] = json.loads(text)
    del seen["digest"]
    for session in seen["gateway"]["sessions"]:
        session["key"] = ""
    for item in (*seen["gateway"]["reports"], *seen["gateway"]["emails"]):
        for attempt in item["attempts"]:
            attempt["seconds"] = 0
    return seen


def worth(gateway: Gateway) -> Decimal:
    """Points that are left or were charged: nothing but a top-up changes them."""
    left = sum((account.credit for account in gateway.accounts()), Decimal(0))
    return left + sum((message.cost for message in gateway.messages()), Decimal(0))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(before=things, between=things, after=things)
def test_restored_fake_goes_on_as_if_undisturbed(
    before: list[Do], between: list[Do], after: list[Do]
) -> None:
    """Two fakes: one is only looked at, the other did something else and is put there."""
    undisturbed, disturbed = from_noon(new_world()), new_world()
    with closing(undisturbed.gateway), closing(disturbed.gateway):
        for do in before:
            do(undisturbed.gateway)
        taken = looks(undisturbed)
        document = json.dumps(undisturbed.snapshot())
        from_noon(disturbed)
        for do in between:
            do(disturbed.gateway)
        disturbed.restore(json.loads(document))
        assert looks(disturbed) == taken
        assert worth(disturbed.gateway) == worth(undisturbed.gateway)
        for do in [*after, passes(1), passes(86_400 * 3)]:
            assert do(disturbed.gateway) == do(undisturbed.gateway)
        assert looks(disturbed) == looks(undisturbed)
        assert disturbed.gateway.clock.next_due == undisturbed.gateway.clock.next_due
        assert worth(disturbed.gateway) == worth(undisturbed.gateway)


@pytest.fixture
def fake() -> Iterator[FakeEvery8d]:
    with FakeEvery8d() as fake:
        fake.clock.freeze()
        fake.clock.travel_to(NOON)
        yield fake


def test_the_clock_goes_back_to_where_it_was_and_bookings_fall_due(fake: FakeEvery8d) -> None:
    """S5, T1: a booking for one o'clock, which went out, goes out once more."""
    gateway = fake.gateway
    gateway.platform.send_sms(login(gateway), "", "hello", "0912345678", "20400301130000")
    before = fake.snapshot()
    fake.clock.advance(hours=2)
    assert [sms.status for sms in fake.messages] == [100]
    fake.restore(before)
    assert (fake.clock.now, fake.clock.running) == (NOON, False)
    assert [sms.status for sms in fake.messages] == [300]
    assert fake.account.credit == 999
    fake.clock.advance(hours=1, seconds=1)
    assert [sms.status for sms in fake.messages] == [100]
    assert fake.messages[0].sent_at == NOON + timedelta(hours=1)


def test_time_that_ran_runs_on_from_there(fake: FakeEvery8d) -> None:
    fake.clock.resume()
    before = fake.snapshot()
    fake.clock.freeze()
    fake.clock.advance(days=1)
    fake.restore(before)
    then = datetime.fromisoformat(before["gateway"]["now"])
    assert fake.clock.running
    assert then <= fake.clock.now < then + timedelta(minutes=10)
    wait_for(lambda: fake.clock.now > then)


def test_sessions_and_tokens_are_good_again(fake: FakeEvery8d) -> None:
    """A4, H7."""
    key = login(fake.gateway)
    token = fake.gateway.platform.open_token(Login("demo", "demo"))
    before = fake.snapshot()
    fake.reset()
    fake.restore(before)
    assert fake.gateway.platform.credit(key) == 1000
    fake.clock.advance(hours=12)
    assert not fake.gateway.platform.close_session(key)  # it is another day
    assert [each["text"] for each in before["gateway"]["tokens"]] == [token]


def test_a_report_that_was_under_way_goes_out_again(
    fake: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R2, R3: and the one that waited for it, after it."""
    monkeypatch.setattr(outbox, "_DRAIN_SECONDS", 0.05)  # for which a reset waits for it
    with Receiver() as receiver:
        hang = receiver.hang()
        receiver.respond = lambda request: hang
        fake.update_account("demo", report_url=receiver.url)
        fake.gateway.platform.send_sms(login(fake.gateway), "", "hello", "0912345678", "")
        fake.reply("0912345678", "好")  # reported as delivered, then the reply
        hang.wait_until_reached()
        under_way = fake.snapshot()
        fake.reset()
        receiver.respond = lambda request: OK
        fake.restore(under_way)
        fake.wait_for_report(status=999)
        assert [len(report.attempts) for report in fake.reports] == [1, 1]
        assert [request["STATUS"] for request in receiver.requests] == ["100", "100", "999"]


def test_failures_go_on_where_they_were(fake: FakeEvery8d) -> None:
    fake.add_failure("getCredit", "result", result="wrong", probability=0.5, seed=8)
    fake.add_failure("getCredit", "result", result="third", every=3)

    def responses() -> list[str]:
        return [call(fake.url, "getCredit", sessionKey=key).data.decode() for _ in range(7)]

    key = login(fake.gateway)
    responses()
    before = fake.snapshot()
    undisturbed, seen = responses(), fake.failures
    fake.clear_failures()
    fake.restore(before)
    assert responses() == undisturbed
    assert fake.failures == seen
    assert {failure.kind for failure in fake.failures} == {"result"}
    assert len(set(undisturbed)) > 1
    assert fake.add_failure("*", "garbage").id == 3


def test_the_journal_stays(fake: FakeEvery8d) -> None:
    before = fake.snapshot()
    call(fake.url, "getCredit", sessionKey="x")
    fake.restore(before)
    assert [request.operation for request in fake.requests] == ["getCredit"]


def test_it_can_be_put_back_in_another_process(fake: FakeEvery8d) -> None:
    """Over HTTP; the other process has other accounts, and forgets messages earlier."""
    fake.gateway.platform.send_sms(login(fake.gateway), "", "半\ud83d", "0912345678,0922333444", "")
    fake.gateway.platform.send_sms(login(fake.gateway), "", "second", "0912345678", "")
    fake.clock.advance(1)
    file = Api(fake.url)("GET", "snapshot").data
    with FakeEvery8d(Settings((Account("other", "other"),), max_messages=1)) as other:
        assert Api(other.url)("PUT", "snapshot", file).status == 204
        assert other.accounts == fake.accounts
        assert [sms.text for sms in other.messages] == ["second"]
        assert other.messages[0].id == 3
        assert other.messages_to("0922333444") == []
        other.reset()
        assert [account.user_id for account in other.accounts] == ["other"]
    with FakeEvery8d() as other:
        assert Api(other.url)("PUT", "snapshot", file).status == 204
        assert [sms.text for sms in other.messages] == ["半\ud83d", "半\ud83d", "second"]
        other.gateway.platform.send_sms(login(other.gateway), "", "third", "0912345678", "")
        assert [sms.id for sms in other.messages_to("0912345678")] == [1, 3, 4]


def test_messages_that_were_forgotten_leave_gaps(fake: FakeEvery8d) -> None:
    for text in "abcd":
        fake.add_account(text, text)
        fake.gateway.platform.send_sms(login(fake.gateway, text), "", text, "0912345678", "")
    for text in "ac":
        fake.reset_account(text)
    fake.restore(fake.snapshot())
    assert [(sms.id, sms.text) for sms in fake.messages] == [(2, "b"), (4, "d")]
    assert fake.gateway.message(4).text == "d"
    with pytest.raises(NotFound):
        fake.gateway.message(3)


def test_copies_that_wait_are_kept_where_there_is_no_mail_server() -> None:
    """S7."""

    def no_server(email: Email) -> int:
        raise OSError

    world = from_noon(World(Gateway(report=receive, mail=no_server)))
    with closing(world.gateway), FakeEvery8d() as other:
        recipient = Recipient("0912345678", "hello", email="wang@example.com")
        world.gateway.platform.send_param_sms(login(world.gateway), "", [recipient], "")
        other.restore(world.snapshot())
        assert [email.state.value for email in other.emails] == ["kept"]


@pytest.fixture
def eventful(fake: FakeEvery8d) -> FakeEvery8d:
    """A fake with something of everything that a snapshot has."""
    platform = fake.gateway.platform
    fake.update_account("demo", report_url="http://127.0.0.1:9/", credit="12.5")
    platform.open_token(Login("demo", "demo"))
    platform.send_sms(login(fake.gateway), "", "hello", "0912345678", "20400301130000")
    platform.send_sms(login(fake.gateway), "", "半\ud83d", "0912345678", "")
    fake.clock.advance(1)
    fake.set_outcome("0912345678", 103, after=1.5)
    fake.add_failure("*", "delay", seconds=0.25, probability=0.5, seed=1)
    return fake


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("more", 1),
        ("gateway.now", "1969-01-01T00:00:00+08:00"),
        ("gateway.accounts", []),
        ("gateway.batches.0.records.0.text", "\ud83d"),
        ("gateway.batches.0.records.0.cost", True),
        ("gateway.outcomes.0.after_seconds", Decimal("1.25")),
        ("failures.waiting.0.failure.kind", object()),
        ("failures.waiting", float("nan")),
        ("digest", 1),
    ],
)
def test_changed_snapshot_is_refused_and_changes_nothing(
    eventful: FakeEvery8d, path: str, value: Any
) -> None:
    before = eventful.snapshot()
    wrong = copy.deepcopy(before)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = wrong
    for part in parents:
        place = place[part]
    place[last] = value
    with pytest.raises(InvalidInput) as refusal:
        eventful.restore(wrong)
    assert str(refusal.value) == (
        "the snapshot was changed after it was taken; "
        "pass the response to GET /fake/snapshot unchanged"
    )
    assert eventful.snapshot() == before


def test_digest_holds_however_the_snapshot_is_formatted(eventful: FakeEvery8d) -> None:
    """Indented, its keys in another order, and 60.0 for 60, as other languages write it."""
    before = eventful.snapshot()
    text = json.dumps(before, indent=2, sort_keys=True, ensure_ascii=True)
    assert "0.25" in text
    api = Api(eventful.url)
    got = api("GET", "snapshot").data
    for file in (text.encode(), text.replace("0.25", "2.5e-1").encode(), got):
        eventful.reset()
        assert api("PUT", "snapshot", file).status == 204
        assert eventful.snapshot() == before
    refusal = api("PUT", "snapshot", text.replace("0.25", "0.75").encode())
    assert refusal.status == 400
    assert "was changed after it was taken" in refusal.json()["error"]["message"]


def test_other_documents_are_no_snapshots(fake: FakeEvery8d) -> None:
    for wrong in ({}, {"version": "1.0.0"}, []):
        with pytest.raises(
            InvalidInput, match="not a snapshot: it has no version or no digest; pass"
        ):
            fake.restore(wrong)  # type: ignore[arg-type]


def test_snapshot_at_the_bounds_of_time_and_points_can_be_put_back(eventful: FakeEvery8d) -> None:
    eventful.clock.travel_to(LATEST)
    eventful.update_account("demo", credit=MOST_POINTS)
    before = eventful.snapshot()
    eventful.reset()
    eventful.restore(json.loads(json.dumps(before)))
    assert eventful.snapshot() == before


def test_long_snapshot_is_written_in_pieces(fake: FakeEvery8d) -> None:
    """None is a fortieth of it: others get their turn between two."""
    numbers = ",".join(f"09{number:08}" for number in range(5_000))
    fake.gateway.platform.send_sms(login(fake.gateway), "", "hello", numbers, "20400301130000")
    snapshot = fake.snapshot()
    pieces = [*written(snapshot)]
    assert json.loads("".join(pieces)) == snapshot
    assert max(map(len, pieces)) * 40 < sum(map(len, pieces))


def test_another_versions_snapshot_is_refused(fake: FakeEvery8d) -> None:
    snapshot = fake.snapshot() | {"version": "0.0.9"}
    with pytest.raises(Conflict) as refusal:
        fake.restore(snapshot)
    assert refusal.value.field == "version"
    assert Api(fake.url)("PUT", "snapshot", snapshot).status == 409


def test_nobody_waits_for_the_collector_while_a_snapshot_is_made() -> None:
    collected: list[str] = []

    def collect(phase: str, info: object) -> None:
        collected.append(phase)

    with closing(new_world().gateway) as gateway:
        world = World(gateway)
        key = login(gateway)
        gateway.platform.send_sms(key, "", "x", ",".join(["0912345678"] * 2_000), "")
        thresholds = gc.get_threshold()
        gc.callbacks.append(collect)
        gc.set_threshold(100, 1, 1)
        try:
            collected.clear()
            world.snapshot()
            during = len(collected)
        finally:
            gc.set_threshold(*thresholds)
            gc.callbacks.remove(collect)
    # Two calls for the one when it is over, and a few for what comes before; else there are 122.
    assert during < 20
    assert gc.isenabled()
