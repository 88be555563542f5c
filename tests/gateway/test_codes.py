"""Codes and links in texts as they arrive on real phones, in Chinese and in English."""

import pytest

from fake_every8d.gateway.codes import code_in, links_in

CODES = [
    # Chinese: the name first
    ("驗證碼 483920", "483920"),
    ("【蝦皮購物】您的驗證碼是483920，請於5分鐘內輸入。", "483920"),
    ("您的驗證碼為：483920，10 分鐘內有效，請勿告知他人。", "483920"),
    ("【全聯】簡訊驗證碼：8823 5分鐘內有效", "8823"),
    ("認證碼「1234」。若將此認證碼告知他人，您的帳號可能遭盜用！", "1234"),
    ("您的確認碼是 77812", "77812"),
    ("簡訊碼:090412", "090412"),
    ("【玉山銀行】網路交易OTP密碼：483920，卡號末四碼1234，消費NT$1,280元。", "483920"),
    ("網頁識別碼[AB12]，簡訊密碼[483920]，請核對後輸入。", "483920"),
    ("您於11/24 14:30消費1,280元，交易驗證碼：483920(交易序號：88123456)", "483920"),
    ("親愛的會員 10023456 您好，您的驗證碼 5521 將於 3 分鐘後失效", "5521"),
    ("訂單編號 20261124 已成立，取貨密碼 4471", "4471"),
    ("您的訂單20261124001，取件驗證碼 902817，請於11月30日前取件", "902817"),
    ("驗證碼將於2026年11月24日到期：392011", "392011"),
    ("2026/11/24 您申請的動態密碼為 71829304", "71829304"),
    ("請撥打 0800-123-456 確認，認證號碼：66120", "66120"),
    ("客服02-2345-6789。登入驗證碼為 553311", "553311"),
    ("手機 0912345678 的驗證碼是 220194", "220194"),
    ("您的 OTP 是 1029，有效期 180 秒", "1029"),
    ("PIN碼：7788", "7788"),
    ("交易金額1200元，授權碼 334455", "334455"),
    ("驗證碼20261124，請勿外流", "20261124"),
    ("你的 Apple ID 驗證碼為：483920。請勿與他人分享。 @apple.com #483920 %apple.com", "483920"),
    ("【微信】验证码：482913，用于登录", "482913"),
    ("請輸入驗證碼 483920 點此連結 https://example.com/v?c=1111", "483920"),
    # Chinese: the number first
    ("483920 是您的驗證碼，請於 10 分鐘內輸入", "483920"),
    ("483920為您的認證碼", "483920"),
    ("【LINE】請輸入 4821 完成驗證。請勿將密碼告訴他人，客服 0800123456", "4821"),
    # Full-width, in two halves, with letters
    ("驗證碼：４８３９２０", "483920"),
    ("您的驗證碼：48-3920", "483920"),
    ("您的驗證碼：48 3920", "483920"),
    ("Your verification code is\n48 39 20", "483920"),
    ("驗證碼 4 8 3 9 2 0，請勿轉傳", "483920"),
    ("G-483920 是您的 Google 驗證碼。", "G-483920"),
    ("G-483920 is your Google verification code.", "G-483920"),
    ("驗證碼：A7K9Q2，有效時間 15 分鐘", "A7K9Q2"),
    ("您的 iPhone15 登入驗證碼為 483920", "483920"),
    ("Your one-time code is KXWPQR", "KXWPQR"),
    ("驗證碼：ABCD-1234，10 分鐘內有效", "ABCD-1234"),
    ("您的驗證碼為 A7K9-Q2X8", "A7K9-Q2X8"),
    ("12AB-34 is your code", "12AB-34"),
    # Beside a masked card, a masked phone, a parcel
    ("驗證碼（431195******1234）：287633", "287633"),
    ("信用卡 4311-95**-****-1234 的交易驗證碼 287633", "287633"),
    ("驗證碼已寄至 0912***678：287633", "287633"),
    ("您的包裹 88213 已到店，取件驗證碼 7731", "7731"),
    # English
    ("Your Uber code: 4839. Reply STOP to 46786 to unsubscribe.", "4839"),
    ("<#> Your WhatsApp code: 483-920\n4sgLq1p5sV6", "483920"),
    ("Use 483 920 to verify your Instagram account.", "483920"),
    ("483920 is your Facebook confirmation code", "483920"),
    ("Your PIN is 0417. Never share your PIN.", "0417"),
    ("OTP 771204 for USD 1250 at SHOP on Nov 24, 2026. Do not share.", "771204"),
    ("Order #48213 is ready. Your pickup code is 7731.", "7731"),
    ("For help call 02 2345 6789. Password: 90210445", "90210445"),
    ("hello 483920", "483920"),
    # No code in it
    ("明天 2026/11/24 14:30 看診，請準時。", None),
    ("您的訂單 12345678 已出貨，約 11/26 送達。", None),
    ("本期帳單 NT$12,345，請於 20261130 前繳款，繳款帳號 8812345", None),
    ("如有疑問請洽 0912-345-678 或 (02)2345-6789#1234", None),
    ("您的密碼已變更。如非本人操作請電洽 4128", None),
    ("點數 1200 點將於 2026年12月31日到期", None),
    ("新年快樂 2026！", None),
    ("帳戶 ****1234 已入帳 50000 元", None),
    ("Your parcel 88213 ships to zip code 10617 today.", None),
    ("https://example.com/483920", None),
    ("您的包裹 88213456 已送達門市", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "code"), CODES)
def test_the_code_in_a_text(text: str, code: str | None) -> None:
    assert code_in(text) == code


@pytest.mark.parametrize(
    "piece", ["1", "a1", "0 1-", "1,111", "code: is ", "訂單是", "a.", "(", "jan 1"]
)
def test_a_hostile_text_takes_no_longer(piece: str) -> None:
    """A pattern that tries again at each of a million characters would not come back."""
    text = piece * (1_000_000 // len(piece))
    code_in(text)
    links_in(text)


LINKS = [
    (
        "請點 https://example.com/v?token=a-b_c&n=1完成驗證",
        ["https://example.com/v?token=a-b_c&n=1"],
    ),
    (
        "重設密碼：http://localhost:8000/reset/abc123/。請勿轉傳",
        ["http://localhost:8000/reset/abc123/"],
    ),
    (
        "See https://example.com/a, or https://example.com/b.",
        ["https://example.com/a", "https://example.com/b"],
    ),
    ("(https://example.com/a_(b))", ["https://example.com/a_(b)"]),
    ("查詢 lihi1.cc/aBc12，退訂 www.example.com.tw", ["lihi1.cc/aBc12", "www.example.com.tw"]),
    ("「https://example.com/#/path」", ["https://example.com/#/path"]),
    (
        "HTTPS://EXAMPLE.COM/A 'https://example.com/b'",
        ["HTTPS://EXAMPLE.COM/A", "https://example.com/b"],
    ),
    ("寫信到 help@example.com/x，每股 3.50/張，a.b", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "links"), LINKS)
def test_the_links_in_a_text(text: str, links: list[str]) -> None:
    assert list(links_in(text)) == links
