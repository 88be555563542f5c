"""The findings of a comparison: with fakes, with recordings, and with broken servers."""

import base64
import json
import re
from collections.abc import Iterator
from typing import IO, Any

import pytest

from fake_every8d import Account, FakeEvery8d, Settings, Status
from fake_every8d.compare.comparison import PROBES, Comparison, addresses
from fake_every8d.compare.exchange import Address
from fake_every8d.compare.judging import Verdict
from fake_every8d.compare.probe import Api, Probe
from fake_every8d.compare.result import Finding
from tests.compare.servers import (
    Received,
    Response,
    Server,
    in_front_of,
    relayed,
    with_body,
)
from tests.soap.test_cases import CASES, filled_in

USER, PASSWORD = "rabbit", "carrot-7"
EDITIONS = ("2016", "2021", "2025")


def platform(edition: str = "2016") -> FakeEvery8d:
    return FakeEvery8d(Settings(accounts=(Account(USER, PASSWORD, 250),), edition=edition))


def compared(url: str, edition: str = "2016") -> dict[str, Finding]:
    """The verdict on each probe, by API and name."""
    return by_name(Comparison(addresses(url), USER, PASSWORD, edition=edition, pause=0))


def compared_by_http(url: str) -> dict[str, Finding]:
    """The same of the HTTP API's probes only."""
    only = addresses(None, None, f"{url}/API21/HTTP")
    return by_name(Comparison(only, USER, PASSWORD, edition="2016", pause=0))


def by_name(comparison: Comparison) -> dict[str, Finding]:
    return {f"{each.api}: {each.probe}": each for each in comparison.findings()}


def named(verdict: Verdict, findings: dict[str, Finding]) -> set[str]:
    return {name for name, finding in findings.items() if finding.verdict is verdict}


def probes() -> dict[str, Probe]:
    return {f"{api}: {probe.name}": probe for api in Api for probe in PROBES[api]}


@pytest.mark.parametrize("edition", EDITIONS)
def test_with_a_fake_of_the_same_edition_all_is_the_same(edition: str) -> None:
    with platform(edition) as fake:
        key = fake.gateway.platform.open_session(USER, PASSWORD)
        for time in ("", "20990101000000"):
            fake.gateway.platform.send_sms(key, "", "hi", "0900000000", time)
        before = fake.messages
        findings = compared(fake.url, edition)
        assert named(Verdict.SAME, findings) == {*probes()}
        # Nothing is sent, booked, erased or charged.
        assert [message.status for message in before] == [Status.SENT, Status.BOOKED]
        assert fake.messages == before
        assert fake.account.credit == 248
        assert fake.account.failed_logins == 0
        # Whatever it opened is closed.
        opened = [request for request in fake.requests if request.operation == "getConnection"]
        assert len(opened) > 10
        keys = {
            key
            for request in opened
            for key in re.findall("SESSION_KEY&gt;([0-9a-f]{32})&lt;", request.response_text)
        }
        assert keys
        assert [fake.gateway.platform.owner(key) for key in keys] == [None] * len(keys)


@pytest.mark.parametrize(("there", "here"), [(a, b) for a in EDITIONS for b in EDITIONS if a != b])
def test_e1_with_a_fake_of_another_edition_what_that_names_differs(there: str, here: str) -> None:
    """The probes differ from edition 2016 in errors and their texts, alike in 2021 and 2025."""
    with platform(there) as fake:
        different = named(Verdict.DIFFERENT, compared(fake.url, here))
    of_e1 = {name for name, probe in probes().items() if "E1" in probe.clauses}
    assert len(of_e1) > 20
    assert different == (of_e1 if "2016" in (there, here) else set())


def recorded() -> dict[tuple[Any, ...], dict[str, Any]]:
    """The recordings by what was sent."""
    return {
        (
            case["method"],
            case["query"],
            case["headers"].get("Content-Type"),
            (case["headers"].get("SOAPAction") or "").strip(),
            base64.b64decode(case["body"]),
        ): case
        for case in CASES
    }


class Recordings(Server):
    """Answers as a real ASP.NET service did, as far as it was recorded; 501 otherwise."""

    def __init__(self, **changed: str) -> None:
        cases = recorded()
        self.answered: list[str] = []

        def answer(request: Received, out: IO[bytes]) -> None:
            # An account and a session that nobody has are x in the recordings.
            body = re.sub(rb"nobody-[a-f]{16}|(?<=>)[a-f]{32}(?=<)", b"x", request.body)
            query = request.target.partition("?")[2]
            key = (
                request.method,
                "x=1&wsdl" if query.lower() == "wsdl" else query.replace("disco", "DISCO"),
                request.headers["Content-Type"],
                (request.headers["SOAPAction"] or "").strip(),
                body,
            )
            case = cases.get(key)
            if case is None or ".asmx/" in request.target:
                out.write(Response(501, "text/plain", b"not recorded").encoded())
                return
            self.answered.append(case["name"])
            text = changed.get(case["name"], filled_in(case))
            response = case["response"]
            encoded = Response(response["status"], response["content_type"], text.encode())
            out.write(encoded.encoded())

        super().__init__(answer)


