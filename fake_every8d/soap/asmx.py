"""SOAP as ASP.NET reads and writes it (clauses W), over spyne."""

import codecs
import functools
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote_plus

from lxml import etree

from fake_every8d.gateway.messages import NOT_XML
from fake_every8d.soap import documents
from fake_every8d.soap.service import TNS

from spyne import Fault  # isort: skip
from spyne.protocol.soap import Soap11  # isort: skip

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

TEXT_XML = "text/xml"
SOAP_XML = "application/soap+xml"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_QUALIFIED = f"{{{TNS}}}"
_NEXT_OR_LAST = (
    None,
    "",
    "http://schemas.xmlsoap.org/soap/actor/next",
    f"{SOAP12}/role/next",
    f"{SOAP12}/role/ultimateReceiver",
)

_UNABLE_TO_READ = "Server was unable to read request. ---> {}"
_UNABLE_TO_PROCESS = "Server was unable to process request. ---> {}"
_NO_ENVELOPE = "Request format is invalid: Missing required soap:Envelope element."
_NO_BODY = "Request format is invalid: Missing required soap:Body element."


class SoapFault(Fault):  # type: ignore[misc]  # spyne has no types
    """A SOAP fault. `code` is as SOAP 1.1 names it: Client, Server, MustUnderstand …"""

    def __init__(self, code: str, reason: str) -> None:
        # A reason may quote a header, which can name characters that XML cannot carry.
        super().__init__(code, NOT_XML.sub("\ufffd", reason))


class HttpRefusal(Exception):
    """A request that is answered with nothing but an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _NotXml(ValueError):
    """Bytes that are no XML, or XML with a DTD."""


class SoapRequest(NamedTuple):
    """What of an HTTP request matters to SOAP."""

    media_type: str
    charset: str | None
    action: str | None
    """The Content-Type's action parameter: SOAP 1.2's way to name the operation."""
    soap_action: str | None
    """The SOAPAction header: SOAP 1.1's."""

    @property
    def seems_soap11(self) -> bool:
        """What ASP.NET takes it for until it has seen the envelope."""
        return self.soap_action is not None and self.media_type != SOAP_XML


class _Protocol(Soap11):  # type: ignore[misc]
    def get_context(self, parent: Any, transport: Any) -> None:
        """None: it would be one more reference cycle, and nothing is kept in it."""


