"""The JSON API under `/fake`: look inside, and make trouble, over HTTP.

`description.py` describes it. What it does is what `FakeEvery8d` does, over the same
gateway, failures and journal.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug import exceptions as http
from werkzeug.datastructures import Headers
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request, Response

from fake_every8d.control import forms
from fake_every8d.control.world import World
from fake_every8d.gateway import Conflict, InvalidInput, NotFound
from fake_every8d.web.api.operations import (
    OPERATIONS,
    PREFIX,
    STATE,
    OnWait,
    Operation,
    Operations,
    encoded,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Respond = Callable[[OnWait | None], Response]
"""Makes the response to a request; it takes a function to call if the client goes away while it
waits."""

_RESETS = ("reset", "snapshot")  # which count whatever came before them

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
}


class Api:
    """Handles the requests under `/fake/`."""

    def __init__(self, world: World) -> None:
        self._gateway = world.gateway
        self._operations = Operations(world)
        self._routes = Map(
            [
                Rule(PREFIX + operation.path, endpoint=operation, methods=[operation.method])
                for operation in OPERATIONS
            ],
            converters={"text": _AnyText},
            merge_slashes=False,
        )

    def read(self, environ: "WSGIEnvironment") -> tuple[bool, Respond]:
        """Find the operation that a request is for. Returns whether it takes a while, and the rest.

        Both raise what `refusal` takes.
        """
        request, began = Request(environ), self._gateway.epoch
        operation, values = self._match(request)
        return operation.waits, partial(self._respond, request, began, operation, values)

    def _respond(
        self,
        request: Request,
        began: int,
        operation: Operation,
        values: dict[str, Any],
        on_disconnect: OnWait | None,
    ) -> Response:
        values = values | operation.query.read(_once(request.args.lists()))
        wait_seconds = values.pop("wait_seconds", 0) if operation.path == STATE else 0
        if values.get("wait_seconds"):
            values["on_wait"] = on_disconnect
        if operation.method in ("POST", "PATCH", "PUT"):
            body = request.environ["wsgi.input"].read()
            if body and request.mimetype != "application/json":
                raise http.UnsupportedMediaType(
                    "A body is JSON here: add the header Content-Type: application/json "
                    "(curl -H 'Content-Type: application/json'), which is "
                    f"{request.mimetype or 'missing'} now."
                )
            given = forms.parse_object(body) if body else {}
            is_document = operation.method == "PUT"
            values |= {"document": given} if is_document else operation.body.read(given)
        if not operation.cached:
            act = partial(operation.handler, self._operations, **values)
            if operation.method == "GET" or operation.path in _RESETS:
                response = act()
            else:
                response = self._gateway.as_of(began, values.get("user_id"), act)
            response.headers["Cache-Control"] = "no-store"
            return response
        # From before anything is read, so that what changes in between is not missed.
        etag = self._operations.etag()
        # A * would stand for whatever is there, and only the handler knows whether it is.
        known = request.if_none_match.as_set(include_weak=True)
        if etag in known and wait_seconds:
            etag = self._operations.await_another(etag, wait_seconds, on_disconnect)
        if etag in known:
            response = Response(status=304)
        else:
            response = operation.handler(self._operations, **values)
        response.set_etag(etag)
        response.headers["Cache-Control"] = "no-cache"
        return response

    def _match(self, request: Request) -> tuple[Operation, dict[str, Any]]:
        adapter = self._routes.bind("", path_info=request.path)
        operation: Operation
        try:
            operation, values = adapter.match(method=request.method)
        except http.NotFound:
            raise NotFound(f"nothing is here; {PREFIX}openapi.json says what there is") from None
        except http.MethodNotAllowed as error:
            methods = ", ".join(sorted(error.valid_methods or ()))
            error.description = f"{request.path} takes {methods}, not {request.method}"
            raise
        return operation, dict(values)


def refusal(error: http.HTTPException | InvalidInput) -> Response:
    """What is wrong, in JSON; for `InvalidInput` with its `field` and `reason`."""
    field, reason = None, None
    if isinstance(error, InvalidInput):
        field, reason = error.field, error.reason
        kind: type[http.HTTPException] = http.BadRequest
        if isinstance(error, NotFound):
            kind = http.NotFound
        elif isinstance(error, Conflict):
            kind = http.Conflict
        error = kind(str(error))
    headers = Headers(error.get_headers())
    headers["Content-Type"] = "application/json"
    assert error.code is not None
    shown = {
        "code": _CODES[error.code],
        "message": error.description,
        "field": field,
        "reason": reason,
    }
    return Response(encoded({"error": shown}), error.code, headers)


class _AnyText(BaseConverter):
    """Any text at all, slashes too."""

    regex = "(?s:.+)"
    part_isolating = False


def _once(lists: Iterable[tuple[str, list[str]]]) -> dict[str, str]:
    values = {}
    for key, given in lists:
        if len(given) > 1:
            raise InvalidInput(f"{key} is given {len(given)} times", field=key, reason="repeated")
        values[key] = given[0]
    return values
