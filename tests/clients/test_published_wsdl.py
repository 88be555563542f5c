"""Clients generated from the WSDL files that production has published (W2, F1).

They are ours without an operation each, as tests/soap/test_wsdl.py shows.
"""

from pathlib import Path

import pytest
import requests
import zeep

from tests.soap.published import without

from .story import Endpoint, tell_story

_WSDL = Path(__file__).parents[2] / "fixtures" / "SMS.wsdl"


@pytest.mark.parametrize("lacks", ["", "sendMessage", "getFreePhoneCallinLog"])
@pytest.mark.parametrize("binding", ["SMSSoap", "SMSSoap12"])
def test_zeep_with_a_file_that_lacks(
    endpoint: Endpoint, tmp_path: Path, lacks: str, binding: str
) -> None:
    saved = tmp_path / "saved.wsdl"
    saved.write_bytes(without(_WSDL.read_bytes(), {lacks} if lacks else set()))
    with requests.Session() as session:
        client = zeep.Client(str(saved), transport=zeep.Transport(session=session))
        service = client.create_service(f"{{http://tempuri.org/}}{binding}", endpoint.soap_url)
        assert len(list(service)) == (8 if lacks else 9)

        def call(operation: str, /, **parameters: str) -> str:
            response: str | None = service[operation](**parameters)
            return response or ""

        tell_story(endpoint, call, lacks=lacks)
