"""Helpers for tests of the gateway."""

import threading

from fake_every8d.gateway import Gateway, Message, Receipt, Recipient

PHONE = "0912345678"


def login(gateway: Gateway, user_id: str = "demo") -> str:
    """A session key; in these tests a password is the same as its user ID."""
    return gateway.platform.open_session(user_id, user_id)


def send(
    gateway: Gateway,
    mobile: str = PHONE,
    content: str = "hello",
    send_time: str = "",
    *,
    subject: str = "",
    user_id: str = "demo",
) -> Receipt:
    return gateway.platform.send_sms(login(gateway, user_id), subject, content, mobile, send_time)


def send_param(
    gateway: Gateway, *recipients: Recipient, send_time: str = "", subject: str = ""
) -> Receipt:
    return gateway.platform.send_param_sms(login(gateway), subject, recipients, send_time)


def sent(gateway: Gateway, receipt: Receipt) -> list[Message]:
    """A batch's messages as they are now."""
    return gateway.messages(batch_id=receipt.batch_id)


def statuses(gateway: Gateway, receipt: Receipt) -> list[int]:
    return [message.status.value for message in sent(gateway, receipt)]


def threads(name: str) -> list[threading.Thread]:
    """The threads of that name that are running."""
    return [thread for thread in threading.enumerate() if thread.name == name]
