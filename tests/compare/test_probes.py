"""No probe can send, book, erase or change anything, whatever the platform makes of it."""

import html
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pytest
from lxml import etree

from fake_every8d.compare.comparison import PROBES, Comparison, addresses
from fake_every8d.compare.exchange import Request
from fake_every8d.compare.given import Given
from fake_every8d.compare.http_probes import LOGIN, RIGHT_AGAIN, WRONG
from fake_every8d.compare.http_probes import closing as closing_token
from fake_every8d.compare.probe import Api, Compared, Harmless
from fake_every8d.compare.soap_probes import closing as closing_session
from tests.test_contract import CLAUSES

ALL = [probe for probes in PROBES.values() for probe in probes]

FLAGS = {
    *(("respformat", value) for value in "12"),
    *(("pno", value) for value in "02"),
    *(("pageno", value) for value in "02"),
    ("handlertype", "3"),
    *(("verifytype", value) for value in "1239"),
    ("mustunderstand", "1"),
    ("mustunderstand", "true"),
    ("actor", "urn:someone"),
    ("pwd", "x"),
    ("password", "x"),
}
"""Values that are neither a text nor a number to send to, by the parameter's name."""

TIMES = {"st", "sendtime", "begindate", "enddate"}
IDS = {"bid", "batchid", "activityid"}
USERS = {"uid", "userid"}


def given(user_id: str = "rabbit", password: str = "carrot") -> Given:
    made = Given(user_id, password)
    made.keys = ["session-one", "session-two"]
    made.tokens = ["token-one"]
    return made


mine = given()

known = {
    mine.user_id, mine.password, mine.wrong_password, mine.nobody, mine.no_batch, mine.no_key,
    *mine.keys, *mine.tokens,
}  # fmt: skip
"""The values that a run gives to its calls, and those that are neither text nor number."""


def decodings(text: str) -> set[str]:
    """A text, and whatever may be read from it by unescaping it once, twice or three times."""
    found, left = set(), [text]
    for _ in range(4):
        left = [each for each in left if each not in found]
        found |= {*left}
        left = [
            unescaped
            for each in left
            for unescaped in (
                *(unquote(each.replace("+", " "), charset, "replace") for charset in CHARSETS),
                re.sub("%u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), each),
                html.unescape(each),
                re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), each),
                unicodedata.normalize("NFKC", each),
                re.sub("<!--.*?-->|[\0-\x1f]", "", each),
            )
        ]
    return found


CHARSETS = ("utf-8", "big5", "latin-1", "utf-16-le")


def texts(data: bytes) -> Iterator[str]:
    for charset in CHARSETS:
        yield data.decode(charset, "replace")


def values(request: Request) -> set[tuple[str, str]]:
    """Every parameter that a platform could find in a call: its name in lower case, its value."""
    query = request.target.partition(b"?")[2]
    found: set[tuple[str, str]] = set()
    for data in (query, request.body or b""):
        read = {
            value
            for text in texts(data)
            for value in (*_form(text), *_json(text), *_xml(text), *_multipart(text))
        }
        found |= read or {("", data.decode())}
    return {
        (name.lower(), decoded.strip())
        for name, value in found
        for decoded in decodings(value)
        if decoded.strip()
    }


def _form(text: str) -> Iterator[tuple[str, str]]:
    for field in re.split("[&;]", text):
        name, equals, value = field.partition("=")
        if equals and re.fullmatch(r"[\w%+]+", name):
            yield unquote(name), value


def _json(text: str) -> Iterator[tuple[str, str]]:
    try:
        value = json.loads(text)
    except ValueError:
        return
    yield from _leaves("", value)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(name, item)
    else:
        yield name, str(value)


def _xml(text: str) -> Iterator[tuple[str, str]]:
    if "<" not in text:
        return
    parser = etree.XMLParser(recover=True, resolve_entities=True, no_network=True)
    root = etree.fromstring(re.sub(r"<\?xml.*?\?>", "", text.lstrip("\ufeff")).encode(), parser)
    if root is None:
        return
    for element in root.iter():
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        for text in (element.text, element.tail, "".join(element.itertext()) if name else None):
            if name not in ("Envelope", "Body") and text:
                yield name, text
                yield from _xml(text)
        for attribute, value in element.attrib.items():
            yield etree.QName(attribute).localname, value


def _multipart(text: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r'name="([^"]*)"\r\n\r\n(.*?)\r\n', text, re.DOTALL)


def without_what_is_known(request: Request) -> set[tuple[str, str]]:
    """The parameters but for flags, and for what a run gives to its calls."""
    spelt = "|".join(re.escape(each) for each in sorted(known, key=len, reverse=True))
    found = set()
    for name, value in values(request):
        rest = re.sub(spelt, "", re.sub("<[^<>]*>", "", value)).strip()
        if re.search(r"\w", rest) and (name, rest) not in FLAGS:
            found.add((name, rest))
    return found


