"""Secrets are hidden in what is shown of requests: by their values, and by their names."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
import requests
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from fake_every8d import FakeEvery8d
from fake_every8d.control import masking
from fake_every8d.control.log import json_line, text_line
from fake_every8d.control.masking import is_secret, masked, masked_body, masked_values
from tests.web.serving import DEADLINE

MASK = "********"


# By name


@pytest.mark.parametrize(
    "name",
    [
        "PWD", "pwd", "passwd", "Password", "new_password", "password2", "passphrase", "token",
        "access_token", "X-Auth-Token", "client_secret", "api_key", "apikey", "X-Api-Key",
        "API KEY", "PWD ", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
        "credentials",
    ],
)  # fmt: skip
def test_secret_is_told_by_its_name(name: str) -> None:
    assert is_secret(name)
    field = quote_plus(name)
    assert masked(f"{field}=s3cret&x=1") == f"{field}={MASK}&x=1"
    assert masked(f'{{"{name}": "s3cret", "x": 1}}') == f'{{"{name}": "{MASK}", "x": 1}}'
    part = f'--b\r\nX: y; name="{name}"\r\n\r\ns3cret\r\n--b--'
    assert masked(part) == f'--b\r\nX: y; name="{name}"\r\n\r\n{MASK}\r\n--b--'


@pytest.mark.parametrize(
    "name", ["UID", "userID", "sessionKey", "MSG", "DEST", "BID", "passwords", "keyboard", "key"]
)
def test_other_names_hide_nothing(name: str) -> None:
    assert not is_secret(name)
    for text in (f"{name}=shown", f'{{"{name}": "shown"}}', f"<{name}>shown</{name}>"):
        assert masked(text) == text


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        # XML: prefixes, attributes, markup within, CDATA; cut off; and XML that is text in XML.
        ("<e><password>s3</password>後</e>", f"<e><password>{MASK}</password>後</e>"),
        ("<t:Pwd xsi:type='s'>s3</t:Pwd >", f"<t:Pwd xsi:type='s'>{MASK}</t:Pwd >"),
        ("<password\n>密碼</PASSWORD>", f"<password\n>{MASK}</PASSWORD>"),
        ("<pwd a='/'>s3<b>cret</b><!-- x --></pwd>", f"<pwd a='/'>{MASK}</pwd>"),
        ("<password><![CDATA[s3cret]]></password>", f"<password>{MASK}</password>"),
        ("<password>one</password><password>two</password>", f"<password>{MASK}</password>" * 2),
        ("<e><password>s3cret</passwor", f"<e><password>{MASK}"),
        ("<e><password>s3cret</pass>x</e>", f"<e><password>{MASK}"),
        ("<r>&lt;PWD&gt;s3&amp;c&lt;/PWD&gt;</r>", f"<r>&lt;PWD&gt;{MASK}&lt;/PWD&gt;</r>"),
        ("<login password='s3>cret' x='1'/>", f"<login password='{MASK}' x='1'/>"),
        ('<a t:pwd = "s3cret', f'<a t:pwd = "{MASK}"'),
        ("<e><password/><x a='b' />kept</e>", "<e><password/><x a='b' />kept</e>"),
        ("<content>your password: kept</content>", "<content>your password: kept</content>"),
        ("<content>x.tw/?token=kept</content>", "<content>x.tw/?token=kept</content>"),
        # Forms and URLs: blanks are part of a value, and a name may be encoded, even twice.
        ("UID=demo&PWD=pass word&MSG=hi", f"UID=demo&PWD={MASK}&MSG=hi"),
        ("UID=demo;PWD=s3cret", f"UID=demo;PWD={MASK}"),
        ("/API21/HTTP/PWD=s3cret/sendSMS.ashx", f"/API21/HTTP/PWD={MASK}"),
        ("+PWD+=s3cret", f"+PWD+={MASK}"),
        ("P%57D=s3cret&MSG=hi", f"PWD={MASK}&MSG=hi"),
        ("P%2557D=s3cret&MSG=hi", f"PWD={MASK}&MSG=hi"),
        ("MSG=PWD", "MSG=PWD"),
        ("MSG=x.tw%2F%3Ftoken%3Dkept%26a", "MSG=x.tw%2F%3Ftoken%3Dkept%26a"),
        # JSON: any kind of value, either kind of quotes; cut off; names with escapes.
        ('{"UID":"demo","PWD":"s3\\"cret","SB":""}', f'{{"UID":"demo","PWD":"{MASK}","SB":""}}'),
        ("{'UID': 'demo', 'PWD': 's3cret'}", f"{{'UID': 'demo', 'PWD': '{MASK}'}}"),
        ('{"PWD" : 12345, "SB": ""}', f'{{"PWD" : "{MASK}", "SB": ""}}'),
        ('{"PWD":"s3cre', f'{{"PWD":"{MASK}"'),
        ('[{"token":{"a":"s3cret"}}]', f'[{{"token":"{MASK}"'),
        ('{"\\u0050\\u0057D":"s3cret"}', f'{{"PWD":"{MASK}"}}'),
        ('{"MSG":"https://x.tw/?token=kept"}', '{"MSG":"https://x.tw/?token=kept"}'),
        # Multipart: with a preamble, a name without quotes or of RFC 5987, more headers.
        (
            "preamble\r\n--b\r\nContent-Disposition: form-data; name*=UTF-8''PWD\r\nX: y\r\n\r\n"
            "s3\ncret\r\n--b--\r\n",
            "preamble\r\n--b\r\nContent-Disposition: form-data; name*=UTF-8''PWD\r\nX: y\r\n\r\n"
            f"{MASK}\r\n--b--\r\n",
        ),
    ],
)  # fmt: skip
def test_secret_is_hidden_in_whatever_it_stands(sent: str, shown: str) -> None:
    assert masked(sent) == shown


@pytest.mark.parametrize("encoding", ["big5", "utf-8-sig", "utf-16", "utf-7", "cp037"])
@pytest.mark.parametrize(
    ("before", "after"), [("<e><pwd>", "</pwd></e>"), ('{"PWD":"', '"}'), ("PWD=", "&x=1")]
)  # fmt: skip
def test_secret_is_hidden_in_any_encoding(encoding: str, before: str, after: str) -> None:
    body = f"{before}s3cret{after}".encode(encoding)
    hidden = masked_body(body, f"text/xml; charset={encoding}")
    assert hidden.decode(encoding) == before + MASK + after


@pytest.mark.parametrize("body", [b"\x00\xff\x00", b"\xff\xfe<", b"\x00", bytes(range(256))])
def test_bytes_that_are_no_text_are_kept_as_they_came(body: bytes) -> None:
    assert masked_body(body, None) == body


# By value


def spelt_xml(text: str) -> str:
    return escape(text, {'"': "&quot;"})


SPELLINGS: list[Callable[[str], str]] = [
    str,
    quote,
    quote_plus,
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: re.sub("%..", lambda match: match[0].lower(), quote(text, safe="")),
    lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    lambda text: "".join(f"%u{ord(each):04X}" for each in text),
    lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    lambda text: json.dumps(text)[1:-1],
    spelt_xml,
    lambda text: "".join(f"&#{ord(each)};" for each in text),
    lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    lambda text: quote_plus(spelt_xml(text)),
]
# No asterisk, of which the mask is made; eight and more, which are hidden wherever they stand.
SECRETS = st.text(
    st.sampled_from("aZ09 +%&=<>\"';/\\{}[]:,.?#@~_-密碼é"), min_size=8, max_size=20
).map(lambda text: f"q{text}q")


@given(SECRETS, st.lists(st.sampled_from(SPELLINGS), min_size=3, max_size=3), st.text(max_size=9))
@example("q000000%%q", [SPELLINGS[10]] * 3, "")  # of which only the XML is an escape
@settings(deadline=None, max_examples=300)
def test_value_is_hidden_however_it_is_spelt(
    secret: str, spellings: list[Callable[[str], str]], around: str
) -> None:
    """Even if its thirds are spelt each in another way, unless none could read that."""
    assume("%" not in secret or (len({*spellings}) == 1 and "%2" not in secret))
    third = len(secret) // 3
    pieces = [secret[:third], secret[third : 2 * third], secret[2 * third :]]
    spelt = "".join(spell(piece) for spell, piece in zip(spellings, pieces, strict=True))
    shown = masked(f"{around} {spelt} {around}", [secret])
    assert MASK in shown
    for spell in SPELLINGS:
        assert spell(secret) not in shown


WORDS = "hunter2hunter2 hunter%32hunter2 hunter secret PWD= pass token=a"
PIECES = [*WORDS.split(), *"?&<\"';%\\+x= ", '{"', "&#", "\r\n"]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), max_size=6))
@settings(deadline=None, max_examples=500)
def test_values_together_are_hidden_as_each_alone(values: list[str]) -> None:
    secrets = ["hunter2hunter2", "secret"]
    assert masked_values(values, secrets) == [
        masked(value, secrets, is_value=True) for value in values
    ]


def test_short_value_is_hidden_only_where_it_is_all_of_a_value() -> None:
    """As else a message would lose every word that is somebody's password."""
    assert masked("MSG=a test&X=test", ["test"]) == f"MSG=a test&X={MASK}"
    assert masked("<a>test</a><b>tests</b>", ["test"]) == f"<a>{MASK}</a><b>tests</b>"
    assert masked("X=1&Y=abc", ["1", "abc"]) == "X=1&Y=abc"


