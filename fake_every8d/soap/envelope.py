"""Reading and writing SOAP envelopes as ASP.NET does, in its order (W3, W4)."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from lxml import etree

from fake_every8d.advice import Advice, AdviceKind
from fake_every8d.gateway.messages import NOT_XML
from fake_every8d.soap import charsets
from fake_every8d.soap.documents import escape
from fake_every8d.soap.xml_reader import Node, XmlError, XmlReader

TNS = "http://tempuri.org/"
"""The target namespace (W2)."""

MAX_REQUEST_LENGTH = 4 * 1024 * 1024
"""The longest body that ASP.NET reads by default, in bytes (W9)."""

_TEXT_XML = "text/xml"
_SOAP_XML = "application/soap+xml"

_UNABLE_TO_READ = "Server was unable to read request. ---> {}"
_UNABLE_TO_PROCESS = "Server was unable to process request. ---> {}"
_NO_ENVELOPE = "Request format is invalid: Missing required soap:Envelope element."
_NO_BODY = "Request format is invalid: Missing required soap:Body element."
_NO_ACTION = (
    "Unable to handle request without a valid action parameter. Please supply a valid soap action."
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of SOAP: its differences from the other."""

    namespace: str
    media_type: str
    fault: str
    detail: str
    codes: Mapping[str, str]
    """The names of SOAP 1.1's fault codes in this version, where they differ."""

    @property
    def content_type(self) -> str:
        """The Content-Type of its responses."""
        return f"{self.media_type}; charset=utf-8"


SOAP11 = Version(
    "http://schemas.xmlsoap.org/soap/envelope/",
    _TEXT_XML,
    "<soap:Fault><faultcode>soap:{code}</faultcode>"
    "<faultstring>{reason}</faultstring>{detail}</soap:Fault>",
    "<detail />",
    {},
)
SOAP12 = Version(
    "http://www.w3.org/2003/05/soap-envelope",
    _SOAP_XML,
    "<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>"
    '<soap:Reason><soap:Text xml:lang="en">{reason}</soap:Text></soap:Reason>'
    "{detail}</soap:Fault>",
    "<soap:Detail />",
    {"Client": "Sender", "Server": "Receiver"},
)
_VERSIONS = {version.namespace: version for version in (SOAP11, SOAP12)}
_MUST_UNDERSTAND = [f"{namespace}}}mustUnderstand" for namespace in _VERSIONS]


_XSI_TYPE = "http://www.w3.org/2001/XMLSchema-instance}type"


class Refused(Exception):
    """A request that does not reach its operation: a fault, or only a status."""

    def __init__(self, version: Version, status: int, code: str = "", reason: str = "") -> None:
        super().__init__(status, code, reason)
        self.version = version
        self.status = status
        self.code = code
        """The code by SOAP 1.1's name: Client, Server, MustUnderstand …; empty without a fault."""
        self.reason = reason


class SoapOperation(NamedTuple):
    """An operation, for envelopes and pages; elements have `XmlReader`'s names."""

    name: str
    title: str
    """A phrase that says what it does, in English and Chinese."""
    element: str
    parameters: Mapping[str, int]
    """The place of each parameter, by its element."""
    response: str
    result: str

    @property
    def names(self) -> list[str]:
        """The parameters' names, in order."""
        return [_local(element) for element in self.parameters]


SoapOperations = Mapping[str, SoapOperation]
"""The operations by name."""


@dataclass
class SoapRequest:
    """The part of an HTTP request that matters to SOAP, and advice for its sender."""

    body: bytes
    content_type: str
    soap_action: str | None
    advice: Advice = field(default_factory=Advice)

    def __post_init__(self) -> None:
        self.media_type, self.charset, self.action = _content_type(self.content_type)
        self._document: bytes | None = None

    @property
    def document(self) -> bytes:
        """The body in UTF-8 (W7). Raises `XmlError`."""
        if self._document is None:
            self._document = charsets.utf8(self.body, self.media_type, self.charset, self.advice)
        return self._document


# The five steps of W4


def read(
    request: SoapRequest, operations: SoapOperations
) -> tuple[Version, SoapOperation, list[str | None]]:
    """The version, the operation, and its parameters. Raises `Refused`."""
    if len(request.body) > MAX_REQUEST_LENGTH:
        sizes = {"bytes": f"{len(request.body):,}", "limit": f"{MAX_REQUEST_LENGTH:,}"}
        request.advice.add(AdviceKind.LONG_REQUEST, **sizes)
    guessed = guess_version(request)
    operation = route(request, guessed, operations)
    check_media_type(request, guessed)
    usual = read_usual(request, operation)
    if usual is not None:
        version, values = usual
        return version, operation, values
    version, reader = take_version(request, guessed)
    return version, operation, bind(request, version, operation, reader)


