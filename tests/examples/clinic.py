"""An application as one would test it: a clinic that texts its patients.

Patients sign up with a code, are reminded of appointments and may answer. It talks to
EVERY8D through zeep, and EVERY8D reports to its `/sms/report`.
"""

import secrets
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import requests
import zeep
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response


class SmsUnavailable(Exception):
    """EVERY8D did not take the message, whatever the reason."""


class Every8d:
    """EVERY8D's SOAP API, as much of it as the clinic needs."""

    def __init__(self, wsdl_url: str, user_id: str, password: str) -> None:
        self._service: Any = zeep.Client(wsdl_url).service
        self._credentials = user_id, password
        self._session_key = ""

    def send(self, phone: str, text: str, at: datetime | None = None) -> str:
        """Send now, or book for a later time. Returns the batch ID."""
        send_time = f"{at:%Y%m%d%H%M%S}" if at else ""
        answer = self._call("sendSMS", "clinic", text, phone, send_time)
        _credit, sent, _cost, _unsent, batch_id = answer.split(",")
        if sent == "0":
            raise SmsUnavailable(f"not accepted: {answer}")
        return str(batch_id)

    def cancel(self, batch_id: str) -> None:
        self._call("eraseBooking", batch_id)

    def _call(self, operation: str, *parameters: str) -> str:
        for _ in range(2):  # once more after a new login, since sessions end at midnight
            if not self._session_key:
                self._log_in()
            try:
                answer = str(self._service[operation](self._session_key, *parameters) or "")
            except (zeep.exceptions.Error, requests.RequestException) as error:
                raise SmsUnavailable(str(error)) from error
            if not answer.startswith("-301,"):
                break
            self._session_key = ""
        if answer.startswith("-"):
            raise SmsUnavailable(answer)
        return answer

    def _log_in(self) -> None:
        answer = ElementTree.fromstring(self._service.getConnection(*self._credentials))
        if answer.findtext(".//CODE") != "0":
            raise SmsUnavailable(answer.findtext(".//DESCRIPTION"))
        self._session_key = answer.findtext(".//SESSION_KEY") or ""


class Clinic:
    """The clinic's WSGI application."""

    def __init__(self, every8d: Every8d) -> None:
        self.every8d = every8d
        self.codes: dict[str, str] = {}
        self.patients: set[str] = set()
        self.reminders: dict[str, str] = {}
        """Batch ID → what has become of the reminder."""
        self._routes = Map(
            [
                Rule("/signup", endpoint=self.sign_up, methods=["POST"]),
                Rule("/confirm", endpoint=self.confirm, methods=["POST"]),
                Rule("/reminders", endpoint=self.remind, methods=["POST"]),
                Rule("/reminders/<batch_id>", endpoint=self.cancel, methods=["DELETE"]),
                Rule("/sms/report", endpoint=self.report, methods=["GET"]),
            ]
        )

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        try:
            handler, arguments = self._routes.bind_to_environ(environ).match()
            response = handler(request, **arguments)
        except SmsUnavailable as error:
            response = Response(f"try again later: {error}", 503)
        except HTTPException as error:
            response = error.get_response(environ)
        return response(environ, start_response)

    def sign_up(self, request: Request) -> Response:
        phone = request.form["phone"]
        code = f"{secrets.randbelow(1_000_000):06}"
        self.every8d.send(phone, f"驗證碼 {code}，十分鐘內有效。")
        self.codes[phone] = code
        return Response(status=202)

    def confirm(self, request: Request) -> Response:
        phone = request.form["phone"]
        if self.codes.pop(phone, None) != request.form["code"]:
            return Response("wrong code", 403)
        self.patients.add(phone)
        return Response(status=204)

    def remind(self, request: Request) -> Response:
        at = datetime.fromisoformat(request.form["at"])
        batch_id = self.every8d.send(request.form["phone"], "明天看診，回 1 確認、2 取消。", at)
        self.reminders[batch_id] = "booked"
        return Response(batch_id, 201)

    def cancel(self, request: Request, batch_id: str) -> Response:
        self.every8d.cancel(batch_id)
        return Response(status=204)

    def report(self, request: Request) -> Response:
        report = request.args
        if report["BatchID"] in self.reminders:
            outcomes = {"100": "delivered", "303": "cancelled", "999": f"answered {report['SM']}"}
            self.reminders[report["BatchID"]] = outcomes.get(report["STATUS"], "failed")
        return Response("OK")
