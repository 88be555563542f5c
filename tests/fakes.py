"""Helpers for tests of `FakeEvery8d`."""

from fake_every8d import FakeEvery8d
from tests.web.serving import call, log_in

PHONE = "0912345678"


def send(fake: FakeEvery8d, content: str, mobile: str = PHONE, send_time: str = "") -> str:
    """Send it as the first account; returns the receipt."""
    return call(
        fake.url,
        "sendSMS",
        sessionKey=log_in(fake.url, fake.account.user_id, fake.account.password),
        subject="",
        content=content,
        mobile=mobile,
        sendTime=send_time,
    ).data.decode()