def test_value_with_half_a_surrogate_pair_hides_others_all_the_same() -> None:
    assert masked("X=hunter2hunter2", ["hunter2hunter2", "hunter\ud83d"]) == f"X={MASK}"


# In requests

SECRET = "hunter2 and+two"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
PART = (
    f"\r\n\r\ndemo\r\n--b\r\nContent-Disposition: form-data; name*=UTF-8''PWD\r\n\r\n{SECRET}\r\n"
)


def views(fake: FakeEvery8d) -> str:
    """All that is shown of the requests, wherever it is."""
    shown = [
        requests.get(f"{fake.url}/fake/{path}", timeout=DEADLINE).text
        for path in ("requests", "state", "summary")
    ]
    for request in fake.requests:
        shown += [
            text_line(request), json_line(request), repr(request), request.path, request.query,
            request.text, request.response_text, str(request.headers), str(request.user_id),
            str(request.response_headers), str(request.result), str(request.advice),
            str(request.serious_advice), request.body.decode(errors="replace"),
            request.response_body.decode(errors="replace"),
        ]  # fmt: skip
    return "\n".join(shown)


@pytest.mark.parametrize("known", [True, False], ids=["known", "wrong"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, "UID=demo&PWD=hunter2 and%2btwo"),
        (FORM, "UID=demo&PWD=hunter2+and%2Btwo&MSG=hunter2 and%2Btwo"),
        (FORM, "{=1&UID=demo&PWD=hunter2 and%2Btwo"),
        (FORM, "--x=1&UID=demo&P%57D=hunter%32+and%2Btwo"),
        (FORM, "UID=hunter2 and%2Btwo&PWD=hunter2 and%2Btwo"),
        (FORM, "UID=demo;PWD=hunter2 and%2Btwo"),
        (FORM, "UID=demo&P%2557D=hunter2+and%2Btwo"),
        (MULTIPART, f"preamble\r\n--b\r\nContent-Disposition: form-data; name=UID{PART}--b--"),
        ({"Content-Type": "application/json"}, f"{{'UID': 'demo', 'PWD': '{SECRET}'}}"),
        ({"Referer": f"http://x/?PWD={quote_plus(SECRET)}"}, ""),
        ({"Referer": f"http://x/{quote(quote(SECRET))}", **FORM}, f"PWD={quote_plus(SECRET)}"),
    ],
)  # fmt: skip
def test_h17_no_view_shows_the_password(
    every8d: FakeEvery8d, headers: dict[str, str], body: str, known: bool
) -> None:
    if known:
        every8d.update_account("demo", password=SECRET)
    url = f"{every8d.http_url}getCredit.ashx"
    requests.post(url, body.encode(), headers=headers, timeout=DEADLINE)
    shown = views(every8d)
    for spell in SPELLINGS:
        assert spell(SECRET) not in shown
        assert json.dumps(spell(SECRET))[1:-1] not in shown
    for word in ("hunter2", "and+two", "and%2Btwo", "and%2btwo"):
        assert word not in shown


