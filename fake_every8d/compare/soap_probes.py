"""The probes of the SOAP API (clauses W, A, S, D).

Where a real ASP.NET service was recorded with such a request, a probe's bytes are those of the
recording.
"""

from collections.abc import Callable
from xml.sax.saxutils import escape

from fake_every8d.compare.exchange import Request
from fake_every8d.compare.given import Given
from fake_every8d.compare.probe import Api, Compared, Harmless, Probe

_TNS = "http://tempuri.org/"
_SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_XML11 = "text/xml; charset=utf-8"
_XML12 = "application/soap+xml; charset=utf-8"
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'

_Text = Callable[[Given], str]


def _escaped(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def _element(operation: str, namespace: str = _TNS, **values: str) -> str:
    inner = "".join(f"<{name}>{_escaped(value)}</{name}>" for name, value in values.items())
    declared = f' xmlns="{namespace}"' if namespace else ""
    return f"<{operation}{declared}>{inner}</{operation}>"


def _login(given: Given, element: str = "getConnection") -> str:
    return _element(element, userID=given.user_id, password=given.password)


def _envelope(
    inner: str,
    namespace: str = _SOAP11,
    prefix: str = "soap",
    header: str = "",
    declaration: str = _DECLARATION,
) -> str:
    return (
        f'{declaration}<{prefix}:Envelope xmlns:{prefix}="{namespace}">{header}'
        f"<{prefix}:Body>{inner}</{prefix}:Body></{prefix}:Envelope>"
    )


def _envelope12(inner: str, prefix: str = "soap12", header: str = "") -> str:
    return _envelope(inner, _SOAP12, prefix, header)


def _action(operation: str) -> str:
    return f'"{_TNS}{operation}"'


def _post(
    body: str | bytes,
    action: str | None = _action("getConnection"),
    content_type: str | None = _XML11,
    query: bytes = b"",
) -> Request:
    headers = {"Content-Type": content_type, "SOAPAction": action}
    return Request(
        "POST",
        query,
        tuple((name, value) for name, value in headers.items() if value is not None),
        body.encode() if isinstance(body, str) else body,
    )


def _page(
    name: str,
    clauses: tuple[str, ...],
    query: str,
    compared: Compared = Compared.PAGE,
    method: str = "GET",
    *,
    in_lower_case: bool = False,
) -> Probe:
    def request(given: Given) -> Request:
        return Request(method, query.encode(), in_lower_case=in_lower_case)

    return Probe(name, clauses, Api.SOAP, request, Harmless.PAGE, compared)


def _wire(
    name: str,
    request: Callable[[Given], Request],
    clauses: tuple[str, ...] = ("W4",),
    harmless: Harmless = Harmless.LOGS_IN,
    *,
    ascii_only: bool = False,
) -> Probe:
    """A probe of reading a request: a login with the right password, or with none."""
    return Probe(name, clauses, Api.SOAP, request, harmless, ascii_only=ascii_only)


def _call(
    name: str,
    clauses: tuple[str, ...],
    operation: str,
    harmless: Harmless,
    **values: _Text,
) -> Probe:
    """A probe of an operation's result."""

    def request(given: Given) -> Request:
        element = _element(operation, **{name: text(given) for name, text in values.items()})
        return _post(_envelope(element), _action(operation))

    return Probe(name, clauses, Api.SOAP, request, harmless)


def _no_key(given: Given) -> str:
    return given.no_key


def _key(given: Given) -> str:
    return given.key


def _no_batch(given: Given) -> str:
    return given.no_batch


def _text(text: str) -> _Text:
    return lambda _: text


def _header(attributes: str, prefix: str = "soap") -> str:
    return f'<{prefix}:Header><h xmlns="urn:x"{attributes}>1</h></{prefix}:Header>'


def _credit(inner: str) -> Request:
    """A request of getCredit, with `inner` as the session key's XML."""
    element = f'<getCredit xmlns="{_TNS}"><sessionKey>{inner}</sessionKey></getCredit>'
    return _post(_envelope(element), _action("getCredit"))


FIRST = _page("WSDL", ("W2",), "?WSDL", Compared.DESCRIPTION)
"""The first probe, before a password is sent anywhere."""

LOGIN = _wire("login", lambda given: _post(_envelope(_login(given))), ("A1", "A2", "W3", "W4"))
"""The second probe, which tells whether user ID and password are right."""

_PAGES = (
    _page("WSDL in lower case", ("W1", "W2"), "?wsdl", Compared.DESCRIPTION, in_lower_case=True),
    _page("WSDL after another parameter", ("W2",), "?x=1&wsdl", Compared.DESCRIPTION),
    _page("no such WSDL", ("W8",), "?wsdl=x"),
    _page("discovery document", ("W8",), "?disco", Compared.ALL),
    _page("page of the service", ("W6",), ""),
    _page("page of an operation", ("W6",), "?op=getCredit"),
    _page("page of no operation", ("W6",), "?op=nope"),
    _page("path below the endpoint", ("W8",), "/getCredit"),
    _page("HEAD of the WSDL", ("W8",), "?wsdl", Compared.STATUS, "HEAD"),
)

_ROUTING = (
    _wire("SOAPAction without quotation marks", lambda given: _post(
        _envelope(_login(given)), f"{_TNS}getConnection")),
    _wire("SOAPAction percent-encoded", lambda given: _post(
        _envelope(_login(given)), '"http%3a%2f%2ftempuri.org%2fgetConnection"')),
    _wire("SOAPAction missing", lambda given: _post(_envelope(_login(given)), None)),
    _wire("SOAPAction empty", lambda given: _post(_envelope(_login(given)), '""')),
    _wire("SOAPAction unknown", lambda given: _post(_envelope(_login(given)), _action("nope"))),
    _wire("SOAPAction in another case", lambda given: _post(
        _envelope(_login(given)), _action("GetConnection"))),
    _wire("SOAPAction of another operation", lambda given: _post(
        _envelope(_login(given)), _action("getCredit")), ("W4", "W5", "A6")),
    _wire("SOAPAction of one quotation mark", lambda given: _post(_envelope(_login(given)), '"')),
    _wire("SOAPAction unknown, and the media type wrong", lambda given: _post(
        _envelope(_login(given)), _action("nope"), "application/xml")),
    _wire("SOAPAction missing, element unknown", lambda given: _post(
        _envelope(_login(given, "nope")), None)),
    _wire("SOAPAction missing, Body empty", lambda given: _post(_envelope(""), None)),
    _wire("query of another operation", lambda given: _post(
        _envelope(_login(given)), query=b"?op=getCredit")),
    _wire("media type of a form", lambda given: _post(
        _envelope(_login(given)), content_type="application/x-www-form-urlencoded")),
    _wire("media type missing", lambda given: _post(_envelope(_login(given)), content_type=None)),
    _wire("blank before the semicolon", lambda given: _post(
        _envelope(_login(given)), content_type="text/xml ; charset=utf-8")),
    _wire("blanks around the equals sign", lambda given: _post(
        _envelope(_login(given)), content_type="text/xml; charset = 'utf-8'")),
    _wire("SOAP 1.2 without action", lambda given: _post(
        _envelope12(_login(given)), None, _XML12), ("W3", "W4")),
    _wire("SOAP 1.2 with an action", lambda given: _post(
        _envelope12(_login(given)), None, f"{_XML12}; action={_action('getConnection')}")),
    _wire("SOAP 1.2 with an unknown action", lambda given: _post(
        _envelope12(_login(given)), None, f"{_XML12}; action={_action('nope')}")),
    _wire("SOAP 1.2 with an unknown element", lambda given: _post(
        _envelope12(_login(given, "nope")), None, _XML12)),
    _wire("SOAP 1.2 as text/xml", lambda given: _post(_envelope12(_login(given)), None)),
    _wire("SOAP 1.1 as application/soap+xml", lambda given: _post(
        _envelope(_login(given)), None, _XML12)),
)  # fmt: skip

_BINDING = (
    _wire("operation in the wrong namespace", lambda given: _post(_envelope(_element(
        "getConnection", "http://tempuri.org", userID=given.user_id, password=given.password))),
        ("W4", "W5")),
    _wire("operation in no namespace", lambda given: _post(_envelope(_element(
        "getConnection", "", userID=given.user_id, password=given.password))), ("W4", "W5")),
    _wire("parameters in another order", lambda given: _post(_envelope(_element(
        "getConnection", password=given.password, userID=given.user_id)))),
    _wire("user ID empty", lambda given: _post(_envelope(_login(given).replace(
        f"<userID>{_escaped(given.user_id)}</userID>", "<userID/>"))), ("W5", "A1")),
    _wire("one parameter more", lambda given: _post(_envelope(_login(given).replace(
        "</getConnection>", "<extra>1</extra></getConnection>")))),
    _wire("Body empty", lambda given: _post(_envelope("")), ("W4", "W5")),
    _wire("text in the Body", lambda given: _post(
        _envelope("x" + _login(given), declaration=""))),
    _wire("header that must be understood", lambda given: _post(
        _envelope(_login(given), header=_header(' soap:mustUnderstand="1"')))),
    _wire("header for another actor", lambda given: _post(_envelope(_login(given), header=_header(
        ' soap:mustUnderstand="1" soap:actor="urn:someone"')))),
    _wire("header by the other version's attribute", lambda given: _post(_envelope(
        _login(given), header=_header(f' xmlns:o="{_SOAP12}" o:mustUnderstand="1"')))),
    _wire("header that must be understood, in SOAP 1.2", lambda given: _post(_envelope12(
        _login(given), "s", _header(' s:mustUnderstand="true"', "s")), None, _XML12)),
)  # fmt: skip

_READING = (
    _wire("no XML", lambda given: _post("<a")),
    _wire("no XML, in SOAP 1.2", lambda given: _post("<a", None, _XML12)),
    _wire("empty request", lambda given: _post("")),
    _wire("no envelope", lambda given: _post("<a/>")),
    _wire("no envelope, and no SOAPAction", lambda given: _post("<a/>", None)),
    _wire("envelope in another namespace", lambda given: _post(
        _envelope(_login(given), "urn:nope"))),
    _wire("no Body", lambda given: _post(f'<soap:Envelope xmlns:soap="{_SOAP11}"/>')),
    _wire("broken before the Body", lambda given: _post(
        _envelope12(_login(given), "s", "& "), None, _XML12)),
    _wire("text after the envelope", lambda given: _post(_envelope(_login(given)) + "x")),
    _wire("NUL after the envelope", lambda given: _post(
        _envelope12(_login(given), "s") + "\0", None, _XML12)),
    _wire("DTD", lambda given: _post('<!DOCTYPE x [<!ENTITY e "x">]>' + _envelope(
        _element("getCredit", sessionKey=given.no_key), declaration=""), _action("getCredit")),
        harmless=Harmless.READS),
    _wire("XML 1.1", lambda given: _post(_envelope(
        _element("getCredit", sessionKey=given.no_key), declaration='<?xml version="1.1"?>'),
        _action("getCredit")), harmless=Harmless.READS),
    _wire("bare ampersand in a value", lambda given: _credit("a & b"), harmless=Harmless.READS),
    _wire("comment in a value", lambda given: _credit("a<!-- x -->b"), harmless=Harmless.READS),
    _wire("empty element in a value", lambda given: _credit("<b/>"), harmless=Harmless.READS),
    _wire("byte order mark", lambda given: _post("\ufeff" + _envelope(_login(given))), ("W7",)),
    _wire("Chinese name without charset", lambda given: _post(_envelope(_login(given).replace(
        "<userID>", "<備註>x</備註><userID>")), content_type="text/xml"), ("W7",), ascii_only=True),
    _wire("Chinese name as us-ascii", lambda given: _post(_envelope(_login(given).replace(
        "<userID>", "<備註>x</備註><userID>")), content_type="text/xml; charset=us-ascii"),
        ("W7",), ascii_only=True),
    _wire("Chinese text without charset", lambda given: _post(_envelope(_login(given).replace(
        "<userID>", "<x>備註</x><userID>")), content_type="text/xml"), ("W7",), ascii_only=True),
    _wire("Big5 as utf-8", lambda given: _post(
        _envelope(_element("getCredit", sessionKey="備註"), declaration="").encode("big5"),
        _action("getCredit")), ("W7", "A6"), Harmless.READS),
    _wire("charset that .NET does not know", lambda given: _post(_envelope(_element(
        "getCredit", 備註="x")), _action("getCredit"), "text/xml; charset=utf8"), ("W7",),
        Harmless.READS),
)  # fmt: skip

_SESSIONS = (
    _call("login of nobody", ("A1",), "getConnection", Harmless.LOGS_IN,
          userID=lambda given: given.nobody, password=_text("x")),
    _call("credit by no session", ("A6",), "getCredit", Harmless.READS, sessionKey=_no_key),
    _call("status by no session", ("A6",), "getDeliveryStatus", Harmless.READS,
          sessionKey=_no_key, batchID=_no_batch, pageNo=_text("")),
    _call("erase by no session", ("A6",), "eraseBooking", Harmless.NO_BATCH,
          sessionKey=_no_key, batchID=_no_batch),
    _call("send by no session", ("A6",), "sendSMS", Harmless.NEITHER, sessionKey=_no_key,
          subject=_text(""), content=_text(""), mobile=_text(""), sendTime=_text("")),
    _call("sendParamSMS by no session, its XML broken", ("A6", "S6"), "sendParamSMS",
          Harmless.NEITHER, sessionKey=_no_key, subject=_text(""), contentXML=_text("<REPS>"),
          sendTime=_text("")),
    _call("sendMessage by no session", ("A6", "S10"), "sendMessage", Harmless.NEITHER,
          sessionKey=_no_key, subject=_text(""), content=_text(""), mobile=_text(""),
          sendTime=_text(""), retryTime=_text("")),
    _call("toll-free calls by no session", ("A6", "D8"), "getFreePhoneCallinLog", Harmless.READS,
          sessionKey=_no_key, activityID=_no_batch, beginDate=_text(""), endDate=_text(""),
          pageNo=_text("")),
    _call("close no session", ("A5",), "closeConnection", Harmless.LOGS_IN, sessionKey=_no_key),
    _call("login again", ("A1", "A2"), "getConnection", Harmless.LOGS_IN,
          userID=lambda given: given.user_id, password=lambda given: given.password),
    _call("credit", ("P5",), "getCredit", Harmless.READS, sessionKey=_key),
    _call("credit by the first of two sessions", ("A4",), "getCredit", Harmless.READS,
          sessionKey=lambda given: given.keys[0]),
    Probe("key in the wrong namespace", ("W4", "W5", "A6"), Api.SOAP, lambda given: _post(
        _envelope(_element("getCredit", sessionKey=given.key).replace(
            "<sessionKey>", '<sessionKey xmlns="urn:x">')), _action("getCredit")), Harmless.READS),
    Probe("key within another element", ("W4",), Api.SOAP,
          lambda given: _credit(f"<b>{_escaped(given.key)}</b>"), Harmless.READS),
)  # fmt: skip

_OPERATIONS = (
    _call("status of no batch", ("D5",), "getDeliveryStatus", Harmless.READS,
          sessionKey=_key, batchID=_no_batch, pageNo=_text("")),
    _call("status of what is no ID", ("D5",), "getDeliveryStatus", Harmless.READS,
          sessionKey=_key, batchID=_text("x"), pageNo=_text("")),
    _call("status, page 2", ("D5",), "getDeliveryStatus", Harmless.READS,
          sessionKey=_key, batchID=_no_batch, pageNo=_text("2")),
    _call("status, page 0", ("D5",), "getDeliveryStatus", Harmless.READS,
          sessionKey=_key, batchID=_no_batch, pageNo=_text("0")),
    _call("status, page x", ("D5",), "getDeliveryStatus", Harmless.READS,
          sessionKey=_key, batchID=_no_batch, pageNo=_text("x")),
    _call("erase no batch", ("D6",), "eraseBooking", Harmless.NO_BATCH,
          sessionKey=_key, batchID=_no_batch),
    _call("send neither text nor number", ("S3",), "sendSMS", Harmless.NEITHER, sessionKey=_key,
          subject=_text(""), content=_text(""), mobile=_text(""), sendTime=_text("")),
    _call("send a text without a number", ("S3",), "sendSMS", Harmless.NO_NUMBER, sessionKey=_key,
          subject=_text(""), content=_text("x"), mobile=_text(""), sendTime=_text("")),
    _call("send to a number without a text", ("S3",), "sendSMS", Harmless.NO_TEXT,
          sessionKey=_key, subject=_text(""), content=_text(""), mobile=_text("0"),
          sendTime=_text("")),
    _call("sendMessage of neither text nor number", ("S10", "S3"), "sendMessage",
          Harmless.NEITHER, sessionKey=_key, subject=_text(""), content=_text(""),
          mobile=_text(""), sendTime=_text(""), retryTime=_text("")),
    _call("toll-free calls of no activity", ("D8",), "getFreePhoneCallinLog", Harmless.READS,
          sessionKey=_key, activityID=_no_batch, beginDate=_text(""), endDate=_text(""),
          pageNo=_text("")),
    _call("sendParamSMS without a USER", ("S6", "S3"), "sendParamSMS", Harmless.NEITHER,
          sessionKey=_key, subject=_text(""), contentXML=_text("<REPS/>"), sendTime=_text("")),
    _call("sendParamSMS with broken XML", ("S6", "S3"), "sendParamSMS", Harmless.NEITHER,
          sessionKey=_key, subject=_text(""), contentXML=_text("<REPS>"), sendTime=_text("")),
    _call("sendParamSMS with another root", ("S6", "S3"), "sendParamSMS", Harmless.NEITHER,
          sessionKey=_key, subject=_text(""), contentXML=_text("<SMS/>"), sendTime=_text("")),
    _call("close the session", ("A5",), "closeConnection", Harmless.LOGS_IN, sessionKey=_key),
    _call("close it again", ("A5",), "closeConnection", Harmless.LOGS_IN, sessionKey=_key),
    _call("credit by a closed session", ("A6", "A5"), "getCredit", Harmless.READS,
          sessionKey=_key),
)  # fmt: skip

PROBES = (
    FIRST, LOGIN, *_PAGES, *_ROUTING, *_BINDING, *_READING, *_SESSIONS, *_OPERATIONS,
)  # fmt: skip
"""The probes in order: some need a session that an earlier one opened."""


def closing(key: str) -> Request:
    """The request that closes a session."""
    return _post(_envelope(_element("closeConnection", sessionKey=key)), _action("closeConnection"))
