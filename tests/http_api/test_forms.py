"""Forms as ASP.NET reads them, and what is lost in them: clauses H2 and H3; production F10."""

import gzip
from urllib.parse import quote, unquote_to_bytes

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from fake_every8d.advice import Advice
from fake_every8d.http_api.forms import read_form
from fake_every8d.http_api.requests import HttpRequest
from tests.http_api.calls import DEMO, PHONE, Http, exchange

FORM = "application/x-www-form-urlencoded"
LOGIN = f"UID=demo&PWD=demo&DEST={PHONE}&"


def post(http: Http, content_type: str, body: bytes, query: str = "", **headers: str) -> None:
    headers["Content-Type"] = content_type
    url = http.url("sendSMS") + query
    assert requests.post(url, data=body, headers=headers, timeout=10).status_code == 200


def get(http: Http, query: str) -> None:
    """GET a query as it is: requests would encode some of it."""
    request = f"GET /API21/HTTP/sendSMS.ashx?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    exchange(http.fake.url, request.encode())


def content(http: Http) -> str:
    """The text of the one message that was sent."""
    (message,) = http.fake.messages
    return message.text


def multipart(text: bytes) -> bytes:
    """A form with boundary `x`, whose MSG is this."""
    fields = {**DEMO, "DEST": PHONE}
    parts = [(name.encode(), value.encode()) for name, value in fields.items()]
    return b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % part
        for part in [*parts, (b"MSG", text)]
    ) + (b"--x--\r\n")


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("big5", "big5"), ("Big5", "cp950"), ('"gb2312"', "gbk"), ("utf-8", "utf-8")],
)
@pytest.mark.parametrize("kind", ["percent", "raw", "multipart", "query"])
def test_h3_the_charset_of_a_form_decides(http: Http, charset: str, codec: str, kind: str) -> None:
    text = "測試 1".encode(codec)
    if kind == "multipart":
        post(http, f"multipart/form-data; boundary=x; charset={charset}", multipart(text))
    elif kind == "query":  # of a request that has a body
        query = f"?MSG={quote(text)}"
        post(http, f"{FORM}; charset={charset}", LOGIN.encode(), query)
    else:
        body = quote(text).encode() if kind == "percent" else text.replace(b" ", b"+")
        post(http, f"{FORM}; charset={charset}", f"{LOGIN}MSG=".encode() + body)
    assert content(http) == "測試 1"
    assert http.advice == ()


@pytest.mark.parametrize("charset", ["utf8", "klingon", ""])
def test_h3_a_charset_that_net_does_not_know_is_utf_8(http: Http, charset: str) -> None:
    post(http, f"{FORM}; charset={charset}", (LOGIN + "MSG=測試").encode())
    assert content(http) == "測試"
    assert http.advice == ()


def test_h3_a_query_without_a_body_is_utf_8_whatever_it_declares(http: Http) -> None:
    post(http, f"{FORM}; charset=big5", b"", f"?{LOGIN}MSG=測試")
    assert content(http) == "測試"


def test_h3_in_utf_16_a_query_is_utf_8_all_the_same(http: Http) -> None:
    post(http, f"{FORM}; charset=utf-16", b"x", f"?{LOGIN}MSG=測試")
    assert content(http) == "測試"


@pytest.mark.parametrize(
    ("encoded", "text"),
    [
        ("%u6e2c%u8a66", "測試"),
        ("%E6%B8%AC%u8A66+x", "測試 x"),
        ("%ud83d%ude00", "😀"),
        ("%u12", "%u12"),
        ("%U6e2c", "%U6e2c"),
        ("%25u6e2c", "%u6e2c"),
        ("%ud83d", "\ufffd"),
    ],
)
@pytest.mark.parametrize("where", ["query", "body"])
def test_h3_percent_u_is_a_unit_of_utf_16(http: Http, encoded: str, text: str, where: str) -> None:
    if where == "query":
        get(http, f"{LOGIN}MSG={encoded}")
    else:
        post(http, FORM, f"{LOGIN}MSG={encoded}".encode())
    assert content(http) == text


@given(st.lists(st.sampled_from([bytes([byte]) for byte in b"%%%4eFg=_+ \r\n\xe9"])).map(b"".join))
def test_h3_percent_sign_without_two_hexadecimal_digits_is_no_escape(encoded: bytes) -> None:
    given = read_form(HttpRequest(content_type=FORM, body=b"MSG=" + encoded), Advice())
    assert given["MSG"] == unquote_to_bytes(encoded.replace(b"+", b" ")).decode(errors="replace")


BIG5 = "測試".encode("big5")


@pytest.mark.parametrize("kind", ["query", "percent", "raw", "multipart"])
def test_h3_text_that_is_lost_has_advice_however_it_came(http: Http, kind: str) -> None:
    if kind == "multipart":
        post(http, "multipart/form-data; boundary=x", multipart(BIG5))
    elif kind == "query":
        post(http, FORM, b"", f"?{LOGIN}MSG={quote(BIG5)}")
    else:
        body = quote(BIG5).encode() if kind == "percent" else BIG5
        post(http, FORM, f"{LOGIN}MSG=".encode() + body)
    assert "\ufffd" in content(http)
    (advice,) = http.advice
    assert advice.startswith("Text is lost: MSG is read as utf-8, but its bytes are not.")
    assert [*http.fake.requests[-1].serious_advice] == [advice]


