"""The WSDL files that production has published, made from ours: all have fewer operations."""

import re

from lxml import etree

PUBLISHED = {
    "oms-2015-12.wsdl": {"sendMessage"},
    "api-2016-09.wsdl": {"sendMessage"},
    "oms-2016-11-30.wsdl": set[str](),
}
"""The operations that each lacks, by the name under which a customer saved it (F1)."""


def without(wsdl: bytes, operations: set[str]) -> bytes:
    """A WSDL without some of its operations: their elements, messages and bindings."""
    names = "|".join(operations) or "-"
    root = etree.fromstring(wsdl)
    for element in root.xpath("//*[local-name() != 'part'][@name]"):
        if re.fullmatch(f"({names})(Response|SoapIn|SoapOut)?", element.get("name")):
            element.getparent().remove(element)
    return etree.tostring(root)


def canonical(wsdl: bytes) -> bytes:
    """A WSDL in canonical form, without addresses and without what indents it."""
    root = etree.fromstring(wsdl, etree.XMLParser(remove_blank_text=True))
    for address in root.iter("{*}address"):
        address.set("location", "")
    return etree.tostring(root, method="c14n")
