"""The HTTP API from Node.js and PHP, as published clients of it are written (H2–H5)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_every8d import FakeEvery8d, Settings

from .http_story import tell_http_story, tell_plain_story
from .story import Endpoint
from .test_node import node
from .tools import Script, require

__all__ = ["node"]

_FOLDER = Path(__file__).parent
_PHP = ["-d", "display_errors=stderr"]


@pytest.mark.parametrize("library", ["axios", "fetch", "http"])
def test_node(endpoint: Endpoint, node: str, library: str) -> None:
    """axios with a query and an empty body, fetch with GET, and node:http with a form."""
    script = _FOLDER / "node" / "http.js"
    with Script([node], script, endpoint.http_url, library, sent=library) as call:
        tell_http_story(endpoint, call)


def test_php_with_a_form(endpoint: Endpoint) -> None:
    script = _FOLDER / "php" / "http.php"
    with Script(
        [require("php"), *_PHP], script, endpoint.http_url, "stream", sent="stream"
    ) as call:
        tell_http_story(endpoint, call)


@pytest.fixture
def plain() -> Iterator[Endpoint]:
    """A fake whose words need no encoding."""
    with FakeEvery8d(Settings(delivery_seconds=86_400)) as fake:
        yield Endpoint(fake.soap_url, fake.wsdl_url, fake.http_url, iter(["demo"]), fake.gateway)


def test_php_as_the_platforms_own_sample_with_raw_text_over_http_1_0(plain: Endpoint) -> None:
    """H4: an absolute target without Host, raw UTF-8 and a raw +, two bytes too many."""
    command, script = [require("php"), *_PHP], _FOLDER / "php" / "http.php"
    with Script(command, script, plain.http_url, "socket", sent="socket") as call:
        tell_plain_story(plain, call, "demo", "demo", "Hello, 世界")
