"""The JSON API, called over a real socket."""

import json
from datetime import datetime
from typing import Any

import urllib3

from fake_every8d.gateway import TAIPEI, Gateway
from tests.web.serving import DEADLINE, call, log_in

PHONE = "+886912345678"


class Api:
    """Calls the API of the fake at `url`; whatever has a body is JSON."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        if body is not None:
            headers = {"Content-Type": "application/json"} | headers
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return urllib3.request(
            method,
            f"{self.url}/fake/{path}",
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            timeout=DEADLINE,
        )

    def get(self, path: str) -> Any:
        response = self("GET", path)
        assert response.status == 200, response.data
        return response.json()

    def post(self, path: str, **body: Any) -> Any:
        response = self("POST", path, body)
        assert response.status in (200, 201, 204), response.data
        return response.json() if response.data else None

    def patch(self, path: str, **body: Any) -> Any:
        response = self("PATCH", path, body)
        assert response.status == 200, response.data
        return response.json()

    def delete(self, path: str) -> None:
        assert self("DELETE", path).status == 204

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status and the message of an error, which has the form of all errors."""
        response = self(method, path, body, **headers)
        assert response.headers["Content-Type"] == "application/json"
        error = response.json()["error"]
        assert list(error) == ["code", "message", "field", "reason"]
        return response.status, error["message"]


def frozen(url: str, gateway: Gateway) -> Api:
    """A fake in which it is 2040-03-01 12:00 in Taipei, and time stands still."""
    gateway.clock.freeze()
    gateway.clock.travel_to(datetime(2040, 3, 1, 12, tzinfo=TAIPEI))
    return Api(url)


def send(api: Api, mobile: str = "0912345678", content: str = "hello", time: str = "") -> str:
    """Send as an application does; the batch ID."""
    key = log_in(api.url, "demo", "s3cret")
    response = call(
        api.url,
        "sendSMS",
        sessionKey=key,
        subject="news",
        content=content,
        mobile=mobile,
        sendTime=time,
    ).data.decode()
    return response.partition("<sendSMSResult>")[2].partition("<")[0].split(",")[-1]
