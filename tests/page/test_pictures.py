"""The pictures in README and docs: written when FAKE_EVERY8D_PICTURES is set, tried in any case."""

import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from fake_every8d import FakeEvery8d
from fake_every8d.gateway import Recipient
from tests.page.conftest import Open

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def day(fake: FakeEvery8d) -> FakeEvery8d:
    """A morning at a clinic and in a shop."""
    gateway, clock = fake.gateway, fake.clock
    clock.travel_to(datetime(2027, 3, 8, 9, 58))
    fake.update_account("demo", report_url="http://127.0.0.1:1/sms/report")
    key = gateway.platform.open_session("demo", "demo")

    def send(subject: str, content: str, mobile: str, time: str = "") -> None:
        gateway.platform.send_sms(key, subject, content, mobile, time)

    send("出貨通知", "【好物商店】訂單 A-2207 已出貨，預計明天送達。", "0928111222")
    send("newsletter", "Spring sale: 20% off everything until Sunday.", "0900000103")
    clock.advance(minutes=4)
    send(
        "reminder", "Dr. Lin expects you tomorrow at 09:30. 1 = I'll come, 2 = cancel", "0912345678"
    )
    clock.advance(minutes=7)
    fake.reply("0912345678", "1")
    clock.advance(minutes=3)
    gateway.platform.send_param_sms(
        key,
        "取貨",
        [
            Recipient("+886933444555", "王先生您好，您的包裹已到店，取貨碼 7731。", "王小明"),
            Recipient("+886955666777", "Ms. Lin, your pickup code is 90211.", "Lin Yu-ting"),
        ],
        "",
    )
    clock.advance(minutes=2)
    send("sign-in", "驗證碼 483920，十分鐘內有效，請勿告知他人。", "0912345678")
    send("回診提醒", "提醒您：明日上午 09:30 回診，請攜帶健保卡。", "0912345678", "20270309080000")
    clock.advance(minutes=1)
    send("delivery", "Your parcel is on its way.", "0900000000")
    clock.advance(seconds=12)
    return fake


@pytest.mark.parametrize("language", ["en", "zh-TW"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width", "height"), [("page", 1440, 810), ("phone", 360, 640)])
def test_a_picture(
    day: FakeEvery8d, open: Open, name: str, width: int, height: int, scheme: str, language: str
) -> None:
    page = open(
        "#/phone/+886912345678",
        color_scheme=scheme,
        locale=language,
        viewport={"width": width, "height": height},
    )
    expect(page.locator(".bubble")).to_have_count(4)
    expect(page.get_by_role("button", name=re.compile("300 (Booked|預約簡訊)"))).to_be_visible()
    picture = page.screenshot()
    assert picture.startswith(b"\x89PNG")
    if os.environ.get("FAKE_EVERY8D_PICTURES"):
        DOCS.mkdir(exist_ok=True)
        (DOCS / f"{name}-{scheme}-{language[:2]}.png").write_bytes(picture)
