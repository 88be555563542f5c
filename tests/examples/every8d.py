"""A client of EVERY8D's SOAP API for these applications, through zeep."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import requests
import zeep


class SmsUnavailable(Exception):
    """EVERY8D did not take the message, whatever the reason."""


class Every8d:
    """EVERY8D's SOAP API, as much of it as these applications need."""

    def __init__(self, wsdl_url: str, user_id: str, password: str) -> None:
        self._service: Any = zeep.Client(wsdl_url).service
        self._credentials = user_id, password
        self._session_key = ""

    def send(self, phone: str, text: str, at: datetime | None = None) -> str:
        """Send now, or book for a later time. Returns the batch ID."""
        send_time = f"{at:%Y%m%d%H%M%S}" if at else ""
        response = self._call("sendSMS", "clinic", text, phone, send_time)
        _credit, sent, _cost, _unsent, batch_id = response.split(",")
        if sent == "0":
            raise SmsUnavailable(f"not accepted: {response}")
        return str(batch_id)

    def cancel(self, batch_id: str) -> None:
        self._call("eraseBooking", batch_id)

    def _call(self, operation: str, *parameters: str) -> str:
        try:
            if not self._session_key:
                self._log_in()
            response = str(self._service[operation](self._session_key, *parameters) or "")
            if response.startswith("-301,"):  # once more, since sessions end at midnight
                self._log_in()
                response = str(self._service[operation](self._session_key, *parameters) or "")
        except (zeep.exceptions.Error, requests.RequestException) as error:
            raise SmsUnavailable(str(error)) from error
        if response.startswith("-"):
            raise SmsUnavailable(response)
        return response

    def _log_in(self) -> None:
        response = ElementTree.fromstring(self._service.getConnection(*self._credentials))
        if response.findtext(".//CODE") != "0":
            raise SmsUnavailable(response.findtext(".//DESCRIPTION"))
        self._session_key = response.findtext(".//SESSION_KEY") or ""
