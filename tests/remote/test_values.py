"""A fake elsewhere hands out what one of this process does, to the last attribute."""

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

import pytest
import requests

from fake_every8d import (
    TAIPEI,
    Account,
    BatchSummary,
    Email,
    Failure,
    FakeEvery8d,
    Message,
    Outcome,
    RecordedRequest,
    Report,
    Settings,
    Status,
)
from fake_every8d.web.api.description import described
from fake_every8d.web.api.operations import OPERATIONS
from tests.fakes import PHONE
from tests.receiver import Receiver, in_turn, status

REQUEST = [
    name
    for name, member in vars(RecordedRequest).items()
    if isinstance(member, property) and not name.startswith("_")
]


@pytest.fixture
def here() -> Iterator[FakeEvery8d]:
    """The fake itself."""
    settings = Settings(
        (Account("demo", "demo"), Account("店 /?", "密碼", Decimal("0.1"))),
        edition="2021",
        delivery_seconds=0.5,
        pad_mobile=True,
    )
    with FakeEvery8d(settings) as fake:
        yield fake


@pytest.fixture
def every8d(here: FakeEvery8d) -> FakeEvery8d:
    """The same, from elsewhere."""
    return FakeEvery8d.connect(here.url)


@pytest.mark.parametrize(
    "of",
    [
        "account", "accounts", "messages", "sent", "batches", "outcomes", "reports", "emails",
        "settings", "url", "plain_url", "soap_url", "http_url", "wsdl_url",
    ],
)  # fmt: skip
def test_x4_all_that_is_handed_out_is_the_same(
    here: FakeEvery8d, every8d: FakeEvery8d, receiver: Receiver, of: str
) -> None:
    here.clock.freeze()
    receiver.respond = in_turn(status(503))
    here.update_account("demo", report_url=receiver.url, report_method="POST", credit=12.34)
    here.send("驗證碼 483920\n再見 👋", f"{PHONE},+14155550100,0212345678", subject="主旨")
    here.send("later", PHONE, send_time=datetime(2099, 12, 31, 9))
    requests.post(
        here.http_url + "SendParamSMS.ashx",
        json={
            "UID": "demo", "PWD": "demo", "SB": "s", "MSG": "hello %field1%", "RETRYTIME": "60",
            "RecipientDataList": [
                {"Name": "王", "Mobile": PHONE, "Email": "wang@example.com", "Param": "王|x"}
            ],
        },
        timeout=30,
    )  # fmt: skip
    here.clock.advance(seconds=70)  # the report is tried again after 60
    here.reply(PHONE, "好的")
    here.wait_for_report(status=Status.REPLY)
    here.set_outcome("0987654321", Status.NO_SUCH_NUMBER, after=2.5)
    here.add_failure("sendSMS", "delay", seconds=0.25, probability=0.5, seed=1, to=PHONE)
    wanted = attrgetter(of)
    assert repr(wanted(every8d)) == repr(wanted(here)) != "[]"
    assert wanted(every8d) == wanted(here)


def test_a_request_is_the_same_with_its_bytes(here: FakeEvery8d, every8d: FakeEvery8d) -> None:
    requests.post(
        here.http_url + "sendSMS.ashx",
        data="UID=demo&PWD=demo&MSG=測試&DEST=0912345678".encode("cp950") + b"\xff",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=big5"},
        timeout=30,
    )
    requests.get(here.url + "/nothing/here?x=%E6%B8%AC", timeout=30)
    assert REQUEST
    assert len(every8d.requests) == 2
    for theirs, ours in zip(every8d.requests, here.requests, strict=True):
        for name in REQUEST:
            if name != "milliseconds":  # of which JSON has three decimals
                assert getattr(theirs, name) == getattr(ours, name), name
        assert theirs.milliseconds == pytest.approx(ours.milliseconds, abs=0.001)
        assert repr(theirs) == repr(ours)
    first, second = every8d.requests
    assert first == every8d.requests[0] != second
    assert len({first, every8d.requests[0], second}) == 2


def test_a_list_of_more_than_a_page_is_whole(here: FakeEvery8d, every8d: FakeEvery8d) -> None:
    here.clock.freeze()
    here.update_account("demo", credit=3000)
    here.send("hello", ",".join(f"09{number:08}" for number in range(10_000_100, 10_002_202)))
    assert len(here.messages) == 2102
    assert every8d.messages == here.messages


