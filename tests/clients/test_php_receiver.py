"""Status reports to PHP's own server (R6, R7)."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fake_every8d import FakeEvery8d, Status
from fake_every8d.gateway.accounts import ReportCharset, ReportMethod

from .tools import require

_SCRIPT = Path(__file__).with_name("php") / "receiver.php"


@contextmanager
def receiver(received: Path, charset: str) -> Iterator[str]:
    """The URL of a receiver in PHP, which writes each report as a line of JSON to `received`."""
    process = subprocess.Popen(
        [require("php"), "-S", "127.0.0.1:0", str(_SCRIPT)],
        env=os.environ | {"RECEIVED": str(received), "CHARSET": charset},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stderr is not None
        started = re.search(r"http://127\.0\.0\.1:[0-9]+", process.stderr.readline())
        assert started
        yield f"{started[0]}/report.php"
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("charset", ["utf-8", "big5"])
def test_php_reads_a_reply(tmp_path: Path, method: ReportMethod, charset: ReportCharset) -> None:
    """Characters whose second byte in Big5 is a letter, a backslash or an at sign, too."""
    text = "許功蓋：一乙碁 a&b=c+%41"
    received = tmp_path / "received"
    with receiver(received, charset) as url, FakeEvery8d() as fake:
        fake.update_account("demo", report_url=url, report_method=method, report_charset=charset)
        receipt = fake.gateway.platform.send_sms(
            fake.gateway.platform.open_session("demo", "demo"), "", "好嗎？", "0912345678", ""
        )
        fake.clock.advance(seconds=1)
        fake.reply("0912345678", text)
        report = fake.wait_for_report(to="0912345678", status=Status.REPLY)
    assert [attempt.status_code for attempt in report.attempts] == [200]
    delivered, replied = map(json.loads, received.read_text("utf-8").splitlines())
    assert [delivered[0], replied[0]] == [method, method]
    assert list(replied[1]) == ["BatchID", "RM", "RT", "STATUS", "SM", "MR"]
    assert (delivered[1]["BatchID"], delivered[1]["STATUS"]) == (receipt.batch_id, "100")
    assert (replied[1]["RM"], replied[1]["STATUS"]) == ("+886912345678", "999")
    assert replied[1]["SM"] == text
