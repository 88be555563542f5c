"""zeep and suds: what people call SOAP services with from Python (W2)."""

from xml.sax.saxutils import escape

import pytest
import requests
import suds.client
import zeep
from suds.sax.text import Raw
from zeep.plugins import HistoryPlugin

from .story import Endpoint, tell_story
from .tools import SOAP_NAMESPACE, VERSIONS, Version


@pytest.mark.parametrize("version", VERSIONS)
def test_zeep(endpoint: Endpoint, version: Version) -> None:
    history = HistoryPlugin()
    with requests.Session() as session:
        client = zeep.Client(
            endpoint.wsdl_url, transport=zeep.Transport(session=session), plugins=[history]
        )
        port = client.bind("SMS", "SMSSoap12" if version == "1.2" else "SMSSoap")

        def call(operation: str, /, **parameters: str) -> str:
            response: str | None = port[operation](**parameters)
            sent = history.last_sent["envelope"]
            assert sent.tag == f"{{{SOAP_NAMESPACE[version]}}}Envelope"
            return response or ""

        tell_story(endpoint, call)


def test_suds(endpoint: Endpoint) -> None:
    """suds speaks SOAP 1.1 only; it must not trip over the 1.2 port in the WSDL."""
    client = suds.client.Client(endpoint.wsdl_url, cache=None)
    port = client.service["SMSSoap"]

    def call(operation: str, /, **parameters: str) -> str:
        # Left to escape by itself, suds takes the &lt; of a contentXML for escaped already.
        escaped = {name: Raw(escape(value)) for name, value in parameters.items()}
        return str(port[operation](**escaped) or "")

    tell_story(endpoint, call)
