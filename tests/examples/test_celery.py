"""Celery, or any other worker: the SMS is sent later, by somebody else."""

from collections.abc import Iterator

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker

from fake_every8d import FakeEvery8d

from .every8d import Every8d, SmsUnavailable

app = Celery("shop", broker="memory://", backend="cache+memory://")
app.conf.worker_hijack_root_logger = False


@app.task(autoretry_for=(SmsUnavailable,), retry_kwargs={"max_retries": 3, "countdown": 0})
def tell(wsdl_url: str, phone: str, text: str) -> None:
    """Text somebody, and try again if EVERY8D cannot be reached."""
    Every8d(wsdl_url, "demo", "demo").send(phone, text)


@pytest.fixture(scope="module", autouse=True)
def worker() -> Iterator[None]:
    """A worker on a thread of its own, as `celery worker` is a process of its own."""
    # Its level stays with the root logger, and warning is what that has anyway.
    with start_worker(app, pool="solo", loglevel="warning", perform_ping_check=False):
        yield


def test_the_text_comes_when_the_worker_gets_to_it(every8d: FakeEvery8d) -> None:
    tell.delay(every8d.wsdl_url, "0912345678", "訂單 10034 已出貨")

    sms = every8d.wait_for_message(to="0912345678")  # as long as 5 seconds
    assert sms.text == "訂單 10034 已出貨"


def test_it_is_sent_once_though_the_first_try_fails(every8d: FakeEvery8d) -> None:
    every8d.add_failure("sendSMS", "http_error", status=503)
    tell.delay(every8d.wsdl_url, "0912345678", "訂單 10034 已出貨")

    every8d.wait_for_message(to="0912345678")
    assert len(every8d.messages_to("0912345678")) == 1
