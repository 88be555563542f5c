"""Suites of users of the pytest plugin, run in processes of their own."""

import textwrap

import pytest

# A suite's own SOAP client, with nothing but the standard library.
CLIENT = r"""
import re
import urllib.request

import pytest


class Client:
    def __init__(self, soap_url):
        self.soap_url = soap_url

    def call(self, operation, **parameters):
        values = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
        request = urllib.request.Request(
            self.soap_url,
            f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<{operation} xmlns="http://tempuri.org/">{values}</{operation}>'
            "</s:Body></s:Envelope>".encode(),
            {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ""},
        )
        request.remove_header("Soapaction")
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read().decode()

    def send(self, content, mobile="0912345678", user_id="demo", password="demo", at=""):
        response = self.call("getConnection", userID=user_id, password=password)
        key = re.search("[0-9a-f]{32}", response)[0]
        return self.call(
            "sendSMS", sessionKey=key, subject="", content=content, mobile=mobile, sendTime=at
        )


@pytest.fixture
def client(every8d):
    return Client(every8d.soap_url)
"""

UNUSED = [
    *("-pno:asyncio", "-pno:cacheprovider", "-pno:django", "-pno:hypothesispytest"),
    *("-pno:platformdirs", "-pno:pytest_httpserver", "-pno:schemathesis"),
]
"""Options without plugins of our own tests that suites make no use of.

To import them takes half of a process's time.
"""

# Python 3.12 warns of a fork where threads run, be they ours or anybody's.
INI = "[pytest]\nfilterwarnings = error\n    ignore:.*fork:DeprecationWarning"


def run(
    pytester: pytest.Pytester, source: str, *options: str, conftest: str = "", header: str = ""
) -> pytest.RunResult:
    """Run a test file, `header` before the rest, in a suite that has a client."""
    pytester.makeconftest(CLIENT + textwrap.dedent(conftest))
    if not (pytester.path / "tox.ini").exists():
        pytester.makeini(INI)
    pytester.makepyfile(header + textwrap.dedent(source))
    return pytester.runpytest_subprocess(*UNUSED, "-pno:anyio", *options, timeout=60)
