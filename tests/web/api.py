"""The JSON API, called over a real socket."""

import json
from typing import Any

import urllib3

from tests.web.serving import DEADLINE


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
        answer = self("GET", path)
        assert answer.status == 200, answer.data
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self("POST", path, body)
        assert answer.status in (200, 201, 204), answer.data
        return answer.json() if answer.data else None

    def patch(self, path: str, **body: Any) -> Any:
        answer = self("PATCH", path, body)
        assert answer.status == 200, answer.data
        return answer.json()

    def delete(self, path: str) -> None:
        assert self("DELETE", path).status == 204

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status and the message of an error, which has the form of all errors."""
        answer = self(method, path, body, **headers)
        assert answer.headers["Content-Type"] == "application/json"
        error = answer.json()["error"]
        assert list(error) == ["code", "message"]
        return answer.status, error["message"]
