"""The service is a whole one of spyne's: its own protocols serve it, with the same results."""

import io
import re
from typing import Any

import pytest

from fake_every8d.gateway import Gateway
from fake_every8d.soap import SoapEndpoint
from fake_every8d.soap.service import application
from tests.soap.calls import SOAP11, SOAP12, XML11, XML12, action, body, handle, read, request

from spyne.protocol.soap import Soap11, Soap12  # isort: skip
from spyne.server.wsgi import WsgiApplication  # isort: skip

VERSIONS = [
    pytest.param(Soap11, SOAP11, XML11, id="SOAP 1.1"),
    pytest.param(Soap12, SOAP12, XML12, id="SOAP 1.2"),
]
IDS = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def served(gateway: Gateway, protocol: Any) -> WsgiApplication:
    """The service over a gateway, by a protocol of spyne's."""
    app = application(protocol(), protocol())

    def bring(ctx: Any) -> None:
        ctx.udc = SoapEndpoint(gateway.platform).read(b"", XML11, None)

    app.event_manager.add_listener("method_call", bring)
    return WsgiApplication(app)


@pytest.mark.parametrize(("protocol", "namespace", "content_type"), VERSIONS)
def test_w2_spynes_own_protocols_give_the_same_results(
    gateway: Gateway, endpoint: SoapEndpoint, protocol: Any, namespace: str, content_type: str
) -> None:
    wsgi = served(gateway, protocol)

    def by_spyne(operation: str, **parameters: str) -> str:
        xml = body(request(operation, **parameters), namespace)
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(xml)),
            "HTTP_SOAPACTION": action(operation),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(xml),
        }
        statuses: list[str] = []
        response = b"".join(
            wsgi(environ, lambda status, headers, info=None: statuses.append(status))
        )
        assert statuses == ["200 OK"], response
        element, result = read(response)
        assert element == f"{{http://tempuri.org/}}{operation}Response"
        return result

    def by_ours(operation: str, **parameters: str) -> str:
        xml = body(request(operation, **parameters), namespace)
        soap_action = action(operation) if namespace == SOAP11 else None
        return read(handle(endpoint, xml, content_type, soap_action).body).result

    results = []
    for ask in (by_spyne, by_ours):
        gateway.reset()
        logged_in = ask("getConnection", userID="demo", password="demo")
        key = IDS.findall(logged_in)[0]
        sent = ask("sendSMS", sessionKey=key, content="驗證碼 <1>", mobile="0912345678")
        reps = '<REPS><USER MOBILE="+886912345678" NAME="王">您好 &amp; 再見</USER></REPS>'
        booked = ask("sendParamSMS", sessionKey=key, contentXML=reps, sendTime="20990101090000")
        batches = [receipt.rpartition(",")[2] for receipt in (sent, booked)]
        results.append(
            [
                logged_in,
                sent,
                booked,
                ask("getDeliveryStatus", sessionKey=key, batchID=batches[1], pageNo="1"),
                ask("getCredit", sessionKey=key),
                ask("eraseBooking", sessionKey=key, batchID=batches[1]),
                ask("eraseBooking", sessionKey=key, batchID="x"),
                ask("sendMessage", sessionKey=key, content="x", mobile="0912345678"),
                ask("getFreePhoneCallinLog", sessionKey=key),
                ask("closeConnection", sessionKey=key),
                ask("getCredit", sessionKey=key),
            ]
        )
    spynes, ours = ([IDS.sub("ID", result) for result in each] for each in results)
    assert spynes == ours
    assert ours[1:3] == ["999.00,1,1.0,0,ID", "998.00,1,1.0,0,ID"]
    assert ours[4:] == [
        "998.00",
        "1,1.0",
        "",
        "998.00,1,1.0,0,ID",
        "-99, 主機端發生不明錯誤，請與廠商窗口聯繫。",
        "1",
        "-301, Session 資料不存在，請重新登入。",
    ]
