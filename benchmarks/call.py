"""One `sendSMS` in this process: all of it, and what spyne alone takes."""

from collections.abc import Callable
from typing import Any

from lxml import etree

from benchmarks.measuring import Result, in_turn, per_call, result
from benchmarks.posting import RESULT, TNS, batch_id, gateway, post, send_sms
from fake_every8d.control.journal import Journal
from fake_every8d.web.app import Application

from spyne import Application as SpyneApplication  # isort: skip  # ours mends its imports
from spyne import MethodContext, Service, Unicode, rpc  # isort: skip
from spyne.protocol.soap import Soap11  # isort: skip
from spyne.server import ServerBase  # isort: skip
from spyne.server.wsgi import WsgiApplication  # isort: skip

_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


class Constant(Service):  # type: ignore[misc]  # spyne has no types
    """sendSMS with its parameters, and one response for all."""

    @rpc(  # type: ignore[untyped-decorator]
        *[Unicode] * 5,
        _args=("sessionKey", "subject", "content", "mobile", "sendTime"),
        _returns=Unicode,
    )
    def sendSMS(ctx: Any, *values: str) -> str:
        return RESULT


class BareSoap11(Soap11):  # type: ignore[misc]
    """As little as goes under spyne: parse, bind by name, and frame the response."""

    parser = etree.XMLParser(resolve_entities=False, no_network=True)

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        ctx.in_document = etree.fromstring(b"".join(ctx.in_string), self.parser)

    def decompose_incoming_envelope(self, ctx: Any, message: Any = Soap11.REQUEST) -> None:
        ctx.in_body_doc = ctx.in_document.find(_BODY)[0]
        ctx.method_request_string = ctx.in_body_doc.tag

    def deserialize(self, ctx: Any, message: Any) -> None:
        values = {element.tag: element.text for element in ctx.in_body_doc}
        names = ctx.descriptor.in_message._type_info
        ctx.in_object = [values.get(f"{{{TNS}}}{name}") for name in names]

    def serialize(self, ctx: Any, message: Any) -> None:
        ctx.out_document = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
            f'<sendSMSResponse xmlns="{TNS}"><sendSMSResult>{ctx.out_object[0]}</sendSMSResult>'
            "</sendSMSResponse></soap:Body></soap:Envelope>"
        )

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        ctx.out_string = [ctx.out_document.encode()]


WHOLE = "application, spyne and gateway"
JOURNAL = "the same, and the journal"
BARE = "bare subclass of Soap11"
STOCK = "stock Soap11, WsgiApplication"


class NoJournal(Journal):
    def add(self, *args: Any, **kwargs: Any) -> Any:
        """Keep nothing."""


def run(quick: bool) -> list[Result]:
    """The whole beside the bare subclass (aim: at most twice that)."""
    rounds, calls = (2, 50) if quick else (9, 2000)
    body = send_sms("0123456789abcdef0123456789abcdef", "0912345678")
    bare, stock = _bare(body), _stock(body)
    measured = in_turn(
        rounds,
        lambda: {WHOLE: _whole(calls, NoJournal())},
        lambda: {BARE: per_call(bare, calls)},
        lambda: {JOURNAL: _whole(calls, Journal())},
        lambda: {STOCK: per_call(stock, calls)},
    )
    return [
        result(measured, WHOLE, "µs", scale=1e6, beside=BARE, ratio_at_most=2),
        result(measured, JOURNAL, "µs", scale=1e6, beside=BARE),
        result(measured, BARE, "µs", scale=1e6),
        result(measured, STOCK, "µs", scale=1e6, beside=BARE),
    ]


def _whole(calls: int, journal: Journal) -> float:
    platform = gateway(delivery_seconds=3600)  # which is no part of the call
    application = Application(platform)
    application.world.journal = journal
    body = send_sms(platform.open_session("demo", "demo"), "0912345678")
    batch_id(post(application, body, "sendSMS"))
    seconds = per_call(lambda: post(application, body, "sendSMS"), calls)
    platform.close()
    return seconds


def _bare(body: bytes) -> Callable[[], object]:
    server = ServerBase(
        SpyneApplication([Constant], TNS, in_protocol=BareSoap11(), out_protocol=BareSoap11())
    )

    def call() -> bytes:
        ctx = MethodContext(server, MethodContext.SERVER)
        ctx.in_string = [body]
        (ctx,) = server.generate_contexts(ctx, "utf-8")
        server.get_in_object(ctx)
        server.get_out_object(ctx)
        server.get_out_string(ctx)
        return b"".join(ctx.out_string)

    batch_id(call())
    return call


def _stock(body: bytes) -> Callable[[], object]:
    application = WsgiApplication(
        SpyneApplication([Constant], TNS, in_protocol=Soap11(), out_protocol=Soap11())
    )
    batch_id(post(application, body, "sendSMS"))
    return lambda: post(application, body, "sendSMS")
