"""The JSON API under `/fake`: inspect and control the fake over HTTP.

`description.py` describes it. It does the same as `FakeEvery8d`, with the same gateway, failures
and journal.
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
    ApiOperation,
    Handlers,
    encoded,
)
from fake_every8d.web.exchange import OnDisconnect

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Respond = Callable[[OnDisconnect | None], Response]
"""A function that makes the response to a request; its argument is a function to call if the client
goes away while it waits."""

_RESETS = ("reset", "snapshot")  # valid whatever reset came before them

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
    """The handler of requests under `/fake/`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gateway = world.gateway
        self._operations = Handlers(world)
        self._routes = Map(
            [
                Rule(PREFIX + operation.path, endpoint=operation, methods=[operation.method])
                for operation in OPERATIONS
            ],
            converters={"text": _AnyText},
            merge_slashes=False,
        )

    def read(self, environ: "WSGIEnvironment") -> tuple[bool, Respond]:
        """Find a request's operation. Returns whether it may take a while, and the function for it.

        Both raise errors that `refusal` takes.
        """
        request, began = Request(environ), self._gateway.epoch
        operation, values = self._match(request)
        return operation.waits, partial(self._respond, request, began, operation, values)

    def _respond(
        self,
        request: Request,
        began: int,
        operation: ApiOperation,
        values: dict[str, Any],
        on_disconnect: OnDisconnect | None,
    ) -> Response:
        query = operation.query.read(_once(request.args.lists()))
        if "user_id" in query:
            self._world.check_account(query["user_id"])
        values = values | query
        wait_seconds = values.pop("wait_seconds", 0) if operation.path == STATE else 0
        if values.get("wait_seconds"):
            values["on_wait"] = on_disconnect
        if operation.method in ("POST", "PATCH", "PUT"):
            body = request.environ["wsgi.input"].read()
            if body and request.mimetype != "application/json":
                raise http.UnsupportedMediaType(
                    f"The Content-Type is {request.mimetype or 'missing'}, and must be "
                    "application/json: add the header Content-Type: application/json "
                    "(curl -H 'Content-Type: application/json')."
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
        # Taken before reading, so that no change in between is missed.
        etag = self._operations.etag()
        # A * would mean anything that exists, and only the handler knows whether it does.
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

    def _match(self, request: Request) -> tuple[ApiOperation, dict[str, Any]]:
        adapter = self._routes.bind("", path_info=request.path)
        operation: ApiOperation
        try:
            operation, values = adapter.match(method=request.method)
        except http.NotFound:
            raise NotFound(f"nothing is here; {PREFIX}openapi.json lists all operations") from None
        except http.MethodNotAllowed as error:
            methods = ", ".join(sorted(error.valid_methods or ()))
            error.description = f"{request.path} takes {methods}, not {request.method}"
            raise
        return operation, dict(values)


def refusal(error: http.HTTPException | InvalidInput) -> Response:
    """An error as JSON; that of `InvalidInput` has its `field` and `reason`."""
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
    """A converter for any text, slashes too."""

    regex = "(?s:.+)"
    part_isolating = False


def _once(lists: Iterable[tuple[str, list[str]]]) -> dict[str, str]:
    values = {}
    for key, given in lists:
        if len(given) > 1:
            raise InvalidInput(f"{key} is given {len(given)} times", field=key, reason="repeated")
        values[key] = given[0]
    return values
