"""A client of another fake's JSON API; errors are raised as exceptions."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from fake_every8d.gateway import Conflict, InvalidInput, NotFound
from fake_every8d.health import reason

Json = dict[str, Any]

_LONGEST_WAIT = 30.0  # real seconds that one request may wait for a change

_TIMEOUT = 60.0  # real seconds without any byte, besides those that the fake was asked to wait
_TITLE = "fake-every8d"
_NOTHING: Mapping[str, str] = {}
_PAGE = 1_000  # items of a list in a response


class Client:
    """Requests to the JSON API of the fake at a URL, each on a connection of its own.

    Safe from any thread. A method raises `InvalidInput`, `NotFound` or `Conflict` as the fake
    does, `PermissionError` if it wants another token, and `ConnectionError` if there is no fake.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        try:
            parts = urlsplit(url)
            valid = parts.scheme in ("http", "https") and parts.hostname and not parts.query
            self._port = parts.port
        except ValueError:
            valid = False
        if not valid:
            raise InvalidInput(
                f"url must be like http://127.0.0.1:8021, not {_without_user(url)!r}"
            )
        self._parts: SplitResult = parts
        self.url = _without_user(url).rstrip("/")
        """The fake's URL, without a slash at the end, and without a token."""
        self._headers = {}
        if token := token or unquote(parts.password or parts.username or ""):
            self._headers["Authorization"] = f"Bearer {token}"

    def check(self) -> None:
        """Raise `ConnectionError` if it is not a fake, or not of this client's version."""
        response, data = self._request("GET", ["openapi.json"])
        try:
            info = json.loads(data)["info"]
            title, there = info["title"], str(info["version"])
        except (ValueError, LookupError, TypeError):
            title = None
        if title != _TITLE:
            raise self._no_fake(response)
        here = version("fake-every8d")
        if there.split(".")[:2] != here.split(".")[:2]:
            raise ConnectionError(
                f"the fake at {self.url} is of version {there}, and here is fake-every8d {here}: "
                "have the same one in both places"
            )

    def get(self, *path: str | int, **query: Any) -> Json:
        """The JSON at a path; its parts may be any text."""
        found: Json = json.loads(self._request("GET", path, query)[1])
        return found

    def text(self, *path: str) -> str:
        """The text at a path."""
        return self._request("GET", path)[1].decode()

    def all(self, name: str, *, id: str = "id", **query: Any) -> Iterator[Json]:
        """Every item of a list, page by page; `id` is the key of an item's ID."""
        after = None
        while True:
            page = self.get(name, limit=_PAGE, after=after, **query)
            yield from page[name]
            if not page["more"]:
                return
            after = page[name][-1][id]

    def send(
        self,
        method: str,
        *path: str | int,
        body: Mapping[str, Any] = _NOTHING,
        timeout: float | None = _TIMEOUT,
    ) -> Json:
        """Change something by a request with a JSON object; return the response's."""
        written = json.dumps(body, default=_in_json).encode()
        _, data = self._request(method, path, body=written, timeout=timeout)
        changed: Json = json.loads(data or "{}")
        return changed

    def delete(self, *path: str | int, **query: Any) -> None:
        """Remove the thing at a path."""
        self._request("DELETE", path, query)

    def etag(self) -> str:
        """The fake's ETag, which every change changes."""
        return self._request("GET", ["state"])[0].getheader("ETag", "")

    def await_another(self, etag: str, seconds: float) -> str:
        """The ETag once it differs from `etag`, or after `seconds` real seconds, at most 30."""
        query = {"wait_seconds": f"{min(seconds, _LONGEST_WAIT):.6f}"}
        response, _ = self._request("GET", ["state"], query, {"If-None-Match": etag})
        return response.getheader("ETag", "")

    def _request(
        self,
        method: str,
        path: Sequence[str | int],
        query: Mapping[str, Any] = _NOTHING,
        headers: Mapping[str, str] = _NOTHING,
        *,
        body: bytes | None = None,
        timeout: float | None = _TIMEOUT,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The response and its body."""
        where = "/".join(quote(str(part), safe="", errors="replace") for part in path)
        asked = urlencode(
            {name: _in_query(value) for name, value in query.items() if value is not None},
            errors="replace",
        )
        target = f"{self._parts.path.rstrip('/')}/fake/{where}" + (f"?{asked}" if asked else "")
        sent = {**self._headers, **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        connection = self._connection(timeout)
        try:
            connection.request(method, target, body, sent)
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise ConnectionError(
                f"the certificate of {self.url} is not trusted here ({reason(error)}): name its CA "
                "in the environment variable SSL_CERT_FILE, or write http://, which the fake's "
                "port speaks, too"
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(
                f"there is no fake-every8d at {self.url}: {reason(error) or type(error).__name__}"
            ) from None
        finally:
            connection.close()
        if response.status in (200, 201, 204, 304):
            return response, data
        raise self._error(response, data)

    def _connection(self, timeout: float | None) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, self._port, timeout=timeout)
        return http.client.HTTPConnection(host, self._port, timeout=timeout)

    def _error(self, response: http.client.HTTPResponse, data: bytes) -> Exception:
        try:
            error = json.loads(data)["error"]
            code, message = error["code"], error["message"]
            field, why = error["field"], error["reason"]
        except (ValueError, LookupError, TypeError):
            return self._no_fake(response)
        if code == "unauthorized":
            return PermissionError(
                f"the fake at {self.url} takes its API token: FakeEvery8d.connect(url, token=…), "
                "or http://token@host"
            )
        if code == "forbidden":
            return PermissionError(f"{self.url}: {message}")
        kind = {"not_found": NotFound, "conflict": Conflict}.get(code, InvalidInput)
        return kind(message, field=field, reason=why)

    def _no_fake(self, response: http.client.HTTPResponse) -> ConnectionError:
        return ConnectionError(
            f"there is no fake-every8d at {self.url}, or one of another version: the response is "
            f"HTTP {response.status}, {response.getheader('Content-Type', 'of no type')}"
        )


def _without_user(url: str) -> str:
    scheme, slashes, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + slashes + host.rpartition("@")[2] + slash + path


def _in_json(value: Any) -> float | str:
    if isinstance(value, Decimal):
        return float(value)
    return str(value)  # perhaps invalid: the fake then says what is valid


def _in_query(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value
