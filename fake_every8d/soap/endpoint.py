"""The SOAP API of a gateway, bytes in and bytes out: read, execute, respond; and its pages."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fake_every8d.calls import Advice, Response
from fake_every8d.gateway import Gateway
from fake_every8d.soap import envelope, help
from fake_every8d.soap.documents import RepsError, recipients
from fake_every8d.soap.envelope import TNS
from fake_every8d.soap.service import Work, application
from fake_every8d.soap.wsdl import discovery, wsdl

_XML = "text/xml; charset=utf-8"
_HTML = "text/html; charset=utf-8"


class SoapCall:
    """A `Call` that came by SOAP (W4).

    Whatever the bytes were, the response is one that ASP.NET could have given: 200, a
    fault with 500, or a bare 400 or 415.
    """

    def __init__(self, gateway: Gateway, request: envelope.Request) -> None:
        self.operation: str | None = None
        self.result: str | None = None
        self.udc = Work(gateway, request.advice)
        """What spyne's context has, too: all of it that the operations use."""
        self._text = ""
        try:
            self._version, self._operation, self._values = envelope.read(request, _operations())
        except envelope.Refused as refused:
            self._refused: envelope.Refused | None = refused.with_traceback(None)
            self._version = refused.version
        else:
            self._refused = None
            self.operation = self._operation.name

    @property
    def user_id(self) -> str | None:
        return self.udc.user_id

    @property
    def advice(self) -> Advice:
        return self.udc.advice

    def concerns(self) -> tuple[str | None, Sequence[str]]:
        given = [value or "" for value in self._values]
        values = dict(zip(_parameters(_methods()[self._operation.name]), given, strict=True))
        user_id = values.get("userID") or self.udc.gateway.owner(values.get("sessionKey", ""))
        if "contentXML" not in values:
            return user_id, values.get("mobile", "").split(",")
        try:
            return user_id, [to.mobile for to in recipients(values["contentXML"])]
        except RepsError:
            return user_id, ()

    def execute(self) -> None:
        if self.operation is not None:
            function = _functions()[self.operation]
            self._text = function(self, *self._values)

    def respond(self, result: str | None = None) -> Response:
        refused = self._refused
        if refused is None:
            self.result = self.udc.result if result is None else result
            text = self._text if result is None else result
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
    """The SOAP API of a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def operations(self) -> Mapping[str, tuple[str, ...]]:
        """The operations' names in the document's order, and their parameters' names."""
        return {name: _parameters(method) for name, method in _methods().items()}

    def read(self, body: bytes, content_type: str | None, soap_action: str | None) -> SoapCall:
        """Read a POST. The headers are as they came, or None if missing."""
        return SoapCall(self._gateway, envelope.Request(body, content_type or "", soap_action))

    def page(self, query: str, address: str) -> Response:
        """The response to a GET: the WSDL, the discovery document, or a page (W2, W6, W8).

        `query` is what followed the question mark, `address` the endpoint's own URL.
        """
        asked = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
        if asked.get("schema"):
            return Response(500, "text/plain; charset=utf-8", b"Schema not found.\n")
        if "wsdl" in asked:
            if asked["wsdl"]:
                text = b"Service description was not found.\n"
                return Response(500, "text/plain; charset=utf-8", text)
            return Response(200, _XML, wsdl(_interface(), address))
        if "disco" in asked and not asked["disco"]:
            return Response(200, _XML, discovery(_interface(), address))
        operations = self.operations
        name = asked.get("op")
        if name is None:
            return Response(200, _HTML, help.overview(operations, address).encode())
        if name not in operations:
            return Response(404, _HTML, help.overview(operations, address).encode())
        return Response(200, _HTML, help.operation(name, operations[name], address).encode())

    def unrecognized(self, path: str) -> Response:
        """The response to a request for a `path` after the endpoint's own (W8)."""
        return Response(500, _HTML, help.unrecognized(path).encode())


@functools.cache
def _interface() -> Any:
    return application().interface


@functools.cache
def _methods() -> Mapping[str, Any]:
    """The operations as spyne describes them, by name."""
    return {
        method.name: method
        for service in _interface().services
        for method in service.public_methods.values()
    }


@functools.cache
def _functions() -> Mapping[str, Callable[..., str]]:
    return {name: method.function for name, method in _methods().items()}


@functools.cache
def _operations() -> envelope.Operations:
    return {name: _operation(method) for name, method in _methods().items()}


def _operation(method: Any) -> envelope.Operation:
    (result,) = _names(method.out_message)
    return envelope.Operation(
        name=method.name,
        element=f"{TNS}}}{method.in_message.get_type_name()}",
        parameters={f"{TNS}}}{name}": place for place, name in enumerate(_parameters(method))},
        response=method.out_message.get_type_name(),
        result=result,
    )


def _parameters(method: Any) -> tuple[str, ...]:
    return tuple(_names(method.in_message))


def _names(message: Any) -> Iterator[str]:
    return iter(message.get_flat_type_info(message))
