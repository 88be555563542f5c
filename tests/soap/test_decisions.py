"""Decisions of our own, where EVERY8D's documents are silent, on the SOAP side."""

from fake_every8d.soap import SoapEndpoint
from tests.soap.calls import call, login


def test_w5_an_absent_parameter_is_the_empty_string(endpoint: SoapEndpoint) -> None:
    """No subject and no time: sent now. No recipient: refused as an empty one is."""
    key = login(endpoint)
    sent = call(endpoint, "sendSMS", sessionKey=key, content="hello", mobile="0912345678")
    assert sent.startswith("999.00,1,1.0,0,")
    absent = call(endpoint, "sendSMS", sessionKey=key, content="hello")
    empty = call(endpoint, "sendSMS", sessionKey=key, content="hello", mobile="")
    assert absent == empty == "-41, no mobile."
