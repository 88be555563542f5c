"""The envelopes in fixtures/, played as its README says, byte for byte (W3)."""

import re

import pytest

from fake_every8d.calls import Advice
from fake_every8d.gateway import Gateway
from fake_every8d.soap import SoapEndpoint, documents
from tests.pages import in_code
from tests.soap.calls import FIXTURES, XML11, XML12, action, handle, read

STORY = [
    # The operation, and which earlier one has made the batch it is about.
    ("getConnection", None),
    ("sendSMS", None),
    ("sendParamSMS", None),
    ("getDeliveryStatus", "sendSMS"),
    ("getCredit", None),
    ("eraseBooking", "sendParamSMS"),
    ("sendMessage", None),
    ("getFreePhoneCallinLog", None),
    ("closeConnection", None),
]


def test_every_operation_has_its_envelopes(endpoint: SoapEndpoint) -> None:
    names = [operation for operation, _ in STORY]
    assert sorted(names) == sorted(endpoint.operations)
    assert in_code(names) in " ".join((FIXTURES / "README.md").read_text("utf-8").split())
    for version in ("soap11", "soap12"):
        assert {path.name for path in (FIXTURES / version).iterdir()} == {
            f"{operation}.{kind}.xml"
            for operation in endpoint.operations
            for kind in ("request", "response")
        }


@pytest.mark.parametrize("version", ["soap11", "soap12"])
def test_w3_every_response_is_as_in_its_file(
    endpoint: SoapEndpoint, gateway: Gateway, version: str
) -> None:
    blanks = {"{SENT_TIME}": "2040/03/01 12:00:00"}
    batches: dict[str | None, str] = {}
    for operation, about in STORY:
        if operation == "getDeliveryStatus":
            gateway.clock.advance(seconds=1)
        blanks["{BATCH_ID}"] = batches.get(about, "")
        response = handle(
            endpoint,
            fixture(version, f"{operation}.request.xml", blanks).encode(),
            XML11 if version == "soap11" else XML12,
            action(operation) if version == "soap11" else None,
        )
        result = read(response.body).result
        if operation == "getConnection":
            (blanks["{SESSION_KEY}"],) = re.findall("[0-9a-f]{32}", result)
        if operation.startswith("send"):
            batches[operation] = blanks["{BATCH_ID}"] = result.rpartition(",")[2]
        expected = fixture(version, f"{operation}.response.xml", blanks)
        assert response.body.decode() == expected
        assert response.operation == operation
        assert response.user_id == "demo"


def fixture(version: str, name: str, blanks: dict[str, str]) -> str:
    text = (FIXTURES / version / name).read_text("utf-8")
    for blank, value in blanks.items():
        text = text.replace(blank, value)
    return text


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("document-sample", ["ok ok java hello<>@#$%^&*()", "這是什麼的測試內容喔<>@#$%^&*()"]),
        ("escaped-text", ["折扣 <50%> & 免運"]),
        ("send-times", ["馬上發送", "預約發送"]),
        ("record-numbers", ["第一則", "第二則"]),
    ],
)
def test_s6_reps_examples(name: str, contents: list[str]) -> None:
    content_xml = (FIXTURES / "reps" / f"{name}.xml").read_text("utf-8")
    recipients = documents.recipients(content_xml, Advice())
    assert [recipient.text for recipient in recipients] == contents
