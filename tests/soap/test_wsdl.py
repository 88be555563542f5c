"""The WSDL: nine operations, as production has published them (W2, F1)."""

from pathlib import Path

import pytest
import urllib3

from tests.soap.calls import FIXTURES
from tests.soap.published import PUBLISHED, canonical, without
from tests.web.serving import DEADLINE, ENDPOINT

PRODUCTION = Path(__file__).parents[3] / "shared" / "production"
"""What production has published: beside the project where it is at hand, and never in it."""


def wsdl(url: str) -> bytes:
    return urllib3.request("GET", f"{url}{ENDPOINT}?WSDL", retries=False, timeout=DEADLINE).data


def test_w2_the_wsdl_is_the_fixture_but_for_the_addresses(url: str) -> None:
    served = wsdl(url)
    assert served.decode().count(f'location="{url}{ENDPOINT}"') == 2
    assert canonical(served) == canonical((FIXTURES / "SMS.wsdl").read_bytes())


@pytest.mark.parametrize("name", PUBLISHED)
def test_w2_f1_the_wsdl_is_productions_and_what_it_has_since(url: str, name: str) -> None:
    """The same types, messages, bindings and order: the newest is equal, the others lack one."""
    published = PRODUCTION / name
    if not published.exists():
        pytest.skip("production's own WSDL files are not beside the project")
    assert canonical(published.read_bytes()) == canonical(without(wsdl(url), PUBLISHED[name]))
