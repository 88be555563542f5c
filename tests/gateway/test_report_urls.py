"""Valid report URLs: clause R1. It is 2040-03-01 12:00:00 in Taipei."""

import pytest

from fake_every8d.gateway import Account, Gateway, InvalidInput


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://127.0.0.1:3000/sms/report",
        "https://user:secret@sms_report.example.com:8443/a?b=c#top",
        "http://[::1]:3000/report",
        "HTTP://app/",
        "http://app/簡訊?a=好",
        "http://xn--fiq228c.example/",
    ],
)
def test_r1_a_url_that_can_be_called_is_accepted(gateway: Gateway, url: str) -> None:
    assert gateway.update_account("demo", report_url=url).report_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://app/", "must begin with http"),
        ("", "must begin with http"),
        (5, "must be a URL, not int"),
        ("http://[#", "Invalid IPv6"),
        ("http://", "names no host"),
        ("http:///report", "names no host"),
        ("http://:3000/report", "names no host"),
        ("http://app:port/", "[Pp]ort"),
        ("http://app:65536/", "[Pp]ort"),
        ("http://app:0/", "port 0 cannot be called"),
        ("http://app/a b", "' ' must be percent-encoded"),
        ("http://app/\r\nX: y", "must be percent-encoded"),
        ("http://app\\evil/", "must be percent-encoded"),
        ("http://簡訊.tw/", "'簡訊.tw' is not the name or address of a host"),
        ("http://a..b/", "is not the name or address of a host"),
        ("http://-app/", "is not the name or address of a host"),
        (f"http://{'a' * 64}/", "is not the name or address of a host"),
    ],
)
def test_r1_a_url_that_cannot_be_called_is_refused_when_it_is_set(
    gateway: Gateway, url: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=f"report_url .*{reason}"):
        gateway.update_account("demo", report_url=url)
    with pytest.raises(InvalidInput, match="report_url"):
        Account("other", "other", report_url=url)
    assert gateway.account("demo").report_url is None


def test_an_update_that_fails_changes_nothing(gateway: Gateway) -> None:
    before = gateway.account("demo")
    for wrong in ({"top_up": -2000}, {"report_url": "http://[#"}, {"colour": "red"}):
        with pytest.raises(InvalidInput):
            gateway.update_account("demo", password="new", **wrong)  # type: ignore[arg-type]
        assert gateway.account("demo") == before
    gateway.update_account("demo", credit=5)
    changed = gateway.update_account("demo", top_up=2)
    assert (changed.credit, gateway.account("demo").credit) == (7, 7)


def test_an_outcome_that_makes_no_sense_changes_nothing(gateway: Gateway) -> None:
    version = gateway.version
    with pytest.raises(InvalidInput):
        gateway.set_outcome("0912345678", 300)
    assert gateway.version == version