def test_w4_no_view_shows_a_password_that_soap_brought(every8d: FakeEvery8d) -> None:
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<getConnection xmlns="http://tempuri.org/"><userID>a&lt;b s3cret</userID>'
        "<password><![CDATA[a<b s3cret]]></password></getConnection></s:Body></s:Envelope>"
    )
    headers = {"Content-Type": "text/xml"}
    requests.post(every8d.soap_url, body, headers=headers, timeout=DEADLINE)
    assert every8d.requests[0].operation == "getConnection"
    assert "s3cret" not in views(every8d)


def test_known_password_is_hidden_where_it_has_no_business(every8d: FakeEvery8d) -> None:
    """In a path, in a header of any name, and in a text; but the default, demo, is in all."""
    every8d.add_account("clinic", "correct horse")
    path = f"{every8d.url}/correct%20horse/demo?q=correct+horse"
    requests.get(path, headers={"X-Note": "correct%20horse"}, timeout=DEADLINE)
    assert "correct" not in views(every8d)
    assert every8d.requests[0].path == f"/{MASK}/demo"


def test_known_password_is_hidden_however_often_xml_escapes_it() -> None:
    for text in ("<x>one&two</x>", "<x>one&amp;two</x>", "<x>one&amp;amp;two</x>"):
        assert "two" not in masked(text, ["one&two"])


