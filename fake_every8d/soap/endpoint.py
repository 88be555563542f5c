"""The SOAP API of a platform: reading a call, executing it, responding; and its pages."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import unquote_plus

from fake_every8d.advice import Advice
from fake_every8d.calls import Response
from fake_every8d.gateway import Platform
from fake_every8d.soap import envelope, operations_page
from fake_every8d.soap.documents import RepsError, recipients
from fake_every8d.soap.envelope import TNS
from fake_every8d.soap.service import application
from fake_every8d.soap.wsdl import discovery, wsdl

_TEXT = "text/plain; charset=utf-8"
_XML = "text/xml; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PASSWORD = f"{TNS}}}password"


class SoapCall:
    """A `Call` by SOAP (W4).

    For any bytes the response is one that ASP.NET gives: 200, a fault with 500, or a bare 400
    or 415.
    """

    def __init__(self, platform: Platform, request: envelope.SoapRequest) -> None:
        self.platform = platform
        self.began = platform.epoch
        self.advice = request.advice
        self.operation: str | None = None
        self.user_id: str | None = None
        self.result: str | None = None
        self._text = ""
        try:
            self._version, self._operation, self._values = envelope.read(request, _operations())
        except envelope.Refused as refused:
            self._refused: envelope.Refused | None = refused.with_traceback(None)
            self._version = refused.version
        else:
            self._refused = None
            self.operation = self._operation.name
            first = self._values[0] or ""  # the user ID, or the key of the session
            is_login = self.operation == "getConnection"
            self.user_id = (first or None) if is_login else platform.owner(first)

    @property
    def udc(self) -> Self:
        """The call itself, in place of the context that spyne would pass."""
        return self

    @property
    def secrets(self) -> Sequence[str]:
        if self.operation is None:
            return ()
        place = self._operation.parameters.get(_PASSWORD)
        return () if place is None else (self._values[place] or "",)

    def mobiles(self) -> Sequence[str]:
        given = [value or "" for value in self._values]
        values = dict(zip(self._operation.names, given, strict=True))
        if "contentXML" not in values:
            return values.get("mobile", "").split(",")
        try:
            return [to.mobile for to in recipients(values["contentXML"], Advice())]
        except RepsError:
            return ()

    def execute(self) -> None:
        if self.operation is not None:
            function = _functions()[self.operation]
            self._text = function(self, *self._values)

    def respond(self, result: str | None = None) -> Response:
        refused = self._refused
        if refused is None:
            text = self._text
            if result is not None:
                self.result = text = result
            body = envelope.response(self._version, self._operation, text)
            return Response(200, self._version.content_type, body)
        if refused.code:
            return self._fault(refused.code, refused.reason)
        return Response(refused.status, self._version.content_type, b"")

    def fail(self, reason: str) -> Response:
        return self._fault("Server", reason)

    def _fault(self, code: str, reason: str) -> Response:
        self.result = " ".join(f"{code}: {reason}".split())
        body = envelope.fault(self._version, code, reason)
        return Response(500, self._version.content_type, body)


class SoapEndpoint:
    """The SOAP API of a platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @property
    def operations(self) -> envelope.SoapOperations:
        """The operations by name, in the order of the WSDL."""
        return _operations()

    def read(self, body: bytes, content_type: str | None, soap_action: str | None) -> SoapCall:
        """Read a POST. A header is None if it is missing."""
        return SoapCall(self._platform, envelope.SoapRequest(body, content_type or "", soap_action))

    def parameters(
        self, body: bytes, content_type: str | None, soap_action: str | None
    ) -> Mapping[str, str]:
        """The parameters in a POST that are not null; none if it calls no operation."""
        request = envelope.SoapRequest(body, content_type or "", soap_action)
        try:
            _, operation, values = envelope.read(request, _operations())
        except envelope.Refused:
            return {}
        named = zip(operation.names, values, strict=True)
        return {name: value for name, value in named if value is not None}

    def page(self, query: str, address: str) -> Response:
        """The response to a GET: the WSDL, the discovery document, or a page (W2, W6, W8).

        `query` is the part of the URL after the question mark, `address` the endpoint's own URL.
        """
        named: dict[str, str] = {}
        without_name = []
        for part in map(unquote_plus, query.split("&")):
            name, equals, value = part.partition("=")
            if equals:
                named[name.lower()] = value
            else:
                without_name.append(part.lower())
        if "schema" in named:
            return Response(500, _TEXT, b"Schema not found.\n")
        if "wsdl" in named:
            return Response(500, _TEXT, b"XML Web service description was not found.\n")
        if without_name == ["wsdl"]:
            return Response(200, _XML, wsdl(_interface(), address))
        if without_name == ["disco"]:
            return Response(200, _XML, discovery(_interface(), address))
        operations = self.operations
        name = named.get("op", "")
        if name in operations:
            page = operations_page.operation(operations[name], address)
        else:
            page = operations_page.overview(operations.values(), address)
        return Response(404 if name and name not in operations else 200, _HTML, page.encode())

    def unrecognized(self, path: str) -> Response:
        """The response to a request for a `path` after the endpoint's own (W8)."""
        return Response(500, _HTML, operations_page.unrecognized(path).encode())


@functools.cache
def _interface() -> Any:
    return application().interface


def _methods() -> list[Any]:
    """The operations, as spyne's method descriptors."""
    return [
        method for service in _interface().services for method in service.public_methods.values()
    ]


@functools.cache
def _functions() -> Mapping[str, Callable[..., str]]:
    return {method.name: method.function for method in _methods()}


@functools.cache
def _operations() -> envelope.SoapOperations:
    return {method.name: _operation(method) for method in _methods()}


def _operation(method: Any) -> envelope.SoapOperation:
    (result,) = _names(method.out_message)
    return envelope.SoapOperation(
        name=method.name,
        title=method.function.__doc__,
        element=f"{TNS}}}{method.in_message.get_type_name()}",
        parameters={f"{TNS}}}{name}": n for n, name in enumerate(_names(method.in_message))},
        response=method.out_message.get_type_name(),
        result=result,
    )


def _names(message: Any) -> Iterator[str]:
    return iter(message.get_flat_type_info(message))