def test_h3_characters_that_ascii_lacks_become_question_marks(http: Http) -> None:
    post(http, f"{FORM}; charset=us-ascii", (LOGIN + "MSG=測").encode())
    assert content(http) == "???"
    assert "read as us-ascii" in http.advice[0]
    assert "become ?, and are sent" in http.advice[0]


@pytest.mark.parametrize("charset", ["big5", "iso-8859-1"])
def test_h3_utf_8_that_is_declared_as_something_else_has_advice(http: Http, charset: str) -> None:
    post(http, f"{FORM}; charset={charset}", (LOGIN + "MSG=測試的").encode())
    assert content(http) != "測試的"
    assert any(advice.startswith("Text is lost: MSG is read as") for advice in http.advice)


@pytest.mark.parametrize("text", ["Tom & Jerry", "a&b&c"])
@pytest.mark.parametrize("where", ["query", "body"])
def test_h2_an_ampersand_that_was_not_encoded_has_advice(http: Http, text: str, where: str) -> None:
    values = f"{LOGIN}MSG={text}"
    if where == "query":
        post(http, FORM, b"", f"?{values}")
    else:
        post(http, FORM, values.encode())
    assert content(http) == text.partition("&")[0]
    assert http.advice[0].startswith("After MSG comes a field without a name")
    assert [*http.fake.requests[-1].serious_advice] == [*http.advice]


def test_h2_the_rest_of_a_password_is_not_shown_in_advice(http: Http) -> None:
    get(http, "UID=demo&PWD=hunter&two")
    assert http.advice[0].startswith("After PWD comes a field without a name")
    assert "two" not in http.advice[0]


@pytest.mark.parametrize(("more", "told"), [(996, False), (997, True)])
@pytest.mark.parametrize("kind", ["form", "multipart"])
def test_h2_the_first_1000_fields_are_read(http: Http, kind: str, more: int, told: bool) -> None:
    """Of 4 fields and so many more, before them."""
    values = [(f"x{number}", "1") for number in range(more)] + [*DEMO.items(), ("DEST", PHONE)]
    values.append(("MSG", "hello"))
    if kind == "form":
        requests.post(http.url("sendSMS"), data=values, timeout=10)
    else:
        parts = [(name, (None, value)) for name, value in values]
        requests.post(http.url("sendSMS"), files=parts, timeout=10)
    assert ("many_fields" in {each.code for each in http.advice}) is told
    assert len(http.fake.messages) == (0 if told else 1)


@pytest.mark.parametrize("query", ["?&", "?&&", "?1712345678", "?_=1&"])
def test_h2_separators_without_text_have_no_advice(http: Http, query: str) -> None:
    post(http, FORM, f"{LOGIN}MSG=hello&".encode(), query)
    assert content(http) == "hello"
    assert [*http.fake.requests[-1].serious_advice] == []


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("%E6%B8%AC%E8%A9%A6", True),
        ("hello%20world", True),
        ("50%", False),
        ("100%25 off", False),
        ("測試 %E6%B8%AC", False),
        ("https://example.com/?q=%E6%B8%AC", False),
    ],
)
def test_h3_text_that_is_encoded_twice_has_advice(http: Http, text: str, twice: bool) -> None:
    assert http("sendSMS", MSG=text, DEST=PHONE).startswith("999.00,")
    assert content(http) == text
    assert [advice[:32] for advice in http.advice] == ["MSG is still URL-encoded after i"] * twice
    recipient = {"Mobile": PHONE, "Param": text}
    http.json("SendParamSMS", {**DEMO, "RecipientDataList": [recipient]})
    assert any("RecipientDataList[0].Param is st" in advice for advice in http.advice) is twice


def test_h2_a_compressed_body_is_read_as_it_is_and_has_advice(http: Http) -> None:
    body = gzip.compress((LOGIN + "MSG=hello").encode())
    post(http, FORM, body, **{"Content-Encoding": "gzip"})
    assert http.fake.requests[-1].result == "-300, 帳號密碼不得為空值。"
    assert http.advice[0].startswith("The body is read as it came, although its Content-Encoding")
    assert http.fake.messages == []


def test_h2_a_query_over_asp_nets_limit_has_advice(http: Http) -> None:
    # What ASP.NET's default allows, and a character more.
    values = f"{LOGIN}MSG=".ljust(2048, "x")
    for query, advised in ((values, 0), (values + "x", 1)):
        get(http, query)
        of_length = [each for each in http.advice if "more than 2,048 characters" in each]
        assert len(of_length) == advised


def test_h12_json_is_utf_8_whatever_it_declares(http: Http) -> None:
    big5 = {"Content-Type": "application/json; charset=big5"}
    body = '{"UID":"demo","PWD":"demo","RecipientDataList":[{"Mobile":"0912345678","Param":"測"}]}'
    url = http.url("SendParamSMS")
    refused = requests.post(url, data=body.encode("big5"), headers=big5, timeout=10)
    assert '"Status":"-99"' in refused.text
    assert "the body is not UTF-8, at byte" in http.advice[0]
    assert http.fake.messages == []
    requests.post(url, data=body.encode(), headers=big5, timeout=10)
    assert content(http) == "測"
