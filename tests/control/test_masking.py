"""What is hidden of a request: secrets, told by their names, whatever they stand in."""

from urllib.parse import quote_plus

import pytest

from fake_every8d.control.masking import is_secret, masked, masked_query, masked_token

MASK = "********"


@pytest.mark.parametrize(
    ("before", "secret", "after"),
    [
        ("<password>", "s3cret", "</password>"),
        ("<t:password>", "s3cret", "</t:password>"),
        ('<t:password xsi:type="xsd:string">', "s3cret", "</t:password >"),
        ('<password a="/">', "s3cret", "</password>"),
        ("<password\n>", "s3cret", "</password>"),
        ("<Password>", "s3cret", "</PASSWORD>"),
        ("<password>", "<![CDATA[s3cret]]>", "</password>"),
        ("<password>", "<![CDATA[s3</password>cret]]>", "</password>"),
        ("<password>", "s3&lt;cret&#10;", "</password>"),
        ("<password>", "密碼s3cret", "</password>"),
        ("<password>", "s3<b>cret</b><!-- x -->", "</password>"),
        ("<password>", "", "</password>"),
        ("<password><userID>x</userID>", "s3cret", "</password>"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "big5", "utf-16", "utf-16-le"])
def test_a_password_in_xml_is_masked_and_nothing_else(
    before: str, secret: str, after: str, encoding: str
) -> None:
    head, tail = "<e><userID>王</userID>", f"{after}<x>後</x></e>"
    hidden = masked((head + before + secret + tail).encode(encoding)).decode(encoding)
    start = before.partition(">")[0] + ">"
    assert hidden == head + start + MASK + tail


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<e><password>s3cret", f"<e><password>{MASK}"),
        ("<e><password>s3cret</passwor", f"<e><password>{MASK}"),
        ("<e><password><![CDATA[s3cret", f"<e><password>{MASK}"),
        ("<e><password>s3cret</pass>x</e>", f"<e><password>{MASK}"),
        (
            "<password>one</password><password>two</password>",
            f"<password>{MASK}</password><password>{MASK}</password>",
        ),
        ("<e><password/><x>kept</x></e>", "<e><password/><x>kept</x></e>"),
        ("<e><password a='b' /><x>kept</x></e>", "<e><password a='b' /><x>kept</x></e>"),
        ("<passwords>kept</passwords>", "<passwords>kept</passwords>"),
        ("<content>your password: kept</content>", "<content>your password: kept</content>"),
        ("userID=demo&password=s3cret&x=1", f"userID=demo&password={MASK}&x=1"),
        ("password=s3cret", f"password={MASK}"),
        ("PASSWORD=s3cret\r\n", f"PASSWORD={MASK}\r\n"),
        ("", ""),
    ],
)
def test_so_it_is_in_what_is_malformed_or_no_xml_at_all(sent: str, kept: str) -> None:
    assert masked(sent.encode()).decode() == kept


@pytest.mark.parametrize("body", [b"\x00\xff\x00", b"\xff\xfe<", b"\x00", bytes(range(256))])
def test_bytes_that_are_no_text_are_kept_as_they_came(body: bytes) -> None:
    assert masked(body) == body


HOSTILE = [
    "<password>" + "<" * 300_000,
    "<password " * 100_000,
    "<a:" * 100_000,
    "&lt;password&gt;" * 50_000,
    "<a password='" * 50_000,
    "<" + "password:" * 50_000,
    '{"' + "password" * 50_000,
    '{"password":' * 50_000,
    '{"a' + "\\u0050" * 50_000,
    "--" + 'name="password"\r\n' * 50_000,
    "--" + 'name="password" ' * 50_000,
    "--" + "name=" * 50_000,
    "--name=x\n" + "\n" * 300_000,
    "a%" * 200_000,
    "&a=%" * 100_000,
    "password" * 100_000,
]


@pytest.mark.parametrize("body", HOSTILE, ids=[body[:20] for body in HOSTILE])
def test_masking_takes_no_longer_than_reading(body: str) -> None:
    """Linear in what it reads; anything else would not end in the time of a test."""
    masked(body.encode())


def test_a_password_in_a_query_is_masked() -> None:
    assert masked_query("userID=demo&Password=s3cret&x=1") == f"userID=demo&Password={MASK}&x=1"
    assert masked_query("WSDL") == "WSDL"


@pytest.mark.parametrize(
    "name",
    [
        "PWD", "pwd", "passwd", "Password", "new_password", "password2", "passphrase", "token",
        "access_token", "X-Auth-Token", "client_secret", "api_key", "apikey", "X-Api-Key",
        "API KEY", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "credentials",
    ],
)  # fmt: skip
def test_what_is_secret_is_told_by_its_name(name: str) -> None:
    assert is_secret(name)
    assert masked_query(f"{quote_plus(name)}=s3cret&x=1") == f"{quote_plus(name)}={MASK}&x=1"
    assert masked(f'{{"{name}": "s3cret", "x": 1}}'.encode()).decode() == (
        f'{{"{name}": "{MASK}", "x": 1}}'
    )
    assert masked(f'--b\r\nX: y; name="{name}"\r\n\r\ns3cret\r\n--b--'.encode()).decode() == (
        f'--b\r\nX: y; name="{name}"\r\n\r\n{MASK}\r\n--b--'
    )


