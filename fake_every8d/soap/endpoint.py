"""The SOAP API of a gateway, bytes in and bytes out: read, execute, answer."""

import functools
from collections.abc import Sequence
from typing import Any

from werkzeug.http import parse_options_header

from fake_every8d.calls import Response
from fake_every8d.gateway import Gateway
from fake_every8d.soap.asmx import (
    SOAP_XML,
    TEXT_XML,
    EnvelopeReader,
    HttpRefusal,
    Soap11Writer,
    Soap12Writer,
    SoapFault,
    SoapRequest,
)
from fake_every8d.soap.documents import RepsError, recipients
from fake_every8d.soap.service import TNS, Call, SmsService
from fake_every8d.soap.wsdl import wsdl

from spyne import Application, Fault, MethodContext  # isort: skip
from spyne.server import ServerBase  # isort: skip


class _Context(MethodContext):  # type: ignore[misc]
    """A call on its way through spyne, without what costs time and is not used here.

    Above all, reference cycles: without them a call leaves nothing to the collector. What
    spyne gives each call to begin with is an attribute of the class (see `_server`), and
    what it has properties for is a plain one.
    """

    descriptor: Any = None
    method_name: str | None = None
    out_protocol: Any = None
    __setattr__ = object.__setattr__

    def __init__(self) -> None:
        """Nothing is to be set."""

    def fire_event(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


class SoapCall:
    """A `Call` that came by SOAP (W4).

    Whatever the bytes were, the answer is one that ASP.NET could have given: 200, a
    fault with 500, or a bare 400 or 415.
    """

    def __init__(self, gateway: Gateway, body: bytes, request: SoapRequest) -> None:
        self._gateway = gateway
        self._call = Call(gateway)
        self._refused: int | None = None
        self.operation: str | None = None
        self.result: str | None = None
        self._ctx = ctx = _Context()
        if request.media_type not in (TEXT_XML, SOAP_XML):
            self._call.advice.append(
                f"Production refuses the Content-Type {request.media_type or '(none)'}: send "
                "text/xml with SOAP 1.1, application/soap+xml with SOAP 1.2."
            )
            self._refused = 415
            return
        ctx.udc = self._call
        ctx.transport = request
        ctx.in_string = (body,)
        try:
            _server().generate_contexts(ctx, request.charset)
            if ctx.out_error is None:
                _server().get_in_object(ctx)
            if ctx.out_error is None:
                self.operation = ctx.method_name
        except HttpRefusal as refused:
            self._refused = refused.status

    @property
    def user_id(self) -> str | None:
        return self._call.user_id

    @property
    def advice(self) -> Sequence[str]:
        return self._call.advice

    def concerns(self) -> tuple[str | None, Sequence[str]]:
        names = SmsService.public_methods[self.operation].in_message._type_info
        values = dict(zip(names, [value or "" for value in self._ctx.in_object], strict=True))
        user_id = values.get("userID") or self._gateway.owner(values.get("sessionKey", ""))
        if "contentXML" not in values:
            return user_id, values.get("mobile", "").split(",")
        try:
            return user_id, [to.mobile for to in recipients(values["contentXML"])]
        except RepsError:
            return user_id, ()

    def execute(self) -> None:
        if self.operation is not None:
            _server().get_out_object(self._ctx)

    def answer(self, result: str | None = None) -> Response:
        if result is not None:
            self._ctx.out_error = None
            self._ctx.out_object = (result,)
            self._call.result = result
            self._forget_written()
        return self._written()

    def fail(self, reason: str) -> Response:
        self._ctx.out_error = SoapFault("Server", reason)
        self._forget_written()
        return self._written()

    def _forget_written(self) -> None:
        # What spyne has written once, it does not write again.
        self._ctx.out_document = self._ctx.out_string = None

    def _written(self) -> Response:
        if self._refused is not None:
            return Response(self._refused, Soap11Writer.content_type, b"")
        ctx = self._ctx
        _server().get_out_string(ctx)
        error = ctx.out_error
        self.result = self._call.result if error is None else _in_one_line(error)
        status = 200 if error is None else 500
        return Response(status, ctx.out_protocol.content_type, b"".join(ctx.out_string))


class SoapEndpoint:
    """The SOAP API of a gateway: bytes in, bytes out."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def operations(self) -> dict[str, tuple[str, ...]]:
        """The operations' names in the document's order, and their parameters' names."""
        return {
            method.name: tuple(method.in_message._type_info)
            for method in SmsService.public_methods.values()
        }

    def wsdl(self, address: str) -> bytes:
        """The WSDL (W2). `address` is the URL that its two ports give."""
        return wsdl(_server().app.interface, address)

    def read(self, body: bytes, content_type: str | None, soap_action: str | None) -> SoapCall:
        """Read a POST. The headers are as they came, or None if they did not."""
        request = SoapRequest(*_content_type(content_type or ""), soap_action)
        return SoapCall(self._gateway, body, request)


@functools.cache
def _server() -> ServerBase:
    # One for all endpoints: it knows the operations, and each call brings its gateway.
    soap11, soap12 = Soap11Writer(), Soap12Writer()
    app = Application(
        [SmsService],
        TNS,
        name="SMS",
        in_protocol=EnvelopeReader(),
        out_protocol=soap11,
        config={protocol.namespace: protocol for protocol in (soap11, soap12)},
    )
    soap12.set_app(app)
    server = ServerBase(app)
    for name, value in vars(MethodContext(server, MethodContext.SERVER)).items():
        setattr(_Context, name, value)
    _Context.out_protocol = soap11
    return server


@functools.lru_cache(maxsize=64)
def _content_type(header: str) -> tuple[str, str | None, str | None]:
    """A Content-Type's media type, charset and action."""
    media_type, options = parse_options_header(header)
    return media_type.strip().lower(), options.get("charset"), options.get("action")


def _in_one_line(fault: Fault) -> str:
    return " ".join(f"{fault.faultcode}: {fault.faultstring}".split())
