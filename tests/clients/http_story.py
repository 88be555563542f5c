"""An application's day with the HTTP API, told once for every client."""

import re

from .story import PASSWORD, Call, Endpoint

_TEXT = 'Hello, 世界 & 100% +1 <b> "測試" 😀'


def tell_http_story(endpoint: Endpoint, call: Call) -> None:
    """Tell it with a fresh account, which has 1000 points; every value is worked out by hand."""
    user = next(endpoint.users)
    tell_plain_story(endpoint, call, user, PASSWORD, _TEXT)


def tell_plain_story(endpoint: Endpoint, call: Call, user: str, password: str, text: str) -> None:
    """The same with words of one's own, for a client that encodes nothing."""
    login = {"UID": user, "PWD": password}
    assert call("getCredit", **login) == "1000.00"  # H16

    # 1 point for each of the two (P1): 1000 - 2 = 998.
    receipt = call("sendSMS", **login, SB="問候", MSG=text, DEST="0912345678,+886987654321", ST="")
    batch = _batch(receipt, "998.00,2,2.0,0")  # H9
    if endpoint.gateway is not None:
        assert [
            (message.to, message.subject, message.text)
            for message in endpoint.gateway.messages(batch_id=batch)
        ] == [("+886912345678", "問候", text), ("+886987654321", "問候", text)]

    # H13: nothing is delivered while the story is told.
    log = call("getDeliveryStatus", **login, BID=batch, PNO="")
    time = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(
        rf"2\r\n\t\+886912345678\t{time}\t1\.0\t0\n\t\+886987654321\t{time}\t1\.0\t0\n", log
    )

    # Booked: its point is taken at once (P6), and given back.
    receipt = call(
        "sendSMS", **login, SB="", MSG="新年快樂", DEST="0912345678", ST="20991231235959"
    )
    booking = _batch(receipt, "997.00,1,1.0,0")
    assert call("eraseBooking", **login, BID=booking) == "1,1.00"  # H16
    assert call("eraseBooking", **login, BID=booking) == ""
    assert call("getCredit", **login) == "998.00"

    # H6, in the form of edition 2016
    assert call("getCredit", UID=user, PWD="wrong") == "-101, 密碼錯誤。"
    assert call("getCredit", UID="", PWD="") == "-300, 帳號密碼不得為空值。"


def _batch(receipt: str, expected: str) -> str:
    """The batch ID, from a receipt that begins as expected."""
    figures, _, batch = receipt.rpartition(",")
    assert figures == expected
    assert re.fullmatch("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", batch)
    return batch