@pytest.mark.parametrize(
    "name", ["UID", "userID", "sessionKey", "MSG", "DEST", "BID", "passwords", "keyboard", "key"]
)
def test_and_so_is_what_is_not(name: str) -> None:
    assert not is_secret(name)
    for body in (f"{name}=shown", f'{{"{name}": "shown"}}', f"<{name}>shown</{name}>"):
        assert masked(body.encode()) == body.encode()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        # Forms and queries: names are percent-encoded, and values end at an ampersand.
        ("UID=demo&pass%77ord=s3cret", f"UID=demo&pass%77ord={MASK}"),
        ("%50%57%44=s3%26cret&MSG=hi", f"%50%57%44={MASK}&MSG=hi"),
        ("+PWD+=s3cret", f"+PWD+={MASK}"),
        ("MSG=https%3A%2F%2Fx.tw%2F%3Ftoken%3Dshown", "MSG=https%3A%2F%2Fx.tw%2F%3Ftoken%3Dshown"),
        ("MSG=PWD", "MSG=PWD"),
        # JSON: any kind of value, in what is cut off too; names may be escaped.
        ('{"UID":"demo","PWD":"s3\\"cret","SB":""}', f'{{"UID":"demo","PWD":"{MASK}","SB":""}}'),
        ('{"PWD" : 12345, "SB": ""}', f'{{"PWD" : "{MASK}", "SB": ""}}'),
        ('{"PWD":"s3cre', f'{{"PWD":"{MASK}"'),
        ('{"PWD":["s3","cret"]}', f'{{"PWD":"{MASK}"'),
        ('[{"token":{"a":"s3cret"}}]', f'[{{"token":"{MASK}"'),
        ('{"\\u0050\\u0057D":"s3cret"}', f'{{"PWD":"{MASK}"}}'),
        ('\ufeff {"PWD":"s3cret"}', f'\ufeff {{"PWD":"{MASK}"}}'),
        ('{"MSG":"https://x.tw/?token=shown"}', '{"MSG":"https://x.tw/?token=shown"}'),
        ('{"MSG":"PWD"}', '{"MSG":"PWD"}'),
        # Multipart: a name may stand without quotes, and a part have more headers.
        (
            "--b\r\nContent-Disposition: form-data; name=PWD\r\nX: y\r\n\r\ns3\ncret\r\n--b--\r\n",
            f"--b\r\nContent-Disposition: form-data; name=PWD\r\nX: y\r\n\r\n{MASK}\r\n--b--\r\n",
        ),
        (
            '--b\nContent-Disposition: form-data; name="MSG"\n\nPWD\n--b\n'
            'Content-Disposition: form-data; name="PWD"\n\ns3cret',
            '--b\nContent-Disposition: form-data; name="MSG"\n\nPWD\n--b\n'
            f'Content-Disposition: form-data; name="PWD"\n\n{MASK}',
        ),
        # XML: attributes, prefixes, and XML that is a string in another document.
        ("<login password='s3>cret' x='1'/>", f"<login password=\"{MASK}\" x='1'/>"),
        ('<a t:pwd = "s3cret', f'<a t:pwd = "{MASK}"'),
        ("<wsse:Password>s3cret</wsse:Password>", f"<wsse:Password>{MASK}</wsse:Password>"),
        ("<r>&lt;PWD&gt;s3&amp;cret&lt;/PWD&gt;</r>", f"<r>&lt;PWD&gt;{MASK}&lt;/PWD&gt;</r>"),
        ("<content>x.tw/?token=shown</content>", "<content>x.tw/?token=shown</content>"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_in_whatever_it_stands(sent: str, kept: str) -> None:
    assert masked(sent.encode()).decode() == kept


@pytest.mark.parametrize(
    "encoding", ["utf-7", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "cp037", "iso-2022-jp"]
)
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<e><password>s3cret</password></e>", f"<e><password>{MASK}</password></e>"),
        ('{"PWD":"s3cret"}', f'{{"PWD":"{MASK}"}}'),
        ("UID=demo&PWD=s3cret", f"UID=demo&PWD={MASK}"),
    ],
)
def test_a_secret_is_masked_in_whatever_it_is_encoded(sent: str, kept: str, encoding: str) -> None:
    hidden = masked(sent.encode(encoding), f"text/xml; charset={encoding}")
    assert hidden.decode(encoding) == kept


def test_a_declaration_says_how_xml_is_encoded() -> None:
    head = b'<?xml version="1.0" encoding="UTF-7"?>'
    body = head + "<password>s3cret</password>".encode("utf-7").replace(b"<", b"+ADw-")
    assert b"s3cret" in body
    assert b"s3cret" not in masked(body, "application/soap+xml")


def test_h17_the_token_that_a_login_is_answered_with_is_masked() -> None:
    assert masked_token(b'{"Result":true,"Msg":"7f3e"}') == b'{"Result":true,"Msg":"********"}'
    refused = '{"Result":false,"Status":"-101","Msg":"密碼錯誤"}'.encode()
    assert masked_token(refused) == refused
