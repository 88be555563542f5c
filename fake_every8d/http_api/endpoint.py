"""The HTTP API of a platform: routing a path, reading a call, executing it, responding."""

import logging
import re
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.calls import HTTP_PATH, Response
from fake_every8d.gateway import Login, Platform, PlatformError, Token
from fake_every8d.gateway.errors import UNFORESEEN
from fake_every8d.http_api.forms import Parameters, fields_of, read_form
from fake_every8d.http_api.json_body import Fields, Malformed, json_in, read_json
from fake_every8d.http_api.not_played import not_played
from fake_every8d.http_api.operations import (
    CONNECTION_HANDLER,
    CONNECTIONS,
    OPERATIONS,
    Context,
    HttpOperation,
)
from fake_every8d.http_api.operations_page import overview
from fake_every8d.http_api.requests import HttpRequest
from fake_every8d.http_api.responses import JSON, TEXT, Output

_PLACE = re.compile(r"(?:/[^/]+)?/API21/HTTP(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_NAMES = {name.lower(): name for name in (*OPERATIONS, CONNECTION_HANDLER)}
_SUFFIX = ".ashx"
_LONG_BODY = 4 * 1024 * 1024  # bytes

_NOBODY = Login("", "")
_NO_TEXT, _NO_JSON = Output("", TEXT), Output("", JSON)

_SERVER_ERROR = """<!DOCTYPE html>
<html><head><title>{0}</title></head>
<body><h1>Server Error in '/' Application.</h1><h2>{0}</h2></body></html>
"""

_logger = logging.getLogger(__name__)


class HttpCall:
    """A `Call` by the HTTP API. The response to any request is HTTP 200 (H5)."""

    def __init__(self, platform: Platform, name: str, request: HttpRequest) -> None:
        self.began = platform.epoch
        self.operation: str | None = None
        self.user_id: str | None = None
        self.result: str | None = None
        self._name = name
        self._operation: HttpOperation | None = None
        self._given: Parameters | Fields | None = None
        token = _token(request.authorization) if request.authorization else None
        self._context = Context(platform, platform.edition, token or _NOBODY, Advice())
        advice = self._context.advice
        if len(request.body) > _LONG_BODY:
            advice.add(AdviceKind.LONG_BODY)
        encoding = request.content_encoding
        if encoding and encoding.strip().lower() not in ("", "identity"):
            advice.add(AdviceKind.COMPRESSED, encoding=encoding)
        try:
            if name == CONNECTION_HANDLER:
                fields = read_json(request, advice)
                self._operation = _connection(fields)
                given: Parameters | Fields = fields
            else:
                self._operation = OPERATIONS[name]
                given = (read_json if self._operation.json else read_form)(request, advice)
            # A client that logs in again may still send the expired token (H7).
            if token is None or self._operation is CONNECTIONS["1"]:
                self._context.caller = Login(given["UID"], given["PWD"])
            self._given = given
        except Malformed as malformed:
            advice.add(AdviceKind.UNREADABLE, why=malformed)
        if self._operation is not None:
            self.operation = self._operation.call_name
        self.user_id = platform.owner(self._context.caller)
        # A failure on demand replaces the text, and keeps the type.
        is_json = self._operation is not None and self._operation.json
        self._output = _NO_JSON if is_json else _NO_TEXT

    @property
    def advice(self) -> Advice:
        return self._context.advice

    @property
    def secrets(self) -> Sequence[str]:
        caller = self._context.caller
        assert not isinstance(caller, str)  # a session key would be SOAP's
        given = caller.text if isinstance(caller, Token) else caller.password
        return [given, *self._context.secrets]

    def mobiles(self) -> Sequence[str]:
        try:
            if isinstance(self._given, Fields):
                data = self._given.objects("RecipientDataList")
                return [recipient["Mobile"] for recipient in data]
            return (self._given["DEST"] if self._given else "").split(",")
        except Malformed:
            return ()

    def execute(self) -> None:
        call, operation = self._context, self._operation or CONNECTIONS["1"]
        if isinstance(call.caller, Token):
            call.later("Authorization: Bearer", AdviceKind.SINCE_2022)
        if self._name == CONNECTION_HANDLER:
            call.later(self._name, AdviceKind.SINCE_2022)
        elif self._name == "SendParam":
            call.later(self._name)
        try:
            if self._given is None:
                if isinstance(call.caller, Token):
                    call.platform.check(call.caller)
                raise PlatformError(*UNFORESEEN)
            given = self._given
            self._output = call.platform.as_of(
                self.began, self.user_id, partial(operation.run, call, given)
            )
        except PlatformError as error:
            if error.advice:
                call.advice.add(error.advice)
            self._output = operation.refuse(error, call.edition)
        except Malformed as malformed:
            call.advice.add(AdviceKind.UNREADABLE, why=malformed)
            self._output = operation.refuse(PlatformError(*UNFORESEEN), call.edition)
        except Exception:
            _logger.exception("%s failed", operation.call_name)
            self._output = operation.refuse(PlatformError(*UNFORESEEN), call.edition)

    def respond(self, result: str | None = None) -> Response:
        output = self._output
        if result is not None:
            output = Output(result, output.content_type)
        self.result = output.text if output.result is None else output.result
        return Response(200, output.content_type, output.text.encode(errors="replace"))

    def fail(self, reason: str) -> Response:
        """The page of an ASP.NET application that failed: HTTP 500."""
        self.result = reason
        page = _SERVER_ERROR.format(escape(reason))
        return Response(500, "text/html; charset=utf-8", page.encode(errors="replace"))


class HttpEndpoint:
    """The HTTP API of a platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @property
    def operations(self) -> Mapping[str, HttpOperation]:
        """The operations by their names in the journal and in failures on demand (H17)."""
        operations = (*OPERATIONS.values(), *CONNECTIONS.values())
        return {operation.call_name: operation for operation in operations}

    def tail(self, path: str) -> str | None:
        """The part of a URL's path after `/API21/HTTP/`; None if it is not of this API."""
        match = _PLACE.fullmatch(path)
        return None if match is None else match[1] or ""

    def name(self, tail: str) -> str | None:
        """The operation of a tail, as the document spells it; None if there is none."""
        if not tail.lower().endswith(_SUFFIX):
            return None
        return _NAMES.get(tail[: -len(_SUFFIX)].lower())

    def missing(self, tail: str) -> str:
        """The error for a tail without an operation (H1)."""
        names = " ".join(f"{name}{_SUFFIX}" for name in _NAMES.values())
        nothing = f"-404 There is no such operation under {HTTP_PATH}: there are {names}"
        return not_played(HTTP_PATH + tail) or nothing

    def read(self, name: str, request: HttpRequest) -> HttpCall:
        """Read a GET or a POST of an operation."""
        return HttpCall(self._platform, name, request)

    def parameters(self, name: str, request: HttpRequest) -> Mapping[str, Any]:
        """The fields of a call in its own spelling, from query and form, or from JSON."""
        if name != CONNECTION_HANDLER and not OPERATIONS[name].json:
            return fields_of(request, Advice())
        try:
            value = json_in(request.body)
        except Malformed:
            return {}
        return value if isinstance(value, dict) else {}

    def page(self, base_url: str) -> str:
        """The page that lists the operations, in HTML; `base_url` is without a slash."""
        return overview(base_url + HTTP_PATH, self._platform.edition)


def _token(authorization: str) -> Token | None:
    scheme, _, text = authorization.strip().partition(" ")
    return Token(text.strip()) if scheme.lower() == "bearer" and text else None


def _connection(given: Fields) -> HttpOperation:
    handler, verify = given["HandlerType"], given["VerifyType"]
    if handler != "3":
        raise Malformed(f"HandlerType must be 3, not {handler or 'missing'}")
    if verify not in CONNECTIONS:
        raise Malformed(f"VerifyType must be 1, 2 or 3, not {verify or 'missing'}")
    return CONNECTIONS[verify]
