"""The WSDL: the operations, as production has published them (W2, F1)."""

from pathlib import Path

import pytest
import urllib3

from tests.soap.calls import FIXTURES
from tests.soap.published import PUBLISHED, canonical, without
from tests.web.serving import DEADLINE, ENDPOINT

PRODUCTION = Path(__file__).parents[3] / "shared" / "production"
"""The files that production has published: beside the project if at hand, and never in it."""


def served(url: str, query: str) -> bytes:
    return urllib3.request("GET", f"{url}{ENDPOINT}?{query}", retries=False, timeout=DEADLINE).data


def published(name: str) -> bytes:
    path = PRODUCTION / name
    if not path.exists():
        pytest.skip("what production has published is not beside the project")
    return path.read_bytes()


def test_w2_the_wsdl_is_the_fixture_but_for_the_addresses(url: str) -> None:
    wsdl = served(url, "WSDL")
    assert wsdl.decode().count(f'location="{url}{ENDPOINT}"') == 2
    assert canonical(wsdl) == canonical((FIXTURES / "SMS.wsdl").read_bytes())


@pytest.mark.parametrize("name", PUBLISHED)
def test_w2_f1_the_wsdl_is_productions_and_what_it_has_since(url: str, name: str) -> None:
    """The same types, messages, bindings and order: the newest is equal, the others lack one."""
    assert canonical(published(name)) == canonical(without(served(url, "WSDL"), PUBLISHED[name]))


def test_w8_f1_the_discovery_document_is_productions(url: str) -> None:
    """To the byte, but for the addresses."""
    theirs = published("oms-2015-12.disco").decode().replace("\r\n", "\n").rstrip()
    address = "https://oms.every8d.com/API21/SOAP/SMS.asmx"
    assert served(url, "disco").decode() == theirs.replace(address, url + ENDPOINT)
