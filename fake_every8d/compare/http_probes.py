"""The probes of the HTTP API (clauses H, E1, A3, D5).

A batch's ID comes back in JSON (H14), which shows how a form was decoded: nothing need be sent.
"""

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

from fake_every8d.compare.exchange import Request
from fake_every8d.compare.given import Given
from fake_every8d.compare.probe import Api, Compared, Harmless, Probe

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_BOUNDARY = "fake-every8d-boundary"

_Values = Callable[[Given], Mapping[str, str]]


def _encoded(values: Mapping[str, str]) -> bytes:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items()).encode()


def _post(
    operation: str,
    body: bytes,
    content_type: str = _FORM,
    query: bytes = b"",
    token: str | None = None,
) -> Request:
    bearer = () if token is None else (("Authorization", f"Bearer {token}"),)
    target = f"{operation}.ashx".encode() + query
    return Request("POST", target, (("Content-Type", content_type), *bearer), body)


def _caller(given: Given) -> dict[str, str]:
    return {"UID": given.user_id, "PWD": given.password}


def _nobody(given: Given) -> dict[str, str]:
    return {"UID": given.nobody, "PWD": "x"}


def _form(
    name: str,
    clauses: tuple[str, ...],
    operation: str,
    harmless: Harmless,
    values: _Values,
    *,
    caller: _Values = _caller,
    wrong_password: bool = False,
) -> Probe:
    """A POST of a form."""

    def request(given: Given) -> Request:
        return _post(operation, _encoded({**caller(given), **values(given)}))

    return Probe(name, clauses, Api.HTTP, request, harmless, wrong_password=wrong_password)


def _json(
    name: str,
    clauses: tuple[str, ...],
    operation: str,
    harmless: Harmless,
    values: Callable[[Given], object],
    *,
    token: Callable[[Given], str] | None = None,
) -> Probe:
    """A POST of JSON."""

    def request(given: Given) -> Request:
        body = json.dumps(values(given)).encode()
        return _post(operation, body, _JSON, token=token and token(given))

    return Probe(name, clauses, Api.HTTP, request, harmless)


def _read(
    name: str,
    clauses: tuple[str, ...],
    request: Callable[[Given], Request],
    *,
    ascii_only: bool = False,
) -> Probe:
    """A call that only reads."""
    return Probe(name, clauses, Api.HTTP, request, Harmless.READS, ascii_only=ascii_only)


def _connection(verify: str, caller: _Values = lambda _: {}) -> Callable[[Given], object]:
    return lambda given: {"HandlerType": 3, "VerifyType": int(verify), **caller(given)}


def _nothing(given: Given) -> dict[str, str]:
    return {}


def _batch(**values: str) -> _Values:
    return lambda given: {"BID": given.no_batch, **values}


def _echo(
    name: str,
    clauses: tuple[str, ...],
    batch: bytes,
    content_type: str = _FORM,
    query: bytes = b"",
) -> Probe:
    """A call that shows how the batch's ID in a form was decoded."""

    def request(given: Given) -> Request:
        body = _encoded(_caller(given)) + b"&RESPFORMAT=1&BID=" + batch
        return _post("getDeliveryStatus", body, content_type, query)

    return _read(name, clauses, request, ascii_only=content_type != _FORM)


def _multipart(given: Given) -> Request:
    parts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (_caller(given) | {"RESPFORMAT": "1", "BID": "測試"}).items()
    )
    body = f"{parts}--{_BOUNDARY}--\r\n".encode()
    return _post("getDeliveryStatus", body, f"multipart/form-data; boundary={_BOUNDARY}")


def _path(name: str, clauses: tuple[str, ...], target: str, method: str = "GET") -> Probe:
    return Probe(
        name,
        clauses,
        Api.HTTP,
        lambda _: Request(method, target.encode()),
        Harmless.PAGE,
        Compared.STATUS,
    )


FIRST = _form(
    "no user ID and no password", ("H6", "E1"), "getCredit", Harmless.READS, _nothing,
    caller=_nothing,
)  # fmt: skip
"""The first probe, before a password is sent anywhere."""

LOGIN = _form("credit by password", ("H5", "H16"), "getCredit", Harmless.READS, _nothing)
"""The second probe: whether user ID and password are right."""

WRONG = _form(
    "wrong password", ("H6", "E1"), "getCredit", Harmless.READS, _nothing, wrong_password=True,
    caller=lambda given: {"UID": given.user_id, "PWD": given.wrong_password},
)  # fmt: skip

