"""The static files, as HTTP."""

import re
from pathlib import Path

import pytest
import urllib3

from fake_every8d import FakeEvery8d

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = Path(__file__).parents[2] / "fake_every8d" / "web" / "page"


def fetch(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, retries=False, timeout=30)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page/app.js", "text/javascript; charset=utf-8"),
        ("/page/views/phones.js", "text/javascript; charset=utf-8"),
        ("/page/base.css", "text/css; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
        ("/page/vendor/LICENSE-htm", "text/plain; charset=utf-8"),
    ],
)
def test_each_file_has_its_type_and_the_policy(
    fake: FakeEvery8d, path: str, content_type: str
) -> None:
    answer = fetch(fake.url + path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_file_that_the_browser_has_is_not_sent_again(fake: FakeEvery8d) -> None:
    etag = fetch(f"{fake.url}/page/app.js").headers["ETag"]
    again = fetch(f"{fake.url}/page/app.js", **{"If-None-Match": etag})
    assert (again.status, again.data) == (304, b"")
    assert again.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    "path", ["/page/", "/page/nothing.js", "/page/../pages.py", "/page/%2e%2e/pages.py"]
)
def test_there_is_nothing_else(fake: FakeEvery8d, path: str) -> None:
    answer = fetch(fake.url + path)
    assert answer.status == 404


@pytest.mark.parametrize("path", ["/", "/page/app.js"])
def test_a_foreign_host_does_not_get_the_page(fake: FakeEvery8d, path: str) -> None:
    """DNS rebinding: somebody else's name that points to this machine."""
    assert fetch(fake.url + path, Host="evil.test").status == 403


def test_every_file_that_the_page_asks_for_is_there() -> None:
    for source in PAGE.rglob("*.js"):
        for target in re.findall(r'from "(\.[^"]+)"', source.read_text("utf-8")):
            assert (source.parent / target).is_file(), f"{source.name}: {target}"
