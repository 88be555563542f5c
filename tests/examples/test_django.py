"""Django, with pytest-django: its own client, and status reports without a server."""

import django
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

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


@pytest.fixture(autouse=True)
def platform(every8d: FakeEvery8d, settings: object) -> None:
    """The fake in production's place, and its status reports."""
    settings.EVERY8D_WSDL = every8d.wsdl_url  # type: ignore[attr-defined]
    every8d.reports_to(get_wsgi_application(), "/sms/report")


def test_a_patient_confirms(client: Client, every8d: FakeEvery8d) -> None:
    batch_id = client.post("/reminders", {"phone": "0912345678"}).text

    every8d.clock.advance(seconds=1)  # delivered, and reported
    assert client.get(f"/reminders/{batch_id}").text == "delivered"

    every8d.reply("0912345678", "1")
    every8d.wait_for_report(status=Status.REPLY)
    assert client.get(f"/reminders/{batch_id}").text == "answered 1"


def test_a_number_that_does_not_exist(client: Client, every8d: FakeEvery8d) -> None:
    every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER)
    batch_id = client.post("/reminders", {"phone": "0912345678"}).text

    every8d.clock.advance(seconds=1)
    assert client.get(f"/reminders/{batch_id}").text == "failed"
