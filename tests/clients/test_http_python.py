"""The HTTP API from Python, and as .NET and Go put it on the wire (H2–H5, H7, H14)."""

import json
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import requests

from .http_story import tell_http_story
from .story import PASSWORD, Endpoint
from .tools import post_after_continue

_TIMEOUT = 30
_FORM = "application/x-www-form-urlencoded"


def test_dotnet_sends_the_body_only_after_a_100_continue(endpoint: Endpoint) -> None:
    """As HttpWebRequest does: HttpUtility.UrlEncode writes hexadecimal digits in lower case."""

    def call(operation: str, /, **parameters: str) -> str:
        url = f"{endpoint.http_url}{operation}.ashx"
        body = "&".join(f"{name}={_by_dotnet(value)}" for name, value in parameters.items())
        headers = f"Content-Type: {_FORM}\r\nConnection: Keep-Alive\r\n"
        with post_after_continue(url, headers, body.encode()) as response:
            assert response.status == 200
            return response.read().decode()

    tell_http_story(endpoint, call)


def _by_dotnet(value: str) -> str:
    encoded = urlencode({"": value}).removeprefix("=")
    pieces = encoded.split("%")
    return "%".join([pieces[0], *[piece[:2].lower() + piece[2:] for piece in pieces[1:]]])


def test_go_sends_a_form_in_alphabetical_order_on_one_connection(endpoint: Endpoint) -> None:
    """As url.Values.Encode and http.Client do."""
    url = urlsplit(endpoint.http_url)
    with closing(HTTPConnection(url.netloc, timeout=_TIMEOUT)) as connection:

        def call(operation: str, /, **parameters: str) -> str:
            connection.request(
                "POST",
                f"{url.path}{operation}.ashx",
                urlencode(sorted(parameters.items())),
                {"User-Agent": "Go-http-client/1.1", "Content-Type": _FORM},
            )
            response = connection.getresponse()
            assert response.status == 200
            return response.read().decode()

        tell_http_story(endpoint, call)


def test_requests_with_a_token_and_json(endpoint: Endpoint) -> None:
    """H7, H14: as edition 2025 is called, which every edition understands."""
    user = next(endpoint.users)
    with requests.Session() as session:

        def connection(verify_type: int, **login: str) -> dict[str, object]:
            response = session.post(
                f"{endpoint.http_url}ConnectionHandler.ashx",
                json={"HandlerType": 3, "VerifyType": verify_type, **login},
                timeout=_TIMEOUT,
            )
            answer: dict[str, object] = response.json()
            return answer

        def call(operation: str, **parameters: str) -> str:
            url = f"{endpoint.http_url}{operation}.ashx"
            return session.post(url, data=parameters, timeout=_TIMEOUT).text

        opened = connection(1, UID=user, PWD=PASSWORD)
        assert opened["Result"] is True
        session.headers["Authorization"] = f"Bearer {opened['Msg']}"
        assert connection(2) == {"Result": True}
        assert call("getCredit") == "1000.00"

        receipt = call("sendSMS", MSG="測試 & 😀", DEST="0912345678")
        figures, _, batch = receipt.rpartition(",")
        assert figures == "999.00,1,1.0,0"
        log = json.loads(call("getDeliveryStatus", BID=batch, PNO="1", RESPFORMAT="1"))
        (record,) = log["DATA"]
        assert (log["SMS_COUNT"], log["BID"], record["MOBILE"]) == (1, batch, "+886912345678")
        assert (record["STATUS"], record["COST"], record["RECEIVED_TIME"]) == ("0", "1.0", "")
        replies = call("getReplyMessage", BID=batch, PNO="1", RESPFORMAT="1")
        assert json.loads(replies) == {"SMS_COUNT": 0, "BID": batch}

        assert connection(3) == {"Result": True}
        assert call("getCredit") == "-301, Session 資料不存在，請重新登入。"
