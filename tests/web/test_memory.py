"""The memory that `serve` takes, whatever it is sent."""

import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
import urllib3

from tests.web.serving import Served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc"),
]

MIB = 1024


def resident(process_id: int) -> int:
    """The memory of a process, in KiB."""
    status = Path(f"/proc/{process_id}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0])


def test_sends_that_the_credit_does_not_cover_take_no_memory(tmp_path: Path) -> None:
    with Served(tmp_path, "serve") as served:
        urllib3.request("PATCH", f"{served.url}/fake/accounts/demo", json={"credit": 0})
        form = {"UID": "demo", "PWD": "demo", "SB": "", "DEST": "0912345678", "ST": ""}
        # Three times the limit in all. Each is short: reading one takes a few times its size.
        body = urlencode(form | {"MSG": "x" * 2_000_000})
        for _ in range(180):
            response = urllib3.request(
                "POST",
                f"{served.url}/API21/HTTP/sendSMS.ashx",
                body=body,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert response.data.startswith(b"0.00,0,0"), response.data[:100]
        assert resident(served.process.pid) < 120 * MIB