def guess_version(request: SoapRequest) -> Version:
    """Step 1: the version of faults and bare statuses until the envelope is read."""
    if request.soap_action is not None and request.media_type != _SOAP_XML:
        return SOAP11
    return SOAP12


def route(request: SoapRequest, guessed: Version, operations: SoapOperations) -> SoapOperation:
    """Step 2: the operation by header if that decides, else by the Body's first element."""
    if guessed is SOAP11:
        return _of_soap_action(request, operations)
    return _of_action(operations, _url(request.action or "")) or _of_element(request, operations)


def check_media_type(request: SoapRequest, guessed: Version) -> None:
    """Step 3: refuse other media types. After routing, whose failure is a fault instead."""
    if request.media_type not in (_TEXT_XML, _SOAP_XML):
        request.advice.add(AdviceKind.MEDIA_TYPE, type=request.media_type)
        raise Refused(guessed, 415)


def take_version(request: SoapRequest, guessed: Version) -> tuple[Version, XmlReader]:
    """Step 4: the version of the envelope, which counts from here on."""
    try:
        reader = XmlReader(request.document)
        reader.move_to_content()
    except XmlError as error:
        raise _unreadable(request, guessed, error) from None
    version = _version(reader.name)
    if version is SOAP11 and request.media_type != _TEXT_XML:
        request.advice.add(AdviceKind.SOAP_11_AS_12)
        raise Refused(version, 415)
    return version, reader


def bind(
    request: SoapRequest, version: Version, operation: SoapOperation, reader: XmlReader
) -> list[str | None]:
    """Step 5: read the rest and bind the parameters by name; a missing one is null."""
    try:
        not_understood = _enter_body(version, reader)
        values = _read_body(request, operation, reader)
        reader.close(1)  # also reads the node right after the envelope, and no further
    except XmlError as error:
        raise _unreadable(request, version, error) from None
    if not_understood is not None:
        reason = f"SOAP header {not_understood} was not understood."
        raise Refused(version, 500, "MustUnderstand", reason)
    return values


# Steps 4 and 5 at once, in half the time that they take one by one


def read_usual(
    request: SoapRequest, operation: SoapOperation
) -> tuple[Version, list[str | None]] | None:
    """Read a usual request, as nearly all are; None for any other.

    A usual request has only the operation in its envelope, only parameters in the operation, and
    only text in these. lxml and `XmlReader` read such a request alike, which
    tests/soap/test_usual.py checks.
    """
    try:
        document = request.document
        head = _USUAL_HEAD.match(document)
        if head is None or len(document) > _USUAL_LENGTH:
            return None
        if _ATTRIBUTE.search(document, head.end()):
            return None
        envelope = etree.fromstring(document, _PARSER)
    except (XmlError, etree.XMLSyntaxError):
        return None
    version = _ENVELOPES.get(envelope.tag)
    if version is None or len(envelope) != 1:
        return None
    if version is SOAP11 and request.media_type != _TEXT_XML:
        return None
    body = envelope[0]
    if body.tag != f"{{{version.namespace}}}Body" or len(body) != 1:
        return None
    element = body[0]
    if element.tag != f"{{{operation.element}":
        return None
    values: list[str | None] = [None] * len(operation.parameters)
    for parameter in element:
        tag = parameter.tag
        place = operation.parameters.get(tag[1:]) if tag.__class__ is str else None
        if place is None or values[place] is not None or len(parameter):
            return None
        values[place] = parameter.text or ""
    return version, values


_USUAL_LENGTH = 64 * 1024  # bytes: no tree is built for a longer one
# Only ASCII: beyond it, parsers differ in what a name is.
_ATTRIBUTES = r"""(?:\s++[\w.:-]++=(?:"[^"<>\x80-\xff]*+"|'[^'<>\x80-\xff]*+'))*+\s*+"""
_USUAL_HEAD = re.compile(
    r"""(?:<\?xml[ ]version=["']1\.0["'](?:[ ]encoding=["'][A-Za-z][\w.-]*+["'])?+[ ]?\?>)?+"""
    rf"\s*+<(?:[\w.-]++:)?+Envelope{_ATTRIBUTES}>[ \t\r\n]*+<(?:[\w.-]++:)?+Body{_ATTRIBUTES}>"
    rf"\s*+<(?:[\w.-]++:)?\w++{_ATTRIBUTES}>".encode()
)
_ATTRIBUTE = re.compile(rb"<[\w.:-]++[^>/]")
_ENVELOPES = {f"{{{version.namespace}}}Envelope": version for version in (SOAP11, SOAP12)}
# It ignores the encoding that the document declares.
_PARSER = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True)