RIGHT_AGAIN = _form(
    "right password after a wrong one", ("A3",), "getCredit", Harmless.READS, _nothing
)
"""The probe directly after `WRONG`."""

_CALLERS = (
    _form("account that nobody has", ("H6", "E1"), "getCredit", Harmless.READS, _nothing,
          caller=_nobody),
    _form("user ID without a password", ("H6", "E1"), "getCredit", Harmless.READS, _nothing,
          caller=lambda given: {"UID": given.nobody}),
    _form("password empty", ("H6", "E1"), "getCredit", Harmless.READS, _nothing,
          caller=lambda given: {"UID": given.nobody, "PWD": ""}),
    _form("password without a user ID", ("H6", "E1"), "getCredit", Harmless.READS, _nothing,
          caller=lambda given: {"PWD": "x"}),
    _form("status for nobody", ("H6", "E1"), "getDeliveryStatus", Harmless.READS, _batch(),
          caller=_nobody),
    _form("send for nobody", ("H6", "H10", "E1"), "sendSMS", Harmless.NEITHER, _nothing,
          caller=_nobody),
    _json("SendParamSMS for nobody", ("H6", "H12", "E1"), "SendParamSMS", Harmless.NEITHER,
          _nobody),
    _json("SendParamSMS without user ID", ("H6", "H12", "E1"), "SendParamSMS", Harmless.NEITHER,
          _nothing),
    _json("SendParam, its other name", ("H1", "H6", "H12", "E1"), "SendParam", Harmless.NEITHER,
          _nothing),
)  # fmt: skip

_PATHS = (
    _path("operation that is not", ("H1",), "nope.ashx"),
    _path("HEAD", ("H2",), "getCredit.ashx", "HEAD"),
    _path("OPTIONS", ("H2",), "getCredit.ashx", "OPTIONS"),
    _read("path in lower case", ("H1",), lambda given: Request(
        "POST", b"getcredit.ashx", (("Content-Type", _FORM),), _encoded(_caller(given)),
        in_lower_case=True)),
)  # fmt: skip

_FORMS = (
    _read("GET with a query", ("H2",), lambda given: Request(
        "GET", b"getCredit.ashx?" + _encoded(_caller(given)))),
    _read("POST with a query and no body", ("H2",), lambda given: _post(
        "getCredit", b"", query=b"?" + _encoded(_caller(given)))),
    _read("question mark at the end", ("H4",), lambda given: _post(
        "getCredit", _encoded(_caller(given)), query=b"?")),
    _read("names in lower case", ("H2",), lambda given: _post(
        "getCredit", _encoded({"uid": given.user_id, "pwd": given.password}))),
    _read("charset=utf-8 after the form's media type", ("H4",), lambda given: _post(
        "getCredit", _encoded(_caller(given)), f"{_FORM}; charset=utf-8")),
    _read("multipart/form-data", ("H2",), _multipart, ascii_only=True),
    _echo("name in query and body", ("H2",), b"body", query=b"?BID=query"),
    _echo("name twice", ("H2",), b"a&BID=b"),
    _echo("UTF-8, percent-encoded", ("H3",), b"%E6%B8%AC%e8%a9%a6"),
    _echo("UTF-8, raw", ("H3",), "測試".encode()),
    _echo("Big5, percent-encoded", ("H3",), b"%B4%FA%B8%D5"),
    _echo("Big5, by the form's charset", ("H3",), b"%B4%FA%B8%D5", f"{_FORM}; charset=big5"),
    _echo("plus sign", ("H3",), b"a+b"),
    _echo("blanks around", ("H3",), b"%20a%20"),
    _echo("percent-u", ("H3",), b"%u6e2c%u8a66"),
    _echo("percent sign alone", ("H3",), b"%zz%"),
    _echo("NUL", ("H3",), b"a%00b"),
    _echo("markup", ("H3",), b"%3Ca%3E"),
)  # fmt: skip

