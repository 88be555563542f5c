"""Flask: a sign-up that texts a code, tested with Flask's own client."""

import secrets

import pytest
from flask import Flask, request, session
from flask.testing import FlaskClient

from fake_every8d import FakeEvery8d, Status

from .every8d import Every8d, SmsUnavailable


def create_app(wsdl_url: str) -> Flask:
    """The application; its configuration has the address of EVERY8D's WSDL."""
    app = Flask(__name__)
    app.secret_key = "for tests"
    every8d = Every8d(wsdl_url, "demo", "demo")
    states: dict[str, str] = {}

    @app.post("/signup")
    def sign_up() -> tuple[str, int]:
        session["code"] = f"{secrets.randbelow(1_000_000):06}"
        try:
            text = f"您的驗證碼為 {session['code']}，10 分鐘內有效。"
            session["batch"] = every8d.send(request.form["phone"], text)
        except SmsUnavailable:
            return "try again later", 503
        return "", 202

    @app.post("/confirm")
    def confirm() -> tuple[str, int]:
        return ("welcome", 200) if request.form["code"] == session.get("code") else ("no", 403)

    @app.get("/sms/report")
    def report() -> str:
        states[request.args["BatchID"]] = request.args["STATUS"]
        return "OK"

    @app.get("/state")
    def state() -> str:
        return "arrived" if states.get(session["batch"]) == "100" else "try another number"

    return app


@pytest.fixture
def client(every8d: FakeEvery8d) -> FlaskClient:
    app = create_app(every8d.wsdl_url)
    every8d.reports_to(app, "/sms/report")  # no server is needed
    return app.test_client()


def test_the_code_that_was_texted_is_taken(every8d: FakeEvery8d, client: FlaskClient) -> None:
    assert client.post("/signup", data={"phone": "0912345678"}).status_code == 202

    sms = every8d.wait_for_message(to="0912345678")
    assert client.post("/confirm", data={"code": sms.code}).text == "welcome"


def test_another_code_is_not(client: FlaskClient) -> None:
    client.post("/signup", data={"phone": "0912345678"})
    assert client.post("/confirm", data={"code": "1234567"}).status_code == 403


def test_a_number_that_does_not_exist(every8d: FakeEvery8d, client: FlaskClient) -> None:
    every8d.set_outcome("0912345678", Status.NO_SUCH_NUMBER)
    client.post("/signup", data={"phone": "0912345678"})

    every8d.clock.advance(seconds=1)  # the report has come when this returns
    assert client.get("/state").text == "try another number"


@pytest.mark.every8d(credit=0)
def test_without_points_the_user_is_told(every8d: FakeEvery8d, client: FlaskClient) -> None:
    assert client.post("/signup", data={"phone": "0912345678"}).status_code == 503
    assert every8d.messages[0].status is Status.NO_CREDIT


def test_an_outage_is_an_error_page_and_no_traceback(
    every8d: FakeEvery8d, client: FlaskClient
) -> None:
    every8d.add_failure("*", "http_error", status=503, times=None)
    assert client.post("/signup", data={"phone": "0912345678"}).status_code == 503