# Step 2 in detail


def _of_soap_action(request: SoapRequest, operations: SoapOperations) -> SoapOperation:
    action = (request.soap_action or "").strip(" \t")
    if action == '"':
        reason = "Length cannot be less than zero.\nParameter name: length"
        raise Refused(SOAP11, 500, "Server", _UNABLE_TO_PROCESS.format(reason))
    if action.startswith('"') and action.endswith('"'):
        action = action[1:-1]
    action = _url(action)
    operation = _of_action(operations, action)
    if operation is None:
        reason = f"Server did not recognize the value of HTTP Header SOAPAction: {action}."
        raise Refused(SOAP11, 500, "Client", reason)
    return operation


def _of_action(operations: SoapOperations, action: str) -> SoapOperation | None:
    return operations.get(action.removeprefix(TNS)) if action.startswith(TNS) else None


def _of_element(request: SoapRequest, operations: SoapOperations) -> SoapOperation:
    try:
        reader = XmlReader(request.document)
        reader.move_to_content()
    except XmlError as error:
        raise _unprocessable(request, SOAP12, error) from None
    envelope = reader.name
    try:
        element = _first_in_body(reader)
    except XmlError as error:
        # An unknown version comes first.
        raise _unprocessable(request, _version(envelope), error) from None
    operation = operations.get(_local(element))
    if operation is not None and operation.element == element:
        return operation
    action = _url(request.action or "")
    unknown = f"Unable to handle request. The action '{action}' was not recognized."
    raise Refused(_version(envelope), 500, "Client", unknown if action else _NO_ACTION)


def _first_in_body(reader: XmlReader) -> str:
    """The name of the Body's first node, or empty if it is not an element. Reads no further."""
    envelope = reader.name
    if _local(envelope) != "Envelope":
        raise XmlError(_NO_ENVELOPE)
    body = envelope.removesuffix("Envelope") + "Body"
    reader.read()
    while not reader.is_at(body):
        if reader.node is Node.NONE:
            raise XmlError(_NO_BODY)
        reader.skip()
    if reader.node is not Node.START:
        return ""
    reader.read()
    reader.move_to_content()
    return reader.name if reader.at_element else ""


# Step 5 in detail


def _enter_body(version: Version, reader: XmlReader) -> str | None:
    """Move to the Body. Returns the first block in the Header that is not understood."""
    prefix = f"{version.namespace}}}"
    if not reader.is_at(f"{prefix}Envelope"):
        raise Refused(version, 500, "Client", _UNABLE_TO_READ.format(_NO_ENVELOPE))
    reader.read()
    not_understood = _read_header(reader) if reader.is_at(f"{prefix}Header") else None
    if not reader.is_at(f"{prefix}Body"):
        raise Refused(version, 500, "Client", _UNABLE_TO_READ.format(_NO_BODY))
    return not_understood


def _read_header(reader: XmlReader) -> str | None:
    not_understood = None
    if reader.node is Node.START:
        reader.read()
        while not reader.at_end:
            # In either version's namespace, and to any actor.
            values = [reader.attributes.get(name) for name in _MUST_UNDERSTAND]
            if not_understood is None and ("1" in values or "true" in values):
                not_understood = _local(reader.name)
            reader.skip()
    reader.read()
    return not_understood


def _read_body(
    request: SoapRequest, operation: SoapOperation, reader: XmlReader
) -> list[str | None]:
    values: list[str | None] = [None] * len(operation.parameters)
    found, other = False, ""
    if reader.node is Node.START:
        reader.read()
        while not reader.at_end:
            if reader.is_at(operation.element):
                found = True
                _read_operation(request, operation, reader, values)
            else:
                other = other or reader.name
                reader.skip()
            reader.move_to_content()
    if other and not found:
        _advise_on_element(request, operation, other)
    return values


def _read_operation(
    request: SoapRequest, operation: SoapOperation, reader: XmlReader, values: list[str | None]
) -> None:
    if reader.node is not Node.START:
        return reader.skip()
    places = dict(operation.parameters)
    reader.read()
    reader.move_to_content()
    while not reader.at_end:
        place = places.pop(reader.name, None)
        if place is not None:
            name, nests = reader.name, reader.node is Node.START
            if reader.attributes:
                _advise_on_type(request, name, reader.attributes)
            values[place] = reader.read_element_string()
            if nests:
                request.advice.add(AdviceKind.NESTED, name=_local(name))
        else:
            if reader.at_element:
                _advise_on_parameter(request, operation, reader.name)
            reader.skip()
        reader.move_to_content()
    reader.read()


