"""An application's day with EVERY8D, told once for every client."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from fake_every8d.gateway import Gateway
from fake_every8d.soap.service import SmsService

PASSWORD = 'p&ss <word> "密碼"'
CREDIT = 1000

# 16 UTF-16 units, the emoji 2 of them (P4), and all of it awkward in XML.
_AWKWARD = "您好 & <b> ]]> \n😀"
_TEXT_70 = _AWKWARD + "測" * 54  # 16 + 54: the longest text for 1 point (P1)
_TEXT_71 = _AWKWARD + "測" * 55  # one unit more: 2 points
_NAME = "王小明 & <\"友\"> '😀'"

_GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Call(Protocol):
    """A client: calls an operation and returns its result, an absent one as empty."""

    def __call__(self, operation: str, /, **parameters: str) -> str: ...


@dataclass
class Endpoint:
    """A fake that is being served."""

    soap_url: str
    wsdl_url: str
    http_url: str
    users: Iterator[str]
    """User IDs that nobody has used yet, each with `PASSWORD` and `CREDIT` points."""
    gateway: Gateway | None
    """The gateway behind it, unless that is in another process."""


def tell_story(endpoint: Endpoint, client: Call, *, lacks: str = "") -> None:
    """Every operation with a fresh account; every value is worked out by hand.

    `lacks` is one that the client does not know.
    """
    called = {lacks} - {""}

    def call(operation: str, /, **parameters: str) -> str:
        called.add(operation)
        return client(operation, **parameters)

    # A1, A2
    connection = call("getConnection", userID=next(endpoint.users), password=PASSWORD)
    found = re.fullmatch(
        r'<\?xml version="1\.0" encoding="UTF-8"\?><SMS><GET_CONNECTION><CODE>0</CODE>'
        r"<SESSION_KEY>([0-9a-f]{32})</SESSION_KEY>"
        r"<DESCRIPTION>取得連線成功。</DESCRIPTION></GET_CONNECTION></SMS>",
        connection,
    )
    assert found, connection
    key = found[1]
    assert call("getCredit", sessionKey=key) == "1000.00"  # P5

    # 1 point for each of the two (P1): 1000 - 2 = 998.
    receipt = call(
        "sendSMS",
        sessionKey=key,
        subject="問候 & <主旨>",
        content=_TEXT_70,
        mobile="0912345678,+886987654321",
        sendTime="",
    )
    batch = _batch(receipt, "998.00,2,2.0,0")
    if endpoint.gateway is not None:
        messages = endpoint.gateway.messages(batch_id=batch)
        assert [(message.to, message.text) for message in messages] == [
            ("+886912345678", _TEXT_70),
            ("+886987654321", _TEXT_70),
        ]
        assert {message.subject for message in messages} == {"問候 & <主旨>"}

    # 2 points for the first, 1 for the second: 998 - 3 = 995.
    in_cdata = _TEXT_71.replace("]]>", "]]]]><![CDATA[>")
    receipt = call(
        "sendParamSMS",
        sessionKey=key,
        subject="",
        contentXML=(
            f'<REPS><USER NAME={quoteattr(_NAME)} MOBILE="+886912345678" EMAIL="" SENDTIME="">'
            f"<![CDATA[{in_cdata}]]></USER>"
            '<USER NAME="Eric" MOBILE="+886922333444" EMAIL="" SENDTIME="" MR="A-7">'
            f"{escape(_TEXT_70)}</USER></REPS>"
        ),
        sendTime="",
    )
    batch = _batch(receipt, "995.00,2,3.0,0")
    expected = [
        (_NAME, "+886912345678", "2.00", "0", []),
        ("Eric", "+886922333444", "1.00", "0", []),
    ]
    if endpoint.gateway is not None:
        messages = endpoint.gateway.messages(batch_id=batch)
        assert [(message.text, message.record_number) for message in messages] == [
            (_TEXT_71, "1"),
            (_TEXT_70, "A-7"),
        ]
        # Whoever replies has got the message: it is delivered.
        endpoint.gateway.reply(messages[0], _AWKWARD)
        expected[0] = (_NAME, "+886912345678", "2.00", "100", [_AWKWARD])

    # Booked: 1 point each, taken at once (P6): 995 - 2 = 993.
    receipt = call(
        "sendSMS",
        sessionKey=key,
        subject="",
        content="新年快樂",
        mobile="0912345678,0922333444",
        sendTime="20991231235959",
    )
    booking = _batch(receipt, "993.00,2,2.0,0")
    log = call("getDeliveryStatus", sessionKey=key, batchID=booking, pageNo="")
    assert [row[1:4:2] for row in _rows(log)] == [
        ("+886912345678", "300"),
        ("+886922333444", "300"),
    ]
    assert log.count("<SENT_TIME>2099/12/31 23:59:59</SENT_TIME>") == 2
    assert call("eraseBooking", sessionKey=key, batchID=booking) == "2,2.0"  # D6
    assert call("eraseBooking", sessionKey=key, batchID=booking) == ""
    assert call("getCredit", sessionKey=key) == "995.00"

    # D4
    log = call("getDeliveryStatus", sessionKey=key, batchID=batch, pageNo="1")
    assert _rows(log) == expected

    # S10: 1 point: 995 - 1 = 994.
    if lacks != "sendMessage":
        receipt = call(
            "sendMessage",
            sessionKey=key,
            subject="",
            content=_TEXT_70,
            mobile="0912345678",
            sendTime="",
            retryTime="30",
        )
        batch = _batch(receipt, "994.00,1,1.0,0")
        if endpoint.gateway is not None:
            (message,) = endpoint.gateway.messages(batch_id=batch)
            assert (message.text, message.retry_time) == (_TEXT_70, "30")

    # D8
    if lacks != "getFreePhoneCallinLog":
        log = call(
            "getFreePhoneCallinLog",
            sessionKey=key,
            activityID="1",
            beginDate="20260301",
            endDate="20260331",
            pageNo="1",
        )
        assert log == "-99, 主機端發生不明錯誤，請與廠商窗口聯繫。"

    # A5, A6
    assert call("closeConnection", sessionKey=key) == "1"
    assert call("closeConnection", sessionKey=key) == "-1"
    assert call("getCredit", sessionKey=key) == "-301, Session 資料不存在，請重新登入。"
    assert called == {*SmsService.public_methods}


def _batch(receipt: str, expected: str) -> str:
    """The batch ID, from a receipt that begins as expected (S1)."""
    figures, _, batch = receipt.rpartition(",")
    assert figures == expected
    assert re.fullmatch(_GUID, batch)
    return batch


def _rows(log: str) -> list[tuple[str, str, str, str, list[str]]]:
    """NAME, MOBILE, COST, STATUS and the replies of an SMS_LOG whose forms are right."""
    root = ElementTree.fromstring(log)
    assert root.findtext("CODE") == "0"
    assert root.findtext("DESCRIPTION") == "發送狀態查詢成功"
    page = root.find("GET_DELIVERY_STATUS")
    assert page is not None
    assert page.get("COUNT") == str(len(page))
    for time in (*page.iter("SENT_TIME"), *page.iter("REPLY_TIME")):
        assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", time.text or "")
    return [
        (
            sms.findtext("NAME", "?"),
            sms.findtext("MOBILE", "?"),
            sms.findtext("COST", "?"),
            sms.findtext("STATUS", "?"),
            [reply.text or "" for reply in sms.iterfind("REPLY_SMS/MESSAGE")],
        )
        for sms in page
    ]