class EnvelopeReader(_Protocol):
    """Reads requests of either SOAP version.

    One class for both, because ASP.NET first chooses the operation, by what the
    headers look like, and only then learns from the envelope which version it is.
    """

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        """Choose the operation, if a header names it, and parse the envelope."""
        request: SoapRequest = ctx.transport
        body = b"".join(ctx.in_string)
        if (
            charset is None
            and request.media_type == TEXT_XML
            and not body.isascii()
            and not body.startswith((codecs.BOM_UTF8, *_UTF16_MARKS))
        ):
            ctx.udc.advice.append(
                "Production reads text/xml without a charset as ASCII, so that each byte of a "
                'Chinese character becomes a question mark: send "text/xml; charset=utf-8".'
            )
        if request.seems_soap11:
            action = _action(request.soap_action or "")
            ctx.method_request_string = self._of_action(action)
            if ctx.method_request_string is None:
                raise SoapFault(
                    "Client",
                    f"Server did not recognize the value of HTTP Header SOAPAction: {action}.",
                )
        else:
            ctx.out_protocol = self.app.config[SOAP12]
            ctx.method_request_string = self._of_action(unquote_plus(request.action or ""))
        try:
            ctx.in_document = _parse(body, charset)
        except _NotXml as error:
            ctx.udc.advice.append(f"Production cannot read the request as XML: {error}.")
            if ctx.method_request_string is not None:
                raise HttpRefusal(400) from None
            # The runtime's words, whatever the matter is; the advice says more.
            broken = "Data at the root level is invalid. Line 1, position 1."
            raise SoapFault("Server", _UNABLE_TO_PROCESS.format(broken)) from None

    def decompose_incoming_envelope(self, ctx: Any, message: Any = Soap11.REQUEST) -> None:
        """Choose the operation by the body's element, if it is open, and find the parts."""
        envelope = ctx.in_document
        namespace, _, name = str(envelope.tag).rpartition("}")
        namespace = namespace.removeprefix("{")
        if ctx.method_request_string is None:
            ctx.method_request_string = self._of_element(ctx, envelope)
        if namespace not in self.app.config:
            ctx.out_protocol = self.app.config[SOAP11]
            raise SoapFault(
                "VersionMismatch",
                "Possible SOAP version mismatch: Envelope namespace "
                f"{namespace} was unexpected. Expecting {SOAP11}.",
            )
        ctx.out_protocol = self.app.config[namespace]
        if namespace == SOAP11 and ctx.transport.media_type != TEXT_XML:
            ctx.udc.advice.append(
                f"Production refuses a SOAP 1.1 envelope sent as {SOAP_XML}: send text/xml."
            )
            raise HttpRefusal(415)
        if name != "Envelope":
            raise SoapFault("Client", _UNABLE_TO_READ.format(_NO_ENVELOPE))
        parts = (part for part in envelope if isinstance(part.tag, str))
        part = next(parts, None)
        if part is not None and part.tag == f"{{{namespace}}}Header":
            ctx.in_header_doc = part
            part = next(parts, None)
        if part is None or part.tag != f"{{{namespace}}}Body":
            raise SoapFault("Client", _UNABLE_TO_READ.format(_NO_BODY))
        ctx.in_body_doc = part

    def generate_method_contexts(self, ctx: Any) -> list[Any]:
        """The same context: no operation has others that run along with it."""
        (descriptor,) = self.app.interface.service_method_map[ctx.method_request_string]
        ctx.descriptor = descriptor
        ctx.function = descriptor.function
        ctx.method_name = descriptor.name
        return [ctx]

    def deserialize(self, ctx: Any, message: Any) -> None:
        """Bind the parameters by name, the absent ones to null, and check the headers."""
        parameters = _parameters(ctx.descriptor.in_message)
        values: dict[str, str] = {}
        for wrapper in ctx.in_body_doc:
            if wrapper.tag == ctx.method_request_string:
                values |= _values(ctx, wrapper, parameters)
        if not values:
            _advise_on_wrapper(ctx)
        ctx.in_object = [values.get(name) for name in parameters.values()]
        if ctx.in_header_doc is not None:
            # Set, not raised: spyne would log a raised one with its traceback.
            ctx.out_error = ctx.in_error = _not_understood(ctx.in_header_doc)

    def _of_action(self, action: str) -> str | None:
        qualified = _QUALIFIED + action.removeprefix(TNS)
        known = action.startswith(TNS) and qualified in self.app.interface.service_method_map
        return qualified if known else None

    def _of_element(self, ctx: Any, envelope: etree._Element) -> str:
        if etree.QName(envelope).localname != "Envelope":
            raise SoapFault("Server", _UNABLE_TO_PROCESS.format(_NO_ENVELOPE))
        tag = str(envelope.tag).removesuffix("Envelope") + "Body"
        body = next((part for part in envelope.iterchildren("*") if part.tag == tag), None)
        if body is None:
            raise SoapFault("Server", _UNABLE_TO_PROCESS.format(_NO_BODY))
        element = next(body.iterchildren("*"), None)
        if element is not None and element.tag in self.app.interface.service_method_map:
            return str(element.tag)
        action = unquote_plus(ctx.transport.action or "")
        raise SoapFault(
            "Client",
            f"Unable to handle request. The action '{action}' was not recognized."
            if action
            else "Unable to handle request without a valid action parameter. "
            "Please supply a valid soap action.",
        )


class Soap11Writer(_Protocol):
    """Writes SOAP 1.1 answers, byte for byte as ASP.NET does (W3)."""

    namespace = SOAP11
    content_type = f"{TEXT_XML}; charset=utf-8"
    fault_codes: ClassVar[Mapping[str, str]] = {}
    """This version's words for SOAP 1.1's fault codes, where they differ."""
    fault = (
        "<soap:Fault><faultcode>soap:{code}</faultcode>"
        "<faultstring>{reason}</faultstring>{detail}</soap:Fault>"
    )
    detail = "<detail />"

    def serialize(self, ctx: Any, message: Any) -> None:
        """Make the answer's envelope, of `out_object` or `out_error`."""
        header, body = "", ""
        if ctx.out_error is None:
            response, name = _response(ctx.descriptor.out_message)
            (text,) = ctx.out_object
            result = f"<{name}>{documents.escape(text)}</{name}>" if text else f"<{name} />"
            body = f'<{response} xmlns="{TNS}">{result}</{response}>'
        else:
            code = ctx.out_error.faultcode
            body = self.fault.format(
                code=self.fault_codes.get(code, code),
                reason=documents.escape(ctx.out_error.faultstring),
                # A fault about a header has none.
                detail="" if code == "MustUnderstand" else self.detail,
            )
            if code == "VersionMismatch":
                header = _UPGRADE
        ctx.out_document = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<soap:Envelope xmlns:soap="{self.namespace}"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
            f"{header}<soap:Body>{body}</soap:Body></soap:Envelope>"
        )

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        """Encode it: always UTF-8."""
        ctx.out_string = [ctx.out_document.encode()]


