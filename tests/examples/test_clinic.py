"""The suite of `clinic.py`, as its authors would write it."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from werkzeug.serving import make_server
from werkzeug.test import Client

from fake_every8d import FakeEvery8d, Status

from .clinic import Clinic
from .every8d import Every8d

PHONE = "0912345678"


@pytest.fixture
def clinic(every8d: FakeEvery8d) -> Iterator[Clinic]:
    """The application, pointed at the fake, and listening for its status reports."""
    clinic = Clinic(Every8d(every8d.wsdl_url, "demo", "demo"))
    server = make_server("127.0.0.1", 0, clinic, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    every8d.update_account("demo", report_url=f"http://127.0.0.1:{server.port}/sms/report")
    yield clinic
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(clinic: Clinic) -> Client:
    return Client(clinic)


def test_sign_up_texts_a_code(every8d: FakeEvery8d, browser: Client, clinic: Clinic) -> None:
    browser.post("/signup", data={"phone": PHONE})

    sms = every8d.wait_for_message(to=PHONE)
    assert sms.text.startswith("驗證碼")
    browser.post("/confirm", data={"phone": PHONE, "code": sms.code})
    assert PHONE in clinic.patients


def test_a_reminder_that_is_not_delivered(
    every8d: FakeEvery8d, browser: Client, clinic: Clinic
) -> None:
    every8d.set_outcome(PHONE, Status.NO_SUCH_NUMBER, after=5)
    tomorrow = every8d.clock.now + timedelta(days=1)
    batch_id = browser.post("/reminders", data={"phone": PHONE, "at": tomorrow}).text

    every8d.clock.advance(days=1, seconds=5)  # sent, failed and reported: all of it, now
    assert clinic.reminders[batch_id] == "failed"


def test_a_cancelled_reminder_costs_nothing(
    every8d: FakeEvery8d, browser: Client, clinic: Clinic
) -> None:
    tomorrow = every8d.clock.now + timedelta(days=1)
    batch_id = browser.post("/reminders", data={"phone": PHONE, "at": tomorrow}).text
    assert every8d.account.credit == 999

    browser.delete(f"/reminders/{batch_id}")
    every8d.clock.advance(days=2)
    assert [sms.status for sms in every8d.messages_to(PHONE)] == [Status.CANCELLED]
    assert every8d.account.credit == 1000
    assert clinic.reminders[batch_id] == "cancelled"


def test_a_patient_replies(every8d: FakeEvery8d, browser: Client, clinic: Clinic) -> None:
    soon = every8d.clock.now + timedelta(minutes=5)
    batch_id = browser.post("/reminders", data={"phone": PHONE, "at": soon}).text
    every8d.clock.advance(minutes=10)

    every8d.reply(PHONE, "1")
    every8d.wait_for_report(status=Status.REPLY)
    assert clinic.reminders[batch_id] == "answered 1"


@pytest.mark.every8d(credit=1)
def test_out_of_points(every8d: FakeEvery8d, browser: Client) -> None:
    assert browser.post("/signup", data={"phone": PHONE}).status_code == 202
    assert browser.post("/signup", data={"phone": "0922333444"}).status_code == 503
    assert every8d.account.credit == 0


def test_an_outage_and_a_second_try(every8d: FakeEvery8d, browser: Client) -> None:
    every8d.add_failure("sendSMS", kind="http_error", status=503)
    assert browser.post("/signup", data={"phone": PHONE}).status_code == 503

    assert browser.post("/signup", data={"phone": PHONE}).status_code == 202
    assert len(every8d.messages_to(PHONE)) == 1


def test_a_response_that_gets_lost_has_been_paid_for(every8d: FakeEvery8d, browser: Client) -> None:
    every8d.add_failure("sendSMS", kind="disconnect", effect="after")
    assert browser.post("/signup", data={"phone": PHONE}).status_code == 503

    assert browser.post("/signup", data={"phone": PHONE}).status_code == 202
    assert len(every8d.messages_to(PHONE)) == 2  # the patient got two codes
    assert every8d.account.credit == 998