def _advise_on_type(request: SoapRequest, element: str, attributes: Mapping[str, str]) -> None:
    kind = attributes.get(_XSI_TYPE, "").rpartition(":")[2]
    if kind in ("base64Binary", "hexBinary"):
        request.advice.add(AdviceKind.XSI_TYPE, name=_local(element), type=kind)


def _advise_on_parameter(request: SoapRequest, operation: SoapOperation, element: str) -> None:
    if element not in operation.parameters and f"{TNS}}}{_local(element)}" in operation.parameters:
        request.advice.add(AdviceKind.NO_NAMESPACE, name=_local(element))


def _advise_on_element(request: SoapRequest, operation: SoapOperation, element: str) -> None:
    if _local(element) == operation.name:
        request.advice.add(AdviceKind.OPERATION_NAMESPACE, name=operation.name)
    else:
        request.advice.add(AdviceKind.TWO_OPERATIONS, action=operation.name, name=_local(element))


def _version(envelope: str) -> Version:
    """The version of an envelope by its name. Raises `Refused` if there is no such version."""
    namespace = envelope.rpartition("}")[0]
    version = _VERSIONS.get(namespace)
    if version is None:
        reason = (
            f"Possible SOAP version mismatch: Envelope namespace {namespace} was unexpected. "
            f"Expecting {SOAP11.namespace}."
        )
        raise Refused(SOAP11, 500, "VersionMismatch", reason)
    return version


def _unprocessable(request: SoapRequest, version: Version, error: XmlError) -> Refused:
    request.advice.add(AdviceKind.NO_XML, why=error)
    return Refused(version, 500, "Server", _UNABLE_TO_PROCESS.format(error.runtime))


def _unreadable(request: SoapRequest, version: Version, error: XmlError) -> Refused:
    request.advice.add(AdviceKind.NO_XML, why=error)
    return Refused(version, 400)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


@functools.lru_cache(maxsize=64)
def _url(encoded: str) -> str:
    """A header's value, decoded as by `HttpUtility.UrlDecode`, `%uXXXX` included."""
    return unquote_plus(
        _UNIT.sub(lambda found: quote(chr(int(found[1], 16)), errors="replace"), encoded)
    )


_UNIT = re.compile("%u([0-9a-fA-F]{4})")


@functools.lru_cache(maxsize=64)
def _content_type(header: str) -> tuple[str, str | None, str | None]:
    """A Content-Type's media type, charset and action, parsed as by ASP.NET."""
    media_type, *parameters = header.split(";")
    given: dict[str, str] = {}
    for parameter in parameters:
        for name in ("charset", "action"):
            if parameter.lstrip().lower().startswith(name) and "=" in parameter:
                given.setdefault(name, parameter.partition("=")[2].strip(" '\"\t"))
    return media_type.lower(), given.get("charset"), given.get("action")


# Writing


def response(version: Version, operation: SoapOperation, text: str) -> bytes:
    """The envelope of an operation's response."""
    name = operation.result
    result = f"<{name}>{escape(text)}</{name}>" if text else f"<{name} />"
    return _envelope(
        version, f'<{operation.response} xmlns="{TNS}">{result}</{operation.response}>'
    )


def fault(version: Version, code: str, reason: str) -> bytes:
    """The envelope of a fault; `code` is SOAP 1.1's name."""
    body = version.fault.format(
        code=version.codes.get(code, code),
        # A header may be quoted in it, with characters that XML does not allow.
        reason=escape(NOT_XML.sub("\ufffd", reason)),
        # A fault about a header has none.
        detail="" if code == "MustUnderstand" else version.detail,
    )
    return _envelope(version, body, _UPGRADE if code == "VersionMismatch" else "")


def _envelope(version: Version, body: str, header: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{version.namespace}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"{header}<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


_UPGRADE = (
    f'<soap:Header><soap12:Upgrade xmlns:soap12="{SOAP12.namespace}">'
    f'<soap12:SupportedEnvelope qname="soap:Envelope" xmlns:soap="{SOAP11.namespace}" />'
    f'<soap12:SupportedEnvelope qname="soap12:Envelope" xmlns:soap12="{SOAP12.namespace}" />'
    "</soap12:Upgrade></soap:Header>"
)
