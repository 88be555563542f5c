"""The WSDL and the discovery document, from the spyne interface (W2, W8)."""

from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"


def wsdl(interface: Any, address: str) -> bytes:
    """The response to `?WSDL`: the service of a spyne `interface`, at the URL `address`."""
    tns, name = interface.get_tns(), interface.app.name
    root = etree.Element(
        etree.QName(_WSDL, "definitions"),
        targetNamespace=tns,
        nsmap={
            "soapenc": "http://schemas.xmlsoap.org/soap/encoding/",
            "soap12": _SOAP12,
            "http": "http://schemas.xmlsoap.org/wsdl/http/",
            "tns": tns,
            "mime": "http://schemas.xmlsoap.org/wsdl/mime/",
            "tm": "http://microsoft.com/wsdl/mime/textMatching/",
            "s": _SCHEMA,
            "soap": _SOAP,
            "wsdl": _WSDL,
        },
    )
    methods = [
        method for service in interface.services for method in service.public_methods.values()
    ]
    _types(root, tns, methods)
    for method in methods:
        for direction, message in (("In", method.in_message), ("Out", method.out_message)):
            part = _add(root, _WSDL, "message", name=f"{method.name}Soap{direction}")
            element = f"tns:{message.get_type_name()}"
            _add(part, _WSDL, "part", name="parameters", element=element)
    port_type = _add(root, _WSDL, "portType", name=f"{name}Soap")
    for method in methods:
        operation = _add(port_type, _WSDL, "operation", name=method.name)
        _add(operation, _WSDL, "input", message=f"tns:{method.name}SoapIn")
        _add(operation, _WSDL, "output", message=f"tns:{method.name}SoapOut")
    ports = {f"{name}Soap": _SOAP, f"{name}Soap12": _SOAP12}
    for port, soap in ports.items():
        _binding(root, port, soap, f"tns:{name}Soap", tns, methods)
    service = _add(root, _WSDL, "service", name=name)
    for port, soap in ports.items():
        location = _add(service, _WSDL, "port", name=port, binding=f"tns:{port}")
        _add(location, soap, "address", location=address)
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def discovery(interface: Any, address: str) -> bytes:
    """The response to `?disco`, for the service at the URL `address` (W8)."""
    tns, name = interface.get_tns(), interface.app.name
    url = quoteattr(address)
    ports = "".join(
        f'  <soap address={url} xmlns:q{place}="{tns}" binding="q{place}:{port}" '
        'xmlns="http://schemas.xmlsoap.org/disco/soap/" />\n'
        for place, port in enumerate((f"{name}Soap", f"{name}Soap12"), 1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<discovery xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns="http://schemas.xmlsoap.org/disco/">\n'
        f"  <contractRef ref={quoteattr(f'{address}?wsdl')} docRef={url} "
        'xmlns="http://schemas.xmlsoap.org/disco/scl/" />\n'
        f"{ports}</discovery>"
    ).encode()


def _types(root: etree._Element, tns: str, methods: list[Any]) -> None:
    schema = _add(
        _add(root, _WSDL, "types"),
        _SCHEMA,
        "schema",
        elementFormDefault="qualified",
        targetNamespace=tns,
    )
    for message in [m for method in methods for m in (method.in_message, method.out_message)]:
        element = _add(schema, _SCHEMA, "element", name=message.get_type_name())
        sequence = _add(_add(element, _SCHEMA, "complexType"), _SCHEMA, "sequence")
        for name, kind in message.get_flat_type_info(message).items():
            _add(
                sequence,
                _SCHEMA,
                "element",
                minOccurs=str(kind.Attributes.min_occurs),
                maxOccurs=str(kind.Attributes.max_occurs),
                name=name,
                type=f"s:{kind.get_type_name()}",
            )


def _binding(
    root: etree._Element, name: str, soap: str, port_type: str, tns: str, methods: list[Any]
) -> None:
    binding = _add(root, _WSDL, "binding", name=name, type=port_type)
    _add(binding, soap, "binding", transport=_HTTP_TRANSPORT)
    for method in methods:
        operation = _add(binding, _WSDL, "operation", name=method.name)
        _add(operation, soap, "operation", soapAction=tns + method.name, style="document")
        for direction in ("input", "output"):
            _add(_add(operation, _WSDL, direction), soap, "body", use="literal")


def _add(parent: etree._Element, namespace: str, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, etree.QName(namespace, tag), attributes)
