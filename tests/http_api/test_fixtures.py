"""The bodies in fixtures/http/, played as fixtures/README.md says, byte for byte (H5)."""

import re
from pathlib import Path

import requests

from fake_every8d.http_api.operations import CONNECTION_HANDLER, OPERATIONS
from tests.http_api.calls import GUID, Http
from tests.pages import in_code

FIXTURES = Path(__file__).parents[2] / "fixtures" / "http"

STORY = [
    # The operation, and which earlier one has made the batch it is about.
    ("getCredit", ""),
    ("sendSMS", ""),
    ("sendSMS4FilterMessage", ""),
    ("SendParamSMS", ""),
    ("getDeliveryStatus", "sendSMS"),
    ("getReplyMessage", "sendSMS"),
    ("eraseBooking", "SendParamSMS"),
    ("ConnectionHandler", ""),
]


def test_h5_every_response_is_as_in_its_file(http: Http) -> None:
    batches: dict[str, str] = {}
    for operation, about in STORY:
        if operation == "getDeliveryStatus":
            http.fake.clock.advance(seconds=1)
        (request,) = FIXTURES.glob(f"{operation}.request.*")
        json = request.suffix == ".json"
        response = requests.post(
            http.url(operation),
            request.read_bytes().replace(b"{BATCH_ID}", batches.get(about, "").encode()),
            headers={
                "Content-Type": "application/json" if json else "application/x-www-form-urlencoded"
            },
            timeout=10,
        )
        expected = (FIXTURES / f"{operation}.response{request.suffix}").read_bytes().decode()
        pattern = (
            re.escape(expected)
            .replace(re.escape("{BATCH_ID}"), f"(?P<batch>{GUID})")
            .replace(re.escape("{SENT_TIME}"), "2040/03/01\\ 12:00:00")
            .replace(re.escape("{TOKEN}"), '[^"]+')
        )
        match = re.fullmatch(pattern, response.content.decode())
        assert match, (operation, response.text)
        batches[operation] = match.groupdict().get("batch", "")


def test_every_operation_has_its_files(http: Http) -> None:
    names = [operation for operation, _ in STORY]
    assert {*names} == {*OPERATIONS, CONNECTION_HANDLER} - {"SendParam"}
    assert len(list(FIXTURES.iterdir())) == 2 * len(names)
    assert in_code(names) in " ".join((FIXTURES.parent / "README.md").read_text("utf-8").split())