def of_recordings(server: Recordings) -> dict[str, Finding]:
    """The verdicts on the probes whose requests were recorded, by the recording's name."""
    found: dict[str, Finding] = {}
    comparison = Comparison(
        {Api.SOAP: Address.parse(f"{server.url}/API21/SOAP/SMS.asmx")},
        "demo",
        "demo",
        edition="2016",
        pause=0,
    )
    before = 0
    for finding in comparison.findings():
        if len(server.answered) > before:
            found[server.answered[before]] = finding
        before = len(server.answered)
    return found


def test_w4_with_the_recordings_of_asp_net_it_says_what_they_say() -> None:
    with Recordings() as server:
        found = of_recordings(server)
    # The service that was recorded had seven of the nine operations (W2).
    description = found.pop("get wsdl after another parameter")
    assert description.verdict is Verdict.DIFFERENT
    assert "lines are here only" in description.reason
    # And it declares xsd before xsi, where production and the fake declare xsi first (W8).
    assert found.pop("get disco upper case").verdict is Verdict.DIFFERENT
    assert {name for name, finding in found.items() if finding.verdict is not Verdict.SAME} == set()
    assert len(found) >= 50


def test_w4_with_a_recording_that_says_otherwise_it_says_that() -> None:
    with Recordings(**{"soap11 second operation": "not what was recorded"}) as server:
        found = of_recordings(server)
    finding = found["soap11 second operation"]
    assert (finding.verdict, finding.probe) == (Verdict.DIFFERENT, "credit by no session")
    assert finding.platform == "200 text/xml; charset=utf-8  not what was recorded"
    assert finding.fake.startswith('200 text/xml; charset=utf-8  <?xml version="1.0"')
    assert "bytes 6e 6f 74 20 there, 3c 3f 78 6d here" in finding.reason


def broken(request: Received, response: Response) -> Response:
    """One answer each is wrong in a way of its own."""
    body, sent = response.body, request.body.decode("latin-1")
    match request.target.rpartition("/")[2], request.method:
        case "getCredit.ashx", "HEAD":
            return Response(200, response.content_type, b"")
        case "eraseBooking.ashx", _:
            return Response(200, "text/html", body)
        case "getReplyMessage.ashx", _ if "RESPFORMAT" not in sent:
            return with_body(response, b"\xef\xbb\xbf" + body)
        case "getReplyMessage.ashx", _:
            reordered = dict(reversed(json.loads(body).items()))
            return with_body(response, json.dumps(reordered, separators=(",", ":")).encode())
        case "getDeliveryStatus.ashx", _ if "PNO=2" in sent:
            return with_body(response, body.replace(b"\r\n", b"\n"))
        case "getDeliveryStatus.ashx", _ if "PNO=0" in sent:
            return with_body(response, body.strip())
        case "getDeliveryStatus.ashx", _ if "PNO=x" in sent:
            return with_body(response, b"")
        case "getDeliveryStatus.ashx", _ if "UID=nobody" in sent:
            return with_body(response, body.decode().encode("big5"))
        case "SendParam.ashx", _:
            return with_body(response, body.replace(b"false", b"False"))
        case "sendSMS4FilterMessage.ashx", _:
            return with_body(response, body.replace(b", ", b",  "))
        case "sendSMS.ashx", _ if "nobody" in sent:
            return with_body(response, b"<html><body>Runtime Error</body></html>")
        case "SendParamSMS.ashx", _ if sent == "x":
            return with_body(response, body.replace(b"-99", b"-98"))
        case "SendParamSMS.ashx", _ if sent == "[]":
            return with_body(response, body.replace("錯誤".encode(), "問題".encode()))
        case "SMS.asmx?disco", _:
            return with_body(response, body.replace(b'"', b"'"))
        case "SMS.asmx?WSDL", _:
            return with_body(response, body.replace(b'name="getCredit"', b'name="getPoints"'))
        case "SMS.asmx", _ if "closeConnection" in sent:
            return with_body(response, body.decode().encode("utf-16"))
    return response