def test_h17_token_is_hidden_even_after_its_end(every8d: FakeEvery8d) -> None:
    url = f"{every8d.http_url}ConnectionHandler.ashx"
    body = {"HandlerType": "3", "VerifyType": "1", "UID": "demo", "PWD": "demo"}
    token = requests.post(url, json=body, timeout=DEADLINE).json()["Msg"]
    requests.get(f"{every8d.url}/lost/{token}", timeout=DEADLINE)
    assert token not in views(every8d)
    assert f'"Msg":"{MASK}"' in every8d.requests[0].response_text.replace(" ", "")
    headers = {"Authorization": f"Bearer {token}"}
    requests.post(url, json=body | {"VerifyType": "3"}, headers=headers, timeout=DEADLINE)
    assert token not in str(every8d.requests[0].response_text)


# How long it takes

HOSTILE = [
    "--x" + "name=" * 200_000,
    "PWD=" + "a=&" * 300_000,
    "pwd " * 250_000,
    "pwd=&" * 200_000,
    "<password>" * 100_000,
    "<password>" + "</" * 500_000,
    "<password " * 100_000,
    "<" * 1_000_000,
    "&lt;pwd " * 125_000,
    "&lt;pwd&gt;" + "&lt;/" * 200_000,
    '{"' + "password" * 125_000,
    '{"password":' * 80_000,
    'pwd"' + " " * 1_000_000 + ":",
    "pwd:'\\" * 140_000,
    "name=pwd\n" * 110_000,
    "--name=x\n" + "\n" * 1_000_000,
    "a%41" * 250_000,
    "%25" * 330_000,
    "&#65;" * 200_000,
    '{"a":"' + "\\u4e2d" * 170_000,
    "s3cret-value " * 77_000,
    "s3cret%2Dvalue " * 66_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:20] for text in HOSTILE])
def test_masking_takes_no_longer_than_reading(text: str) -> None:
    """Linear in what it reads; anything else would not end in the time of a test."""
    masked(text * 5, ["s3cret-value", "pass word"])


def test_patterns_are_asked_so_often_whatever_the_text_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0
    found = masking._secret

    def counted(*given: object) -> object:
        nonlocal asked
        asked += 1
        return found(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(masking, "_secret", counted)
    for times in (1_000, 5_000):
        asked = 0
        masked("pwd " * times)
        assert asked == times
    asked = 0
    shown = masked("pwd=a&" * 1_000_000)
    assert asked == 10_000
    assert shown == f"pwd={MASK}&" * 10_000 + MASK


def test_usual_line_of_the_log_is_not_searched(
    every8d: FakeEvery8d, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since it is written with every call."""
    form = {"UID": "demo", "PWD": "demo", "MSG": "hello", "DEST": "0912345678"}
    requests.post(f"{every8d.http_url}sendSMS.ashx", form, timeout=DEADLINE)
    monkeypatch.delattr(masking, "_masked")
    assert "  sendSMS  demo  999" in text_line(every8d.requests[0])
    assert '"account": "demo"' in json_line(every8d.requests[0])