_SENDING = (
    _form("send neither text nor number", ("H10", "E1"), "sendSMS", Harmless.NEITHER, _nothing),
    _form("send a text without a number", ("H10", "E1"), "sendSMS", Harmless.NO_NUMBER,
          lambda _: {"MSG": "x"}),
    _form("send a text to a comma", ("H10", "N1", "E1"), "sendSMS", Harmless.NO_NUMBER,
          lambda _: {"MSG": "x", "DEST": ","}),
    _form("send to a number without a text", ("H10", "E1"), "sendSMS", Harmless.NO_TEXT,
          lambda _: {"DEST": "0"}),
    Probe("send what is JSON, and no form", ("H2", "H10", "E1"), Api.HTTP, lambda given: _post(
        "sendSMS", b'{"MSG":"x"}', _JSON, b"?" + _encoded(_caller(given))), Harmless.NO_NUMBER),
    _form("sendSMS4FilterMessage of nothing", ("H11", "H10", "E1"), "sendSMS4FilterMessage",
          Harmless.NEITHER, _nothing),
    _json("SendParamSMS of nothing", ("H12", "E1"), "SendParamSMS", Harmless.NEITHER, _caller),
    _json("SendParamSMS of a text without a number", ("H12", "E1"), "SendParamSMS",
          Harmless.NO_NUMBER,
          lambda given: {**_caller(given), "MSG": "x", "RecipientDataList": []}),
    Probe("SendParamSMS of what is not JSON", ("H12",), Api.HTTP, lambda _: _post(
        "SendParamSMS", b"x", _JSON), Harmless.NO_NUMBER),
    _json("SendParamSMS of a list", ("H12",), "SendParamSMS", Harmless.NEITHER, lambda _: []),
)  # fmt: skip

_READING = (
    _form("status of no batch", ("H13",), "getDeliveryStatus", Harmless.READS, _batch()),
    _form("status of no batch as JSON", ("H14",), "getDeliveryStatus", Harmless.READS,
          _batch(RESPFORMAT="1")),
    _form("status of no batch as XML", ("H14",), "getDeliveryStatus", Harmless.READS,
          _batch(RESPFORMAT="2")),
    _form("status in a format that is not", ("H13",), "getDeliveryStatus", Harmless.READS,
          _batch(RESPFORMAT="x")),
    _form("status of what is no ID", ("H13", "D5"), "getDeliveryStatus", Harmless.READS,
          lambda _: {"BID": "x"}),
    _form("status, page 2", ("H13", "D5"), "getDeliveryStatus", Harmless.READS, _batch(PNO="2")),
    _form("status, page 0", ("H13", "D5"), "getDeliveryStatus", Harmless.READS, _batch(PNO="0")),
    _form("status, page x", ("H13", "D5"), "getDeliveryStatus", Harmless.READS, _batch(PNO="x")),
    _form("replies to no batch", ("H15",), "getReplyMessage", Harmless.READS, _batch()),
    _form("replies to no batch as JSON", ("H15",), "getReplyMessage", Harmless.READS,
          _batch(RESPFORMAT="1")),
    _form("erase no batch", ("H16",), "eraseBooking", Harmless.NO_BATCH, _batch()),
)  # fmt: skip

_TOKENS = (
    _json("token for nobody", ("H7", "H6", "E1"), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("1", _nobody)),
    _json("token without user ID", ("H7", "H6", "E1"), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("1")),
    _json("VerifyType that is not", ("H7",), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("9")),
    _json("check no token", ("H7", "E1"), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("2"), token=lambda given: given.no_key),
    _json("check without a token", ("H7", "H6", "E1"), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("2")),
    _json("open a token", ("H7",), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("1", _caller)),
    _json("check the token", ("H7",), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("2"), token=lambda given: given.token),
    _read("credit by token", ("H6", "H7"), lambda given: _post(
        "getCredit", b"", token=given.token)),
    _read("credit by token, with another's user ID", ("H6",), lambda given: _post(
        "getCredit", _encoded(_nobody(given)), token=given.token)),
    _read("credit by no token, with the right password", ("H6", "H7", "E1"), lambda given: _post(
        "getCredit", _encoded(_caller(given)), token=given.no_key)),
    _json("close the token", ("H7",), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("3"), token=lambda given: given.token),
    _json("check the closed token", ("H7", "E1"), "ConnectionHandler", Harmless.LOGS_IN,
          _connection("2"), token=lambda given: given.token),
    _read("credit by a closed token", ("H7", "E1"), lambda given: _post(
        "getCredit", b"", token=given.token)),
)  # fmt: skip

PROBES = (
    FIRST, LOGIN, WRONG, RIGHT_AGAIN, *_CALLERS, *_PATHS, *_FORMS, *_SENDING, *_READING, *_TOKENS,
)  # fmt: skip
"""The probes in order: some need a token that an earlier one opened."""


def closing(token: str) -> Request:
    """The request that closes a token."""
    body = json.dumps({"HandlerType": 3, "VerifyType": 3}).encode()
    return _post("ConnectionHandler", body, _JSON, token=token)