def test_the_clock_is_the_fakes(here: FakeEvery8d, every8d: FakeEvery8d) -> None:
    clock = every8d.clock
    clock.freeze()
    assert (clock.running, here.clock.running, clock.next_due) == (False, False, None)
    now = here.clock.now
    assert clock.now == now
    assert clock.advance(minutes=5) == clock.now == here.clock.now == now + timedelta(minutes=5)
    assert clock.advance(1.5) == now + timedelta(minutes=5, seconds=1.5)
    assert clock.advance(timedelta(microseconds=1)) == now + timedelta(
        minutes=5, microseconds=1500001
    )
    here.send("later", PHONE, send_time=datetime(2099, 12, 31, 9))
    assert clock.next_due == datetime(2099, 12, 31, 9, tzinfo=TAIPEI)
    assert clock.travel_to(datetime(2099, 12, 31, 9)) == here.clock.now  # Taipei's
    assert every8d.messages[0].status is Status.SENT
    clock.resume()
    assert here.clock.running


def test_actions_happen_there(here: FakeEvery8d, every8d: FakeEvery8d) -> None:
    """In the order in which a test might: each returns what one of this process does."""
    shop = every8d.add_account("shop", "s3cret", credit=Decimal("20.5"), international=True)
    assert shop == here.account_of("shop") == every8d.account_of("shop")
    assert every8d.update_account("shop", top_up=1, locked=True) == here.account_of("shop")
    assert here.account_of("shop").credit == Decimal("21.5")
    assert every8d.reset_account("shop").locked is False
    assert every8d.update_account("店 /?", password="x").password == "x"
    every8d.remove_account("店 /?")
    assert [account.user_id for account in here.accounts] == ["demo", "shop"]
    outcome = every8d.set_outcome("0987654321", "NO_SUCH_NUMBER", after=timedelta(seconds=2))
    assert [outcome] == here.outcomes
    sent = every8d.send("hi", "0987654321", user_id="shop", subject="s")
    assert sent == here.messages
    assert every8d.set_status(sent[0], 100) == here.messages[0]
    assert every8d.reply(sent[0], "好").replies == every8d.messages[0].replies
    assert [each.text for each in every8d.reply("0987654321", "的").replies] == ["好", "的"]
    assert every8d.messages_to("+886 987-654-321") == here.messages
    every8d.clear_outcomes(" 0987654321")
    assert here.outcomes == []
    first = every8d.add_failure("*", kind="http_error", times=None)
    second = every8d.add_failure("sendSMS", kind="garbage")
    assert [asdict(first), asdict(second)] == [asdict(each) for each in here.failures]
    every8d.remove_failure(first)
    assert [asdict(second)] == [asdict(each) for each in here.failures]
    every8d.clear_failures()
    assert here.failures == []
    assert every8d.update_settings(edition="2025") == here.settings
    world = every8d.snapshot()
    requests.get(here.url + "/nothing", timeout=30)
    assert every8d.summary() == here.summary() != ""
    every8d.clear_requests()
    assert here.requests == []
    every8d.reset()
    assert (here.messages, here.settings.edition) == ([], "2021")
    every8d.restore(world)
    assert (len(here.messages), here.settings.edition) == (1, "2025")


def test_a_failure_goes_on_counting(here: FakeEvery8d, every8d: FakeEvery8d) -> None:
    once = every8d.add_failure("getCredit", kind="garbage")
    (listed,) = every8d.failures
    with every8d.outage("getCredit") as outage:
        for _ in range(3):
            requests.get(here.http_url + "getCredit.ashx?UID=demo&PWD=demo", timeout=30)
        assert (once.happened, listed.happened, outage.happened, outage.times) == (1, 1, 2, None)
    assert every8d.failures == []
    every8d.reset()
    assert (once.happened, outage.happened) == (1, 2)
    assert once == listed != outage
    every8d.restore(every8d.snapshot())
    assert once.happened == 1
    with pytest.raises(AttributeError):
        once.happened = 7  # type: ignore[misc]


@pytest.mark.parametrize(
    "of", [Account, Message, BatchSummary, Report, Email, Settings, Outcome, Failure]
)
def test_the_json_api_tells_of_every_field(of: type[Any]) -> None:
    """A field that is new would have its default there, whatever it is here."""
    schemas = described(OPERATIONS)["components"]["schemas"]
    told = schemas[of.__name__.replace("Summary", "")]["properties"]
    assert {field.name for field in fields(of)} <= told.keys()


def unpickled(failure: Failure) -> Failure:
    copied: Failure = pickle.loads(pickle.dumps(failure))
    return copied


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, unpickled])
def test_x4_copy_of_a_failure_is_one_of_the_fake_elsewhere(
    here: FakeEvery8d, every8d: FakeEvery8d, copied: Callable[[Failure], Failure]
) -> None:
    failure = copied(every8d.add_failure("getCredit", kind="garbage", times=3))
    requests.get(here.http_url + "getCredit.ashx?UID=demo&PWD=demo", timeout=30)
    assert (failure.times, failure.happened) == (2, 1)
    assert asdict(failure) == asdict(here.failures[0])