class Soap12Writer(Soap11Writer):
    """Writes SOAP 1.2 answers, byte for byte as ASP.NET does (W3)."""

    namespace = SOAP12
    content_type = f"{SOAP_XML}; charset=utf-8"
    fault_codes: ClassVar[Mapping[str, str]] = {"Client": "Sender", "Server": "Receiver"}
    fault = (
        "<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>"
        '<soap:Reason><soap:Text xml:lang="en">{reason}</soap:Text></soap:Reason>'
        "{detail}</soap:Fault>"
    )
    detail = "<soap:Detail />"


_UPGRADE = (
    f'<soap:Header><soap12:Upgrade xmlns:soap12="{SOAP12}">'
    f'<soap12:SupportedEnvelope qname="soap:Envelope" xmlns:soap="{SOAP11}" />'
    f'<soap12:SupportedEnvelope qname="soap12:Envelope" xmlns:soap12="{SOAP12}" />'
    "</soap12:Upgrade></soap:Header>"
)


@functools.cache
def _response(message: Any) -> tuple[str, str]:
    """The names of an answer's element, and of the only one in it."""
    (name,) = message._type_info
    return message.get_type_name(), name


@functools.lru_cache(maxsize=64)
def _action(header: str) -> str:
    """The action that a SOAPAction header means."""
    quoted = len(header) > 1 and header.startswith('"') and header.endswith('"')
    return unquote_plus(header[1:-1] if quoted else header)


def _parse(body: bytes, charset: str | None) -> etree._Element:
    """The envelope. A byte order mark outranks `charset`, and that the declaration."""
    if body.startswith(codecs.BOM_UTF8):
        charset = "utf-8"
    elif body.startswith(_UTF16_MARKS):
        charset = None
    try:
        parser = documents.parser(charset)
    except (LookupError, ValueError):
        parser = documents.parser()
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _NotXml(error.msg) from None
    if documents.has_doctype(root):
        raise _NotXml("it has a DOCTYPE")
    return root


@functools.cache
def _parameters(message: Any) -> dict[str, str]:
    """An operation's parameters, by the qualified names of their elements."""
    return {_QUALIFIED + name: name for name in message._type_info}


def _values(ctx: Any, wrapper: etree._Element, parameters: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for element in wrapper:
        tag = element.tag
        if not isinstance(tag, str):  # a comment
            continue
        name = parameters.get(tag)
        if name is None:
            if etree.QName(element).localname in parameters.values():
                ctx.udc.advice.append(
                    f"Production takes {tag} for null, because it is not in the namespace "
                    f'{TNS}: declare xmlns="{TNS}" on the operation, or qualify the parameters.'
                )
        elif name not in values:
            if len(element):
                ctx.udc.advice.append(
                    f"Production reads {name} as text and refuses the request, because there "
                    "is a comment or an element in it: escape the text."
                )
                raise HttpRefusal(400)
            values[name] = element.text or ""
    return values


def _advise_on_wrapper(ctx: Any) -> None:
    wanted = ctx.method_request_string
    for element in ctx.in_body_doc.iterchildren("*"):
        if element.tag == wanted:
            return
        name = etree.QName(element).localname
        ctx.udc.advice.append(
            f"Production takes every parameter for null, because {name} is not in the "
            f"namespace {TNS} to the letter, the slash at its end included."
            if name == etree.QName(wanted).localname
            else f"Production calls {ctx.method_name} with every parameter null, because the "
            f"action header names it while the body holds {name}: let both name the operation."
        )


def _not_understood(header: etree._Element) -> SoapFault | None:
    envelope = etree.QName(header).namespace
    role = "actor" if envelope == SOAP11 else "role"
    for block in header.iterchildren("*"):
        if (
            block.get(f"{{{envelope}}}mustUnderstand") in ("1", "true")
            and block.get(f"{{{envelope}}}{role}") in _NEXT_OR_LAST
        ):
            name = etree.QName(block).localname
            return SoapFault("MustUnderstand", f"SOAP header {name} was not understood.")
    return None
