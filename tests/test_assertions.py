"""What a test waits for and asserts, against a fake that is really called."""

import threading

import pytest

from fake_every8d import FakeEvery8d
from tests.web.serving import call, log_in

PHONE, OTHER = "0912345678", "0922333444"


def send(fake: FakeEvery8d, content: str, mobile: str = PHONE, user_id: str = "demo") -> None:
    key = log_in(fake.url, user_id, user_id)
    call(fake.url, "sendSMS", sessionKey=key, subject="", content=content, mobile=mobile)


def test_what_was_sent(every8d: FakeEvery8d) -> None:
    every8d.assert_nothing_sent()
    send(every8d, "驗證碼 483920", f"{PHONE},{OTHER},0212345678")
    (sms,) = every8d.assert_sent(to=" 0912-345-678", containing="驗證碼", count=1)
    assert sms.code == "483920"
    assert len(every8d.assert_sent(count=2)) == 2
    assert len(every8d.assert_sent()) == 2
    assert every8d.assert_sent(to="0933444555", count=0) == []
    every8d.assert_nothing_sent(to="0212345678")  # refused, with status -3
    every8d.assert_nothing_sent(containing="再見")


@pytest.mark.parametrize("count", [1, 3])
def test_another_count(every8d: FakeEvery8d, count: int) -> None:
    send(every8d, "hello")
    send(every8d, "hello")
    complaint = f"^2 messages were sent to {PHONE}, not {count}; there are:"
    with pytest.raises(AssertionError, match=complaint):
        every8d.assert_sent(to=PHONE, count=count)


def test_accounts_are_told_apart(every8d: FakeEvery8d) -> None:
    every8d.add_account("shop", "shop", credit=7)
    send(every8d, "from demo")
    send(every8d, "from the shop", user_id="shop")
    assert every8d.account_of("shop").credit == 6
    assert every8d.wait_for_message(user_id="demo").content == "from demo"
    assert every8d.wait_for_messages(1, user_id="shop")[0].content == "from the shop"
    every8d.assert_sent(user_id="shop", count=1)
    every8d.assert_nothing_sent(user_id="nobody")
    assert every8d.wait_for_request("sendSMS", user_id="shop").user_id == "shop"
    with pytest.raises(AssertionError, match=r"^no message of account 'nobody' within 0\.01 s"):
        every8d.wait_for_message(user_id="nobody", timeout=0.01)


def test_several_messages_are_waited_for(every8d: FakeEvery8d) -> None:
    def send_three() -> None:
        for number in range(3):
            send(every8d, f"number {number}")

    sending = threading.Thread(target=send_three)
    sending.start()
    messages = every8d.wait_for_messages(3, to=PHONE, timeout=30)
    assert [sms.content for sms in messages] == ["number 0", "number 1", "number 2"]
    sending.join()


def test_a_request_is_waited_for(every8d: FakeEvery8d) -> None:
    calling = threading.Thread(target=call, args=[every8d.url, "getCredit"])
    calling.start()
    request = every8d.wait_for_request("getCredit", timeout=30)
    assert (request.operation, request.status) == ("getCredit", 200)
    calling.join()
    call(every8d.url, "getCredit")
    assert every8d.wait_for_request("getCredit", count=2) is every8d.requests[-1]
    with pytest.raises(
        AssertionError, match=r"^2 of 3 requests for getCredit within 0\.01 s; there"
    ):
        every8d.wait_for_request("getCredit", count=3, timeout=0.01)