def operations(request: Request) -> set[str]:
    """The operations that a call could be one of, in lower case."""
    target = request.target.partition(b"?")[0].decode().lower().removesuffix(".ashx").strip("/")
    action = dict(request.headers).get("SOAPAction", "").rpartition("/")[2].strip('"').lower()
    return {target, action, *named(request)} - {""}


def named(request: Request) -> set[str]:
    """The operations that have an element in the body, in lower case."""
    elements = re.findall(r"<(?:\w+:)?(\w+)", (request.body or b"").decode("latin-1"))
    return {name.lower() for name in elements}


def is_number(value: str) -> bool:
    """True if one of the parts between commas and the like has digits and no letters."""
    return any(
        re.search(r"\d", item) and not re.search(r"[^\W\d]", item)
        for item in re.split(r"[,;/|\s]", value)
    )


def test_never_both_a_number_and_a_text() -> None:
    for probe in ALL:
        rest = {value for _, value in without_what_is_known(probe.request(mine))}
        numbers = {value for value in rest if is_number(value)}
        assert not numbers or numbers == rest


def test_probe_that_would_send_is_noticed() -> None:
    """By each of the ways in which a call has parameters."""
    number, text = "0912345678", "hi"
    form = "DEST=%30%39%31%32%33%34%35%36%37%38&MSG=hi"
    for body in (
        form,
        json.dumps({"MSG": text, "RecipientDataList": [{"Mobile": number}]}),
        f"<a><content>{text}</content><mobile>{number}</mobile></a>",
        f'<a>{html.escape(f"""<USER MOBILE="{number}">{text}</USER>""")}</a>',
        f'name="MSG"\r\n\r\n{text}\r\nname="DEST"\r\n\r\n{number}\r\n',
        "DEST=０９１２３４５６７８&MSG=hi",
    ):
        rest = {
            value for _, value in without_what_is_known(Request("POST", b"", (), body.encode()))
        }
        assert any(is_number(value) for value in rest)
        assert not all(is_number(value) for value in rest)


def test_no_number_that_a_phone_can_have() -> None:
    """Nowhere in the call, and not in what is made up for a run either."""
    for probe in ALL:
        request = probe.request(mine)
        for data in (request.target, request.body or b""):
            for text in texts(data):
                for decoded in decodings(text):
                    plain = re.sub(r"http://[\w./-]+", "", decoded)
                    assert not re.search(r"\d(?:[^\w<>=&]*\d){2,}", plain), (plain, mine)


def test_random_values_of_a_run_have_no_digits() -> None:
    for _ in range(1000):
        made = Given("", "")
        for text in (made.nobody, made.wrong_password, made.no_batch, made.no_key):
            assert not re.search(r"\d", text)
        # Version and variant of a GUID that nothing makes: RFC 9562 has versions 1 to 8.
        assert re.fullmatch("[a-f]{8}-[a-f]{4}-f[a-f]{3}-f[a-f]{3}-[a-f]{12}", made.no_batch)
        assert re.fullmatch("[a-f]{12}f[a-f]{3}f[a-f]{15}", made.no_key)


def test_nothing_is_booked() -> None:
    for probe in ALL:
        assert [value for name, value in values(probe.request(mine)) if name in TIMES] == []


def test_nothing_is_erased() -> None:
    for probe in ALL:
        request = probe.request(mine)
        if any("erase" in name for name in operations(request)):
            assert {value for name, value in values(request) if name in IDS} == {mine.no_batch}
            assert probe.harmless is Harmless.NO_BATCH


def test_no_id_that_exists() -> None:
    for probe in ALL:
        request = probe.request(mine)
        for name, value in values(request):
            if name in IDS and value != mine.no_batch:
                assert not re.fullmatch("[0-9a-fA-F-]{8,}|[0-9]+", value)


def test_only_methods_that_change_nothing() -> None:
    for probe in ALL:
        # PUT and DELETE could reach a file on a server with WebDAV.
        assert probe.request(mine).method in ("GET", "HEAD", "OPTIONS", "POST")
        assert {name for name, _ in probe.request(mine).headers} <= {
            "Content-Type", "SOAPAction", "Authorization",
        }  # fmt: skip


