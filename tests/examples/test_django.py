"""Django, with pytest-django: its live server takes the status reports."""

import django
import pytest
import requests
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django.live_server_helper import LiveServer

from fake_every8d import FakeEvery8d, Status

from .every8d import Every8d

settings.configure(
    ALLOWED_HOSTS=["*"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    EVERY8D_WSDL="https://oms.every8d.com/API21/SOAP/SMS.asmx?WSDL",
    ROOT_URLCONF=__name__,
    STATIC_URL="/static/",
)
django.setup()


def remind(request: HttpRequest) -> HttpResponse:
    """Text a reminder; the response is its batch ID."""
    every8d = Every8d(settings.EVERY8D_WSDL, "demo", "demo")
    batch_id = every8d.send(request.POST["phone"], "明天 14:30 看診，回 1 確認、2 取消。")
    cache.set(batch_id, "sent")
    return HttpResponse(batch_id, status=201)


def report(request: HttpRequest) -> HttpResponse:
    """Take EVERY8D's status report (回報)."""
    states = {"100": "delivered", "999": f"answered {request.GET['SM']}"}
    cache.set(request.GET["BatchID"], states.get(request.GET["STATUS"], "failed"))
    return HttpResponse("OK")


def state(request: HttpRequest, batch_id: str) -> HttpResponse:
    return HttpResponse(cache.get(batch_id))


urlpatterns = [
    path("reminders", remind),
    path("reminders/<batch_id>", state),
    path("sms/report", report),
]


@pytest.fixture
def site(live_server: LiveServer, every8d: FakeEvery8d, settings: object) -> str:
    """Where the application is served, with the fake in production's place."""
    settings.EVERY8D_WSDL = every8d.wsdl_url  # type: ignore[attr-defined]
    every8d.update_account("demo", report_url=f"{live_server.url}/sms/report")
    return str(live_server.url)


def test_a_patient_confirms(site: str, every8d: FakeEvery8d) -> None:
    batch_id = requests.post(f"{site}/reminders", {"phone": "0912345678"}, timeout=10).text

    every8d.clock.advance(seconds=1)  # delivered, and reported to the live server
    assert requests.get(f"{site}/reminders/{batch_id}", timeout=10).text == "delivered"

    every8d.reply("0912345678", "1")
    every8d.wait_for_report(status=Status.REPLY)
    assert requests.get(f"{site}/reminders/{batch_id}", timeout=10).text == "answered 1"


def test_a_number_that_does_not_exist(site: str, every8d: FakeEvery8d) -> None:
    every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER)
    batch_id = requests.post(f"{site}/reminders", {"phone": "0912345678"}, timeout=10).text

    every8d.clock.advance(seconds=1)
    assert requests.get(f"{site}/reminders/{batch_id}", timeout=10).text == "failed"
