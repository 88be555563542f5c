"""The static files of the page at `/`."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

INDEX = "index.html"
"""The page itself, among the static files."""

_HEADERS = {
    # The page shows text from anybody's SMS: none of it may run, load or be framed.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Cached, but checked each time, so that a new version is seen at once; a 304 is cheap.
    "Cache-Control": "no-cache",
}

# Not from the machine's own table, where .js may be anything. Licences have no suffix.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def static_file(environ: "WSGIEnvironment", name: str) -> Response:
    """A file of the page, such as `views/phones.js`; 304 if the client has it already.

    Raises `NotFound` if there is no such file.
    """
    try:
        content = _contents()[name]
    except KeyError:
        raise NotFound from None
    content_type = _TYPES.get(PurePath(name).suffix, "text/plain; charset=utf-8")
    response = Response(content, content_type=content_type, headers=_HEADERS)
    response.add_etag()
    response.make_conditional(environ)
    del response.headers["Date"]  # the server adds it to every response
    return response


@cache
def _contents() -> dict[str, bytes]:
    """The content of every file by path: read once, so that requests do not read files."""
    return dict(_walk(files("fake_every8d.web") / "page", ""))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()
