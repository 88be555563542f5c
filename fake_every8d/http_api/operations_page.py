"""The page at `/API21/HTTP/`: the operations, each with a curl line to copy."""

import shlex
from collections.abc import Mapping
from html import escape
from typing import NamedTuple
from urllib.parse import urljoin

from fake_every8d.gateway import Edition
from fake_every8d.html_page import html_page


class _Sample(NamedTuple):
    name: str
    title: str
    form: tuple[str, ...] = ()
    """Fields besides UID and PWD, such as `DEST=0912345678`."""
    json: str = ""
    """A body of JSON instead of a form."""
    response: str = ""
    """The response in edition 2016."""
    later: Mapping[Edition, str] = {}
    """The response in other editions, where it differs (E1)."""


_LATER = (Edition.OF_2021, Edition.OF_2025)
_DELIVERED = "1\n王大明\t+886912345678\t2026/11/24 12:00:00\t1.0\t100"

_SAMPLES = (
    _Sample(
        "sendSMS",
        "Send one text · 簡訊發送",
        ("SB=note", "MSG=驗證碼 483920", "DEST=0912345678,+886987654321", "ST="),
        response="998.00,2,2.0,0,220478cc-8506-49b2-93b7-2505f651c12e",
        later=dict.fromkeys(_LATER, "998.00,2,2,0,220478cc-8506-49b2-93b7-2505f651c12e"),
    ),
    _Sample(
        "sendSMS4FilterMessage",
        "The same, except to those who were sent the text in the last 24 hours · 過濾重複簡訊",
        ("SB=note", "MSG=驗證碼 483920", "DEST=0912345678,+886987654321", "ST="),
        response="997.00,1,1.0,0,220478cc-8506-49b2-93b7-2505f651c12e,0912345678",
        later={
            Edition.OF_2021: "997.00,1,1,0,220478cc-8506-49b2-93b7-2505f651c12e,0912345678",
            Edition.OF_2025: "997.00,1,1,0,220478cc-8506-49b2-93b7-2505f651c12e,0912345678,"
            "9b1c4a3e-0f57-4d0e-a6c2-7f0d2c9f6a10",
        },
    ),
    _Sample(
        "SendParamSMS",
        "Send each recipient a text of their own · 個人化與參數簡訊發送",
        json='{"UID":"demo","PWD":"demo","SB":"note","MSG":"%field1% 您好，餘額 %field2%",'
        '"RecipientDataList":[{"Name":"王大明","Mobile":"0912345678","Email":"","SendTime":"",'
        '"Param":"大明|30|||","MR":"1"}]}',
        response='{"Result":true,"Status":"0",'
        '"Msg":"999.00,1,1.0,0,220478cc-8506-49b2-93b7-2505f651c12e"}',
        later={
            Edition.OF_2021: '{"Result":true,"Status":"0",'
            '"Msg":"999.00,1,1,0,220478cc-8506-49b2-93b7-2505f651c12e"}',
            Edition.OF_2025: '{"Result":true,'
            '"Msg":"999.00,1,1,0,220478cc-8506-49b2-93b7-2505f651c12e"}',
        },
    ),
    _Sample(
        "getDeliveryStatus",
        "Delivery status · 發送狀態查詢",
        ("BID=220478cc-8506-49b2-93b7-2505f651c12e", "PNO=1", "RESPFORMAT=0"),
        response=_DELIVERED,
        later=dict.fromkeys(_LATER, f"{_DELIVERED}\t2026/11/24 12:00:01"),
    ),
    _Sample(
        "getReplyMessage",
        "Replies · 回覆簡訊查詢",
        ("BID=220478cc-8506-49b2-93b7-2505f651c12e", "PNO=1", "RESPFORMAT=1"),
        response='{"SMS_COUNT":1,"BID":"220478cc-8506-49b2-93b7-2505f651c12e",'
        '"DATA":[{"NAME":"王大明","MOBILE":"+886912345678","CONTENT":"好的",'
        '"RECEIVED_TIME":"2026-11-24 12:00:05"}]}',
    ),
    _Sample(
        "eraseBooking",
        "Cancel bookings · 刪除預約簡訊",
        ("BID=220478cc-8506-49b2-93b7-2505f651c12e",),
        response="2,2.00",
    ),
    _Sample("getCredit", "Points left · 餘額查詢", response="1000.00"),
    _Sample(
        "ConnectionHandler",
        "A token, for Authorization: Bearer instead of UID and PWD · 連線 Token",
        json='{"HandlerType":3,"VerifyType":1,"UID":"demo","PWD":"demo"}',
        response='{"Result":true,"Msg":"TOKEN"}',
    ),
)

_BODY = """\
<h1>HTTP API 2.1</h1>
<p>EVERY8D 企業簡訊服務平台, as fake-every8d plays it: edition {edition}. No SMS leaves this
machine.</p>
<p>Base URL: <code>{base}</code>. GET with a query, or POST with a form; <code>UID</code> and
<code>PWD</code> in each, or a Bearer token. The SOAP API is <a href="{soap}">beside
it</a>, on the same accounts.</p>
{operations}"""


def overview(base_url: str, edition: Edition) -> str:
    """The page of all operations: each as a curl line, with the edition's response.

    `base_url` ends in a slash.
    """
    body = _BODY.format(
        edition=edition,
        base=escape(base_url),
        soap=escape(urljoin(base_url, "../SOAP/SMS.asmx")),
        operations="\n".join(_operation(sample, base_url, edition) for sample in _SAMPLES),
    )
    return html_page("HTTP API 2.1", body)


def _operation(sample: _Sample, base_url: str, edition: Edition) -> str:
    response = sample.later.get(edition, sample.response)
    return (
        f'<h2 id="{sample.name}">{sample.name}</h2>\n<p>{escape(sample.title)}</p>\n'
        f"<pre>{escape(_curl(sample, base_url))}</pre>\n<pre>{escape(response)}</pre>"
    )


def _curl(sample: _Sample, base_url: str) -> str:
    url = shlex.quote(f"{base_url}{sample.name}.ashx")
    if sample.json:
        data = f"-H 'Content-Type: application/json' -d {shlex.quote(sample.json)}"
    else:
        fields = ("UID=demo", "PWD=demo", *sample.form)
        data = " ".join(f"--data-urlencode {shlex.quote(field)}" for field in fields)
    return f"curl {url} {data}"