def test_each_broken_answer_is_told_in_a_plain_sentence() -> None:
    with platform() as fake, in_front_of(fake, broken) as server:
        findings = compared(server.url)
    # The bytes are shown around the first difference.
    finding = findings["HTTP: status, page 2"]
    assert finding.platform == r"200 text/plain; charset=utf-8  0\n"
    assert finding.fake == r"200 text/plain; charset=utf-8  0\r\n"
    assert finding.reason == "line ends differ; bytes 0a there, 0d 0a here"
    assert r"platform  200 text/plain; charset=utf-8  0\n" in "\n".join(finding.lines())
    different = named(Verdict.DIFFERENT, findings)
    utf16 = "it is in UTF-16 there, and in UTF-8 here"
    told = {name: findings[name].reason.partition("; bytes")[0] for name in different}
    assert told == {
        "HTTP: HEAD": "the status is 200 there, and 405 here",
        "HTTP: erase no batch": "the Content-Type is text/html there, and "
        "text/plain; charset=utf-8 here",
        "HTTP: replies to no batch": "it begins with a byte order mark there",
        "HTTP: replies to no batch as JSON": "it is the same JSON, written differently",
        "HTTP: status, page 2": "line ends differ",
        "HTTP: status, page 0": "there are blanks or line ends around it there",
        "HTTP: status, page x": "there is no body there",
        "HTTP: status for nobody": "it is in Big5 there, and in UTF-8 here",
        "HTTP: SendParam, its other name": "upper and lower case differ",
        "HTTP: sendSMS4FilterMessage of nothing": "blanks within it differ",
        "HTTP: send for nobody": "it is an HTML page there",
        "HTTP: SendParamSMS of what is not JSON": "the code is -98 there, and -99 here",
        "HTTP: SendParamSMS of a list": "the text differs",
        "SOAP: discovery document": "it is the same XML, written differently",
        "SOAP: WSDL": '4 lines are there only, the first of them <s:element name="getPoints">; '
        '4 lines are here only, the first of them <s:element name="getCredit">',
        "SOAP: close no session": utf16,
        "SOAP: close the session": utf16,
        "SOAP: close it again": utf16,
    }
    assert len({*told.values()}) >= 16


@pytest.fixture
def answered() -> Iterator[FakeEvery8d]:
    with platform() as fake:
        yield fake


def test_values_that_differ_in_each_run_are_compared_by_form(answered: FakeEvery8d) -> None:
    def change(request: Received, response: Response) -> Response:
        body = response.body
        if "getCredit" in request.target:
            body = re.sub(rb"^(\d+)\.00$", rb"\1.0", body)
        body = re.sub(
            rb"(SESSION_KEY&gt;)([0-9a-f]{32})",
            lambda match: match[1] + match[2].upper(),
            body,
        )
        return with_body(response, body)

    with in_front_of(answered, change) as server:
        findings = compared(server.url)
    login, credit = findings["SOAP: login"], findings["HTTP: credit by password"]
    assert (login.verdict, credit.verdict) == (Verdict.DIFFERENT, Verdict.DIFFERENT)
    assert "session key of 32 hexadecimal digits in upper case}" in login.platform
    assert "session key of 32 hexadecimal digits in lower case}" in login.fake
    assert credit.platform.endswith("  {points, decimals: 1}")
    assert credit.fake.endswith("  {points, decimals: 2}")


def test_operation_that_one_api_lacks_is_compared_in_the_other(
    answered: FakeEvery8d,
) -> None:
    def change(request: Received, response: Response) -> Response:
        return Response(404, "text/html", b"") if ".asmx" in request.target else response

    with in_front_of(answered, change) as server:
        findings = compared(server.url)
    assert {finding.api for finding in findings.values() if finding.verdict is Verdict.SAME} == {
        Api.HTTP
    }
    missing = [finding for finding in findings.values() if finding.api == Api.SOAP]
    assert {finding.verdict for finding in missing} == {Verdict.NOT_COMPARABLE}
    assert "there is no SOAP API at this path: the answer is 404" in missing[0].reason


def test_a_call_that_is_blocked_or_cut_off_is_not_comparable(answered: FakeEvery8d) -> None:
    def answer(request: Received, out: IO[bytes]) -> None:
        if b"%00" in request.body:
            out.write(Response(403, "text/html", b"no").encoded())
        elif b"%u6e2c" not in request.body:
            out.write(relayed(answered, request).encoded())

    with Server(answer) as server:
        findings = compared_by_http(server.url)
    assert named(Verdict.NOT_COMPARABLE, findings) == {"HTTP: NUL", "HTTP: percent-u"}
    assert "403: the call is blocked" in findings["HTTP: NUL"].reason
    assert "closed the connection without an answer" in findings["HTTP: percent-u"].reason


def test_a_firewall_that_minds_many_calls_in_a_row_does_not_end_it(answered: FakeEvery8d) -> None:
    def change(request: Received, response: Response) -> Response:
        minded = b"RESPFORMAT=1&BID=" in request.body
        return Response(403, "text/html", b"no") if minded else response

    with in_front_of(answered, change) as server:
        findings = compared_by_http(server.url)
    blocked = named(Verdict.NOT_COMPARABLE, findings)
    assert len(blocked) > 10
    assert {*findings} - blocked == named(Verdict.SAME, findings)


def test_a3_wrong_password_is_always_followed_by_the_right_one(
    answered: FakeEvery8d,
) -> None:
    comparison = Comparison(addresses(answered.url), USER, PASSWORD, edition="2016", pause=0)
    findings = comparison.findings()
    for finding in findings:
        if finding.probe == "wrong password":
            break
    assert answered.account.failed_logins == 1
    findings.close()  # type: ignore[attr-defined]
    assert answered.account.failed_logins == 0
