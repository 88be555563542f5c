"""An application as one would test it: a clinic that texts its patients.

Patients sign up with a code, are reminded of appointments and may reply. It talks to
EVERY8D through zeep, and EVERY8D reports to its `/sms/report`.
"""

import secrets
from datetime import datetime
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .every8d import Every8d, SmsUnavailable


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