def test_the_reason_why_it_is_harmless_holds() -> None:
    for probe in ALL:
        request = probe.request(mine)
        rest = without_what_is_known(request)
        sends = any("send" in name for name in operations(request))
        match probe.harmless:
            case Harmless.PAGE:
                assert request.body is None
                assert not any(text in request.target.decode() for text in known)
            case Harmless.READS | Harmless.NO_BATCH:
                assert not sends
            case Harmless.LOGS_IN:
                assert not sends
                assert not {"getcredit", "getdeliverystatus"} & named(request)
            case Harmless.NEITHER:
                assert rest == set()
            case Harmless.NO_NUMBER:
                assert rest
                assert not any(is_number(value) for _, value in rest)
            case Harmless.NO_TEXT:
                assert {value for _, value in rest} == {"0"}


def test_a_wrong_password_is_given_once_and_the_right_one_after_it() -> None:
    everywhere = addresses("http://127.0.0.1:1")
    order = Comparison(everywhere, "rabbit", "carrot", edition="2016").probes
    assert order.index(RIGHT_AGAIN) == order.index(WRONG) + 1
    assert order.index(LOGIN) < order.index(WRONG)
    assert [probe for probe in order if probe.wrong_password] == [WRONG]
    for probe in order:
        request = probe.request(mine)
        sent = (request.target + (request.body or b"")).decode("latin-1")
        if "rabbit" in sent:
            assert ("carrot" in sent) is (probe is not WRONG)
        assert (mine.wrong_password in sent) is (probe is WRONG)


def test_no_account_but_the_callers_own() -> None:
    for probe in ALL:
        request = probe.request(mine)
        users = {value for name, value in values(request) if name in USERS}
        assert users <= {mine.user_id, mine.nobody}


def test_the_calls_that_close_are_no_others() -> None:
    assert operations(closing_session("x")) >= {"closeconnection"}
    assert operations(closing_token("x")) == {"connectionhandler"}
    assert {("handlertype", "3"), ("verifytype", "3")} == values(closing_token("x"))


@pytest.mark.parametrize(
    ("user_id", "password"),
    [
        ("0912345678", "MSG=hi&DEST=0912345678"),
        ("<mobile>0912345678</mobile>", "</password><content>hi</content>"),
        ('","MSG":"hi","DEST":"0912345678', "%26MSG%3Dhi%26DEST%3D0912345678"),
        ("a\r\nX: y", "使用者 ＆ 密碼😀"),
        ("]]>&e;", "a b+c%u0026d\\"),
    ],
)
def test_user_id_and_password_are_never_more_than_that(user_id: str, password: str) -> None:
    """They are the values of the same parameters, whatever they look like."""
    for probe in ALL:
        plain, odd = mine, given(user_id, password)
        for name in ("nobody", "wrong_password", "no_batch", "no_key"):
            setattr(odd, name, getattr(plain, name))
        one, other = shape(probe.request(plain)), shape(probe.request(odd))
        swapped = {"rabbit": user_id, "carrot": password}
        assert [(name, swapped.get(value, value)) for name, value in one] == other


def shape(request: Request) -> list[tuple[str, str]]:
    """The parameters in their order, read as the request's own Content-Type says."""
    body, target = request.body or b"", request.target
    assert re.fullmatch(rb"[\x21-\x7e\x80-\xff]*", target)
    kind = dict(request.headers).get("Content-Type", "")
    found = [
        (name.decode(), unquote_to_bytes(value.replace(b"+", b" ")).decode("utf-8", "replace"))
        for data in (
            target.partition(b"?")[2],
            b"" if body[:1] == b"<" or "form-urlencoded" not in kind else body,
        )
        for name, _, value in (field.partition(b"=") for field in data.split(b"&"))
    ]
    if "multipart" in kind:
        found += [
            (name.decode(), value.decode())
            for name, value in re.findall(rb'name="(.*?)"\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
        ]
    if kind == "application/json" and body.startswith((b"{", b"[")):
        found += _leaves("", json.loads(body))
    try:
        root = etree.fromstring(body.lstrip(b"\xef\xbb\xbf").rstrip(b"\0"))
    except (etree.XMLSyntaxError, ValueError):
        return found if "xml" not in kind else [*found, ("", masked_creds(body))]
    return found + [(str(each.tag), each.text or "") for each in root.iter()]


def masked_creds(body: bytes) -> str:
    """A body that is not XML, without the two elements that hold user ID and password."""
    return re.sub(
        "<(userID|password)>[^<]*</(userID|password)>", "", body.decode("utf-8", "replace")
    )


def test_every_probe_has_a_name_of_its_own_and_clauses_that_exist() -> None:
    for api in Api:
        names = [probe.name for probe in PROBES[api]]
        assert len({*names}) == len(names)
        assert all(probe.api is api for probe in PROBES[api])
    there_are = {name for name, _, _ in CLAUSES}
    assert {name for probe in ALL for name in probe.clauses} <= there_are
    assert all(probe.clauses for probe in ALL)
    assert all(probe.compared is not Compared.ALL for probe in ALL if probe.name.startswith("page"))
