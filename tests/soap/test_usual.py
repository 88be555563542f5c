"""Usual requests are read at once, with the same outcome as step by step (W4).

Whatever is read at once must be what the steps make of it, and bring no advice: over all of
Unicode, every kind of node, and every place in an envelope.
"""

import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fake_every8d import FakeEvery8d
from fake_every8d.soap import SoapEndpoint, envelope
from tests.soap.calls import FIXTURES, SOAP11, SOAP12, TNS, XML11, XML12, action

PLACES = 14
ENVELOPE = (
    '{0}<?xml version="1.0"?>{1}<s:Envelope{2} xmlns:s="%s">{3}<s:Body{4}>{5}'
    f'<sendSMS{{6}} xmlns="{TNS}">{{7}}<content{{8}}>{{9}}</content>{{10}}</sendSMS>{{11}}'
    "</s:Body>{12}</s:Envelope>{13}"
)
VERSIONS = [(SOAP11, XML11), (SOAP12, XML12)]
NODES = [
    "x", " \t\r\n", "&#32;", "&#x3000;", "&amp;", "&undefined;", "&#0;", "&", "<", ">", "]]>",
    "<![CDATA[]]>", "<![CDATA[ ]]>", "<![CDATA[<x>]]>", "<!-- x -->", "<!-- -- -->", "<?x y?>",
    '<?xml version="1.0"?>', "<!DOCTYPE x>", "<x/>", "<x></x>", "<x>y</x>", "<p:x/>",
    '<x xmlns=""/>', "<mobile>1</mobile>", "<content>2</content>", f'<sendSMS xmlns="{TNS}"/>',
    "<s:Header/>", "<s:Body/>", "</s:Body>", ' a="1"', ' a="1" a="2"', ' p:a="1"', ' a="<"',
    " a=1", ' xmlns:p="urn:p"', ' xmlns:p=""', ' xmlns=""', ' xmlns:é="urn:p"',
    ' xmlns:\U00010000="urn:p"', ' a=">" \U00010000="1"', ' xml:space="preserve"',
    ' s:encodingStyle="urn:x"', ' xsi:type="xsd:string"', "\0", "\ufeff",
]  # fmt: skip
BLANKS_AND_CONTROLS = [
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf") or character.isspace()
]


OPERATION = SoapEndpoint(FakeEvery8d().gateway).operations["sendSMS"]


def check(document: bytes, content_type: str) -> bool:
    """True if the document is usual; then the steps must read the same, with no advice."""
    request = envelope.SoapRequest(document, content_type, action("sendSMS"))
    usual = envelope.read_usual(request, OPERATION)
    if usual is None:
        return False
    # By a SOAPAction, so that the version is 1.1 until the envelope is seen.
    version, reader = envelope.take_version(request, envelope.SOAP11)
    assert usual == (version, envelope.bind(request, version, OPERATION, reader)), document
    assert [*request.advice] == [], document
    return True


def filled(place: int, what: str, namespace: str = SOAP11) -> bytes:
    """An envelope with something put in at one of its places."""
    text = ENVELOPE % namespace
    for each in range(PLACES):
        text = text.replace(f"{{{each}}}", what if each == place else "")
    return text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("version", ["soap11", "soap12"])
def test_w4_requests_of_clients_are_usual(version: str) -> None:
    document = (FIXTURES / version / "sendSMS.request.xml").read_bytes()
    assert check(document, XML11 if version == "soap11" else XML12)
    assert check(document.replace(b"\n", b"").replace(b"  ", b""), XML11)


def test_w4_every_character_in_a_value() -> None:
    carried = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if character not in "<&" and not "\ud800" <= character <= "\udfff"
    ]
    allowed = [each for each in carried if each >= " " or each in "\t\n\r"]
    allowed = [each for each in allowed if each not in "\ufffe\uffff"]
    size = 10_000  # characters, of up to 4 bytes: short enough to be usual
    for begin in range(0, len(allowed), size):
        text = "".join(allowed[begin : begin + size]).replace("]]>", "]")
        assert check(filled(9, text), XML11)
    for character in {*carried} - {*allowed}:
        assert not check(filled(9, character), XML11)


@pytest.mark.parametrize("place", range(PLACES))
@pytest.mark.parametrize(("namespace", "content_type"), VERSIONS)
def test_w4_every_kind_of_node_and_blank_in_every_place(
    place: int, namespace: str, content_type: str
) -> None:
    for what in NODES + (BLANKS_AND_CONTROLS if namespace == SOAP11 else []):
        check(filled(place, what, namespace), content_type)


pieces = st.sampled_from([*NODES, *BLANKS_AND_CONTROLS]) | st.characters()


@given(what=st.lists(st.tuples(st.integers(0, PLACES - 1), pieces), max_size=4), version=st.data())
@settings(deadline=None, max_examples=500)
@example(what=[(3, "\u3000")], version=None)
def test_w4_several_at_once(what: list[tuple[int, str]], version: st.DataObject | None) -> None:
    namespace, content_type = version.draw(st.sampled_from(VERSIONS)) if version else VERSIONS[0]
    text = ENVELOPE % namespace
    for place in range(PLACES):
        inside = "".join(piece for where, piece in what if where == place)
        text = text.replace(f"{{{place}}}", inside, 1)
    check(text.encode("utf-8", "surrogatepass"), content_type)
